// A CoAP server without protection as a program sees it: its resources, how much it takes on, its life.
#if Gateway
public import Husk
public import Logging
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle
internal import Synchronization

/// What a ``CoAPServer`` answers, by path and method. **Its requests are not authenticated**: who sent them is not
/// known, and what they say may have been changed on the way. ``Router`` is for those that are.
public struct CoAPResources: Sendable {
    /// Called on the event loop of the server: returns at once.
    public typealias Handler = @Sendable (_ unauthenticated: CoAPRequest) -> CoAPResponse

    private var handlers: [String: [CoAPCode: Handler]] = [:]
    private var observable: Set<String> = []

    /// None.
    public init() {}

    /// Answers `method` on exactly this path, such as `sensors/temperature`.
    public mutating func on(_ method: CoAPCode, _ path: String, _ handler: @escaping Handler) {
        handlers[path, default: [:]][method] = handler
    }

    /// Answers GET on exactly this path, and lets clients observe it (RFC 7641): whenever ``CoAPServer/changed(_:)``
    /// says that it changed, the handler is asked again and its answer sent to those who observe.
    public mutating func observable(_ path: String, _ handler: @escaping Handler) {
        on(.get, path, handler)
        observable.insert(path)
    }

    func isObservable(_ request: CoAPRequest) -> Bool { request.method == .get && observable.contains(request.path) }

    /// Also of a request whose body is not complete yet: there is no handler for it.
    func refusal(of message: CoAPMessage) -> CoAPCode? {
        guard let resource = handlers[message.path] else { return .notFound }
        return resource[message.code] == nil ? .methodNotAllowed : nil
    }

    func answer(_ request: CoAPRequest) -> CoAPResponse {
        guard let resource = handlers[request.path] else { return CoAPResponse(.notFound) }
        guard let handler = resource[request.method] else { return CoAPResponse(.methodNotAllowed) }
        return handler(request)
    }
}

/// Where a ``CoAPServer`` listens, and the most it takes on. All memory that strangers can make it use is bounded here.
public struct CoAPServerConfiguration: Sendable {
    /// Where to listen; `0.0.0.0` is everywhere.
    public var host = "127.0.0.1"
    /// Of UDP; 0: any that is free.
    public var port = 5683
    /// How often and how soon notifications are sent again, and how long copies of requests are expected.
    public var transmission = CoAPTransmission()
    /// Longer responses are sent in blocks of this size, or of less if the client wants less.
    public var blockSize = BlockSize.bytes1024
    /// The longest request body that is collected from blocks.
    public var bodyCapacity = 65_536
    /// How many clients may have bodies in blocks under way; one more ends the transfer that is oldest.
    public var transfersMaximum = 64
    /// How many answers are remembered for copies of their requests, and of them for one client.
    public var exchangesMaximum = 4096
    /// The part of ``exchangesMaximum`` that one client may have.
    public var exchangesPerClientMaximum = 64
    /// How many observations there may be; a further client gets an answer, and no observation.
    public var observationsMaximum = 256
    /// Critical options that the handlers look at themselves, such as If-Match: any other one that the server does not
    /// understand is refused with 4.02 (RFC 7252 section 5.4.1).
    public var criticalOptions: Set<UInt32> = []

    /// Of this machine alone, on the port of CoAP.
    public init() {}
}

/// Answers plain CoAP requests over UDP (RFC 7252), long bodies in blocks (RFC 7959), and lets clients observe
/// resources (RFC 7641). **Nothing is protected or authenticated.** ``Gateway`` is for devices that have keys.
///
///     var resources = CoAPResources()
///     resources.on(.get, "time") { _ in CoAPResponse(.content, payload: Array("noon".utf8)) }
///     let server = try await CoAPServer.start(resources)
///     try await server.run()
public final class CoAPServer: Service, Sendable {
    /// The port that was bound.
    public let port: Int
    private let channel: any Channel
    private let handler: NIOLoopBound<CoAPServerHandler>
    private let logger: Logger

    private init(port: Int, channel: any Channel, handler: NIOLoopBound<CoAPServerHandler>, logger: Logger) {
        self.port = port
        self.channel = channel
        self.handler = handler
        self.logger = logger
    }

    /// Binds the port and begins to serve.
    ///
    /// - Parameters:
    ///   - resources: what is answered; everything else is 4.04 Not Found or 4.05 Method Not Allowed
    ///   - configuration: where, and how much at most
    ///   - logger: hears little
    public static func start(
        _ resources: CoAPResources, _ configuration: CoAPServerConfiguration = CoAPServerConfiguration(),
        logger: Logger = Logger(label: "husk.coap.server")
    ) async throws(GatewayError) -> CoAPServer {
        let opened = Opened()
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                opened.channel.withLock { $0 = channel }
                return channel.eventLoop.makeCompletedFuture {
                    let engine = CoAPServerEngine(resources, configuration)
                    let handler = CoAPServerHandler(engine)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    opened.handler.withLock { $0 = bound }
                }
            }
        do {
            let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            guard let handler = opened.handler.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
            let port = channel.localAddress?.port ?? configuration.port
            logger.info(
                "CoAP server without protection listens",
                metadata: ["host": "\(configuration.host)", "port": "\(port)"])
            return CoAPServer(port: port, channel: channel, handler: handler, logger: logger)
        } catch {
            // A bootstrap that fails to bind leaves its channel open.
            try? await opened.channel.withLock { $0 }?.close()
            throw GatewayError(error, host: configuration.host, port: configuration.port)
        }
    }

    /// The resource at `path` changed: clients that observe it are told.
    public func changed(_ path: String) {
        channel.eventLoop.execute { [handler] in handler.value.changed(path) }
    }

    /// Serves until the task is cancelled, the service group shuts down, or ``shutdown()`` is called.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } onGracefulShutdown: {
            self.channel.close(promise: nil)
        }
        logger.debug("CoAP server stopped")
    }

    /// Closes the port.
    public func shutdown() async {
        channel.close(promise: nil)
        try? await channel.closeFuture.get()
    }
}

/// The channel that a bootstrap made, and the handler in it.
private final class Opened: Sendable {
    let channel = Mutex<(any Channel)?>(nil)
    let handler = Mutex<NIOLoopBound<CoAPServerHandler>?>(nil)
}
#endif

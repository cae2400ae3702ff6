// The gateway as a program sees it: starts on a UDP port, runs until it is told to stop, tells observers what happens.
#if Gateway
public import Logging
internal import Husk
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle
internal import Synchronization

/// A CoAP server on UDP that authenticates devices by EDHOC-PSK and serves OSCORE requests.
///
///     let gateway = try await Gateway.start(credentials: try Credentials(path: "devices.json"))
///     for await event in gateway.events() { print(event) }
public final class Gateway: Service, Sendable {
    /// The port that was bound.
    public let port: Int
    private let channel: any Channel
    private let observers: Observers
    private let logger: Logger

    private init(port: Int, channel: any Channel, observers: Observers, logger: Logger) {
        self.port = port
        self.channel = channel
        self.observers = observers
        self.logger = logger
    }

    /// Counters, as of now.
    public var counters: GatewayCounters { observers.counters }

    /// Binds the port and begins to serve.
    public static func start(
        _ configuration: GatewayConfiguration = GatewayConfiguration(), credentials: Credentials,
        router: Router = Router(), logger: Logger = Logger(label: "husk.gateway")
    ) async throws(GatewayError) -> Gateway {
        guard (try? HandshakeConfiguration(suites: configuration.suites)) != nil else { throw .suites }
        let observers = Observers(buffer: configuration.limits.eventBuffer)
        let opened = Opened()
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                opened.channel.withLock { $0 = channel }
                return channel.eventLoop.makeCompletedFuture {
                    let engine = try Engine(
                        configuration, credentials: credentials, router: router, observers: observers, logger: logger)
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(engine, logger: logger))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch {
            // A bootstrap that fails to bind leaves its channel open, and with it the engine and the keys.
            try? await opened.channel.withLock { $0 }?.close()
            throw GatewayError(error, host: configuration.host, port: configuration.port)
        }
        let port = channel.localAddress?.port ?? configuration.port
        logger.info(
            "gateway listens",
            metadata: [
                "host": "\(configuration.host)", "port": "\(port)", "devices": "\(credentials.deviceCount)",
            ])
        channel.closeFuture.whenComplete { _ in observers.finish() }
        return Gateway(port: port, channel: channel, observers: observers, logger: logger)
    }

    /// Events from now on; each call is an observer of its own. Ends when the gateway stops.
    public func events() -> AsyncStream<GatewayEvent> {
        observers.events()
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
        logger.info("gateway stopped")
    }

    /// Closes the port and forgets all sessions.
    public func shutdown() async {
        channel.close(promise: nil)
        try? await channel.closeFuture.get()
    }
}

/// The channel that a bootstrap made.
private final class Opened: Sendable {
    let channel = Mutex<(any Channel)?>(nil)
}

/// Moves datagrams between the socket and the engine, on the event loop of the channel.
private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let engine: Engine
    private let logger: Logger
    private var housekeeping: RepeatedTask?

    init(_ engine: Engine, logger: Logger) {
        self.engine = engine
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        // What has had its time goes even if nobody sends anything.
        let engine = NIOLoopBound(self.engine, eventLoop: context.eventLoop)
        housekeeping = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            engine.value.expire(now: Self.now)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        housekeeping?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let datagram = Array(envelope.data.readableBytesView)
        guard let response = engine.receive(datagram, from: envelope.remoteAddress, now: Self.now) else { return }
        // A peer that asks faster than the network takes answers loses some, as any network may.
        guard context.channel.isWritable else { return }
        let buffer = context.channel.allocator.buffer(bytes: response)
        context.write(
            wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: buffer)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Such as an ICMP "unreachable" for an earlier answer: of one peer, and not the gateway's to stop for.
        logger.debug("datagram error", metadata: ["error": "\(error)"])
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }
}

extension GatewayError {
    init(_ error: any Error, host: String, port: Int) {
        guard let error = error as? IOError else {
            // What is left is a name that does not resolve.
            self = .addressUnavailable(host: host, port: port)
            return
        }
        self = GatewayError(errno: error.errnoCode, host: host, port: port)
    }
}
#endif

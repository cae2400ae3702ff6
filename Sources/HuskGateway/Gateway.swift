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
    private let handler: NIOLoopBound<DatagramHandler>
    private let observers: Observers
    private let logger: Logger

    private init(
        port: Int, channel: any Channel, handler: NIOLoopBound<DatagramHandler>, observers: Observers, logger: Logger
    ) {
        self.port = port
        self.channel = channel
        self.handler = handler
        self.observers = observers
        self.logger = logger
    }

    /// Counters, as of now.
    public var counters: GatewayCounters { observers.counters }

    /// Binds the port and begins to serve.
    ///
    /// With a store, a gateway goes on where the last one on it ended, however that ended. No answer leaves before what
    /// it depends on is durable. Events are told before that: if the gateway is killed in between, the device sends
    /// again and the next gateway tells of the same reading, so that an acknowledged reading was told of at least once.
    /// Give a store to one gateway at a time; it is closed when the gateway ends.
    public static func start(
        _ configuration: GatewayConfiguration = GatewayConfiguration(), credentials: Credentials,
        router: Router = Router(), store: Store? = nil, logger: Logger = Logger(label: "husk.gateway")
    ) async throws(GatewayError) -> Gateway {
        guard (try? HandshakeConfiguration(suites: configuration.suites)) != nil else { throw .suites }
        let observers = Observers(buffer: configuration.limits.eventBuffer)
        let opened = Opened()
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Room for 2,048 bytes of each of those that are read at a time. The system may give the socket less.
            .channelOption(.datagramVectorReadMessageCount, value: 32)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 2048))
            .channelOption(.socketOption(.so_rcvbuf), value: 4 << 20)
            .channelInitializer { channel in
                opened.channel.withLock { $0 = channel }
                return channel.eventLoop.makeCompletedFuture {
                    let engine = try Engine(
                        configuration, credentials: credentials, router: router, observers: observers, logger: logger)
                    if let store {
                        try engine.restore(from: store)
                    }
                    let handler = DatagramHandler(engine, store: store, observers: observers, logger: logger)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
                    opened.handler.withLock { $0 = bound }
                }
            }
        let channel: any Channel
        let handler: NIOLoopBound<DatagramHandler>
        do {
            channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            guard let bound = opened.handler.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
            handler = bound
        } catch {
            // A bootstrap that fails to bind leaves its channel open, and with it the engine and the keys.
            try? await opened.channel.withLock { $0 }?.close()
            if let error = error as? StoreError {
                throw .store(error)
            }
            throw GatewayError(error, host: configuration.host, port: configuration.port)
        }
        let port = channel.localAddress?.port ?? configuration.port
        logger.info(
            "gateway listens",
            metadata: [
                "host": "\(configuration.host)", "port": "\(port)", "devices": "\(credentials.deviceCount)",
            ])
        channel.closeFuture.whenComplete { _ in observers.finish() }
        return Gateway(port: port, channel: channel, handler: handler, observers: observers, logger: logger)
    }

    /// The resource at `path` changed: devices that observe it are told, all of them or one. See
    /// ``Router/observable(_:_:)``.
    public func changed(_ path: String, device: String? = nil) {
        channel.eventLoop.execute { [handler] in
            handler.value.changed(path, device: device)
        }
    }

    /// Events from now on; each call is an observer of its own. Ends when the gateway stops.
    public func events() -> AsyncStream<GatewayEvent> {
        observers.events()
    }

    /// The readings of all devices from now on.
    ///
    /// - Parameter buffer: how many wait at most for the program, before devices are told to wait; at least 1
    public func readings(buffer: Int = 1024) -> GatewayReadings {
        GatewayReadings(observers.readings.queue(of: nil, capacity: buffer))
    }

    /// A device by its identity, whether it is there or not.
    public func device(_ name: String) -> GatewayDevice {
        GatewayDevice(name: name, queues: observers.readings)
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

    /// Closes the port and forgets all sessions that are not in a store.
    public func shutdown() async {
        channel.close(promise: nil)
        try? await channel.closeFuture.get()
    }
}

/// The channel that a bootstrap made, and the handler in it.
private final class Opened: Sendable {
    let channel = Mutex<(any Channel)?>(nil)
    let handler = Mutex<NIOLoopBound<DatagramHandler>?>(nil)
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

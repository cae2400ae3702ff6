// A device that is a program on a host: the endpoint of the library over UDP, with requests that are awaited.
#if Gateway
public import Husk
public import Logging
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle
internal import Synchronization

/// Sends protected requests to a gateway, and observes its resources. It authenticates when there is something to send,
/// and again whenever the gateway forgot it.
///
///     let client = try await DeviceClient.connect(to: "gateway.local", key: key)
///     let answer = try await client.request(.init(.post, "sensors/temperature", contentFormat: 110, payload: reading))
///
/// Requests go one after the other, in the order in which they came: what is not answered yet makes the next one wait.
/// A task that is cancelled gets `CancellationError` at once; its request is not sent if it was still waiting, and
/// otherwise runs its course without it, since nobody can tell whether the gateway has acted on it.
public final class DeviceClient: Service, Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<DeviceClientHandler>
    private let logger: Logger

    private init(channel: any Channel, handler: NIOLoopBound<DeviceClientHandler>, logger: Logger) {
        self.channel = channel
        self.handler = handler
        self.logger = logger
    }

    /// Opens the way to a gateway. Nothing is sent yet.
    ///
    /// - Parameters:
    ///   - host: the gateway's name or address
    ///   - port: of UDP
    ///   - key: copied
    ///   - suites: that may be used, the preferred one first
    ///   - combinesFirstRequest: whether message_3 rides with the first request (RFC 9668)
    ///   - memory: what to remember for later clients; with it, sessions are resumed
    ///   - bodyCapacity: the longest response that is collected from blocks (RFC 7959)
    ///   - requestsMaximum: how many requests may wait; a further one is ``/Husk/HuskError/full``
    ///   - logger: hears little
    /// - Throws: ``/Husk/HuskError`` for a key or suites that cannot be used;
    ///   ``GatewayError/addressUnavailable(host:port:)`` for an address that there is not.
    public static func connect(
        to host: String, port: Int = 5683, key: borrowing PreSharedKey, suites: [CipherSuite] = CipherSuite.all,
        combinesFirstRequest: Bool = true, memory: DeviceMemory? = nil, bodyCapacity: Int = 65_536,
        requestsMaximum: Int = 64, logger: Logger = Logger(label: "husk.device")
    ) async throws -> DeviceClient {
        let device = try Device(
            key: key, suites: suites, combinesFirstRequest: combinesFirstRequest, memory: memory,
            bodyCapacity: bodyCapacity)
        return try await connect(to: host, port: port, device, requestsMaximum: requestsMaximum, logger: logger)
    }

    /// The same for an endpoint of any profile.
    public static func connect(
        to host: String, port: Int = 5683, _ device: consuming Device, requestsMaximum: Int = 64,
        logger: Logger = Logger(label: "husk.device")
    ) async throws -> DeviceClient {
        let made = HandlerSlot()
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
        let endpoint = DeviceSlot(device)
        let channel: any Channel
        do {
            channel = try await bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let device = endpoint.take() else { throw ChannelError.ioOnClosedChannel }
                    let handler = DeviceClientHandler(device, requestsMaximum: requestsMaximum)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    made.handler.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
                }
            }.connect(host: host, port: port).get()
        } catch {
            throw GatewayError(error, host: host, port: port)
        }
        guard let handler = made.handler.withLock({ $0 }) else {
            throw GatewayError.addressUnavailable(host: host, port: port)
        }
        return DeviceClient(channel: channel, handler: handler, logger: logger)
    }

    /// Sends a request and waits for its answer, however the gateway is reached: retransmission, authentication and
    /// challenges are the endpoint's.
    ///
    /// - Throws: ``/Husk/HuskError/timeout`` if the gateway stayed silent, ``/Husk/HuskError/full`` if too many
    ///   requests wait; ``DeviceRefusal`` if the gateway answered without protection; `CancellationError` if the task
    ///   was cancelled or the client shut down; otherwise why the request cannot be made. An error response that
    ///   verified is an answer.
    public func request(_ request: Device.Request) async throws -> Device.Answer {
        guard let answer = try await perform(.request(request)) else { throw HuskError.state }
        return answer
    }

    /// The same until a deadline of any clock; then ``/Husk/HuskError/timeout``, and as for a task that is cancelled.
    public func request<C: Clock>(
        _ request: Device.Request, until deadline: C.Instant, clock: C = ContinuousClock()
    ) async throws -> Device.Answer {
        try await withThrowingTaskGroup(of: Device.Answer?.self) { group in
            group.addTask { try await self.request(request) }
            group.addTask {
                try await clock.sleep(until: deadline, tolerance: nil)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw HuskError.timeout }
            return answer
        }
    }

    /// Authenticates, anew if there is a session. Errors as ``request(_:)``.
    public func authenticate() async throws {
        _ = try await perform(.authentication)
    }

    /// Observes a resource of the gateway (RFC 7641), one at a time: its state now, and whenever it changes. Of states
    /// that come faster than they are taken, the newest are kept. The loop ends when the gateway ends the observation
    /// or the client shuts down; leaving it ends the observation.
    ///
    /// - Throws: as ``request(_:)``, also the loop; ``/Husk/HuskError/state`` while another observation lasts.
    public func observe(_ request: Device.Request) async throws -> AsyncThrowingStream<Device.Answer, any Error> {
        let (stream, states) = AsyncThrowingStream.makeStream(
            of: Device.Answer.self, bufferingPolicy: .bufferingNewest(16))
        _ = try await perform(.observation(request, states))
        // Not before: a second observation that is refused must not end the first.
        states.onTermination = { [handler] reason in
            guard case .cancelled = reason else { return }
            handler.eventLoop.execute { handler.value.cancelObservation() }
        }
        return stream
    }

    private func perform(_ work: DeviceWork) async throws -> Device.Answer? {
        let promise = channel.eventLoop.makePromise(of: Device.Answer?.self)
        return try await withTaskCancellationHandler {
            channel.eventLoop.execute { [handler] in handler.value.add(work, promise) }
            return try await promise.futureResult.get()
        } onCancel: {
            // Of an answer and this, the first counts.
            channel.eventLoop.execute { [handler] in handler.value.cancel(promise) }
        }
    }

    /// Waits until the task is cancelled, the service group shuts down or ``shutdown()`` is called. A graceful shutdown
    /// lets the request in progress end, and those that wait fail.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } onGracefulShutdown: {
            self.channel.eventLoop.execute { [handler = self.handler] in handler.value.end() }
        }
        logger.debug("device client stopped")
    }

    /// Closes the socket; whatever waits for an answer gets `CancellationError`.
    public func shutdown() async {
        channel.close(promise: nil)
        try? await channel.closeFuture.get()
    }

    deinit {
        channel.close(promise: nil)
    }
}

/// The gateway refused a request, without protection: anybody on the way can have written it.
public struct DeviceRefusal: Error, Sendable, Equatable {
    /// Its answer.
    public var code: CoAPCode
    /// What the endpoint made of it.
    public var error: HuskError
}

extension DeviceRefusal: CustomStringConvertible {
    public var description: String { "the gateway answered \(code): \(error)" }
}

/// What a handler made in an initializer is handed over in.
private final class HandlerSlot: Sendable {
    let handler = Mutex<NIOLoopBound<DeviceClientHandler>?>(nil)
}

/// An endpoint on its way to its event loop.
private final class DeviceSlot: Sendable {
    private let device: Mutex<Device?>

    init(_ device: consuming Device) {
        self.device = Mutex(consume device)
    }

    func take() -> Device? {
        device.withLock { $0.take() }
    }
}
#endif

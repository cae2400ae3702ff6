// A CoAP client without protection: requests that are awaited, in blocks where they are long, and observed resources.
#if Gateway
public import Husk
public import Logging
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle
internal import Synchronization

/// Sends plain CoAP requests (RFC 7252) to one server and observes its resources (RFC 7641), long bodies in blocks
/// (RFC 7959). **Nothing is protected**: whoever is on the way reads everything and can forge every answer.
/// ``DeviceClient`` is for what must not be read or forged.
///
///     let client = try await CoAPClient.connect(to: "sensor.local")
///     let response = try await client.request(CoAPRequest(.get, "temperature"))
///
/// Requests of several tasks may be in progress at once. A task that is cancelled gets `CancellationError` at once; its
/// request may have been acted on. So may one that failed with ``CoAPError/timeout``.
public final class CoAPClient: Service, Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<CoAPClientHandler>
    private let blockSize: BlockSize
    private let bodyCapacity: Int
    private let logger: Logger

    private init(
        channel: any Channel, handler: NIOLoopBound<CoAPClientHandler>, blockSize: BlockSize, bodyCapacity: Int,
        logger: Logger
    ) {
        self.channel = channel
        self.handler = handler
        self.blockSize = blockSize
        self.bodyCapacity = bodyCapacity
        self.logger = logger
    }

    /// Opens the way to a server. Nothing is sent yet.
    ///
    /// - Parameters:
    ///   - host: its name or address
    ///   - port: of UDP
    ///   - transmission: how often and how soon messages are sent again
    ///   - blockSize: longer request bodies are sent in blocks of this size, or of what the server makes of it
    ///   - bodyCapacity: the longest response that is collected from blocks
    ///   - requestsMaximum: how many requests may be in progress at once; a further one is ``CoAPError/full``
    ///   - logger: hears little
    /// - Throws: ``GatewayError/addressUnavailable(host:port:)`` for an address that there is not.
    public static func connect(
        to host: String, port: Int = 5683, transmission: CoAPTransmission = CoAPTransmission(),
        blockSize: BlockSize = .bytes1024, bodyCapacity: Int = 65_536, requestsMaximum: Int = 64,
        logger: Logger = Logger(label: "husk.coap.client")
    ) async throws(GatewayError) -> CoAPClient {
        let opened = Opened()
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = CoAPClientHandler(transmission, requestsMaximum: requestsMaximum)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    opened.handler.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
                }
            }
        do {
            let channel = try await bootstrap.connect(host: host, port: port).get()
            guard let handler = opened.handler.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
            return CoAPClient(
                channel: channel, handler: handler, blockSize: blockSize, bodyCapacity: max(0, bodyCapacity),
                logger: logger)
        } catch {
            throw GatewayError(error, host: host, port: port)
        }
    }

    /// Sends a request and waits for its response, with its whole body.
    ///
    /// - Throws: ``CoAPError``; `CancellationError` if the task was cancelled or the client shut down. An error
    ///   response is a response.
    public func request(_ request: CoAPRequest) async throws -> CoAPResponse {
        try await operation { try await self.transfer(request) }
    }

    /// The same until a deadline of any clock; then ``CoAPError/timeout``.
    public func request<C: Clock>(
        _ request: CoAPRequest, until deadline: C.Instant, clock: C = ContinuousClock()
    ) async throws -> CoAPResponse {
        try await withThrowingTaskGroup(of: CoAPResponse?.self) { group in
            group.addTask { try await self.request(request) }
            group.addTask {
                try await clock.sleep(until: deadline, tolerance: nil)
                return nil
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() ?? nil else { throw CoAPError.timeout }
            return response
        }
    }

    /// Observes a resource: its state now, and whenever it changes, in their order (RFC 7641 section 3.4). See
    /// ``CoAPObservation``.
    ///
    /// - Parameter request: GET or FETCH, with a body that fits one message
    /// - Throws: as ``request(_:)``; ``CoAPError/request(_:)`` with ``/Husk/HuskError/argument`` for another request
    public func observe(_ request: CoAPRequest) async throws -> CoAPObservation {
        guard [.get, .fetch].contains(request.method), request.payload.count <= blockSize.count else {
            throw CoAPError.request(.argument)
        }
        let token = Self.token()
        var message = request.message([CoAPOption(number: CoAPOption.observe, uint: 0)]).with(token: token)
        message.payload = request.payload
        let first = message
        let (stream, states) = AsyncThrowingStream.makeStream(
            of: CoAPMessage.self, bufferingPolicy: .bufferingNewest(16))
        states.onTermination = { [eventLoop = channel.eventLoop, handler] reason in
            guard case .cancelled = reason else { return }
            eventLoop.execute { handler.value.cancelObservation(token) }
        }
        _ = try await operation { try await self.exchange(first, states) }
        return CoAPObservation(client: self, request: request, states: stream)
    }

    /// Waits until the task is cancelled, the service group shuts down or ``shutdown()`` is called. A graceful shutdown
    /// lets requests in progress end, and ends observations.
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
        logger.debug("CoAP client stopped")
    }

    /// Closes the socket; whatever waits for an answer gets `CancellationError`.
    public func shutdown() async {
        channel.close(promise: nil)
        try? await channel.closeFuture.get()
    }

    deinit {
        channel.close(promise: nil)
    }

    // MARK: Blocks

    /// The request in as many messages as it takes, then the response.
    private func transfer(_ request: CoAPRequest) async throws -> CoAPResponse {
        guard request.payload.count > blockSize.count else {
            var message = request.message()
            message.payload = request.payload
            return try await completed(request, try await exchange(message))
        }
        // Without a security context nothing tells blocks of one operation from those of another: each gets a tag.
        let tag = CoAPOption(number: CoAPOption.requestTag, value: Self.token())
        return try await completed(request, try await upload(request, tag), [tag])
    }

    /// Sends the body, and gives the response to its last block or to the one that was refused.
    private func upload(_ request: CoAPRequest, _ tag: CoAPOption) async throws -> CoAPMessage {
        var upload = try failing(CoAPError.request) { () throws(HuskError) in
            try BlockUpload(body: request.payload, size: blockSize, requestTag: tag.value)
        }
        let size = CoAPOption(number: CoAPOption.size1, uint: UInt32(clamping: request.payload.count))
        while true {
            let slice = try failing(CoAPError.response) { () throws(HuskError) in try upload.next() }
            let isFirst = slice.block?.number == 0
            let block = slice.block.map { [$0.option(CoAPOption.block1)] } ?? []
            var message = request.message(block + [tag] + (isFirst ? [size] : []))
            message.payload = slice.payload
            let response = try await exchange(message)
            if try failing(CoAPError.response, { () throws(HuskError) in try upload.take(response) }) {
                return response
            }
        }
    }

    /// The response with its whole body, of which `first` is the beginning; further requests have these options too.
    private func completed(
        _ request: CoAPRequest, _ first: CoAPMessage, _ options: [CoAPOption] = []
    ) async throws -> CoAPResponse {
        guard first.option(CoAPOption.block2) != nil else { return CoAPResponse(first, payload: first.payload) }
        var response = first
        var download = try failing(CoAPError.response) { () throws(HuskError) in
            try BlockDownload(limit: bodyCapacity, size: blockSize)
        }
        while true {
            let body = try failing(CoAPError.response) { () throws(HuskError) in try download.take(response) }
            if let body { return CoAPResponse(first, payload: body) }
            response = try await exchange(request.message(options + [download.next]))
            // The server has given the transfer up: that is its answer.
            guard response.code.codeClass == 2 else { return CoAPResponse(response, payload: response.payload) }
        }
    }

    /// For a notification: the rest of a body that does not fit it.
    fileprivate func rest(_ request: CoAPRequest, _ first: CoAPMessage) async throws -> CoAPResponse {
        guard (try? first.block(CoAPOption.block2))?.more == true else {
            return CoAPResponse(first, payload: first.payload)
        }
        return try await operation { try await self.completed(request, first) }
    }

    // MARK: The handler

    /// Counts as one request, however many messages it takes.
    private func operation<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await channel.eventLoop.submit { [handler] in try handler.value.begin() }.get()
        defer { channel.eventLoop.execute { [handler] in handler.value.finish() } }
        return try await body()
    }

    /// One message there and one back.
    private func exchange(
        _ request: CoAPMessage, _ states: AsyncThrowingStream<CoAPMessage, any Error>.Continuation? = nil
    ) async throws -> CoAPMessage {
        let request = request.token.isEmpty ? request.with(token: Self.token()) : request
        let promise = channel.eventLoop.makePromise(of: CoAPMessage.self)
        return try await withTaskCancellationHandler {
            channel.eventLoop.execute { [handler] in handler.value.send(request, promise, states) }
            return try await promise.futureResult.get()
        } onCancel: {
            // Of an answer and this, the first counts.
            channel.eventLoop.execute { [handler, token = request.token] in handler.value.cancel(token, promise) }
        }
    }

    /// Random, so that nobody off the way can forge an answer (RFC 7252 section 5.3.1).
    private static func token() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<8).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}

/// The states of an observed resource, the present one first. Of states that come faster than they are taken, the
/// newest are kept; bodies that do not fit a notification are fetched when their state is taken.
///
/// The loop ends after the last response if the server ends the observation, or never began it; an error response does.
/// It ends too when the client shuts down. Leaving the loop, or letting go of the sequence, ends the observation.
///
/// It throws as ``CoAPClient/request(_:)``. If the server has said nothing for longer than its last state is fresh
/// (Max-Age), it is asked to go on, and not answering that ends the loop with ``CoAPError/timeout``.
public struct CoAPObservation: AsyncSequence, Sendable {
    public typealias Element = CoAPResponse

    fileprivate let client: CoAPClient
    fileprivate let request: CoAPRequest
    fileprivate let states: AsyncThrowingStream<CoAPMessage, any Error>

    /// For one loop.
    public func makeAsyncIterator() -> Iterator {
        Iterator(client: client, request: request, states: states.makeAsyncIterator())
    }

    /// Gives one state after the other.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let client: CoAPClient
        fileprivate let request: CoAPRequest
        fileprivate var states: AsyncThrowingStream<CoAPMessage, any Error>.Iterator

        /// The next state; nil at the end.
        public mutating func next() async throws -> CoAPResponse? {
            while let state = try await states.next() {
                do {
                    return try await client.rest(request, state)
                } catch CoAPError.response(.changed) {
                    // The resource changed meanwhile, of which a notification tells too.
                }
            }
            return nil
        }
    }
}

/// Runs a step of a transfer and says what its failure means.
private func failing<Result: ~Copyable>(
    _ meaning: (HuskError) -> CoAPError, _ body: () throws(HuskError) -> Result
) throws(CoAPError) -> Result {
    do throws(HuskError) {
        return try body()
    } catch {
        throw meaning(error)
    }
}

extension CoAPMessage {
    fileprivate func with(token: [UInt8]) -> CoAPMessage {
        var message = self
        message.token = token
        return message
    }
}

/// What a handler made in an initializer is handed over in.
private final class Opened: Sendable {
    let handler = Mutex<NIOLoopBound<CoAPClientHandler>?>(nil)
}
#endif

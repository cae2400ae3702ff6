// The endpoint on an event loop: datagrams, timers and requests in; datagrams and answers out.
#if Gateway
internal import Husk
internal import NIOCore

/// What a client asks for.
enum DeviceWork: Sendable {
    case request(Device.Request)
    case authentication
    /// Its promise is kept once the endpoint has begun; states and the end go to the stream.
    case observation(Device.Request, AsyncThrowingStream<Device.Answer, any Error>.Continuation)
}

/// Runs one request after the other. On its event loop alone.
final class DeviceClientHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = ByteBuffer
    typealias Answered = EventLoopPromise<Device.Answer?>

    private var device: Device
    private let requestsMaximum: Int
    private var waiting: [(work: DeviceWork, promise: Answered)] = []
    /// Whose request is in progress; nil in `promise` once nobody waits for it any more.
    private var current: Answered??
    private var states: AsyncThrowingStream<Device.Answer, any Error>.Continuation?
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    private var isEnding = false

    init(_ device: consuming Device, requestsMaximum: Int) {
        self.device = device
        self.requestsMaximum = max(1, requestsMaximum)
    }

    private var now: UInt32 {
        UInt32(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    // MARK: What the client asks

    func add(_ work: DeviceWork, _ promise: Answered) {
        guard context != nil, !isEnding else { return promise.fail(CancellationError()) }
        guard waiting.count < requestsMaximum else { return promise.fail(HuskError.full) }
        waiting.append((work, promise))
        advance()
    }

    /// Takes a request back that waits, or stops waiting for the one in progress.
    func cancel(_ promise: Answered) {
        promise.fail(CancellationError())
        waiting.removeAll { $0.promise.futureResult === promise.futureResult }
        if let running = current, running?.futureResult === promise.futureResult {
            current = .some(nil)
        }
    }

    /// The stream of states is gone.
    func cancelObservation() {
        guard states != nil else { return }
        states = nil
        // In the middle of a request it cannot be told: the gateway's next notification is answered with Reset then.
        try? device.cancelObservation()
        advance()
    }

    /// No further requests; closes once the one in progress is over.
    func end() {
        isEnding = true
        let waiting = self.waiting
        self.waiting = []
        for next in waiting {
            next.promise.fail(CancellationError())
        }
        if current == nil {
            context?.close(promise: nil)
        }
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = Array(unwrapInboundIn(data).data.readableBytesView)
        // A datagram that is not the awaited one is dropped, as on any open port.
        if let event = try? device.receive(datagram, now: now) {
            handle(event)
        }
        advance()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Such as that nothing listens there: whoever can forge that must not end anything. Requests time out.
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        self.context = nil
        let left = waiting.map(\.promise) + [current ?? nil].compactMap { $0 }
        waiting = []
        current = nil
        for promise in left {
            promise.fail(CancellationError())
        }
        states?.finish()
        states = nil
    }

    // MARK: The endpoint

    /// Begins what waits, sends what is due and sets the alarm for what comes next.
    private func advance() {
        begin()
        timer?.cancel()
        transmit()
        guard let context, let wait = device.timeout(now: now) else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(wait))) { self.advance() }
    }

    private func begin() {
        while current == nil, !waiting.isEmpty {
            let (work, promise) = waiting.removeFirst()
            do throws(HuskError) {
                switch work {
                case .request(let request):
                    try device.start(request)
                    current = .some(promise)
                case .authentication:
                    try device.start(nil)
                    current = .some(promise)
                case .observation(let request, let states):
                    guard self.states == nil else { throw .state }
                    try device.observe(request)
                    self.states = states
                    promise.succeed(nil)
                    return
                }
            } catch .state where isBusy(work) {
                // The endpoint registers an observation anew, or ends one: the request comes after that.
                waiting.insert((work, promise), at: 0)
                return
            } catch {
                promise.fail(error)
            }
        }
    }

    /// Whether the endpoint does something of its own that a request has to wait for.
    private func isBusy(_ work: DeviceWork) -> Bool {
        if case .observation = work, states != nil { return false }
        return device.timeout(now: now) != nil
    }

    private func transmit() {
        while let context {
            do throws(HuskError) {
                let transmission = try device.transmit(now: now)
                handle(transmission.event)
                guard let datagram = transmission.datagram else { return }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: datagram)), promise: nil)
            } catch {
                return finish(.failure(error))
            }
        }
    }

    private func handle(_ event: Device.Event) {
        switch event {
        case .none: return
        case .authenticated:
            // What was only to authenticate is over; a request goes on.
            if device.isIdle {
                finish(.success(nil))
            }
        case .response(let answer): finish(.success(answer))
        case .failed(let error, let refusal): finish(.failure(Self.failure(error, refusal)))
        case .notification(let answer): states?.yield(answer)
        case .observationEnded(let answer):
            states?.yield(answer)
            states?.finish()
            states = nil
        case .observationFailed(let error, let refusal):
            states?.finish(throwing: Self.failure(error, refusal))
            states = nil
        }
    }

    private static func failure(_ error: HuskError, _ refusal: CoAPCode?) -> any Error {
        guard let refusal else { return error }
        return DeviceRefusal(code: refusal, error: error)
    }

    private func finish(_ result: Result<Device.Answer?, any Error>) {
        guard let promise = current else { return }
        current = nil
        promise?.completeWith(result)
        if isEnding {
            context?.close(promise: nil)
        }
    }
}
#endif

// Messages of a plain CoAP client on its event loop: retransmission, acknowledgements, tokens, the order of
// notifications (RFC 7252 sections 4 and 5, RFC 7641 section 3).
#if Gateway
internal import Husk
internal import NIOCore

/// On its event loop alone. A token names one request, or one observation with the requests that keep it up.
final class CoAPClientHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = ByteBuffer
    typealias States = AsyncThrowingStream<CoAPMessage, any Error>.Continuation

    /// A request that has no answer yet.
    private struct Pending {
        var message: CoAPMessage
        /// Nil for requests that nobody waits for, which keep up an observation or end it.
        var promise: EventLoopPromise<CoAPMessage>?
        /// Nil before it is sent and once it has one of its own.
        var datagram: [UInt8] = []
        var timeout: Int64 = 0
        var retransmissions = 0
        /// It counts against NSTART: sent, and neither acknowledged nor answered.
        var isOutstanding = false
        var timer: Scheduled<Void>?
    }

    private struct Observation {
        /// What registers it anew.
        var request: CoAPMessage
        var states: States
        /// Of the newest state.
        var sequence: UInt32?
        var time: NIODeadline = .now()
        /// When it is no longer fresh.
        var timer: Scheduled<Void>?
    }

    private let transmission: CoAPTransmission
    private let requestsMaximum: Int
    private var context: ChannelHandlerContext?
    private var pending: [[UInt8]: Pending] = [:]
    /// Tokens that wait to be sent, as NSTART allows.
    private var waiting = CircularBuffer<[UInt8]>()
    private var outstanding = 0
    private var messageIDs = MessageIDs()
    private var observations: [[UInt8]: Observation] = [:]
    /// Confirmable messages that were acknowledged lately, so that their copies are too.
    private var acknowledged = CircularBuffer<UInt16>()
    private var operations = 0
    private var isEnding = false

    init(_ transmission: CoAPTransmission, requestsMaximum: Int) {
        self.transmission = transmission
        self.requestsMaximum = max(1, requestsMaximum)
    }

    // MARK: What the client asks

    /// A request begins, of one message or several.
    func begin() throws {
        guard context != nil, !isEnding else { throw CancellationError() }
        guard operations < requestsMaximum else { throw CoAPError.full }
        operations += 1
    }

    /// It is over.
    func finish() {
        operations -= 1
        guard isEnding, operations == 0 else { return }
        context?.close(promise: nil)
    }

    func send(_ message: CoAPMessage, _ promise: EventLoopPromise<CoAPMessage>?, _ states: States? = nil) {
        guard context != nil else {
            promise?.fail(CancellationError())
            return
        }
        if let states {
            observations[message.token] = Observation(request: message, states: states)
        }
        pending[message.token] = Pending(message: message, promise: promise)
        waiting.append(message.token)
        advance()
    }

    /// Stops waiting for an answer. The request may be acted on all the same.
    func cancel(_ token: [UInt8], _ promise: EventLoopPromise<CoAPMessage>) {
        guard pending[token]?.promise?.futureResult === promise.futureResult else {
            // Not there yet, or over: then this says nothing any more.
            return promise.fail(CancellationError())
        }
        end(token, .failure(CancellationError()))
    }

    /// Nobody takes its states any more: the server is told (RFC 7641 section 3.6).
    func cancelObservation(_ token: [UInt8]) {
        guard let observation = observations.removeValue(forKey: token) else { return }
        observation.timer?.cancel()
        guard pending[token] == nil else { return }
        send(observation.request.observing(1), nil)
    }

    /// No further requests; closes once those in progress are over.
    func end() {
        isEnding = true
        for observation in observations.values {
            observation.timer?.cancel()
            observation.states.finish()
        }
        observations = [:]
        guard operations == 0 else { return }
        context?.close(promise: nil)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Such as that nothing listens there: whoever can forge that must not end anything. Requests time out.
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        for token in Array(pending.keys) {
            end(token, .failure(CancellationError()))
        }
        end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).data.readableBytesView)
        // What is no CoAP is dropped, as on any open port.
        guard let message = try? CoAPMessage(decoding: bytes) else { return }
        switch message.type {
        case .acknowledgement where message.code == .empty: acknowledged(message.messageID)
        case .acknowledgement where message.code.isResponse: answered(message)
        case .acknowledgement: return
        case .reset: rejected(message)
        case .confirmable, .nonConfirmable: received(message)
        }
        advance()
    }

    // MARK: Messages of the server

    /// Those with a message ID of ours, which is on its way.
    private func sent(_ messageID: UInt16) -> [UInt8]? {
        pending.first { !$0.value.datagram.isEmpty && $0.value.message.messageID == messageID }?.key
    }

    /// The response will come by itself.
    private func acknowledged(_ messageID: UInt16) {
        guard let token = sent(messageID), pending[token]?.isOutstanding == true else { return }
        expectResponse(token)
    }

    /// With its acknowledgement.
    private func answered(_ message: CoAPMessage) {
        guard let request = pending[message.token], !request.datagram.isEmpty,
            request.message.messageID == message.messageID, request.message.type == .confirmable
        else { return }
        take(message)
    }

    private func rejected(_ message: CoAPMessage) {
        guard message.code == .empty, let token = sent(message.messageID) else { return }
        end(token, .failure(CoAPError.reset))
    }

    /// A response by itself, or a notification.
    private func received(_ message: CoAPMessage) {
        let isConfirmable = message.type == .confirmable
        let isAwaited = pending[message.token]?.datagram.isEmpty == false || observations[message.token] != nil
        guard message.code.isResponse, isAwaited else {
            // The acknowledgement of a response was lost.
            if isConfirmable, acknowledged.contains(message.messageID) {
                return reply(.acknowledgement, to: message)
            }
            // This ends an observation that was given up, too (RFC 7641 section 3.6).
            guard isConfirmable || message.code.isResponse else { return }
            return reply(.reset, to: message)
        }
        if isConfirmable {
            let isUnderstood = unknownOption(message) == nil
            reply(isUnderstood ? .acknowledgement : .reset, to: message)
            if isUnderstood, !acknowledged.contains(message.messageID) {
                if acknowledged.count >= 64 { acknowledged.removeFirst() }
                acknowledged.append(message.messageID)
            }
        }
        take(message)
    }

    private func reply(_ type: CoAPType, to message: CoAPMessage) {
        write(CoAPMessage(type: type, code: .empty, messageID: message.messageID))
    }

    /// An answer to what has this token.
    private func take(_ message: CoAPMessage) {
        if let number = unknownOption(message) {
            return end(message.token, .failure(CoAPError.option(number)))
        }
        notify(message)
        end(message.token, .success(message))
    }

    /// The blocks are all that is critical and understood in a response.
    private func unknownOption(_ message: CoAPMessage) -> UInt32? {
        message.options.first {
            $0.isCritical && $0.number != CoAPOption.block1 && $0.number != CoAPOption.block2
        }?.number
    }

    // MARK: Observations

    /// Hands a state on if it is newer than the last one (RFC 7641 section 3.4).
    private func notify(_ message: CoAPMessage) {
        guard var observation = observations[message.token] else { return }
        observation.timer?.cancel()
        guard message.code.codeClass == 2, let sequence = message.option(CoAPOption.observe)?.uint else {
            observations[message.token] = nil
            observation.states.yield(message)
            return observation.states.finish()
        }
        let now = NIODeadline.now()
        let isNewer = observation.sequence.map { last in
            Self.isNewer(sequence, than: last) || now > observation.time + .seconds(128)
        }
        if isNewer ?? true {
            observation.sequence = sequence
            observation.time = now
            observation.states.yield(message)
        }
        let fresh = Int64(message.option(CoAPOption.maxAge)?.uint ?? 60) + Int64.random(in: 5...15)
        observation.timer = context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(fresh)) {
            self.register(message.token)
        }
        observations[message.token] = observation
    }

    /// Sequence numbers have 24 bits.
    static func isNewer(_ sequence: UInt32, than last: UInt32) -> Bool {
        let half: UInt32 = 1 << 23
        return last < sequence ? sequence - last < half : last > sequence && last - sequence > half
    }

    /// Once more: the server may have forgotten it.
    private func register(_ token: [UInt8]) {
        guard let observation = observations[token], pending[token] == nil else { return }
        send(observation.request, nil)
    }

    // MARK: Requests on their way

    /// Sends what waits, as far as NSTART allows.
    private func advance() {
        while outstanding < max(1, transmission.outstandingMaximum), let token = waiting.popFirst() {
            // Given up since, or its token was sent since.
            guard pending[token]?.datagram.isEmpty == true else { continue }
            start(token)
        }
    }

    private func start(_ token: [UInt8]) {
        guard var request = pending[token] else { return }
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
        guard let messageID = messageIDs.take(now: now, lifetime: transmission.exchangeLifetime) else {
            return end(token, .failure(CoAPError.full))
        }
        request.message.messageID = messageID
        do throws(HuskError) {
            request.datagram = try request.message.encoded()
        } catch {
            return end(token, .failure(CoAPError.request(error)))
        }
        request.timeout = transmission.firstTimeout()
        request.retransmissions = request.message.type == .confirmable ? transmission.retransmissions : 0
        request.isOutstanding = true
        outstanding += 1
        pending[token] = request
        transmit(token)
    }

    private func transmit(_ token: [UInt8]) {
        guard let request = pending[token] else { return }
        write(request.datagram)
        schedule(token, request.timeout) { $0.late(token) }
    }

    /// No acknowledgement in time.
    private func late(_ token: [UInt8]) {
        guard var request = pending[token] else { return }
        guard request.retransmissions > 0 else {
            guard request.message.type == .nonConfirmable else { return end(token, .failure(CoAPError.timeout)) }
            expectResponse(token)
            return advance()
        }
        request.retransmissions -= 1
        request.timeout *= 2
        pending[token] = request
        transmit(token)
    }

    /// Nothing is sent again; the next one may be sent.
    private func expectResponse(_ token: [UInt8]) {
        release(token)
        schedule(token, transmission.responseTimeout.nanoseconds) { $0.end(token, .failure(CoAPError.timeout)) }
    }

    private func schedule(_ token: [UInt8], _ time: Int64, _ body: @escaping (CoAPClientHandler) -> Void) {
        pending[token]?.timer?.cancel()
        pending[token]?.timer = context?.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time)) {
            body(self)
        }
    }

    private func release(_ token: [UInt8]) {
        guard pending[token]?.isOutstanding == true else { return }
        pending[token]?.isOutstanding = false
        outstanding -= 1
    }

    private func end(_ token: [UInt8], _ result: Result<CoAPMessage, any Error>) {
        release(token)
        let request = pending.removeValue(forKey: token)
        request?.timer?.cancel()
        if case .failure(let error) = result, let observation = observations.removeValue(forKey: token) {
            observation.timer?.cancel()
            observation.states.finish(throwing: error)
        }
        request?.promise?.completeWith(result)
        advance()
    }

    private func write(_ message: CoAPMessage) {
        guard let bytes = try? message.encoded() else { return }
        write(bytes)
    }

    private func write(_ bytes: [UInt8]) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
}

extension CoAPMessage {
    /// With another value of Observe: 1 ends what 0 began.
    fileprivate func observing(_ value: UInt32) -> CoAPMessage {
        var message = self
        message.options.removeAll { $0.number == CoAPOption.observe }
        message.observe(value)
        return message
    }
}
#endif

// The gateway without its socket: a datagram and the time in, at most one datagram out as its answer, and notifications
// that are asked for apart from that.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

/// Serves all peers of one port. Used by one thread at a time. Whatever a datagram says, it costs no memory that the
/// tables do not bound, and nothing at all unless it began a handshake or was authentic.
final class Engine {
    let configuration: GatewayConfiguration
    let handshakeConfiguration: HandshakeConfiguration
    let credentials: Credentials
    let router: Router
    let observers: Observers
    let logger: Logger

    var identifiers: IdentifierPool
    var queue: HandshakeQueue
    /// Handed out, and not yet handed back.
    var working: [HandshakeWork] = []
    var handshakes: HandshakeTable
    var sessions = SessionTable()
    var symmetric: SymmetricTable
    var resumptions = ResumptionTable()
    /// Two caches, so that strangers cannot push out the answers to authenticated devices.
    var strangers: ExchangeCache
    var devices: ExchangeCache
    var observations: ObservationTable
    var mailboxes: MailboxTable
    var bodies: BodyTable
    /// Who has a mailbox.
    let addressees: Set<String>
    /// Keys for what is stored; nil if nothing is.
    var storeKeys: StoreKeys?
    /// What changed since it was last handed to the store.
    var unstored = Unstored()
    var messageID = UInt16.random(in: 0...UInt16.max)
    /// Of the datagram that is being answered, in milliseconds.
    var now: UInt64 = 0

    init(
        _ configuration: GatewayConfiguration, credentials: Credentials, router: Router, observers: Observers,
        logger: Logger
    ) throws(HuskError) {
        guard (PreSharedKey.minimumBytes...32).contains(configuration.resumptionKeyBytes) else { throw .argument }
        let limits = configuration.limits
        self.configuration = configuration
        self.credentials = credentials
        self.router = router
        self.observers = observers
        self.logger = logger
        handshakeConfiguration = try HandshakeConfiguration(suites: configuration.suites.map(\.accelerated))
        symmetric = try SymmetricTable(credentials.symmetric)
        identifiers = IdentifierPool(reserved: symmetric.senders)
        queue = HandshakeQueue(
            limit: limits.waitingHandshakes, delay: limits.waitingHandshakeMilliseconds)
        handshakes = HandshakeTable(limits: limits)
        strangers = ExchangeCache(
            limit: limits.exchanges, limitPerPeer: limits.exchangesPerPeer,
            lifetime: limits.exchangeLifetimeMilliseconds)
        devices = ExchangeCache(
            limit: limits.deviceExchanges, limitPerPeer: limits.exchangesPerPeer,
            lifetime: limits.exchangeLifetimeMilliseconds)
        observations = ObservationTable(limitPerDevice: limits.observationsPerDevice)
        mailboxes = MailboxTable(limit: limits.mailboxEnvelopes, byteLimit: limits.mailboxBytes)
        bodies = BodyTable(
            limit: limits.bodies, bodyLimit: limits.bodyBytes, lifetime: limits.exchangeLifetimeMilliseconds)
        addressees = Set(credentials.devices.map(\.device) + credentials.symmetric.map(\.device))
    }

    /// What a request came to.
    struct Outcome {
        var response: [UInt8]?
        var name: GatewayMessage.Name
        var edhocBytes: Int?
        var overheadBytes: Int?
        /// Where to remember the answer. Requests that changed nothing are answered alike when they come again.
        var memory: Memory = .none
        /// Whose request was answered, so that the answer is stored with it.
        var session: Session?
        /// What is to be done before there is an answer.
        var work: HandshakeWork?

        enum Memory {
            case none
            case stranger
            case device
        }
    }

    /// Takes a datagram and gives the answer to send to the same peer, if there is one. `now` is in milliseconds.
    func receive(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> [UInt8]? {
        observers.count { $0.received += 1 }
        switch begin(datagram, from: peer, now: now) {
        case .answer(let response):
            return response
        case .work(let work):
            work.run()
            return complete(work, now: now)
        }
    }

    /// The answer, if there is one, or what is to be done and handed to ``complete(_:now:)`` first.
    enum Step {
        case answer([UInt8]?)
        case work(HandshakeWork)
    }

    func begin(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> Step {
        self.now = now
        expire(now: now)
        let outcome = process(datagram, from: peer, now: now)
        if let work = outcome.work {
            working.append(work)
            return .work(work)
        }
        return .answer(conclude(outcome, to: peer))
    }

    /// The answer after the work was done.
    func complete(_ work: HandshakeWork, now: UInt64) -> [UInt8]? {
        self.now = now
        working.removeAll { $0 === work }
        let outcome = message2(work, now: now)
        remember(outcome, to: work.datagram, work.request, from: work.peer, now: now)
        return conclude(outcome, to: work.peer)
    }

    private func conclude(_ outcome: Outcome, to peer: SocketAddress) -> [UInt8]? {
        observers.count {
            $0.sent += outcome.response == nil ? 0 : 1
            $0.pendingHandshakes = handshakes.count
            $0.sessions = sessions.count + symmetric.sessions
            $0.exchanges = strangers.count + devices.count
        }
        guard let response = outcome.response else { return nil }
        sent(outcome, response, to: peer)
        return response
    }

    /// Forgets what has had its time.
    func expire(now: UInt64) {
        strangers.expire(now: now)
        devices.expire(now: now)
        bodies.expire(now: now)
        while let handshake = handshakes.expired(now: now) {
            drop(handshake)
            observers.count { $0.handshakesTimedOut += 1 }
        }
        observers.count {
            $0.pendingHandshakes = handshakes.count
            $0.exchanges = strangers.count + devices.count
        }
    }

    // MARK: The message layer (RFC 7252 section 4)

    func process(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> Outcome {
        let message: CoAPMessage
        do {
            message = try CoAPMessage(decoding: datagram)
        } catch {
            return malformed(datagram, error, from: peer)
        }
        guard message.type == .confirmable || message.type == .nonConfirmable else {
            settle(message, from: peer)
            received(message.type == .reset ? .coapReset : .coapAcknowledgement, datagram, from: peer)
            return Outcome(response: nil, name: .coapReset)
        }
        if message.code == .empty && message.type == .confirmable {
            received(.coapPing, datagram, from: peer)
            return reset(message)
        }
        guard message.code.isRequest else {
            // Responses nobody asked for, reserved codes, and empty messages that want no reset.
            countMalformed(datagram, from: peer)
            return message.type == .confirmable ? reset(message) : Outcome(response: nil, name: .coapReset)
        }
        let earlier =
            devices.response(to: datagram, messageID: message.messageID, from: peer)
            ?? strangers.response(to: datagram, messageID: message.messageID, from: peer)
        if let response = earlier {
            observers.count { $0.duplicates += 1 }
            received(.coapRequest, datagram, from: peer, isDuplicate: true)
            return Outcome(response: response, name: .coapResponse)
        }
        let outcome =
            if message.option(CoAPOption.oscore) == nil {
                plain(message, datagram, from: peer, now: now)
            } else if message.option(CoAPOption.edhoc) == nil {
                protected(
                    message, datagram, from: peer,
                    as: Arrival(name: .oscoreRequest, datagram: datagram, peer: peer))
            } else {
                combined(message, datagram, from: peer)
            }
        remember(outcome, to: datagram, message, from: peer, now: now)
        return outcome
    }

    private func remember(
        _ outcome: Outcome, to datagram: [UInt8], _ message: CoAPMessage, from peer: SocketAddress, now: UInt64
    ) {
        guard let response = outcome.response else { return }
        if storeKeys != nil, let session = outcome.session {
            session.lastAnswer = (digest(datagram), response)
            note(changed: session)
        }
        switch outcome.memory {
        case .none: break
        case .stranger:
            strangers.remember(response, to: datagram, messageID: message.messageID, from: peer, now: now)
        case .device:
            devices.remember(response, to: datagram, messageID: message.messageID, from: peer, now: now)
        }
    }

    /// A message that cannot be read: a reset if it wants one, else silence (RFC 7252 sections 3, 4.2 and 4.3).
    func malformed(_ datagram: [UInt8], _ error: HuskError, from peer: SocketAddress) -> Outcome {
        countMalformed(datagram, from: peer)
        let silence = Outcome(response: nil, name: .coapReset)
        guard error != .unsupported, datagram.count >= 4, datagram[0] >> 4 == 0b0100 else { return silence }
        let id = UInt16(datagram[2]) << 8 | UInt16(datagram[3])
        return reset(CoAPMessage(type: .confirmable, code: .empty, messageID: id))
    }

    func reset(_ message: CoAPMessage) -> Outcome {
        let reset = CoAPMessage(type: .reset, code: .empty, messageID: message.messageID)
        return Outcome(response: try? reset.encoded(), name: .coapReset)
    }

    /// The answer to a request: in the acknowledgement if it was confirmable.
    func answer(_ request: CoAPMessage, _ code: CoAPCode) -> CoAPMessage {
        guard request.type == .confirmable else {
            messageID &+= 1
            return CoAPMessage(type: .nonConfirmable, code: code, messageID: messageID, token: request.token)
        }
        return CoAPMessage(type: .acknowledgement, code: code, messageID: request.messageID, token: request.token)
    }

    /// Whether there is a critical option that is not in `known`, or one a second time that stands once only: both are
    /// treated alike (RFC 7252 sections 5.4.1 and 5.4.5).
    func hasUnknownOption(_ message: CoAPMessage, known: Set<UInt32>) -> Bool {
        var last: UInt32?
        for option in message.options where option.isCritical {
            guard known.contains(option.number) else { return true }
            let isRepeatable = option.number == CoAPOption.uriPath || option.number == CoAPOption.uriQuery
            guard option.number != last || isRepeatable else { return true }
            last = option.number
        }
        return false
    }
}
#endif

// The gateway without its socket: a datagram and the time in, at most one datagram out.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

/// Serves all peers of one port. Used by one thread at a time. Whatever a datagram says, it costs no memory that the
/// tables do not bound, and nothing at all unless it began a handshake or was authentic.
final class Engine {
    private let configuration: GatewayConfiguration
    private let handshakeConfiguration: HandshakeConfiguration
    private let credentials: Credentials
    private let router: Router
    private let observers: Observers
    private let logger: Logger

    private var identifiers: IdentifierPool
    private var handshakes: HandshakeTable
    private var sessions = SessionTable()
    private var symmetric: SymmetricTable
    private var resumptions = ResumptionTable()
    /// Two caches, so that strangers cannot push out the answers to authenticated devices.
    private var strangers: ExchangeCache
    private var devices: ExchangeCache
    private var messageID = UInt16.random(in: 0...UInt16.max)

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
        handshakeConfiguration = try HandshakeConfiguration(suites: configuration.suites)
        symmetric = try SymmetricTable(credentials.symmetric)
        identifiers = IdentifierPool(reserved: symmetric.senders)
        handshakes = HandshakeTable(limits: limits)
        strangers = ExchangeCache(
            limit: limits.exchanges, limitPerPeer: limits.exchangesPerPeer,
            lifetime: limits.exchangeLifetimeMilliseconds)
        devices = ExchangeCache(
            limit: limits.deviceExchanges, limitPerPeer: limits.exchangesPerPeer,
            lifetime: limits.exchangeLifetimeMilliseconds)
    }

    /// What a request came to.
    struct Outcome {
        var response: [UInt8]?
        var name: GatewayMessage.Name
        var edhocBytes: Int?
        var overheadBytes: Int?
        /// Where to remember the answer. Requests that changed nothing are answered alike when they come again.
        var memory: Memory = .none

        enum Memory {
            case none
            case stranger
            case device
        }
    }

    /// Takes a datagram and gives the answer to send to the same peer, if there is one. `now` is in milliseconds.
    func receive(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> [UInt8]? {
        expire(now: now)
        observers.count { $0.received += 1 }
        let outcome = process(datagram, from: peer, now: now)
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

    private func process(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> Outcome {
        let message: CoAPMessage
        do {
            message = try CoAPMessage(decoding: datagram)
        } catch {
            return malformed(datagram, error, from: peer)
        }
        guard message.type == .confirmable || message.type == .nonConfirmable else {
            // Nothing this gateway sends asks for an acknowledgement, so this belongs to nothing.
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
        for cache in [devices, strangers] {
            let earlier = cache.response(to: datagram, messageID: message.messageID, from: peer)
            guard let response = earlier else { continue }
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
        if let response = outcome.response {
            switch outcome.memory {
            case .none: break
            case .stranger:
                strangers.remember(response, to: datagram, messageID: message.messageID, from: peer, now: now)
            case .device:
                devices.remember(response, to: datagram, messageID: message.messageID, from: peer, now: now)
            }
        }
        return outcome
    }

    /// A message that cannot be read: a reset if it wants one, else silence (RFC 7252 sections 3, 4.2 and 4.3).
    private func malformed(_ datagram: [UInt8], _ error: HuskError, from peer: SocketAddress) -> Outcome {
        countMalformed(datagram, from: peer)
        let silence = Outcome(response: nil, name: .coapReset)
        guard error != .unsupported, datagram.count >= 4, datagram[0] >> 4 == 0b0100 else { return silence }
        let id = UInt16(datagram[2]) << 8 | UInt16(datagram[3])
        return reset(CoAPMessage(type: .confirmable, code: .empty, messageID: id))
    }

    private func reset(_ message: CoAPMessage) -> Outcome {
        let reset = CoAPMessage(type: .reset, code: .empty, messageID: message.messageID)
        return Outcome(response: try? reset.encoded(), name: .coapReset)
    }

    /// The answer to a request: in the acknowledgement if it was confirmable.
    private func answer(_ request: CoAPMessage, _ code: CoAPCode) -> CoAPMessage {
        guard request.type == .confirmable else {
            messageID &+= 1
            return CoAPMessage(type: .nonConfirmable, code: code, messageID: messageID, token: request.token)
        }
        return CoAPMessage(type: .acknowledgement, code: code, messageID: request.messageID, token: request.token)
    }

    /// Whether there is a critical option that is not in `known`, or one a second time that stands once only: both are
    /// treated alike (RFC 7252 sections 5.4.1 and 5.4.5).
    private func hasUnknownOption(_ message: CoAPMessage, known: Set<UInt32>) -> Bool {
        let repeatable: Set = [CoAPOption.uriPath, CoAPOption.uriQuery]
        var last: UInt32?
        for option in message.options where option.isCritical {
            guard known.contains(option.number) else { return true }
            guard option.number != last || repeatable.contains(option.number) else { return true }
            last = option.number
        }
        return false
    }

    // MARK: Without protection: EDHOC (RFC 9528 appendix A.2)

    private func plain(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, now: UInt64
    ) -> Outcome {
        let isEDHOC = request.path == ".well-known/edhoc"
        let known: Set = [CoAPOption.uriHost, CoAPOption.uriPort, CoAPOption.uriPath, CoAPOption.accept]
        // All other resources ask for OSCORE, whatever the query.
        guard !hasUnknownOption(request, known: isEDHOC ? known : known.union([CoAPOption.uriQuery])) else {
            received(.coapRequest, datagram, from: peer)
            return refuse(request, .badOption, from: peer)
        }
        guard isEDHOC else {
            received(.coapRequest, datagram, from: peer)
            return refuse(request, .unauthorized, from: peer)
        }
        guard request.code == .post else {
            received(.coapRequest, datagram, from: peer)
            return refuse(request, .methodNotAllowed, from: peer)
        }
        if let format = request.option(CoAPOption.contentFormat), format.uint != ContentFormat.edhocRequest {
            received(.coapRequest, datagram, from: peer)
            return refuse(request, .unsupportedContentFormat, from: peer)
        }
        if let accept = request.option(CoAPOption.accept), accept.uint != ContentFormat.edhoc {
            received(.coapRequest, datagram, from: peer)
            return refuse(request, .notAcceptable, from: peer)
        }
        if request.payload.first == 0xf5 {
            return message1(request, datagram, from: peer, now: now)
        }
        return message3(request, datagram, from: peer)
    }

    private func message1(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, now: UInt64
    ) -> Outcome {
        let bytes = Array(request.payload.dropFirst())
        received(.edhocMessage1, datagram, from: peer, edhocBytes: bytes.count)
        // Asked first: while the table is full, a flood costs no public-key operation.
        let admission = handshakes.admission(of: peer, now: now)
        if case .busy = admission {
            return busy(request, from: peer)
        }
        do throws(HuskError) {
            let ready = try Handshake.Responder.WaitingForMessage1(handshakeConfiguration).process(bytes)
            guard let identifier = identifiers.allocate(avoiding: ready.peerIdentifier) else {
                return busy(request, from: peer)
            }
            var message2: [UInt8] = []
            do throws(HuskError) {
                let phase = try ready.compose(identifier: identifier, message2: &message2)
                if case .evict(let oldest) = admission {
                    drop(oldest)
                    observers.count { $0.handshakesEvicted += 1 }
                }
                handshakes.insert(
                    PendingHandshake(identifier: identifier, peer: peer, started: now, phase: phase))
            } catch {
                identifiers.release(identifier)
                throw error
            }
            observers.count { $0.handshakesStarted += 1 }
            return edhoc(request, .edhocMessage2, message2, memory: .stranger)
        } catch {
            return failed(request, error, from: peer, memory: .none)
        }
    }

    /// message_3 names its handshake by C_R, which anybody can guess, and RFC 9528 wants a session aborted when a
    /// message of it fails. It also lets us ignore what is likely to be forged (section 9.7). So a message_3 from
    /// another address than message_1's is not of that session: it gets the answer that an unknown C_R gets, and
    /// changes nothing. From the same address the RFC's rule holds: one message that fails ends the handshake, and the
    /// device begins again. An error message, which nothing authenticates, does not even that (section 6): the
    /// handshake waits for its message_3 until its time is over.
    private func message3(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome {
        var length = 0
        guard let identifier = try? ConnectionIdentifier(reading: request.payload, length: &length) else {
            received(.coapRequest, datagram, from: peer)
            return failed(request, .format, from: peer, memory: .none)
        }
        let bytes = Array(request.payload.dropFirst(length))
        guard let handshake = handshakes[identifier], handshake.peer == peer else {
            received(.edhocMessage3, datagram, from: peer, edhocBytes: bytes.count)
            refused(.unknownHandshake, from: peer)
            let message = handshakeConfiguration.errorMessage(for: .state)
            return edhoc(request, .edhocError, message, code: .badRequest, memory: .none)
        }
        do throws(HuskError) {
            let key: PresentedKey
            do throws(HuskError) {
                key = try presentedKey(bytes, of: handshake)
            } catch .peer {
                received(.edhocError, datagram, from: peer, edhocBytes: bytes.count)
                refused(.handshake(.peer), from: peer)
                return Outcome(response: try? answer(request, .changed).encoded(), name: .coapResponse)
            }
            received(.edhocMessage3, datagram, from: peer, edhocBytes: bytes.count)
            var message4: [UInt8] = []
            let authenticated = try handshake.takePhase().process(bytes, key: key.key)
            guard mayUse(handshake.suite, key.credential) else {
                return suiteRefused(request, handshake, key.credential)
            }
            let completed = try authenticated.compose(message4: &message4)
            announce(try enterSession(handshake, key, completed))
            return edhoc(request, .edhocMessage4, message4, memory: .device)
        } catch {
            drop(handshake)
            return failed(request, error, from: peer, memory: .stranger)
        }
    }

    /// The key that message_3 was made with. Its identifier tells, unless several keys share it.
    private func presentedKey(_ message3: [UInt8], of handshake: PendingHandshake) throws(HuskError) -> PresentedKey {
        let kid = try handshake.keyIdentifier(in: message3)
        var keys = resumptions.keys(kid)
        if let credential = credentials[kid: kid] {
            keys.append(PresentedKey(credential, credential.key.copy()))
        }
        guard let first = keys.first else { throw .credential }
        guard keys.count > 1 else { return first }
        guard let fits = keys.first(where: { handshake.accepts(message3, key: $0.key) }) else { throw .authentication }
        return fits
    }

    /// Who a device is comes out in message_3 only, so what it may use is asked then, once it has proved to be that
    /// device.
    private func mayUse(_ suite: CipherSuite, _ credential: DeviceCredential) -> Bool {
        credential.suites?.contains(suite) ?? true
    }

    /// Error code 1: code 2, which negotiates suites, answers message_1 only (RFC 9528 section 6.3).
    private func suiteRefused(
        _ request: CoAPMessage, _ handshake: PendingHandshake, _ credential: DeviceCredential
    ) -> Outcome {
        drop(handshake)
        observers.count { $0.handshakesFailed += 1 }
        refused(.suite(handshake.suite), from: handshake.peer, device: credential.device)
        let text = Array("Suite not allowed".utf8)
        let message = [0x01, 0x60 + UInt8(text.count)] + text
        return edhoc(request, .edhocError, message, code: .badRequest, memory: .stranger)
    }

    /// message_3 has verified: the handshake becomes a session.
    private func enterSession(
        _ handshake: PendingHandshake, _ key: PresentedKey, _ completed: consuming Handshake.Completed
    ) throws(HuskError) -> GatewayAuthentication {
        let credential = key.credential
        let suite = completed.suite
        let peer = handshake.peer.shortDescription
        let next = try completed.resumptionKey(
            after: key.key, bytes: configuration.resumptionKeyBytes)
        let context = try completed.securityContext()
        resumptions.advance(from: key, to: next)
        handshakes.remove(handshake)
        let session = Session(identifier: handshake.identifier, credential: credential, context: context)
        release(sessions.insert(session))
        observers.count { $0.handshakesCompleted += 1 }
        return GatewayAuthentication(device: credential.device, suite: suite, peer: peer)
    }

    private func announce(_ authentication: GatewayAuthentication) {
        observers.emit(.authenticated(authentication))
        logger.info(
            "device authenticated",
            metadata: [
                "device": "\(authentication.device)", "peer": "\(authentication.peer)",
                "suite": "\(authentication.suite.id)",
            ])
    }

    /// message_3 and the first request in one (RFC 9668 section 3.3.1). For the handshake the same holds as in
    /// ``message3(_:_:from:)``; a failure there is told with error code 1.
    private func combined(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome {
        let parts: CombinedRequest
        let identifier: ConnectionIdentifier
        do throws(HuskError) {
            identifier = try request.oscoreIdentifier()
            parts = try CombinedRequest(splitting: datagram)
        } catch {
            received(.combinedRequest, datagram, from: peer)
            return failed(request, .format, from: peer, memory: .none)
        }
        var arrival = Arrival(
            name: .combinedRequest, datagram: datagram, peer: peer, edhocBytes: parts.message3.count,
            handshakeBytes: parts.message3.count + request.edhocOptionBytes)
        guard let handshake = handshakes[identifier], handshake.peer == peer else {
            note(arrival)
            refused(.unknownHandshake, from: peer)
            let message = handshakeConfiguration.errorMessage(for: .state)
            return edhoc(request, .edhocError, message, code: .badRequest, memory: .none)
        }
        do throws(HuskError) {
            let key = try presentedKey(parts.message3, of: handshake)
            let authenticated = try handshake.takePhase().process(parts.message3, key: key.key)
            guard mayUse(handshake.suite, key.credential) else {
                note(arrival)
                return suiteRefused(request, handshake, key.credential)
            }
            arrival.authentication = try enterSession(handshake, key, try authenticated.confirm())
        } catch {
            drop(handshake)
            note(arrival)
            return failed(request, error == .credential ? .authentication : error, from: peer, memory: .stranger)
        }
        return protected(request, parts.request, from: peer, as: arrival)
    }

    private func edhoc(
        _ request: CoAPMessage, _ name: GatewayMessage.Name, _ message: [UInt8], code: CoAPCode = .changed,
        memory: Outcome.Memory
    ) -> Outcome {
        var response = answer(request, code)
        response.options = [CoAPOption(number: CoAPOption.contentFormat, uint: ContentFormat.edhoc)]
        response.payload = message
        return Outcome(response: try? response.encoded(), name: name, edhocBytes: message.count, memory: memory)
    }

    /// A handshake that came to nothing: the error message of RFC 9528 section 6 in an error response (appendix A.2.3).
    private func failed(
        _ request: CoAPMessage, _ error: HuskError, from peer: SocketAddress, memory: Outcome.Memory
    ) -> Outcome {
        observers.count { $0.handshakesFailed += 1 }
        refused(.handshake(error), from: peer)
        let isOurs = error == .random || error == .buffer || error == .argument || error == .state
        return edhoc(
            request, .edhocError, handshakeConfiguration.errorMessage(for: error),
            code: isOurs ? .internalServerError : .badRequest, memory: memory)
    }

    private func busy(_ request: CoAPMessage, from peer: SocketAddress) -> Outcome {
        observers.count { $0.handshakesRefused += 1 }
        refused(.busy, from: peer)
        var response = answer(request, .serviceUnavailable)
        // RFC 7252 section 5.9.3.4: when to try again, in seconds.
        let seconds = UInt32(clamping: configuration.limits.handshakeGraceMilliseconds / 1000)
        response.options = [CoAPOption(number: CoAPOption.maxAge, uint: seconds)]
        return Outcome(response: try? response.encoded(), name: .coapResponse)
    }

    private func drop(_ handshake: PendingHandshake) {
        handshakes.remove(handshake)
        identifiers.release(handshake.identifier)
    }

    private func release(_ session: Session?) {
        guard let session else { return }
        identifiers.release(session.identifier)
    }

    // MARK: With protection: OSCORE (RFC 8613 section 8.2)

    private func protected(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, as arrival: Arrival
    ) -> Outcome {
        if let outcome = keyUpdated(request, datagram, from: peer) {
            return outcome
        }
        let identifier: ConnectionIdentifier
        do {
            identifier = try request.oscoreIdentifier()
        } catch {
            note(arrival)
            return unprotected(request, .badOption, "Failed to decode COSE", .session(error), from: peer)
        }
        guard request.options.count(where: { $0.number == CoAPOption.oscore }) == 1 else {
            note(arrival)
            return unprotected(request, .badOption, "Failed to decode COSE", .session(.format), from: peer)
        }
        guard let session = sessions[identifier] else {
            note(arrival)
            return unprotected(request, .unauthorized, "Security context not found", .unknownSession, from: peer)
        }
        var exchange = SecurityContext.Exchange()
        let inner: CoAPMessage
        do {
            inner = try session.context.unprotect(request: datagram, exchange: &exchange)
        } catch {
            note(arrival)
            let (code, text): (CoAPCode, StaticString) =
                switch error {
                case .authentication: (.badRequest, "Decryption failed")
                case .replay: (.unauthorized, "Replay detected")
                case .context: (.unauthorized, "Security context not found")
                default: (.badOption, "Failed to decode COSE")
                }
            return unprotected(request, code, text, .session(error), from: peer)
        }
        note(arrival, overheadBytes: datagram.count - request.edhocOptionBytes - inner.encodedCount)
        if arrival.name == .oscoreRequest && session.awaitsFifthMessage {
            session.awaitsFifthMessage = false
            resumptions.confirm(session.credential)
        }
        release(sessions.use(session))
        observers.count { $0.requests += 1 }
        guard let response = respond(to: inner, from: session.credential.device, peer: peer) else {
            return Outcome(response: nil, name: .oscoreResponse)
        }
        do {
            let datagram = try session.context.protect(response: response, exchange: &exchange)
            return Outcome(
                response: datagram, name: .oscoreResponse, overheadBytes: datagram.count - response.encodedCount,
                memory: .device)
        } catch {
            logger.error("response could not be protected", metadata: ["reason": "\(error.reason)"])
            return Outcome(response: nil, name: .oscoreResponse)
        }
    }

    // MARK: With keys by KUDOS (draft-ietf-core-oscore-key-update-14)

    /// A request that is for a device of the symmetric-only profile, or that only such a device could mean; nil for all
    /// others.
    private func keyUpdated(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome? {
        guard let header = try? request.protectedHeader() else { return nil }
        let name: GatewayMessage.Name =
            switch header.kind {
            case .ordinary: .oscoreRequest
            case .divergent: .kudosDivergent
            case .convergent: .kudosConvergent
            }
        guard request.options.count(where: { $0.number == CoAPOption.oscore }) == 1 else { return nil }
        guard let device = symmetric[header.identifier] else {
            guard header.kind != .ordinary, sessions[header.identifier] == nil else { return nil }
            received(name, datagram, from: peer)
            return unprotected(request, .unauthorized, "Security context not found", .unknownSession, from: peer)
        }
        var exchange = SecurityContext.Exchange()
        let inner: KeyUpdate.Received
        do {
            inner = try symmetric.unprotect(datagram, of: device, exchange: &exchange)
        } catch {
            received(name, datagram, from: peer)
            // A context or secret of the device's that is not known here looks the same as a forgery. 4.01 lets a
            // device begin an update, which mends the one and not the other.
            let (code, text): (CoAPCode, StaticString) =
                switch error {
                case .context, .authentication: (.unauthorized, "Security context not found")
                case .replay: (.unauthorized, "Replay detected")
                case .random: (.serviceUnavailable, "Try again")
                default: (.badOption, "Failed to decode COSE")
                }
            return unprotected(request, code, text, .session(error), from: peer)
        }
        received(name, datagram, from: peer, overheadBytes: datagram.count - inner.message.encodedCount)
        return keyUpdated(inner, exchange, device, from: peer)
    }

    private func keyUpdated(
        _ inner: KeyUpdate.Received, _ exchange: consuming SecurityContext.Exchange, _ device: SymmetricDevice,
        from peer: SocketAddress
    ) -> Outcome {
        let name = device.credential.device
        var outcome = Outcome(response: nil, name: .oscoreResponse, memory: .device)
        let response: CoAPMessage?
        switch inner.event {
        case .divergent:
            observers.count { $0.keyUpdatesStarted += 1 }
            // Whoever recorded it can send it again, so it proves no device to be there: nothing it asks for is done,
            // and its answer is remembered among those of strangers. A request to another resource is told so.
            response = answer(inner.message, isForKeysOnly(inner.message) ? .changed : .serviceUnavailable)
            outcome.name = .kudosConvergent
            outcome.memory = .stranger
        case .established, .confirmed, .plain:
            if inner.event != .plain {
                enterKeyUpdatedSession(device, from: peer)
            }
            observers.count { $0.requests += 1 }
            response = isForKeysOnly(inner.message)
                ? answer(inner.message, .changed) : respond(to: inner.message, from: name, peer: peer)
        }
        guard let response else { return Outcome(response: nil, name: outcome.name) }
        do {
            let datagram = try device.protect(response, exchange: &exchange)
            outcome.response = datagram
            outcome.overheadBytes = datagram.count - response.encodedCount
            return outcome
        } catch {
            logger.error("response could not be protected", metadata: ["reason": "\(error.reason)"])
            return Outcome(response: nil, name: outcome.name)
        }
    }

    /// The KUDOS resource is for messages that have no purpose but their keys.
    private func isForKeysOnly(_ request: CoAPMessage) -> Bool {
        request.code == .post && request.path == ".well-known/kudos"
    }

    /// The device has used a context that is fresh on both sides.
    private func enterKeyUpdatedSession(_ device: SymmetricDevice, from peer: SocketAddress) {
        let name = device.credential.device
        observers.count { $0.keyUpdatesCompleted += 1 }
        observers.emit(
            .authenticated(
                GatewayAuthentication(
                    device: name, suite: .suite0, peer: peer.shortDescription, profile: .symmetric)))
        logger.info(
            "device authenticated",
            metadata: ["device": "\(name)", "peer": "\(peer.shortDescription)", "profile": "symmetric"])
    }

    /// The plain answer to a verified request; nil if it is to be rejected in silence.
    private func respond(
        to request: CoAPMessage, from device: String, peer: SocketAddress
    ) -> CoAPMessage? {
        let known: Set = [
            CoAPOption.uriHost, CoAPOption.uriPort, CoAPOption.uriPath, CoAPOption.uriQuery, CoAPOption.accept,
        ]
        guard !hasUnknownOption(request, known: known) else {
            refused(.request(.badOption), from: peer, device: device)
            // RFC 7252 section 5.4.1: a non-confirmable request with such an option is rejected, not answered.
            return request.type == .confirmable ? answer(request, .badOption) : nil
        }
        let result = route(request, from: device)
        var response = answer(request, result.code)
        if let format = result.contentFormat {
            response.options = [CoAPOption(number: CoAPOption.contentFormat, uint: format)]
        }
        response.payload = result.payload
        if result.code.codeClass != 2 {
            refused(.request(result.code), from: peer, device: device)
        }
        return response
    }

    private func route(_ request: CoAPMessage, from device: String) -> GatewayResponse {
        guard request.code.isRequest else { return GatewayResponse(.methodNotAllowed) }
        guard let path = request.printablePath else { return GatewayResponse(.notFound) }
        let format = request.option(CoAPOption.contentFormat)
        guard format == nil || format?.uint != nil else { return GatewayResponse(.badRequest) }
        let query = request.options.filter { $0.number == CoAPOption.uriQuery }
        let answer = router.answer(
            GatewayRequest(
                device: device, method: request.code, path: path,
                query: query.map { String(decoding: $0.value, as: UTF8.self) }, contentFormat: format?.uint,
                payload: request.payload))
        guard case .response(let response) = answer else {
            observers.count { $0.readings += 1 }
            observers.emit(
                .reading(
                    GatewayReading(
                        device: device, path: path, payload: request.payload, contentFormat: format?.uint)))
            return GatewayResponse(.changed)
        }
        if let accept = request.option(CoAPOption.accept), response.code.codeClass == 2, !response.payload.isEmpty,
            accept.uint != response.contentFormat
        {
            return GatewayResponse(.notAcceptable)
        }
        guard response.payload.count <= Self.payloadMaximum else {
            logger.error("response too long", metadata: ["path": "\(path)", "bytes": "\(response.payload.count)"])
            return GatewayResponse(.internalServerError)
        }
        return response
    }

    /// Largest payload of a response, as RFC 7252 section 4.6 suggests.
    static let payloadMaximum = 1024

    /// An error without OSCORE, that no cache keeps (Max-Age 0).
    private func unprotected(
        _ request: CoAPMessage, _ code: CoAPCode, _ text: StaticString, _ reason: GatewayRefusal.Reason,
        from peer: SocketAddress
    ) -> Outcome {
        refused(reason, from: peer)
        var response = answer(request, code)
        response.options = [CoAPOption(number: CoAPOption.maxAge, uint: 0)]
        response.payload = Array("\(text)".utf8)
        return Outcome(response: try? response.encoded(), name: .coapResponse)
    }

    private func refuse(_ request: CoAPMessage, _ code: CoAPCode, from peer: SocketAddress) -> Outcome {
        refused(.request(code), from: peer)
        // RFC 7252 section 5.4.1, as above.
        guard code != .badOption || request.type == .confirmable else {
            return Outcome(response: nil, name: .coapResponse)
        }
        return Outcome(response: try? answer(request, code).encoded(), name: .coapResponse)
    }

    // MARK: What observers see

    /// A protected request, of which observers hear once its overhead is known, or that there is none to know.
    private struct Arrival {
        var name: GatewayMessage.Name
        var datagram: [UInt8]
        var peer: SocketAddress
        var edhocBytes: Int?
        var handshakeBytes: Int?
        /// What message_3 came to, if it came with the request.
        var authentication: GatewayAuthentication?
    }

    private func note(_ arrival: Arrival, overheadBytes: Int? = nil) {
        received(
            arrival.name, arrival.datagram, from: arrival.peer, edhocBytes: arrival.edhocBytes,
            handshakeBytes: arrival.handshakeBytes, overheadBytes: overheadBytes)
        if let authentication = arrival.authentication {
            announce(authentication)
        }
    }

    private func received(
        _ name: GatewayMessage.Name, _ datagram: [UInt8], from peer: SocketAddress, isDuplicate: Bool = false,
        edhocBytes: Int? = nil, handshakeBytes: Int? = nil, overheadBytes: Int? = nil
    ) {
        observers.emit(
            .message(
                GatewayMessage(
                    direction: .received, peer: peer.shortDescription, name: name, isDuplicate: isDuplicate,
                    datagramBytes: datagram.count, edhocBytes: edhocBytes,
                    handshakeBytes: handshakeBytes ?? (edhocBytes != nil || name.isKeyUpdate ? datagram.count : nil),
                    oscoreOverheadBytes: overheadBytes)))
    }

    private func sent(_ outcome: Outcome, _ datagram: [UInt8], to peer: SocketAddress) {
        observers.emit(
            .message(
                GatewayMessage(
                    direction: .sent, peer: peer.shortDescription, name: outcome.name, isDuplicate: false,
                    datagramBytes: datagram.count, edhocBytes: outcome.edhocBytes,
                    handshakeBytes: outcome.edhocBytes != nil || outcome.name.isKeyUpdate ? datagram.count : nil,
                    oscoreOverheadBytes: outcome.overheadBytes)))
    }

    private func countMalformed(_ datagram: [UInt8], from peer: SocketAddress) {
        observers.count { $0.malformed += 1 }
        received(.malformed, datagram, from: peer)
        observers.emit(
            .refused(GatewayRefusal(reason: .malformed, peer: peer.shortDescription, device: nil)))
    }

    private func refused(_ reason: GatewayRefusal.Reason, from peer: SocketAddress, device: String? = nil) {
        observers.count { $0.refused += 1 }
        observers.emit(.refused(GatewayRefusal(reason: reason, peer: peer.shortDescription, device: device)))
        logger.debug("refused", metadata: ["reason": "\(reason)", "peer": "\(peer.shortDescription)"])
    }
}

/// Content formats of EDHOC (RFC 9528 section 10.9).
enum ContentFormat {
    static let edhoc: UInt32 = 64
    static let edhocRequest: UInt32 = 65
}

extension SocketAddress {
    /// `127.0.0.1:5683` or `[::1]:5683`.
    var shortDescription: String {
        guard let ip = ipAddress, let port else { return "unknown" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

extension CoAPMessage {
    /// What the EDHOC option takes of the message; 0 without one.
    var edhocOptionBytes: Int {
        guard option(CoAPOption.edhoc) != nil else { return 0 }
        var without = self
        without.options.removeAll { $0.number == CoAPOption.edhoc }
        return encodedCount - without.encodedCount
    }

    /// The path, if every segment is text without control characters and slashes: it goes to terminals and logs.
    var printablePath: String? {
        var segments: [String] = []
        for option in options where option.number == CoAPOption.uriPath {
            guard let text = String(validating: option.value, as: UTF8.self) else { return nil }
            let isPlain = text.unicodeScalars.allSatisfy {
                $0 != "/" && $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
            }
            guard isPlain else { return nil }
            segments.append(text)
        }
        return segments.joined(separator: "/")
    }
}
#endif

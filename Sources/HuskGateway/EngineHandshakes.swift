// EDHOC over CoAP, without protection (RFC 9528 appendix A.2), and message_3 with the first request (RFC 9668).
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    func plain(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, now: UInt64
    ) -> Outcome {
        let isEDHOC = request.path == ".well-known/edhoc"
        // All other resources ask for OSCORE, whatever the query.
        guard !hasUnknownOption(request, known: isEDHOC ? Self.edhocOptions : Self.plainOptions) else {
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

    private static let edhocOptions: Set = [
        CoAPOption.uriHost, CoAPOption.uriPort, CoAPOption.uriPath, CoAPOption.accept,
    ]
    private static let plainOptions = edhocOptions.union([CoAPOption.uriQuery])

    func message1(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, now: UInt64
    ) -> Outcome {
        let bytes = Array(request.payload.dropFirst())
        received(.edhocMessage1, datagram, from: peer, edhocBytes: bytes.count)
        // A copy of one that is being worked on gets its answer when it comes again.
        guard !working.contains(where: { $0.peer == peer && $0.datagram == datagram }) else {
            observers.count { $0.duplicates += 1 }
            return Outcome(response: nil, name: .edhocMessage2)
        }
        // Asked first: while the table is full, a flood costs no public-key operation.
        if case .busy = handshakes.admission(of: peer, now: now) {
            return busy(request, from: peer)
        }
        do throws(HuskError) {
            let ready = try Handshake.Responder.WaitingForMessage1(handshakeConfiguration).process(bytes)
            guard let identifier = identifiers.allocate(avoiding: ready.peerIdentifier) else {
                return busy(request, from: peer)
            }
            var outcome = Outcome(response: nil, name: .edhocMessage2)
            outcome.work = HandshakeWork(request, datagram, from: peer, identifier: identifier, ready: ready)
            return outcome
        } catch {
            return failed(request, error, from: peer, memory: .none)
        }
    }

    /// message_1 was worked on: the handshake goes on, unless others have filled the table meanwhile.
    func message2(_ work: HandshakeWork, now: UInt64) -> Outcome {
        let admission = handshakes.admission(of: work.peer, now: now)
        if case .busy = admission {
            identifiers.release(work.identifier)
            return busy(work.request, from: work.peer)
        }
        var message2: [UInt8] = []
        do throws(HuskError) {
            let phase = try work.take(message2: &message2)
            if case .evict(let oldest) = admission {
                drop(oldest)
                observers.count { $0.handshakesEvicted += 1 }
            }
            handshakes.insert(
                PendingHandshake(identifier: work.identifier, peer: work.peer, started: now, phase: phase))
        } catch {
            identifiers.release(work.identifier)
            return failed(work.request, error, from: work.peer, memory: .none)
        }
        observers.count { $0.handshakesStarted += 1 }
        return edhoc(work.request, .edhocMessage2, message2, memory: .stranger)
    }

    /// message_3 names its handshake by C_R, which anybody can guess, and RFC 9528 wants a session aborted when a
    /// message of it fails. It also lets us ignore what is likely to be forged (section 9.7). So a message_3 from
    /// another address than message_1's is not of that session: it gets the answer that an unknown C_R gets, and
    /// changes nothing. From the same address the RFC's rule holds: one message that fails ends the handshake, and the
    /// device begins again. An error message, which nothing authenticates, does not even that (section 6): the
    /// handshake waits for its message_3 until its time is over.
    func message3(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome {
        var length = 0
        guard let identifier = try? ConnectionIdentifier(reading: request.payload, length: &length) else {
            received(.coapRequest, datagram, from: peer)
            return failed(request, .format, from: peer, memory: .none)
        }
        let bytes = Array(request.payload.dropFirst(length))
        if handshakes[identifier] == nil, let response = sessions[identifier]?.answer(again: datagram) {
            return again(response, to: datagram, from: peer, name: .edhocMessage3)
        }
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
            var outcome = edhoc(request, .edhocMessage4, message4, memory: .device)
            outcome.session = sessions[identifier]
            return outcome
        } catch {
            drop(handshake)
            return failed(request, error, from: peer, memory: .stranger)
        }
    }

    /// The key that message_3 was made with. Its identifier tells, unless several keys share it.
    func presentedKey(_ message3: [UInt8], of handshake: PendingHandshake) throws(HuskError) -> PresentedKey {
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
    func mayUse(_ suite: CipherSuite, _ credential: DeviceCredential) -> Bool {
        credential.suites?.contains(suite) ?? true
    }

    /// Error code 1: code 2, which negotiates suites, answers message_1 only (RFC 9528 section 6.3).
    func suiteRefused(
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
    func enterSession(
        _ handshake: PendingHandshake, _ key: PresentedKey, _ completed: consuming Handshake.Completed
    ) throws(HuskError) -> GatewayAuthentication {
        let credential = key.credential
        let suite = completed.suite
        let peer = handshake.peer.shortDescription
        let next = try completed.resumptionKey(
            after: key.key, bytes: configuration.resumptionKeyBytes)
        let context = try completed.securityContext()
        resumptions.advance(from: key, to: next)
        note(changedResumption: credential.kid)
        handshakes.remove(handshake)
        let session = Session(identifier: handshake.identifier, credential: credential, context: context)
        release(sessions.insert(session))
        note(changed: session)
        observers.count { $0.handshakesCompleted += 1 }
        return GatewayAuthentication(device: credential.device, suite: suite, peer: peer)
    }

    func announce(_ authentication: GatewayAuthentication) {
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
    func combined(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome {
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
        if handshakes[identifier] == nil, let response = sessions[identifier]?.answer(again: datagram) {
            return again(response, to: datagram, from: peer, name: .combinedRequest)
        }
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

    func edhoc(
        _ request: CoAPMessage, _ name: GatewayMessage.Name, _ message: [UInt8], code: CoAPCode = .changed,
        memory: Outcome.Memory
    ) -> Outcome {
        var response = answer(request, code)
        response.options = [CoAPOption(number: CoAPOption.contentFormat, uint: ContentFormat.edhoc)]
        response.payload = message
        return Outcome(response: try? response.encoded(), name: name, edhocBytes: message.count, memory: memory)
    }

    /// A handshake that came to nothing: the error message of RFC 9528 section 6 in an error response (appendix A.2.3).
    func failed(
        _ request: CoAPMessage, _ error: HuskError, from peer: SocketAddress, memory: Outcome.Memory
    ) -> Outcome {
        observers.count { $0.handshakesFailed += 1 }
        refused(.handshake(error), from: peer)
        let isOurs = error == .random || error == .buffer || error == .argument || error == .state
        return edhoc(
            request, .edhocError, handshakeConfiguration.errorMessage(for: error),
            code: isOurs ? .internalServerError : .badRequest, memory: memory)
    }

    func busy(_ request: CoAPMessage, from peer: SocketAddress) -> Outcome {
        observers.count { $0.handshakesRefused += 1 }
        refused(.busy, from: peer)
        var response = answer(request, .serviceUnavailable)
        // RFC 7252 section 5.9.3.4: when to try again, in seconds.
        let seconds = UInt32(clamping: configuration.limits.handshakeGraceMilliseconds / 1000)
        response.options = [CoAPOption(number: CoAPOption.maxAge, uint: seconds)]
        return Outcome(response: try? response.encoded(), name: .coapResponse)
    }

    func drop(_ handshake: PendingHandshake) {
        handshakes.remove(handshake)
        identifiers.release(handshake.identifier)
    }

    func release(_ session: Session?) {
        guard let session else { return }
        note(changed: session)
        observations.removeAll(of: session)
        bodies.remove(session)
        identifiers.release(session.identifier)
    }
}

/// Content formats of EDHOC (RFC 9528 section 10.9) and COSE.
enum ContentFormat {
    static let edhoc: UInt32 = 64
    static let edhocRequest: UInt32 = 65
    /// COSE (RFC 9052 section 10.3).
    static let coseEncrypt0: UInt32 = 16
    static let coseEncrypt: UInt32 = 96
}

extension CoAPMessage {
    /// What the EDHOC option takes of the message; 0 without one.
    var edhocOptionBytes: Int {
        guard option(CoAPOption.edhoc) != nil else { return 0 }
        var without = self
        without.options.removeAll { $0.number == CoAPOption.edhoc }
        return encodedCount - without.encodedCount
    }
}
#endif

// Requests under the security context of a session (RFC 8613 section 8.2).
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    func protected(
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
            if error == .replay, let response = session.answer(again: datagram) {
                return again(response, to: datagram, from: peer, name: arrival.name)
            }
            if error == .authentication {
                noteForgery(session)
            }
            note(arrival)
            let (code, text): (CoAPCode, StaticString) =
                switch error {
                case .authentication: (.badRequest, "Decryption failed")
                case .replay: (.unauthorized, "Replay detected")
                // Its keys may not be used any longer: to the device the same as if they were gone.
                case .context, .exhausted: (.unauthorized, "Security context not found")
                default: (.badOption, "Failed to decode COSE")
                }
            return unprotected(request, code, text, .session(error), from: peer)
        }
        note(changed: session)
        note(arrival, overheadBytes: datagram.count - request.edhocOptionBytes - inner.encodedCount)
        if arrival.name == .oscoreRequest && session.awaitsFifthMessage {
            session.awaitsFifthMessage = false
            resumptions.confirm(session.credential)
            note(changedResumption: session.credential.kid)
        }
        release(sessions.use(session))
        observers.count { $0.requests += 1 }
        let reply = respond(to: inner, from: session, peer: peer)
        guard let response = reply.message else {
            return Outcome(response: nil, name: .oscoreResponse)
        }
        do {
            reserve(session)
            let datagram = try session.protect(response, exchange: &exchange)
            if let resource = reply.observed {
                observe(inner, resource, of: session, from: peer, exchange)
            }
            return Outcome(
                response: datagram, name: .oscoreResponse, overheadBytes: datagram.count - response.encodedCount,
                memory: .device, session: session)
        } catch {
            logger.error("response could not be protected", metadata: ["reason": "\(error.reason)"])
            return Outcome(response: nil, name: .oscoreResponse)
        }
    }
}
#endif

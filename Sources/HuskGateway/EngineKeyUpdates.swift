// Devices of the symmetric-only profile: requests under keys by KUDOS (draft-ietf-core-oscore-key-update-14).
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    /// A request that is for a device of the symmetric-only profile, or that only such a device could mean; nil for all
    /// others.
    func keyUpdated(_ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress) -> Outcome? {
        guard let header = try? OSCOREMessage(inspecting: request), let identifier = header.identifier else {
            return nil
        }
        let name: GatewayMessage.Name =
            switch header.kind {
            case .ordinary: .oscoreRequest
            case .divergent: .kudosDivergent
            case .convergent: .kudosConvergent
            }
        guard request.options.count(where: { $0.number == CoAPOption.oscore }) == 1 else { return nil }
        guard let device = symmetric[identifier] else {
            guard header.kind != .ordinary, sessions[identifier] == nil else { return nil }
            received(name, datagram, from: peer)
            return unprotected(request, .unauthorized, "Security context not found", .unknownSession, from: peer)
        }
        var exchange = SecurityContext.Exchange()
        let inner: KeyUpdate.Received
        let record = device.record
        do {
            defer {
                if device.record !== record {
                    note(changed: device)
                }
            }
            inner = try symmetric.unprotect(datagram, of: device, exchange: &exchange)
        } catch {
            received(name, datagram, from: peer)
            // A context or secret of the device's that is not known here looks the same as a forgery. 4.01 lets a
            // device begin an update, which mends the one and not the other.
            let (code, text): (CoAPCode, StaticString) =
                switch error {
                case .context, .authentication, .exhausted: (.unauthorized, "Security context not found")
                case .replay: (.unauthorized, "Replay detected")
                case .random: (.serviceUnavailable, "Try again")
                default: (.badOption, "Failed to decode COSE")
                }
            return unprotected(request, code, text, .session(error), from: peer)
        }
        received(name, datagram, from: peer, overheadBytes: datagram.count - inner.message.encodedCount)
        return keyUpdated(inner, exchange, device, from: peer)
    }

    func keyUpdated(
        _ inner: KeyUpdate.Received, _ exchange: consuming SecurityContext.Exchange, _ device: SymmetricDevice,
        from peer: SocketAddress
    ) -> Outcome {
        var outcome = Outcome(response: nil, name: .oscoreResponse, memory: .device)
        var reply = Reply()
        switch inner.event {
        case .divergent:
            observers.count { $0.keyUpdatesStarted += 1 }
            // Whoever recorded it can send it again, so it proves no device to be there: nothing it asks for is done,
            // and its answer is remembered among those of strangers. A request to another resource is told so.
            reply.message = answer(inner.message, isForKeysOnly(inner.message) ? .changed : .serviceUnavailable)
            outcome.name = .kudosConvergent
            outcome.memory = .stranger
        case .established, .confirmed, .plain:
            if inner.event != .plain {
                enterKeyUpdatedSession(device, from: peer)
            }
            observers.count { $0.requests += 1 }
            reply =
                isForKeysOnly(inner.message)
                ? Reply(message: answer(inner.message, .changed))
                : respond(to: inner.message, from: device, peer: peer)
        }
        guard let response = reply.message else { return Outcome(response: nil, name: outcome.name) }
        do {
            let datagram = try device.protect(response, exchange: &exchange)
            outcome.response = datagram
            outcome.overheadBytes = datagram.count - response.encodedCount
            if let resource = reply.observed {
                observe(inner.message, resource, of: device, from: peer, exchange)
            }
            return outcome
        } catch {
            logger.error("response could not be protected", metadata: ["reason": "\(error.reason)"])
            return Outcome(response: nil, name: outcome.name)
        }
    }

    /// The KUDOS resource is for messages that have no purpose but their keys.
    func isForKeysOnly(_ request: CoAPMessage) -> Bool {
        request.code == .post && request.path == ".well-known/kudos"
    }

    /// The device has used a context that is fresh on both sides.
    func enterKeyUpdatedSession(_ device: SymmetricDevice, from peer: SocketAddress) {
        let name = device.credential.device
        observations.removeAll(of: device)
        bodies.remove(device)
        observers.count { $0.keyUpdatesCompleted += 1 }
        observers.emit(
            .authenticated(
                GatewayAuthentication(
                    device: name, suite: .suite0, peer: peer.shortDescription, profile: .symmetric)))
        logger.info(
            "device authenticated",
            metadata: ["device": "\(name)", "peer": "\(peer.shortDescription)", "profile": "symmetric"])
    }
}
#endif

// The mailbox resource: envelopes (RFC 9052) that devices leave for each other, which the gateway stores and forwards
// by what is written on them and cannot open.
//
//     POST   mailbox        leaves an envelope for the destination that it names, or for those that Uri-Query names,
//                           to=<device>, if it has several recipients
//     GET    mailbox        the oldest envelope for the device that asks, or nothing; may be observed
//     DELETE mailbox/<id>   it was acted upon; <id> is its ETag as a decimal number
#if Gateway
internal import Husk

extension Engine {
    static let mailboxPath = "mailbox"

    /// The answer of the mailbox resource; nil for any other.
    func mailbox(_ request: CoAPMessage, _ path: String, from device: String) -> GatewayResponse? {
        guard path != Self.mailboxPath else {
            switch request.code {
            case .post: return leave(request, from: device)
            case .get: return collect(for: device)
            default: return GatewayResponse(.methodNotAllowed)
            }
        }
        guard path.hasPrefix(Self.mailboxPath + "/") else { return nil }
        guard let id = UInt64(path.dropFirst(Self.mailboxPath.utf8.count + 1)) else { return GatewayResponse(.notFound) }
        guard request.code == .delete else { return GatewayResponse(.methodNotAllowed) }
        if mailboxes.remove(id, of: device) {
            note(changedLetter: id, of: device)
            changed(Self.mailboxPath, device: device)
        }
        // Also if it was not there: a device whose answer was lost asks again (RFC 7252 section 5.8.4).
        return GatewayResponse(.deleted)
    }

    private func leave(_ request: CoAPMessage, from device: String) -> GatewayResponse {
        let format = request.option(CoAPOption.contentFormat)?.uint
        guard let format, format == ContentFormat.coseEncrypt0 || format == ContentFormat.coseEncrypt else {
            return GatewayResponse(.unsupportedContentFormat)
        }
        guard let envelope = try? Envelope(inspecting: request.payload) else { return GatewayResponse(.badRequest) }
        let destinations = request.destinations ?? envelope.metadata.destination.map { [$0] } ?? []
        guard !destinations.isEmpty else { return GatewayResponse(.badRequest) }
        guard addressees.isSuperset(of: destinations) else { return GatewayResponse(.notFound) }
        let fits = destinations.allSatisfy { mailboxes.hasRoom(for: request.payload.count, of: $0) }
        guard fits else { return GatewayResponse(.serviceUnavailable) }
        for destination in destinations {
            let id = mailboxes.append(request.payload, contentFormat: format, for: destination)
            note(changedLetter: id, of: destination)
            changed(Self.mailboxPath, device: destination)
        }
        observers.count { $0.envelopes += 1 }
        observers.emit(
            .envelope(
                GatewayEnvelope(
                    device: device, destinations: destinations, envelope: envelope, bytes: request.payload)))
        return GatewayResponse(.created)
    }

    /// An empty mailbox is content too: an observation goes on through it.
    private func collect(for device: String) -> GatewayResponse {
        guard let letter = mailboxes.first(of: device) else { return GatewayResponse(.content) }
        var response = GatewayResponse(.content, contentFormat: letter.contentFormat, payload: letter.bytes)
        response.etag = CoAPOption(number: CoAPOption.etag, uint64: letter.id).value
        return response
    }
}

extension CoAPMessage {
    /// Those that Uri-Query names, each once; nil if it names none.
    fileprivate var destinations: [String]? {
        let named = options.filter { $0.number == CoAPOption.uriQuery && $0.value.starts(with: Array("to=".utf8)) }
            .map { String(decoding: $0.value.dropFirst(3), as: UTF8.self) }
        return named.isEmpty ? nil : Set(named).sorted()
    }
}
#endif

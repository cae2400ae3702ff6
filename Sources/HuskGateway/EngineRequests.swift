// Verified requests: what a resource answers, whatever protected it; and refusals without protection.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    /// The plain answer to a verified request; nil if it is to be rejected in silence.
    func respond(
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

    func route(_ request: CoAPMessage, from device: String) -> GatewayResponse {
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
    func unprotected(
        _ request: CoAPMessage, _ code: CoAPCode, _ text: StaticString, _ reason: GatewayRefusal.Reason,
        from peer: SocketAddress
    ) -> Outcome {
        refused(reason, from: peer)
        var response = answer(request, code)
        response.options = [CoAPOption(number: CoAPOption.maxAge, uint: 0)]
        response.payload = Array("\(text)".utf8)
        return Outcome(response: try? response.encoded(), name: .coapResponse)
    }

    func refuse(_ request: CoAPMessage, _ code: CoAPCode, from peer: SocketAddress) -> Outcome {
        refused(.request(code), from: peer)
        // RFC 7252 section 5.4.1, as above.
        guard code != .badOption || request.type == .confirmable else {
            return Outcome(response: nil, name: .coapResponse)
        }
        return Outcome(response: try? answer(request, code).encoded(), name: .coapResponse)
    }
}

extension CoAPMessage {
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

// Verified requests: what a resource answers, whatever protected it; and refusals without protection.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    /// The plain answer to a verified request, and what the request goes on to observe.
    struct Reply {
        /// Nil if the request is to be rejected in silence.
        var message: CoAPMessage?
        var observed: Resource?
    }

    func respond(
        to request: CoAPMessage, from holder: any KeyHolder, peer: SocketAddress
    ) -> Reply {
        let device = holder.device
        observations.moved(holder, to: peer)
        guard !hasUnknownOption(request, known: Self.knownOptions) else {
            refused(.request(.badOption), from: peer, device: device)
            // RFC 7252 section 5.4.1: a non-confirmable request with such an option is rejected, not answered.
            return Reply(message: request.type == .confirmable ? answer(request, .badOption) : nil)
        }
        let whole: CoAPMessage
        let blockOptions: [CoAPOption]
        switch assemble(request, of: holder) {
        case .whole(let assembled, let options):
            whole = assembled
            blockOptions = options
        case .answer(let code, let options):
            var response = answer(request, code)
            response.options = options
            return Reply(message: response)
        }
        let (result, options) = routeInBlocks(whole, of: holder)
        var response = answer(request, result.code)
        response.options = (options + blockOptions).sorted { $0.number < $1.number }
        response.payload = result.payload
        guard result.code.codeClass == 2 else {
            refused(.request(result.code), from: peer, device: device)
            return Reply(message: response)
        }
        let wish = Wish(request)
        guard wish != .none else { return Reply(message: response) }
        // A registration replaces the one of the same token (RFC 7641 section 4.1).
        observations.remove(Observation.Key(holder: ObjectIdentifier(holder), token: request.token))
        guard wish == .register, let path = request.printablePath, path == Self.mailboxPath || router.isObservable(path),
            observations.admits(holder, token: request.token)
        else {
            return Reply(message: response)
        }
        response.observe(sequence)
        return Reply(message: response, observed: Resource(path: path, device: device))
    }

    func route(_ request: CoAPMessage, from device: String) -> GatewayResponse {
        guard request.code.isRequest else { return GatewayResponse(.methodNotAllowed) }
        guard let path = request.printablePath else { return GatewayResponse(.notFound) }
        let format = request.option(CoAPOption.contentFormat)
        guard format == nil || format?.uint != nil else { return GatewayResponse(.badRequest) }
        if let response = mailbox(request, path, from: device) {
            return response
        }
        let query = request.options.filter { $0.number == CoAPOption.uriQuery }
        let answer = router.answer(
            GatewayRequest(
                device: device, method: request.code, path: path,
                query: query.map { String(decoding: $0.value, as: UTF8.self) }, contentFormat: format?.uint,
                payload: request.payload))
        guard case .response(let response) = answer else {
            let reading = GatewayReading(
                device: device, path: path, payload: request.payload, contentFormat: format?.uint)
            guard observers.readings.offer(reading) else { return GatewayResponse(.serviceUnavailable) }
            observers.count { $0.readings += 1 }
            observers.emit(.reading(reading))
            return GatewayResponse(.changed)
        }
        if let accept = request.option(CoAPOption.accept), response.code.codeClass == 2, !response.payload.isEmpty,
            accept.uint != response.contentFormat
        {
            return GatewayResponse(.notAcceptable)
        }
        guard response.payload.count <= configuration.limits.bodyBytes else {
            logger.error("response too long", metadata: ["path": "\(path)", "bytes": "\(response.payload.count)"])
            return GatewayResponse(.internalServerError)
        }
        return response
    }

    private static let knownOptions: Set = [
        CoAPOption.uriHost, CoAPOption.uriPort, CoAPOption.uriPath, CoAPOption.uriQuery, CoAPOption.accept,
        CoAPOption.block1, CoAPOption.block2,
    ]

    /// Largest payload of a response in one piece, as RFC 7252 section 4.6 suggests.
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

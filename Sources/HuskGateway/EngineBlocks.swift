// Verified requests and responses whose bodies come and go in blocks (RFC 7959, as inner options of OSCORE: RFC 8613
// section 4.1.3.4).
#if Gateway
internal import Husk

extension Engine {
    /// A request with its whole body, or how to answer one that has none yet.
    enum Assembled {
        case whole(CoAPMessage, [CoAPOption])
        case answer(CoAPCode, [CoAPOption])
    }

    func assemble(_ request: CoAPMessage, of holder: any KeyHolder) -> Assembled {
        guard request.option(CoAPOption.block1) != nil else { return .whole(request, []) }
        guard let bodies = try? bodies.make(holder, now: now) else { return .answer(.serviceUnavailable, []) }
        switch bodies.upload.take(request) {
        case .code(let code, let options):
            return .answer(code, options)
        case .complete(let body, let options):
            var whole = request
            whole.payload = body
            return .whole(whole, options)
        }
    }

    /// What a resource answers, and of a long answer the block that was asked for.
    func routeInBlocks(_ request: CoAPMessage, of holder: any KeyHolder) -> (GatewayResponse, [CoAPOption]) {
        let response: GatewayResponse
        switch served(request, of: holder) {
        case .anew: response = route(request, from: holder.device)
        case .again(let earlier): response = earlier
        case .refused(let code): return (GatewayResponse(code), [])
        }
        guard response.payload.count > Self.payloadMaximum || request.option(CoAPOption.block2) != nil else {
            return (response, response.options)
        }
        return slice(response, for: request, of: holder)
    }

    private enum Served {
        case anew
        case again(GatewayResponse)
        case refused(CoAPCode)
    }

    /// A later block is of the body that the first one was of. If that is forgotten, only a GET may be done again.
    private func served(_ request: CoAPMessage, of holder: any KeyHolder) -> Served {
        let block: Block?
        do throws(HuskError) {
            block = try request.block(CoAPOption.block2)
        } catch {
            return .refused(error.blockCode)
        }
        guard let block, block.number > 0 else { return .anew }
        if let served = bodies.find(holder)?.served, served.request.isSameOperation(as: request) {
            return .again(served.response)
        }
        return request.code == .get ? .anew : .refused(.requestEntityIncomplete)
    }

    private func slice(
        _ whole: GatewayResponse, for request: CoAPMessage, of holder: any KeyHolder
    ) -> (GatewayResponse, [CoAPOption]) {
        let slice: BlockSlice
        do throws(HuskError) {
            slice = try request.slice(of: whole.payload)
        } catch {
            return (GatewayResponse(error.blockCode), [])
        }
        guard let block = slice.block else { return (whole, whole.options) }
        var response = whole
        if response.etag.isEmpty {
            // Of this process, under a key drawn at its start: as good as a digest for telling bodies apart.
            let digest = UInt64(truncatingIfNeeded: Int64(whole.payload.hashValue))
            response.etag = CoAPOption(number: CoAPOption.etag, uint64: digest | 1).value
        }
        if block.number == 0, block.more, let bodies = try? bodies.make(holder, now: now) {
            bodies.served = Bodies.Served(request: request, response: response)
        }
        response.payload = slice.payload
        var options = response.options + [block.option(CoAPOption.block2)]
        if block.number == 0 {
            options.append(CoAPOption(number: CoAPOption.size2, uint: UInt32(clamping: whole.payload.count)))
        }
        return (response, options)
    }
}

extension CoAPMessage {
    /// Whether both ask for the same: method and all options but those about blocks.
    func isSameOperation(as other: CoAPMessage) -> Bool {
        let passing: Set = [
            CoAPOption.block1, CoAPOption.block2, CoAPOption.size1, CoAPOption.size2, CoAPOption.observe,
        ]
        func rest(_ message: CoAPMessage) -> [CoAPOption] {
            message.options.filter { !passing.contains($0.number) }
        }
        return code == other.code && rest(self) == rest(other)
    }
}
#endif

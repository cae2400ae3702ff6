// What a plain CoAP server does with each datagram: no I/O, and the time is told.
#if Gateway
internal import Husk
internal import NIOCore

/// Requests in, answers out (RFC 7252 sections 4 and 5); once per request, however many copies of it come.
final class CoAPServerEngine {
    private let resources: CoAPResources
    private let configuration: CoAPServerConfiguration
    private var exchanges: ExchangeCache
    private var transfers: CoAPTransfers
    private var observers: CoAPObservers
    /// Of messages that are not acknowledgements. One sequence for all clients.
    private var messageID = UInt16.random(in: .min ... .max)

    init(_ resources: CoAPResources, _ configuration: CoAPServerConfiguration) {
        let lifetime = UInt64(configuration.transmission.exchangeLifetime / 1_000_000)
        self.resources = resources
        self.configuration = configuration
        exchanges = ExchangeCache(
            limit: configuration.exchangesMaximum, limitPerPeer: configuration.exchangesPerClientMaximum,
            lifetime: lifetime)
        transfers = CoAPTransfers(
            limit: max(1, configuration.transfersMaximum), bodyLimit: min(1 << 30, max(0, configuration.bodyCapacity)),
            size: configuration.blockSize, lifetime: lifetime)
        observers = CoAPObservers(limit: configuration.observationsMaximum, transmission: configuration.transmission)
    }

    var counts: (exchanges: Int, transfers: Int, observers: Int) {
        (exchanges.count, transfers.count, observers.count)
    }

    /// The answer to a datagram; nil for none.
    ///
    /// - Parameter now: milliseconds of a clock that never goes back
    func receive(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> [UInt8]? {
        // What is no CoAP is dropped, as on any open port.
        guard let message = try? CoAPMessage(decoding: datagram) else { return nil }
        switch message.type {
        case .acknowledgement:
            observers.acknowledged(message.messageID, from: peer)
            return nil
        case .reset:
            observers.rejected(message.messageID, from: peer)
            return nil
        case .confirmable where !message.code.isRequest:
            // An empty one is a ping (RFC 7252 section 4.3).
            return try? CoAPMessage(type: .reset, code: .empty, messageID: message.messageID).encoded()
        case .nonConfirmable where !message.code.isRequest: return nil
        case .confirmable, .nonConfirmable: break
        }
        if let earlier = exchanges.response(to: datagram, messageID: message.messageID, from: peer) {
            return message.type == .confirmable ? earlier : nil
        }
        guard let response = respond(message, from: peer, now: now), let bytes = try? response.encoded() else {
            return nil
        }
        exchanges.remember(bytes, to: datagram, messageID: message.messageID, from: peer, now: now)
        return bytes
    }

    /// What has had its time goes.
    func expire(now: UInt64) {
        exchanges.expire(now: now)
        transfers.expire(now: now)
    }

    // MARK: Requests

    private func respond(_ request: CoAPMessage, from peer: SocketAddress, now: UInt64) -> CoAPMessage? {
        let isConfirmable = request.type == .confirmable
        // One that is not confirmable is ignored then (RFC 7252 section 5.4.1).
        let refusal = refusal(of: request)
        if refusal == .badOption, !isConfirmable { return nil }
        var response = refusal.map { (CoAPResponse($0), [CoAPOption]()) } ?? answer(request, from: peer, now: now)
        if response.0.code.codeClass == 2 {
            observe(request, from: peer, now: now, &response.1)
        }
        let options = (response.0.options + response.1).sorted { $0.number < $1.number }
        let message = CoAPMessage(
            type: isConfirmable ? .acknowledgement : .nonConfirmable, code: response.0.code,
            messageID: isConfirmable ? request.messageID : nextMessageID(), token: request.token, options: options,
            payload: response.0.payload)
        guard (try? message.encoded()) != nil else {
            // The handler gave options that no message can carry.
            return CoAPMessage(
                type: message.type, code: .internalServerError, messageID: message.messageID, token: request.token)
        }
        return message
    }

    private func refusal(of request: CoAPMessage) -> CoAPCode? {
        let proxies: Set = [CoAPOption.proxyURI, CoAPOption.proxyScheme]
        if request.options.contains(where: { proxies.contains($0.number) }) { return .proxyingNotSupported }
        let isUnderstood = request.options.allSatisfy {
            !$0.isCritical || Self.understood.contains($0.number)
                || configuration.criticalOptions.contains($0.number)
        }
        guard isUnderstood, isSingle(CoAPOption.accept, in: request) else { return .badOption }
        return resources.refusal(of: request)
    }

    /// A second one counts as one that is not understood (RFC 7252 section 5.4.5).
    private func isSingle(_ number: UInt32, in request: CoAPMessage) -> Bool {
        request.options.count { $0.number == number } < 2
    }

    private static let understood: Set<UInt32> = [
        CoAPOption.uriHost, CoAPOption.uriPort, CoAPOption.uriPath, CoAPOption.uriQuery, CoAPOption.accept,
        CoAPOption.block1, CoAPOption.block2,
    ]

    /// The response, of which only a block goes out if it is long, and the options that come with that.
    private func answer(
        _ request: CoAPMessage, from peer: SocketAddress, now: UInt64
    ) -> (CoAPResponse, [CoAPOption]) {
        switch transfers.served(request, to: peer, now: now) {
        case .again(let whole): return slice(whole, for: request, to: peer, now: now)
        case .refused(let code): return (CoAPResponse(code), [])
        case .anew: break
        }
        switch transfers.take(request, from: peer, now: now) {
        case .code(let code, let options): return (CoAPResponse(code), options)
        case .complete(let body, let options):
            let (response, more) = slice(
                ask(CoAPRequest(request, payload: body), request), for: request, to: peer, now: now)
            return (response, options + more)
        }
    }

    /// The handler, and whether what it says is what the client accepts.
    private func ask(_ request: CoAPRequest, _ message: CoAPMessage) -> CoAPResponse {
        let response = resources.answer(request)
        guard response.code.isResponse else { return CoAPResponse(.internalServerError) }
        let accepted = message.option(CoAPOption.accept)?.uint
        let isAccepted = accepted == nil || accepted == response.contentFormat || response.payload.isEmpty
        return isAccepted || response.code.codeClass != 2 ? response : CoAPResponse(.notAcceptable)
    }

    private func slice(
        _ whole: CoAPResponse, for request: CoAPMessage, to peer: SocketAddress, now: UInt64
    ) -> (CoAPResponse, [CoAPOption]) {
        let isBlockwise = whole.payload.count > configuration.blockSize.count
        guard isBlockwise || request.option(CoAPOption.block2) != nil else { return (whole, []) }
        let slice: BlockSlice
        do throws(HuskError) {
            slice = try request.slice(of: whole.payload, size: configuration.blockSize)
        } catch {
            return (CoAPResponse(error.blockCode), [])
        }
        guard let block = slice.block else { return (whole, []) }
        var response = whole
        if !whole.options.contains(where: { $0.number == CoAPOption.etag }) {
            // Of this process, under a key drawn at its start: as good as a digest for telling bodies apart.
            let digest = UInt64(truncatingIfNeeded: Int64(whole.payload.hashValue))
            response.options.append(CoAPOption(number: CoAPOption.etag, uint64: digest | 1))
        }
        if block.number == 0, block.more {
            transfers.serve(response, to: request, from: peer, now: now)
        }
        response.payload = slice.payload
        var options = [block.option(CoAPOption.block2)]
        if block.number == 0 {
            options.append(CoAPOption(number: CoAPOption.size2, uint: UInt32(clamping: whole.payload.count)))
        }
        return (response, options)
    }

    private func nextMessageID() -> UInt16 {
        messageID &+= 1
        return messageID
    }

    // MARK: Observations

    private func observe(
        _ request: CoAPMessage, from peer: SocketAddress, now: UInt64, _ options: inout [CoAPOption]
    ) {
        guard resources.isObservable(CoAPRequest(request, payload: [])) else { return }
        switch Engine.Wish(request) {
        case .none: return
        case .deregister: observers.remove(peer, request.token)
        case .register:
            // A later block does not observe (RFC 7959 section 3.4).
            guard ((try? request.block(CoAPOption.block2))?.number ?? 0) == 0 else { return }
            guard observers.insert(request, from: peer) else { return }
            options.append(CoAPOption(number: CoAPOption.observe, uint: Self.sequence(now)))
        }
    }

    /// 24 bits that move on faster than notifications are sent and come round no sooner than RFC 7641 section 3.4
    /// needs.
    private static func sequence(_ now: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: now >> 3) & 0xff_ffff
    }

    /// Those who observe this path hear of it with the next ``notifications(now:)``.
    func changed(_ path: String) {
        observers.changed(path)
    }

    /// What is to be sent now: notifications that are due, and those that nobody acknowledged in time.
    func notifications(now: UInt64) -> [Notification] {
        observers.due(now: now) { request, peer in
            let wanted = CoAPRequest(request, payload: request.payload)
            let (response, options) = slice(ask(wanted, request), for: request, to: peer, now: now)
            let goesOn = response.code.codeClass == 2
            let observe = goesOn ? [CoAPOption(number: CoAPOption.observe, uint: Self.sequence(now))] : []
            return CoAPMessage(
                type: .confirmable, code: response.code, messageID: nextMessageID(), token: request.token,
                options: (response.options + options + observe).sorted { $0.number < $1.number },
                payload: response.payload)
        }
    }
}

extension CoAPCode {
    /// 5.05 Proxying Not Supported.
    fileprivate static let proxyingNotSupported = CoAPCode(rawValue: 0xa5)
}
#endif

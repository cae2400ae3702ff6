// What the engine tells its observers.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

extension Engine {
    /// A protected request, of which observers hear once its overhead is known, or that there is none to know.
    struct Arrival {
        var name: GatewayMessage.Name
        var datagram: [UInt8]
        var peer: SocketAddress
        var edhocBytes: Int?
        var handshakeBytes: Int?
        /// What message_3 came to, if it came with the request.
        var authentication: GatewayAuthentication?
    }

    func note(_ arrival: Arrival, overheadBytes: Int? = nil) {
        received(
            arrival.name, arrival.datagram, from: arrival.peer, edhocBytes: arrival.edhocBytes,
            handshakeBytes: arrival.handshakeBytes, overheadBytes: overheadBytes)
        if let authentication = arrival.authentication {
            announce(authentication)
        }
    }

    func received(
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

    func sent(_ outcome: Outcome, _ datagram: [UInt8], to peer: SocketAddress) {
        observers.emit(
            .message(
                GatewayMessage(
                    direction: .sent, peer: peer.shortDescription, name: outcome.name, isDuplicate: false,
                    datagramBytes: datagram.count, edhocBytes: outcome.edhocBytes,
                    handshakeBytes: outcome.edhocBytes != nil || outcome.name.isKeyUpdate ? datagram.count : nil,
                    oscoreOverheadBytes: outcome.overheadBytes)))
    }

    func countMalformed(_ datagram: [UInt8], from peer: SocketAddress) {
        observers.count { $0.malformed += 1 }
        received(.malformed, datagram, from: peer)
        observers.emit(
            .refused(GatewayRefusal(reason: .malformed, peer: peer.shortDescription, device: nil)))
    }

    func refused(_ reason: GatewayRefusal.Reason, from peer: SocketAddress, device: String? = nil) {
        observers.count { $0.refused += 1 }
        observers.emit(.refused(GatewayRefusal(reason: reason, peer: peer.shortDescription, device: device)))
        logger.debug("refused", metadata: ["reason": "\(reason)", "peer": "\(peer.shortDescription)"])
    }
}

extension SocketAddress {
    /// `127.0.0.1:5683` or `[::1]:5683`.
    var shortDescription: String {
        guard let ip = ipAddress, let port else { return "unknown" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}
#endif

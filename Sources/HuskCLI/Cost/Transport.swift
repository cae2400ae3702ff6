// From messages to packets: what UDP, TCP and IPv6 put around them, and what TCP sends of its own.
#if Gateway
/// What carries the messages of a choice.
enum Carrier: String, Codable {
    /// CoAP or DTLS over UDP over IPv6.
    case udp
    /// TLS over TCP over IPv6.
    case tcp
    /// Frames that the link carries as they are.
    case link
}

/// What one side hands to its transport at once.
struct CostMessage: Equatable {
    var isUp: Bool
    var bytes: Int
}

/// What goes to the radio: a payload and the headers before it.
struct Packet: Equatable {
    /// Bytes of headers, uncompressed.
    enum Headers: Equatable {
        case none
        /// IPv6 (RFC 8200 section 3) and UDP (RFC 768).
        case udp
        /// IPv6 and TCP without options (RFC 9293 section 3.1), or of a SYN with the MSS option of 4 bytes.
        case tcp, tcpSyn

        static let ipv6Bytes = 40

        var transportBytes: Int {
            switch self {
            case .none: 0
            case .udp: 8
            case .tcp: 20
            case .tcpSyn: 24
            }
        }

        var bytes: Int { self == .none ? 0 : Self.ipv6Bytes + transportBytes }
    }

    var isUp: Bool
    var headers: Headers
    var payload: Int
    /// Nobody waits for it: a TCP segment that only acknowledges.
    var isAcknowledgement = false

    var bytes: Int { headers.bytes + payload }
}

enum Transport {
    /// Of IPv6 everywhere (RFC 8200 section 5), so that nothing depends on the path.
    static let mtu = 1280
    static let segmentBytes = mtu - Packet.Headers.tcp.bytes
    /// The header that each further fragment of a DTLS message repeats: record 13, handshake 12 (RFC 6347).
    static let dtlsFragmentBytes = 25

    /// The packets of messages. `opens`: a TCP connection has to be made first.
    ///
    /// TCP is counted at the least that a correct one sends without losses: three segments to open; segments of 1,220
    /// bytes; an acknowledgement for every second segment (RFC 5681 section 4.2), the last of which rides with the
    /// answer if there is one; nothing to close, because a connection that has to be made anew is one that was lost.
    static func packets(_ messages: [CostMessage], over carrier: Carrier, opens: Bool) -> [Packet] {
        switch carrier {
        case .link:
            messages.map { Packet(isUp: $0.isUp, headers: .none, payload: $0.bytes) }
        case .udp:
            messages.flatMap { message in
                pieces(message.bytes, of: mtu - Packet.Headers.udp.bytes, repeating: dtlsFragmentBytes).map {
                    Packet(isUp: message.isUp, headers: .udp, payload: $0)
                }
            }
        case .tcp:
            (opens ? opening : []) + stream(messages)
        }
    }

    private static let opening = [
        Packet(isUp: true, headers: .tcpSyn, payload: 0), Packet(isUp: false, headers: .tcpSyn, payload: 0),
        Packet(isUp: true, headers: .tcp, payload: 0, isAcknowledgement: true),
    ]

    private static func stream(_ messages: [CostMessage]) -> [Packet] {
        let flights = flights(messages)
        return flights.enumerated().flatMap { index, flight in
            let segments = pieces(flight.bytes, of: segmentBytes, repeating: 0)
            let acknowledgements = (segments.count + 1) / 2 - (index + 1 < flights.count ? 1 : 0)
            return segments.map { Packet(isUp: flight.isUp, headers: .tcp, payload: $0) }
                + [Packet](
                    repeating: Packet(isUp: !flight.isUp, headers: .tcp, payload: 0, isAcknowledgement: true),
                    count: acknowledgements)
        }
    }

    /// Messages that follow each other in one direction, together.
    static func flights(_ messages: [CostMessage]) -> [CostMessage] {
        messages.reduce(into: []) { flights, message in
            if let last = flights.last, last.isUp == message.isUp {
                flights[flights.count - 1].bytes += message.bytes
            } else {
                flights.append(message)
            }
        }
    }

    /// Cuts `total` bytes into pieces of at most `limit`; all but the first have `repeated` bytes more to carry.
    private static func pieces(_ total: Int, of limit: Int, repeating repeated: Int) -> [Int] {
        var pieces = [min(total, limit)]
        var left = total - pieces[0]
        while left > 0 {
            let piece = min(left + repeated, limit)
            pieces.append(piece)
            left -= piece - repeated
        }
        return pieces
    }

    /// How often the device sends and then waits for what comes back.
    static func roundTrips(_ packets: [Packet]) -> Int {
        let waited = packets.filter { !$0.isAcknowledgement }
        return zip(waited, waited.dropFirst()).count { $0.isUp && !$1.isUp }
    }
}
#endif

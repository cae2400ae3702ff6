// New handshakes wait here, behind everything else that comes in; and under overload they are what is shed.
#if Gateway
internal import Husk
internal import NIOCore

/// message_1s that wait for their public-key operations, which cost a gateway a hundred times more than a datagram of a
/// session, and which anybody can ask for.
///
/// Everything else is served as it comes. A message_1 waits in line, at most so long and behind at most so many: when
/// the line is full newcomers are shed, and whoever has waited too long is shed when its turn comes (RFC 8289 section
/// 3 argues for judging a queue by the time that was spent in it). The time is well below ACK_TIMEOUT of RFC 7252, so a
/// message_1 that is served has not been sent again yet, and no work goes into answers that come too late.
///
/// Shed means dropped without a word, as the network might have done. The device sends again by itself, each time after
/// twice as long; that is CoAP's congestion control (RFC 7252 section 4.7), and it spreads the devices that all come
/// back after a power cut over what the gateway can do. 5.03 with Max-Age would be an answer to each datagram of a
/// flood, sent to addresses that may be forged, and devices would give up at once. That answer is kept for
/// ``HandshakeTable``, where a gateway is not late but full.
struct HandshakeQueue {
    struct Waiting {
        var datagram: [UInt8]
        var peer: SocketAddress
        var arrived: UInt64
    }

    private let limit: Int
    private let delay: UInt64
    private var waiting = CircularBuffer<Waiting>()
    /// How many were dropped.
    private(set) var shed: UInt64 = 0

    init(limit: Int, delay: UInt64) {
        self.limit = limit
        self.delay = delay
    }

    var count: Int { waiting.count }

    mutating func add(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) {
        guard waiting.count < limit else {
            shed += 1
            return
        }
        waiting.append(Waiting(datagram: datagram, peer: peer, arrived: now))
    }

    /// The first of those that have not waited too long.
    mutating func next(now: UInt64) -> Waiting? {
        while let first = waiting.popFirst() {
            guard now > first.arrived + delay else { return first }
            shed += 1
        }
        return nil
    }
}

/// Whether this is a message_1 in CoAP, as far as can be told in passing: a request without OSCORE option whose payload
/// begins as message_1 does (RFC 9528 appendix A.2.1). A datagram taken for one waits in line; it is looked at closely
/// when its turn comes.
func beginsHandshake(_ datagram: [UInt8]) -> Bool {
    // Version 1, confirmable or not; a method.
    guard datagram.count > 4, datagram[0] & 0xe0 == 0x40, (1...31).contains(datagram[1]) else { return false }
    var at = 4 + Int(datagram[0] & 0x0f)
    var number = 0
    while at < datagram.count, datagram[at] != 0xff {
        let first = datagram[at]
        at += 1
        /// A nibble of the option's first byte and what it says follows (RFC 7252 section 3.1).
        func value(_ nibble: UInt8) -> Int? {
            switch nibble {
            case 0...12:
                return Int(nibble)
            case 13 where at < datagram.count:
                at += 1
                return Int(datagram[at - 1]) + 13
            case 14 where at + 1 < datagram.count:
                at += 2
                return Int(datagram[at - 2]) << 8 + Int(datagram[at - 1]) + 269
            default:
                return nil
            }
        }
        guard let delta = value(first >> 4), let length = value(first & 0x0f) else { return false }
        number += delta
        guard number != Int(CoAPOption.oscore) else { return false }
        at += length
    }
    return at + 1 < datagram.count && datagram[at + 1] == 0xf5
}
#endif

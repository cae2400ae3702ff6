// The answers given lately, so that a copy of a request gets the same answer and is processed once (RFC 7252 section
// 4.5).
#if Gateway
internal import NIOCore

/// Bounded in all and per peer; the oldest answer goes first. A copy is known by its sender, its message ID and its
/// bytes: a device that rebooted and fell on an old message ID with a new message gets a new answer.
struct ExchangeCache {
    private struct Exchange {
        var serial: UInt64
        var messageID: UInt16
        /// Of the request, under a key drawn per process.
        var digest: Int
        var response: [UInt8]
    }

    private let limit: Int
    private let limitPerPeer: Int
    private let lifetime: UInt64
    /// Each peer's exchanges, oldest first.
    private var peers: [SocketAddress: [Exchange]] = [:]
    /// All exchanges, oldest first, and some that are gone already.
    private var order = CircularBuffer<(peer: SocketAddress, serial: UInt64, time: UInt64)>()
    private var serial: UInt64 = 0
    private(set) var count = 0

    init(limit: Int, limitPerPeer: Int, lifetime: UInt64) {
        self.limit = limit
        self.limitPerPeer = limitPerPeer
        self.lifetime = lifetime
    }

    /// The answer to an earlier copy of this request.
    func response(to datagram: [UInt8], messageID: UInt16, from peer: SocketAddress) -> [UInt8]? {
        guard let exchanges = peers[peer] else { return nil }
        guard let candidate = exchanges.last(where: { $0.messageID == messageID }) else { return nil }
        return candidate.digest == datagram.hashValue ? candidate.response : nil
    }

    mutating func remember(
        _ response: [UInt8], to datagram: [UInt8], messageID: UInt16, from peer: SocketAddress, now: UInt64
    ) {
        guard limit > 0, limitPerPeer > 0 else { return }
        if count >= limit {
            removeOldest()
        }
        serial += 1
        // An address is memory of its own: all exchanges of a peer share one.
        let peer = peers.index(forKey: peer).map { peers[$0].key } ?? peer
        var exchanges = peers.removeValue(forKey: peer) ?? []
        if exchanges.count >= limitPerPeer {
            exchanges.removeFirst()
            count -= 1
        }
        exchanges.append(
            Exchange(
                serial: serial, messageID: messageID, digest: datagram.hashValue, response: response))
        peers[peer] = exchanges
        order.append((peer, serial, now))
        count += 1
        if order.count > 2 * count + 32 {
            compact()
        }
    }

    mutating func expire(now: UInt64) {
        while let oldest = order.first, now >= oldest.time + lifetime {
            guard peers[oldest.peer]?.first?.serial == oldest.serial else {
                order.removeFirst()
                continue
            }
            removeOldest()
        }
    }

    /// The oldest exchange of all is the first one of its peer.
    private mutating func removeOldest() {
        while let oldest = order.popFirst() {
            guard var exchanges = peers.removeValue(forKey: oldest.peer) else { continue }
            let isLive = exchanges.first?.serial == oldest.serial
            if isLive {
                exchanges.removeFirst()
                count -= 1
            }
            if !exchanges.isEmpty {
                peers[oldest.peer] = exchanges
            }
            if isLive {
                return
            }
        }
    }

    private mutating func compact() {
        var kept = CircularBuffer<(peer: SocketAddress, serial: UInt64, time: UInt64)>(initialCapacity: count)
        for entry in order where peers[entry.peer]?.contains(where: { $0.serial == entry.serial }) == true {
            kept.append(entry)
        }
        order = kept
    }
}
#endif

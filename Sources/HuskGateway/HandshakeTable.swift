// The handshakes between message_2 and message_3: what strangers can make a gateway remember, and how it stays bounded.
#if Gateway
internal import Husk
internal import NIOCore

/// A handshake that waits for message_3.
final class PendingHandshake {
    let identifier: ConnectionIdentifier
    /// Where message_1 came from. message_3 has to come from there too.
    let peer: SocketAddress
    let started: UInt64
    let suite: CipherSuite
    private var phase: Handshake.Responder.WaitingForMessage3?

    init(
        identifier: ConnectionIdentifier, peer: SocketAddress, started: UInt64,
        phase: consuming Handshake.Responder.WaitingForMessage3
    ) {
        self.identifier = identifier
        self.peer = peer
        self.started = started
        suite = phase.suite
        self.phase = consume phase
    }

    func keyIdentifier(in message3: [UInt8]) throws(HuskError) -> [UInt8] {
        guard phase != nil else { throw .state }
        return try phase!.keyIdentifier(in: message3)
    }

    func accepts(_ message3: [UInt8], key: borrowing PreSharedKey) -> Bool {
        guard phase != nil else { return false }
        return phase!.accepts(message3, key: key)
    }

    /// Ends this phase.
    func takePhase() throws(HuskError) -> Handshake.Responder.WaitingForMessage3 {
        guard let phase = phase.take() else { throw .state }
        return phase
    }
}

/// Unfinished handshakes by C_R.
///
/// message_1 is not authenticated, so anybody can fill this table from any number of addresses. Refusing newcomers
/// while it is full would protect running handshakes but let few messages per minute keep every new device out;
/// evicting the oldest would admit devices but let a flood kill running handshakes. So a handshake is safe for a grace
/// time, which is several round trips of a slow network; a full table evicts its oldest entry only if that has had its
/// grace, and otherwise answers 5.03 so that the device tries again. Sessions and the exchanges of authenticated
/// devices live elsewhere, where a stranger cannot push them out.
struct HandshakeTable {
    private let limits: GatewayLimits
    private var pending: [ConnectionIdentifier: PendingHandshake] = [:]
    /// Of each address, oldest first.
    private var perPeer: [SocketAddress: [PendingHandshake]] = [:]
    /// Oldest first, and some that are gone already.
    private var order = CircularBuffer<(identifier: ConnectionIdentifier, started: UInt64, handshake: Weak)>()

    private struct Weak {
        weak var handshake: PendingHandshake?
    }

    init(limits: GatewayLimits) {
        self.limits = limits
    }

    var count: Int { pending.count }

    subscript(identifier: ConnectionIdentifier) -> PendingHandshake? { pending[identifier] }

    enum Admission {
        case welcome
        /// Welcome if this one goes.
        case evict(PendingHandshake)
        case busy
    }

    /// Whether another handshake of this peer may begin.
    mutating func admission(of peer: SocketAddress, now: UInt64) -> Admission {
        let candidate: PendingHandshake?
        if let own = perPeer[peer], own.count >= limits.handshakesPerPeer {
            // An address can be forged too: its share is handled like the whole, or a few datagrams would lock a device
            // out.
            candidate = own.first
        } else if pending.count >= limits.handshakes {
            candidate = oldest()
        } else {
            return .welcome
        }
        guard let candidate, now >= candidate.started + limits.handshakeGraceMilliseconds else { return .busy }
        return .evict(candidate)
    }

    mutating func insert(_ handshake: PendingHandshake) {
        pending[handshake.identifier] = handshake
        perPeer[handshake.peer, default: []].append(handshake)
        order.append((handshake.identifier, handshake.started, Weak(handshake: handshake)))
        if order.count > 2 * pending.count + 32 {
            order = CircularBuffer(order.filter { $0.handshake.handshake != nil })
        }
    }

    mutating func remove(_ handshake: PendingHandshake) {
        guard pending.removeValue(forKey: handshake.identifier) != nil else { return }
        perPeer[handshake.peer]?.removeAll { $0 === handshake }
        if perPeer[handshake.peer]?.isEmpty == true {
            perPeer[handshake.peer] = nil
        }
    }

    /// A handshake whose time is over, if there is one.
    mutating func expired(now: UInt64) -> PendingHandshake? {
        guard let oldest = oldest(), now >= oldest.started + limits.handshakeTimeoutMilliseconds else { return nil }
        return oldest
    }

    private mutating func oldest() -> PendingHandshake? {
        while let first = order.first {
            if let handshake = first.handshake.handshake, pending[first.identifier] === handshake {
                return handshake
            }
            order.removeFirst()
        }
        return nil
    }
}
#endif

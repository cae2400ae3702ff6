// Handshakes in line: behind the datagrams of sessions, and shed when there are more than a gateway can keep up with.
#if Gateway
internal import NIOCore

extension Engine {
    /// Takes a datagram as ``receive(_:from:now:)`` does, but puts a message_1 in line; its answer comes by
    /// ``nextHandshake(now:)``.
    func take(_ datagram: [UInt8], from peer: SocketAddress, now: UInt64) -> [UInt8]? {
        guard beginsHandshake(datagram) else { return receive(datagram, from: peer, now: now) }
        queue.add(datagram, from: peer, now: now)
        observers.count {
            $0.received += 1
            $0.handshakesShed = queue.shed
            $0.waitingHandshakes = queue.count
        }
        return nil
    }

    /// What to do for the message_1 that is next in line, and whose it is; nil if none waits.
    func nextHandshake(now: UInt64) -> (step: Step, peer: SocketAddress)? {
        guard queue.count > 0 else { return nil }
        let next = queue.next(now: now)
        observers.count {
            $0.handshakesShed = queue.shed
            $0.waitingHandshakes = queue.count
        }
        guard let next else { return nil }
        return (begin(next.datagram, from: next.peer, now: now), next.peer)
    }
}
#endif

// Who observes what of a plain CoAP server (RFC 7641), and the notifications that wait to be acknowledged.
#if Gateway
internal import Husk
internal import NIOCore

/// Bounded in number. Every notification is confirmable, and only the newest state of a resource is on its way: an
/// address that was forged, or that nobody has any more, hears no more once it has not acknowledged one.
struct CoAPObservers {
    private struct Key: Hashable {
        var peer: SocketAddress
        var token: [UInt8]
    }

    /// A notification, sent again as it is until it is acknowledged (RFC 7252 section 4.2).
    private struct InFlight {
        var messageID: UInt16
        var datagram: [UInt8]
        var retransmissions: Int
        var timeout: UInt64
        var deadline: UInt64
    }

    private struct Observer {
        /// Without its Observe option.
        var request: CoAPMessage
        var inFlight: InFlight?
        /// The resource changed and the client was not told yet.
        var isDue = false
        /// Once it is acknowledged, nothing follows.
        var isLast = false
    }

    private let limit: Int
    private let transmission: CoAPTransmission
    private var observers: [Key: Observer] = [:]

    init(limit: Int, transmission: CoAPTransmission) {
        self.limit = limit
        self.transmission = transmission
    }

    var count: Int { observers.count }

    /// Begins an observation, or the same anew. False: there are too many.
    mutating func insert(_ request: CoAPMessage, from peer: SocketAddress) -> Bool {
        let key = Key(peer: peer, token: request.token)
        guard observers[key] != nil || observers.count < limit else { return false }
        var plain = request
        plain.options.removeAll { $0.number == CoAPOption.observe }
        observers[key] = Observer(request: plain)
        return true
    }

    mutating func remove(_ peer: SocketAddress, _ token: [UInt8]) {
        observers[Key(peer: peer, token: token)] = nil
    }

    mutating func changed(_ path: String) {
        for (key, observer) in observers where observer.request.path == path {
            observers[key]?.isDue = true
        }
    }

    mutating func acknowledged(_ messageID: UInt16, from peer: SocketAddress) {
        guard let key = inFlight(messageID, to: peer) else { return }
        observers[key]?.inFlight = nil
        if observers[key]?.isLast == true {
            observers[key] = nil
        }
    }

    /// The client is no longer interested (RFC 7641 section 3.6).
    mutating func rejected(_ messageID: UInt16, from peer: SocketAddress) {
        guard let key = inFlight(messageID, to: peer) else { return }
        observers[key] = nil
    }

    private func inFlight(_ messageID: UInt16, to peer: SocketAddress) -> Key? {
        observers.first { $0.key.peer == peer && $0.value.inFlight?.messageID == messageID }?.key
    }

    /// Notifications to send now: of what changed, made by `state`, and those that nobody acknowledged in time.
    mutating func due(now: UInt64, _ state: (CoAPMessage, SocketAddress) -> CoAPMessage) -> [Notification] {
        var all: [Notification] = []
        for (key, observer) in observers {
            var next = observer
            if var inFlight = observer.inFlight {
                guard now >= inFlight.deadline else { continue }
                guard inFlight.retransmissions > 0 else {
                    observers[key] = nil
                    continue
                }
                inFlight.retransmissions -= 1
                inFlight.timeout *= 2
                inFlight.deadline = now + inFlight.timeout
                next.inFlight = inFlight
                all.append(Notification(datagram: inFlight.datagram, peer: key.peer))
            } else {
                guard observer.isDue, !observer.isLast else { continue }
                let message = state(observer.request, key.peer)
                guard let datagram = try? message.encoded() else {
                    observers[key] = nil
                    continue
                }
                let timeout = UInt64(max(1, transmission.firstTimeout() / 1_000_000))
                next.isDue = false
                next.isLast = message.code.codeClass != 2
                next.inFlight = InFlight(
                    messageID: message.messageID, datagram: datagram, retransmissions: transmission.retransmissions,
                    timeout: timeout, deadline: now + timeout)
                all.append(Notification(datagram: datagram, peer: key.peer))
            }
            observers[key] = next
        }
        return all
    }
}
#endif

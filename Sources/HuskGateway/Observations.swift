// Who observes what (RFC 7641), and the notifications that wait to be acknowledged.
#if Gateway
internal import Husk
internal import NIOCore

/// Whatever holds the keys of a device: a session or, in the symmetric-only profile, the device's key update.
protocol KeyHolder: AnyObject {
    var device: String { get }
    func protect(_ response: CoAPMessage, exchange: inout SecurityContext.Exchange) throws(HuskError) -> [UInt8]
}

/// A resource as one device sees it: a mailbox is another one for each.
struct Resource: Hashable {
    var path: String
    var device: String
}

/// A request that is answered again whenever its resource changes.
final class Observation {
    /// A device may use a token again, for another request, only when it is done with the first.
    struct Key: Hashable {
        var holder: ObjectIdentifier
        var token: [UInt8]
    }

    /// A confirmable notification, sent again as it is until it is acknowledged (RFC 7252 section 4.2).
    struct InFlight {
        var messageID: UInt16
        var datagram: [UInt8]
        var attempts: Int
        var timeout: UInt64
        var deadline: UInt64
    }

    let holder: any KeyHolder
    /// The plain request, without its Observe option.
    let request: CoAPMessage
    let resource: Resource
    /// Where the device was when it spoke last.
    var peer: SocketAddress
    var exchange: SecurityContext.Exchange
    var inFlight: InFlight?
    /// The resource changed and the device was not told yet.
    var isDue = false

    init(
        holder: any KeyHolder, request: CoAPMessage, resource: Resource, peer: SocketAddress,
        exchange: consuming SecurityContext.Exchange
    ) {
        self.holder = holder
        self.request = request
        self.resource = resource
        self.peer = peer
        self.exchange = exchange
    }

    var key: Key { Key(holder: ObjectIdentifier(holder), token: request.token) }
}

/// All observations. Bounded per device; nothing but an authentic request makes one.
struct ObservationTable {
    private let limitPerDevice: Int
    private var observations: [Observation.Key: Observation] = [:]
    private var resources: [Resource: [Observation.Key]] = [:]
    private var holders: [ObjectIdentifier: [Observation.Key]] = [:]
    /// Those with something to send, now or again later.
    private var active: Set<Observation.Key> = []

    init(limitPerDevice: Int) {
        self.limitPerDevice = limitPerDevice
    }

    var count: Int { observations.count }

    /// Whether the device may begin another one, or the same anew.
    func admits(_ holder: any KeyHolder, token: [UInt8]) -> Bool {
        let keys = holders[ObjectIdentifier(holder)] ?? []
        return keys.count < limitPerDevice || keys.contains { $0.token == token }
    }

    mutating func insert(_ observation: Observation) {
        remove(observation.key)
        observations[observation.key] = observation
        resources[observation.resource, default: []].append(observation.key)
        holders[observation.key.holder, default: []].append(observation.key)
    }

    mutating func remove(_ key: Observation.Key) {
        guard let observation = observations.removeValue(forKey: key) else { return }
        active.remove(key)
        resources[observation.resource]?.removeAll { $0 == key }
        if resources[observation.resource]?.isEmpty == true {
            resources[observation.resource] = nil
        }
        holders[key.holder]?.removeAll { $0 == key }
        if holders[key.holder]?.isEmpty == true {
            holders[key.holder] = nil
        }
    }

    /// Its keys are gone, or the device began anew.
    mutating func removeAll(of holder: any KeyHolder) {
        for key in holders[ObjectIdentifier(holder)] ?? [] {
            remove(key)
        }
    }

    /// The device spoke, from there.
    func moved(_ holder: any KeyHolder, to peer: SocketAddress) {
        for key in holders[ObjectIdentifier(holder)] ?? [] {
            observations[key]?.peer = peer
        }
    }

    mutating func changed(_ resource: Resource) {
        for key in resources[resource] ?? [] {
            observations[key]?.isDue = true
            active.insert(key)
        }
    }

    /// For all devices that observe it.
    mutating func changed(path: String) {
        for resource in resources.keys where resource.path == path {
            changed(resource)
        }
    }

    /// Those to send a notification of: due, or late to be acknowledged.
    func pending(now: UInt64) -> [Observation] {
        active.compactMap { observations[$0] }.filter { observation in
            guard let inFlight = observation.inFlight else { return observation.isDue }
            return now >= inFlight.deadline
        }
    }

    func isActive(_ observation: Observation) -> Bool { active.contains(observation.key) }

    /// The notification with this message ID arrived; false if there is none.
    mutating func acknowledged(_ messageID: UInt16, from peer: SocketAddress) -> Bool {
        guard let observation = inFlight(messageID, to: peer) else { return false }
        observation.inFlight = nil
        if !observation.isDue {
            active.remove(observation.key)
        }
        return true
    }

    /// The device is no longer interested (RFC 7641 section 3.6); false if there is none.
    mutating func rejected(_ messageID: UInt16, from peer: SocketAddress) -> Bool {
        guard let observation = inFlight(messageID, to: peer) else { return false }
        remove(observation.key)
        return true
    }

    private func inFlight(_ messageID: UInt16, to peer: SocketAddress) -> Observation? {
        active.lazy.compactMap { observations[$0] }
            .first { $0.inFlight?.messageID == messageID && $0.peer == peer }
    }
}
#endif

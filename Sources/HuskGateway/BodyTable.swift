// Bodies larger than a message, while their blocks come in or go out (RFC 7959).
#if Gateway
internal import Husk

/// What one device has under way: at most one body in each direction.
final class Bodies {
    /// A response that is fetched in blocks, as it was when its first block was asked for.
    struct Served {
        var request: CoAPMessage
        var response: GatewayResponse
    }

    var upload: BlockAssembly
    var served: Served?
    var lastUse: UInt64 = 0

    init(limit: Int) throws(HuskError) {
        upload = try BlockAssembly(limit: limit)
    }

    var byteCount: Int { upload.count + (served?.response.payload.count ?? 0) }
}

/// By device. Bounded in number, so that all devices together cannot take more than that many times the longest body;
/// nothing but an authentic request makes an entry. The one not used for longest goes first.
struct BodyTable {
    private let limit: Int
    private let bodyLimit: Int
    private let lifetime: UInt64
    private var bodies: [ObjectIdentifier: Bodies] = [:]
    /// None was used last before this.
    private var oldestUse: UInt64 = 0

    init(limit: Int, bodyLimit: Int, lifetime: UInt64) {
        self.limit = limit
        self.bodyLimit = bodyLimit
        self.lifetime = lifetime
    }

    var count: Int { bodies.count }

    func find(_ holder: any KeyHolder) -> Bodies? { bodies[ObjectIdentifier(holder)] }

    /// Those of a device, which gets room for them if it has none yet.
    mutating func make(_ holder: any KeyHolder, now: UInt64) throws(HuskError) -> Bodies {
        if let known = find(holder) {
            known.lastUse = now
            return known
        }
        if bodies.count >= limit, let oldest = bodies.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            bodies[oldest.key] = nil
        }
        let made = try Bodies(limit: bodyLimit)
        made.lastUse = now
        bodies[ObjectIdentifier(holder)] = made
        return made
    }

    mutating func remove(_ holder: any KeyHolder) {
        bodies[ObjectIdentifier(holder)] = nil
    }

    mutating func expire(now: UInt64) {
        guard !bodies.isEmpty, now >= oldestUse + lifetime else { return }
        bodies = bodies.filter { now < $0.value.lastUse + lifetime }
        oldestUse = bodies.values.lazy.map(\.lastUse).min() ?? now
    }
}
#endif

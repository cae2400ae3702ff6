// What the two ways to keys need, kept where the core can point to it while the link lives.
#if !hasFeature(Embedded)
internal import CHusk

/// The keys that an end of a link accepts. Each stays in storage of its own that is wiped in the end.
public struct PreSharedKeys: Sendable {
    private final class Owner: Sendable {
        let key: PreSharedKey

        init(_ key: borrowing PreSharedKey) {
            self.key = key.copy()
        }
    }

    private var owners: [Owner] = []

    /// No keys yet.
    public init() {}

    /// How many keys there are.
    public var count: Int { owners.count }

    /// Adds a copy of a key. Throws ``HuskError/credential`` if there is one with the same `kid`.
    public mutating func append(_ key: borrowing PreSharedKey) throws(HuskError) {
        let kid = key.kid
        guard !owners.contains(where: { $0.key.kid == kid }) else { throw .credential }
        owners.append(Owner(key))
    }

    /// The `kid` of the key that was added as number `index`, from 0.
    func identifier(_ index: Int) -> [UInt8] { owners[index].key.kid }

    /// For the core: valid while one of the owners of these keys lives.
    func view(_ index: Int) -> husk_psk { unsafe owners[index].key.view }
}

/// EDHOC: the keys in a row, as the core wants them, and the configuration.
final class LinkCredentials: Sendable {
    let keys: PreSharedKeys
    let configuration: HandshakeConfiguration
    private let table: PinnedBytes

    init(_ keys: PreSharedKeys, _ configuration: HandshakeConfiguration) {
        self.keys = keys
        self.configuration = configuration
        table = unsafe PinnedBytes(count: keys.count * MemoryLayout<husk_psk>.stride)
        for index in 0..<keys.count {
            unsafe withUnsafeBytes(of: keys.view(index)) { view in
                unsafe table.write(view.bytes, at: index * MemoryLayout<husk_psk>.stride)
            }
        }
    }

    /// Valid while this object lives.
    var pointer: UnsafePointer<husk_psk> {
        unsafe UnsafeRawPointer(table.pointer).assumingMemoryBound(to: husk_psk.self)
    }
}

/// KUDOS: its state, configuration and memory. Written to by the core, in mutating methods of the link alone.
@safe final class LinkKeyUpdate: Sendable {
    let memory: LinkMemory?
    private let update: KeyUpdateState

    init(
        secret: RawSpan, configuration: KeyUpdate.Configuration, memory: LinkMemory?, random: husk_random
    ) throws(HuskError) {
        self.memory = memory
        try unsafe update = KeyUpdateState(secret: secret, configuration: configuration, random: random)
        // A link begins from it when nothing is stored, in every mode.
        update.beginFromSecret()
        unsafe update.config.pointer.pointee.frame = true
    }

    /// Points `link` to what this object has, and has to outlive it for.
    func fill(_ link: UnsafeMutablePointer<husk_link_config>) {
        unsafe link.pointee.kudos = update.state.pointer
        unsafe link.pointee.kudos_config = UnsafePointer(update.config.pointer)
        unsafe link.pointee.edhoc.random = update.config.pointer.pointee.random
        unsafe link.pointee.id = update.config.pointer.pointee.recipient_id
        if let memory {
            unsafe link.pointee.storage = memory.hook
        }
    }
}
#endif

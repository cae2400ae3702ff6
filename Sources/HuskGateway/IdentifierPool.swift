// The connection identifiers C_R, which become the kid of every OSCORE request: the shortest that is free.
#if Gateway
internal import Husk

/// Identifiers that are in use by a handshake or a session. Each length is handed out round robin from a random start,
/// so that an identifier rests as long as possible before it means somebody else.
struct IdentifierPool {
    /// Lengths from the best to the worst: one byte that EDHOC encodes in one, one byte that it encodes in two, two,
    /// three bytes.
    private static let sizes: [UInt32] = [48, 208, 1 << 16, 1 << 24]

    /// How many are looked at for a free one before the next length is taken: when nearly all of a length are in use,
    /// looking at all of them would cost more than a byte.
    private static let patience: UInt32 = 256

    private var live: Set<ConnectionIdentifier> = []
    /// Never handed out: they mean somebody already.
    private let reserved: Set<ConnectionIdentifier>
    private var used = [UInt32](repeating: 0, count: sizes.count)
    private var cursors = sizes.map { UInt32.random(in: 0..<$0) }

    init(reserved: Set<ConnectionIdentifier> = []) {
        self.reserved = reserved
    }

    /// An identifier that is not in use and is not the peer's own, C_I (RFC 8613 section 3.3: the IDs of both sides
    /// differ).
    mutating func allocate(avoiding peer: ConnectionIdentifier) -> ConnectionIdentifier? {
        for level in Self.sizes.indices where used[level] < Self.sizes[level] {
            for _ in 0..<min(Self.sizes[level], Self.patience) {
                let identifier = Self.identifier(level, cursors[level])
                cursors[level] = (cursors[level] + 1) % Self.sizes[level]
                guard identifier != peer, !live.contains(identifier), !reserved.contains(identifier) else { continue }
                live.insert(identifier)
                used[level] += 1
                return identifier
            }
        }
        return nil
    }

    /// Takes one that a stored session has; false if it is taken or means somebody else.
    mutating func claim(_ identifier: ConnectionIdentifier) -> Bool {
        guard (1...3).contains(identifier.count), !reserved.contains(identifier) else { return false }
        guard live.insert(identifier).inserted else { return false }
        used[Self.level(of: identifier)] += 1
        return true
    }

    mutating func release(_ identifier: ConnectionIdentifier) {
        guard live.remove(identifier) != nil else { return }
        used[Self.level(of: identifier)] -= 1
    }

    private static func identifier(_ level: Int, _ index: UInt32) -> ConnectionIdentifier {
        switch level {
        case 0: ConnectionIdentifier(shortest(index))
        case 1: ConnectionIdentifier(other(index))
        case 2: ConnectionIdentifier(UInt16(truncatingIfNeeded: index))
        default: ConnectionIdentifier(tripletOf: index)
        }
    }

    private static func level(of identifier: ConnectionIdentifier) -> Int {
        guard identifier.count == 1 else { return identifier.count }
        return isShortest(identifier.bytes[0]) ? 0 : 1
    }

    /// The integers 0..23 (0x00 to 0x17) and -1..-24 (0x20 to 0x37), as one byte of CBOR.
    private static func shortest(_ index: UInt32) -> UInt8 {
        UInt8(index < 24 ? index : index + 8)
    }

    private static func isShortest(_ byte: UInt8) -> Bool {
        (0x00...0x17).contains(byte) || (0x20...0x37).contains(byte)
    }

    /// The bytes that are no such integer: 0x18 to 0x1f and 0x38 to 0xff.
    private static func other(_ index: UInt32) -> UInt8 {
        UInt8(index < 8 ? 0x18 + index : 0x30 + index)
    }
}
#endif

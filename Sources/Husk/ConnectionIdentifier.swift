// Connection identifiers of EDHOC, which become the Sender and Recipient IDs of OSCORE.
internal import CHusk

/// 0 to 7 bytes that name a session to the peer that chose them.
public struct ConnectionIdentifier: Sendable, Hashable {
    /// Length in the top byte, content right-aligned below: equal values are equal identifiers.
    private let packed: UInt64

    /// Throws ``HuskError/argument`` for more than 7 bytes.
    public init(_ bytes: some Sequence<UInt8>) throws(HuskError) {
        var content: UInt64 = 0
        var count: UInt64 = 0
        for byte in bytes {
            guard count < UInt64(HUSK_OSCORE_ID_MAX_BYTES) else { throw .argument }
            content = content << 8 | UInt64(byte)
            count += 1
        }
        packed = count << 56 | content
    }

    /// The one-byte identifier.
    public init(_ byte: UInt8) {
        packed = 1 << 56 | UInt64(byte)
    }

    /// The two-byte identifier, high byte first.
    public init(_ word: UInt16) {
        packed = 2 << 56 | UInt64(word)
    }

    init(_ id: husk_id) {
        var content: UInt64 = 0
        let count = Int(min(id.len, UInt8(HUSK_OSCORE_ID_MAX_BYTES)))
        let bytes = id.bytes
        for byte in [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5, bytes.6].prefix(count) {
            content = content << 8 | UInt64(byte)
        }
        packed = UInt64(count) << 56 | content
    }

    public var count: Int { Int(packed >> 56) }

    public var bytes: [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: packed >> UInt64(8 * (count - 1 - $0))) }
    }

    var id: husk_id {
        var id = husk_id()
        let content = bytes
        unsafe content.withUnsafeBufferPointer { buffer in
            // At most 7 bytes by construction, so this cannot fail.
            _ = unsafe husk_id_set(&id, buffer.baseAddress, buffer.count)
        }
        return id
    }
}

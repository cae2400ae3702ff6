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

    /// The three-byte identifier: the low 24 bits, high byte first.
    public init(tripletOf value: UInt32) {
        packed = 3 << 56 | UInt64(value & 0xff_ffff)
    }

    init(_ id: husk_id) {
        var content: UInt64 = 0
        let count = min(UInt64(id.len), UInt64(HUSK_OSCORE_ID_MAX_BYTES))
        unsafe withUnsafeBytes(of: id.bytes) { bytes in
            for index in 0..<Int(count) {
                content = unsafe content << 8 | UInt64(bytes[index])
            }
        }
        packed = count << 56 | content
    }

    /// Throws ``HuskError/argument`` for more than 7 bytes.
    init(_ bytes: husk_bytes) throws(HuskError) {
        var id = husk_id()
        try unsafe check(husk_id_set(&id, bytes.data, bytes.len))
        self.init(id)
    }

    /// How many bytes it has: 0 to 7.
    public var count: Int { Int(packed >> 56) }

    /// The bytes that go over the wire.
    public var bytes: [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: packed >> UInt64(8 * (count - 1 - $0))) }
    }

    /// Reads the identifier a CBOR sequence begins with (RFC 9528 section 3.3.2) and says how many bytes it took.
    ///
    /// - Throws: ``HuskError/format`` if there is none, ``HuskError/argument`` if it is longer than 7 bytes.
    public init(reading bytes: [UInt8], length: inout Int) throws(HuskError) {
        self = try unsafe bytes.span.bytes.withSlice { (slice) throws(HuskError) in
            var reader = unsafe husk_cbor_reader()
            unsafe husk_cbor_reader_init(&reader, slice.data, slice.len)
            var value = unsafe husk_bytes()
            try unsafe check(husk_edhoc_identifier_read(&reader, &value))
            unsafe length = slice.len - reader.left
            return try unsafe ConnectionIdentifier(UnsafeBufferPointer(start: value.data, count: value.len))
        }
    }

    /// As it stands in EDHOC messages.
    public var encoded: [UInt8] {
        let content = bytes
        let encoded = try? unsafe composed(Int(HUSK_OSCORE_ID_MAX_BYTES) + 1) { (out, length) throws(HuskError) in
            var writer = unsafe husk_cbor_writer()
            unsafe husk_cbor_writer_init(&writer, out, Int(HUSK_OSCORE_ID_MAX_BYTES) + 1)
            unsafe content.span.bytes.withSlice { unsafe husk_edhoc_identifier_write(&writer, $0) }
            try unsafe check(husk_cbor_writer_finish(&writer, &length))
        }
        return encoded ?? []
    }

    var id: husk_id {
        var id = husk_id()
        id.len = UInt8(truncatingIfNeeded: packed >> 56)
        unsafe withUnsafeMutableBytes(of: &id.bytes) { bytes in
            for index in 0..<Int(id.len) {
                unsafe bytes[index] = UInt8(truncatingIfNeeded: packed >> UInt64(8 * (Int(id.len) - 1 - index)))
            }
        }
        return id
    }
}

// A pre-shared key with the identities of the two parties that share it.
internal import CHusk

/// Who a party is: the `sub` of its credential, 1 to 255 bytes of UTF-8.
public struct Identity: Sendable, Hashable {
    public let name: String

    /// Throws ``HuskError/argument`` if the name is empty or longer than 255 bytes.
    public init(_ name: String) throws(HuskError) {
        guard (1...255).contains(name.utf8.count) else { throw .argument }
        self.name = name
    }
}

/// A key that two parties share (EDHOC method 4), its identifier, and who they are. The bytes live in storage that
/// never moves and is wiped in the end; nothing prints them.
public struct PreSharedKey: ~Copyable, Sendable {
    /// Shortest key accepted: 128 bits.
    public static let minimumBytes = Int(HUSK_PSK_MIN_BYTES)
    /// Longest key identifier.
    public static let maximumIdentifierBytes = Int(HUSK_KID_MAX_BYTES)

    /// key | kid | CRED_I | CRED_R
    private let bytes: PinnedBytes
    private let keyCount: Int
    private let kidCount: Int
    private let initiatorCount: Int

    /// Makes the credentials of both parties and checks everything.
    ///
    /// - Parameters:
    ///   - key: at least 16 bytes of full entropy; copied, and the caller's copy is the caller's to wipe
    ///   - kid: 1 to 24 bytes
    ///   - initiator: the device
    ///   - responder: the gateway; another identity than the initiator's, or messages could be reflected to their
    ///     sender
    /// - Throws: ``HuskError/argument`` for a length out of range, ``HuskError/credential`` for equal identities.
    public init(key: RawSpan, kid: RawSpan, initiator: Identity, responder: Identity) throws(HuskError) {
        guard key.byteCount >= Self.minimumBytes else { throw .argument }
        guard (1...Self.maximumIdentifierBytes).contains(kid.byteCount) else { throw .argument }
        guard initiator != responder else { throw .credential }
        let credI = try Self.credential(initiator, kid: kid)
        let credR = try Self.credential(responder, kid: kid)
        let storage = PinnedBytes(count: key.byteCount + kid.byteCount + credI.count + credR.count)
        storage.write(key, at: 0)
        storage.write(kid, at: key.byteCount)
        unsafe storage.write(credI.span.bytes, at: key.byteCount + kid.byteCount)
        unsafe storage.write(credR.span.bytes, at: key.byteCount + kid.byteCount + credI.count)
        self.init(storage, keyCount: key.byteCount, kidCount: kid.byteCount, initiatorCount: credI.count)
    }

    private init(_ bytes: consuming PinnedBytes, keyCount: Int, kidCount: Int, initiatorCount: Int) {
        self.bytes = bytes
        self.keyCount = keyCount
        self.kidCount = kidCount
        self.initiatorCount = initiatorCount
    }

    /// Another key and kid with the credentials of `original`.
    init(key: husk_bytes, kid: husk_bytes, credentialsOf original: borrowing PreSharedKey) {
        let old = unsafe original.view
        let parts = unsafe [key, kid, old.cred_i, old.cred_r]
        let storage = unsafe PinnedBytes(count: parts.reduce(0) { unsafe $0 + $1.len })
        var at = 0
        for unsafe part in unsafe parts {
            unsafe storage.write(UnsafeRawBufferPointer(start: part.data, count: part.len).bytes, at: at)
            unsafe at += part.len
        }
        unsafe self.init(storage, keyCount: key.len, kidCount: kid.len, initiatorCount: old.cred_i.len)
    }

    /// The key identifier, which is not secret.
    public var kid: [UInt8] {
        unsafe [UInt8](bytes.slice(keyCount, kidCount))
    }

    /// Another owner of the same key.
    public borrowing func copy() -> PreSharedKey {
        let storage = PinnedBytes(count: bytes.count)
        unsafe storage.pointer.update(from: bytes.pointer, count: bytes.count)
        return PreSharedKey(storage, keyCount: keyCount, kidCount: kidCount, initiatorCount: initiatorCount)
    }

    /// For the core: valid while this value lives.
    var view: husk_psk {
        let initiatorAt = keyCount + kidCount
        let responderAt = initiatorAt + initiatorCount
        return unsafe husk_psk(
            key: bytes.slice(0, keyCount),
            kid: bytes.slice(keyCount, kidCount),
            cred_i: bytes.slice(initiatorAt, initiatorCount),
            cred_r: bytes.slice(responderAt, bytes.count - responderAt))
    }

    private static func credential(_ identity: Identity, kid: RawSpan) throws(HuskError) -> [UInt8] {
        let subject = Array(identity.name.utf8)
        let capacity = subject.count + kid.byteCount + Int(HUSK_CRED_OVERHEAD_MAX_BYTES)
        return try unsafe composed(capacity) { (out, length) throws(HuskError) in
            try unsafe check(
                subject.span.bytes.withSlice { subject in
                    unsafe kid.withSlice { kid in
                        unsafe husk_cred_compose(subject, kid, out, capacity, &length)
                    }
                })
        }
    }
}

/// The bytes that `body` writes, at most `capacity`.
func composed(
    _ capacity: Int, _ body: (UnsafeMutablePointer<UInt8>?, inout Int) throws(HuskError) -> Void
) throws(HuskError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: capacity)
    var length = 0
    try unsafe out.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        try unsafe body(buffer.baseAddress, &length)
    }
    out.removeLast(capacity - length)
    return out
}

// Keys of envelopes on hosts, and for several recipients.
#if !hasFeature(Embedded)
internal import CHusk

extension EnvelopeKey {
    /// Derives the key (HKDF with the COSE_KDF_Context of RFC 9053 section 5.2).
    ///
    /// - Parameters:
    ///   - root: at least 16 bytes of full entropy; the caller's copy is the caller's to wipe
    ///   - sender: who seals with this key; another name than the recipient's, 1 to 255 bytes of UTF-8 as is
    ///   - recipient: who opens with it
    ///   - identifier: at most 16 bytes, sent with each envelope for the recipient to find the key; empty: not sent
    ///   - algorithm: the AEAD of the envelopes
    ///   - wraps: whether it is for envelopes to several recipients, see ``EnvelopeRecipients``
    /// - Throws: ``HuskError/argument`` for a length out of range or equal names.
    public init(
        root: RawSpan, sender: Identity, recipient: Identity, identifier: [UInt8] = [],
        algorithm: EnvelopeAlgorithm = .aesCCM8, wraps: Bool = false
    ) throws(HuskError) {
        var heap = PinnedMemory.heap
        try unsafe self.init(
            root: root, sender: sender.name.utf8.span.bytes, recipient: recipient.name.utf8.span.bytes,
            identifier: identifier.span.bytes, algorithm: algorithm, wraps: wraps, in: &heap)
    }

    /// The key identifier (COSE `kid`), which is not secret.
    public var identifier: [UInt8] {
        let key = unsafe UnsafeRawPointer(storage.pointer.pointer(to: \.kid)!)
        let count = unsafe Int(storage.pointer.pointee.kid_len)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: key, count: count))
    }

    /// Lends the key as a COSE_Key (RFC 9052 section 7) for another library, in storage that is wiped afterwards.
    public borrowing func withCOSEKey<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let out = PinnedBytes(count: Int(HUSK_ENVELOPE_COSE_KEY_MAX_BYTES))
        var length = 0
        // Cannot fail: there is room for the longest key.
        _ = unsafe husk_envelope_key_export(storage.pointer, out.pointer, out.count, &length)
        return try out.withBytes { (whole) throws(Failure) in try body(whole.extracting(first: length)) }
    }
}

/// The applications that one envelope is for. Each has a root key with the sender, and the envelope's own key is
/// wrapped for each of them (A128KW, RFC 9053 section 6.2.1).
///
/// Recipients must trust each other: each of them knows the key of the envelope, and could put other content under it
/// for the others.
@safe public struct EnvelopeRecipients: ~Copyable, Sendable {
    private(set) var keys = PinnedBytes(count: 0)
    /// How many there are.
    public private(set) var count = 0

    /// Nobody yet.
    public init() {}

    /// Adds a recipient's key, made with `wraps: true`; all have the same algorithm.
    public mutating func append(_ key: borrowing EnvelopeKey) {
        let size = unsafe MemoryLayout<husk_envelope_key>.stride
        let more = PinnedBytes(count: (count + 1) * size)
        keys.withBytes { more.write($0, at: 0) }
        let added = unsafe UnsafeRawBufferPointer(start: key.storage.pointer, count: size)
        unsafe more.write(added.bytes, at: count * size)
        keys = more
        count += 1
    }
}
#endif

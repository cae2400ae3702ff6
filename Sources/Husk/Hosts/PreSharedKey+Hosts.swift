// Keys in memory of the heap.
#if !hasFeature(Embedded)
internal import CHusk

extension PreSharedKey {
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
        var heap = PinnedMemory.heap
        try unsafe self.init(
            key: key, kid: kid, initiator: initiator.name.utf8.span.bytes, responder: responder.name.utf8.span.bytes,
            in: &heap)
    }

    /// Another key and kid with the credentials of `original`.
    init(key: RawSpan, kid: RawSpan, credentialsOf original: borrowing PreSharedKey) throws(HuskError) {
        let parts = unsafe original.view
        var heap = PinnedMemory.heap
        try unsafe self.init(
            key: key, kid: kid,
            credentialI: UnsafeRawBufferPointer(start: parts.cred_i.data, count: parts.cred_i.len).bytes,
            credentialR: UnsafeRawBufferPointer(start: parts.cred_r.data, count: parts.cred_r.len).bytes, in: &heap)
    }

    /// The key identifier, which is not secret.
    public var kid: [UInt8] { unsafe [UInt8](view.kid) }

    /// Another owner of the same key.
    public borrowing func copy() -> PreSharedKey {
        let parts = unsafe view
        // Cannot fail: this key passed the same checks.
        return try! unsafe PreSharedKey(
            key: UnsafeRawBufferPointer(start: parts.key.data, count: parts.key.len).bytes,
            kid: UnsafeRawBufferPointer(start: parts.kid.data, count: parts.kid.len).bytes, credentialsOf: self)
    }
}
#endif

// A key that outlives its process: what a store needs of it.
#if !hasFeature(Embedded)
internal import CHusk

extension PreSharedKey {
    /// Lends the key alone.
    package borrowing func withKey<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let key = unsafe view.key
        return try unsafe body(UnsafeRawBufferPointer(start: key.data, count: key.len).bytes)
    }

    /// A key that was stored: a resumption key, which has the credentials of the device's own one.
    ///
    /// - Throws: ``HuskError/argument`` for a length out of range.
    package init(key: RawSpan, kid: [UInt8], credentialsOf original: borrowing PreSharedKey) throws(HuskError) {
        guard (Self.minimumBytes...255).contains(key.byteCount) else { throw .argument }
        guard (1...Self.maximumIdentifierBytes).contains(kid.count) else { throw .argument }
        try unsafe self.init(key: key, kid: kid.span.bytes, credentialsOf: original)
    }

    /// Tells this key from others, and nothing else about it.
    package borrowing func fingerprint() -> [UInt8] {
        withKey { digest($0) }
    }
}
#endif

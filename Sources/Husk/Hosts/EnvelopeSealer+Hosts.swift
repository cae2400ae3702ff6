// Sealing envelopes on hosts, where whoever calls saves the record.
#if !hasFeature(Embedded)
internal import CHusk

extension EnvelopeSealer {
    /// - Parameters:
    ///   - key: moves in
    ///   - record: what was stored last; empty for the first time ever
    ///   - fullIV: whether to send the whole nonce, for libraries that know no Partial IV
    /// - Throws: ``HuskError/storage`` if the record is none, ``HuskError/argument`` for a key that wraps.
    public init(key: consuming EnvelopeKey, record: RawSpan, fullIV: Bool = false) throws(HuskError) {
        var one = EnvelopeRecipients()
        one.append(key)
        try unsafe self.init(
            one, wraps: false, record: record, fullIV: fullIV, random: husk_random(fill: nil, context: nil))
    }

    /// For several recipients.
    init(recipients: consuming EnvelopeRecipients, record: RawSpan, random: husk_random) throws(HuskError) {
        try unsafe self.init(recipients, wraps: true, record: record, fullIV: true, random: random)
    }

    /// Stores that reserved numbers that were not used are free again: before a restart that is foreseen, so that no
    /// gap pushes envelopes that are still on their way out of the opener's window.
    ///
    /// - Throws: ``HuskError/storage`` if `save` throws; they may be lost then.
    public mutating func release<Failure: Error>(save: (RawSpan) throws(Failure) -> Void) throws(HuskError) {
        // The core reserves anew after this, whatever becomes of the record.
        try unsafe check(husk_envelope_sender_release(sender.pointer))
        guard saved(save) else { throw .storage }
    }

    /// Seals content and appends the envelope to `out`.
    ///
    ///     try sealer.seal(content, stamp: stamp, into: &out) { record throws(Failure) in try disk.replace(record) }
    ///
    /// Nothing is allocated.
    ///
    /// - Parameters:
    ///   - content: what is sealed; may be empty
    ///   - source: who seals it, at most 255 bytes of UTF-8; empty: not said
    ///   - destination: whom it is for, alike
    ///   - stamp: what else is said on the envelope
    ///   - out: where it is appended
    ///   - save: replaces the stored record with this one, durably, before it returns. It is called once for every 64
    ///     envelopes and after each start. If it throws, nothing was sealed.
    /// - Throws: ``HuskError/storage`` if `save` throws, ``HuskError/argument`` for a name out of range or content that
    ///   is longer than the algorithm allows, ``HuskError/buffer``, ``HuskError/exhausted``. Nothing was appended then,
    ///   and no number spent.
    public mutating func seal<Failure: Error>(
        _ content: RawSpan, source: RawSpan = RawSpan(), destination: RawSpan = RawSpan(),
        stamp: EnvelopeStamp = EnvelopeStamp(), into out: inout OutputRawSpan,
        save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) {
        try unsafe out.append { out, capacity, count in
            unsafe sealed(content, source, destination, stamp, out, capacity, &count, save)
        }
    }

    /// The same at the beginning of a buffer: the envelope is written there, and its length returned.
    public mutating func seal<Failure: Error>(
        _ content: RawSpan, source: RawSpan = RawSpan(), destination: RawSpan = RawSpan(),
        stamp: EnvelopeStamp = EnvelopeStamp(), into out: inout MutableRawSpan,
        save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> Int {
        try unsafe out.write { out, capacity, count in
            unsafe sealed(content, source, destination, stamp, out, capacity, &count, save)
        }
    }

    /// Seals content into an array.
    ///
    /// - Parameters:
    ///   - content: what is sealed; may be empty
    ///   - metadata: what is said on the envelope
    ///   - save: replaces the stored record with this one, durably, before it returns. It is called once for every 64
    ///     envelopes and after each start. If it throws, nothing was sealed.
    /// - Throws: ``HuskError/storage`` if `save` throws, ``HuskError/argument`` for a name or tag out of range or
    ///   content that is longer than the algorithm allows, ``HuskError/exhausted``.
    public mutating func seal<Failure: Error>(
        _ content: RawSpan, _ metadata: EnvelopeMetadata, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> [UInt8] {
        let perKey = Int(HUSK_ENVELOPE_KID_MAX_BYTES) + Int(HUSK_AEAD_KEY_MAX_BYTES) + 24
        let capacity = content.byteCount + metadata.capacity + keyCount * perKey + 64
        return try unsafe metadata.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    content.withSlice { content in unsafe sealed(content, view, out, capacity, &length, save) })
            }
        }
    }

    private func sealed<Failure: Error>(
        _ content: RawSpan, _ source: RawSpan, _ destination: RawSpan, _ stamp: EnvelopeStamp,
        _ out: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ count: inout Int,
        _ save: (RawSpan) throws(Failure) -> Void
    ) -> husk_status {
        unsafe content.withSlice { content in
            unsafe source.withSlice { source in
                unsafe destination.withSlice { destination in
                    var view = unsafe stamp.view(source: source, destination: destination)
                    return unsafe sealed(content, &view, out, capacity, &count, save)
                }
            }
        }
    }

    /// Seals and saves the record; an envelope whose record was not saved is wiped, so its number was not used.
    private func sealed<Failure: Error>(
        _ content: husk_bytes, _ view: UnsafePointer<husk_envelope_metadata>, _ out: UnsafeMutablePointer<UInt8>?,
        _ capacity: Int, _ count: inout Int, _ save: (RawSpan) throws(Failure) -> Void
    ) -> husk_status {
        let number = unsafe sender.pointer.pointee.sequence
        let isForMany = unsafe config.pointer.pointee.keys.pointee.wraps
        let status = unsafe isForMany
            ? husk_envelope_seal_for_many(sender.pointer, view, content, out, capacity, &count)
            : husk_envelope_seal(sender.pointer, view, content, out, capacity, &count)
        guard status == HUSK_OK, !saved(save) else { return status }
        // Reserved anew whatever was: an envelope that was refused before may have reserved this one's number.
        unsafe sender.pointer.pointee.sequence = number
        unsafe sender.pointer.pointee.limit = number
        if let out = unsafe out {
            unsafe husk_wipe(out, count)
        }
        count = 0
        return HUSK_ERR_STORAGE
    }

    /// Gives out the record if it changed; a journal has it already.
    private func saved<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) -> Bool {
        memory?.save(save) ?? true
    }
}
#endif

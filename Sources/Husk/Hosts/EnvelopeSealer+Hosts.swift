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

    /// Seals content.
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
        let before = unsafe sender.pointer.pointee
        let isForMany = unsafe config.pointer.pointee.keys.pointee.wraps
        let envelope = try unsafe metadata.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    content.withSlice { content in
                        unsafe isForMany
                            ? husk_envelope_seal_for_many(sender.pointer, view, content, out, capacity, &length)
                            : husk_envelope_seal(sender.pointer, view, content, out, capacity, &length)
                    })
            }
        }
        guard saved(save) else {
            // The envelope is dropped here, so its number was not used.
            unsafe sender.pointer.pointee = before
            throw .storage
        }
        return envelope
    }

    /// Gives out the record if it changed; a journal has it already.
    private func saved<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) -> Bool {
        memory?.save(save) ?? true
    }
}
#endif

// Opening envelopes on hosts, where whoever calls saves the record.
#if !hasFeature(Embedded)
internal import CHusk

extension EnvelopeOpener {
    /// - Parameters:
    ///   - key: moves in; the sender's key for this direction
    ///   - names: the destinations this end answers to; none for any
    ///   - requiresDeadline: for commands, which must not be carried out late: one without deadline is refused
    ///   - record: what was stored last; empty for the first time ever
    /// - Throws: ``HuskError/storage`` if the record is none.
    public init(
        key: consuming EnvelopeKey, names: [String] = [], requiresDeadline: Bool = false, record: RawSpan
    ) throws(HuskError) {
        try self.init(
            key, names: Self.pinned(names), nameCount: names.count, requiresDeadline, record: record)
    }

    /// A `husk_bytes` for each name, then the names they point to.
    private static func pinned(_ names: [String]) -> PinnedBytes {
        let texts = names.map { Array($0.utf8) }
        let stride = unsafe MemoryLayout<husk_bytes>.stride
        let slices = texts.count * stride
        let out = PinnedBytes(count: slices + texts.reduce(0) { $0 + $1.count })
        var at = slices
        for (index, text) in texts.enumerated() {
            unsafe out.write(text.span.bytes, at: at)
            let slice = unsafe out.slice(at, text.count)
            unsafe UnsafeMutableRawPointer(out.pointer).storeBytes(
                of: slice, toByteOffset: index * stride, as: husk_bytes.self)
            at += text.count
        }
        return out
    }

    /// Verifies an envelope and decrypts it in place; says where its parts lie.
    ///
    ///     let layout = try opener.open(&bytes, now: clock) { record throws(Failure) in try disk.replace(record) }
    ///
    /// Nothing is allocated. ``Envelope/init(inspecting:)-(RawSpan)`` reads the tags, before or after this.
    ///
    /// - Parameters:
    ///   - envelope: decrypted in place; if something is refused or not saved, no content is in it
    ///   - now: seconds since 1970-01-01T00:00Z; nil if the time is not known: whatever has a deadline is refused then
    ///   - save: replaces the stored record with this one, durably, before it returns. If it throws, nothing was
    ///     opened.
    /// - Throws: ``HuskError/format``, ``HuskError/unsupported``, ``HuskError/context`` (another key),
    ///   ``HuskError/destination``, ``HuskError/expired``, ``HuskError/clock``, ``HuskError/replay``,
    ///   ``HuskError/authentication``, ``HuskError/storage`` if `save` throws; nothing is changed then, but for the
    ///   buffer.
    public mutating func open<Failure: Error>(
        _ envelope: inout MutableRawSpan, now: UInt64?, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> EnvelopeLayout {
        var view = unsafe husk_envelope_view()
        return try unsafe envelope.inPlace { bytes, count in
            unsafe opened(bytes, count, now, &view, save)
        } _: { buffer in unsafe EnvelopeLayout(view, buffer) }
    }

    /// The same for an envelope that stays as it is.
    public mutating func open<Failure: Error>(
        _ envelope: RawSpan, now: UInt64?, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> OpenedEnvelope {
        let copy = PinnedBytes(count: envelope.byteCount)
        copy.write(envelope, at: 0)
        var view = unsafe husk_envelope_view()
        try unsafe check(opened(copy.pointer, copy.count, now, &view, save))
        return unsafe OpenedEnvelope(
            metadata: EnvelopeMetadata(view.metadata), content: [UInt8](view.content), sequence: view.sequence)
    }

    /// Opens in place and saves the record; of an envelope whose record was not saved, nothing is left.
    @inline(__always)
    private func opened<Failure: Error>(
        _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ now: UInt64?, _ view: inout husk_envelope_view,
        _ save: (RawSpan) throws(Failure) -> Void
    ) -> husk_status {
        let before = unsafe opener.pointer.pointee
        let time = now ?? UInt64(HUSK_ENVELOPE_TIME_UNKNOWN)
        let status = unsafe key.storage.pointer.pointee.wraps
            ? husk_envelope_open_one_of_many(opener.pointer, time, bytes, count, &view)
            : husk_envelope_open(opener.pointer, time, bytes, count, &view)
        guard status == HUSK_OK, !(memory?.save(save) ?? true) else { return status }
        unsafe opener.pointer.pointee = before
        if let content = unsafe UnsafeMutablePointer(mutating: view.content.data) {
            unsafe husk_wipe(content, view.content.len)
        }
        unsafe view = unsafe husk_envelope_view()
        return HUSK_ERR_STORAGE
    }
}
#endif

// Opening envelopes, with a replay window that is stored before the content is handed out.
internal import CHusk

/// Opens what one sender seals. Each envelope opens once, in any order within 64, across restarts and power cuts,
/// because the replay window is stored before the content is handed out: in a journal, or on hosts wherever `save` puts
/// the record.
///
///     var opener = try EnvelopeOpener(key: key, names: ["kitchen"], record: disk.load())
///     let command = try opener.open(envelope, now: clock) { record throws(Failure) in try disk.replace(record) }
///
/// Cannot be copied. One record belongs to one key and direction.
@safe public struct EnvelopeOpener: ~Copyable, Sendable {
    let key: EnvelopeKey
    /// A `husk_bytes` for each name, then the names they point to.
    private let names: PinnedBytes
    private let config: Pinned<husk_envelope_opener_config>
    let opener: Pinned<husk_envelope_opener>
    #if hasFeature(Embedded)
    private let journal: FlashJournal
    #else
    /// One of these two.
    private let journal: FlashJournal?
    let memory: EnvelopeRecord?
    #endif

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    /// With a journal as storage.
    ///
    /// - Parameters:
    ///   - key: moves in; the sender's key for this direction
    ///   - name: the destination this end answers to, in UTF-8; empty for any
    ///   - requiresDeadline: for commands, which must not be carried out late: one without deadline is refused
    ///   - journal: where the replay window is kept
    ///   - record: its name in the journal, 0 to 31: one for each sealer and opener, and 1 to 5 are a ``Device``'s
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/storage`` if the record cannot be read or is none, ``HuskError/buffer`` if `memory` has no
    ///   room.
    public init(
        key: consuming EnvelopeKey, name: RawSpan, requiresDeadline: Bool = false, journal: FlashJournal, record: UInt8,
        in memory: inout PinnedMemory
    ) throws(HuskError) {
        let stride = unsafe MemoryLayout<husk_bytes>.stride
        let names = try PinnedBytes(count: stride + name.byteCount, in: &memory)
        names.write(name, at: stride)
        let slice = unsafe names.slice(stride, name.byteCount)
        unsafe UnsafeMutableRawPointer(names.pointer).storeBytes(of: slice, as: husk_bytes.self)
        let config = try unsafe Pinned(zeroed: husk_envelope_opener_config.self, in: &memory)
        let opener = try unsafe Pinned(zeroed: husk_envelope_opener.self, in: &memory)
        unsafe config.pointer.pointee.storage = journal.hook
        unsafe config.pointer.pointee.record = record
        try unsafe Self.begin(opener, config, key, names, count: name.byteCount == 0 ? 0 : 1, requiresDeadline)
        self.key = key
        self.names = names
        unsafe self.config = unsafe config
        unsafe self.opener = unsafe opener
        self.journal = journal
        #if !hasFeature(Embedded)
        self.memory = nil
        #endif
    }

    #if !hasFeature(Embedded)
    init(
        _ key: consuming EnvelopeKey, names: consuming PinnedBytes, nameCount: Int, _ requiresDeadline: Bool,
        record: RawSpan
    ) throws(HuskError) {
        let memory = EnvelopeRecord(record)
        let config = unsafe Pinned(zeroed: husk_envelope_opener_config.self)
        let opener = unsafe Pinned(zeroed: husk_envelope_opener.self)
        unsafe config.pointer.pointee.storage = memory.hook
        try unsafe Self.begin(opener, config, key, names, count: nameCount, requiresDeadline)
        self.key = key
        self.names = names
        unsafe self.config = unsafe config
        unsafe self.opener = unsafe opener
        self.memory = consume memory
        journal = nil
    }
    #endif

    private static func begin(
        _ opener: borrowing Pinned<husk_envelope_opener>, _ config: borrowing Pinned<husk_envelope_opener_config>,
        _ key: borrowing EnvelopeKey, _ names: borrowing PinnedBytes, count: Int, _ requiresDeadline: Bool
    ) throws(HuskError) {
        unsafe config.pointer.pointee.key = UnsafePointer(key.storage.pointer)
        unsafe config.pointer.pointee.deadline_required = requiresDeadline
        unsafe config.pointer.pointee.names = UnsafeRawPointer(names.pointer).assumingMemoryBound(to: husk_bytes.self)
        unsafe config.pointer.pointee.name_count = count
        try unsafe check(husk_envelope_opener_init(opener.pointer, config.pointer))
    }

    /// Verifies an envelope and decrypts it in place, with a journal as storage; says where its parts lie.
    ///
    /// - Parameters:
    ///   - envelope: decrypted in place
    ///   - now: seconds since 1970-01-01T00:00Z; nil if the time is not known: whatever has a deadline is refused then
    /// - Throws: ``HuskError/format``, ``HuskError/unsupported``, ``HuskError/context`` (another key),
    ///   ``HuskError/destination``, ``HuskError/expired``, ``HuskError/clock``, ``HuskError/replay``,
    ///   ``HuskError/authentication``, ``HuskError/storage``; nothing is changed then, but for the buffer.
    ///   ``HuskError/state`` for an opener that saves its record elsewhere.
    public mutating func open(_ envelope: inout MutableRawSpan, now: UInt64?) throws(HuskError) -> EnvelopeLayout {
        #if !hasFeature(Embedded)
        guard journal != nil else { throw .state }
        #endif
        var view = unsafe husk_envelope_view()
        return try unsafe envelope.inPlace { bytes, count in
            unsafe husk_envelope_open(opener.pointer, now ?? UInt64(HUSK_ENVELOPE_TIME_UNKNOWN), bytes, count, &view)
        } _: { buffer in unsafe EnvelopeLayout(view, buffer) }
    }
}

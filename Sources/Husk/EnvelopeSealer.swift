// Sealing envelopes, with sequence numbers that are stored before they are used.
internal import CHusk

/// Seals envelopes under one key, or on hosts for several recipients. No nonce is used twice, whenever the power fails,
/// because a block of sequence numbers is stored before the first of them is used: in a journal, or on hosts wherever
/// `save` puts the record.
///
///     var sealer = try EnvelopeSealer(key: key, record: disk.load())
///     let envelope = try sealer.seal(content, metadata) { record throws(Failure) in try disk.replace(record) }
///
/// Cannot be copied: two copies would use the same numbers. One record belongs to one key and direction.
@safe public struct EnvelopeSealer: ~Copyable, Sendable {
    /// One or several `husk_envelope_key`.
    let keys: PinnedBytes
    let keyCount: Int
    let config: Pinned<husk_envelope_sender_config>
    let sender: Pinned<husk_envelope_sender>
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
    ///   - key: moves in
    ///   - journal: where sequence numbers are kept
    ///   - record: its name in the journal, 0 to 31: one for each sealer and opener, and 1 to 5 are a ``Device``'s
    ///   - fullIV: whether to send the whole nonce, for libraries that know no Partial IV
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/storage`` if the record cannot be read or is none, ``HuskError/argument`` for a key that
    ///   wraps, ``HuskError/buffer`` if `memory` has no room.
    public init(
        key: consuming EnvelopeKey, journal: FlashJournal, record: UInt8, fullIV: Bool = false,
        in memory: inout PinnedMemory
    ) throws(HuskError) {
        let size = unsafe MemoryLayout<husk_envelope_key>.stride
        let keys = try PinnedBytes(count: size, in: &memory)
        unsafe keys.write(UnsafeRawBufferPointer(start: key.storage.pointer, count: size).bytes, at: 0)
        let config = try unsafe Pinned(zeroed: husk_envelope_sender_config.self, in: &memory)
        let sender = try unsafe Pinned(zeroed: husk_envelope_sender.self, in: &memory)
        unsafe config.pointer.pointee.storage = journal.hook
        unsafe config.pointer.pointee.record = record
        unsafe config.pointer.pointee.full_iv = fullIV
        try unsafe Self.begin(sender, config, keys, keyCount: 1, wraps: false)
        self.keys = keys
        keyCount = 1
        unsafe self.config = unsafe config
        unsafe self.sender = unsafe sender
        self.journal = journal
        #if !hasFeature(Embedded)
        self.memory = nil
        #endif
    }

    #if !hasFeature(Embedded)
    init(
        _ recipients: consuming EnvelopeRecipients, wraps: Bool, record: RawSpan, fullIV: Bool, random: husk_random
    ) throws(HuskError) {
        let memory = EnvelopeRecord(record)
        let count = recipients.count
        let keys = PinnedBytes(count: recipients.keys.count)
        recipients.keys.withBytes { keys.write($0, at: 0) }
        let config = unsafe Pinned(zeroed: husk_envelope_sender_config.self)
        let sender = unsafe Pinned(zeroed: husk_envelope_sender.self)
        unsafe config.pointer.pointee.storage = memory.hook
        unsafe config.pointer.pointee.full_iv = fullIV
        unsafe config.pointer.pointee.random = random
        try unsafe Self.begin(sender, config, keys, keyCount: count, wraps: wraps)
        self.keys = keys
        keyCount = count
        unsafe self.config = unsafe config
        unsafe self.sender = unsafe sender
        self.memory = consume memory
        journal = nil
    }
    #endif

    private static func begin(
        _ sender: borrowing Pinned<husk_envelope_sender>, _ config: borrowing Pinned<husk_envelope_sender_config>,
        _ keys: borrowing PinnedBytes, keyCount: Int, wraps: Bool
    ) throws(HuskError) {
        let first = unsafe UnsafeRawPointer(keys.pointer).assumingMemoryBound(to: husk_envelope_key.self)
        unsafe config.pointer.pointee.keys = first
        unsafe config.pointer.pointee.key_count = keyCount
        guard unsafe keyCount > 0 && first.pointee.wraps == wraps else { throw .argument }
        try unsafe check(husk_envelope_sender_init(sender.pointer, config.pointer))
    }

    /// Seals content, with a journal as storage, and appends the envelope to `out`.
    ///
    /// - Parameters:
    ///   - content: what is sealed; may be empty
    ///   - source: who seals it, at most 255 bytes of UTF-8; empty: not said
    ///   - destination: whom it is for, alike
    ///   - stamp: what else is said on the envelope
    ///   - out: where it is appended
    /// - Throws: ``HuskError/argument`` for a length out of range, ``HuskError/buffer``, ``HuskError/exhausted``,
    ///   ``HuskError/storage``; ``HuskError/state`` for a sealer that saves its record elsewhere. Nothing was appended
    ///   then, and no number spent.
    public mutating func seal(
        _ content: RawSpan, source: RawSpan = RawSpan(), destination: RawSpan = RawSpan(),
        stamp: EnvelopeStamp = EnvelopeStamp(), into out: inout OutputRawSpan
    ) throws(HuskError) {
        try unsafe out.append { out, capacity, count in
            unsafe sealed(content, source, destination, stamp, out, capacity, &count)
        }
    }

    /// The same for a microcontroller: the envelope is written to the beginning of `out`, and its length returned.
    public mutating func seal(
        _ content: RawSpan, source: RawSpan = RawSpan(), destination: RawSpan = RawSpan(),
        stamp: EnvelopeStamp = EnvelopeStamp(), into out: inout MutableRawSpan
    ) throws(HuskError) -> Int {
        try unsafe out.write { out, capacity, count in
            unsafe sealed(content, source, destination, stamp, out, capacity, &count)
        }
    }

    private func sealed(
        _ content: RawSpan, _ source: RawSpan, _ destination: RawSpan, _ stamp: EnvelopeStamp,
        _ out: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ count: inout Int
    ) -> husk_status {
        #if !hasFeature(Embedded)
        guard journal != nil else { return HUSK_ERR_STATE }
        #endif
        return unsafe content.withSlice { content in
            unsafe source.withSlice { source in
                unsafe destination.withSlice { destination in
                    var view = unsafe stamp.view(source: source, destination: destination)
                    return unsafe husk_envelope_seal(sender.pointer, &view, content, out, capacity, &count)
                }
            }
        }
    }

    /// Stores that reserved numbers that were not used are free again, with a journal as storage: before a restart that
    /// is foreseen, so that no gap pushes envelopes that are still on their way out of the opener's window.
    ///
    /// - Throws: ``HuskError/storage``; they may be lost then.
    public mutating func release() throws(HuskError) {
        #if !hasFeature(Embedded)
        guard journal != nil else { throw .state }
        #endif
        try unsafe check(husk_envelope_sender_release(sender.pointer))
    }
}

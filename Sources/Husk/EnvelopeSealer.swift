// Sealing envelopes, with sequence numbers that are stored before they are used.
internal import CHusk

/// Seals envelopes under one key, or for several recipients. No nonce is used twice, whenever the power fails, because
/// a block of sequence numbers is stored before the first of them is used.
///
///     var sealer = try EnvelopeSealer(key: key, record: disk.load())
///     let envelope = try sealer.seal(content, metadata) { record throws(Failure) in try disk.replace(record) }
///
/// Cannot be copied: two copies would use the same numbers. One record belongs to one key and direction.
@safe public struct EnvelopeSealer: ~Copyable, Sendable {
    private let keys: PinnedBytes
    private let keyCount: Int
    private let config = unsafe Pinned(zeroed: husk_envelope_sender_config.self)
    private let sender = unsafe Pinned(zeroed: husk_envelope_sender.self)
    private let memory: EnvelopeRecord

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

    private init(
        _ recipients: consuming EnvelopeRecipients, wraps: Bool, record: RawSpan, fullIV: Bool, random: husk_random
    ) throws(HuskError) {
        memory = EnvelopeRecord(record)
        keyCount = recipients.count
        keys = PinnedBytes(count: recipients.keys.count)
        recipients.keys.withBytes { keys.write($0, at: 0) }
        let first = unsafe UnsafeRawPointer(keys.pointer).assumingMemoryBound(to: husk_envelope_key.self)
        unsafe config.pointer.pointee.keys = first
        unsafe config.pointer.pointee.key_count = keyCount
        unsafe config.pointer.pointee.storage = memory.hook
        unsafe config.pointer.pointee.full_iv = fullIV
        unsafe config.pointer.pointee.random = random
        guard unsafe keyCount > 0 && first.pointee.wraps == wraps else { throw .argument }
        try unsafe check(husk_envelope_sender_init(sender.pointer, config.pointer))
    }

    /// Stores that reserved numbers that were not used are free again: before a restart that is foreseen, so that no
    /// gap pushes envelopes that are still on their way out of the opener's window.
    ///
    /// - Throws: ``HuskError/storage`` if `save` throws; they may be lost then.
    public mutating func release<Failure: Error>(save: (RawSpan) throws(Failure) -> Void) throws(HuskError) {
        // The core reserves anew after this, whatever becomes of the record.
        try unsafe check(husk_envelope_sender_release(sender.pointer))
        guard memory.save(save) else { throw .storage }
    }

    /// Seals content.
    ///
    /// - Parameter save: replaces the stored record with this one, durably, before it returns. It is called once for
    ///   every 64 envelopes and after each start. If it throws, nothing was sealed.
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
        guard memory.save(save) else {
            // The envelope is dropped here, so its number was not used.
            unsafe sender.pointer.pointee = before
            throw .storage
        }
        return envelope
    }
}

/// What the core stores, until it is saved: the hook writes here, and nothing leaves the Swift API before the record
/// was given to whoever saves it.
@safe struct EnvelopeRecord: ~Copyable, Sendable {
    /// Length of the record, the record; then the same of the last that was saved; then whether the two differ.
    private let bytes = PinnedBytes(count: 2 * slot + 1)

    private static let slot = 1 + Int(HUSK_ENVELOPE_OPENER_RECORD_BYTES)

    init(_ record: RawSpan) {
        // One that does not fit is none; its length tells the core so.
        guard record.byteCount < Self.slot else {
            bytes[0] = UInt8(Self.slot)
            return
        }
        bytes[0] = UInt8(record.byteCount)
        bytes.write(record, at: 1)
        bytes[Self.slot] = bytes[0]
        bytes.write(record, at: Self.slot + 1)
    }

    var hook: husk_storage {
        unsafe husk_storage(
            load: { context, _, out, capacity, length in
                guard let memory = unsafe context?.assumingMemoryBound(to: UInt8.self), let out = unsafe out,
                    let length = unsafe length
                else { return HUSK_ERR_STORAGE }
                let count = unsafe Int(memory[0])
                guard count <= capacity else { return HUSK_ERR_BUFFER }
                unsafe out.update(from: memory + 1, count: count)
                unsafe length.pointee = count
                return HUSK_OK
            },
            store: { context, _, data, length in
                guard let memory = unsafe context?.assumingMemoryBound(to: UInt8.self), let data = unsafe data,
                    length < EnvelopeRecord.slot
                else { return HUSK_ERR_STORAGE }
                unsafe memory[0] = UInt8(length)
                unsafe (memory + 1).update(from: data, count: length)
                unsafe memory[2 * EnvelopeRecord.slot] = 1
                return HUSK_OK
            },
            context: UnsafeMutableRawPointer(bytes.pointer))
    }

    /// Gives out the record if it changed; false, and it is as it was before, if it could not be saved.
    func save<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) -> Bool {
        let slot = Self.slot
        guard bytes[2 * slot] != 0 else { return true }
        bytes[2 * slot] = 0
        do throws(Failure) {
            try bytes.withBytes { (whole) throws(Failure) in
                try save(whole.extracting(1..<(1 + Int(bytes[0]))))
            }
        } catch {
            unsafe bytes.pointer.update(from: bytes.pointer + slot, count: slot)
            return false
        }
        unsafe (bytes.pointer + slot).update(from: bytes.pointer, count: slot)
        return true
    }
}

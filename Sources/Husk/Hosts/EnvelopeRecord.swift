// The record of a sealer or an opener on a host, between the core and whoever saves it.
#if !hasFeature(Embedded)
internal import CHusk

/// What the core stores, until it is saved: the hook writes here, and nothing leaves the Swift API before the record
/// was given to whoever saves it.
@safe struct EnvelopeRecord: ~Copyable, Sendable {
    /// Two slots, each the length of a record and the record; which of them was saved last; whether the other one is to
    /// be saved.
    private let bytes = PinnedBytes(count: 2 * slot + 2)

    private static let slot = 1 + Int(HUSK_ENVELOPE_OPENER_RECORD_BYTES)
    private static let savedAt = 2 * slot
    private static let isNewAt = 2 * slot + 1

    init(_ record: RawSpan) {
        // One that does not fit is none; its length tells the core so.
        guard record.byteCount < Self.slot else {
            bytes[0] = UInt8(Self.slot)
            return
        }
        bytes[0] = UInt8(record.byteCount)
        bytes.write(record, at: 1)
    }

    var hook: husk_storage {
        unsafe husk_storage(
            load: { context, _, out, capacity, length in
                guard let memory = unsafe context?.assumingMemoryBound(to: UInt8.self), let out = unsafe out,
                    let length = unsafe length
                else { return HUSK_ERR_STORAGE }
                let saved = unsafe memory + EnvelopeRecord.slot * Int(memory[EnvelopeRecord.savedAt])
                let count = unsafe Int(saved[0])
                guard count <= capacity else { return HUSK_ERR_BUFFER }
                unsafe out.update(from: saved + 1, count: count)
                unsafe length.pointee = count
                return HUSK_OK
            },
            store: { context, _, data, length in
                guard let memory = unsafe context?.assumingMemoryBound(to: UInt8.self), let data = unsafe data,
                    length < EnvelopeRecord.slot
                else { return HUSK_ERR_STORAGE }
                let other = unsafe memory + EnvelopeRecord.slot * (1 - Int(memory[EnvelopeRecord.savedAt]))
                unsafe other[0] = UInt8(length)
                unsafe (other + 1).update(from: data, count: length)
                unsafe memory[EnvelopeRecord.isNewAt] = 1
                return HUSK_OK
            },
            context: UnsafeMutableRawPointer(bytes.pointer))
    }

    /// Gives out the record if it changed; false, and it is as it was before, if it could not be saved.
    @inline(__always)
    func save<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) -> Bool {
        guard bytes[Self.isNewAt] != 0 else { return true }
        bytes[Self.isNewAt] = 0
        let other = 1 - bytes[Self.savedAt]
        let record = unsafe bytes.slice(Self.slot * Int(other) + 1, Int(bytes[Self.slot * Int(other)]))
        do throws(Failure) {
            try unsafe save(UnsafeRawBufferPointer(start: record.data, count: record.len).bytes)
        } catch {
            return false
        }
        bytes[Self.savedAt] = other
        return true
    }
}
#endif

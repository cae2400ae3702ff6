// The record of a sealer or an opener on a host, between the core and whoever saves it.
#if !hasFeature(Embedded)
internal import CHusk

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
#endif

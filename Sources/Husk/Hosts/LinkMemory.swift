// What an end of a link with KUDOS remembers from one life to the next: the record of its secrets.
#if !hasFeature(Embedded)
internal import CHusk

/// The record of a ``Link`` with KUDOS, in memory that is pinned and wiped, and wherever `save` puts it. Secret. One
/// link at a time; a later one with the same memory begins where the last one ended.
public final class LinkMemory: Sendable {
    /// Length of the record, then its bytes.
    private let bytes = PinnedBytes(count: 1 + KeyUpdate.recordMaximum)
    private let save: @Sendable (RawSpan) -> Bool

    /// - Parameters:
    ///   - record: what was saved last; empty for the first time ever. What is no record of this link, counts as none.
    ///     Without the record, peers that insist on forward secrecy do not find together any more.
    ///   - save: replaces the record by this one, as a whole and durably, before it returns; the old one becomes
    ///     unreadable, or there is no forward secrecy. Called by `start`, `receive` and `transmit` of the link. If it
    ///     throws, nothing that depends on the record is sent.
    /// - Throws: ``HuskError/format`` for more bytes than any record has.
    public init<Failure: Error>(
        record: RawSpan, save: @escaping @Sendable (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) {
        self.save = { record in
            do throws(Failure) {
                try save(record)
                return true
            } catch {
                return false
            }
        }
        guard record.byteCount <= KeyUpdate.recordMaximum else { throw .format }
        bytes.write(record, at: 1)
        bytes[0] = UInt8(record.byteCount)
    }

    /// The hook for the core; this object has to outlive it.
    var hook: husk_storage {
        unsafe husk_storage(
            load: { context, _, out, capacity, length in
                guard let memory = unsafe LinkMemory.at(context), let length = unsafe length else {
                    return HUSK_ERR_STORAGE
                }
                return unsafe memory.load(out, capacity, length)
            },
            store: { context, _, data, length in
                guard let memory = unsafe LinkMemory.at(context) else { return HUSK_ERR_STORAGE }
                return unsafe memory.store(UnsafeRawBufferPointer(start: data, count: length).bytes)
            },
            context: Unmanaged.passUnretained(self).toOpaque())
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> LinkMemory? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<LinkMemory>.fromOpaque(context).takeUnretainedValue()
    }

    private func load(
        _ out: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ length: UnsafeMutablePointer<Int>
    ) -> husk_status {
        let count = Int(bytes[0])
        guard count <= capacity else { return HUSK_ERR_BUFFER }
        if let out = unsafe out, count > 0 {
            unsafe out.update(from: bytes.pointer + 1, count: count)
        }
        unsafe length.pointee = count
        return HUSK_OK
    }

    private func store(_ record: RawSpan) -> husk_status {
        guard record.byteCount < bytes.count, save(record) else { return HUSK_ERR_STORAGE }
        // A shorter record would leave secrets of the old one behind its end.
        unsafe husk_wipe(bytes.pointer, bytes.count)
        bytes.write(record, at: 1)
        bytes[0] = UInt8(record.byteCount)
        return HUSK_OK
    }
}
#endif

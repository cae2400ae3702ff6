// What a device endpoint remembers from one life to the next, in the memory of a host; firmware has storage of its own.
#if !hasFeature(Embedded)
internal import CHusk

/// The records of a ``Device``: the suite its gateway accepted, the resumption PSK of its last session, the secrets of
/// KUDOS. A later `Device` with the same memory begins where the last one ended. Secret, pinned and wiped. One device
/// at a time.
public final class DeviceMemory: Sendable {
    /// A slot per record: its length, then its bytes.
    private let bytes = PinnedBytes(count: recordCount * slotBytes)

    private static let recordCount = Int(HUSK_DEVICE_RECORD_KUDOS)
    private static let slotBytes = 1 + KeyUpdate.recordMaximum

    /// Nothing is remembered yet.
    public init() {}

    /// Whether a session left a key to resume with.
    public var hasResumptionKey: Bool { bytes[Self.slotBytes * (Int(HUSK_DEVICE_RECORD_RESUMPTION) - 1)] > 0 }

    /// The hook for the core; this object has to outlive it.
    var hook: husk_storage {
        unsafe husk_storage(
            load: { context, record, out, capacity, length in
                guard let memory = unsafe DeviceMemory.at(context), let length = unsafe length else {
                    return HUSK_ERR_STORAGE
                }
                return unsafe memory.load(record, out, capacity, length)
            },
            store: { context, record, data, length in
                guard let memory = unsafe DeviceMemory.at(context) else { return HUSK_ERR_STORAGE }
                return unsafe memory.store(record, data, length)
            },
            context: Unmanaged.passUnretained(self).toOpaque())
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> DeviceMemory? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<DeviceMemory>.fromOpaque(context).takeUnretainedValue()
    }

    private static func slot(_ record: UInt8) -> Int? {
        (1...recordCount).contains(Int(record)) ? (Int(record) - 1) * slotBytes : nil
    }

    private func load(
        _ record: UInt8, _ out: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ length: UnsafeMutablePointer<Int>
    ) -> husk_status {
        guard let slot = Self.slot(record) else { return HUSK_ERR_STORAGE }
        let count = Int(bytes[slot])
        guard count <= capacity else { return HUSK_ERR_BUFFER }
        if let out = unsafe out, count > 0 {
            unsafe out.update(from: bytes.pointer + slot + 1, count: count)
        }
        unsafe length.pointee = count
        return HUSK_OK
    }

    private func store(_ record: UInt8, _ data: UnsafePointer<UInt8>?, _ length: Int) -> husk_status {
        guard let slot = Self.slot(record), length < Self.slotBytes else { return HUSK_ERR_STORAGE }
        if let data = unsafe data, length > 0 {
            unsafe (bytes.pointer + slot + 1).update(from: data, count: length)
        }
        bytes[slot] = UInt8(length)
        return HUSK_OK
    }
}
#endif

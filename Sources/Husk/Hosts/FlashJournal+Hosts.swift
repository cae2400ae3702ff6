// Journals on hosts: in flash that is simulated or attached.
#if !hasFeature(Embedded)
internal import CHusk
internal import Synchronization

extension FlashJournal {
    /// As ``init(_:formatsIfCorrupt:in:)``, with memory of the heap.
    public init(_ flash: Flash, formatsIfCorrupt: Bool = false) throws(HuskError) {
        var heap = PinnedMemory.heap
        try self.init(flash, formatsIfCorrupt: formatsIfCorrupt, in: &heap)
    }
}

/// The state of a journal; two threads never use it at the same time.
final class JournalOwner: Sendable {
    private let state: Pinned<JournalState>
    private let lock = Mutex(())

    init(in memory: inout PinnedMemory) throws(HuskError) {
        try state = Pinned(zeroed: JournalState.self, in: &memory)
        unsafe state.pointer.initialize(to: JournalState())
    }

    func locked(_ body: (UnsafeMutablePointer<JournalState>) -> husk_status) -> husk_status {
        lock.withLock { _ in unsafe body(state.pointer) }
    }

    var hook: husk_storage {
        unsafe husk_storage(
            load: { context, record, out, capacity, length in
                guard let owner = unsafe JournalOwner.at(context) else { return HUSK_ERR_STORAGE }
                return unsafe owner.locked { unsafe husk_journal_load($0, record, out, capacity, length) }
            },
            store: { context, record, data, length in
                guard let owner = unsafe JournalOwner.at(context) else { return HUSK_ERR_STORAGE }
                return unsafe owner.locked { unsafe husk_journal_store($0, record, data, length) }
            },
            context: Unmanaged.passUnretained(self).toOpaque())
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> JournalOwner? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<JournalOwner>.fromOpaque(context).takeUnretainedValue()
    }
}
#endif

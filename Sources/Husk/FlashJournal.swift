// The journal in a microcontroller's flash, as storage of devices and envelopes.
internal import CHusk

/// Flash pages that belong to a journal alone. Offsets count from the first byte of the first page.
@safe public struct Flash {
    /// Copies flash from `offset` on to `bytes`, at any alignment. False if some of it cannot be read.
    public typealias Read = @convention(c) (
        _ context: UnsafeMutableRawPointer?, _ offset: UInt32, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int
    ) -> Bool
    /// Programs whole units of erased flash, at most 32 bytes that do not cross a multiple of 32, and returns when it
    /// is done. False if the part reports an error.
    public typealias Program = @convention(c) (
        _ context: UnsafeMutableRawPointer?, _ offset: UInt32, _ bytes: UnsafePointer<UInt8>?, _ count: Int
    ) -> Bool
    /// Erases the page that begins at `offset`, to bytes of 0xff, and returns when it is done. False if the part
    /// reports an error.
    public typealias Erase = @convention(c) (_ context: UnsafeMutableRawPointer?, _ offset: UInt32) -> Bool

    /// What one erase erases: a multiple of 32, at least 128.
    public var pageBytes: UInt32
    /// 2 to 64.
    public var pageCount: UInt8
    /// What can be programmed once, between two erases: 1, 2, 4, 8, 16 or 32.
    public var unitBytes: UInt8
    /// Whether a unit that was programmed may be programmed once more, with zeros: then secrets that were replaced are
    /// overwritten at once.
    public var isZeroing: Bool
    fileprivate let context: UnsafeMutableRawPointer?
    fileprivate let read: Read
    fileprivate let program: Program
    fileprivate let erase: Erase

    /// - Parameters:
    ///   - pageBytes: what one erase erases: a multiple of 32, at least 128
    ///   - pageCount: 2 to 64
    ///   - unitBytes: what can be programmed once: 1, 2, 4, 8, 16 or 32
    ///   - isZeroing: whether a programmed unit may be programmed once more, with zeros
    ///   - context: handed to the functions, which outlive the journal as it does
    ///   - read: see ``Read``
    ///   - program: see ``Program``
    ///   - erase: see ``Erase``
    public init(
        pageBytes: UInt32, pageCount: UInt8, unitBytes: UInt8, isZeroing: Bool = false,
        context: UnsafeMutableRawPointer? = nil, read: Read, program: Program, erase: Erase
    ) {
        self.pageBytes = pageBytes
        self.pageCount = pageCount
        self.unitBytes = unitBytes
        self.isZeroing = isZeroing
        unsafe self.context = unsafe context
        unsafe self.read = unsafe read
        unsafe self.program = unsafe program
        unsafe self.erase = unsafe erase
    }
}

/// Records in flash that survive a power cut at any moment: each is the old or the new one afterwards, never a mixture
/// (`husk/journal.h` says what is assumed of the part, and of secrets in it). Allocates nothing.
///
///     let journal = try FlashJournal(flash, in: &memory)
///     var device = try Device(key: key, suites: suites.span, random: random, journal: journal, in: &memory)
///
/// A value of this type names the journal; copies name the same one. On a microcontroller it is used by one thread and
/// by no interrupt.
@safe public struct FlashJournal {
    #if hasFeature(Embedded)
    private let state: UnsafeMutablePointer<JournalState>
    #else
    private let owner: JournalOwner
    #endif

    /// Finds the records in flash, after each start of the device; settles what a power cut left. Flash that is all
    /// erased becomes an empty journal.
    ///
    /// - Parameters:
    ///   - flash: pages that belong to the journal alone
    ///   - formatsIfCorrupt: begin an empty journal if what is there is no journal of these sizes, or damaged in a way
    ///     that no power cut explains
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` for a size out of its range, ``HuskError/corrupt`` unless `formatsIfCorrupt`,
    ///   ``HuskError/storage`` if the part fails, ``HuskError/buffer`` if `memory` has no room.
    public init(_ flash: Flash, formatsIfCorrupt: Bool = false, in memory: inout PinnedMemory) throws(HuskError) {
        #if hasFeature(Embedded)
        unsafe state = try unsafe memory.lasting(JournalState.self)
        #else
        owner = try JournalOwner(in: &memory)
        #endif
        try unsafe withState { state in
            unsafe state.pointee.begin(flash, at: state)
            let status = unsafe husk_journal_mount(&state.pointee.journal, &state.pointee.flash)
            guard status == HUSK_ERR_CORRUPT && formatsIfCorrupt else { return status }
            return unsafe husk_journal_format(&state.pointee.journal, &state.pointee.flash)
        }
    }

    /// Reads a record to the beginning of `out` and gives its length; 0 if there is none.
    ///
    /// - Parameters:
    ///   - record: 0 to 31
    ///   - out: where the record is written
    /// - Throws: ``HuskError/corrupt`` if it does not read as it was stored, ``HuskError/buffer``,
    ///   ``HuskError/argument``, ``HuskError/storage``.
    public func load(_ record: UInt8, into out: inout MutableRawSpan) throws(HuskError) -> Int {
        try unsafe out.write { out, capacity, count in
            unsafe status { unsafe husk_journal_load(&$0.pointee.journal, record, out, capacity, &count) }
        }
    }

    /// Replaces a record, durably.
    ///
    /// - Parameters:
    ///   - record: 0 to 31
    ///   - data: at most 255 bytes; none remove the record
    /// - Throws: ``HuskError/argument`` for a record over 31 or data too long, ``HuskError/full`` if the records would
    ///   not fit one page together, ``HuskError/storage`` if the part fails. The record is then as before.
    public func store(_ record: UInt8, _ data: RawSpan) throws(HuskError) {
        try unsafe data.withSlice { (data) throws(HuskError) in
            try unsafe withState { unsafe husk_journal_store(&$0.pointee.journal, record, data.data, data.len) }
        }
    }

    /// Changes pages now, so that no record that was replaced or removed is left in flash. Costs an erase.
    ///
    /// - Throws: ``HuskError/storage``; some may be left then.
    public func purge() throws(HuskError) {
        try unsafe withState { unsafe husk_journal_purge(&$0.pointee.journal) }
    }

    private func withState(_ body: (UnsafeMutablePointer<JournalState>) -> husk_status) throws(HuskError) {
        try unsafe check(status(body))
    }

    #if hasFeature(Embedded)
    private func status(_ body: (UnsafeMutablePointer<JournalState>) -> husk_status) -> husk_status {
        unsafe body(state)
    }

    /// For the core: the state is there for good.
    var hook: husk_storage {
        unsafe husk_storage(
            load: { state, record, out, capacity, length in
                unsafe husk_journal_load(state, record, out, capacity, length)
            },
            store: { state, record, data, length in unsafe husk_journal_store(state, record, data, length) },
            context: UnsafeMutableRawPointer(state))
    }
    #else
    private func status(_ body: (UnsafeMutablePointer<JournalState>) -> husk_status) -> husk_status {
        unsafe owner.locked(body)
    }

    /// For the core, while a copy of this value lives.
    var hook: husk_storage { unsafe owner.hook }
    #endif
}

#if hasFeature(Embedded)
// One thread uses it, see above.
extension FlashJournal: @unchecked Sendable {}
#else
extension FlashJournal: Sendable {}
#endif

/// A journal of the core, first, so that a pointer to it is one to this; and what it points to.
@safe struct JournalState {
    var journal = unsafe husk_journal()
    var flash = unsafe husk_journal_flash()
    private var part: Flash?

    init() {}

    /// Points the core to the functions of the part. Stays where it is from then on.
    mutating func begin(_ flash: Flash, at state: UnsafeMutablePointer<JournalState>) {
        part = flash
        unsafe self.flash = husk_journal_flash(
            read: { context, offset, out, count in
                unsafe JournalState.call(context) { unsafe $0.read($0.context, offset, out, count) }
            },
            program: { context, offset, data, count in
                unsafe JournalState.call(context) { unsafe $0.program($0.context, offset, data, count) }
            },
            erase: { context, offset in unsafe JournalState.call(context) { unsafe $0.erase($0.context, offset) } },
            context: UnsafeMutableRawPointer(state), page_bytes: flash.pageBytes, page_count: flash.pageCount,
            unit_bytes: flash.unitBytes, zeroing: flash.isZeroing)
    }

    private static func call(_ context: UnsafeMutableRawPointer?, _ body: (Flash) -> Bool) -> husk_status {
        guard let part = unsafe context?.assumingMemoryBound(to: JournalState.self).pointee.part else {
            return HUSK_ERR_STORAGE
        }
        return body(part) ? HUSK_OK : HUSK_ERR_STORAGE
    }
}

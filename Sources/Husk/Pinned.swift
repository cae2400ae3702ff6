// Storage for secrets: memory that never moves while it lives and is wiped before it is given back.
internal import CHusk

/// Memory of the program for what holds secrets and must not move, as a microcontroller without a heap has it: one
/// region, from which values take their storage one after the other, for good. Each value wipes its storage when its
/// life ends; the room is not used again.
///
///     var memory = unsafe PinnedMemory(region)
///     let key = try PreSharedKey(key: secret, kid: kid, initiator: "kitchen", responder: "gateway", in: &memory)
///     var device = try Device(key: key, suites: suites.span, random: random, in: &memory)
///
/// Hosts have the same initialisers without `in:`, which take memory from the heap and give it back.
@safe public struct PinnedMemory: ~Copyable {
    /// Nil means the heap, which hosts have.
    private var next: UnsafeMutableRawPointer?
    private var left: Int

    /// Takes over a region.
    ///
    /// It has to outlive every value that is made in it, and nothing else may use it: such as a static array.
    @unsafe public init(_ region: UnsafeMutableRawBufferPointer) {
        unsafe next = region.baseAddress
        left = region.count
    }

    #if !hasFeature(Embedded)
    private init() {
        unsafe next = nil
        left = 0
    }

    static var heap: PinnedMemory { PinnedMemory() }
    #endif

    /// A value that stays for good. All zeros is valid for it.
    mutating func lasting<Value>(_: Value.Type) throws(HuskError) -> UnsafeMutablePointer<Value> {
        let taken = try unsafe take(MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment)
        return unsafe taken.assumingMemoryBound(to: Value.self)
    }

    /// Bytes that are left.
    public var remainingBytes: Int { left }

    #if !hasFeature(Embedded)
    fileprivate var isHeap: Bool { unsafe next == nil }
    #endif

    /// The next `count` bytes, zeroed; of the heap, such that they are to be deallocated. Throws ``HuskError/buffer``
    /// if fewer are left.
    fileprivate mutating func take(_ count: Int, alignment: Int) throws(HuskError) -> UnsafeMutableRawPointer {
        #if !hasFeature(Embedded)
        guard !isHeap else {
            let taken = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: alignment)
            unsafe taken.initializeMemory(as: UInt8.self, repeating: 0, count: count)
            return unsafe taken
        }
        #endif
        guard let base = unsafe next else { throw .buffer }
        // A power of two: a mask in place of a division, which a Cortex-M0 has to call.
        let offset = (0 &- Int(bitPattern: base)) & (alignment - 1)
        guard offset + count <= left else { throw .buffer }
        let taken = unsafe base + offset
        unsafe taken.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        unsafe next = taken + count
        left -= offset + count
        return unsafe taken
    }
}

/// One C struct that stays where it is. Moving a `Pinned` moves a pointer, so no copy of the struct is ever left
/// behind.
@safe struct Pinned<Value>: ~Copyable {
    let pointer: UnsafeMutablePointer<Value>
    #if !hasFeature(Embedded)
    private let isOnHeap: Bool

    /// Zeroed storage on the heap. `Value` is a C struct for which all zeros is a valid value.
    init(zeroed: Value.Type) {
        unsafe pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe UnsafeMutableRawPointer(pointer).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<Value>.size)
        isOnHeap = true
    }
    #endif

    /// The same in memory of the program.
    init(zeroed: Value.Type, in memory: inout PinnedMemory) throws(HuskError) {
        #if !hasFeature(Embedded)
        isOnHeap = memory.isHeap
        #endif
        let taken = try unsafe memory.take(MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment)
        unsafe pointer = taken.assumingMemoryBound(to: Value.self)
    }

    deinit {
        unsafe husk_wipe(pointer, MemoryLayout<Value>.size)
        #if !hasFeature(Embedded)
        if isOnHeap {
            unsafe pointer.deallocate()
        }
        #endif
    }
}

// The pointer is the only one to its memory and goes where the value goes. Writes happen in mutating or consuming
// methods of the owning type, or before the value is shared.
extension Pinned: @unchecked Sendable {}

/// A run of bytes that stays where it is.
@safe package struct PinnedBytes: ~Copyable {
    package let pointer: UnsafeMutablePointer<UInt8>
    package let count: Int
    #if !hasFeature(Embedded)
    private let isOnHeap: Bool

    /// Zeros on the heap.
    package init(count: Int) {
        unsafe pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
        unsafe pointer.initialize(repeating: 0, count: max(count, 1))
        self.count = count
        isOnHeap = true
    }
    #endif

    /// Zeros in memory of the program, where the core can keep structs too. Throws ``HuskError/buffer`` if there is no
    /// room.
    init(count: Int, in memory: inout PinnedMemory) throws(HuskError) {
        #if !hasFeature(Embedded)
        isOnHeap = memory.isHeap
        #endif
        // malloc(0) may give NULL; one byte keeps the pointer valid.
        let taken = try unsafe memory.take(max(count, 1), alignment: MemoryLayout<UInt64>.alignment)
        unsafe pointer = taken.assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    deinit {
        unsafe husk_wipe(pointer, max(count, 1))
        #if !hasFeature(Embedded)
        if isOnHeap {
            unsafe pointer.deallocate()
        }
        #endif
    }

    /// The byte at an index, which is checked.
    package subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < count)
            return unsafe pointer[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe pointer[index] = newValue
        }
    }

    /// Lends all bytes.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let buffer = unsafe UnsafeRawBufferPointer(start: pointer, count: count)
        return try unsafe body(buffer.bytes)
    }

    /// Copies `bytes` to `offset`; both ends are checked.
    package func write(_ bytes: RawSpan, at offset: Int) {
        precondition(offset >= 0 && bytes.byteCount <= count - offset)
        let target = unsafe UnsafeMutableRawPointer(pointer + offset)
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe target.copyMemory(from: base, byteCount: source.count)
        }
    }

    /// A slice for the core, valid while this storage lives.
    func slice(_ offset: Int, _ length: Int) -> husk_bytes {
        precondition(offset >= 0 && length >= 0 && offset + length <= count)
        return unsafe husk_bytes(data: UnsafePointer(pointer + offset), len: length)
    }
}

// As above; its owner writes to it only before it is shared.
extension PinnedBytes: @unchecked Sendable {}

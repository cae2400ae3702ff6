// Storage for secrets: memory that never moves while it lives and is wiped before it is given back.
internal import CHusk

/// One C struct on the heap. Moving a `Pinned` moves a pointer, so no copy of the struct is ever left behind.
@safe struct Pinned<Value>: ~Copyable {
    let pointer: UnsafeMutablePointer<Value>

    /// Zeroed storage. `Value` is a C struct for which all zeros is a valid value.
    init(zeroed: Value.Type) {
        unsafe pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe UnsafeMutableRawPointer(pointer).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<Value>.size)
    }

    deinit {
        unsafe husk_wipe(pointer, MemoryLayout<Value>.size)
        unsafe pointer.deallocate()
    }
}

// The pointer is the only one to its memory and goes where the value goes. Writes happen in mutating or consuming
// methods of the owning type, or before the value is shared.
extension Pinned: @unchecked Sendable {}

/// A run of bytes on the heap.
@safe package struct PinnedBytes: ~Copyable {
    package let pointer: UnsafeMutablePointer<UInt8>
    package let count: Int

    package init(count: Int) {
        // malloc(0) may give NULL; one byte keeps the pointer valid.
        unsafe pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
        unsafe pointer.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit {
        unsafe husk_wipe(pointer, max(count, 1))
        unsafe pointer.deallocate()
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

extension RawSpan {
    /// Lends the span to a C call as a slice.
    @inline(__always)
    func withSlice<Result: ~Copyable, Failure: Error>(
        _ body: (husk_bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) -> Result in
            try unsafe body(
                husk_bytes(data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), len: bytes.count))
        }
    }
}

extension Array<UInt8> {
    /// A copy of what the core lends.
    init(_ slice: husk_bytes) {
        self = unsafe Array(UnsafeBufferPointer(start: slice.data, count: slice.len))
    }
}

// Between spans and the core's pointers: what is lent in, written out, and found again in a buffer.
internal import CHusk

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

/// Where a C call writes to: at most `capacity` bytes. It sets the count of those it wrote.
typealias Writing = (_ out: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ count: inout Int) -> husk_status

extension OutputRawSpan {
    /// Appends what a C call writes. After an error nothing was appended.
    @inline(__always)
    mutating func append(_ body: Writing) throws(HuskError) {
        try unsafe withUnsafeMutableBytes { (buffer, initialized) throws(HuskError) in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initialized...])
            var count = 0
            try unsafe check(body(rest.baseAddress?.assumingMemoryBound(to: UInt8.self), rest.count, &count))
            initialized += count
        }
    }
}

extension MutableRawSpan {
    /// What a C call writes goes to the beginning. Gives the count of bytes.
    @inline(__always)
    mutating func write(_ body: Writing) throws(HuskError) -> Int {
        try unsafe withUnsafeMutableBytes { (buffer) throws(HuskError) in
            var count = 0
            try unsafe check(body(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count, &count))
            return count
        }
    }

    /// Lends all of it to a C call that works in place, and then to `locate`, to say where in it something is.
    @inline(__always)
    mutating func inPlace<Found>(
        _ body: (UnsafeMutablePointer<UInt8>?, Int) -> husk_status, _ locate: (Located) throws(HuskError) -> Found
    ) throws(HuskError) -> Found {
        try unsafe withUnsafeMutableBytes { (buffer) throws(HuskError) in
            try unsafe check(body(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count))
            return try unsafe locate(Located(base: buffer.baseAddress, count: buffer.count))
        }
    }
}

/// A buffer that the core has written views of, which become ranges of it.
@safe struct Located {
    let base: UnsafeRawPointer?
    let count: Int

    init(base: UnsafeRawPointer?, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    /// Where a view lies; empty for an empty one, and for one that lies elsewhere.
    func range(_ slice: husk_bytes) -> Range<Int> {
        guard let base = unsafe base, let data = unsafe slice.data, unsafe slice.len > 0 else { return 0..<0 }
        let offset = unsafe UnsafeRawPointer(data) - base
        guard unsafe offset >= 0 && slice.len <= count - offset else { return 0..<0 }
        return unsafe Range(uncheckedBounds: (offset, offset + slice.len))
    }
}

extension Array<UInt8> {
    /// A copy of what the core lends.
    init(_ slice: husk_bytes) {
        self = unsafe Array(UnsafeBufferPointer(start: slice.data, count: slice.len))
    }
}

/// The bytes that `body` writes, at most `capacity`.
func composed(
    _ capacity: Int, _ body: (UnsafeMutablePointer<UInt8>?, inout Int) throws(HuskError) -> Void
) throws(HuskError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: capacity)
    var length = 0
    try unsafe out.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        try unsafe body(buffer.baseAddress, &length)
    }
    out.removeLast(capacity - length)
    return out
}

extension husk_bytes {
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), len: bytes.count)
    }
}

// Protected messages in SwiftNIO's buffers: decrypted where they were read, written where they will be sent from.
#if Gateway
public import Husk
public import NIOCore

extension ByteBuffer {
    /// Appends what `body` does, with room for so many bytes; nothing after an error.
    fileprivate mutating func append(
        _ capacity: Int, _ body: (inout OutputRawSpan) throws(HuskError) -> Void
    ) throws(HuskError) {
        var failure: HuskError?
        unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { bytes in
            var out = unsafe OutputRawSpan(buffer: bytes, initializedCount: 0)
            do throws(HuskError) {
                try body(&out)
            } catch {
                failure = error
            }
            return unsafe out.finalize(for: bytes)
        }
        if let failure { throw failure }
    }

    /// Lends the readable bytes to be decrypted in place.
    fileprivate mutating func inPlace<Result>(
        _ body: (inout MutableRawSpan) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        var result: Swift.Result<Result, HuskError>?
        unsafe withUnsafeMutableReadableBytes { bytes in
            result = Swift.Result { () throws(HuskError) in
                var span = unsafe bytes.mutableBytes
                return try body(&span)
            }
        }
        // Called once.
        return try result!.get()
    }

    /// The part of the readable bytes that a layout names; shares the storage.
    public func slice(_ range: Range<Int>) -> ByteBuffer? {
        getSlice(at: readerIndex + range.lowerBound, length: range.count)
    }
}

extension SecurityContext {
    /// Client: appends the protected form of a plain, encoded request to `out`. Errors as
    /// ``protect(request:into:exchange:)``.
    public mutating func protect(
        request plain: ByteBuffer, into out: inout ByteBuffer, exchange: inout Exchange
    ) throws(HuskError) {
        try out.append(plain.readableBytes + Self.overheadMaximum) { (out) throws(HuskError) in
            try plain.lend { (plain) throws(HuskError) in
                try protect(request: plain, into: &out, exchange: &exchange)
            }
        }
    }

    /// Server: appends the protected form of a plain, encoded response to `out`. Errors as
    /// ``protect(response:into:exchange:ownPartialIV:)``.
    public mutating func protect(
        response plain: ByteBuffer, into out: inout ByteBuffer, exchange: inout Exchange, ownPartialIV: Bool = false
    ) throws(HuskError) {
        try out.append(plain.readableBytes + Self.overheadMaximum) { (out) throws(HuskError) in
            try plain.lend { (plain) throws(HuskError) in
                try protect(response: plain, into: &out, exchange: &exchange, ownPartialIV: ownPartialIV)
            }
        }
    }

    /// Server: verifies a request and decrypts it in place; the parts are ranges of the readable bytes. Errors as
    /// ``unprotect(request:exchange:)``.
    public mutating func unprotect(
        request datagram: inout ByteBuffer, exchange: inout Exchange
    ) throws(HuskError) -> CoAPLayout {
        try datagram.inPlace { (bytes) throws(HuskError) in try unprotect(request: &bytes, exchange: &exchange) }
    }

    /// Client: the same for a response.
    public mutating func unprotect(
        response datagram: inout ByteBuffer, exchange: inout Exchange
    ) throws(HuskError) -> CoAPLayout {
        try datagram.inPlace { (bytes) throws(HuskError) in try unprotect(response: &bytes, exchange: &exchange) }
    }
}

extension FrameContext {
    /// Appends the frame of a payload to `out`. Errors as ``seal(_:into:withIdentifier:)``.
    public mutating func seal(
        _ payload: ByteBuffer, into out: inout ByteBuffer, withIdentifier: Bool = true
    ) throws(HuskError) {
        try out.append(payload.readableBytes + Self.overheadMaximum) { (out) throws(HuskError) in
            try payload.lend { (payload) throws(HuskError) in
                try seal(payload, into: &out, withIdentifier: withIdentifier)
            }
        }
    }

    /// Verifies a frame and decrypts it in place; the payload is a range of the readable bytes. Errors as ``open(_:)``.
    public mutating func open(
        _ frame: inout ByteBuffer
    ) throws(HuskError) -> (payload: Range<Int>, number: UInt64) {
        try frame.inPlace { (bytes) throws(HuskError) in try open(&bytes) }
    }
}

extension ByteBuffer {
    /// Lends the readable bytes.
    fileprivate func lend<Result>(
        _ body: (RawSpan) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        var result: Swift.Result<Result, HuskError>?
        unsafe withUnsafeReadableBytes { bytes in
            result = Swift.Result { () throws(HuskError) in try unsafe body(bytes.bytes) }
        }
        // Called once.
        return try result!.get()
    }
}
#endif

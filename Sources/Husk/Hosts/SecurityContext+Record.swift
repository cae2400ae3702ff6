// A security context that outlives its process: what of it is stored once, and what is stored as it changes.
#if !hasFeature(Embedded)
internal import CHusk

extension SecurityContext {
    /// What changes, and has to be stored before what depends on it leaves. Not secret.
    package struct Progress: Sendable, Equatable {
        /// Below it, numbers may have been used: a stored context goes on with this one (RFC 8613 appendix B.1.1).
        package var senderLimit: UInt64
        /// The replay window (RFC 8613 section 3.2.2).
        package var windowTop: UInt64
        package var windowBits: UInt32
        package var forgedCount: UInt32

        package init(senderLimit: UInt64, windowTop: UInt64, windowBits: UInt32, forgedCount: UInt32) {
            self.senderLimit = senderLimit
            self.windowTop = windowTop
            self.windowBits = windowBits
            self.forgedCount = forgedCount
        }
    }

    package var progress: Progress {
        unsafe Progress(
            senderLimit: pointer.pointee.sender_limit, windowTop: pointer.pointee.window_top,
            windowBits: pointer.pointee.window_bits, forgedCount: pointer.pointee.count_v)
    }

    /// First Partial IV that may not be used: what is reserved in storage.
    package var senderLimit: UInt64 {
        get { unsafe pointer.pointee.sender_limit }
        set { unsafe pointer.pointee.sender_limit = min(newValue, UInt64(HUSK_OSCORE_SEQUENCE_MAX) + 1) }
    }

    /// algorithm (1) | usage limits (8, 4, 4) | sender, recipient (1 + 7 each) | ID Context (1 + 1 + 8) |
    /// sender key (32) | recipient key (32) | common IV (13)
    package static var recordCount: Int { 1 + 16 + 16 + 10 + 32 + 32 + 13 }

    /// Lends what never changes of this context, keys included, in storage that is wiped afterwards.
    package borrowing func withRecord<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let record = PinnedBytes(count: Self.recordCount)
        let context = unsafe pointer
        // COSE algorithms 10, 24 and 30 fit a byte.
        unsafe record[0] = UInt8(truncatingIfNeeded: context.pointee.aead.pointee.cose_alg)
        var at = 1
        func number(_ value: UInt64, _ count: Int) {
            for index in 0..<count {
                record[at + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index)))
            }
            at += count
        }
        func copy(_ bytes: UnsafeRawBufferPointer) {
            unsafe record.write(bytes.bytes, at: at)
            at += bytes.count
        }
        unsafe number(context.pointee.limit_q, 8)
        unsafe number(UInt64(context.pointee.limit_v), 4)
        unsafe number(UInt64(context.pointee.limit_l), 4)
        unsafe withUnsafeBytes(of: &context.pointee.sender_id) { unsafe copy($0) }
        unsafe withUnsafeBytes(of: &context.pointee.recipient_id) { unsafe copy($0) }
        unsafe number(context.pointee.has_id_context ? 1 : 0, 1)
        unsafe number(UInt64(context.pointee.id_context_len), 1)
        unsafe withUnsafeBytes(of: &context.pointee.id_context) { unsafe copy($0) }
        unsafe withUnsafeBytes(of: &context.pointee.sender_key) { unsafe copy($0) }
        unsafe withUnsafeBytes(of: &context.pointee.recipient_key) { unsafe copy($0) }
        unsafe withUnsafeBytes(of: &context.pointee.common_iv) { unsafe copy($0) }
        return try record.withBytes(body)
    }

    /// Goes on with a context that was stored, from the first number that was not reserved.
    ///
    /// - Parameter suites: whose tables it goes on with: those of the first that has its algorithm
    /// - Throws: ``HuskError/format`` if the record is none, or no suite has its algorithm.
    package init(
        record: RawSpan, progress: Progress, suites: [CipherSuite] = [.suite0, .suite4]
    ) throws(HuskError) {
        self.init()
        guard record.byteCount == Self.recordCount else { throw .format }
        let context = unsafe pointer
        let bytes = PinnedBytes(count: record.byteCount)
        bytes.write(record, at: 0)
        let algorithm = Int32(bytes[0])
        let suite = suites.first { unsafe $0.table.pointee.app_aead.pointee.cose_alg == algorithm }
        guard let suite else { throw .format }
        unsafe context.pointee.aead = suite.table.pointee.app_aead
        var at = 1
        func number(_ count: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in 0..<count {
                value = value << 8 | UInt64(bytes[at + index])
            }
            at += count
            return value
        }
        func copy(_ target: UnsafeMutableRawBufferPointer) {
            for index in 0..<target.count {
                unsafe target[index] = bytes[at + index]
            }
            at += target.count
        }
        unsafe context.pointee.limit_q = number(8)
        unsafe context.pointee.limit_v = UInt32(truncatingIfNeeded: number(4))
        unsafe context.pointee.limit_l = UInt32(truncatingIfNeeded: number(4))
        unsafe withUnsafeMutableBytes(of: &context.pointee.sender_id) { unsafe copy($0) }
        unsafe withUnsafeMutableBytes(of: &context.pointee.recipient_id) { unsafe copy($0) }
        unsafe context.pointee.has_id_context = number(1) == 1
        unsafe context.pointee.id_context_len = UInt8(truncatingIfNeeded: number(1))
        unsafe withUnsafeMutableBytes(of: &context.pointee.id_context) { unsafe copy($0) }
        unsafe withUnsafeMutableBytes(of: &context.pointee.sender_key) { unsafe copy($0) }
        unsafe withUnsafeMutableBytes(of: &context.pointee.recipient_key) { unsafe copy($0) }
        unsafe withUnsafeMutableBytes(of: &context.pointee.common_iv) { unsafe copy($0) }
        let lengths = unsafe (
            context.pointee.sender_id.len, context.pointee.recipient_id.len, context.pointee.id_context_len
        )
        guard lengths.0 <= UInt8(HUSK_OSCORE_ID_MAX_BYTES), lengths.1 <= UInt8(HUSK_OSCORE_ID_MAX_BYTES),
            lengths.2 <= UInt8(HUSK_OSCORE_ID_CONTEXT_MAX_BYTES)
        else { throw .format }
        unsafe context.pointee.sender_sequence = progress.senderLimit
        unsafe context.pointee.sender_limit = progress.senderLimit
        unsafe context.pointee.window_top = progress.windowTop
        unsafe context.pointee.window_bits = progress.windowBits
        unsafe context.pointee.count_v = progress.forgedCount
    }
}
#endif

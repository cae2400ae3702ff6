// Messages in pieces, on hosts.
#if !hasFeature(Embedded)
internal import CHusk

/// A message cut into pieces, each to be sealed as a frame of its own, one after the other.
public struct Fragments: Sendable {
    /// The payloads of the frames to send, in their order.
    public let payloads: [[UInt8]]

    /// - Parameters:
    ///   - message: what is cut
    ///   - fragmentBytes: longest payload of a frame, which ``FrameContext/longestPayload(inFramesOf:withIdentifier:)``
    ///     says.
    /// - Throws: ``HuskError/argument`` if it takes more than 128.
    public init(of message: RawSpan, fragmentBytes: Int) throws(HuskError) {
        payloads = try unsafe message.withSlice { (slice) throws(HuskError) in
            var fragmenter = unsafe husk_fragmenter()
            try unsafe check(husk_fragmenter_init(&fragmenter, slice, max(fragmentBytes, 0)))
            var payloads: [[UInt8]] = []
            while unsafe !fragmenter.done {
                payloads.append(
                    try unsafe composed(fragmentBytes) { (out, length) throws(HuskError) in
                        length = unsafe husk_fragmenter_next(&fragmenter, out)
                    })
            }
            return payloads
        }
    }
}

/// Puts the fragments of one peer's messages together, in memory of a fixed size. Verified fragments only: each is the
/// payload of a frame that opened. One per ``FrameContext``, and a new one with new keys.
@safe public struct Reassembly: ~Copyable, Sendable {
    private let storage = unsafe Pinned(zeroed: husk_reassembly.self)
    private let buffer: PinnedBytes

    /// For messages of up to `capacity` bytes.
    public init(capacity: Int) {
        buffer = PinnedBytes(count: max(capacity, 0))
        unsafe husk_reassembly_init(storage.pointer, buffer.pointer, buffer.count)
    }

    /// Takes a fragment; gives the message that it completed.
    ///
    /// - Throws: ``HuskError/replay`` for one of an older message, ``HuskError/format`` if it contradicts what arrived
    ///   before, ``HuskError/buffer`` if the message is too long; nothing has changed then.
    public mutating func take(_ fragment: OpenedFrame) throws(HuskError) -> [UInt8]? {
        let target = unsafe storage.pointer
        return try unsafe fragment.payload.span.bytes.withSlice { (slice) throws(HuskError) in
            var message = unsafe husk_bytes()
            try unsafe check(husk_reassembly_take(target, fragment.number, slice, &message))
            return unsafe message.data == nil ? nil : [UInt8](message)
        }
    }
}
#endif

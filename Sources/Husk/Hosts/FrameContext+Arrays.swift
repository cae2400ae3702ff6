// Frames on hosts: memory of the heap, and frames as arrays.
#if !hasFeature(Embedded)
internal import CHusk

/// A frame that verified.
public struct OpenedFrame: Sendable, Hashable {
    /// What the peer sealed; may be empty.
    public var payload: [UInt8]
    /// Of the frame, given by its sender: the one thing to tell frames apart by.
    public var number: UInt64
}

extension FrameContext {
    /// One to be filled in.
    init() {
        unsafe self.init(Pinned(zeroed: husk_frame_context.self))
    }

    /// Derives a context from secrets that were provisioned, for the algorithms of `suite`. Its keys are others than
    /// those of a ``SecurityContext`` from the same secrets.
    ///
    /// - Throws: ``HuskError/argument`` for a secret under 16 bytes, an ID Context over 8 or equal identifiers.
    public init(
        masterSecret: RawSpan, masterSalt: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws(HuskError) {
        var heap = PinnedMemory.heap
        guard let idContext else {
            try self.init(
                masterSecret: masterSecret, masterSalt: masterSalt, senderID: senderID, recipientID: recipientID,
                idContext: nil, suite: suite, in: &heap)
            return
        }
        try unsafe self.init(
            masterSecret: masterSecret, masterSalt: masterSalt, senderID: senderID, recipientID: recipientID,
            idContext: idContext.span.bytes, suite: suite, in: &heap)
    }

    /// Seals a payload, which may be empty, as ``seal(_:into:withIdentifier:)-(_,OutputRawSpan,_)``.
    public mutating func seal(_ payload: RawSpan, withIdentifier: Bool = true) throws(HuskError) -> [UInt8] {
        let capacity = payload.byteCount + Self.overheadMaximum
        let context = unsafe pointer
        return try unsafe payload.withSlice { (slice) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(husk_frame_seal(context, withIdentifier, slice, out, capacity, &length))
            }
        }
    }

    /// Seals a payload into a frame of its own.
    public mutating func seal(_ payload: [UInt8], withIdentifier: Bool = true) throws(HuskError) -> [UInt8] {
        try unsafe seal(payload.span.bytes, withIdentifier: withIdentifier)
    }

    /// Verifies and decrypts a frame, as ``open(_:)-(MutableRawSpan)``, and leaves the one that came as it is.
    public mutating func open(_ frame: RawSpan) throws(HuskError) -> OpenedFrame {
        let copy = PinnedBytes(count: frame.byteCount)
        copy.write(frame, at: 0)
        var message = unsafe husk_frame_message()
        try unsafe check(husk_frame_open(pointer, copy.pointer, copy.count, &message))
        return unsafe OpenedFrame(payload: [UInt8](message.payload), number: message.number)
    }

    /// Verifies and decrypts a frame.
    public mutating func open(_ frame: [UInt8]) throws(HuskError) -> OpenedFrame {
        try unsafe open(frame.span.bytes)
    }
}

extension Frame {
    /// The same for an array.
    public init(inspecting frame: [UInt8]) throws(HuskError) {
        try unsafe self.init(inspecting: frame.span.bytes)
    }
}
#endif

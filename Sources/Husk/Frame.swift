// Frames: the protection of OSCORE for links without CoAP (see the article Frame).
internal import CHusk

/// Keys, sequence number and replay window for the frames of one session. Cannot be copied: two copies would spend the
/// same nonces.
///
/// The peers are equal. A frame that opens comes from the peer, is new and unchanged; it is not bound to what it
/// answers, so an application that pairs questions with answers puts the question's number into the answer.
@safe public struct FrameContext: ~Copyable, Sendable {
    private let storage: Pinned<husk_frame_context>

    var pointer: UnsafeMutablePointer<husk_frame_context> { unsafe storage.pointer }

    init() {
        unsafe storage = Pinned(zeroed: husk_frame_context.self)
    }

    /// Derives a context from secrets that were provisioned, for the algorithms of `suite`. Its keys are others than
    /// those of a ``SecurityContext`` from the same secrets.
    ///
    /// - Throws: ``HuskError/argument`` for a secret under 16 bytes, an ID Context over 8 or equal identifiers.
    public init(
        masterSecret: RawSpan, masterSalt: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws(HuskError) {
        self.init()
        let target = unsafe pointer
        try unsafe withContextParameters(masterSecret, masterSalt, senderID, recipientID, idContext, suite) {
            unsafe husk_frame_context_init(target, $0)
        }
    }

    public var senderID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.oscore.sender_id) }

    public var recipientID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.oscore.recipient_id) }

    /// The number of the frame that is sealed next.
    public var nextNumber: UInt64 {
        get { unsafe husk_frame_next_number(pointer) }
        /// Only for a context that was kept somewhere: never set it back to a number that was used.
        set { unsafe pointer.pointee.oscore.sender_sequence = newValue }
    }

    /// Whether new keys are due, because a usage limit is reached.
    public var isExhausted: Bool { unsafe husk_frame_is_exhausted(pointer) }

    /// Seals a payload, which may be empty.
    ///
    /// - Parameter withIdentifier: whether the frame names its sender; not needed on a point-to-point link.
    /// - Throws: ``HuskError/exhausted``, and ``HuskError/argument`` for a payload that is too long for one message.
    public mutating func seal(_ payload: RawSpan, withIdentifier: Bool = true) throws(HuskError) -> [UInt8] {
        let capacity = payload.byteCount + Self.overheadMaximum
        let context = unsafe pointer
        return try unsafe payload.withSlice { (slice) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(husk_frame_seal(context, withIdentifier, slice, out, capacity, &length))
            }
        }
    }

    /// Verifies and decrypts a frame. Throws ``HuskError/format``, ``HuskError/unsupported``, ``HuskError/context``,
    /// ``HuskError/replay``, ``HuskError/authentication``, ``HuskError/exhausted``; it was then as if it had not come.
    public mutating func open(_ frame: RawSpan) throws(HuskError) -> FrameMessage {
        let copy = PinnedBytes(count: frame.byteCount)
        copy.write(frame, at: 0)
        var message = unsafe husk_frame_message()
        try unsafe check(husk_frame_open(pointer, copy.pointer, copy.count, &message))
        return unsafe FrameMessage(payload: [UInt8](message.payload), number: message.number)
    }

    /// The longest payload that frames of `frameBytes` carry, whatever the lengths of the next 128 numbers; 0 if none.
    public borrowing func longestPayload(inFramesOf frameBytes: Int, withIdentifier: Bool = true) -> Int {
        unsafe husk_frame_payload_max(pointer, withIdentifier, max(frameBytes, 0))
    }

    /// HUSK_FRAME_OVERHEAD_MAX_BYTES.
    static let overheadMaximum = 14 + Int(HUSK_AEAD_TAG_MAX_BYTES)
}

/// What a frame carried.
public struct FrameMessage: Sendable, Hashable {
    public var payload: [UInt8]
    /// Of the frame, given by its sender: the one thing to tell frames apart by.
    public var number: UInt64
}

/// What a frame says before it is verified: what it is, and for whom.
public struct FrameHeader: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case data
        /// message_1 to message_4 of EDHOC.
        case edhoc(message: Int)
        case edhocError
        case keyUpdate
    }

    public var kind: Kind
    /// The identifier that the receiver chose; nil on a point-to-point link.
    public var identifier: ConnectionIdentifier?

    /// - Throws: ``HuskError/format`` for what is no frame in its one encoding, ``HuskError/unsupported`` for reserved
    ///   flags, ``HuskError/context`` for an identifier that is longer than any.
    public init(reading frame: RawSpan) throws(HuskError) {
        self = try unsafe frame.withSlice { (slice) throws(HuskError) in
            var header = unsafe husk_frame_header()
            try unsafe check(husk_frame_header_read(slice.data, slice.len, &header))
            return try unsafe FrameHeader(header)
        }
    }

    private init(_ header: husk_frame_header) throws(HuskError) {
        switch unsafe Int32(header.kind) {
        case HUSK_FRAME_DATA: kind = .data
        case HUSK_FRAME_KUDOS: kind = .keyUpdate
        case HUSK_FRAME_EDHOC_ERROR: kind = .edhocError
        default: kind = unsafe .edhoc(message: Int(header.kind))
        }
        guard unsafe header.has_kid else {
            identifier = nil
            return
        }
        guard unsafe header.kid.len <= Int(HUSK_OSCORE_ID_MAX_BYTES) else { throw .context }
        identifier = try unsafe ConnectionIdentifier([UInt8](header.kid))
    }
}

/// A message cut into pieces, each to be sealed as a frame of its own, one after the other.
public struct Fragments: Sendable {
    /// The payloads of the frames to send, in their order.
    public let payloads: [[UInt8]]

    /// - Parameter fragmentBytes: longest payload of a frame, which
    ///   ``FrameContext/longestPayload(inFramesOf:withIdentifier:)`` says.
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
    public mutating func take(_ fragment: FrameMessage) throws(HuskError) -> [UInt8]? {
        let target = unsafe storage.pointer
        return try unsafe fragment.payload.span.bytes.withSlice { (slice) throws(HuskError) in
            var message = unsafe husk_bytes()
            try unsafe check(husk_reassembly_take(target, fragment.number, slice, &message))
            return unsafe message.data == nil ? nil : [UInt8](message)
        }
    }
}

// Frames: the protection of OSCORE for links without CoAP (see the article Frame).
internal import CHusk

/// What a frame says without any key: what it is, and for whom. NOTHING here is authenticated: it serves to find the
/// context.
public struct Frame: Sendable, Hashable {
    /// What frames are for.
    public enum Kind: Sendable, Hashable {
        /// Protected data.
        case data
        /// message_1 to message_4 of EDHOC.
        case edhoc(message: Int)
        /// An EDHOC error message.
        case edhocError
        /// A message of KUDOS.
        case keyUpdate
    }

    /// What the frame is for.
    public var kind: Kind
    /// The identifier that the receiver chose; nil on a point-to-point link.
    public var identifier: ConnectionIdentifier?

    /// Takes a frame apart.
    ///
    /// - Throws: ``HuskError/format`` for what is no frame in its one encoding, ``HuskError/unsupported`` for reserved
    ///   flags, ``HuskError/context`` for an identifier that is longer than any.
    public init(inspecting frame: RawSpan) throws(HuskError) {
        self = try unsafe frame.withSlice { (slice) throws(HuskError) in
            var header = unsafe husk_frame_header()
            try unsafe check(husk_frame_header_read(slice.data, slice.len, &header))
            return try unsafe Frame(header)
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
        identifier = try unsafe ConnectionIdentifier(header.kid)
    }
}

/// Keys, sequence number and replay window for the frames of one session. Cannot be copied: two copies would spend the
/// same nonces.
///
/// The peers are equal. A frame that opens comes from the peer, is new and unchanged; it is not bound to what it
/// answers, so an application that pairs questions with answers puts the question's number into the answer.
@safe public struct FrameContext: ~Copyable, Sendable {
    private let storage: Pinned<husk_frame_context>

    var pointer: UnsafeMutablePointer<husk_frame_context> { unsafe storage.pointer }

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    init(_ storage: consuming Pinned<husk_frame_context>) {
        unsafe self.storage = unsafe storage
    }

    /// Derives a context from secrets that were provisioned, for the algorithms of `suite`. Its keys are others than
    /// those of a ``SecurityContext`` from the same secrets.
    ///
    /// - Throws: ``HuskError/argument`` for a secret under 16 bytes, an ID Context over 8 or equal identifiers,
    ///   ``HuskError/buffer`` if `memory` has no room.
    public init(
        masterSecret: RawSpan, masterSalt: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: RawSpan? = nil, suite: CipherSuite = .suite0, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let storage = try unsafe Pinned(zeroed: husk_frame_context.self, in: &memory)
        try unsafe withContextParameters(masterSecret, masterSalt, senderID, recipientID, idContext, suite) {
            unsafe husk_frame_context_init(storage.pointer, $0)
        }
        unsafe self.init(storage)
    }

    /// Names the frames this side seals.
    public var senderID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.oscore.sender_id) }

    /// Names the frames this side opens.
    public var recipientID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.oscore.recipient_id) }

    /// The number of the frame that is sealed next.
    public var nextNumber: UInt64 {
        get { unsafe husk_frame_next_number(pointer) }
        /// Only for a context that was kept somewhere: never set it back to a number that was used.
        set { unsafe pointer.pointee.oscore.sender_sequence = newValue }
    }

    /// Whether new keys are due, because a usage limit is reached.
    public var isExhausted: Bool { unsafe husk_frame_is_exhausted(pointer) }

    /// Seals a payload, which may be empty, and appends the frame to `out`: ``overheadMaximum`` bytes more at most.
    ///
    /// - Parameters:
    ///   - payload: what is sealed; may be empty
    ///   - out: where it is appended
    ///   - withIdentifier: whether the frame names its sender; not needed on a point-to-point link
    /// - Throws: ``HuskError/exhausted``, ``HuskError/argument`` for a payload that is too long for one message,
    ///   ``HuskError/buffer`` if the frame does not fit; nothing was appended then, and no number spent.
    public mutating func seal(
        _ payload: RawSpan, into out: inout OutputRawSpan, withIdentifier: Bool = true
    ) throws(HuskError) {
        try unsafe payload.withSlice { (slice) throws(HuskError) in
            try unsafe out.append { out, capacity, count in
                unsafe husk_frame_seal(pointer, withIdentifier, slice, out, capacity, &count)
            }
        }
    }

    /// The same for a microcontroller: the frame is written to the beginning of `out`, and its length returned.
    public mutating func seal(
        _ payload: RawSpan, into out: inout MutableRawSpan, withIdentifier: Bool = true
    ) throws(HuskError) -> Int {
        try unsafe payload.withSlice { (slice) throws(HuskError) in
            try unsafe out.write { out, capacity, count in
                unsafe husk_frame_seal(pointer, withIdentifier, slice, out, capacity, &count)
            }
        }
    }

    /// The same for a payload that lies in `buffer` already, anywhere: the frame is written over it, to the beginning.
    ///
    /// - Throws: as above, and ``HuskError/argument`` for a range outside the buffer.
    public mutating func seal(
        payloadAt range: Range<Int>, in buffer: inout MutableRawSpan, withIdentifier: Bool = true
    ) throws(HuskError) -> Int {
        guard range.lowerBound >= 0 && range.upperBound <= buffer.byteCount else { throw .argument }
        return try unsafe buffer.write { out, capacity, count in
            let payload = unsafe husk_bytes(
                data: out.map { unsafe UnsafePointer($0 + range.lowerBound) }, len: range.count)
            return unsafe husk_frame_seal(pointer, withIdentifier, payload, out, capacity, &count)
        }
    }

    /// Verifies a frame and decrypts it in place; says where its payload lies, and the frame's number.
    ///
    /// - Throws: ``HuskError/format``, ``HuskError/unsupported``, ``HuskError/context``, ``HuskError/replay``,
    ///   ``HuskError/authentication``, ``HuskError/exhausted``; to the context it was then as if it had not come.
    public mutating func open(
        _ frame: inout MutableRawSpan
    ) throws(HuskError) -> (payload: Range<Int>, number: UInt64) {
        var message = unsafe husk_frame_message()
        return try unsafe frame.inPlace { bytes, count in
            unsafe husk_frame_open(pointer, bytes, count, &message)
        } _: { buffer in unsafe (buffer.range(message.payload), message.number) }
    }

    /// The longest payload that frames of `frameBytes` carry, whatever the lengths of the next 128 numbers; 0 if none.
    public borrowing func longestPayload(inFramesOf frameBytes: Int, withIdentifier: Bool = true) -> Int {
        unsafe husk_frame_payload_max(pointer, withIdentifier, max(frameBytes, 0))
    }

    /// What a frame is at most longer than its payload (HUSK_FRAME_OVERHEAD_MAX_BYTES).
    public static var overheadMaximum: Int { 14 + Int(HUSK_AEAD_TAG_MAX_BYTES) }
}

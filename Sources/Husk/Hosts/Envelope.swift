// Envelopes as whoever carries them sees them: metadata in clear, content sealed (RFC 9052).
#if !hasFeature(Embedded)
internal import CHusk

/// What everybody on the way may read, and nobody can change unnoticed. Times are seconds since 1970-01-01T00:00Z.
public struct EnvelopeMetadata: Sendable, Hashable {
    /// Who sealed it, at most 255 bytes of UTF-8 (CWT claim `iss`).
    public var source: String?
    /// Whom it is for, at most 255 bytes of UTF-8 (CWT claim `aud`).
    public var destination: String?
    /// A CoAP Content-Format, such as 60 for CBOR.
    public var contentFormat: UInt16?
    /// When it was sealed (CWT claim `iat`).
    public var time: UInt64?
    /// From then on it is refused (CWT claim `exp`).
    public var deadline: UInt64?
    /// Greater is more urgent.
    public var priority: UInt8?
    /// At most 255.
    public var tags: [String]

    /// What is left out is not said.
    public init(
        source: String? = nil, destination: String? = nil, contentFormat: UInt16? = nil, time: UInt64? = nil,
        deadline: UInt64? = nil, priority: UInt8? = nil, tags: [String] = []
    ) {
        self.source = source
        self.destination = destination
        self.contentFormat = contentFormat
        self.time = time
        self.deadline = deadline
        self.priority = priority
        self.tags = tags
    }
}

/// An envelope that was looked at, without any key. NOTHING here is authenticated: it may serve to carry, sort or drop
/// the envelope, never to act on its behalf. See ``EnvelopeOpener`` for what may be acted upon.
public struct Envelope: Sendable, Hashable {
    /// What is written on it.
    public let metadata: EnvelopeMetadata
    /// The COSE algorithm identifier of the content.
    public let algorithm: Int32
    /// Which key it is sealed under; nil if it does not say.
    public let keyIdentifier: [UInt8]?
    /// A content type that is no Content-Format.
    public let mediaType: String?
    /// 1, or how many recipients it has.
    public let recipientCount: Int
    /// Whether it has a list of recipients (COSE_Encrypt): then it opens with a key that wraps.
    public let hasRecipientList: Bool
    /// Length of the sealed content with its tag.
    public let ciphertextCount: Int

    /// Takes an envelope apart.
    ///
    /// - Throws: ``HuskError/format`` if it is malformed, ``HuskError/unsupported`` for a critical header parameter
    ///   that is not understood, and other things that are legal COSE but not spoken here (see `husk/envelope.h`).
    public init(inspecting bytes: RawSpan) throws(HuskError) {
        self = try unsafe bytes.withSlice { (slice) throws(HuskError) -> Envelope in
            var view = unsafe husk_envelope_view()
            try unsafe check(husk_envelope_inspect(slice.data, slice.len, &view))
            return unsafe Envelope(view)
        }
    }

    init(_ view: husk_envelope_view) {
        unsafe metadata = EnvelopeMetadata(view.metadata)
        unsafe algorithm = view.alg
        unsafe keyIdentifier = view.kid.len > 0 ? [UInt8](view.kid) : nil
        unsafe mediaType = text(view.media_type)
        unsafe recipientCount = max(view.recipient_count, 1)
        unsafe hasRecipientList = view.recipient_count > 0
        unsafe ciphertextCount = view.ciphertext.len
    }
}

/// An envelope that verified, and whose number was stored.
public struct OpenedEnvelope: Sendable, Hashable {
    /// What is written on it.
    public let metadata: EnvelopeMetadata
    /// What was sealed in it.
    public let content: [UInt8]
    /// The sender's number for it; greater is later.
    public let sequence: UInt64
}

/// A text, or nil if it is empty, which says nothing.
private func text(_ slice: husk_bytes) -> String? {
    unsafe slice.len > 0 ? String(decoding: [UInt8](slice), as: UTF8.self) : nil
}

extension EnvelopeMetadata {
    init(_ metadata: husk_envelope_metadata) {
        unsafe self.init(
            source: text(metadata.source), destination: text(metadata.destination),
            contentFormat: metadata.has_content_format ? metadata.content_format : nil,
            time: metadata.has_time ? metadata.time : nil,
            deadline: metadata.has_deadline ? metadata.deadline : nil,
            priority: metadata.has_priority ? metadata.priority : nil)
        var reader = unsafe husk_cbor_reader()
        unsafe husk_cbor_reader_init(&reader, metadata.tags.data, metadata.tags.len)
        var tag = unsafe husk_bytes()
        while unsafe husk_cbor_read_text(&reader, &tag) == HUSK_OK {
            unsafe tags.append(text(tag) ?? "")
        }
    }

    /// How many bytes it takes on the wire, at most.
    var capacity: Int {
        (source?.utf8.count ?? 0) + (destination?.utf8.count ?? 0) + encodedTags.count + 64
    }

    /// As CBOR text strings one after the other.
    private var encodedTags: [UInt8] {
        var out: [UInt8] = []
        for tag in tags {
            let bytes = Array(tag.utf8)
            var head = [UInt8](repeating: 0, count: Int(HUSK_CBOR_HEAD_MAX_BYTES))
            let used = unsafe head.withUnsafeMutableBufferPointer { head in
                var writer = unsafe husk_cbor_writer()
                unsafe husk_cbor_writer_init(&writer, head.baseAddress, head.count)
                unsafe husk_cbor_write_head(&writer, UInt8(HUSK_CBOR_TEXT), UInt64(bytes.count))
                return unsafe writer.len
            }
            out += head.prefix(used) + bytes
        }
        return out
    }

    /// Lends it to the core.
    func withView<Result>(
        _ body: (UnsafePointer<husk_envelope_metadata>) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        let from = Array((source ?? "").utf8)
        let to = Array((destination ?? "").utf8)
        let encoded = encodedTags
        return try unsafe from.span.bytes.withSlice { (from) throws(HuskError) in
            try unsafe to.span.bytes.withSlice { (to) throws(HuskError) in
                try unsafe encoded.span.bytes.withSlice { (encoded) throws(HuskError) in
                    var view = unsafe husk_envelope_metadata(
                        source: from, destination: to, has_content_format: contentFormat != nil,
                        has_time: time != nil, has_deadline: deadline != nil, has_priority: priority != nil,
                        priority: priority ?? 0, content_format: contentFormat ?? 0, time: time ?? 0,
                        deadline: deadline ?? 0, tag_count: tags.count, tags: encoded)
                    return try unsafe body(&view)
                }
            }
        }
    }
}
#endif

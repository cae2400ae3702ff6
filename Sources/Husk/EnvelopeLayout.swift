// Envelopes where they lie: what of one that was opened in place is where (RFC 9052).
internal import CHusk

/// What is said on an envelope in numbers: everybody on the way may read it, and nobody can change it unnoticed. Times
/// are seconds since 1970-01-01T00:00Z.
public struct EnvelopeStamp: Sendable, Hashable {
    /// A CoAP Content-Format, such as 60 for CBOR.
    public var contentFormat: UInt16?
    /// When it was sealed (CWT claim `iat`).
    public var time: UInt64?
    /// From then on it is refused (CWT claim `exp`).
    public var deadline: UInt64?
    /// Greater is more urgent.
    public var priority: UInt8?

    /// What an envelope says beside its names.
    public init(
        contentFormat: UInt16? = nil, time: UInt64? = nil, deadline: UInt64? = nil, priority: UInt8? = nil
    ) {
        self.contentFormat = contentFormat
        self.time = time
        self.deadline = deadline
        self.priority = priority
    }

    init(_ metadata: husk_envelope_metadata) {
        unsafe self.init(
            contentFormat: metadata.has_content_format ? metadata.content_format : nil,
            time: metadata.has_time ? metadata.time : nil,
            deadline: metadata.has_deadline ? metadata.deadline : nil,
            priority: metadata.has_priority ? metadata.priority : nil)
    }

    /// With names, for the core.
    func view(source: husk_bytes, destination: husk_bytes) -> husk_envelope_metadata {
        unsafe husk_envelope_metadata(
            source: source, destination: destination, has_content_format: contentFormat != nil, has_time: time != nil,
            has_deadline: deadline != nil, has_priority: priority != nil, priority: priority ?? 0,
            content_format: contentFormat ?? 0, time: time ?? 0, deadline: deadline ?? 0, tag_count: 0,
            tags: husk_bytes(data: nil, len: 0))
    }
}

/// Where the parts of an envelope that was opened in place lie in its buffer.
public struct EnvelopeLayout: Sendable, Hashable {
    /// The content, decrypted, in the buffer.
    public var content: Range<Int>
    /// Who sealed it, in UTF-8; empty if it does not say.
    public var source: Range<Int>
    /// Whom it is for, in UTF-8; empty if it does not say.
    public var destination: Range<Int>
    /// What else it says.
    public var stamp: EnvelopeStamp
    /// The sender's number for it; greater is later.
    public var sequence: UInt64

    @inline(__always)
    init(_ view: husk_envelope_view, _ buffer: Located) {
        unsafe content = buffer.range(view.content)
        unsafe source = buffer.range(view.metadata.source)
        unsafe destination = buffer.range(view.metadata.destination)
        unsafe stamp = EnvelopeStamp(view.metadata)
        unsafe sequence = view.sequence
    }
}

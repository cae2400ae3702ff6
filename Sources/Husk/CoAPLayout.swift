// CoAP messages where they lie: read without a copy, written without an allocation.
internal import CHusk

/// Where the parts of a CoAP message lie in a buffer: what there is of a message that was decrypted in place.
public struct CoAPLayout: Sendable, Hashable {
    /// Whether it is to be acknowledged.
    public var type: CoAPType
    /// The method or response code.
    public var code: CoAPCode
    /// Matches a message with its acknowledgement.
    public var messageID: UInt16
    /// In the buffer, as the following.
    public var token: Range<Int>
    /// Encoded options, one after the other.
    public var options: Range<Int>
    /// What the message carries, in the buffer; may be empty.
    public var payload: Range<Int>

    /// Takes a datagram apart.
    ///
    /// - Throws: ``HuskError/unsupported`` for another version of CoAP, ``HuskError/format`` for anything else that is
    ///   malformed.
    public init(decoding datagram: RawSpan) throws(HuskError) {
        self = try unsafe datagram.withView { (view, base) throws(HuskError) in unsafe CoAPLayout(view, base) }
    }

    init(_ view: husk_coap_message, _ buffer: Located) {
        // Two bits of the header, so always one of the four.
        unsafe type = CoAPType(rawValue: view.type & 3) ?? .reset
        unsafe code = CoAPCode(rawValue: view.code)
        unsafe messageID = view.message_id
        unsafe token = buffer.range(view.token)
        unsafe options = buffer.range(view.options)
        unsafe payload = buffer.range(view.payload)
    }

    /// Where the value of the first option with that number lies in the buffer; nil if there is none.
    public func option(_ number: UInt32, in buffer: RawSpan) -> Range<Int>? {
        guard options.upperBound <= buffer.byteCount else { return nil }
        return unsafe buffer.withUnsafeBytes { bytes in
            let located = unsafe Located(base: bytes.baseAddress, count: bytes.count)
            let encoded = unsafe husk_bytes(UnsafeRawBufferPointer(rebasing: bytes[options]))
            var value = unsafe husk_bytes()
            return unsafe husk_coap_option_find(encoded, number, &value) ? located.range(value) : nil
        }
    }
}

extension RawSpan {
    /// Lends a datagram as the message that it is.
    @inline(__always)
    func withView<Result>(
        _ body: (husk_coap_message, Located) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        try unsafe withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(HuskError) -> Result in
            var view = unsafe husk_coap_message()
            let slice = unsafe husk_bytes(bytes)
            try unsafe check(husk_coap_decode(slice.data, slice.len, &view))
            return try unsafe body(view, Located(base: bytes.baseAddress, count: bytes.count))
        }
    }
}

/// Writes a CoAP message straight into a buffer: options in ascending order of their numbers, then at most one payload.
///
///     let count = try CoAPWriter.write(type: .confirmable, code: .get, messageID: 7, token: token, to: &buffer) {
///         $0.option(CoAPOption.uriPath, "temperature")
///     }
@safe public struct CoAPWriter: ~Copyable {
    private var writer = unsafe husk_coap_writer()

    private init() {}

    /// Writes a message to the beginning of a buffer and gives its length.
    ///
    /// - Parameters:
    ///   - type: whether the message is to be acknowledged
    ///   - code: method or response code
    ///   - messageID: matches the message with its acknowledgement
    ///   - token: at most 8 bytes
    ///   - buffer: where the message is written
    ///   - body: what follows the token. What is wrong there is reported here.
    /// - Throws: ``HuskError/argument`` for options out of order or a token longer than 8 bytes, ``HuskError/buffer``.
    public static func write(
        type: CoAPType, code: CoAPCode, messageID: UInt16, token: RawSpan, to buffer: inout MutableRawSpan,
        _ body: (inout CoAPWriter) -> Void
    ) throws(HuskError) -> Int {
        guard token.byteCount <= Int(HUSK_COAP_TOKEN_MAX_BYTES) else { throw .argument }
        return try unsafe buffer.write { out, capacity, count in
            var writer = CoAPWriter()
            unsafe token.withSlice { token in
                unsafe husk_coap_writer_init(
                    &writer.writer, out, capacity, type.rawValue, code.rawValue, messageID, token)
            }
            body(&writer)
            return unsafe husk_coap_writer_finish(&writer.writer, &count)
        }
    }

    /// An option of bytes.
    public mutating func option(_ number: UInt32, _ value: RawSpan) {
        unsafe value.withSlice { value in
            unsafe husk_coap_write_option(&writer, number, value.data, value.len)
        }
    }

    /// An option of text.
    public mutating func option(_ number: UInt32, _ value: StaticString) {
        unsafe husk_coap_write_option(&writer, number, value.utf8Start, value.utf8CodeUnitCount)
    }

    /// An option of format uint.
    public mutating func option(_ number: UInt32, _ value: UInt32) {
        unsafe husk_coap_write_option_uint(&writer, number, value)
    }

    /// A Uri-Path option for each segment of a path such as `sensors/temperature`.
    public mutating func path(_ path: StaticString) {
        let text = unsafe UnsafeRawPointer(path.utf8Start).assumingMemoryBound(to: CChar.self)
        unsafe husk_coap_write_path(&writer, text, path.utf8CodeUnitCount)
    }

    /// The payload, after all options; an empty one writes nothing.
    public mutating func payload(_ payload: RawSpan) {
        unsafe payload.withSlice { payload in
            unsafe husk_coap_write_payload(&writer, payload.data, payload.len)
        }
    }
}

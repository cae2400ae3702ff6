// An OSCORE security context (RFC 8613) and the messages it protects.
internal import CHusk

/// Keys, sequence number and replay window of one session. Cannot be copied: two copies would spend the same nonces.
@safe public struct SecurityContext: ~Copyable, Sendable {
    private let storage: Pinned<husk_oscore_context>

    var pointer: UnsafeMutablePointer<husk_oscore_context> { unsafe storage.pointer }

    /// Binds a response to its request. One per request, kept from request to response; never used for two.
    public struct Exchange: ~Copyable, Sendable {
        var state = husk_oscore_exchange()

        public init() {}
    }

    init() {
        unsafe storage = Pinned(zeroed: husk_oscore_context.self)
    }

    /// Derives a context from secrets that were provisioned (RFC 8613 section 3.2), for the algorithms of `suite`.
    ///
    /// - Throws: ``HuskError/argument`` for a secret under 16 bytes, an ID Context over 8 or equal identifiers.
    public init(
        masterSecret: RawSpan, masterSalt: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws(HuskError) {
        self.init()
        let target = unsafe pointer
        try unsafe withContextParameters(masterSecret, masterSalt, senderID, recipientID, idContext, suite) {
            unsafe husk_oscore_context_init(target, $0)
        }
    }

    public var senderID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.sender_id) }

    public var recipientID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.recipient_id) }

    /// The next Partial IV this side will use.
    public var senderSequence: UInt64 {
        get { unsafe pointer.pointee.sender_sequence }
        /// Only for a context that was kept somewhere: never set it back to a number that was used.
        set { unsafe pointer.pointee.sender_sequence = newValue }
    }

    /// Client: protects a request and gives the datagram. Throws ``HuskError/exhausted``, ``HuskError/unsupported`` for
    /// Proxy-Uri and Observe, ``HuskError/argument``.
    public mutating func protect(
        request: CoAPMessage, exchange: inout Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = request.encodedCapacity + Int(HUSK_OSCORE_OVERHEAD_MAX_BYTES)
        let context = unsafe pointer
        return try unsafe request.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_oscore_request_protect(context, &exchange.state, view, out, capacity, &length))
            }
        }
    }

    /// Server: verifies and decrypts a request. Throws ``HuskError/format``, ``HuskError/context``,
    /// ``HuskError/replay``, ``HuskError/authentication``; the context is then as it was.
    public mutating func unprotect(
        request datagram: RawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        let context = unsafe pointer
        return try unsafe open(datagram) { bytes, length, view in
            unsafe husk_oscore_request_unprotect(context, &exchange.state, bytes, length, view)
        }
    }

    /// Server: protects a response and gives the datagram. The first one of an exchange needs no sequence number,
    /// unless `ownPartialIV` asks for one.
    public mutating func protect(
        response: CoAPMessage, exchange: inout Exchange, ownPartialIV: Bool = false
    ) throws(HuskError) -> [UInt8] {
        let capacity = response.encodedCapacity + Int(HUSK_OSCORE_OVERHEAD_MAX_BYTES)
        let context = unsafe pointer
        return try unsafe response.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_oscore_response_protect(
                        context, &exchange.state, ownPartialIV, view, out, capacity, &length))
            }
        }
    }

    /// Client: verifies and decrypts the response to the request of `exchange`.
    public mutating func unprotect(
        response datagram: RawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        let context = unsafe pointer
        return try unsafe open(datagram) { bytes, length, view in
            unsafe husk_oscore_response_unprotect(context, &exchange.state, bytes, length, view)
        }
    }

    /// Decrypts a copy of a datagram; the copy is wiped, since it then holds what was protected.
    private func open(
        _ datagram: RawSpan,
        _ body: (UnsafeMutablePointer<UInt8>, Int, UnsafeMutablePointer<husk_coap_message>) -> husk_status
    ) throws(HuskError) -> CoAPMessage {
        let copy = PinnedBytes(count: datagram.byteCount)
        copy.write(datagram, at: 0)
        var view = unsafe husk_coap_message()
        try unsafe check(body(copy.pointer, copy.count, &view))
        return unsafe CoAPMessage(view)
    }
}

/// Lends `derive` what a context is derived from.
func withContextParameters(
    _ masterSecret: RawSpan, _ masterSalt: RawSpan, _ senderID: ConnectionIdentifier,
    _ recipientID: ConnectionIdentifier, _ idContext: [UInt8]?, _ suite: CipherSuite,
    _ derive: (UnsafePointer<husk_oscore_parameters>) -> husk_status
) throws(HuskError) {
    let table = unsafe suite.table
    let idContextBytes = idContext ?? []
    try unsafe check(
        masterSecret.withSlice { secret in
            unsafe masterSalt.withSlice { salt in
                unsafe idContextBytes.span.bytes.withSlice { idContextSlice in
                    var parameters = unsafe husk_oscore_parameters(
                        aead: table.app_aead, hash: table.hash, master_secret: secret, master_salt: salt,
                        has_id_context: idContext != nil, id_context: idContextSlice, sender_id: senderID.id,
                        recipient_id: recipientID.id)
                    return unsafe derive(&parameters)
                }
            }
        })
}

extension CoAPMessage {
    /// The `kid` of the OSCORE option: which context the message is for.
    ///
    /// - Throws: ``HuskError/format`` if there is no OSCORE option or it is malformed or names no kid that fits,
    ///   ``HuskError/unsupported`` if it sets reserved bits.
    public func oscoreIdentifier() throws(HuskError) -> ConnectionIdentifier {
        try unsafe withView { (view) throws(HuskError) in
            var option = unsafe husk_oscore_option()
            try unsafe check(husk_oscore_option_read(view, &option))
            guard unsafe option.has_kid else { throw .format }
            return try unsafe ConnectionIdentifier(UnsafeBufferPointer(start: option.kid.data, count: option.kid.len))
        }
    }
}

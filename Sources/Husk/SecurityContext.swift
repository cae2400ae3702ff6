// An OSCORE security context (RFC 8613) and the messages it protects.
internal import CHusk

/// Keys, sequence number and replay window of one session. Cannot be copied: two copies would spend the same nonces.
@safe public struct SecurityContext: ~Copyable, Sendable {
    private let storage: Pinned<husk_oscore_context>

    var pointer: UnsafeMutablePointer<husk_oscore_context> { unsafe storage.pointer }

    /// Binds a response to its request. One per request, kept from request to response, and as long as notifications may
    /// come; never used for two requests. 24 bytes.
    public struct Exchange: ~Copyable, Sendable {
        var state = husk_oscore_exchange()

        public init() {}

        /// Whether notifications may follow (RFC 7641): from a registration on, until the first response that has no
        /// Observe option. Dropping the exchange ends the observation on this side.
        public var isObservation: Bool {
            unsafe withUnsafePointer(to: state) { unsafe husk_oscore_exchange_observes($0) }
        }
    }

    /// How often the keys may be used, and how long messages may be (draft-ietf-core-oscore-key-limits). Those
    /// recommended for the algorithm at first.
    public struct UsageLimits: Sendable, Hashable {
        /// Messages protected: `limit_q`.
        public var protected: UInt64
        /// Received messages that did not verify: `limit_v`.
        public var forged: UInt32
        /// Bytes of plaintext and tag of one message: `limit_l`.
        public var length: UInt32
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

    public var usageLimits: UsageLimits {
        get {
            unsafe UsageLimits(
                protected: pointer.pointee.limit_q, forged: pointer.pointee.limit_v, length: pointer.pointee.limit_l)
        }
        set {
            unsafe pointer.pointee.limit_q = newValue.protected
            unsafe pointer.pointee.limit_v = newValue.forged
            unsafe pointer.pointee.limit_l = newValue.length
        }
    }

    /// How many messages were protected with the sender key, at most.
    public var protectedCount: UInt64 { unsafe husk_oscore_count_q(pointer) }

    /// How many received messages did not verify. To be set for a context that was kept somewhere, so that a forger does
    /// not gain from restarts.
    public var forgedCount: UInt32 {
        get { unsafe pointer.pointee.count_v }
        set { unsafe pointer.pointee.count_v = newValue }
    }

    /// Whether a usage limit is reached: new keys are due.
    public var isExhausted: Bool { unsafe husk_oscore_is_exhausted(pointer) }

    /// Bytes of the challenge of ``loseWindow(echo:)``.
    public static var echoCount: Int { Int(HUSK_OSCORE_ECHO_BYTES) }

    /// Whether requests are challenged until one proves to be fresh.
    public var isWindowLost: Bool { unsafe pointer.pointee.window_lost }

    /// Server: says that the replay window was lost in a restart (RFC 8613 appendix B.1.2). A request without this value
    /// in an Echo option under protection is ``HuskError/freshness`` from now on; the first one with it is the lower
    /// limit of a new window.
    ///
    /// - Parameter echo: ``echoCount`` bytes that this context never had before, such as random ones drawn at startup
    /// - Throws: ``HuskError/argument`` for another number of bytes.
    public mutating func loseWindow(echo: [UInt8]) throws(HuskError) {
        guard echo.count == Self.echoCount else { throw .argument }
        let context = unsafe pointer
        unsafe echo.span.bytes.withSlice { slice in
            unsafe husk_oscore_window_lost(context, slice.data)
        }
    }

    /// Server: protects a challenge, a 4.01 with nothing but an Echo option, and gives the datagram (RFC 9175). For a
    /// request that was ``HuskError/freshness``; with a value of your own, for any request that you want to be sure is
    /// not an old one.
    ///
    /// - Parameters:
    ///   - reply: type, message ID and token of the response; the rest is not looked at
    ///   - echo: 1 to 40 bytes; empty for the value of ``loseWindow(echo:)``
    /// - Throws: ``HuskError/argument`` if `echo` is longer, ``HuskError/state`` if there is none or no request was
    ///   received, ``HuskError/exhausted``.
    public mutating func protect(
        challenge reply: CoAPMessage, echo: [UInt8] = [], exchange: inout Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = reply.encodedCapacity + Int(HUSK_OSCORE_OVERHEAD_MAX_BYTES + HUSK_OSCORE_ECHO_MAX_BYTES) + 5
        let context = unsafe pointer
        return try unsafe reply.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe echo.span.bytes.withSlice { (slice) throws(HuskError) in
                    try unsafe check(
                        husk_oscore_challenge_protect(
                            context, &exchange.state, view, slice, out, capacity, &length))
                }
            }
        }
    }

    /// Client: protects a request and gives the datagram. Observe 0 registers an observation, 1 cancels one (RFC 7641).
    /// Throws ``HuskError/exhausted``, ``HuskError/unsupported`` for Proxy-Uri, which is to be split into Proxy-Scheme
    /// and Uri-* first, ``HuskError/argument``.
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

    /// Server: verifies and decrypts a request. Throws ``HuskError/format``, ``HuskError/unsupported`` (also for a
    /// fragment of a message that a proxy has cut up), ``HuskError/context``, ``HuskError/replay``,
    /// ``HuskError/authentication``, which is counted, ``HuskError/exhausted``; the context is then as it was. And
    /// ``HuskError/freshness``, after ``loseWindow(echo:)`` only: answer with ``protect(challenge:echo:exchange:)``.
    public mutating func unprotect(
        request datagram: RawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        let context = unsafe pointer
        return try unsafe open(datagram) { bytes, length, view in
            unsafe husk_oscore_request_unprotect(context, &exchange.state, bytes, length, view)
        }
    }

    /// Server: protects a response and gives the datagram. The first one of an exchange needs no sequence number,
    /// unless `ownPartialIV` asks for one. With an Observe option it is a notification; throws ``HuskError/state`` if
    /// nobody registered for it.
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

    /// Client: verifies and decrypts the response to the request of `exchange`, or a notification, after which
    /// ``Exchange/isObservation`` is still true. Notifications come out in the order in which the server made them: one
    /// that was overtaken, or comes again, is ``HuskError/replay``.
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

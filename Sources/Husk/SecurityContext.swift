// An OSCORE security context (RFC 8613) and the messages it protects.
internal import CHusk

/// Keys, sequence number and replay window of one session. Cannot be copied: two copies would spend the same nonces.
@safe public struct SecurityContext: ~Copyable, Sendable {
    private let storage: Pinned<husk_oscore_context>

    var pointer: UnsafeMutablePointer<husk_oscore_context> { unsafe storage.pointer }

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    /// Binds a response to its request. One per request, kept from request to response, and as long as notifications
    /// may come; never used for two requests. 24 bytes.
    public struct Exchange: ~Copyable, Sendable {
        var state = husk_oscore_exchange()

        /// No exchange yet: for the next request that is sent or received.
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

    init(_ storage: consuming Pinned<husk_oscore_context>) {
        unsafe self.storage = unsafe storage
    }

    /// Derives a context from secrets that were provisioned (RFC 8613 section 3.2), for the algorithms of `suite`.
    ///
    /// - Parameters:
    ///   - masterSecret: at least 16 bytes; the caller's copy is the caller's to wipe, as is that of the salt
    ///   - masterSalt: may be empty
    ///   - senderID: names this side's messages; 0 to 7 bytes, and not the peer's
    ///   - recipientID: names the peer's messages; 0 to 7 bytes
    ///   - idContext: at most 8 bytes; an empty one differs from none
    ///   - suite: its AEAD and hash are used
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` for a length out of range or equal identifiers, ``HuskError/buffer`` if
    ///   `memory` has no room.
    public init(
        masterSecret: RawSpan, masterSalt: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: RawSpan? = nil, suite: CipherSuite = .suite0, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let storage = try unsafe Pinned(zeroed: husk_oscore_context.self, in: &memory)
        try unsafe withContextParameters(masterSecret, masterSalt, senderID, recipientID, idContext, suite) {
            unsafe husk_oscore_context_init(storage.pointer, $0)
        }
        unsafe self.init(storage)
    }

    /// Names the messages this side protects.
    public var senderID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.sender_id) }

    /// Names the messages of the peer.
    public var recipientID: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.recipient_id) }

    /// The next Partial IV this side will use.
    public var senderSequence: UInt64 {
        get { unsafe pointer.pointee.sender_sequence }
        /// Only for a context that was kept somewhere: never set it back to a number that was used.
        set { unsafe pointer.pointee.sender_sequence = newValue }
    }

    /// How much of each key is used, and how much may be (draft-ietf-core-oscore-key-limits).
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

    /// How many received messages did not verify. To be set for a context that was kept somewhere, so that a forger
    /// does not gain from restarts.
    public var forgedCount: UInt32 {
        get { unsafe pointer.pointee.count_v }
        set { unsafe pointer.pointee.count_v = newValue }
    }

    /// Whether a usage limit is reached: new keys are due.
    public var isExhausted: Bool { unsafe husk_oscore_is_exhausted(pointer) }

    /// Bytes of the challenge of ``loseWindow(echo:)-(RawSpan)``.
    public static var echoCount: Int { Int(HUSK_OSCORE_ECHO_BYTES) }

    /// Whether requests are challenged until one proves to be fresh.
    public var isWindowLost: Bool { unsafe pointer.pointee.window_lost }

    /// Server: says that the replay window was lost in a restart (RFC 8613 appendix B.1.2). A request without this
    /// value in an Echo option under protection is ``HuskError/freshness`` from now on; the first one with it is the
    /// lower limit of a new window.
    ///
    /// - Parameter echo: ``echoCount`` bytes that this context never had before, such as random ones drawn at startup
    /// - Throws: ``HuskError/argument`` for another number of bytes.
    public mutating func loseWindow(echo: RawSpan) throws(HuskError) {
        guard echo.byteCount == Self.echoCount else { throw .argument }
        let context = unsafe pointer
        unsafe echo.withSlice { slice in
            unsafe husk_oscore_window_lost(context, slice.data)
        }
    }

    /// What protection adds at most to a message.
    public static var overheadMaximum: Int { Int(HUSK_OSCORE_OVERHEAD_MAX_BYTES) }

    /// Server: appends a protected challenge, a 4.01 with nothing but an Echo option (RFC 9175), to `out`. For a
    /// request that was ``HuskError/freshness``; with a value of your own, for any request that you want to be sure is
    /// not an old one.
    ///
    /// - Parameters:
    ///   - reply: type, message ID and token of the response, as an encoded message; the rest is not looked at
    ///   - echo: 1 to 40 bytes; empty for the value of ``loseWindow(echo:)-(RawSpan)``
    ///   - out: where it is appended
    ///   - exchange: of the request that is answered
    /// - Throws: ``HuskError/argument`` if `echo` is longer, ``HuskError/state`` if there is none or no request was
    ///   received, ``HuskError/exhausted``, ``HuskError/buffer``; nothing was appended then.
    public mutating func protect(
        challenge reply: RawSpan, echo: RawSpan, into out: inout OutputRawSpan, exchange: inout Exchange
    ) throws(HuskError) {
        try unsafe reply.withView { (view, _) throws(HuskError) in
            try unsafe out.append { out, capacity, count in
                unsafe protectChallenge(view, echo, &exchange, out, capacity, &count)
            }
        }
    }

    func protectChallenge(
        _ reply: husk_coap_message, _ echo: RawSpan, _ exchange: inout Exchange, _ out: UnsafeMutablePointer<UInt8>?,
        _ capacity: Int, _ count: inout Int
    ) -> husk_status {
        var reply = unsafe reply
        return unsafe echo.withSlice { echo in
            unsafe husk_oscore_challenge_protect(pointer, &exchange.state, &reply, echo, out, capacity, &count)
        }
    }

    /// Client: protects a request, which is encoded as it would go out in clear, and appends the datagram to `out`:
    /// ``overheadMaximum`` bytes more at most. Observe 0 registers an observation, 1 cancels one (RFC 7641).
    ///
    /// - Throws: ``HuskError/exhausted``; ``HuskError/unsupported`` for Proxy-Uri, which is to be split into
    ///   Proxy-Scheme and Uri-* first; ``HuskError/argument``, ``HuskError/format``; ``HuskError/buffer`` if it does
    ///   not fit. Nothing was appended then, and no number spent.
    public mutating func protect(
        request plain: RawSpan, into out: inout OutputRawSpan, exchange: inout Exchange
    ) throws(HuskError) {
        try unsafe plain.withView { (view, _) throws(HuskError) in
            var view = unsafe view
            try unsafe out.append { out, capacity, count in
                unsafe husk_oscore_request_protect(pointer, &exchange.state, &view, out, capacity, &count)
            }
        }
    }

    /// The same for a microcontroller: the datagram is written to the beginning of `out`, and its length returned.
    public mutating func protect(
        request plain: RawSpan, into out: inout MutableRawSpan, exchange: inout Exchange
    ) throws(HuskError) -> Int {
        try unsafe plain.withView { (view, _) throws(HuskError) in
            var view = unsafe view
            return try unsafe out.write { out, capacity, count in
                unsafe husk_oscore_request_protect(pointer, &exchange.state, &view, out, capacity, &count)
            }
        }
    }

    /// Server: protects a response, which is encoded as it would go out in clear, and appends the datagram to `out`.
    /// The first one of an exchange needs no sequence number, unless `ownPartialIV` asks for one. With an Observe
    /// option it is a notification.
    ///
    /// - Throws: as for requests, and ``HuskError/state`` if no request was unprotected, or nobody registered for the
    ///   notification.
    public mutating func protect(
        response plain: RawSpan, into out: inout OutputRawSpan, exchange: inout Exchange, ownPartialIV: Bool = false
    ) throws(HuskError) {
        try unsafe plain.withView { (view, _) throws(HuskError) in
            var view = unsafe view
            try unsafe out.append { out, capacity, count in
                unsafe husk_oscore_response_protect(
                    pointer, &exchange.state, ownPartialIV, &view, out, capacity, &count)
            }
        }
    }

    /// The same for a microcontroller: the datagram is written to the beginning of `out`, and its length returned.
    public mutating func protect(
        response plain: RawSpan, into out: inout MutableRawSpan, exchange: inout Exchange, ownPartialIV: Bool = false
    ) throws(HuskError) -> Int {
        try unsafe plain.withView { (view, _) throws(HuskError) in
            var view = unsafe view
            return try unsafe out.write { out, capacity, count in
                unsafe husk_oscore_response_protect(
                    pointer, &exchange.state, ownPartialIV, &view, out, capacity, &count)
            }
        }
    }

    /// Server: verifies a request and decrypts it in place; says where its parts lie in the datagram.
    ///
    /// - Throws: ``HuskError/format``, ``HuskError/unsupported`` (also for a fragment of a message that a proxy has cut
    ///   up), ``HuskError/context``, ``HuskError/replay``, ``HuskError/authentication``, which is counted,
    ///   ``HuskError/exhausted``; the context is then as it was. And ``HuskError/freshness``, after
    ///   ``loseWindow(echo:)-(RawSpan)`` only: answer with a challenge. The datagram is of no use after an error.
    public mutating func unprotect(
        request datagram: inout MutableRawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPLayout {
        var view = unsafe husk_coap_message()
        return try unsafe datagram.inPlace { bytes, count in
            unsafe husk_oscore_request_unprotect(pointer, &exchange.state, bytes, count, &view)
        } _: { buffer in unsafe CoAPLayout(view, buffer) }
    }

    /// Client: verifies the response to the request of `exchange`, or a notification, and decrypts it in place; says
    /// where its parts lie in the datagram. After a notification ``Exchange/isObservation`` is still true. They come
    /// out in the order in which the server made them.
    ///
    /// - Throws: as for requests; ``HuskError/replay`` for a notification that was overtaken, or comes again;
    ///   ``HuskError/state`` if no response is awaited.
    public mutating func unprotect(
        response datagram: inout MutableRawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPLayout {
        var view = unsafe husk_coap_message()
        return try unsafe datagram.inPlace { bytes, count in
            unsafe husk_oscore_response_unprotect(pointer, &exchange.state, bytes, count, &view)
        } _: { buffer in unsafe CoAPLayout(view, buffer) }
    }
}

/// Lends `derive` what a context is derived from.
func withContextParameters(
    _ masterSecret: RawSpan, _ masterSalt: RawSpan, _ senderID: ConnectionIdentifier,
    _ recipientID: ConnectionIdentifier, _ idContext: RawSpan?, _ suite: CipherSuite,
    _ derive: (UnsafePointer<husk_oscore_parameters>) -> husk_status
) throws(HuskError) {
    let table = unsafe suite.table
    let named: RawSpan
    if let idContext {
        named = idContext
    } else {
        named = RawSpan()
    }
    let isNamed = idContext != nil
    try unsafe check(
        masterSecret.withSlice { secret in
            unsafe masterSalt.withSlice { salt in
                unsafe named.withSlice { name in
                    var parameters = unsafe husk_oscore_parameters(
                        aead: table.pointee.app_aead, hash: table.pointee.hash, master_secret: secret,
                        master_salt: salt, has_id_context: isNamed, id_context: name, sender_id: senderID.id,
                        recipient_id: recipientID.id)
                    return unsafe derive(&parameters)
                }
            }
        })
}

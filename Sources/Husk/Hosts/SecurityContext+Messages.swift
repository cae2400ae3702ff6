// Security contexts on hosts: memory of the heap, and messages as values.
#if !hasFeature(Embedded)
internal import CHusk

extension SecurityContext {
    /// One to be filled in.
    init() {
        // Cannot fail: the heap has room, or the process ends.
        unsafe self.init(Pinned(zeroed: husk_oscore_context.self))
    }

    /// Derives a context from secrets that were provisioned (RFC 8613 section 3.2), for the algorithms of `suite`.
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

    /// As ``loseWindow(echo:)-(RawSpan)``.
    public mutating func loseWindow(echo: [UInt8]) throws(HuskError) {
        try unsafe loseWindow(echo: echo.span.bytes)
    }

    /// Server: protects a challenge and gives the datagram, as
    /// ``protect(challenge:echo:into:exchange:)-(RawSpan,_,_,_)``.
    public mutating func protect(
        challenge reply: CoAPMessage, echo: [UInt8] = [], exchange: inout Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = reply.encodedCapacity + Self.overheadMaximum + Int(HUSK_OSCORE_ECHO_MAX_BYTES) + 5
        return try unsafe reply.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    protectChallenge(view.pointee, echo.span.bytes, &exchange, out, capacity, &length))
            }
        }
    }

    /// Client: protects a request and gives the datagram. Observe 0 registers an observation, 1 cancels one (RFC 7641).
    ///
    /// - Throws: ``HuskError/exhausted``, ``HuskError/unsupported`` for Proxy-Uri, which is to be split into
    ///   Proxy-Scheme and Uri-* first, ``HuskError/argument``.
    public mutating func protect(
        request: CoAPMessage, exchange: inout Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = request.encodedCapacity + Self.overheadMaximum
        let context = unsafe pointer
        return try unsafe request.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_oscore_request_protect(context, &exchange.state, view, out, capacity, &length))
            }
        }
    }

    /// Server: verifies and decrypts a request.
    ///
    /// - Throws: as ``unprotect(request:exchange:)-(MutableRawSpan,_)``.
    public mutating func unprotect(
        request datagram: RawSpan, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        let context = unsafe pointer
        return try unsafe open(datagram) { bytes, length, view in
            unsafe husk_oscore_request_unprotect(context, &exchange.state, bytes, length, view)
        }
    }

    /// Server: protects a response and gives the datagram. The first one of an exchange needs no sequence number,
    /// unless `ownPartialIV` asks for one. With an Observe option it is a notification.
    ///
    /// - Throws: as for requests, and ``HuskError/state`` if no request was unprotected, or nobody registered for the
    ///   notification.
    public mutating func protect(
        response: CoAPMessage, exchange: inout Exchange, ownPartialIV: Bool = false
    ) throws(HuskError) -> [UInt8] {
        let capacity = response.encodedCapacity + Self.overheadMaximum
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
    /// ``Exchange/isObservation`` is still true.
    ///
    /// - Throws: as ``unprotect(response:exchange:)-(MutableRawSpan,_)``.
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
#endif

// KUDOS on hosts: memory of the heap, and messages as values.
#if !hasFeature(Embedded)
internal import CHusk

extension KeyUpdate {
    /// What both sides of KUDOS agree on beforehand.
    public struct Configuration: Sendable, Hashable {
        /// The identifier that names this side's messages; 0 to 7 bytes, and not the peer's.
        public var senderID: ConnectionIdentifier
        /// The identifier that names the peer's messages.
        public var recipientID: ConnectionIdentifier
        /// At most 8 bytes.
        public var idContext: [UInt8]?
        /// Whether secrets are stored.
        public var mode: Mode
        /// Its AEAD and hash are used, and nothing else of it.
        public var suite: CipherSuite

        /// What is left out is as with most peers: no ID Context, suite 0.
        public init(
            senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier, idContext: [UInt8]? = nil, mode: Mode,
            suite: CipherSuite = .suite0
        ) {
            self.senderID = senderID
            self.recipientID = recipientID
            self.idContext = idContext
            self.mode = mode
            self.suite = suite
        }
    }

    /// A received message, decrypted.
    public struct Received: Sendable {
        /// The message, decrypted.
        public var message: CoAPMessage
        /// What it brought about.
        public var event: Event
    }

    init(secret: RawSpan, configuration: Configuration, random: husk_random) throws(HuskError) {
        var heap = PinnedMemory.heap
        let idContext = configuration.idContext ?? []
        try unsafe self.init(
            secret: secret, senderID: configuration.senderID, recipientID: configuration.recipientID,
            idContext: configuration.idContext == nil ? nil : idContext.span.bytes, mode: configuration.mode,
            suite: configuration.suite, random: random, in: &heap)
    }

    /// Lends `save` the record, which is to replace the last one as a whole; the old one becomes unreadable, or there
    /// is no forward secrecy. If `save` throws, the record still has to be stored.
    public mutating func store<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        let record = PinnedBytes(count: Self.recordMaximum)
        let length = unsafe husk_kudos_record_write(update.state.pointer, record.pointer)
        try record.withBytes { (whole) throws(Failure) in
            try save(whole.extracting(first: length))
        }
        unsafe husk_kudos_stored(update.state.pointer)
    }

    /// Client: protects a request and gives the datagram.
    ///
    /// - Throws: ``HuskError/state`` without context and update, or while ``mustStore``; ``HuskError/exhausted`` calls
    ///   for ``start()``; otherwise as ``SecurityContext/protect(request:exchange:)``.
    public mutating func protect(
        request: CoAPMessage, exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = Self.capacity(request)
        return try unsafe request.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_kudos_request_protect(
                        update.state.pointer, context.pointer, &exchange.state, view, out, capacity, &length))
            }
        }
    }

    /// Server: protects a response and gives the datagram. To a divergent request it is the convergent message.
    public mutating func protect(
        response: CoAPMessage, exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> [UInt8] {
        let capacity = Self.capacity(response)
        return try unsafe response.withView { (view) throws(HuskError) in
            try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_kudos_response_protect(
                        update.state.pointer, context.pointer, &exchange.state, view, out, capacity, &length))
            }
        }
    }

    /// Server: verifies and decrypts a request, a KUDOS message or not.
    ///
    /// - Throws: ``HuskError/context`` if there is no context it could be for, ``HuskError/authentication``,
    ///   ``HuskError/replay``, ``HuskError/format``, ``HuskError/unsupported`` (also for a mode that is refused),
    ///   ``HuskError/random``; nothing is changed then.
    public mutating func unprotect(
        request datagram: RawSpan, exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> Received {
        try unsafe open(datagram) { bytes, spare, view, event in
            unsafe husk_kudos_request_unprotect(
                update.state.pointer, context.pointer, &exchange.state, bytes.pointer, bytes.count, spare.pointer,
                spare.count, view, event)
        }
    }

    /// Client: verifies and decrypts the response to the request of `exchange`. Throws as for requests, and
    /// ``HuskError/state`` if no request waits for a response.
    public mutating func unprotect(
        response datagram: RawSpan, exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> Received {
        try unsafe open(datagram) { bytes, spare, view, event in
            unsafe husk_kudos_response_unprotect(
                update.state.pointer, context.pointer, &exchange.state, bytes.pointer, bytes.count, spare.pointer,
                spare.count, view, event)
        }
    }

    private static func capacity(_ message: CoAPMessage) -> Int {
        message.encodedCapacity + Int(HUSK_OSCORE_OVERHEAD_MAX_BYTES) + Int(HUSK_KUDOS_OVERHEAD_BYTES)
    }

    /// Decrypts a copy of a datagram; the copy is wiped.
    private func open(
        _ datagram: RawSpan,
        _ body: (
            borrowing PinnedBytes, borrowing PinnedBytes, UnsafeMutablePointer<husk_coap_message>,
            UnsafeMutablePointer<UInt8>
        ) -> husk_status
    ) throws(HuskError) -> Received {
        let copy = PinnedBytes(count: datagram.byteCount)
        copy.write(datagram, at: 0)
        let spare = PinnedBytes(count: datagram.byteCount)
        var view = unsafe husk_coap_message()
        var event: UInt8 = 0
        try unsafe check(body(copy, spare, &view, &event))
        return unsafe Received(message: CoAPMessage(view), event: Event(event))
    }
}

extension KeyUpdateState {
    init(secret: RawSpan, configuration: KeyUpdate.Configuration, random: husk_random) throws(HuskError) {
        var heap = PinnedMemory.heap
        let idContext = configuration.idContext ?? []
        try unsafe self.init(
            secret: secret, senderID: configuration.senderID, recipientID: configuration.recipientID,
            idContext: configuration.idContext == nil ? nil : idContext.span.bytes, mode: configuration.mode,
            suite: configuration.suite, random: random, in: &heap)
    }
}
#endif

// New keys for an OSCORE context from a shared secret alone (KUDOS, draft-ietf-core-oscore-key-update-14).
internal import CHusk

/// One side of KUDOS towards one peer, with the OSCORE context in use. Two messages give both sides a fresh context
/// without any public-key operation; the secret itself protects nothing, so a reboot never repeats a nonce.
///
///     try update.start()
///     let divergent = try update.protect(request: request, exchange: &exchange)
///     // send it; the peer answers with its convergent message
///     let answer = try update.unprotect(response: datagram, exchange: &exchange)
///     // answer.event is .established
///     if update.mustStore { try update.store { record throws(Failure) in try disk.replace(record) } }
///
/// Cannot be copied: two copies would spend the same nonces.
@safe public struct KeyUpdate: ~Copyable, Sendable {
    /// What this side can do, and accepts from its peer.
    public enum Mode: Sendable, Hashable {
        /// Both store secrets that change with every update, so that the ones before are gone for good. The mode
        /// without is refused, whoever asks for it.
        case forwardSecrecy
        /// This side stores nothing: every update begins from the provisioned secret.
        case noForwardSecrecy
        /// This side stores what changes, unless the peer turns out not to; a peer that has shown to do so is held to
        /// it.
        case negotiated
    }

    public struct Configuration: Sendable, Hashable {
        /// The identifier that names this side's messages; 0 to 7 bytes, and not the peer's.
        public var senderID: ConnectionIdentifier
        public var recipientID: ConnectionIdentifier
        /// At most 8 bytes.
        public var idContext: [UInt8]?
        public var mode: Mode
        /// Its AEAD and hash are used, and nothing else of it.
        public var suite: CipherSuite

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

    /// What a received message brought about.
    public enum Event: Sendable, Hashable {
        /// An ordinary message under the context in use.
        case plain
        /// The peer began: answer the request, or send one, to go on. The message is authentic but may be an old one
        /// that somebody recorded: nothing it says may be acted upon unless acting twice does no harm.
        case divergent
        /// The peer answered: the context was replaced.
        case established
        /// An ordinary message under the new context, which is the one in use now.
        case confirmed
    }

    /// A received message, decrypted.
    public struct Received: Sendable {
        public var message: CoAPMessage
        public var event: Event
    }

    /// Lengths of the secrets it takes.
    public static let secretLengths = 16...Int(HUSK_KUDOS_SECRET_MAX_BYTES)

    /// HUSK_KUDOS_RECORD_MAX_BYTES.
    static let recordMaximum = 3 + 3 * Int(HUSK_KUDOS_SECRET_MAX_BYTES)

    private let storage = unsafe Pinned(zeroed: husk_kudos.self)
    private let config = unsafe Pinned(zeroed: husk_kudos_config.self)
    private let context = unsafe Pinned(zeroed: husk_oscore_context.self)
    /// The provisioned secret, then the ID Context: the configuration points to both.
    private let bytes: PinnedBytes

    /// - Parameters:
    ///   - secret: 16 to 32 bytes, which the peer has too; copied, and the caller's copy is the caller's to wipe
    ///   - random: where nonces come from
    /// - Throws: ``HuskError/argument`` for a length out of range or equal identifiers.
    init(secret: RawSpan, configuration: Configuration, random: husk_random) throws(HuskError) {
        bytes = configuration.bytes(secret)
        unsafe configuration.write(bytes, secretCount: secret.byteCount, random: random, to: config.pointer)
        let master = unsafe bytes.slice(0, secret.byteCount)
        try unsafe check(husk_kudos_init(storage.pointer, config.pointer, master))
    }

    /// Takes over a record that ``store(_:)`` gave out before a restart. Right after init, before anything else.
    ///
    /// - Throws: ``HuskError/format`` if it is not a record for this configuration; nothing is changed then.
    public mutating func restore(_ record: RawSpan) throws(HuskError) {
        try unsafe check(record.withSlice { unsafe husk_kudos_restore(storage.pointer, $0) })
    }

    /// Whether secrets changed that must be stored: until then nothing can be sent.
    public var mustStore: Bool { unsafe husk_kudos_must_store(storage.pointer) }

    /// Lends `save` the record, which is to replace the last one as a whole; the old one becomes unreadable, or there
    /// is no forward secrecy. If `save` throws, the record still has to be stored.
    public mutating func store<Failure: Error>(_ save: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        let record = PinnedBytes(count: Self.recordMaximum)
        let length = unsafe husk_kudos_record_write(storage.pointer, record.pointer)
        try record.withBytes { (whole) throws(Failure) in
            try save(whole.extracting(first: length))
        }
        unsafe husk_kudos_stored(storage.pointer)
    }

    /// Whether new keys are being agreed upon: requests protected now are KUDOS messages.
    public var isRunning: Bool { unsafe husk_kudos_is_running(storage.pointer) }

    /// Whether there is a context for ordinary messages.
    public var hasContext: Bool { unsafe context.pointer.pointee.aead != nil }

    /// Begins an update: the next request, or the response to an ordinary request, carries it. Every exchange with the
    /// peer has ended before. Again, it goes another way: for when there was no answer in time, or an unprotected
    /// error.
    ///
    /// - Throws: ``HuskError/random``.
    public mutating func start() throws(HuskError) {
        try unsafe check(husk_kudos_start(storage.pointer))
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
                        storage.pointer, context.pointer, &exchange.state, view, out, capacity, &length))
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
                        storage.pointer, context.pointer, &exchange.state, view, out, capacity, &length))
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
                storage.pointer, context.pointer, &exchange.state, bytes.pointer, bytes.count, spare.pointer,
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
                storage.pointer, context.pointer, &exchange.state, bytes.pointer, bytes.count, spare.pointer,
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

extension KeyUpdate.Configuration {
    /// The secret, then the ID Context.
    func bytes(_ secret: RawSpan) -> PinnedBytes {
        let idContext = idContext ?? []
        let bytes = PinnedBytes(count: secret.byteCount + idContext.count)
        bytes.write(secret, at: 0)
        unsafe bytes.write(idContext.span.bytes, at: secret.byteCount)
        return bytes
    }

    /// The same for the core, which points to `bytes` from then on.
    func write(
        _ bytes: borrowing PinnedBytes, secretCount: Int, random: husk_random,
        to config: UnsafeMutablePointer<husk_kudos_config>
    ) {
        let table = unsafe suite.table
        unsafe config.pointee.aead = table.app_aead
        unsafe config.pointee.hash = table.hash
        unsafe config.pointee.random = random
        unsafe config.pointee.has_id_context = idContext != nil
        unsafe config.pointee.id_context = bytes.slice(secretCount, bytes.count - secretCount)
        unsafe config.pointee.sender_id = senderID.id
        unsafe config.pointee.recipient_id = recipientID.id
        unsafe config.pointee.capable = mode != .noForwardSecrecy
        if mode == .forwardSecrecy {
            unsafe config.pointee.peer = UInt8(HUSK_KUDOS_CAPABLE)
        } else {
            unsafe config.pointee.bootstrap_secret = bytes.slice(0, secretCount)
        }
    }
}

extension KeyUpdate.Event {
    init(_ event: UInt8) {
        switch Int32(event) {
        case HUSK_KUDOS_DIVERGENT: self = .divergent
        case HUSK_KUDOS_ESTABLISHED: self = .established
        case HUSK_KUDOS_CONFIRMED: self = .confirmed
        default: self = .plain
        }
    }
}

/// What the OSCORE option says about a message before it is verified.
public struct ProtectedMessageHeader: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case ordinary
        case divergent
        case convergent
    }

    /// The `kid`: which context, or which peer, the message names.
    public var identifier: ConnectionIdentifier
    public var kind: Kind
}

extension CoAPMessage {
    /// As ``oscoreIdentifier()``, for messages of KUDOS too.
    public func protectedHeader() throws(HuskError) -> ProtectedMessageHeader {
        try unsafe withView { (view) throws(HuskError) in
            var option = unsafe husk_kudos_option()
            try unsafe check(husk_kudos_option_read(view, &option))
            guard unsafe option.oscore.has_kid else { throw .format }
            let kid = unsafe option.oscore.kid
            var kind = ProtectedMessageHeader.Kind.ordinary
            if unsafe option.pair.len > 0 {
                // Bit z of the x byte, section 4.1.
                kind = unsafe option.pair.data[0] & 0x40 == 0 ? .divergent : .convergent
            }
            return try unsafe ProtectedMessageHeader(
                identifier: ConnectionIdentifier(UnsafeBufferPointer(start: kid.data, count: kid.len)), kind: kind)
        }
    }
}

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

        init(_ event: UInt8) {
            switch Int32(event) {
            case HUSK_KUDOS_DIVERGENT: self = .divergent
            case HUSK_KUDOS_ESTABLISHED: self = .established
            case HUSK_KUDOS_CONFIRMED: self = .confirmed
            default: self = .plain
            }
        }
    }

    /// Lengths of the secrets it takes.
    public static var secretLengths: ClosedRange<Int> { 16...Int(HUSK_KUDOS_SECRET_MAX_BYTES) }

    /// HUSK_KUDOS_RECORD_MAX_BYTES.
    static var recordMaximum: Int { 3 + 3 * Int(HUSK_KUDOS_SECRET_MAX_BYTES) }

    let update: KeyUpdateState
    let context: Pinned<husk_oscore_context>

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    /// - Parameters:
    ///   - secret: 16 to 32 bytes, which the peer has too; copied, and the caller's copy is the caller's to wipe
    ///   - senderID: names this side's messages; 0 to 7 bytes, and not the peer's
    ///   - recipientID: names the peer's messages; 0 to 7 bytes
    ///   - idContext: at most 8 bytes; an empty one differs from none
    ///   - mode: whether secrets are stored
    ///   - suite: its AEAD and hash are used, and nothing else of it
    ///   - random: where nonces come from
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` for a length out of range or equal identifiers, ``HuskError/buffer`` if
    ///   `memory` has no room.
    public init(
        secret: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier, idContext: RawSpan? = nil,
        mode: Mode, suite: CipherSuite = .suite0, random: RandomSource, in memory: inout PinnedMemory
    ) throws(HuskError) {
        try unsafe self.init(
            secret: secret, senderID: senderID, recipientID: recipientID, idContext: idContext, mode: mode,
            suite: suite, random: random.hook, in: &memory)
    }

    init(
        secret: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier, idContext: RawSpan?,
        mode: Mode, suite: CipherSuite, random: husk_random, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let update = try unsafe KeyUpdateState(
            secret: secret, senderID: senderID, recipientID: recipientID, idContext: idContext, mode: mode,
            suite: suite, random: random, in: &memory)
        let context = try unsafe Pinned(zeroed: husk_oscore_context.self, in: &memory)
        try unsafe check(husk_kudos_init(update.state.pointer, update.config.pointer, update.secret))
        self.update = update
        unsafe self.context = unsafe context
    }

    /// Takes over a record that ``store(_:)`` gave out before a restart. Right after init, before anything else.
    ///
    /// - Throws: ``HuskError/format`` if it is not a record for this configuration; nothing is changed then.
    public mutating func restore(_ record: RawSpan) throws(HuskError) {
        try unsafe check(record.withSlice { unsafe husk_kudos_restore(update.state.pointer, $0) })
    }

    /// Whether secrets changed that must be stored: until then nothing can be sent.
    public var mustStore: Bool { unsafe husk_kudos_must_store(update.state.pointer) }

    /// Whether new keys are being agreed upon: requests protected now are KUDOS messages.
    public var isRunning: Bool { unsafe husk_kudos_is_running(update.state.pointer) }

    /// Whether there is a context for ordinary messages.
    public var hasContext: Bool { unsafe context.pointer.pointee.aead != nil }

    /// Begins an update: the next request, or the response to an ordinary request, carries it. Every exchange with the
    /// peer has ended before. Again, it goes another way: for when there was no answer in time, or an unprotected
    /// error.
    ///
    /// - Throws: ``HuskError/random``.
    public mutating func start() throws(HuskError) {
        try unsafe check(husk_kudos_start(update.state.pointer))
    }
}

/// State and configuration of KUDOS, and what they point to: for OSCORE messages, an endpoint or a link.
@safe struct KeyUpdateState: ~Copyable, Sendable {
    let state: Pinned<husk_kudos>
    let config: Pinned<husk_kudos_config>
    /// The provisioned secret, then the ID Context: the configuration points to both.
    private let bytes: PinnedBytes
    private let secretCount: Int

    init(
        secret: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier, idContext: RawSpan?,
        mode: KeyUpdate.Mode, suite: CipherSuite, random: husk_random, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let name: RawSpan
        if let idContext {
            name = idContext
        } else {
            name = RawSpan()
        }
        let bytes = try PinnedBytes(count: secret.byteCount + name.byteCount, in: &memory)
        bytes.write(secret, at: 0)
        bytes.write(name, at: secret.byteCount)
        let state = try unsafe Pinned(zeroed: husk_kudos.self, in: &memory)
        let config = try unsafe Pinned(zeroed: husk_kudos_config.self, in: &memory)
        unsafe config.pointer.pointee.aead = suite.table.pointee.app_aead
        unsafe config.pointer.pointee.hash = suite.table.pointee.hash
        unsafe config.pointer.pointee.random = random
        unsafe config.pointer.pointee.has_id_context = idContext != nil
        unsafe config.pointer.pointee.id_context = bytes.slice(secret.byteCount, name.byteCount)
        unsafe config.pointer.pointee.sender_id = senderID.id
        unsafe config.pointer.pointee.recipient_id = recipientID.id
        unsafe config.pointer.pointee.capable = mode != .noForwardSecrecy
        self.bytes = bytes
        secretCount = secret.byteCount
        unsafe self.state = unsafe state
        unsafe self.config = unsafe config
        if mode == .forwardSecrecy {
            unsafe self.config.pointer.pointee.peer = UInt8(HUSK_KUDOS_CAPABLE)
        } else {
            beginFromSecret()
        }
    }

    /// The provisioned secret, while this value lives.
    var secret: husk_bytes { unsafe bytes.slice(0, secretCount) }

    /// Every update begins from the provisioned secret, or the first one if nothing is stored.
    func beginFromSecret() {
        unsafe config.pointer.pointee.bootstrap_secret = secret
    }
}

// One end of a link without CoAP on a host: the same state machine that runs in firmware, with its frames as arrays.
#if !hasFeature(Embedded)
internal import CHusk

/// One end of a link: a UART, a BLE connection, a LoRa channel, an MQTT topic. It gets keys, by EDHOC or KUDOS over
/// frames, retransmitting what needs an answer; then it carries messages both ways, in pieces where the link's own
/// frames are small. It does no I/O and reads no clock: whole frames go in and out, and time is passed in as
/// milliseconds from any origin, which may wrap around.
///
///     var link = try Link(responder: keys, identifier: ours, configuration: configuration, framing: .init())
///     while true {
///         let outgoing = link.transmit(now: now)
///         // send outgoing.frames in their order, act on outgoing.event, wait at most link.timeout(now: now)
///         let event = try link.receive(frame)
///         // act on it: .message(let message, _) is what the peer said
///     }
///
/// Messages are delivered once or not at all: a lost frame is not sent again, and a peer that lost its keys in a reboot
/// says nothing about it. An application that needs more has its messages answered, and starts the link anew when no
/// answer comes.
///
/// Handshake frames are unprotected, as EDHOC is everywhere: who can inject can make an attempt fail. An established
/// session is replaced only by a handshake that was authenticated.
@safe public struct Link: ~Copyable, Sendable {
    /// What came of a frame, or of time passing.
    public enum Event: Sendable, Hashable {
        /// Nothing to act on.
        case none
        /// The peer has proved to hold the key: a new session began, and messages may be sent.
        case authenticated
        /// A message arrived, whole and verified; `number` is that of its frame, or of its first fragment. If
        /// `beginsSession`, it is also what ``authenticated`` says: with KUDOS a message can prove it.
        case message(OpenedFrame, beginsSession: Bool)
        /// Handshake or message came to nothing. Start, or send, again at will; after ``HuskError/exhausted`` start.
        case failed(HuskError)
    }

    /// What ``transmit(now:)`` has to say.
    public struct Transmission: Sendable, Hashable {
        /// To be sent now, in this order.
        public var frames: [[UInt8]]
        /// What came of time passing.
        public var event: Event
    }

    /// How frames go over the link: the same at both ends, but for `messageBytes`.
    public struct Framing: Sendable, Hashable {
        /// Whether nobody else uses the link: then there are no identifiers in frames.
        public var isPointToPoint: Bool
        /// The longest frame that the link carries, from 20 bytes on: messages go as at most 128 fragments of it, and
        /// 20 bytes carry next to nothing with tags of 16. Nil if the link carries frames of any length that is sent.
        public var frameBytes: Int?
        /// The longest message that is put together of fragments.
        public var messageBytes: Int

        /// Frames of any length, each naming its sender, unless said otherwise.
        public init(isPointToPoint: Bool = false, frameBytes: Int? = nil, messageBytes: Int = 4096) {
            self.isPointToPoint = isPointToPoint
            self.frameBytes = frameBytes
            self.messageBytes = messageBytes
        }
    }

    private let storage: Pinned<husk_link>
    private let config: Pinned<husk_link_config>
    /// These are held because the core points to them.
    private let fragments: LinkFragments?
    private let credentials: LinkCredentials?
    private let update: LinkKeyUpdate?
    /// The message on its way out.
    private var message = PinnedBytes(count: 0)

    var pointer: UnsafeMutablePointer<husk_link> { unsafe storage.pointer }

    /// The end that starts, by EDHOC-PSK.
    ///
    /// - Parameters:
    ///   - key: shared with the peer; copied
    ///   - identifier: what frames to this end carry; another one for each link that shares a medium.
    ///   - configuration: suites and random generator
    ///   - framing: what the link is like
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for what cannot work.
    public init(
        initiator key: borrowing PreSharedKey, identifier: ConnectionIdentifier, configuration: HandshakeConfiguration,
        framing: Framing
    ) throws(HuskError) {
        var keys = PreSharedKeys()
        try keys.append(key)
        try unsafe self.init(
            husk_link_edhoc_initiator_table(), LinkCredentials(keys, configuration), identifier, framing)
    }

    /// The end that waits, by EDHOC-PSK, for a peer that has one of `keys`.
    ///
    /// - Parameters:
    ///   - keys: 1 to 255
    ///   - identifier: what frames to this end carry; another one for each link that shares a medium.
    ///   - configuration: suites and random generator
    ///   - framing: what the link is like
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for what cannot work.
    public init(
        responder keys: PreSharedKeys, identifier: ConnectionIdentifier, configuration: HandshakeConfiguration,
        framing: Framing
    ) throws(HuskError) {
        try unsafe self.init(
            husk_link_edhoc_responder_table(), LinkCredentials(keys, configuration), identifier, framing)
    }

    /// An end that gets keys by KUDOS: either may start, and both at once.
    init(
        secret: RawSpan, configuration: KeyUpdate.Configuration, memory: LinkMemory?, framing: Framing,
        random: husk_random
    ) throws(HuskError) {
        let update = try unsafe LinkKeyUpdate(
            secret: secret, configuration: configuration, memory: memory, random: random)
        let config = unsafe Pinned(zeroed: husk_link_config.self)
        unsafe config.pointer.pointee.profile = husk_link_kudos_table()
        unsafe update.fill(config.pointer)
        try unsafe self.init(config, framing, credentials: nil, update: update)
    }

    private init(
        _ profile: UnsafePointer<husk_link_profile>!, _ credentials: LinkCredentials,
        _ identifier: ConnectionIdentifier, _ framing: Framing
    ) throws(HuskError) {
        let config = unsafe Pinned(zeroed: husk_link_config.self)
        unsafe config.pointer.pointee.profile = profile
        unsafe config.pointer.pointee.edhoc = credentials.configuration.pointer.pointee
        unsafe config.pointer.pointee.psks = credentials.pointer
        unsafe config.pointer.pointee.psk_count = credentials.keys.count
        unsafe config.pointer.pointee.id = identifier.id
        try unsafe self.init(config, framing, credentials: credentials, update: nil)
    }

    private init(
        _ config: consuming Pinned<husk_link_config>, _ framing: Framing, credentials: LinkCredentials?,
        update: LinkKeyUpdate?
    ) throws(HuskError) {
        let storage = unsafe Pinned(zeroed: husk_link.self)
        var fragments: LinkFragments?
        unsafe config.pointer.pointee.point_to_point = framing.isPointToPoint
        if let frameBytes = framing.frameBytes {
            let made = try LinkFragments(frameBytes: frameBytes, messageBytes: framing.messageBytes)
            unsafe config.pointer.pointee.fragments = made.pointer
            fragments = made
        }
        try unsafe check(husk_link_init(storage.pointer, config.pointer))
        self.fragments = fragments
        self.credentials = credentials
        self.update = update
        unsafe self.config = unsafe config
        unsafe self.storage = unsafe storage
    }

    /// Whether there is a session: messages may be sent, unless a handshake that this end started is in progress.
    public var isAuthenticated: Bool { unsafe pointer.pointee.has_session }

    /// EDHOC: the `kid` of the key that the peer of this session has; nil without session, and with KUDOS.
    public var keyIdentifier: [UInt8]? {
        guard isAuthenticated, let credentials else { return nil }
        return unsafe credentials.keys.identifier(Int(pointer.pointee.psk_index))
    }

    /// What frames to this end carry, unless the link is point-to-point. A Responder whose peer chose the same one
    /// changes its own.
    public var identifier: ConnectionIdentifier { unsafe ConnectionIdentifier(pointer.pointee.own) }

    /// Begins a handshake, also while there is a session. Transmit next.
    ///
    /// - Throws: ``HuskError/state`` at a Responder, and while a handshake of this end is in progress;
    ///   ``HuskError/random``, ``HuskError/storage``.
    public mutating func start() throws(HuskError) {
        try unsafe check(husk_link_start(pointer))
    }

    /// Sends a message. Transmit next.
    ///
    /// - Throws: ``HuskError/state`` if there is no session, the last message was not transmitted yet, or a handshake
    ///   of this end is in progress; ``HuskError/argument`` if it is empty, or longer than 128 fragments. (What is too
    ///   long for one frame of its own, ``transmit(now:)`` reports: 4088 bytes do in every suite.)
    public mutating func send(_ message: RawSpan) throws(HuskError) {
        let copy = PinnedBytes(count: message.byteCount)
        copy.write(message, at: 0)
        // The core refuses it while it points to the last one.
        try unsafe check(husk_link_send(pointer, copy.slice(0, copy.count)))
        self.message = copy
    }

    /// Takes a received frame. Transmit next, whatever came of it: some errors are for the peer to know.
    ///
    /// - Throws: why it was dropped; what is in progress goes on as if it had not come. ``HuskError/context`` for a
    ///   frame to somebody else, ``HuskError/exhausted`` if too many frames did not verify and new keys are due.
    public mutating func receive(_ frame: RawSpan) throws(HuskError) -> Event {
        let copy = PinnedBytes(count: frame.byteCount)
        copy.write(frame, at: 0)
        var event = unsafe husk_link_event()
        try unsafe check(husk_link_receive(pointer, copy.pointer, copy.count, &event))
        return unsafe Event(event)
    }

    /// The frames to send now, and whether the peer has stayed silent too long (``HuskError/timeout``), or new keys are
    /// due (``HuskError/exhausted``).
    public mutating func transmit(now: UInt32) -> Transmission {
        let handshake = unsafe MemoryLayout.size(ofValue: pointer.pointee.buffer)
        let payload = max(message.count + FrameContext.overheadMaximum, handshake)
        let frame = PinnedBytes(count: max(payload, fragments?.frameBytes ?? 0))
        var outgoing = Transmission(frames: [], event: .none)
        var length = 0
        repeat {
            var event = unsafe husk_link_event()
            let status = unsafe husk_link_transmit(
                pointer, now, frame.pointer, frame.count, &length, &event)
            let failure = HuskError(code: status)
            outgoing.event = unsafe failure.map { .failed($0) } ?? Event(event)
            if failure == nil && length > 0 {
                unsafe outgoing.frames.append([UInt8](frame.slice(0, length)))
            }
        } while length > 0 && outgoing.event == .none
        if unsafe !pointer.pointee.sending {
            message = PinnedBytes(count: 0)
        }
        return outgoing
    }

    /// Milliseconds until ``transmit(now:)`` has something to do: 0 for now, nil for never.
    public func timeout(now: UInt32) -> UInt32? {
        let timeout = unsafe husk_link_next_timeout(pointer, now)
        return timeout == UInt32.max ? nil : timeout
    }
}

extension Link.Event {
    init(_ event: husk_link_event) {
        switch unsafe Int32(event.kind) {
        case HUSK_LINK_AUTHENTICATED: self = .authenticated
        case HUSK_LINK_MESSAGE: self = unsafe .message(
                OpenedFrame(payload: [UInt8](event.payload), number: event.number), beginsSession: event.new_session)
        case HUSK_LINK_FAILED: self = unsafe .failed(HuskError(code: event.status) ?? .state)
        default: self = .none
        }
    }
}

/// The memory for messages in pieces.
@safe private final class LinkFragments: Sendable {
    private let storage = unsafe Pinned(zeroed: husk_link_fragments.self)
    private let buffer: PinnedBytes
    let frameBytes: Int

    init(frameBytes: Int, messageBytes: Int) throws(HuskError) {
        buffer = PinnedBytes(count: max(messageBytes, 0))
        self.frameBytes = max(frameBytes, 0)
        try unsafe check(
            husk_link_fragments_init(storage.pointer, self.frameBytes, buffer.pointer, buffer.count))
    }

    var pointer: UnsafeMutablePointer<husk_link_fragments> { unsafe storage.pointer }
}
#endif

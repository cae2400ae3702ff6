// The device endpoint: one state machine for firmware, where datagrams are spans, and for hosts (Hosts/Device+Arrays).
internal import CHusk

/// An endpoint that authenticates to a gateway and sends protected requests. It does no I/O and reads no clock:
/// datagrams go in and out, and time is passed in as milliseconds from any origin, which may wrap around. On a
/// microcontroller it allocates nothing:
///
///     try device.start(.post, path: "sensors/temperature", contentFormat: 60, payload: reading)
///     while true {
///         var signal = try device.transmit(now: now) { datagram in radio.send(datagram) }
///         // act on signal, wait for a datagram at most device.timeout(now: now)
///         signal = try device.receive(&datagram, now: now)
///     }
@safe public struct Device: ~Copyable, Sendable {
    private var parts: DeviceParts
    /// Held because the core points to them: one of these two.
    private let key: PreSharedKey?
    private let update: KeyUpdateState?

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    var pointer: UnsafeMutablePointer<husk_device> { unsafe parts.device.pointer }

    /// What a journal keeps of a session. Firmware contains what it names and nothing of the rest.
    @safe public struct Keeping {
        let keeper: UnsafePointer<husk_keeper>?

        /// The session ends with a reboot.
        public static var nothing: Keeping { unsafe Keeping(nil) }

        /// The session, so that a reboot costs no round trip; sequence numbers are reserved in blocks (RFC 8613
        /// appendix B.1.1), so that a power cut loses some and never repeats one.
        public static var session: Keeping { unsafe Keeping(husk_keeper_storage_table()) }

        private init(_ keeper: UnsafePointer<husk_keeper>?) {
            unsafe self.keeper = unsafe keeper
        }
    }

    /// How requests and responses go that are longer than a message.
    @safe public struct Bodies {
        let functions: UnsafePointer<husk_blockwise_functions>?
        let capacity: Int

        /// They do not.
        public static var inOneMessage: Bodies { unsafe Bodies(functions: nil, capacity: 0) }

        /// In blocks (RFC 7959), responses of at most so many bytes. Notifications are not collected: one with a Block2
        /// option that says "more" is the beginning, and a GET brings all of it.
        public static func inBlocks(upTo bytes: Int) -> Bodies {
            unsafe Bodies(functions: husk_blockwise_table(), capacity: bytes)
        }

        private init(functions: UnsafePointer<husk_blockwise_functions>?, capacity: Int) {
            unsafe self.functions = unsafe functions
            self.capacity = capacity
        }
    }

    /// An endpoint that authenticates by EDHOC-PSK.
    ///
    /// - Parameters:
    ///   - key: moves in
    ///   - suites: 1 to 8, most preferred first
    ///   - random: where nonces and ephemeral keys come from
    ///   - combinesFirstRequest: message_3 rides with the first request (RFC 9668); otherwise it is answered by
    ///     message_4 before the request is sent
    ///   - journal: where records are kept; nil: nothing outlives a reboot
    ///   - resumes: with a journal, to keep a resumption key and authenticate with it first
    ///     (draft-ietf-lake-edhoc-psk-08 section 6)
    ///   - keeping: what the journal keeps of a session
    ///   - bodies: how long requests and responses may be
    ///   - requestBytes: of the longest request: path and payload
    ///   - observedBytes: of the request that is observed; nil if nothing is
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for what cannot work, ``HuskError/storage``,
    ///   ``HuskError/random``, ``HuskError/buffer`` if `memory` has no room.
    public init(
        key: consuming PreSharedKey, suites: Span<CipherSuite>, random: RandomSource, combinesFirstRequest: Bool = true,
        journal: FlashJournal? = nil, resumes: Bool = true, keeping: Keeping = .nothing, bodies: Bodies = .inOneMessage,
        requestBytes: Int = 96, observedBytes: Int? = nil, in memory: inout PinnedMemory
    ) throws(HuskError) {
        var parts = try unsafe DeviceParts(
            husk_profile_edhoc_table(), suites, random.hook, keeping, bodies, requestBytes, observedBytes, in: &memory)
        unsafe parts.config.pointer.pointee.sequential = !combinesFirstRequest
        unsafe parts.config.pointer.pointee.resume = journal != nil && resumes
        parts.store(in: journal)
        try self.init(parts, key: key)
    }

    /// An endpoint that gets its keys by KUDOS from a provisioned secret, without any public-key operation.
    ///
    /// - Parameters:
    ///   - secret: 16 to 32 bytes, which the gateway has too; copied, and the caller's copy is the caller's to wipe
    ///   - senderID: names this device's messages; 0 to 7 bytes, and not the gateway's
    ///   - recipientID: names the peer's messages; 0 to 7 bytes
    ///   - idContext: at most 8 bytes; an empty one differs from none
    ///   - mode: all but ``KeyUpdate/Mode/noForwardSecrecy`` need a journal
    ///   - suite: its AEAD and hash are used, and nothing else of it
    ///   - random: where nonces and ephemeral keys come from
    ///   - journal: where records are kept; nil: nothing outlives a reboot
    ///   - keeping: what the journal keeps of a session
    ///   - bodies: how long requests and responses may be
    ///   - requestBytes: of the longest request: path and payload
    ///   - observedBytes: of the request that is observed; nil if nothing is
    ///   - memory: where the value takes its storage
    /// - Throws: as above.
    public init(
        keyUpdate secret: RawSpan, senderID: ConnectionIdentifier, recipientID: ConnectionIdentifier,
        idContext: RawSpan? = nil, mode: KeyUpdate.Mode, suite: CipherSuite = .suite0, random: RandomSource,
        journal: FlashJournal? = nil, keeping: Keeping = .nothing, bodies: Bodies = .inOneMessage,
        requestBytes: Int = 96, observedBytes: Int? = nil, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let update = try unsafe KeyUpdateState(
            secret: secret, senderID: senderID, recipientID: recipientID, idContext: idContext, mode: mode,
            suite: suite, random: random.hook, in: &memory)
        var parts = try unsafe DeviceParts(
            husk_profile_kudos_table(), Span(), random.hook, keeping, bodies, requestBytes, observedBytes, in: &memory)
        parts.store(in: journal)
        try self.init(parts, update: update)
    }

    init(_ parts: consuming DeviceParts, key: consuming PreSharedKey) throws(HuskError) {
        unsafe parts.config.pointer.pointee.psk = key.view
        try unsafe check(husk_device_init(parts.device.pointer, parts.config.pointer))
        self.parts = parts
        self.key = consume key
        update = nil
    }

    init(_ parts: consuming DeviceParts, update: consuming KeyUpdateState) throws(HuskError) {
        update.beginFromSecret()
        unsafe parts.config.pointer.pointee.kudos = update.state.pointer
        unsafe parts.config.pointer.pointee.kudos_config = UnsafePointer(update.config.pointer)
        try unsafe check(husk_device_init(parts.device.pointer, parts.config.pointer))
        self.parts = parts
        key = nil
        self.update = consume update
    }

    /// Whether there is a session.
    public var isAuthenticated: Bool { unsafe pointer.pointee.has_context }

    /// Whether no request is in progress.
    public var isIdle: Bool { unsafe pointer.pointee.request == nil }

    /// EDHOC: the suite in use, or the one to be tried next. KUDOS: nil.
    public var suite: CipherSuite? {
        let index = unsafe Int(pointer.pointee.suite_index)
        guard unsafe index < parts.config.pointer.pointee.edhoc.suite_count else { return nil }
        return unsafe CipherSuite(parts.config.pointer.pointee.edhoc.suites[index])
    }

    /// Begins a request; authenticates first if there is no session.
    ///
    /// - Parameters:
    ///   - code: the method
    ///   - path: such as `sensors/temperature`
    ///   - contentFormat: of the payload; nil: not said
    ///   - payload: copied
    /// - Throws: ``HuskError/state`` while another one is in progress, ``HuskError/buffer`` if the request is too long,
    ///   ``HuskError/argument`` for a code that is no request's, ``HuskError/random``.
    public mutating func start(
        _ code: CoAPCode, path: StaticString, contentFormat: UInt32? = nil, payload: RawSpan
    ) throws(HuskError) {
        let path = unsafe UnsafeRawBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount)
        try unsafe start(code, path: path.bytes, contentFormat: contentFormat, payload: payload)
    }

    /// The same for a path that is UTF-8.
    public mutating func start(
        _ code: CoAPCode, path: RawSpan, contentFormat: UInt32? = nil, payload: RawSpan
    ) throws(HuskError) {
        // While a request is in progress the core points to the last one.
        guard unsafe pointer.pointee.request == nil else { throw .state }
        try parts.request.set(code, path: path, contentFormat: contentFormat, payload: payload)
        try unsafe check(husk_device_start(pointer, parts.request.pointer))
    }

    /// Authenticates, anew if there is a session, and asks nothing of the gateway.
    ///
    /// - Throws: ``HuskError/state`` while a request is in progress, ``HuskError/random``.
    public mutating func authenticate() throws(HuskError) {
        try unsafe check(husk_device_start(pointer, nil))
    }

    /// Begins to observe a resource of the gateway (RFC 7641) with GET or FETCH, as a request begins; one at a time,
    /// and other requests go on beside it. ``Signal/notification(_:)`` comes at once for the present state, then
    /// whenever it changes; those that are overtaken by newer ones do not come.
    ///
    /// A new session registers anew by itself. A gateway that fell silent is not noticed: call this again from time to
    /// time, with the same request.
    ///
    /// - Throws: as ``start(_:path:contentFormat:payload:)-(_,StaticString,_,_)``; ``HuskError/argument`` if the
    ///   endpoint was made without memory for it.
    public mutating func observe(_ code: CoAPCode = .get, path: RawSpan, payload: RawSpan) throws(HuskError) {
        guard unsafe pointer.pointee.request == nil else { throw .state }
        guard let observation = unsafe parts.observation else { throw .argument }
        try parts.observed.set(code, path: path, contentFormat: nil, payload: payload)
        try unsafe check(husk_device_observe(pointer, observation, parts.observed.pointer))
    }

    /// Ends the observation. If the gateway knows of it, it is told, which ends with ``Signal/observationEnded(_:)`` or
    /// ``Signal/observationFailed(_:refusal:)``; otherwise nothing more comes of it.
    ///
    /// - Throws: ``HuskError/state`` if there is none, or a request is in progress; otherwise as for requests.
    public mutating func cancelObservation() throws(HuskError) {
        try unsafe check(husk_device_cancel(pointer))
    }

    /// Takes a received datagram, which is decrypted in place. Transmit next, whatever came of it.
    ///
    /// - Throws: why it was dropped; what is in progress goes on as if it had not come.
    public mutating func receive(_ datagram: inout MutableRawSpan, now: UInt32) throws(HuskError) -> Signal {
        var event = unsafe husk_event()
        return try unsafe datagram.inPlace { bytes, count in
            unsafe husk_device_receive(pointer, now, bytes, count, &event)
        } _: { buffer in unsafe Signal(event, buffer) }
    }

    /// The same for a datagram that is the beginning of a buffer.
    ///
    /// - Throws: ``HuskError/argument`` if the buffer is shorter, otherwise as above.
    public mutating func receive(
        first count: Int, of buffer: inout MutableRawSpan, now: UInt32
    ) throws(HuskError) -> Signal {
        guard count >= 0, count <= buffer.byteCount else { throw .argument }
        var event = unsafe husk_event()
        return try unsafe buffer.inPlace { bytes, _ in
            unsafe husk_device_receive(pointer, now, bytes, count, &event)
        } _: { buffer in unsafe Signal(event, buffer) }
    }

    /// Lends `send` the next datagram to send now, if there is one, and says whether the peer has stayed silent too
    /// long.
    ///
    /// - Throws: ``HuskError/random``, ``HuskError/storage`` and what else keeps a message from being made; nothing is
    ///   to be sent then.
    public mutating func transmit(now: UInt32, _ send: (RawSpan) -> Void) throws(HuskError) -> Signal {
        var datagram: UnsafePointer<UInt8>? = nil
        var length = 0
        var event = unsafe husk_event()
        try unsafe check(husk_device_transmit(pointer, now, &datagram, &length, &event))
        if length > 0 {
            unsafe send(UnsafeRawBufferPointer(start: datagram, count: length).bytes)
        }
        return unsafe Signal(event, Located(base: nil, count: 0))
    }

    /// Milliseconds until there is something to transmit: 0 for now, nil for never.
    public func timeout(now: UInt32) -> UInt32? {
        let timeout = unsafe husk_device_next_timeout(pointer, now)
        return timeout == UInt32.max ? nil : timeout
    }

    /// Lends the response that was collected from blocks last, ``Reply/isCollected``.
    public borrowing func withCollectedBody<Result: ~Copyable, Failure: Error>(
        count: Int, _ read: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try parts.withBody(count: count, read)
    }
}

extension Device {
    /// What came of a datagram, or of time passing.
    public enum Signal: Sendable, Hashable {
        /// Nothing to act on.
        case none
        /// The gateway has proved to hold the key, and was asked nothing else yet.
        case authenticated
        /// The request was answered, and the answer verified.
        case response(Reply)
        /// The request, or authentication, came to nothing; `refusal` is the gateway's answer if it was one. Start
        /// again at will.
        case failed(HuskError, refusal: CoAPCode?)
        /// The observed resource as it is now, verified and newer than before.
        case notification(Reply)
        /// The observation is over: the gateway ended it, or never began it, with this answer.
        case observationEnded(Reply)
        /// The observation is over: registering it came to nothing, as in ``failed(_:refusal:)``.
        case observationFailed(HuskError, refusal: CoAPCode?)
    }

    /// What the gateway said, verified, where it lies in the datagram that was received.
    public struct Reply: Sendable, Hashable {
        /// The response code.
        public var code: CoAPCode
        /// If there was no session before, this proves that the gateway holds the key.
        public var beginsSession: Bool
        /// Encoded options, those under protection.
        public var options: Range<Int>
        /// In the datagram; or from 0 on in the body that was collected, if ``isCollected``.
        public var payload: Range<Int>
        /// Whether the payload came in blocks: ``Device/withCollectedBody(count:_:)``.
        public var isCollected: Bool

        init(_ event: husk_event, _ buffer: Located) {
            unsafe code = CoAPCode(rawValue: event.code)
            unsafe beginsSession = event.new_session
            unsafe options = buffer.range(event.options)
            let range = unsafe buffer.range(event.payload)
            isCollected = unsafe range.count < event.payload.len
            payload = unsafe isCollected ? 0..<event.payload.len : range
        }
    }

    /// How the endpoint got to its session.
    public struct Way: Sendable, Hashable {
        /// The ways, cheapest first.
        public enum Kind: UInt8, Sendable, Hashable {
            /// There is no session yet.
            case none = 0
            /// It was there, in RAM.
            case session = 1
            /// From storage, with the numbers after those that were reserved: no round trip.
            case continued = 2
            /// New keys from a secret: no public-key operation.
            case keyUpdate = 3
            /// EDHOC with the resumption key: the gateway looks nothing up.
            case resumed = 4
            /// EDHOC with the provisioned key: works whatever was lost.
            case full = 5
        }

        /// Why it was not a cheaper one.
        public enum Reason: UInt8, Sendable, Hashable {
            /// Nothing was in storage: the first start, or storage was lost.
            case noneKept = 0
            /// There is no cheaper one.
            case cheapest = 1
            /// What was in storage cannot be read.
            case storage = 2
            /// The session's key is used up.
            case exhausted = 3
            /// The gateway does not know the session.
            case refused = 4
            /// Nor the resumption key.
            case resumptionRefused = 5
            /// It was asked for.
            case asked = 6
        }

        /// The way that was taken.
        public var kind: Kind
        /// Why it was not a cheaper one.
        public var reason: Reason
        /// Answers, the one of the request itself included.
        public var roundTrips: Int
        /// Of all datagrams sent and received.
        public var bytes: Int
    }

    /// The way of the request that was started last, so far: the cheapest one that was safe.
    public var way: Way {
        let way = unsafe pointer.pointee.way
        // The core has no others.
        return Way(
            kind: Way.Kind(rawValue: way.kind) ?? .none, reason: Way.Reason(rawValue: way.why) ?? .noneKept,
            roundTrips: Int(way.round_trips), bytes: Int(way.bytes))
    }
}

extension Device.Signal {
    init(_ event: husk_event, _ buffer: Located) {
        let reply = unsafe Device.Reply(event, buffer)
        let isObservation = unsafe event.observation
        switch unsafe Int32(event.kind) {
        case HUSK_EVENT_AUTHENTICATED: self = .authenticated
        case HUSK_EVENT_RESPONSE: self = isObservation ? .observationEnded(reply) : .response(reply)
        case HUSK_EVENT_NOTIFICATION: self = .notification(reply)
        case HUSK_EVENT_FAILED:
            let error = unsafe HuskError(code: event.status) ?? .state
            let refusal = unsafe event.code == 0 ? nil : CoAPCode(rawValue: event.code)
            self = isObservation ? .observationFailed(error, refusal: refusal) : .failed(error, refusal: refusal)
        default: self = .none
        }
    }
}

/// What the core points to, all of it in place.
@safe struct DeviceParts: ~Copyable, Sendable {
    let device: Pinned<husk_device>
    let config: Pinned<husk_device_config>
    /// One after the other: pointers to the tables of the suites; a `husk_device_blocks`, or nothing; a
    /// `husk_device_observation`, or nothing; the body that is collected.
    private let rest: PinnedBytes
    private let observationAt: Int
    private let bodyAt: Int
    var request: RequestStorage
    var observed: RequestStorage
    private var journal: FlashJournal?
    #if !hasFeature(Embedded)
    var memory: DeviceMemory?
    #endif

    init(
        _ profile: UnsafePointer<husk_profile>!, _ suites: Span<CipherSuite>, _ random: husk_random,
        _ keeping: Device.Keeping, _ bodies: Device.Bodies, _ requestBytes: Int, _ observedBytes: Int?,
        in memory: inout PinnedMemory
    ) throws(HuskError) {
        let device = try unsafe Pinned(zeroed: husk_device.self, in: &memory)
        let config = try unsafe Pinned(zeroed: husk_device_config.self, in: &memory)
        let blocksAt = suites.count * DeviceParts.alignment
        let isBlockwise = unsafe bodies.functions != nil
        let observationAt = unsafe blocksAt + (isBlockwise ? MemoryLayout<husk_device_blocks>.stride : 0)
        let bodyAt = unsafe observationAt + (observedBytes == nil ? 0 : MemoryLayout<husk_device_observation>.stride)
        let rest = try PinnedBytes(count: bodyAt + max(0, bodies.capacity), in: &memory)
        let request = try RequestStorage(requestBytes, in: &memory)
        let observed = try RequestStorage(observedBytes ?? 0, in: &memory)

        let first = unsafe UnsafeMutableRawPointer(rest.pointer)
            .assumingMemoryBound(to: UnsafePointer<husk_suite>?.self)
        for index in suites.indices {
            unsafe first[index] = suites[index].table
        }
        unsafe config.pointer.pointee.profile = unsafe profile
        unsafe config.pointer.pointee.edhoc.suites = UnsafePointer(first)
        unsafe config.pointer.pointee.edhoc.suite_count = suites.count
        unsafe config.pointer.pointee.edhoc.random = random
        unsafe config.pointer.pointee.keep = keeping.keeper
        if isBlockwise {
            let state = unsafe UnsafeMutableRawPointer(rest.pointer + blocksAt)
                .assumingMemoryBound(to: husk_device_blocks.self)
            unsafe state.pointee.functions = bodies.functions
            unsafe state.pointee.body = rest.pointer + bodyAt
            unsafe state.pointee.body_cap = rest.count - bodyAt
            unsafe state.pointee.szx = UInt8(HUSK_BLOCK_SZX_MAX)
            unsafe config.pointer.pointee.blocks = state
        }
        unsafe self.device = unsafe device
        unsafe self.config = unsafe config
        self.rest = rest
        self.observationAt = observationAt
        self.bodyAt = bodyAt
        self.request = request
        self.observed = observed
        journal = nil
        #if !hasFeature(Embedded)
        self.memory = nil
        #endif
    }

    /// Room for each pointer to a table, so that what follows them is aligned.
    private static var alignment: Int { MemoryLayout<UInt64>.alignment }

    /// Nil if the endpoint was made without memory for one.
    var observation: UnsafeMutablePointer<husk_device_observation>? {
        guard observationAt < bodyAt else { return nil }
        return unsafe UnsafeMutableRawPointer(rest.pointer + observationAt)
            .assumingMemoryBound(to: husk_device_observation.self)
    }

    /// The body that was collected from blocks last, or more.
    func withBody<Result: ~Copyable, Failure: Error>(
        count: Int, _ read: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try rest.withBytes { (whole) throws(Failure) in
            try read(whole.extracting(droppingFirst: bodyAt).extracting(first: count))
        }
    }

    mutating func store(in journal: FlashJournal?) {
        guard let journal else { return }
        self.journal = journal
        unsafe config.pointer.pointee.storage = journal.hook
    }
}

/// A request that the core points to, with its path and payload.
@safe struct RequestStorage: ~Copyable, Sendable {
    private let request: Pinned<husk_device_request>
    private var bytes: PinnedBytes

    init(_ count: Int, in memory: inout PinnedMemory) throws(HuskError) {
        let request = try unsafe Pinned(zeroed: husk_device_request.self, in: &memory)
        let bytes = try PinnedBytes(count: max(0, count), in: &memory)
        unsafe self.request = unsafe request
        self.bytes = bytes
    }

    /// Copies a request, once the core does not point to the last one. Throws ``HuskError/buffer`` if it is too long;
    /// on hosts there is room for any.
    mutating func set(
        _ code: CoAPCode, path: RawSpan, contentFormat: UInt32?, payload: RawSpan
    ) throws(HuskError) {
        if path.byteCount + payload.byteCount > bytes.count {
            #if hasFeature(Embedded)
            throw .buffer
            #else
            bytes = PinnedBytes(count: path.byteCount + payload.byteCount)
            #endif
        }
        bytes.write(path, at: 0)
        bytes.write(payload, at: path.byteCount)
        let text = unsafe UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: CChar.self)
        unsafe request.pointer.pointee = husk_device_request(
            code: code.rawValue, path: path.byteCount == 0 ? nil : text, path_len: path.byteCount,
            content_format: contentFormat ?? UInt32.max, payload: bytes.slice(path.byteCount, payload.byteCount))
    }

    var pointer: UnsafeMutablePointer<husk_device_request> { unsafe request.pointer }
}

// The device endpoint on a host: the same state machine that runs in firmware, with its datagrams as arrays.
internal import CHusk

/// An endpoint that authenticates to a gateway and sends protected requests. It does no I/O and reads no clock:
/// datagrams go in and out, and time is passed in as milliseconds from any origin.
///
///     try device.start(.init(.post, "sensors/temperature", contentFormat: 60, payload: reading))
///     while true {
///         let outgoing = try device.transmit(now: now)
///         // send outgoing.datagram if there is one, wait at most device.timeout(now: now)
///         let event = try device.receive(datagram, now: now)
///     }
@safe public struct Device: ~Copyable, Sendable {
    public struct Request: Sendable {
        public var code: CoAPCode
        /// Such as `sensors/temperature`.
        public var path: String
        public var contentFormat: UInt32?
        public var payload: [UInt8]

        public init(_ code: CoAPCode, _ path: String, contentFormat: UInt32? = nil, payload: [UInt8] = []) {
            self.code = code
            self.path = path
            self.contentFormat = contentFormat
            self.payload = payload
        }
    }

    public enum Event: Sendable, Equatable {
        case none
        /// The gateway has proved to hold the key, and was asked nothing else yet.
        case authenticated
        /// The request was answered, and the answer verified. If there was no session, this proves that the gateway
        /// holds the key too.
        case response(Answer)
        /// The request, or authentication, came to nothing; `refusal` is the gateway's answer if it was one. Start
        /// again at will.
        case failed(HuskError, refusal: CoAPCode?)
        /// The observed resource as it is now, verified and newer than before. If there was no session, this proves
        /// that the gateway holds the key too.
        case notification(Answer)
        /// The observation is over: the gateway ended it, or never began it, with this answer.
        case observationEnded(Answer)
        /// The observation is over: registering it came to nothing, as in ``failed(_:refusal:)``.
        case observationFailed(HuskError, refusal: CoAPCode?)
    }

    /// What the gateway said, verified.
    public struct Answer: Sendable, Hashable {
        public var code: CoAPCode
        /// Those under protection, such as ETag.
        public var options: [CoAPOption]
        public var payload: [UInt8]

        public init(code: CoAPCode, options: [CoAPOption] = [], payload: [UInt8] = []) {
            self.code = code
            self.options = options
            self.payload = payload
        }

        /// The first option with that number.
        public func option(_ number: UInt32) -> CoAPOption? { options.first { $0.number == number } }
    }

    public struct Transmission: Sendable {
        /// To be sent now; nil if there is nothing to send.
        public var datagram: [UInt8]?
        public var event: Event
    }

    private let storage: Pinned<husk_device>
    private let config: Pinned<husk_device_config>
    private let configuration: HandshakeConfiguration
    private let key: PreSharedKey
    /// Held because the core points to it.
    private let memory: DeviceMemory?
    private var request = PinnedRequest()
    private var observed = PinnedRequest()
    private let observation = unsafe Pinned(zeroed: husk_device_observation.self)
    private let blocks = unsafe Pinned(zeroed: husk_device_blocks.self)
    private let body: PinnedBytes

    /// - Parameters:
    ///   - combinesFirstRequest: message_3 rides with the first request (RFC 9668); otherwise it is answered by
    ///     message_4 before the request is sent
    ///   - memory: what to remember for later devices; with it, sessions are resumed
    ///   - bodyCapacity: the longest response that is collected from blocks (RFC 7959). With 0, nothing goes in blocks,
    ///     and requests are limited to what fits one message. Notifications are not collected: one with a Block2 option
    ///     that says "more" is the beginning, and a GET brings all of it.
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for a configuration that cannot work.
    public init(
        key: borrowing PreSharedKey, configuration: HandshakeConfiguration, combinesFirstRequest: Bool = true,
        memory: DeviceMemory? = nil, bodyCapacity: Int = 0
    ) throws(HuskError) {
        let key = key.copy()
        let body = PinnedBytes(count: bodyCapacity)
        let config = unsafe Pinned(zeroed: husk_device_config.self)
        let storage = unsafe Pinned(zeroed: husk_device.self)
        unsafe config.pointer.pointee.profile = edhocProfile
        unsafe config.pointer.pointee.edhoc = configuration.pointer.pointee
        unsafe config.pointer.pointee.psk = key.view
        unsafe config.pointer.pointee.sequential = !combinesFirstRequest
        if let memory {
            unsafe config.pointer.pointee.storage = memory.hook
            unsafe config.pointer.pointee.resume = true
        }
        if bodyCapacity > 0 {
            unsafe blocks.pointer.pointee.functions = blockwise
            unsafe blocks.pointer.pointee.body = body.pointer
            unsafe blocks.pointer.pointee.body_cap = bodyCapacity
            unsafe blocks.pointer.pointee.szx = UInt8(HUSK_BLOCK_SZX_MAX)
            unsafe config.pointer.pointee.blocks = blocks.pointer
        }
        try unsafe check(husk_device_init(storage.pointer, config.pointer))
        self.body = body
        self.configuration = configuration
        self.memory = memory
        self.key = key
        unsafe self.config = unsafe config
        unsafe self.storage = unsafe storage
    }

    /// Whether there is a session.
    public var isAuthenticated: Bool { unsafe storage.pointer.pointee.has_context }

    /// The suite in use, or the one to be tried next.
    public var suite: CipherSuite { unsafe configuration.suites[Int(storage.pointer.pointee.suite_index)] }

    /// Begins a request; authenticates first if there is no session. With nil it only authenticates, anew.
    ///
    /// - Throws: ``HuskError/state`` while another one is in progress, ``HuskError/buffer`` if the request is too long,
    ///   ``HuskError/random``.
    public mutating func start(_ next: Request?) throws(HuskError) {
        guard let next else {
            return try unsafe check(husk_device_start(storage.pointer, nil))
        }
        // While a request is in progress the core points to the last one.
        guard unsafe storage.pointer.pointee.request == nil else { throw .state }
        request = PinnedRequest(next)
        try unsafe check(husk_device_start(storage.pointer, request.pointer))
    }

    /// Begins to observe a resource of the gateway (RFC 7641), as ``start(_:)`` does a request; one at a time, and other
    /// requests go on beside it. ``Event/notification(_:)`` comes at once for the present state, then whenever it
    /// changes; those that are overtaken by newer ones do not come.
    ///
    /// A new session registers anew by itself. A gateway that fell silent is not noticed: call this again from time to
    /// time, with the same request.
    ///
    /// - Throws: as ``start(_:)``.
    public mutating func observe(_ next: Request) throws(HuskError) {
        guard unsafe storage.pointer.pointee.request == nil else { throw .state }
        let pinned = PinnedRequest(next)
        try unsafe check(husk_device_observe(storage.pointer, observation.pointer, pinned.pointer))
        observed = pinned
    }

    /// Ends the observation. If the gateway knows of it, it is told, which ends with ``Event/observationEnded(_:)`` or
    /// ``Event/observationFailed(_:refusal:)``; otherwise there is no event.
    ///
    /// - Throws: ``HuskError/state`` if there is none, or a request is in progress; otherwise as ``start(_:)``.
    public mutating func cancelObservation() throws(HuskError) {
        try unsafe check(husk_device_cancel(storage.pointer))
    }

    /// Takes a received datagram. An error says why it was dropped, and changes nothing.
    public mutating func receive(_ datagram: RawSpan, now: UInt32) throws(HuskError) -> Event {
        let copy = PinnedBytes(count: datagram.byteCount)
        copy.write(datagram, at: 0)
        var event = unsafe husk_event()
        try unsafe check(husk_device_receive(storage.pointer, now, copy.pointer, copy.count, &event))
        return unsafe Event(event)
    }

    /// The next datagram to send now, and whether the peer has stayed silent too long.
    public mutating func transmit(now: UInt32) throws(HuskError) -> Transmission {
        var datagram: UnsafePointer<UInt8>? = nil
        var length = 0
        var event = unsafe husk_event()
        try unsafe check(husk_device_transmit(storage.pointer, now, &datagram, &length, &event))
        let bytes = unsafe length == 0 ? nil : Array(UnsafeBufferPointer(start: datagram, count: length))
        return unsafe Transmission(datagram: bytes, event: Event(event))
    }

    /// Milliseconds until ``transmit(now:)`` has something to do; nil for never.
    public func timeout(now: UInt32) -> UInt32? {
        let timeout = unsafe husk_device_next_timeout(storage.pointer, now)
        return timeout == UInt32.max ? nil : timeout
    }
}

extension Device.Event {
    init(_ event: husk_event) {
        switch unsafe Int32(event.kind) {
        case HUSK_EVENT_AUTHENTICATED: self = .authenticated
        case HUSK_EVENT_RESPONSE where unsafe event.observation:
            self = unsafe .observationEnded(Device.Answer(event))
        case HUSK_EVENT_RESPONSE:
            self = unsafe .response(Device.Answer(event))
        case HUSK_EVENT_NOTIFICATION: self = unsafe .notification(Device.Answer(event))
        case HUSK_EVENT_FAILED:
            let error = unsafe HuskError(code: event.status) ?? .state
            let refusal = unsafe event.code == 0 ? nil : CoAPCode(rawValue: event.code)
            self =
                unsafe event.observation
                ? .observationFailed(error, refusal: refusal) : .failed(error, refusal: refusal)
        default: self = .none
        }
    }
}

extension Device.Answer {
    init(_ event: husk_event) {
        unsafe self.init(
            code: CoAPCode(rawValue: event.code), options: [CoAPOption](event.options), payload: [UInt8](event.payload))
    }
}

/// A request that the core points to, with its path and payload.
@safe private struct PinnedRequest: ~Copyable, Sendable {
    private let request = unsafe Pinned(zeroed: husk_device_request.self)
    private let bytes: PinnedBytes

    init() {
        bytes = PinnedBytes(count: 0)
    }

    init(_ request: Device.Request) {
        let path = Array(request.path.utf8)
        bytes = PinnedBytes(count: path.count + request.payload.count)
        unsafe bytes.write(path.span.bytes, at: 0)
        unsafe bytes.write(request.payload.span.bytes, at: path.count)
        let text = unsafe UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: CChar.self)
        unsafe self.request.pointer.pointee = husk_device_request(
            code: request.code.rawValue, path: path.isEmpty ? nil : text, path_len: path.count,
            content_format: request.contentFormat ?? UInt32.max,
            payload: bytes.slice(path.count, request.payload.count))
    }

    var pointer: UnsafeMutablePointer<husk_device_request> { unsafe request.pointer }
}

/// The core's table, at an address that stays. Never written to, never freed.
nonisolated(unsafe) private let edhocProfile: UnsafePointer<husk_profile> = {
    let table = UnsafeMutablePointer<husk_profile>.allocate(capacity: 1)
    unsafe table.initialize(to: husk_profile_edhoc)
    return unsafe UnsafePointer(table)
}()

/// As above.
nonisolated(unsafe) private let blockwise: UnsafePointer<husk_blockwise_functions> = {
    let table = UnsafeMutablePointer<husk_blockwise_functions>.allocate(capacity: 1)
    unsafe table.initialize(to: husk_blockwise)
    return unsafe UnsafePointer(table)
}()

// The device endpoint on hosts: memory of the heap, datagrams as arrays.
#if !hasFeature(Embedded)
internal import CHusk

extension Device {
    /// A request to the gateway.
    public struct Request: Sendable {
        /// The method.
        public var code: CoAPCode
        /// Such as `sensors/temperature`.
        public var path: String
        /// CoAP Content-Format of the payload; nil: not said.
        public var contentFormat: UInt32?
        /// What is sent; may be empty.
        public var payload: [UInt8]

        /// A request for a path such as `sensors/temperature`.
        public init(_ code: CoAPCode, _ path: String, contentFormat: UInt32? = nil, payload: [UInt8] = []) {
            self.code = code
            self.path = path
            self.contentFormat = contentFormat
            self.payload = payload
        }
    }

    /// A ``Signal``, with what the gateway said.
    public enum Event: Sendable, Equatable {
        /// Nothing to act on.
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
        /// The response code.
        public var code: CoAPCode
        /// Those under protection, such as ETag.
        public var options: [CoAPOption]
        /// What the gateway said; may be empty.
        public var payload: [UInt8]

        /// An answer of these parts.
        public init(code: CoAPCode, options: [CoAPOption] = [], payload: [UInt8] = []) {
            self.code = code
            self.options = options
            self.payload = payload
        }

        /// The first option with that number.
        public func option(_ number: UInt32) -> CoAPOption? { options.first { $0.number == number } }
    }

    /// What ``transmit(now:)`` has to say.
    public struct Transmission: Sendable {
        /// To be sent now; nil if there is nothing to send.
        public var datagram: [UInt8]?
        /// What came of time passing.
        public var event: Event
    }

    /// An endpoint that authenticates by EDHOC-PSK.
    ///
    /// - Parameters:
    ///   - key: shared with the peer; copied
    ///   - configuration: suites and random generator
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
        var heap = PinnedMemory.heap
        let suites = configuration.suites
        var parts = try unsafe DeviceParts(
            husk_profile_edhoc_table(), suites.span, configuration.pointer.pointee.random, .nothing,
            bodyCapacity > 0 ? .inBlocks(upTo: bodyCapacity) : .inOneMessage, 0, 0, in: &heap)
        unsafe parts.config.pointer.pointee.sequential = !combinesFirstRequest
        parts.store(in: memory)
        try self.init(parts, key: key.copy())
    }

    /// An endpoint that gets its keys by KUDOS from a provisioned secret, without any public-key operation, with random
    /// bytes from the operating system. `secret` has 16 to 32 bytes, which the gateway has too; it is copied, and the
    /// caller's copy is the caller's to wipe. Every mode but ``KeyUpdate/Mode/noForwardSecrecy`` needs `memory`.
    ///
    /// - Throws: ``HuskError/argument`` for a configuration that cannot work.
    public init(
        keyUpdate secret: RawSpan, configuration: KeyUpdate.Configuration, memory: DeviceMemory? = nil,
        bodyCapacity: Int = 0
    ) throws(HuskError) {
        let update = try unsafe KeyUpdateState(secret: secret, configuration: configuration, random: systemRandom())
        var heap = PinnedMemory.heap
        var parts = try unsafe DeviceParts(
            husk_profile_kudos_table(), Span(), systemRandom(), .nothing,
            bodyCapacity > 0 ? .inBlocks(upTo: bodyCapacity) : .inOneMessage, 0, 0, in: &heap)
        parts.store(in: memory)
        try self.init(parts, update: update)
    }

    /// Begins a request; authenticates first if there is no session. With nil it only authenticates, anew.
    ///
    /// - Throws: ``HuskError/state`` while another one is in progress, ``HuskError/buffer`` if the request is too long,
    ///   ``HuskError/random``.
    public mutating func start(_ next: Request?) throws(HuskError) {
        guard let next else { return try authenticate() }
        try unsafe start(
            next.code, path: next.path.utf8.span.bytes, contentFormat: next.contentFormat,
            payload: next.payload.span.bytes)
    }

    /// Begins to observe a resource of the gateway, as ``observe(_:path:payload:)``.
    ///
    /// - Throws: as ``start(_:)``.
    public mutating func observe(_ next: Request) throws(HuskError) {
        try unsafe observe(next.code, path: next.path.utf8.span.bytes, payload: next.payload.span.bytes)
    }

    /// Takes a received datagram. An error says why it was dropped, and changes nothing.
    public mutating func receive(_ datagram: RawSpan, now: UInt32) throws(HuskError) -> Event {
        let copy = PinnedBytes(count: datagram.byteCount)
        copy.write(datagram, at: 0)
        var event = unsafe husk_event()
        try unsafe check(husk_device_receive(pointer, now, copy.pointer, copy.count, &event))
        return unsafe Event(event)
    }

    /// The same for an array.
    public mutating func receive(_ datagram: [UInt8], now: UInt32) throws(HuskError) -> Event {
        try unsafe receive(datagram.span.bytes, now: now)
    }

    /// The next datagram to send now, and whether the peer has stayed silent too long.
    public mutating func transmit(now: UInt32) throws(HuskError) -> Transmission {
        var datagram: [UInt8]?
        let signal = try transmit(now: now) { bytes in
            datagram = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
        }
        return Transmission(datagram: datagram, event: Event(ofTransmission: signal))
    }
}

extension DeviceParts {
    mutating func store(in memory: DeviceMemory?) {
        guard let memory else { return }
        self.memory = memory
        unsafe config.pointer.pointee.storage = memory.hook
        unsafe config.pointer.pointee.resume = true
    }
}

extension Device.Event {
    /// Transmitting brings no answers about.
    init(ofTransmission signal: Device.Signal) {
        switch signal {
        case .authenticated: self = .authenticated
        case .failed(let error, let refusal): self = .failed(error, refusal: refusal)
        case .observationFailed(let error, let refusal): self = .observationFailed(error, refusal: refusal)
        case .none, .response, .notification, .observationEnded: self = .none
        }
    }

    init(_ event: husk_event) {
        let answer = unsafe Device.Answer(
            code: CoAPCode(rawValue: event.code), options: [CoAPOption](event.options), payload: [UInt8](event.payload))
        switch unsafe Device.Signal(event, Located(base: nil, count: 0)) {
        case .response: self = .response(answer)
        case .notification: self = .notification(answer)
        case .observationEnded: self = .observationEnded(answer)
        case let other: self = Device.Event(ofTransmission: other)
        }
    }
}
#endif

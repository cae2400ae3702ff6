// The same steps for byte arrays, on hosts.
#if !hasFeature(Embedded)
extension OSCOREMessage {
    /// The same for an array.
    public init(inspecting datagram: [UInt8]) throws(HuskError) {
        try unsafe self.init(inspecting: datagram.span.bytes)
    }
}

extension Device {
    /// As ``init(keyUpdate:configuration:memory:bodyCapacity:)-(RawSpan,_,_,_)``; wipe or drop your copy of the secret
    /// afterwards.
    public init(
        keyUpdate secret: [UInt8], configuration: KeyUpdate.Configuration, memory: DeviceMemory? = nil,
        bodyCapacity: Int = 0
    ) throws(HuskError) {
        try unsafe self.init(
            keyUpdate: secret.span.bytes, configuration: configuration, memory: memory, bodyCapacity: bodyCapacity)
    }
}

extension PreSharedKey {
    /// As ``init(key:kid:initiator:responder:)-(RawSpan,_,_,_)``; wipe or drop your copy of the key afterwards.
    public init(key: [UInt8], kid: [UInt8], initiator: Identity, responder: Identity) throws(HuskError) {
        try unsafe self.init(key: key.span.bytes, kid: kid.span.bytes, initiator: initiator, responder: responder)
    }
}

extension CoAPMessage {
    /// The same for an array.
    public init(decoding datagram: [UInt8]) throws(HuskError) {
        try unsafe self.init(decoding: datagram.span.bytes)
    }
}

extension CombinedRequest {
    /// The same for an array.
    public init(splitting datagram: [UInt8]) throws(HuskError) {
        try unsafe self.init(splitting: datagram.span.bytes)
    }
}

extension SecurityContext {
    /// The same for arrays.
    public mutating func unprotect(
        request datagram: [UInt8], exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        try unsafe unprotect(request: datagram.span.bytes, exchange: &exchange)
    }

    /// The same for arrays.
    public mutating func unprotect(
        response datagram: [UInt8], exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        try unsafe unprotect(response: datagram.span.bytes, exchange: &exchange)
    }
}

extension Fragments {
    /// The same for an array.
    public init(of message: [UInt8], fragmentBytes: Int) throws(HuskError) {
        try unsafe self.init(of: message.span.bytes, fragmentBytes: fragmentBytes)
    }
}

extension Link {
    /// As ``init(keyUpdate:configuration:memory:framing:)-(RawSpan,_,_,_)``; wipe or drop your copy of the secret
    /// afterwards.
    public init(
        keyUpdate secret: [UInt8], configuration: KeyUpdate.Configuration, memory: LinkMemory? = nil,
        framing: Framing
    ) throws(HuskError) {
        try unsafe self.init(
            keyUpdate: secret.span.bytes, configuration: configuration, memory: memory, framing: framing)
    }

    /// The same for an array.
    public mutating func send(_ message: [UInt8]) throws(HuskError) {
        try unsafe send(message.span.bytes)
    }

    /// The same for an array.
    public mutating func receive(_ frame: [UInt8]) throws(HuskError) -> Event {
        try unsafe receive(frame.span.bytes)
    }
}

extension LinkMemory {
    /// The same for an array.
    public convenience init<Failure: Error>(
        record: [UInt8] = [], save: @escaping @Sendable (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) {
        try unsafe self.init(record: record.span.bytes, save: save)
    }
}

extension KeyUpdate {
    /// As ``init(secret:configuration:)-(RawSpan,_)``; wipe or drop your copy of the secret afterwards.
    public init(secret: [UInt8], configuration: Configuration) throws(HuskError) {
        try unsafe self.init(secret: secret.span.bytes, configuration: configuration)
    }

    /// The same for an array.
    public mutating func restore(_ record: [UInt8]) throws(HuskError) {
        try unsafe restore(record.span.bytes)
    }

    /// The same for arrays.
    public mutating func unprotect(
        request datagram: [UInt8], exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> Received {
        try unsafe unprotect(request: datagram.span.bytes, exchange: &exchange)
    }

    /// The same for arrays.
    public mutating func unprotect(
        response datagram: [UInt8], exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> Received {
        try unsafe unprotect(response: datagram.span.bytes, exchange: &exchange)
    }
}

extension Handshake.Responder.WaitingForMessage1 {
    /// The same for an array.
    public consuming func process(_ message1: [UInt8]) throws(HuskError) -> Handshake.Responder.ReadyForMessage2 {
        try unsafe process(message1.span.bytes)
    }
}

extension Handshake.Responder.WaitingForMessage3 {
    /// The same for an array.
    public borrowing func keyIdentifier(in message3: [UInt8]) throws(HuskError) -> [UInt8] {
        try unsafe keyIdentifier(in: message3.span.bytes)
    }

    /// The same for an array.
    public borrowing func accepts(_ message3: [UInt8], key: borrowing PreSharedKey) -> Bool {
        unsafe accepts(message3.span.bytes, key: key)
    }

    /// The same for arrays.
    public consuming func process(
        _ message3: [UInt8], key: borrowing PreSharedKey
    ) throws(HuskError) -> Handshake.Responder.ReadyForMessage4 {
        try unsafe process(message3.span.bytes, key: key)
    }
}

extension Handshake.Initiator.WaitingForMessage2 {
    /// The same for an array.
    public consuming func process(_ message2: [UInt8]) throws(HuskError) -> Handshake.Initiator.ReadyForMessage3 {
        try unsafe process(message2.span.bytes)
    }
}

extension Handshake.Initiator.WaitingForMessage4 {
    /// The same for an array.
    public consuming func process(_ message4: [UInt8]) throws(HuskError) -> Handshake.Completed {
        try unsafe process(message4.span.bytes)
    }
}

extension EnvelopeKey {
    /// As ``init(root:sender:recipient:identifier:algorithm:wraps:)-(RawSpan,_,_,_,_,_)``; wipe or drop your copy of
    /// the root key afterwards.
    public init(
        root: [UInt8], sender: Identity, recipient: Identity, identifier: [UInt8] = [],
        algorithm: EnvelopeAlgorithm = .aesCCM8, wraps: Bool = false
    ) throws(HuskError) {
        try unsafe self.init(
            root: root.span.bytes, sender: sender, recipient: recipient, identifier: identifier, algorithm: algorithm,
            wraps: wraps)
    }
}

extension Envelope {
    /// The same for an array.
    public init(inspecting bytes: [UInt8]) throws(HuskError) {
        try unsafe self.init(inspecting: bytes.span.bytes)
    }
}

extension EnvelopeSealer {
    /// The same for an array.
    public init(key: consuming EnvelopeKey, record: [UInt8] = [], fullIV: Bool = false) throws(HuskError) {
        try unsafe self.init(key: key, record: record.span.bytes, fullIV: fullIV)
    }

    /// The same for an array.
    public init(recipients: consuming EnvelopeRecipients, record: [UInt8] = []) throws(HuskError) {
        try unsafe self.init(recipients: recipients, record: record.span.bytes)
    }

    /// The same for an array.
    public mutating func seal<Failure: Error>(
        _ content: [UInt8], _ metadata: EnvelopeMetadata, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> [UInt8] {
        try unsafe seal(content.span.bytes, metadata, save: save)
    }
}

extension EnvelopeOpener {
    /// The same for arrays.
    public init(
        key: consuming EnvelopeKey, names: [String] = [], requiresDeadline: Bool = false, record: [UInt8] = []
    ) throws(HuskError) {
        try unsafe self.init(key: key, names: names, requiresDeadline: requiresDeadline, record: record.span.bytes)
    }

    /// The same for an array.
    public mutating func open<Failure: Error>(
        _ envelope: [UInt8], now: UInt64?, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> OpenedEnvelope {
        try unsafe open(envelope.span.bytes, now: now, save: save)
    }
}
#endif

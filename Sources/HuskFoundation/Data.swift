// Husk for programs that have their bytes in Data. A target of its own, so that Husk needs no Foundation.
public import FoundationEssentials
public import Husk

// `Data` lends its bytes as a span, `data.bytes`, which every step of Husk takes as it is; what comes out as bytes goes
// into `Data(…)`. Here are the steps that are taken for every message.

extension SecurityContext {
    /// Server: verifies and decrypts a request.
    public mutating func unprotect(
        request datagram: Data, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        try unprotect(request: datagram.bytes, exchange: &exchange)
    }

    /// Client: verifies and decrypts the response to the request of `exchange`, or a notification.
    public mutating func unprotect(
        response datagram: Data, exchange: inout Exchange
    ) throws(HuskError) -> CoAPMessage {
        try unprotect(response: datagram.bytes, exchange: &exchange)
    }
}

extension FrameContext {
    /// As ``seal(_:withIdentifier:)``.
    public mutating func seal(_ payload: Data, withIdentifier: Bool = true) throws(HuskError) -> Data {
        Data(try seal(payload.bytes, withIdentifier: withIdentifier))
    }

    /// As ``open(_:)``.
    public mutating func open(_ frame: Data) throws(HuskError) -> OpenedFrame {
        try open(frame.bytes)
    }
}

extension EnvelopeSealer {
    /// As ``seal(_:_:save:)``.
    public mutating func seal<Failure: Error>(
        _ content: Data, _ metadata: EnvelopeMetadata, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> Data {
        Data(try seal(content.bytes, metadata, save: save))
    }
}

extension EnvelopeOpener {
    /// As ``open(_:now:save:)``.
    public mutating func open<Failure: Error>(
        _ envelope: Data, now: UInt64?, save: (RawSpan) throws(Failure) -> Void
    ) throws(HuskError) -> OpenedEnvelope {
        try open(envelope.bytes, now: now, save: save)
    }
}

extension Device {
    /// As ``receive(_:now:)``.
    public mutating func receive(_ datagram: Data, now: UInt32) throws(HuskError) -> Event {
        try receive(datagram.bytes, now: now)
    }
}

extension CoAPMessage {
    /// As ``init(decoding:)``.
    public init(decoding datagram: Data) throws(HuskError) {
        try self.init(decoding: datagram.bytes)
    }
}

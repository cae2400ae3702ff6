// What a gateway and an application say to programs that read them: one JSON object on each line.
#if Gateway
import FoundationEssentials
import Husk
import HuskGateway

enum JSONLine {
    static func text(_ line: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and numbers always encode.
        return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Nil if the line is not one of this kind.
    static func decode<Line: Decodable>(_ line: String, as kind: Line.Type = Line.self) -> Line? {
        try? JSONDecoder().decode(kind, from: Data(line.utf8))
    }
}

/// What happened at a gateway.
struct GatewayLine: Codable, Sendable {
    enum Event: String, Codable {
        case listening, message, authenticated, reading, envelope, refused
    }

    var event: Event
    var port: Int?
    /// Who authenticated, or brought the reading or the envelope: that is proved.
    var device: String?
    var peer: String?
    var path: String?
    var text: String?
    var message: MessageFigures?
    /// Into whose mailboxes it went.
    var destinations: [String]?
    /// What is written on the envelope.
    var says: EnvelopeReport?
    /// All of it, in hexadecimal; and the part that is sealed, which is its end if it has one recipient.
    var envelope: String?
    var ciphertext: String?

    static func listening(port: Int) -> GatewayLine { GatewayLine(event: .listening, port: port) }

    init(event: Event, port: Int? = nil) {
        self.event = event
        self.port = port
    }

    init(_ event: GatewayEvent) {
        switch event {
        case .message(let message):
            self.init(event: .message)
            self.message = MessageFigures(message)
            peer = message.peer
        case .authenticated(let authentication):
            self.init(event: .authenticated)
            device = authentication.device
            peer = authentication.peer
        case .reading(let reading):
            self.init(event: .reading)
            device = reading.device
            path = reading.path
            text = reading.text
        case .envelope(let letter):
            self.init(event: .envelope)
            device = letter.device
            destinations = letter.destinations
            says = EnvelopeReport(letter.envelope, count: letter.bytes.count)
            envelope = hex(letter.bytes)
            ciphertext =
                letter.envelope.hasRecipientList ? nil : hex(letter.bytes.suffix(letter.envelope.ciphertextCount))
        case .refused(let refusal):
            self.init(event: .refused)
            device = refusal.device
            peer = refusal.peer
            text = refusal.text
        }
    }
}

/// What happened at an application.
struct ApplicationLine: Codable, Sendable {
    enum Event: String, Codable {
        case sealed, left, opened, refused
    }

    var event: Event
    /// Who sealed it: proved by the key it opened with; of one that was refused, what it claims.
    var sender: String?
    var destination: String?
    var sequence: UInt64?
    /// Verified with the content.
    var metadata: Metadata?
    var content: String?
    var envelope: String?
    var code: String?
    var reason: String?

    struct Metadata: Codable, Sendable {
        var source: String?
        var destination: String?
        var contentFormat: UInt16?
        var time: UInt64?
        var deadline: UInt64?
        var priority: UInt8?
        var tags: [String]

        init(_ metadata: EnvelopeMetadata) {
            source = metadata.source
            destination = metadata.destination
            contentFormat = metadata.contentFormat
            time = metadata.time
            deadline = metadata.deadline
            priority = metadata.priority
            tags = metadata.tags
        }
    }

    static func sealed(_ metadata: EnvelopeMetadata, content: String, envelope: [UInt8]) -> ApplicationLine {
        ApplicationLine(
            event: .sealed, destination: metadata.destination, metadata: Metadata(metadata), content: content,
            envelope: hex(envelope))
    }

    static func left(destination: String, code: String) -> ApplicationLine {
        ApplicationLine(event: .left, destination: destination, code: code)
    }

    static func opened(_ opened: OpenedEnvelope, sender: String) -> ApplicationLine {
        ApplicationLine(
            event: .opened, sender: sender, sequence: opened.sequence, metadata: Metadata(opened.metadata),
            content: readable(opened.content))
    }

    static func refused(source: String?, _ reason: String) -> ApplicationLine {
        ApplicationLine(event: .refused, sender: source, reason: reason)
    }

    /// For people.
    var text: String {
        switch event {
        case .sealed: "sealed for \(printable(destination ?? "nobody")): \(printable(content ?? ""))"
        case .left: "left for \(printable(destination ?? "nobody")): \(code ?? "")"
        case .opened: "\(printable(sender ?? "")) \(sequence ?? 0): \(printable(content ?? ""))"
        case .refused:
            "refused an envelope that says it is from \(printable(sender ?? "nobody")): \(reason ?? "")"
        }
    }
}
#endif

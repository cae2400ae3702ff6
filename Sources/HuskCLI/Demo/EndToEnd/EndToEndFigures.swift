// What was seen of each envelope in the end-to-end demo, in the shape of its JSON file.
#if Gateway
import FoundationEssentials
import Husk

/// One envelope in the eyes of each party, as it said itself.
struct EnvelopeSightings: Codable, Sendable {
    var device: DeviceEnvelope
    var gateway: GatewayLine
    var application: ApplicationLine
}

/// An envelope that the device did not open.
struct Refusal: Codable, Sendable {
    /// The status that it gave, by its name in the core.
    var name: String
    /// Its bytes.
    var envelope: Int
    /// Seconds since 1970: when it was over, and when it was let through.
    var deadline: UInt64?
    var arrived: UInt64?
}

struct EndToEndFigures: Codable, Sendable {
    var version: String
    var machine: String
    var processor: String
    /// Processes of device (QEMU), gateway and application.
    var pids: [String: Int32]
    /// Of the device, between the command and its replay.
    var restarts: Int
    var reading: EnvelopeSightings
    var command: EnvelopeSightings
    var action: String
    var answer: DeviceEnvelope
    var replay: Refusal
    var late: Refusal
    /// What the device did after both.
    var next: DeviceEnvelope
    var nextAction: String
    var nextAnswer: DeviceEnvelope
    var firmware: FirmwareReport

    /// The three have seen the same envelopes, and the gateway no content.
    func check() throws(Failure) {
        for (what, seen) in [("reading", reading), ("command", command)] {
            guard let said = seen.gateway.says, let sealed = seen.gateway.ciphertext.flatMap({ bytes(hex: $0) }) else {
                throw Failure(.failed, "the gateway did not say what is on the \(what)")
            }
            guard seen.device.content == seen.application.content else {
                throw Failure(.failed, "device and application do not agree about the \(what)")
            }
            let verified = seen.application.metadata
            guard let verified, verified.source == said.source, verified.destination == said.destination,
                verified.contentFormat == said.contentFormat, verified.time == said.time,
                verified.deadline == said.deadline, verified.priority == said.priority, verified.tags == said.tags
            else {
                throw Failure(.failed, "gateway and application do not agree about what is on the \(what)")
            }
            let content = Array(seen.device.content.utf8)
            guard sealed.count == content.count + Self.tagBytes, sealed.prefix(content.count) != content[...] else {
                throw Failure(.failed, "the \(what) is not sealed")
            }
        }
        guard reading.application.sender == reading.gateway.device,
            reading.application.sender == reading.device.source,
            reading.application.sequence == reading.device.sequence
        else {
            throw Failure(.failed, "the application opened another reading than the device sealed")
        }
        guard command.application.envelope == command.gateway.envelope,
            command.device.source == command.gateway.device
        else {
            throw Failure(.failed, "the gateway carried another command than the application sealed")
        }
        guard replay.name == "HUSK_ERR_REPLAY", late.name == "HUSK_ERR_EXPIRED" else {
            throw Failure(.failed, "refused for other reasons: \(replay.name) and \(late.name)")
        }
        guard Set(pids.values).count == 3 else { throw Failure(.failed, "there are not three processes") }
    }

    /// AES-CCM-16-64-128.
    private static let tagBytes = 8

    func encoded() throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw Failure(.failed, "the figures cannot be encoded: \(error)")
        }
    }
}
#endif

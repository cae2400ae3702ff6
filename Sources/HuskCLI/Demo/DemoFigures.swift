// Everything a demo measured, in the shape of its JSON file.
#if Gateway
import FoundationEssentials
import Husk
import HuskGateway

struct DemoFigures: Codable {
    var version: String
    var machines: [MachineFigures]
    var tlsLibrary: String
    var tls: [TLSFigures]
    /// One table per machine, in the same order: the bytes are the same unless something was sent again.
    var costs: [CostTable]

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

struct MachineFigures: Codable {
    var machine: String
    var processor: String
    var profile: String
    var suite: Int?
    /// message_3 rode with the first request (RFC 9668).
    var combined: Bool
    /// The device rebooted and resumed its session.
    var resume: Bool
    var authentications: Int
    var messages: [MessageFigures]
    var readings: [ReadingFigures]
    var husk: HuskFigures
    var firmware: FirmwareReport
    var firmwareExitCode: Int
    var authenticationMilliseconds: Int?
}

struct ReadingFigures: Codable {
    var device: String
    var path: String
    var bytes: Int
    var text: String
}

extension MessageFigures {
    init(_ message: GatewayMessage) {
        self.init(
            name: message.name.rawValue, isToGateway: message.direction == .received, isCopy: message.isDuplicate,
            edhocBytes: message.edhocBytes, handshakeBytes: message.handshakeBytes,
            oscoreOverheadBytes: message.name.isKeyUpdate ? nil : message.oscoreOverheadBytes,
            datagramBytes: message.datagramBytes)
    }
}

/// What the gateway reported while one device ran.
struct Observation: Sendable {
    var messages: [MessageFigures] = []
    var readings: [GatewayReading] = []
    var authentications: [GatewayAuthentication] = []
    var refusals: [GatewayRefusal] = []

    mutating func add(_ event: GatewayEvent) {
        switch event {
        case .message(let message):
            messages.append(MessageFigures(message))
        case .reading(let reading): readings.append(reading)
        case .authenticated(let authentication): authentications.append(authentication)
        case .refused(let refusal): refusals.append(refusal)
        case .envelope: break
        }
    }
}
#endif

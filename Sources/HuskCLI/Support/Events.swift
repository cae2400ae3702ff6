// What a gateway reports, as lines of text.
#if Gateway
import Husk
import HuskGateway

/// One line per message, in columns that `header` names.
enum MessageLine {
    static let header = line("", "message", "EDHOC", "OSCORE adds", "CoAP datagram")

    static func text(_ message: GatewayMessage) -> String {
        line(
            message.direction == .received ? "-->" : "<--",
            message.name.rawValue,
            message.edhocBytes.map(String.init) ?? "",
            message.oscoreOverheadBytes.map { "+\($0)" } ?? "",
            String(message.datagramBytes)) + (message.isDuplicate ? "  copy" : "")
    }

    private static func line(_ arrow: String, _ name: String, _ edhoc: String, _ oscore: String, _ datagram: String)
        -> String
    {
        "  " + left(arrow, 4) + left(name, 28) + right(edhoc, 7) + right(oscore, 14) + right(datagram, 16)
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// Bytes from elsewhere as text where they are text, else in hexadecimal.
func readable(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self), printable(text, limit: .max) == text {
        return printable(text)
    }
    return bytes.isEmpty ? "(empty)" : "0x" + hex(bytes.prefix(64)) + (bytes.count > 64 ? "..." : "")
}

extension GatewayReading {
    var text: String { readable(payload) }
}

extension GatewayEnvelope {
    /// Who left what for whom: all that a gateway can tell.
    var text: String {
        "\(printable(device)) left an envelope for \(destinations.map { printable($0) }.joined(separator: ", ")): \(bytes.count) bytes"
    }
}

extension GatewayRefusal {
    var text: String {
        let who = device.map { "\(printable($0)) at \(peer)" } ?? peer
        let why =
            switch reason {
            case .malformed: "a datagram that is not CoAP"
            case .handshake(let error): "handshake: \(error.reason)"
            case .unknownHandshake: "a message of a handshake that does not exist"
            case .busy: "too many handshakes at once"
            case .unknownSession: "a message of a session that does not exist"
            case .session(let error): "session: \(error.reason)"
            case .suite(let suite): "handshake: suite \(suite.id) is not among those this device may use"
            case .request(let code): "a request, answered \(code)"
            }
        return "refused from \(who): \(why)"
    }
}
#endif

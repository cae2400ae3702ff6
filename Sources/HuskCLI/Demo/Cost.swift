// What authentication costs in bytes: Husk's own, as counted by the gateway, beside TLS handshakes run in this process.
#if Gateway
import CTLSPeer
import HuskGateway

/// One TLS scenario, run here.
struct TLSFigures: Codable, Equatable {
    var name: String
    /// False if the library cannot do it; then everything else is 0 or empty.
    var isSupported: Bool
    var handshakeBytes: Int
    var clientBytes: Int
    var serverBytes: Int
    var flights: Int
    /// A record with 32 bytes of application data, and the one that answers it with as many.
    var messageBytes: Int
    var replyBytes: Int
    /// DER sizes: the client's leaf and intermediate, the server's leaf and intermediate. Zeros without certificates.
    var chainBytes: [Int]
    var version: String
    var cipherSuite: String

    static let payloadBytes = 32

    /// Runs a scenario (`CTLSPEER_*`).
    static func measure(_ scenario: Int32) throws(Failure) -> TLSFigures {
        var result = unsafe ctlspeer_result()
        let name = unsafe String(cString: ctlspeer_scenario_name(scenario))
        let status = unsafe ctlspeer_run(scenario, CTLSPEER_FAULT_NONE, payloadBytes, payloadBytes, &result)
        guard status == CTLSPEER_OK || status == CTLSPEER_ERR_UNSUPPORTED else {
            let code = unsafe result.library_error
            throw Failure(.failed, "\(name) failed in Mbed TLS with status \(status), library error \(code)")
        }
        return unsafe TLSFigures(
            name: name,
            isSupported: status == CTLSPEER_OK,
            handshakeBytes: Int(result.handshake_client_bytes + result.handshake_server_bytes),
            clientBytes: Int(result.handshake_client_bytes),
            serverBytes: Int(result.handshake_server_bytes),
            flights: Int(result.flights),
            messageBytes: Int(result.request_bytes),
            replyBytes: Int(result.reply_bytes),
            chainBytes: [
                result.client_leaf_bytes, result.client_intermediate_bytes,
                result.server_leaf_bytes, result.server_intermediate_bytes,
            ].map { Int($0) },
            version: String(cString: result.version),
            cipherSuite: String(cString: result.ciphersuite))
    }

    static func measureAll() throws(Failure) -> [TLSFigures] {
        var all: [TLSFigures] = []
        for scenario in 0..<Int32(CTLSPEER_SCENARIOS) {
            all.append(try measure(scenario))
        }
        return all
    }

    /// Such as `Mbed TLS 2.28.3`.
    static var library: String {
        let name = unsafe [CChar](unsafeUninitializedCapacity: 40) { buffer, count in
            unsafe ctlspeer_library_name(buffer.baseAddress, buffer.count)
            count = unsafe String(cString: buffer.baseAddress!).utf8.count
        }
        return String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// What Husk's handshake and first message took, of the messages that the gateway counted. Copies of a message that was
/// sent again are part of it.
struct HuskFigures: Codable, Equatable {
    /// Of the first handshake: EDHOC messages alone, and what they took of CoAP datagrams.
    var edhocBytes: Int
    var handshakeBytes: Int
    /// What OSCORE added to the first request and to its answer.
    var requestOverheadBytes: Int
    var responseOverheadBytes: Int
    /// 32 bytes and what OSCORE adds to them.
    var messageBytes: Int

    init?(_ messages: [MessageFigures]) {
        let end = messages.firstIndex { $0.endsHandshake } ?? messages.endIndex - 1
        let handshake = messages.prefix(end + 1).filter { $0.handshakeBytes != nil }
        guard !handshake.isEmpty,
            let request = messages.first(where: { $0.isToGateway && $0.oscoreOverheadBytes != nil })?
                .oscoreOverheadBytes,
            let response = messages.first(where: { !$0.isToGateway && $0.oscoreOverheadBytes != nil })?
                .oscoreOverheadBytes
        else { return nil }
        edhocBytes = handshake.reduce(0) { $0 + ($1.edhocBytes ?? 0) }
        handshakeBytes = handshake.reduce(0) { $0 + ($1.handshakeBytes ?? 0) }
        requestOverheadBytes = request
        responseOverheadBytes = response
        messageBytes = TLSFigures.payloadBytes + request
    }
}

struct MessageFigures: Codable, Equatable {
    var name: String
    var isToGateway: Bool
    var isCopy: Bool
    var edhocBytes: Int?
    /// What of the datagram is there for the handshake.
    var handshakeBytes: Int?
    var oscoreOverheadBytes: Int?
    var datagramBytes: Int

    /// The last message of a handshake.
    var endsHandshake: Bool {
        let last: [GatewayMessage.Name] = [.edhocMessage4, .combinedRequest, .kudosConvergent]
        return last.contains { $0.rawValue == name }
    }
}

/// The table at the end.
struct CostTable: Codable, Equatable {
    struct Row: Codable, Equatable {
        var name: String
        /// Nil if it could not be run.
        var handshakeBytes: Int?
        var messageBytes: Int?
        /// How many times what Husk takes.
        var handshakeRatio: Double?
        var messageRatio: Double?
    }

    var rows: [Row]

    init(husk: HuskFigures, profile: DemoProfile = .edhoc, tls: [TLSFigures]) {
        func times(_ bytes: Int, _ base: Int) -> Double? {
            base > 0 ? Double(bytes) / Double(base) : nil
        }
        rows = [
            Row(
                name: profile == .edhoc ? "Husk: EDHOC-PSK, OSCORE" : "Husk: KUDOS, OSCORE",
                handshakeBytes: husk.handshakeBytes,
                messageBytes: husk.messageBytes,
                handshakeRatio: 1, messageRatio: 1)
        ]
        rows += tls.map { tls in
            guard tls.isSupported else { return Row(name: tls.name) }
            return Row(
                name: tls.name, handshakeBytes: tls.handshakeBytes, messageBytes: tls.messageBytes,
                handshakeRatio: times(tls.handshakeBytes, husk.handshakeBytes),
                messageRatio: times(tls.messageBytes, husk.messageBytes))
        }
    }

    /// The table as text.
    func lines(library: String, style: Style = .plain) -> [String] {
        var table = TextTable(
            alignments: [.left, .right, .right, .right, .right],
            header: ["bytes", "handshake", "", "32-byte message", ""])
        for row in rows {
            guard let handshake = row.handshakeBytes, let message = row.messageBytes else {
                table.rows.append([row.name, "-", "", "-", ""])
                continue
            }
            table.rows.append([
                row.name, grouped(handshake), row.handshakeRatio.map { "x \(times($0))" } ?? "",
                grouped(message), row.messageRatio.map { "x \(times($0))" } ?? "",
            ])
        }
        var lines = table.lines(style: style)
        if rows.contains(where: { $0.handshakeBytes == nil }) {
            lines.append("  -  not in \(library)")
        }
        return lines
    }
}

/// A ratio with one decimal below 10, none above: 1.2, 26.
func times(_ ratio: Double) -> String {
    let tenths = Int((ratio * 10).rounded())
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : String(Int(ratio.rounded()))
}
#endif

// Tables, numbers and the arithmetic of the cost table.
#if Gateway
import Testing

@testable import HuskCLI

struct TableTests {
    @Test func columnsAreAligned() {
        var table = TextTable(alignments: [.left, .right], header: ["name", "bytes"])
        table.rows = [["a", "1"], ["longer", "12,345"]]
        #expect(table.lines() == ["  name      bytes", "  a             1", "  longer   12,345"])
    }

    @Test func numbers() {
        #expect(
            [0, 7, 999, 1000, 2412, 1_234_567, -1000].map(grouped) == [
                "0", "7", "999", "1,000", "2,412", "1,234,567", "-1,000",
            ])
        #expect(
            [1.0, 1.152, 2.008, 9.94, 9.96, 18.27, 100.4].map(times) == ["1.0", "1.2", "2.0", "9.9", "10", "18", "100"])
        #expect(hex([0x00, 0xff, 0x0a]) == "00ff0a")
        #expect(bytes(hex: "00fF0a") == [0, 255, 10])
        #expect(bytes(hex: "") == [])
        #expect(bytes(hex: "0") == nil)
        #expect(bytes(hex: "0g") == nil)
        #expect(bytes(hex: "é0") == nil)
    }

    @Test func colourOnlyWhereWanted() {
        #expect(Style.plain.bold("x") == "x")
        #expect(Style(isColoured: true).bold("x") == "\u{1b}[1mx\u{1b}[0m")
    }

    static let messages = [
        MessageFigures(
            name: "EDHOC message_1", isToGateway: true, isCopy: false, edhocBytes: 37, handshakeBytes: 61, datagramBytes: 61),
        MessageFigures(
            name: "EDHOC message_2", isToGateway: false, isCopy: false, edhocBytes: 35, handshakeBytes: 45, datagramBytes: 45),
        MessageFigures(
            name: "EDHOC message_3", isToGateway: true, isCopy: false, edhocBytes: 11, handshakeBytes: 36, datagramBytes: 36),
        MessageFigures(
            name: "EDHOC message_4", isToGateway: false, isCopy: false, edhocBytes: 9, handshakeBytes: 19, datagramBytes: 19),
        MessageFigures(
            name: "OSCORE request", isToGateway: true, isCopy: false, oscoreOverheadBytes: 14, datagramBytes: 77),
        MessageFigures(
            name: "OSCORE response", isToGateway: false, isCopy: false, oscoreOverheadBytes: 11, datagramBytes: 18),
        MessageFigures(
            name: "OSCORE request", isToGateway: true, isCopy: false, oscoreOverheadBytes: 15, datagramBytes: 78),
    ]

    static func tls(_ handshake: Int, _ message: Int) -> TLSFigures {
        TLSFigures(
            name: "TLS", isSupported: handshake > 0, handshakeBytes: handshake, clientBytes: 0, serverBytes: 0,
            flights: 4,
            messageBytes: message, replyBytes: message, chainBytes: [0, 0, 0, 0], version: "", cipherSuite: "")
    }

    @Test func huskIsAddedUp() throws {
        let husk = try #require(HuskFigures(Self.messages))
        #expect(husk.edhocBytes == 92)
        #expect(husk.handshakeBytes == 161)
        #expect(husk.requestOverheadBytes == 14)
        #expect(husk.responseOverheadBytes == 11)
        #expect(husk.messageBytes == 46)
        #expect(HuskFigures([]) == nil)
        #expect(HuskFigures(Array(Self.messages.prefix(5))) == nil)
        // A message that was sent twice cost twice.
        #expect(HuskFigures([Self.messages[0]] + Self.messages)?.handshakeBytes == 161 + 61)
    }

    @Test func ofACombinedRequestTheHandshakeHasItsShare() throws {
        let combined = Array(Self.messages.prefix(2)) + [
            MessageFigures(
                name: "message_3 + OSCORE request", isToGateway: true, isCopy: false, edhocBytes: 11,
                handshakeBytes: 12, oscoreOverheadBytes: 14, datagramBytes: 89)
        ]
        let husk = try #require(HuskFigures(combined + Self.messages[5...]))
        #expect(husk.edhocBytes == 83)
        #expect(husk.handshakeBytes == 61 + 45 + 12)
        #expect(husk.messageBytes == 46)
        // Of two handshakes the first counts.
        #expect(HuskFigures(combined + Self.messages[5...] + combined) == husk)
        #expect(HuskFigures(Self.messages + combined)?.handshakeBytes == 161)
    }

    @Test func costsAreComparedWithHusk() throws {
        let husk = try #require(HuskFigures(Self.messages))
        let table = CostTable(husk: husk, tls: [Self.tls(1610, 92), Self.tls(0, 0)])
        #expect(table.rows.count == 3)
        #expect(table.rows[0].handshakeBytes == 161)
        #expect(table.rows[0].handshakeRatio == 1)
        #expect(table.rows[1].handshakeRatio == 10)
        #expect(table.rows[1].messageRatio == 2)
        #expect(table.rows[2].handshakeBytes == nil)
        #expect(table.rows[2].messageRatio == nil)

        let lines = table.lines(library: "Mbed TLS 0.0.0")
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(lines[2].contains(" 1,610    x 10 "))
        #expect(lines.last == "  -  not in Mbed TLS 0.0.0")
        #expect(
            !CostTable(husk: husk, tls: [Self.tls(1610, 92)]).lines(library: "L").contains { $0.contains("not in") })
    }

    @Test func tlsIsMeasuredForThisProcess() throws {
        let all = try TLSFigures.measureAll()
        #expect(all.map(\.name).prefix(2) == ["TLS 1.2 certificates", "TLS 1.2 PSK"])
        #expect(all[0].handshakeBytes > all[1].handshakeBytes)
        #expect(all[0].messageBytes == 53)
        #expect(all[0].handshakeBytes == all[0].clientBytes + all[0].serverBytes)
        #expect(TLSFigures.library.hasPrefix("Mbed TLS "))
    }

    @Test func messageLinesAreNarrow() {
        #expect(MessageLine.header.count <= 100)
        #expect(MessageLine.header.hasSuffix("CoAP datagram"))
    }
}
#endif

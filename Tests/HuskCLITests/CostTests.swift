// The cost model: radios against published air times, transports and fragments against their rules, energy by hand,
// and bad profiles by name.
import Testing

@testable import HuskCLI

struct RadioTests {
    /// Semtech's formula as a published spreadsheet after AN1200.13 has it (24 + 13 bytes, 125 kHz, 4/5, 8 symbols,
    /// explicit header; 13 bytes at SF9), and The Things Network's calculator (10 + 13 bytes).
    @Test(arguments: [
        (37, 7, 82.176), (37, 8, 143.872), (37, 9, 267.264), (37, 10, 493.568), (37, 11, 1069.056), (37, 12, 1974.272),
        (13, 9, 164.864), (23, 7, 61.696), (23, 12, 1482.752),
    ])
    func loraAirTime(bytes: Int, factor: Int, milliseconds: Double) {
        #expect(abs(LoRa.airTime(bytes, spreadingFactor: factor) * 1e3 - milliseconds) < 1e-6)
    }

    private func up(_ payload: Int, _ headers: Packet.Headers = .udp) -> Packet {
        Packet(isUp: true, headers: headers, payload: payload)
    }

    private func down(_ payload: Int, _ headers: Packet.Headers = .udp) -> Packet {
        Packet(isUp: false, headers: headers, payload: payload)
    }

    @Test func loraFragments() {
        let lora = LoRa(spreadingFactor: 12)
        #expect(lora.frames(of: up(51)) == [CostMessage(isUp: true, bytes: 51)])
        // 6 tiles: 5 of them fill a frame, the last goes with the check.
        #expect(
            lora.frames(of: up(52)) == [
                CostMessage(isUp: true, bytes: 51), CostMessage(isUp: true, bytes: 1 + 4 + 2),
                CostMessage(isUp: false, bytes: 1),
            ])
        #expect(
            lora.frames(of: down(52)) == [
                CostMessage(isUp: false, bytes: 51), CostMessage(isUp: true, bytes: 1),
                CostMessage(isUp: false, bytes: 1 + 4 + 2), CostMessage(isUp: true, bytes: 1),
            ])
        #expect(lora.frames(of: up(31, .tcp)) == [CostMessage(isUp: true, bytes: 51)])
        // Two empty windows behind an uplink; none where a downlink comes.
        let alone = lora.use(for: [up(10)])
        #expect(abs(alone.listening - 2 * 6 * 0.032768) < 1e-9)
        #expect(lora.use(for: [up(10), down(10)]).listening == 0)
        // What comes down unasked is asked for.
        #expect(lora.use(for: [down(10)]).framesUp == 1)
    }

    @Test func everyFragmentFits() {
        for factor in LoRa.spreadingFactors {
            let lora = LoRa(spreadingFactor: factor)
            for payload in 1...1232 {
                for packet in [up(payload), down(payload), up(payload, .tcp)] {
                    let frames = lora.frames(of: packet)
                    let carried = frames.filter { $0.isUp == packet.isUp }.reduce(0) { $0 + $1.bytes }
                    #expect(frames.allSatisfy { $0.bytes <= LoRa.payloadBytes[factor]! })
                    #expect(carried >= payload)
                }
            }
        }
    }

    /// The longest frame is on air for 4.256 ms (IEEE 802.15.4: 133 bytes at 250 kbit/s).
    @Test func ieee802154() {
        #expect(abs(Double(IEEE802154.phyBytes + IEEE802154.frameBytes) * IEEE802154.secondsPerByte - 4.256e-3) < 1e-9)
        #expect(IEEE802154.frames(of: up(108)) == [116])
        #expect(IEEE802154.frames(of: up(109)).count == 2)
        for payload in 109...1232 {
            for (headers, compressed) in [(Packet.Headers.udp, 8), (.tcp, 23)] {
                let frames = IEEE802154.frames(of: up(payload, headers))
                guard frames.count > 1 else { continue }
                #expect(frames.allSatisfy { $0 <= IEEE802154.room })
                #expect(frames.reduce(0, +) == compressed + payload + 4 + 5 * (frames.count - 1))
                // Offsets are multiples of 8 in the packet as it was (RFC 4944 section 5.3).
                #expect((frames[0] - 4 - compressed + headers.bytes).isMultiple(of: 8))
                #expect(frames.dropFirst().dropLast().allSatisfy { ($0 - 5).isMultiple(of: 8) })
            }
        }
        let use = IEEE802154().use(for: [up(50)])
        #expect(use.framesUp == 1 && use.framesDown == 0)
        #expect(abs(use.airUp - Double(6 + 11 + 58) * 32e-6) < 1e-12)
        #expect(abs(use.airDown - 352e-6) < 1e-12)
    }

    /// A full packet of LE 1M is on air for 2,088 µs (Bluetooth Core: 2,120 µs with the MIC of 4 bytes).
    @Test func ble() {
        let use = BLE().use(for: [up(244, .none)])
        #expect(use.framesUp == 1 && abs(use.airUp - 2088e-6) < 1e-9 && abs(use.airDown - 80e-6) < 1e-9)
        #expect(BLE().use(for: [up(245, .none)]).framesUp == 2)
    }

    /// 1,000 bits up in 6 units of 8 ms, 680 down in 3 ms (3GPP TS 36.213).
    @Test func nbiot() {
        #expect(NBIoT.blocks(of: up(120 - 48)) == [48e-3])
        #expect(NBIoT.blocks(of: up(121 - 48)) == [48e-3, 8e-3])
        #expect(NBIoT.blocks(of: down(80 - 48)) == [3e-3])
        #expect(NBIoT.blocks(of: down(81 - 48)) == [3e-3, 1e-3])
    }

    @Test func framesOnSmallLinks() {
        #expect(linkFrames(51, room: 51) == [51])
        // 42 bytes in frames of 51: 40 and 2, each with 10 of a frame and 1 of a fragment.
        #expect(linkFrames(52, room: 51) == [51, 13])
    }
}

struct TransportTests {
    @Test func udp() {
        let packets = Transport.packets([CostMessage(isUp: true, bytes: 61)], over: .udp, opens: true)
        #expect(packets.map(\.bytes) == [40 + 8 + 61])
        let long = Transport.packets([CostMessage(isUp: true, bytes: 1300)], over: .udp, opens: true)
        #expect(long.map(\.payload) == [1232, 68 + 25])
    }

    @Test func tcp() {
        let flights = [
            CostMessage(isUp: true, bytes: 200), CostMessage(isUp: false, bytes: 1000),
            CostMessage(isUp: false, bytes: 2000), CostMessage(isUp: true, bytes: 100),
        ]
        let packets = Transport.packets(flights, over: .tcp, opens: true)
        // Open 3; up 1; down 3 segments and an acknowledgement for two of them; up 1 and its acknowledgement.
        #expect(packets.map(\.isUp) == [true, false, true, true, false, false, false, true, true, false])
        #expect(packets.map(\.payload) == [0, 0, 0, 200, 1220, 1220, 560, 0, 100, 0])
        #expect(packets[0].bytes == 64 && packets[2].bytes == 60)
        #expect(Transport.roundTrips(packets) == 2)
        // A reading, its answer, and the acknowledgement of that.
        let reading = [CostMessage(isUp: true, bytes: 61), CostMessage(isUp: false, bytes: 30)]
        #expect(Transport.packets(reading, over: .tcp, opens: false).map(\.payload) == [61, 30, 0])
    }
}

struct CostModelTests {
    private static let profiles = """
        {"schema": 1,
         "processors": {"p": {"core": "m4", "megahertz": 10, "volts": 2, "microamperes_per_megahertz": 100,
                              "sleep_microamperes": 1}},
         "radios": {"r": {"kind": "ble", "volts": 3, "transmit_milliamperes": 10, "receive_milliamperes": 5}},
         "batteries": {"b": {"volts": 3, "milliampere_hours": 100, "self_discharge_percent_per_year": 1,
                             "shelf_years": 10, "pulse_milliamperes": 15}}}
        """

    private static let cycles = """
        {"results": [
          {"scenario": "edhoc_psk/suite_0/message_4", "core": "m4", "flags": "-Os", "cycles": 1000000,
           "split": {"public_key": 900000}},
          {"scenario": "oscore/aes_ccm/request/protect/1", "core": "m4", "flags": "-Os", "cycles": 100},
          {"scenario": "oscore/aes_ccm/request/protect/101", "core": "m4", "flags": "-Os", "cycles": 300},
          {"scenario": "oscore/aes_ccm/response/unprotect/1", "core": "m4", "flags": "-Os", "cycles": 50}]}
        """

    private static let exchanges = """
        {"results": [
          {"scenario": "edhoc_psk/suite_0/message_4", "messages": [
            {"direction": "up", "name": "message_1", "security": 37, "coap": 65},
            {"direction": "down", "name": "message_2", "security": 35, "coap": 44}]},
          {"scenario": "oscore/aes_ccm/request/protect/1", "messages": [
            {"direction": "up", "name": "request", "security": 14, "payload": 1, "coap": 44}]},
          {"scenario": "oscore/aes_ccm/request/protect/101", "messages": [
            {"direction": "up", "name": "request", "security": 14, "payload": 101, "coap": 144}]},
          {"scenario": "oscore/aes_ccm/response/unprotect/1", "messages": [
            {"direction": "down", "name": "response", "security": 11, "payload": 1, "coap": 21}]}]}
        """

    private func model(payload: Int = 51, accelerator: Bool = false) throws -> CostModel {
        let profiles = try Profiles(json: Array(Self.profiles.utf8), name: "p.json")
        let radio = try #require(profiles.radios["r"])
        return CostModel(
            results: try CostResults(
                cycles: Array(Self.cycles.utf8), exchanges: Array(Self.exchanges.utf8), tls: nil),
            given: CostCase(
                core: .m4, processorName: "p", processor: try #require(profiles.processors["p"]), radio: radio,
                link: BLE(), battery: try #require(profiles.batteries["b"]), readingsPerDay: 10, reconnectsPerDay: 2,
                payload: payload, flags: .size, configuration: .fast, hasAccelerator: accelerator))
    }

    @Test func byHand() throws {
        let (costs, missing) = try model().costs()
        #expect(costs.map(\.id) == ["edhoc-psk", "none"])
        #expect(missing.count == Choice.all.count - 2)
        let cost = try #require(costs.first)
        let handshake = try #require(cost.handshake)
        #expect(handshake.securityBytesUp == 37 && handshake.securityBytesDown == 35)
        #expect(handshake.messageBytesUp == 65 && handshake.messageBytesDown == 44)
        #expect(handshake.packetBytesUp == 113 && handshake.packets == 2 && handshake.roundTrips == 1)
        // 1,000,000 cycles of 0.1 mA / MHz at 2 V: 0.2 mJ, 0.1 s.
        #expect(abs(handshake.processorMillijoules - 0.2) < 1e-12 && abs(handshake.processorSeconds - 0.1) < 1e-12)
        // 17 bytes around 8 + 65 up, 10 back; 10 up, 17 around 8 + 44 down: 8 µs each.
        #expect(abs(handshake.transmitMillijoules - 30 * 8e-6 * Double(90 + 10)) < 1e-12)
        #expect(abs(handshake.receiveMillijoules - 15 * 8e-6 * Double(69 + 10)) < 1e-12)
        let parts = handshake.processorMillijoules + handshake.transmitMillijoules + handshake.receiveMillijoules
        #expect(abs(handshake.millijoules - parts) < 1e-12)
        // Half way between the sizes that were measured.
        #expect(cost.reading.cycles == 200 + 50 && cost.reading.messageBytesUp == 94)
        #expect(cost.reading.securityBytesUp == 14)
        // 1 µA at 2 V.
        #expect(abs(cost.day.sleepMillijoules - 172.8) < 1e-9)
        let day = 2 * handshake.millijoules + 10 * cost.reading.millijoules + 172.8
        #expect(abs(cost.day.millijoules - day) < 1e-9)
        // 100 mAh at 3 V are 1,080 J, of which 1 % a year goes by itself.
        #expect(abs(cost.batteryYears - 1_080_000 / (day + 10_800 / 365.25) / 365.25) < 1e-9)
        #expect(cost.breakEven?.withinTenthOfReferenceAfter == 0)
        #expect(costs.last?.handshake == nil && costs.last?.reading.cycles == 0)
    }

    @Test func accelerator() throws {
        #expect(try model(accelerator: true).costs().measured.first?.handshake?.cycles == 100_000)
    }

    @Test func breakEven() {
        // 100 + n against 10 + n: 1.1 (10 + n) reaches 100 + n at n = 890.
        #expect(CostModel.messagesUntilWithin(0.1, 100, 1, of: (10, 1)) == 890)
        #expect(CostModel.messagesUntilWithin(0.1, 10, 1, of: (10, 1)) == 0)
        #expect(CostModel.messagesUntilWithin(0.1, 100, 1.2, of: (10, 1)) == nil)
        #expect(CostModel.messagesUntilWithin(0.1, 10, 1.2, of: (100, 1)) == nil)
        #expect(CostModel.messagesUntilWithin(0.1, 10, 1, of: (100, 1)) == 800)
        #expect(CostModel.messagesUntilWithin(0.1, 0, 0.5, of: (0, 1)) == nil)
    }

    /// RFC 8323 section 3.2: no extended length below 13 bytes of options and payload, one byte below 269, then two.
    @Test func coapOverTCP() {
        #expect(CostModel.overTCP(4 + 2 + 12) == 2 + 2 + 12)
        #expect(CostModel.overTCP(4 + 2 + 13) == 3 + 2 + 13)
        #expect(CostModel.overTCP(4 + 2 + 268) == 3 + 2 + 268)
        #expect(CostModel.overTCP(4 + 2 + 269) == 4 + 2 + 269)
    }

    @Test func builtInResultsAnswer() throws {
        let results = try CostResults.builtIn()
        for core in CostCore.allCases {
            for flags in CostResults.Flags.allCases {
                #expect(results.work("edhoc_psk/suite_0/message_4", nil, core: core, flags: flags) != nil)
            }
        }
        #expect(results.exchange("edhoc_psk/suite_0/message_4", nil)?.count == 4)
        let profiles = try Profiles(json: Array(CostData.profiles.utf8), name: "profiles.json")
        #expect(Set(profiles.processors.values.map(\.core)) == Set(CostCore.allCases))
        #expect(Set(profiles.radios.values.map(\.kind)) == Set(RadioProfile.Kind.allCases))
        #expect(profiles.batteries.keys.sorted() == ["2aa", "cr2032"])
    }

    @Test(arguments: [
        ("", "it is not JSON"), ("[]", "is of the wrong type"), ("{}", "schema is missing"),
        (#"{"schema": 2}"#, "schema 2 is unknown"), (#"{"schema": 1}"#, "has no processors, radios or batteries"),
        (#"{"schema": 1, "radios": {"x": {"kind": "ble", "volts": 3}}}"#, "radios.x.transmit_milliamperes is missing"),
        (#"{"schema": 1, "radios": {"x": {"kind": "wifi"}}}"#, "radios.x.kind is not a known value"),
        (
            #"{"schema": 1, "radios": {"x": {"kind": "ble", "volts": -3, "transmit_milliamperes": 1, "#
                + #""receive_milliamperes": 1}}}"#, "radios.x.volts is -3.0: more than 0"
        ),
        (
            #"{"schema": 1, "radios": {"x": {"kind": "ble", "volts": {"value": "3"}, "transmit_milliamperes": 1, "#
                + #""receive_milliamperes": 1}}}"#, "radios.x.volts.value is of the wrong type"
        ),
        (
            #"{"schema": 1, "processors": {"x": {"core": "m7", "megahertz": 1, "volts": 1, "#
                + #""microamperes_per_megahertz": 1, "sleep_microamperes": 0}}}"#,
            "processors.x.core is not a known value"
        ),
        (
            #"{"schema": 1, "batteries": {"x": {"volts": 3, "milliampere_hours": 0, "#
                + #""self_discharge_percent_per_year": 0, "shelf_years": 1, "pulse_milliamperes": 1}}}"#,
            "batteries.x.milliampere_hours is 0.0: more than 0"
        ),
    ])
    func badProfiles(json: String, says: String) {
        let failure = #expect(throws: Failure.self) {
            try Profiles(json: Array(json.utf8), name: "mine.json")
        }
        #expect(failure?.status == .badData)
        #expect(failure?.message.contains(says) == true && failure?.message.hasPrefix("mine.json") == true)
    }

    @Test func numbers() {
        #expect(
            [0, 0.0213, 0.5, 1.254, 98.14, 99.96, 12_345.4, -2.5].map(short) == [
                "0", "0.0213", "0.5", "1.25", "98.1", "100", "12,345", "-2.5",
            ])
        #expect(seconds(0.0124) == "12.4 ms" && seconds(3.41) == "3.41 s")
    }
}

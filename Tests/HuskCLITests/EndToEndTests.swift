// The end-to-end demo without its processes: what it reads, what it prints, and what it does not let pass.
#if Gateway
import Testing

@testable import HuskCLI

struct EndToEndTests {
    @Test func linesOfTheDoor() {
        #expect(
            DeviceLine("sealed sequence=7 source=door content=[{\"n\":\"t\", \"v\":1}]")
                == .sealed(Self.envelope(7, "door", "[{\"n\":\"t\", \"v\":1}]")))
        #expect(
            DeviceLine("opened sequence=0 source=home content=unlock the front door")
                == .opened(Self.envelope(0, "home", "unlock the front door")))
        #expect(DeviceLine("refused HUSK_ERR_REPLAY status=-19") == .refused(name: "HUSK_ERR_REPLAY", status: -19))
        #expect(DeviceLine("observing mailbox") == .observing)
        for line in ["", "door unlocked", "sealed", "opened sequence=x source=a content=b", "refused", "failed: x"] {
            #expect(DeviceLine(line) == .other(line))
        }
    }

    static func envelope(_ sequence: UInt64, _ source: String, _ content: String) -> DeviceEnvelope {
        DeviceEnvelope("sealed sequence=\(sequence) source=\(source) content=\(content)", verb: "sealed")!
    }

    @Test func commandsOnStandardInput() throws {
        guard case .command(let text, let to, let lifetime) = Application.parse("door 60 unlock the front door") else {
            throw Failure(.failed, "not parsed")
        }
        #expect(text == "unlock the front door" && to == "door" && lifetime == 60)
        for line in ["", "door", "door 60", "door x unlock", "door -1 unlock"] {
            #expect(Application.parse(line) == nil)
        }
    }

    @Test func textIsFoldedIntoColumns() {
        #expect(EndToEndTable.fold("", to: 5) == [""])
        #expect(EndToEndTable.fold("abc de", to: 6) == ["abc de"])
        #expect(EndToEndTable.fold("abc def", to: 6) == ["abc", "def"])
        #expect(EndToEndTable.fold("0123456789", to: 4) == ["0123", "4567", "89"])
        #expect(EndToEndTable.fold("01234567", to: 4) == ["0123", "4567"])
        #expect(EndToEndTable.fold("x: 0123456789", to: 4) == ["x:", "0123", "4567", "89"])
        for width in 1...20 {
            let lines = EndToEndTable.fold("a bc def 0123456789 gh", to: width)
            #expect(lines.allSatisfy { $0.count <= width })
            #expect(lines.joined().filter { $0 != " " } == "abcdef0123456789gh")
        }
    }

    // MARK: What does not fit together

    /// As seen when all is well.
    static func figures() -> EndToEndFigures {
        func sightings(
            _ device: String, _ source: String, _ destination: String, _ content: String
        ) -> EnvelopeSightings {
            var gateway = GatewayLine(event: .envelope)
            gateway.device = source
            gateway.envelope = "d083"
            gateway.ciphertext = hex([UInt8](repeating: 0xee, count: content.utf8.count + 8))
            gateway.says = JSONLine.decode(
                """
                { "verified": false, "bytes": 95, "algorithm": 10, "recipients": 1, "source": "\(source)",
                  "destination": "\(destination)", "tags": ["air"], "sealedBytes": 40 }
                """)
            let application: ApplicationLine? = JSONLine.decode(
                """
                { "event": "opened", "sender": "\(source)", "sequence": 0, "content": "\(content)",
                  "envelope": "d083",
                  "metadata": { "source": "\(source)", "destination": "\(destination)", "tags": ["air"] } }
                """)
            return EnvelopeSightings(
                device: envelope(0, source, content), gateway: gateway, application: application!)
        }
        let report = FirmwareReport(line: "report stack=1 state=1 text=1 data=1 bss=1 retransmissions=0")!
        return EndToEndFigures(
            version: "1", machine: "microbit", processor: "Cortex-M0",
            pids: ["device": 1, "gateway": 2, "application": 3], restarts: 1,
            reading: sightings("door", "door", "home", "21.5"), command: sightings("door", "home", "door", "unlock"),
            action: "door unlocked", answer: envelope(1, "door", "unlocked"),
            replay: Refusal(name: "HUSK_ERR_REPLAY", envelope: 95),
            late: Refusal(name: "HUSK_ERR_EXPIRED", envelope: 95, deadline: 1, arrived: 2),
            next: envelope(2, "home", "lock"), nextAction: "door locked", nextAnswer: envelope(2, "door", "locked"),
            firmware: report)
    }

    @Test func whatFitsTogetherPasses() throws {
        try Self.figures().check()
        let lines =
            EndToEndTable.reading(Self.figures(), style: .plain) + EndToEndTable.command(Self.figures(), style: .plain)
            + EndToEndTable.refusals(Self.figures(), style: .plain)
        #expect(lines.allSatisfy { $0.count <= 120 && $0.last != " " })
    }

    @Test func whatDoesNotFitTogetherFails() {
        let changes: [(inout EndToEndFigures) -> Void] = [
            { $0.reading.application.content = "22.5" },
            { $0.reading.application.sender = "stranger" },
            { $0.reading.application.sequence = 1 },
            { $0.reading.application.metadata?.priority = 9 },
            { $0.reading.application.metadata?.tags = [] },
            { $0.reading.application.metadata = nil },
            { $0.reading.gateway.says?.destination = "elsewhere" },
            { $0.reading.gateway.says?.time = 7 },
            { $0.reading.gateway.says = nil },
            { $0.reading.gateway.ciphertext = nil },
            { $0.reading.gateway.ciphertext = hex(Array("21.5".utf8) + [UInt8](repeating: 0, count: 8)) },
            { $0.reading.gateway.ciphertext = "00" },
            { $0.command.device.content = "lock" },
            { $0.command.device.source = "stranger" },
            { $0.command.gateway.envelope = "d084" },
            { $0.replay.name = "HUSK_ERR_AUTHENTICATION" },
            { $0.late.name = "HUSK_ERR_REPLAY" },
            { $0.pids["application"] = 2 },
        ]
        for (index, change) in changes.enumerated() {
            var figures = Self.figures()
            change(&figures)
            #expect(throws: Failure.self, "change \(index)") { try figures.check() }
        }
    }
}
#endif

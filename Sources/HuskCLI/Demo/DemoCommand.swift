// `husk demo`: a simulated microcontroller authenticates to a gateway in this process, and what that cost.
#if Gateway
import ArgumentParser
import Husk
import HuskGateway
import Logging
import Synchronization

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Watch a simulated microcontroller authenticate, and see what it costs next to TLS.",
        discussion: """
            Makes a fresh key, starts a gateway on a free port of this machine, boots the sensor firmware (Arm \
            code) under QEMU, and carries datagrams between the firmware's UART and the gateway's UDP port. Prints \
            every message with its size, the readings as the gateway decrypted them, what the firmware says of \
            its own stack and memory, and a table with TLS handshakes that are run here for comparison.

            With --end-to-end it is a door that talks to an application through a gateway which cannot read what it \
            carries: three processes, and what each of them sees of one reading and one command.

            Needs 'qemu-system-arm' and the firmware images that 'make firmware' builds ('make firmware-swift' \
            with --firmware swift).

            EXAMPLES
              husk demo
              husk demo --machine all --readings 5
              husk demo --suite 2 --combined
              husk demo --resume
              husk demo --profile symmetric --mode fs
              husk demo --firmware swift
              husk demo --end-to-end
              husk demo --machine mps2-an386 --json figures.json

            \(ExitStatus.help)
            """)

    @Option(help: "The simulated machine: microbit (M0), mps2-an385 (M3), mps2-an386 (M4), or all.")
    var machine = MachineChoice.microbit

    @Option(help: ArgumentHelp("How many readings each device sends, 1 to 255.", valueName: "count"))
    var readings = 3

    @Option(help: "How the device gets its keys: edhoc (EDHOC-PSK), or symmetric (KUDOS, no public-key operation).")
    var profile = DemoProfile.edhoc

    @Option(help: "The sensor firmware: c, or swift (Embedded Swift upon the same core).")
    var firmware = FirmwareLanguage.c

    @Option(help: "With the symmetric profile: fs stores new secrets for forward secrecy, no-fs stores nothing.")
    var mode = KeyUpdateMode.noFS

    @Option(help: ArgumentHelp("EDHOC cipher suite: 0, 2 (P-256) or 4 (ChaCha20/Poly1305).", valueName: "number"))
    var suite = 0

    @Flag(help: "Send message_3 and the first reading in one datagram (RFC 9668).")
    var combined = false

    @Flag(help: "After the readings, reboot the device; it comes back with what it stored and sends one reading more.")
    var resume = false

    @Flag(help: "Show device, gateway and application as three processes, with envelopes that the gateway cannot read.")
    var endToEnd = false

    @Option(help: ArgumentHelp("Where 'make firmware' put the images.", valueName: "directory"))
    var firmwareDir = "build"

    @Option(help: ArgumentHelp("Also write all figures to a file, as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("QEMU's program.", valueName: "program"))
    var qemu = "qemu-system-arm"

    @Option(
        help: ArgumentHelp(
            "With --end-to-end: the program that is gateway and application. Default: this one.",
            valueName: "program", visibility: .hidden))
    var husk: String?

    @Option(help: ArgumentHelp("Give up on a machine after this long.", valueName: "seconds"))
    var timeout = 60

    func validate() throws {
        guard (1...255).contains(readings) else {
            throw ValidationError("readings are 1 to 255, not \(readings)")
        }
        guard Provisioning.firmwareSuites.contains(suite) else {
            throw ValidationError("the sensor firmware has suites 0, 2 and 4, not \(suite)")
        }
        guard profile == .edhoc || (suite == 0 && !combined) else {
            throw ValidationError("--suite and --combined are of EDHOC: leave them out with --profile symmetric")
        }
        guard firmware == .c || (profile == .edhoc && !endToEnd) else {
            throw ValidationError("the firmware in Swift has --profile edhoc alone, and no --end-to-end")
        }
        guard !endToEnd || (readings == 3 && profile == .edhoc && mode == .noFS && suite == 0 && !combined && !resume)
        else {
            throw ValidationError("--end-to-end goes with --machine, --json and --timeout alone")
        }
        guard !endToEnd || machine.machines.count == 1 else {
            throw ValidationError("--end-to-end runs on one machine")
        }
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("the timeout is 1 to 86400 seconds, not \(timeout)")
        }
    }

    /// How many readings there are in all.
    private var expectedReadings: Int { readings + (resume ? 1 : 0) }

    func run() async throws {
        let style = Style.standardOutput
        let program = try Simulation.find(qemu)
        let machines = machine.machines
        if endToEnd {
            return try await runEndToEnd(machines[0], qemu: program, style: style)
        }
        let images = machines.map { "\(firmwareDir)/\($0.image(profile, firmware))" }
        for image in images where !PrivateFile.isReadable(image) {
            throw Failure(
                .unavailable,
                "\(image) is missing: run 'make \(firmware.target)', or name its place with --firmware-dir"
            )
        }

        var figures: [MachineFigures] = []
        for machine in machines {
            figures.append(try await run(machine, qemu: program, style: style))
        }
        let tls = try TLSFigures.measureAll()
        let costs = figures.map { CostTable(husk: $0.husk, profile: profile, tls: tls) }
        printCost(figures[0].husk, costs[0], tls, style: style)

        if let json {
            let all = DemoFigures(
                version: HuskCommand.configuration.version, machines: figures, tlsLibrary: TLSFigures.library,
                tls: tls,
                costs: costs)
            try PrivateFile.replace(json, all.encoded())
        }
    }

    /// Three processes, and what each of them saw.
    private func runEndToEnd(_ machine: Machine, qemu: String, style: Style) async throws {
        let demo = EndToEndDemo(
            machine: machine, firmwareDirectory: firmwareDir, qemu: qemu, husk: husk ?? "/proc/self/exe",
            limit: .seconds(timeout))
        guard PrivateFile.isExecutable(demo.husk) else {
            throw Failure(.unavailable, "\(demo.husk) cannot be executed: name another program with --husk")
        }
        guard PrivateFile.isReadable(demo.image) else {
            throw Failure(
                .unavailable,
                "\(demo.image) is missing: run 'make firmware', or name its place with --firmware-dir")
        }
        let figures = try await demo.run()
        for part in [
            EndToEndTable.reading(figures, style: style), EndToEndTable.command(figures, style: style),
            EndToEndTable.refusals(figures, style: style),
        ] {
            part.forEach { printLine($0) }
            printLine()
        }
        if let json {
            try PrivateFile.replace(json, figures.encoded())
        }
    }

    /// One machine from key to report.
    private func run(_ machine: Machine, qemu: String, style: Style) async throws -> MachineFigures {
        let record = KeyRecord.generate(device: "sensor", gateway: "gateway", kid: [0x00], keyBytes: 16)
        let gateway = try await startGateway(record)
        printLine(
            style.bold("\(machine.processor) (QEMU \(machine.rawValue))")
                + " authenticates to the gateway at 127.0.0.1:\(gateway.port) with a fresh key")
        if profile == .symmetric {
            printLine(
                "  symmetric only: KUDOS in \(mode == .fs ? "FS" : "no-FS") mode, AES-CCM-16-64-128, SHA-256; "
                    + "no public-key operation")
        } else if let suite = CipherSuite(number: Int32(suite)) {
            printLine("  cipher suite \(suite.id): \(suite.algorithms)")
        }
        printLine()
        printLine("  --> from the device, <-- to the device; sizes in bytes")
        printLine(style.dim(MessageLine.header))

        let events = gateway.events()
        let observer = Task {
            var observation = Observation()
            for await event in events {
                observation.add(event)
                Self.show(event)
            }
            return observation
        }
        let said = Mutex<[String]>([])
        let ended: Result<Simulation.Outcome, any Error>
        do {
            ended = .success(
                try await simulate(machine, qemu: qemu, record: record, port: gateway.port) { line in
                    said.withLock { $0.append(line) }
                })
        } catch {
            ended = .failure(error)
        }
        await gateway.shutdown()
        let observation = await observer.value
        let lines = said.withLock { $0 }

        let outcome = try ended.get()
        guard outcome.exitCode == 0 else {
            let why = lines.last { $0.hasPrefix("failed: ") } ?? outcome.errors.last
            let meaning = Machine.meaning(ofExit: outcome.exitCode)
            throw Failure(
                .failed, "the firmware on \(machine.rawValue) ended with \(outcome.exitCode): \(why ?? meaning)")
        }
        guard let report = lines.lazy.compactMap(FirmwareReport.init).first else {
            throw Failure(
                .failed, "the firmware on \(machine.rawValue) made no report: rebuild it with 'make firmware'")
        }
        guard observation.readings.count == expectedReadings, let husk = HuskFigures(observation.messages) else {
            throw Failure(
                .failed,
                "the gateway got \(observation.readings.count) of \(expectedReadings) readings from "
                    + machine.rawValue)
        }
        Self.printReadings(observation, report, machine, style: style)
        return MachineFigures(
            machine: machine.rawValue, processor: machine.processor, profile: profile.rawValue,
            suite: profile == .edhoc ? observation.authentications.first.map { Int($0.suite.id) } : nil,
            combined: combined, resume: resume,
            authentications: observation.authentications.count,
            messages: observation.messages,
            readings: observation.readings.map {
                ReadingFigures(device: $0.device, path: $0.path, bytes: $0.payload.count, text: $0.text)
            },
            husk: husk, firmware: report, firmwareExitCode: Int(outcome.exitCode),
            authenticationMilliseconds: lines.lazy.compactMap(Self.milliseconds).first)
    }

    /// Sender IDs of the symmetric profile.
    private static let deviceID: [UInt8] = [0x01]
    private static let gatewayID: [UInt8] = [0x02]

    private func startGateway(_ record: KeyRecord) async throws(Failure) -> Gateway {
        let content =
            profile == .edhoc
            ? try CredentialsFile.encode(KeyList(devices: [record]))
            : Array(
                """
                { "devices": [ { "device": "sensor", "oscore": { "secret": "\(record.key)",
                  "sender": "\(hex(Self.deviceID))", "recipient": "\(hex(Self.gatewayID))",
                  "mode": "\(mode.rawValue)" } } ] }
                """.utf8)
        let known: Credentials
        do throws(CredentialsError) {
            known = try Credentials(json: content, file: "fresh key")
        } catch {
            throw Failure(.failed, "\(error)")
        }
        do throws(GatewayError) {
            let silent = Logger(label: "husk.demo") { _ in SwiftLogNoOpLogHandler() }
            return try await Gateway.start(
                GatewayConfiguration(host: "127.0.0.1", port: 0), credentials: known, logger: silent)
        } catch {
            throw Failure(.unavailable, "\(error)")
        }
    }

    /// Boots the firmware with the key of `record` and waits for its end.
    private func simulate(
        _ machine: Machine, qemu: String, record: KeyRecord, port: Int,
        diagnostic: @escaping @Sendable (String) -> Void
    ) async throws -> Simulation.Outcome {
        let provisioning = try provisioning(record)
        let file = try PrivateFile.temporary(provisioning.encoded())
        defer { PrivateFile.remove(file) }
        let simulation = Simulation(
            qemu: qemu, machine: machine, image: "\(firmwareDir)/\(machine.image(profile, firmware))",
            provisioning: file,
            gatewayPort: port)
        let late = Failure(
            .failed,
            "the firmware on \(machine.rawValue) did not end within \(timeout) s: give it more with --timeout")
        return try await supervised(limit: .seconds(timeout), late: late) {
            try await simulation.run(diagnostic: diagnostic)
        }
    }

    private func provisioning(_ record: KeyRecord) throws(Failure) -> Provisioning {
        guard profile == .edhoc else {
            return try Provisioning(
                kid: Self.deviceID, key: record.keyBytes(), initiator: Self.gatewayID, responder: [],
                readings: UInt8(readings), intervalMilliseconds: 0, suite: 0, isSequential: false, resumes: false,
                restarts: resume ? 1 : 0, keyUpdate: mode)
        }
        let credentials = try record.credentials()
        return try Provisioning(
            kid: record.kidBytes(), key: record.keyBytes(), initiator: credentials.initiator,
            responder: credentials.responder, readings: UInt8(readings), intervalMilliseconds: 0,
            suite: UInt8(suite), isSequential: !combined, resumes: resume, restarts: resume ? 1 : 0)
    }

    /// `authenticated in 36 ms`.
    private static func milliseconds(_ line: String) -> Int? {
        let words = line.split(separator: " ")
        guard words.count == 4, words[0] == "authenticated", words[3] == "ms" else { return nil }
        return Int(words[2])
    }

    private static func show(_ event: GatewayEvent) {
        switch event {
        case .message(let message): printLine(MessageLine.text(message))
        case .refused(let refusal): printLine("  " + refusal.text)
        case .authenticated, .reading, .envelope: break
        }
    }

    private static func printReadings(
        _ observation: Observation, _ report: FirmwareReport, _ machine: Machine, style: Style
    ) {
        printLine()
        printLine(style.bold("Readings") + ", as the gateway decrypted them")
        for reading in observation.readings {
            printLine("  \(printable(reading.device))  \(printable(reading.path))  \(style.good(reading.text))")
        }
        printLine()
        printLine(style.bold("On the device") + ", as the firmware counted")
        printLine(
            "  peak stack \(grouped(report.peakStackBytes)) bytes, endpoint state \(grouped(report.stateBytes)) bytes"
        )
        printLine(
            "  image: \(grouped(report.textBytes)) bytes of code and constants, "
                + "\(grouped(report.dataBytes + report.bssBytes)) bytes of data; "
                + "\(report.retransmissions) messages sent again")
        printLine()
    }

    private func printCost(_ husk: HuskFigures, _ cost: CostTable, _ tls: [TLSFigures], style: Style) {
        let library = TLSFigures.library
        printLine(style.bold("What it cost") + ", next to \(library) run in this process")
        for line in cost.lines(library: library, style: style) {
            printLine(line)
        }
        printLine()
        guard profile == .edhoc else {
            printLine(
                "  Husk's handshake is \(husk.handshakeBytes) bytes of CoAP datagrams without any public-key operation. "
                    + "Who")
            printLine(
                mode == .fs
                    ? "  gets the device's secret later cannot read what was said before the last update."
                    : "  gets the device's secret can read what was recorded: no-FS mode has no forward secrecy.")
            if resume {
                printLine("  Counted is the first handshake; the second followed the reboot.")
            }
            return
        }
        printLine(
            "  Husk's handshake is \(husk.edhocBytes) bytes of EDHOC in \(husk.handshakeBytes) bytes of CoAP "
                + "datagrams, with fresh \(suite == 2 ? "P-256" : "X25519")")
        printLine("  keys (forward secrecy). TLS PSK has none unless it says ECDHE.")
        if combined {
            printLine(
                "  message_3 rode with the first reading: of that datagram, message_3 and the EDHOC option count.")
        }
        if resume {
            printLine("  Counted is the first handshake; the second used the key that the first session left.")
        }
        if let chains = tls.first(where: { $0.isSupported && $0.chainBytes.contains { $0 > 0 } })?.chainBytes {
            printLine(
                "  Certificates: both sides send leaf and intermediate, P-256, "
                    + "\(chains.map(String.init).joined(separator: " + ")) bytes of DER.")
        }
        printLine(
            "  Message: 32 bytes and what protects them (OSCORE adds \(husk.requestOverheadBytes), its answer "
                + "\(husk.responseOverheadBytes)). Left out: CoAP headers")
        printLine("  of the message, which both need, and UDP, TCP and IP headers.")
    }
}
#endif

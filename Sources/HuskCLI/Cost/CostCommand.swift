// `husk cost`: what securing a device costs in the user's own case, for each way to do it, from what was measured.
#if Gateway
import ArgumentParser
import FoundationEssentials

struct CostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost",
        abstract: "What security costs in your case: bytes, frames, air time, energy and battery life.",
        discussion: """
            Computes from results of 'make bench', which are built in. Every choice carries the same readings in the \
            same CoAP requests, each answered by one byte. Without losses and retransmissions.

            Processors, radios and batteries are those of Benchmarks/profiles.json, where each number has its source; \
            --profile adds your own, in the same form.

            EXAMPLES
              husk cost
              husk cost --core m0plus --radio lora-sf10 --reconnects 2
              husk cost --radio nb-iot --battery 2aa --json

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("m0plus, m3, m4, or a processor of the profiles.", valueName: "name"))
    var core = "m4"

    @Option(help: ArgumentHelp("802.15.4, ble, lora-sf7 to lora-sf12, nb-iot, or one of yours.", valueName: "name"))
    var radio = "802.15.4"

    @Option(help: "Readings a day.")
    var readings = 24.0

    @Option(help: "Handshakes a day.")
    var reconnects = 1.0

    @Option(help: ArgumentHelp("cr2032, 2aa, or one of yours.", valueName: "name"))
    var battery = "cr2032"

    @Option(help: ArgumentHelp("Bytes of a reading, 1 to 1024.", valueName: "bytes"))
    var payload = 32

    @Option(help: ArgumentHelp("What all was compiled for: size (-Os) or speed (-O2).", valueName: "aim"))
    var optimise = Aim.size

    @Option(help: ArgumentHelp("Mbed TLS as it comes (stock), or made fast or small.", valueName: "build"))
    var tls = CostResults.Configuration.fast

    @Flag(help: "Husk's primitives in assembly (CHuskCortexM) instead of C.")
    var assembly = false

    @Flag(help: "Public-key operations cost nothing: the device has an accelerator.")
    var accelerator = false

    @Option(help: ArgumentHelp("Processors, radios and batteries of your own.", valueName: "file"))
    var profile: String?

    @Option(help: ArgumentHelp("Results to use instead of those built in.", valueName: "folder"))
    var results: String?

    @Flag(help: "All of it as JSON, in millijoules, seconds and bytes.")
    var json = false

    enum Aim: String, ExpressibleByArgument, CaseIterable {
        case size, speed

        func flags(assembly: Bool) -> CostResults.Flags {
            switch self {
            case .size: assembly ? .sizeAssembly : .size
            case .speed: assembly ? .speedAssembly : .speed
            }
        }
    }

    func validate() throws {
        for (name, value) in [("--readings", readings), ("--reconnects", reconnects)] {
            guard value.isFinite, (0...1e6).contains(value) else {
                throw ValidationError("\(name) is a number a day, 0 to 1000000")
            }
        }
        guard (1...1024).contains(payload) else {
            throw ValidationError("--payload is 1 to 1024 bytes")
        }
    }

    func run() throws {
        let given = try resolved(profiles())
        let measured = try results.map { folder throws(Failure) in try CostResults(folder: folder) } ?? .builtIn()
        let model = CostModel(results: measured, given: given)
        let (costs, missing) = model.costs()
        let report = CostReport(command: self, given: given, costs: costs, missing: missing)
        if json {
            printLine(try report.json())
            return
        }
        for line in report.lines(style: .standardOutput) {
            printLine(line)
        }
    }

    private func profiles() throws(Failure) -> Profiles {
        let builtIn = try Profiles(json: Array(CostData.profiles.utf8), name: "profiles.json")
        guard let profile else { return builtIn }
        guard let content = try PrivateFile.read(profile) else {
            throw Failure(.cannotOpen, "\(printable(profile)) does not exist")
        }
        return builtIn.adding(try Profiles(json: content, name: printable(profile)))
    }

    /// What the names on the command line stand for.
    private func resolved(_ profiles: Profiles) throws(Failure) -> CostCase {
        let (processorName, processor) = try processor(profiles)
        let (radio, link) = try radio(profiles)
        guard let battery = profiles.batteries[battery] else {
            throw unknown("battery", battery, profiles.batteries.keys.sorted())
        }
        return CostCase(
            core: processor.core, processorName: processorName, processor: processor, radio: radio, link: link,
            battery: battery, readingsPerDay: readings, reconnectsPerDay: reconnects, payload: payload,
            flags: optimise.flags(assembly: assembly), configuration: tls, hasAccelerator: accelerator)
    }

    /// A processor by its name, or by its core: then the first with that core, the user's before those built in.
    private func processor(_ profiles: Profiles) throws(Failure) -> (String, Processor) {
        if let processor = profiles.processors[core] {
            return (core, processor)
        }
        let fitting = profiles.processors.filter { $0.value.core.rawValue == core }.keys.sorted()
        guard let name = Self.typical[core].flatMap({ fitting.contains($0) ? $0 : nil }) ?? fitting.first,
            let processor = profiles.processors[name]
        else {
            throw unknown("core", core, CostCore.allCases.map(\.rawValue) + profiles.processors.keys.sorted())
        }
        return (name, processor)
    }

    /// What a core alone stands for.
    private static let typical = ["m0plus": "mspm0l1306", "m3": "stm32l151", "m4": "nrf52840"]

    /// A radio by its name; a LoRa radio's ends with the spreading factor.
    private func radio(_ profiles: Profiles) throws(Failure) -> (RadioProfile, any Link) {
        if let found = profiles.radios[radio], found.kind != .lora {
            return (found, link(found.kind))
        }
        let parts = radio.split(separator: "-").map(String.init)
        if let last = parts.last, last.hasPrefix("sf"), let factor = Int(last.dropFirst(2)),
            LoRa.spreadingFactors.contains(factor),
            let found = profiles.radios[parts.dropLast().joined(separator: "-")], found.kind == .lora
        {
            return (found, LoRa(spreadingFactor: factor))
        }
        let names = profiles.radios.sorted { $0.key < $1.key }.map {
            $0.value.kind == .lora ? "\($0.key)-sf7 to \($0.key)-sf12" : $0.key
        }
        throw unknown("radio", radio, names)
    }

    private func link(_ kind: RadioProfile.Kind) -> any Link {
        switch kind {
        case .ieee802154: IEEE802154()
        case .ble: BLE()
        case .nbiot: NBIoT()
        case .lora: LoRa(spreadingFactor: LoRa.spreadingFactors.upperBound)
        }
    }

    private func unknown(_ what: String, _ name: String, _ known: [String]) -> Failure {
        Failure(
            .usage, "there is no \(what) \(printable(name)): it is one of \(printable(known.joined(separator: ", ")))")
    }
}

extension CostResults.Configuration: ExpressibleByArgument {}
#endif

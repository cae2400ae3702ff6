// The command line as it is typed: what is accepted, what is refused with which exit status, and help everywhere.
#if Gateway
import ArgumentParser
import Testing

@testable import HuskCLI

struct CommandTests {
    private func parse<Command: ParsableArguments>(_ type: Command.Type, _ line: String) throws -> Command {
        let command = try HuskCommand.parseAsRoot(line.split(separator: " ").map(String.init))
        return try #require(command as? Command)
    }

    /// The exit status and line that a command line comes to, without running it.
    private func refusal(_ line: String) -> (code: Int32, line: String)? {
        do {
            _ = try HuskCommand.parseAsRoot(line.split(separator: " ").map(String.init))
            return nil
        } catch {
            let full = HuskCommand.fullMessage(for: error)
            return (
                HuskCommand.exitCode(for: error).rawValue,
                usageLine(message: HuskCommand.message(for: error), full: full)
            )
        }
    }

    @Test func defaults() throws {
        let psk = try parse(PSKCommand.New.self, "psk new")
        #expect(psk.bytes == 16)
        #expect(psk.credentials == "credentials.json")
        #expect(psk.gateway == "gateway")
        #expect(psk.format == .json)
        #expect(psk.kid == nil && psk.device == nil && psk.output == nil)

        let gateway = try parse(GatewayCommand.self, "gateway --credentials c.json")
        #expect(gateway.host == "127.0.0.1")
        #expect(gateway.port == 5683)
        #expect(!gateway.messages)

        #expect(gateway.store.store == nil)

        let check = try parse(StoreCommand.Check.self, "store check --store g.db")
        #expect(check.place.store == "g.db" && check.place.key.storeKey == nil)
        let device = try parse(DeviceCommand.self, "device --credentials c.json")
        #expect(device.host == "127.0.0.1")
        #expect(device.port == 5683)
        #expect(device.readings == 3)

        let demo = try parse(DemoCommand.self, "demo")
        #expect(demo.machine.machines == [.microbit])
        #expect(demo.readings == 3)
        #expect(demo.firmwareDir == "build")
        #expect(demo.json == nil)
        #expect(demo.suite == 0 && !demo.combined && !demo.resume)
        #expect(gateway.suites == nil && device.suite == nil && !device.sequential)

        let load = try parse(LoadCommand.self, "load")
        #expect(load.devices.counts == [1, 100, 10_000] && load.seconds == 5 && load.concurrency == 32)
        #expect(load.suite == 0 && load.profile == nil && load.store == nil && load.connect == nil)
    }

    @Test func options() throws {
        let psk = try parse(
            PSKCommand.New.self, "psk new --kid 0aFf --device a --gateway b --bytes 32 --format c-header -o -")
        #expect(psk.kid?.bytes == [0x0a, 0xff])
        #expect(psk.format == .cHeader)
        #expect(psk.bytes == 32)
        #expect(psk.output == "-")
        #expect(try parse(GatewayCommand.self, "gateway --credentials c --host :: --port 0").host == "::")
        #expect(try parse(DemoCommand.self, "demo --machine all").machine.machines == Machine.allCases)
        let swift = try parse(DemoCommand.self, "demo --firmware swift").firmware
        #expect(Machine.an385.image(.edhoc, swift) == "m3/sensor_swift.elf")
        #expect(try parse(DemoCommand.self, "demo --machine mps2-an386").machine.machines == [.an386])
        let device = try parse(
            DeviceCommand.self, "device --psk 000102030405060708090a0b0c0d0e0f --kid 00 --device a --readings 0")
        #expect(device.psk?.bytes.count == 16)
        let gateway = try parse(GatewayCommand.self, "gateway --credentials c --suites 2,0")
        #expect(gateway.suites == SuiteList(argument: "2,0") && gateway.suites != SuiteList(argument: "0,2"))
        #expect(try parse(DeviceCommand.self, "device --credentials c --suite 5 --sequential").suite == 5)
        #expect(try parse(DemoCommand.self, "demo --suite 4 --combined --resume").suite == 4)
        #expect(try parse(DeviceCommand.self, "device --credentials c --machine mps2-an385").machine == .an385)
        let load = try parse(LoadCommand.self, "load --devices 7,100000 --seconds 0.5 --profile symmetric --suite 2")
        #expect(load.devices.counts == [7, 100_000] && load.seconds == 0.5 && load.profile == .symmetric)
        #expect(try parse(LoadCommand.self, "load --connect 127.9.9.9:1 --credentials c").connect == "127.9.9.9:1")
    }

    @Test(arguments: [
        "psk new --kid 0", "psk new --kid xx", "psk new --bytes 15", "psk new --bytes 65", "psk new --format xml",
        "psk new --kid 00112233445566778899aabbccddeeff001122334455667788", "psk new --gateway \u{1b}",
        "gateway", "gateway --credentials c --port 65536", "gateway --credentials c --port -1",
        "gateway --credentials c --log-level loud", "store check", "store import --store g.db",
        "store export --store g.db",
        "device", "device --credentials c --psk 00", "device --psk 00", "device --psk 00 --kid 00",
        "device --credentials c --gateway g", "device --credentials c --port 0", "device --credentials c --readings -1",
        "demo --machine pdp11", "demo --readings 0", "demo --readings 256", "demo --timeout 0", "demo extra", "fly",
        "demo --suite 1", "demo --suite 6", "demo --suite x", "device --credentials c --suite 6",
        "device --credentials c --suite -1", "gateway --credentials c --suites 6", "gateway --credentials c --suites 0,0",
        "gateway --credentials c --suites 0,", "gateway --credentials c --suites ,",
        "device --psk 00 --kid 00 --device a --machine microbit", "device --credentials c --machine all",
        "device --credentials c --machine microbit --suite 1", "device --credentials c --machine microbit --readings 0",
        "device --credentials c --machine microbit --interval 65536",
        "envelope seal", "envelope seal --key k", "envelope seal --key k --key k --as a",
        "envelope seal --key k --as a --priority 256", "envelope seal --key k --as a --deadline -1",
        "envelope open --key k", "envelope key new a", "envelope key new a a", "envelope key new a b --kid 0",
        "envelope key new a b --algorithm des", "envelope inspect a b",
        "load --devices 0", "load --devices 1,", "load --devices 1000001", "load --devices x", "load --seconds 0",
        "load --concurrency 0", "load --suite 6", "load --profile tls", "load --limit 0",
        "load --connect 127.0.0.1:5683", "load --credentials c", "load --connect 192.0.2.1:5683 --credentials c",
        "load --connect 0.0.0.0:5683 --credentials c", "load --connect 128.0.0.1:5683 --credentials c",
        "load --connect localhost:5683 --credentials c", "load --connect ::1:5683 --credentials c",
        "load --connect 127.0.0.1:0 --credentials c", "load --connect 127.0.0.1 --credentials c",
        "load --connect 127.0.0.1:5683 --credentials c --store s",
        "load --connect 127.0.0.1:5683 --credentials c --profile symmetric",
    ])
    func refusedWithUsage(line: String) throws {
        let refusal = try #require(self.refusal(line))
        #expect(refusal.code == ExitStatus.usage.rawValue)
        #expect(!refusal.line.contains("\n"))
        #expect(refusal.line.contains(": see 'husk"))
        #expect(refusal.line.contains("--help'"))
    }

    @Test(arguments: [
        "--help", "psk --help", "psk new --help", "gateway --help", "device --help", "demo --help", "help psk new",
        "envelope --help", "envelope seal --help", "envelope open --help", "envelope inspect --help",
        "envelope key new --help", "envelope key export --help",
    ])
    func helpIsEverywhere(line: String) throws {
        let error = #expect(throws: (any Error).self) {
            var command = try HuskCommand.parseAsRoot(line.split(separator: " ").map(String.init))
            try command.run()
        }
        let text = try HuskCommand.fullMessage(for: #require(error), columns: 100)
        #expect(HuskCommand.exitCode(for: try #require(error)) == .success)
        #expect(text.contains("USAGE: husk"))
        if line != "psk --help" {
            #expect(text.contains("EXAMPLES"))
            #expect(text.contains("EXIT STATUS"))
        }
    }

    @Test func version() throws {
        let error = try #require(#expect(throws: (any Error).self) { _ = try HuskCommand.parseAsRoot(["--version"]) })
        #expect(HuskCommand.exitCode(for: error) == .success)
        #expect(HuskCommand.message(for: error) == "0.1.0")
    }

    @Test func statusesAreThoseOfSysexits() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [64, 65, 66, 69, 70])
        for status in ExitStatus.allCases {
            #expect(ExitStatus.help.contains("\(status.rawValue)  "))
        }
        #expect(ExitStatus.usage.rawValue == ExitCode.validationFailure.rawValue)
    }

    @Test func missingProgramsSayWhatToDo() throws {
        #expect(throws: Failure.self) { try Simulation.find("no-such-qemu") }
        #expect(throws: Failure.self) { try Simulation.find("/no/such/qemu") }
        #expect(try Simulation.find("/bin/sh") == "/bin/sh")
        #expect(try Simulation.find("sh").hasSuffix("/sh"))
    }

    @Test func anyPathCanBeGivenToQEMU() {
        let simulation = Simulation(
            qemu: "q", machine: .microbit, image: "a.elf", provisioning: "/tmp/a,b", gatewayPort: 1)
        #expect(simulation.arguments.contains("loader,file=/tmp/a,,b,addr=261120,force-raw=on"))
    }
}
#endif

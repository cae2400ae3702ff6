// `husk load`: how much a gateway takes, and what it costs.
#if Gateway
import ArgumentParser
import FoundationEssentials
import Glibc
import Husk
import HuskGateway
import NIOPosix

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Measure a gateway under load of simulated devices.",
        discussion: """
            Starts a gateway as a process of its own and lets devices authenticate, send readings and authenticate \
            again, over UDP on this machine: each from an address of its own in 127.0.0.0/8. Prints how many \
            operations ended per second, what one cost the gateway in processor time, how long they took, and how \
            much memory a session takes. Operations: EDHOC-PSK (messages 1 to 4), resumption (the same with the \
            resumption PSK), KUDOS (new keys without public-key operations) and message (a protected reading of 32 \
            bytes and its protected answer).

            Every device of a run authenticates, so that there are as many sessions as devices; then each phase \
            lasts --seconds. A run of 100,000 devices takes some minutes. Load is closed: as soon as an operation \
            ends, the next begins with another device. The figures belong to the machine and the day.

            EXAMPLES
              husk load
              husk load --devices 1,100,10000,100000 --json load.json
              husk load --devices 10000 --store /var/tmp/load.db      with a store, killed and started again
              husk load --devices 50 --flood                          sessions under a flood of new handshakes
              husk load --connect 127.0.0.1:5683 --credentials credentials.json

            With --connect the load goes to a gateway that runs already, on this machine: other addresses than \
            127.0.0.0/8 are refused. The devices are those of its credentials file, and are not to be used by \
            anybody else at the same time.

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("How many devices, one run for each number.", valueName: "counts"))
    var devices = CountList(counts: [1, 100, 10_000])

    @Option(help: ArgumentHelp("How long each phase lasts, at least.", valueName: "seconds"))
    var seconds = 5.0

    @Option(help: ArgumentHelp("Operations under way at the same time, at most.", valueName: "count"))
    var concurrency = 32

    @Option(help: ArgumentHelp("Cipher suite, 0 to 5.", valueName: "number"))
    var suite = 0

    @Option(help: "edhoc or symmetric. Default: both, one after the other.")
    var profile: LoadProfile?

    @Option(
        help: ArgumentHelp(
            "Let the gateway keep sessions in this file, which must not exist and is removed in the end.",
            valueName: "file"))
    var store: String?

    @Flag(help: "Measure messages beside a flood of message_1 from many addresses, too.")
    var flood = false

    @Option(help: ArgumentHelp("A gateway that runs already, on a loopback address.", valueName: "address:port"))
    var connect: String?

    @Option(help: ArgumentHelp("With --connect, its credentials file.", valueName: "file"))
    var credentials: String?

    @Option(help: ArgumentHelp("Write the figures to this file as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Give up on a phase after this long.", valueName: "seconds"))
    var limit = 900.0

    @Option(help: .hidden)
    var husk = "/proc/self/exe"

    func validate() throws {
        guard devices.counts.allSatisfy({ (1...1_000_000).contains($0) }) else {
            throw ValidationError("devices are 1 to 1000000, such as 1,100,10000")
        }
        guard seconds > 0, seconds <= 3600, limit > 0, limit <= 86_400 else {
            throw ValidationError("a phase lasts up to an hour, and is given up after a day at most")
        }
        guard (1...4096).contains(concurrency) else {
            throw ValidationError("1 to 4096 operations can be under way, not \(concurrency)")
        }
        guard CipherSuite(number: Int32(clamping: suite)) != nil else {
            throw ValidationError("a cipher suite is 0 to 5, not \(suite)")
        }
        guard (connect == nil) == (credentials == nil) else {
            throw ValidationError("--connect and --credentials go together")
        }
        if let connect {
            guard store == nil, profile != .symmetric else {
                throw ValidationError("--connect goes with EDHOC, and without --store")
            }
            guard Self.endpoint(connect) != nil else {
                throw ValidationError(
                    "\(connect) is no loopback address and port such as 127.0.0.1:5683: load is for this machine only")
            }
        }
    }

    /// Host and port; nil if it is not on this machine.
    static func endpoint(_ text: String) -> (host: String, port: Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let port = Int(parts[1]), (1...65535).contains(port) else { return nil }
        guard LoadSocket.loopback(parts[0]) != nil else { return nil }
        return (parts[0], port)
    }

    func run() async throws {
        let suites = CipherSuite(number: Int32(clamping: suite)).map { [$0] } ?? []
        var report = LoadReport(
            version: HuskCommand.configuration.version,
            conditions: .init(
                seconds: seconds, concurrency: concurrency, suites: [suite], store: store != nil,
                connected: connect != nil))
        let plan = LoadPlan(
            suites: suites, seconds: seconds, concurrency: concurrency, limit: limit, husk: husk, store: store,
            flood: flood)
        if let connect = connect.flatMap(Self.endpoint), let credentials {
            let known = try CredentialsFile(path: credentials).checkExisting()
            guard let known, !known.devices.isEmpty else {
                throw Failure(.badData, "\(credentials) has no device with a key for EDHOC")
            }
            report.runs.append(
                try await supervised { try await plan.run(known, host: connect.host, port: connect.port) })
        } else {
            for count in devices.counts {
                for profile in profile.map({ [$0] }) ?? LoadProfile.allCases {
                    report.runs.append(try await supervised { try await plan.run(profile, count) })
                }
            }
        }
        for line in report.lines(style: .standardOutput) {
            printLine(line)
        }
        if let json {
            try PrivateFile.replace(json, report.encoded())
        }
        let failed = report.runs.flatMap(\.operations).reduce(0) { $0 + $1.failed }
            + report.runs.reduce(0) { $0 + ($1.restart?.failed ?? 0) }
        guard failed == 0 else { throw Failure(.failed, "\(failed) operations failed") }
    }
}

/// Numbers on the command line: 1,100,10000.
struct CountList: ExpressibleByArgument {
    var counts: [Int]

    init(counts: [Int]) {
        self.counts = counts
    }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        counts = parts.compactMap { Int($0) }
        guard counts.count == parts.count, !counts.isEmpty else { return nil }
    }

    var defaultValueDescription: String { counts.map(String.init).joined(separator: ",") }
    static var defaultCompletionKind: CompletionKind { .default }
}

extension LoadProfile: ExpressibleByArgument {}
#endif

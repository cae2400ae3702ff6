// What load measured, in the shape of its JSON file and as a table.
#if Gateway
import FoundationEssentials
import Glibc
import Husk

struct LoadReport: Codable {
    var schema = 1
    /// Timings of one machine on one day: two runs differ.
    var deterministic = false
    var version: String
    var machine = MachineDescription()
    var conditions: Conditions
    var runs: [LoadRunFigures] = []

    struct Conditions: Codable {
        /// How long each phase ran, at least.
        var seconds: Double
        /// Operations under way at the same time, at most.
        var concurrency: Int
        var suites: [Int]
        /// Whether the gateway kept its state in a store.
        var store: Bool
        /// A gateway that ran already, of which neither memory nor processor time is known.
        var connected: Bool
    }

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

/// Where it ran.
struct MachineDescription: Codable {
    var processor: String
    var cores: Int
    var memoryBytes: Int
    var system: String

    init() {
        func lines(_ path: String) -> [String] {
            let content = (try? PrivateFile.read(path)).flatMap { $0 } ?? []
            return String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        let model = lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
        processor = model?.split(separator: ":").last.map { printable($0.drop { $0 == " " }) } ?? "unknown"
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryBytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        system = "Linux " + printable(lines("/proc/sys/kernel/osrelease").first ?? "")
    }
}

/// One gateway with so many devices.
struct LoadRunFigures: Codable {
    var devices: Int
    var profile: LoadProfile
    /// Until the gateway listened: its process made, its credentials read, its store opened.
    var startupSeconds: Double?
    var memory: MemoryFigures?
    var operations: [OperationFigures] = []
    var flood: FloodFigures?
    var restart: RestartFigures?
}

/// A flood of message_1 from many addresses.
struct FloodFigures: Codable {
    /// Datagrams sent, most of which the system or the gateway dropped.
    var sent: Int
    var perSecond: Double
    /// What the gateway's memory grew by, in bytes.
    var memory: Int?
}

/// Anonymous resident memory of the gateway in bytes.
struct MemoryFigures: Codable {
    /// With its credentials read, before the first datagram.
    var idle: Int
    /// With a session of every device.
    var sessions: Int?
    /// At the end.
    var end: Int?

    /// What a session takes, its share of everything that was remembered included.
    func perSession(_ devices: Int) -> Int? {
        end.map { ($0 - idle) / devices }
    }
}

struct OperationFigures: Codable {
    var operation: LoadOperation
    var completed: Int
    var failed: Int
    /// Datagrams that devices sent again.
    var resent: Int
    var seconds: Double
    var perSecond: Double
    /// User and system time of the gateway for one operation.
    var gatewayProcessorMicroseconds: Double?
    var latencyMilliseconds: LatencyFigures?

    init(_ phase: LoadPhase, processorTime: Double?) {
        operation = phase.operation
        completed = phase.completed
        failed = phase.failed
        resent = phase.resent
        seconds = rounded(phase.seconds, 3)
        perSecond = rounded(Double(phase.completed) / max(phase.seconds, 1e-6), 1)
        gatewayProcessorMicroseconds = processorTime.map { rounded($0 * 1e6 / Double(max(phase.completed, 1)), 1) }
        latencyMilliseconds = LatencyFigures(microseconds: phase.microseconds)
    }
}

/// The gateway was killed and started again on its store.
struct RestartFigures: Codable {
    var startupSeconds: Double
    /// The user and system time of that.
    var startupProcessorSeconds: Double?
    /// Devices whose first message after that was answered in the session they had; in the symmetric profile, that got
    /// new keys by KUDOS.
    var continued: Int
    var failed: Int
}

func rounded(_ value: Double, _ digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (value * scale).rounded() / scale
}

extension LoadReport {
    /// For people.
    func lines(style: Style) -> [String] {
        var table = TextTable(
            alignments: [.right, .left, .right, .right, .right, .right, .right, .right, .right],
            header: ["devices", "operation", "count", "per second", "gateway CPU", "p50", "p90", "p99", "max"])
        for run in runs {
            for figures in run.operations {
                let latency = figures.latencyMilliseconds
                table.rows.append([
                    grouped(run.devices), figures.operation.title, grouped(figures.completed),
                    grouped(Int(figures.perSecond)),
                    figures.gatewayProcessorMicroseconds.map { "\(grouped(Int($0))) µs" } ?? "-",
                    milliseconds(latency?.p50), milliseconds(latency?.p90), milliseconds(latency?.p99),
                    milliseconds(latency?.max),
                ])
            }
        }
        var memory = TextTable(
            alignments: [.right, .left, .right, .right, .right, .right],
            header: ["devices", "profile", "started in", "memory before", "after", "per session"])
        for run in runs {
            guard let startup = run.startupSeconds, let figures = run.memory else { continue }
            memory.rows.append([
                grouped(run.devices), run.profile.rawValue, seconds(startup), kilobytes(figures.idle),
                figures.end.map(kilobytes) ?? "-",
                // With a few, what a process needs once is all that is seen.
                run.devices < 1000 ? "-" : figures.perSession(run.devices).map { "\(grouped($0)) B" } ?? "-",
            ])
        }
        let restarts = runs.compactMap { run in
            run.restart.map {
                "  \(grouped(run.devices)) devices, gateway killed: listens again after \(seconds($0.startupSeconds))"
                    + " (\($0.startupProcessorSeconds.map(seconds) ?? "-") of CPU), \(grouped($0.continued)) of"
                    + " \(grouped($0.continued + $0.failed)) went on"
                    + (run.profile == .edhoc ? " in their sessions" : " with new keys by KUDOS")
            }
        }
        let floods = runs.compactMap { run in
            run.flood.map {
                "  \(grouped(run.devices)) devices in a flood of \(grouped(Int($0.perSecond))) message_1 a second:"
                    + " memory grew by \($0.memory.map(kilobytes) ?? "an unknown amount")"
            }
        }
        let notes = [
            "  \(machine.processor), \(machine.cores) cores, shared by devices and gateway; a device computes as much as",
            "  the gateway. So \"per second\" is what both did together, and \"gateway CPU\" what one operation cost",
            "  the gateway. Latencies in milliseconds, with up to \(conditions.concurrency) operations under way.",
        ]
        return table.lines(style: style) + [""] + (memory.rows.isEmpty ? [] : memory.lines(style: style) + [""])
            + floods + restarts + (floods.isEmpty && restarts.isEmpty ? [] : [""]) + notes.map(style.dim)
    }

    private func milliseconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        let tenths = Int((value * 100).rounded())
        return tenths >= 10_000 ? grouped(tenths / 100) : "\(tenths / 100).\(String(tenths % 100 + 100).dropFirst())"
    }

    private func seconds(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(String(hundredths % 100 + 100).dropFirst()) s"
    }

    private func kilobytes(_ bytes: Int) -> String { "\(grouped(bytes / 1000)) kB" }
}
#endif

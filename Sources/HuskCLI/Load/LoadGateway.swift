// The gateway under load: a process of its own, so that its memory and processor time are its own too.
#if Gateway
import Glibc
import Husk

struct LoadGateway: Sendable {
    /// This program.
    var husk: String
    var credentials: String
    var suites: [CipherSuite]
    var store: String?

    /// A gateway that listens.
    struct Running: Sendable {
        var port: Int
        var process: LoadProcess
        /// From before its process was made until it listened.
        var startup: Duration
    }

    /// Runs `body` beside the gateway, which is then killed (SIGKILL).
    func run<Value: Sendable>(
        port: Int = 0, _ body: @escaping @Sendable (Running) async throws -> Value
    ) async throws -> Value {
        var arguments = [
            "gateway", "--credentials", credentials, "--port", "\(port)", "--json", "--quiet", "--suites",
            suites.map { "\($0.id)" }.joined(separator: ","),
        ]
        if let store {
            arguments += ["--store", store]
        }
        let child = Child(name: "gateway", program: husk, arguments: arguments)
        let clock = ContinuousClock()
        let begin = clock.now
        let (starts, started) = AsyncStream.makeStream(of: Int32.self)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await child.runForever(
                    started: { _ = started.yield($0) },
                    line: { line in
                        guard let port = JSONLine.decode(line, as: GatewayLine.self)?.port else { return }
                        listening.yield(port)
                    }, errorLine: { printError($0) })
                return nil
            }
            group.addTask {
                guard let pid = await starts.first(where: { _ in true }),
                    let port = await ports.first(where: { _ in true })
                else { throw CancellationError() }
                return try await body(
                    Running(port: port, process: LoadProcess(pid: pid), startup: clock.now - begin))
            }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }
}

/// A process of this machine, as the system accounts for it (proc(5)).
struct LoadProcess: Sendable {
    var pid: Int32

    /// User and system time in seconds, in steps of a clock tick (10 ms); nil if there is no such process.
    var processorTime: Double? {
        guard let stat = Self.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        // The name in parentheses is the second field; utime and stime are the 14th and 15th.
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory that is no file's, in bytes: heap, stacks and what the allocator keeps for later.
    var memory: Int? {
        guard let status = Self.read("/proc/\(pid)/status") else { return nil }
        for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
                .map { $0 * 1024 }
        }
        return nil
    }

    private static func read(_ path: String) -> String? {
        (try? PrivateFile.read(path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }
}
#endif

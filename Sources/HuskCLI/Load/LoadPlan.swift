// One run of load: which phases, one after the other, and what is looked at between them.
#if Gateway
import FoundationEssentials
import Husk
import HuskGateway
import NIOPosix

struct LoadPlan: Sendable {
    var suites: [CipherSuite]
    var seconds: Double
    var concurrency: Int
    var limit: Double
    var husk: String
    var store: String?
    /// Whether messages are measured under a flood of message_1 too.
    var flood = false

    /// With a gateway of its own.
    func run(_ profile: LoadProfile, _ count: Int) async throws -> LoadRunFigures {
        let folder = try PrivateFile.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The key of another store that was removed under this name would go too.
        if let there = storeFiles.first(where: PrivateFile.exists) {
            throw Failure(.cannotOpen, "\(there) exists already: name a file that may be made and removed")
        }
        defer { removeStore() }
        let keys = LoadKeys(profile, count: count)
        let file = folder + "/credentials.json"
        try PrivateFile.create(file, keys.json)
        let gateway = LoadGateway(husk: husk, credentials: file, suites: suites, store: store)
        let fleet = Fleet(try keys.devices(suites))
        var (figures, port) = try await gateway.run { gateway in
            var figures = LoadRunFigures(devices: count, profile: profile)
            figures.startupSeconds = gateway.startup.seconds
            figures.memory = gateway.process.memory.map { MemoryFigures(idle: $0) }
            try await load(fleet, "127.0.0.1", gateway.port, gateway.process, &figures)
            return (figures, gateway.port)
        }
        guard store != nil else { return figures }
        // The gateway was killed at the end of the last block.
        figures.restart = try await gateway.run(port: port) { gateway in
            let spent = gateway.process.processorTime
            // Keys by KUDOS are made anew after a restart, from the secrets that were stored.
            let phase = try await drive(
                fleet, "127.0.0.1", gateway.port, profile == .edhoc ? .message : .keyUpdate, seconds: 0.001,
                everybody: true)
            return RestartFigures(
                startupSeconds: rounded(gateway.startup.seconds, 3), startupProcessorSeconds: spent,
                continued: phase.completed, failed: phase.failed)
        }
        return figures
    }

    /// With a gateway that runs already.
    func run(_ credentials: Credentials, host: String, port: Int) async throws -> LoadRunFigures {
        let fleet = Fleet(try credentials.simulated(suites))
        var figures = LoadRunFigures(devices: fleet.count, profile: .edhoc)
        try await load(fleet, host, port, nil, &figures)
        return figures
    }

    private func load(
        _ fleet: Fleet, _ host: String, _ port: Int, _ process: LoadProcess?, _ figures: inout LoadRunFigures
    ) async throws {
        let operations: [LoadOperation] =
            figures.profile == .edhoc ? [.authentication, .message, .resumption] : [.keyUpdate, .message]
        for (index, operation) in operations.enumerated() {
            let before = process?.processorTime
            let phase = try await drive(fleet, host, port, operation, seconds: seconds, everybody: index == 0)
            let spent = process?.processorTime.flatMap { after in before.map { after - $0 } }
            figures.operations.append(OperationFigures(phase, processorTime: spent))
            if index == 0 {
                figures.memory?.sessions = process?.memory
            }
            let failures = phase.failures.map { "\($0.value) failed: \($0.key)" }.sorted()
            printError(
                "\(grouped(figures.devices)) devices, \(operation.title): \(grouped(phase.completed)) in "
                    + "\(rounded(phase.seconds, 1)) s" + failures.map { "; " + $0 }.joined())
        }
        figures.memory?.end = process?.memory
        guard flood else { return }
        try await flooded(fleet, host, port, process, &figures)
    }

    /// Messages of devices that have their sessions, while others ask for new ones as fast as they can.
    private func flooded(
        _ fleet: Fleet, _ host: String, _ port: Int, _ process: LoadProcess?, _ figures: inout LoadRunFigures
    ) async throws {
        let flood = LoadFlood()
        let before = process?.memory
        async let flooding: Void = NIOThreadPool.singleton.runIfActive { [suites] in
            try flood.run(host: host, port: port, suites: suites)
        }
        let phase: LoadPhase
        do {
            defer { flood.stop() }
            phase = try await drive(fleet, host, port, .message, seconds: seconds, everybody: false)
        }
        try await flooding
        var messages = OperationFigures(phase, processorTime: nil)
        messages.operation = .messageInFlood
        figures.operations.append(messages)
        figures.flood = FloodFigures(
            sent: flood.sent, perSecond: rounded(Double(flood.sent) / max(phase.seconds, 1e-6), 1),
            memory: process?.memory.flatMap { after in before.map { after - $0 } })
    }

    /// One phase, on a thread that may wait.
    private func drive(
        _ fleet: Fleet, _ host: String, _ port: Int, _ operation: LoadOperation, seconds: Double, everybody: Bool
    ) async throws -> LoadPhase {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try await NIOThreadPool.singleton.runIfActive {
                try LoadDriver(
                    fleet.devices, socket: LoadSocket(host: host, port: port), window: concurrency, stop: stop
                ).run(operation, seconds: seconds, everybody: everybody, limit: limit)
            }
        } onCancel: {
            stop.stop()
        }
    }

    private var storeFiles: [String] {
        store.map { store in ["", "-wal", "-shm", ".key"].map { store + $0 } } ?? []
    }

    private func removeStore() {
        for file in storeFiles {
            PrivateFile.remove(file)
        }
    }
}

/// The devices of a run.
private final class Fleet: @unchecked Sendable {
    // One phase after the other has them, each on one thread; between two phases nobody touches them.
    let devices: [any SimulatedDevice]

    init(_ devices: [any SimulatedDevice]) {
        self.devices = devices
    }

    var count: Int { devices.count }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
#endif

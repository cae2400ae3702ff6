// `husk device --machine`: the sensor firmware on a simulated microcontroller, as a device of a credentials file.
#if Gateway
import Glibc
import NIOCore
import Synchronization

struct BoardRun: Sendable {
    /// What the firmware can be told: CSources/firmware/provisioning.h.
    static let readings = 1...255
    static let intervalMilliseconds = 0...65_535

    var machine: Machine
    var qemu: String
    var firmwareDirectory: String
    var record: KeyRecord
    var host: String
    var port: Int
    var readings: Int
    var intervalMilliseconds: Int
    var suite: Int
    var isSequential: Bool

    /// Boots the firmware, gives it the key, and waits for its end. Calls `report` with each line it says.
    func run(report: @escaping @Sendable (String) -> Void) async throws {
        let program = try Simulation.find(qemu)
        let image = "\(firmwareDirectory)/\(machine.image(.edhoc))"
        guard PrivateFile.isReadable(image) else {
            throw Failure(
                .unavailable, "\(image) is missing: run 'make firmware', or name its place with --firmware-dir")
        }
        let credentials = try record.credentials()
        let provisioning = try Provisioning(
            kid: record.kidBytes(), key: record.keyBytes(), initiator: credentials.initiator,
            responder: credentials.responder, readings: UInt8(readings),
            intervalMilliseconds: UInt16(intervalMilliseconds), suite: UInt8(suite), isSequential: isSequential,
            resumes: false, restarts: 0)
        let file = try PrivateFile.temporary(provisioning.encoded())
        defer { PrivateFile.remove(file) }
        let simulation = Simulation(
            qemu: program, machine: machine, image: image, provisioning: file, gatewayHost: host, gatewayPort: port)
        let last = Mutex<String?>(nil)
        let outcome: Simulation.Outcome
        do {
            outcome = try await simulation.run { line in
                guard FirmwareReport(line: line) == nil else { return }
                last.withLock { $0 = line.hasPrefix("failed: ") ? line : nil }
                report(line)
            }
        } catch let error as IOError where error.errnoCode == ECONNREFUSED {
            throw Failure(
                .unavailable,
                "nothing listens on \(endpoint(host, port)): start 'husk gateway', or check --port")
        }
        guard outcome.exitCode == 0 else {
            let why = last.withLock { $0 } ?? outcome.errors.last ?? Machine.meaning(ofExit: outcome.exitCode)
            throw Failure(.failed, "the firmware on \(machine.rawValue) ended with \(outcome.exitCode): \(why)")
        }
    }
}
#endif

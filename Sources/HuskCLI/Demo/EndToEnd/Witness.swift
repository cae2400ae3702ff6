// What the three processes of the end-to-end demo have said so far, and the patience to wait for more.
#if Gateway
import Husk

/// What the door's firmware says on its UART (CSources/firmware/README.md).
enum DeviceLine: Equatable {
    /// It sealed, or opened, an envelope.
    case sealed(DeviceEnvelope)
    case opened(DeviceEnvelope)
    case refused(name: String, status: Int)
    case observing
    case report(FirmwareReport)
    case other(String)

    init(_ line: String) {
        let words = line.split(separator: " ")
        if let report = FirmwareReport(line: line) {
            self = .report(report)
        } else if line == "observing mailbox" {
            self = .observing
        } else if words.count == 3, words[0] == "refused", words[2].hasPrefix("status="),
            let status = Int(words[2].dropFirst("status=".count))
        {
            self = .refused(name: String(words[1]), status: status)
        } else if let envelope = DeviceEnvelope(line, verb: "sealed") {
            self = .sealed(envelope)
        } else if let envelope = DeviceEnvelope(line, verb: "opened") {
            self = .opened(envelope)
        } else {
            self = .other(line)
        }
    }
}

/// `sealed sequence=0 source=door content=...`
struct DeviceEnvelope: Codable, Equatable {
    var sequence: UInt64
    /// Of one that it opened: verified.
    var source: String
    var content: String

    init?(_ line: String, verb: String) {
        let parts = line.split(separator: " ", maxSplits: 3)
        func value(_ index: Int, _ name: String) -> String? {
            parts[index].hasPrefix(name) ? String(parts[index].dropFirst(name.count)) : nil
        }
        guard parts.count == 4, parts[0] == verb, let sequence = value(1, "sequence=").flatMap(UInt64.init),
            let source = value(2, "source="), let content = value(3, "content=")
        else { return nil }
        self.sequence = sequence
        self.source = source
        self.content = content
    }
}

/// Everything that was said, in order, by whom.
actor Witness {
    private(set) var device: [DeviceLine] = []
    private(set) var gateway: [GatewayLine] = []
    private(set) var application: [ApplicationLine] = []
    /// All that came out of the gateway's process, on either stream.
    private(set) var gatewayText: [String] = []
    private(set) var pids: [String: Int32] = [:]
    private(set) var outcome: Simulation.Outcome?

    private let start = ContinuousClock.now
    private let limit: Duration
    /// How many envelopes the device is to refuse by now.
    private var expectedRefusals = 0

    init(limit: Duration) {
        self.limit = limit
    }

    func add(device line: String) { device.append(DeviceLine(line)) }

    func add(gateway line: String) {
        gatewayText.append(line)
        if let said = JSONLine.decode(line, as: GatewayLine.self) {
            gateway.append(said)
        }
    }

    func add(gatewayError line: String) { gatewayText.append(line) }

    func add(application line: String) {
        if let said = JSONLine.decode(line, as: ApplicationLine.self) {
            application.append(said)
        }
    }

    func add(pid: Int32, of name: String) { pids[name] = pid }

    func end(_ outcome: Simulation.Outcome) { self.outcome = outcome }

    func expectRefusal() { expectedRefusals += 1 }

    // MARK: What was seen

    var sealed: [DeviceEnvelope] {
        device.compactMap { line in
            guard case .sealed(let envelope) = line else { return nil }
            return envelope
        }
    }

    var opened: [DeviceEnvelope] {
        device.compactMap { line in
            guard case .opened(let envelope) = line else { return nil }
            return envelope
        }
    }

    var refused: [(name: String, status: Int)] {
        device.compactMap { line in
            guard case .refused(let name, let status) = line else { return nil }
            return (name, status)
        }
    }

    var report: FirmwareReport? {
        device.lazy.compactMap { line in
            guard case .report(let report) = line else { return nil }
            return report
        }.first
    }

    /// What a device said that is no more than words, such as what it did.
    func said(_ words: String) -> Bool { device.contains(.other(words)) }

    /// The envelopes that passed the gateway, of one source.
    func carried(from source: String) -> [GatewayLine] {
        gateway.filter { $0.event == .envelope && $0.says?.source == source }
    }

    func application(_ event: ApplicationLine.Event) -> [ApplicationLine] {
        application.filter { $0.event == event }
    }

    // MARK: Waiting

    /// Waits until `find` finds something.
    func wait<Found: Sendable>(
        for what: String, _ find: @Sendable (isolated Witness) -> Found?
    ) async throws -> Found {
        while true {
            if let found = find(self) { return found }
            try check()
            guard ContinuousClock.now - start < limit else {
                throw Failure(.failed, "\(limit.components.seconds) s passed without \(what): see --timeout")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What nobody should have said.
    private func check() throws(Failure) {
        if let refusal = application(.refused).first {
            throw Failure(.failed, "the application refused an envelope: \(printable(refusal.reason ?? ""))")
        }
        guard refused.count > expectedRefusals, let refusal = refused.last else { return }
        throw Failure(.failed, "the device refused an envelope: \(printable(refusal.name))")
    }
}
#endif

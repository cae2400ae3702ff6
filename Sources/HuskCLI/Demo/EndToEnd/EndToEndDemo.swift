// `husk demo --end-to-end`: a device, a gateway and an application as three processes, and envelopes that the gateway
// carries and cannot open: one reading, one command, the same command again, and one that comes too late.
#if Gateway
import ArgumentParser
import FoundationEssentials
import Husk
import Subprocess
import Synchronization

struct EndToEndDemo: Sendable {
    var machine: Machine
    var firmwareDirectory: String
    var qemu: String
    /// The program that is gateway and application.
    var husk: String
    var limit: Duration

    static let device = "door"
    static let application = "home"
    static let gateway = "gateway"
    /// A third peer of the gateway, in possession of nothing but a recording.
    static let stranger = "stranger"
    static let unlock = "unlock the front door"
    static let lock = "lock the front door"

    private static let lifetime = 60
    private static let shortLifetime = 2
    /// The command, it again, the late one, and one more.
    private static let commands: UInt8 = 4

    var image: String { "\(firmwareDirectory)/\(machine.folder)/door.elf" }

    /// Runs all of it, and ends all of it whatever happens.
    func run() async throws -> EndToEndFigures {
        let folder = try PrivateFile.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = try Files(folder)
        let witness = Witness(limit: limit)
        let reach = Reach()
        let (commands, typing) = AsyncStream.makeStream(of: String.self)
        return try await supervised {
            try await withThrowingTaskGroup(of: EndToEndFigures?.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    try await Child(
                        name: "gateway", program: husk,
                        arguments: ["gateway", "--credentials", files.gatewayKeys, "--port", "0", "--json"]
                    ).runForever(
                        started: { await witness.add(pid: $0, of: "gateway") },
                        line: { await witness.add(gateway: $0) }, errorLine: { await witness.add(gatewayError: $0) })
                    return nil
                }
                group.addTask {
                    let port = try await Self.port(witness)
                    try await Child(
                        name: "application", program: husk,
                        arguments: [
                            "application", "--credentials", files.applicationKeys, "--key", files.envelopeKey,
                            "--port", "\(port)", "--interactive", "--json",
                        ]
                    ).runForever(
                        input: commands, started: { await witness.add(pid: $0, of: "application") },
                        line: { await witness.add(application: $0) }, errorLine: { _ in })
                    return nil
                }
                group.addTask {
                    let port = try await Self.port(witness)
                    try await simulate(files, port, reach, witness)
                    return nil
                }
                group.addTask { try await direct(files, witness, reach, typing) }
                while let figures = try await group.next() {
                    if let figures { return figures }
                }
                throw CancellationError()
            }
        }
    }

    private static func port(_ witness: Witness) async throws -> Int {
        try await witness.wait(for: "a gateway that listens") { $0.gateway.first { $0.event == .listening }?.port }
    }

    private func simulate(_ files: Files, _ port: Int, _ reach: Reach, _ witness: Witness) async throws {
        let simulation = Simulation(
            qemu: qemu, machine: machine, image: image, provisioning: files.provisioning, gatewayPort: port,
            reach: reach)
        let (lines, said) = AsyncStream.makeStream(of: String.self)
        async let listening: Void = {
            for await line in lines {
                await witness.add(device: line)
            }
        }()
        let outcome = try await simulation.run(started: { await witness.add(pid: $0, of: "device") }) {
            said.yield($0)
        }
        said.finish()
        await listening
        guard outcome.exitCode == 0 else {
            let why = outcome.errors.last ?? Machine.meaning(ofExit: outcome.exitCode)
            throw Failure(.failed, "the firmware on \(machine.rawValue) ended with \(outcome.exitCode): \(why)")
        }
        await witness.end(outcome)
    }

    /// What happens, one thing after the other.
    private func direct(
        _ files: Files, _ witness: Witness, _ reach: Reach, _ typing: AsyncStream<String>.Continuation
    ) async throws -> EndToEndFigures {
        // A reading on its way up.
        let reading = EnvelopeSightings(
            device: try await witness.wait(for: "a sealed reading") { $0.sealed.first },
            gateway: try await witness.wait(for: "the reading at the gateway") {
                $0.carried(from: Self.device).first
            },
            application: try await witness.wait(for: "the reading at the application") {
                $0.application(.opened).first
            })
        _ = try await witness.wait(for: "a device that observes its mailbox") {
            $0.device.contains(.observing) ? true : nil
        }

        // A command on its way down, and what the device answers.
        typing.yield("\(Self.device) \(Self.lifetime) \(Self.unlock)")
        let command = EnvelopeSightings(
            device: try await witness.wait(for: "a command that opens") { $0.opened.first },
            gateway: try await witness.wait(for: "the command at the gateway") {
                $0.carried(from: Self.application).first
            },
            application: try await witness.wait(for: "a sealed command") { $0.application(.sealed).first })
        let action = try await done("door unlocked", witness)
        let answer = try await answered(1, witness)

        // The same envelope again, from somebody who recorded it, to a device that was restarted in the meantime.
        _ = try await witness.wait(for: "a device that restarts") { $0.said("restarted") ? true : nil }
        let observations = try await witness.wait(for: "a restarted device that observes its mailbox") {
            let count = $0.device.count { $0 == .observing }
            return count == 2 ? count : nil
        }
        await witness.expectRefusal()
        guard let recording = command.gateway.envelope.flatMap({ bytes(hex: $0) }) else {
            throw Failure(.failed, "the gateway showed no envelope")
        }
        try await replay(recording, files, Self.port(witness))
        let replayed = try await witness.wait(for: "a refusal of what was replayed") { $0.refused.first?.name }

        // A command that stays under way until its deadline is over.
        reach.lose()
        await witness.expectRefusal()
        typing.yield("\(Self.device) \(Self.shortLifetime) \(Self.unlock)")
        let held = try await witness.wait(for: "the next command at the gateway") {
            $0.carried(from: Self.application).dropFirst(2).first
        }
        guard let deadline = held.says?.deadline else { throw Failure(.failed, "the command has no deadline") }
        while EnvelopeFiles.now <= deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        let released = EnvelopeFiles.now
        reach.regain()
        let late = try await witness.wait(for: "a refusal of what was late") { $0.refused.dropFirst().first?.name }

        // And the device goes on.
        typing.yield("\(Self.device) \(Self.lifetime) \(Self.lock)")
        let next = try await witness.wait(for: "another command that opens") { $0.opened.dropFirst().first }
        let nextAction = try await done("door locked", witness)
        let nextAnswer = try await answered(2, witness)
        _ = try await witness.wait(for: "the end of the firmware") { $0.outcome }
        guard let report = await witness.report else { throw Failure(.failed, "the firmware made no report") }

        let figures = EndToEndFigures(
            version: HuskCommand.configuration.version, machine: machine.rawValue, processor: machine.processor,
            pids: await witness.pids, restarts: observations - 1, reading: reading, command: command, action: action, answer: answer,
            replay: Refusal(name: replayed, envelope: recording.count, deadline: nil, arrived: nil),
            late: Refusal(
                name: late, envelope: held.says?.bytes ?? 0, deadline: deadline, arrived: released),
            next: next, nextAction: nextAction, nextAnswer: nextAnswer, firmware: report)
        try figures.check()
        try await blind(witness, [reading.device.content, Self.unlock, Self.lock, answer.content, nextAnswer.content])
        return figures
    }

    private func done(_ what: String, _ witness: Witness) async throws -> String {
        try await witness.wait(for: "\"\(what)\" from the device") { $0.said(what) ? what : nil }
    }

    /// The answer of that number, as the application opened it.
    private func answered(_ number: Int, _ witness: Witness) async throws -> DeviceEnvelope {
        let sealed = try await witness.wait(for: "an answer of the device") { $0.sealed.dropFirst(number).first }
        let opened = try await witness.wait(for: "the answer at the application") {
            $0.application(.opened).dropFirst(number).first
        }
        guard opened.content == sealed.content, opened.sequence == sealed.sequence, opened.sender == Self.device else {
            throw Failure(.failed, "the application opened another answer than the device sealed")
        }
        return sealed
    }

    private func replay(_ recording: [UInt8], _ files: Files, _ port: Int) async throws {
        try PrivateFile.replace(files.recording, recording)
        let status = try await Child(
            name: Self.stranger, program: husk,
            arguments: [
                "application", "--credentials", files.strangerKeys, "--port", "\(port)", "--forward", files.recording,
            ]
        ).run(line: { _ in }, errorLine: { printError($0) })
        guard status.isSuccess else { throw Failure(.failed, "the recording could not be left at the gateway") }
    }

    /// The gateway's process must not have said any of this, in whatever spelling.
    private func blind(_ witness: Witness, _ secrets: [String]) async throws {
        let text = await witness.gatewayText.joined(separator: "\n")
        for secret in secrets {
            for spelling in [secret, secret.replacing("\"", with: "\\\""), hex(secret.utf8)]
            where text.contains(spelling) {
                throw Failure(.failed, "the gateway printed what it must not be able to read: \(secret)")
            }
        }
    }
}

/// Whether the device can be reached: while it cannot, what the gateway sends waits for it.
final class Reach: Sendable {
    private let isLost = Atomic(false)

    func lose() { isLost.store(true, ordering: .sequentiallyConsistent) }
    func regain() { isLost.store(false, ordering: .sequentiallyConsistent) }

    /// Returns once it can.
    func wait() async throws {
        while isLost.load(ordering: .sequentiallyConsistent) {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension EndToEndDemo {
    /// Fresh keys, each where only those are who have it.
    private struct Files {
        var gatewayKeys: String
        var applicationKeys: String
        var strangerKeys: String
        var envelopeKey: String
        var provisioning: String
        var recording: String

        init(_ folder: String) throws(Failure) {
            gatewayKeys = "\(folder)/credentials.json"
            applicationKeys = "\(folder)/home.json"
            strangerKeys = "\(folder)/stranger.json"
            envelopeKey = "\(folder)/door-home.json"
            provisioning = "\(folder)/provisioning"
            recording = "\(folder)/recording.cose"

            let names = [EndToEndDemo.device, EndToEndDemo.application, EndToEndDemo.stranger]
            let records = names.enumerated().map { index, name in
                KeyRecord.generate(device: name, gateway: EndToEndDemo.gateway, kid: [UInt8(index)], keyBytes: 16)
            }
            try PrivateFile.create(gatewayKeys, CredentialsFile.encode(KeyList(devices: records)))
            try PrivateFile.create(applicationKeys, CredentialsFile.encode(KeyList(devices: [records[1]])))
            try PrivateFile.create(strangerKeys, CredentialsFile.encode(KeyList(devices: [records[2]])))

            let shared = EnvelopeKeyRecord.generate(
                ends: [EndToEndDemo.device, EndToEndDemo.application], kid: [0], algorithm: .aesCCM8)
            try PrivateFile.create(envelopeKey, shared.json())

            let (initiator, responder) = try records[0].credentials()
            let given = try Provisioning(
                kid: records[0].kidBytes(), key: records[0].keyBytes(), initiator: initiator, responder: responder,
                readings: 1, intervalMilliseconds: 0, suite: 0, isSequential: false, resumes: false, restarts: 1,
                envelopes: Provisioning.Envelopes(
                    kid: bytes(hex: shared.kid) ?? [], key: bytes(hex: shared.key) ?? [],
                    device: EndToEndDemo.device, application: EndToEndDemo.application,
                    commands: EndToEndDemo.commands))
            try PrivateFile.create(provisioning, given.encoded())
        }
    }
}
#endif

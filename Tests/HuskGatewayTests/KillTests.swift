// `husk gateway --store` killed with SIGKILL at random points under load, and started again: devices go on in their
// sessions, no nonce is used for two messages, and nothing that was acknowledged is lost.
#if Gateway
import Foundation
import Husk
import NIOCore
import Testing

@testable import HuskGateway

/// The gateway as its users run it, in a process of its own.
private final class Victim {
    private let process = Process()
    private let output = Pipe()

    /// Returns when it listens.
    init(_ folder: String, port: Int) throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let products = tests.split(separator: "/").dropLast().joined(separator: "/")
        process.executableURL = URL(fileURLWithPath: "/\(products)/husk")
        process.arguments = [
            "gateway", "--credentials", folder + "/credentials.json", "--port", "\(port)", "--store",
            folder + "/gateway.db",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("listening on") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw HuskError.storage }
            text += String(decoding: more, as: UTF8.self)
        }
        // What it prints from now on is nobody's concern, but the pipe must not fill up.
        output.fileHandleForReading.readabilityHandler = { handle in _ = handle.availableData }
    }

    func kill() {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        output.fileHandleForReading.readabilityHandler = nil
    }
}

/// A device that leaves envelopes for the next one, and fetches and deletes its own.
private final class Postman {
    let index: Int
    private let socket: Int32
    private var context: SecurityContext
    private var exchange = SecurityContext.Exchange()
    private var pending: (datagram: [UInt8], messageID: UInt16, sent: ContinuousClock.Instant)?
    private var step = Step.leave
    private var messageID = UInt16.random(in: 0...UInt16.max)
    private var sealer: EnvelopeSealer
    private var letter: [UInt8] = []

    private enum Step {
        case leave
        case collect
        case delete(UInt64)
    }

    var completed = 0
    /// Answered as if the session were gone.
    var refusals = 0
    /// Two different messages under one nonce.
    var repeatedNonces = 0
    /// A letter came again after its deletion was acknowledged.
    var returned = 0
    private(set) var left: Set<[UInt8]> = []
    private(set) var fetched: Set<[UInt8]> = []
    private(set) var isEmpty = false
    private var answers: [[UInt8]: [UInt8]] = [:]
    private var notifications: [[UInt8]: [UInt8]] = [:]
    private let next: Int
    /// No more envelopes are left.
    var isDraining = false

    init(_ index: Int, of count: Int, port: Int) throws {
        self.index = index
        next = (index + 1) % count
        socket = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        let key = try EnvelopeKey(root: keyBytes(77), sender: Identity("sensor-\(index)"), recipient: Identity("app"))
        sealer = try EnvelopeSealer(key: key)
        let socket = self.socket
        let status = unsafe try SocketAddress(ipAddress: "127.0.0.1", port: port).withSockAddr { address, length in
            unsafe connect(socket, address, socklen_t(length))
        }
        guard status == 0 else { throw HuskError.timeout }

        var initiator = Initiator(peer(index))
        initiator.messageID = UInt16.random(in: 0...900)
        let started = try HuskGatewayTests.start(&initiator)
        let message2 = try Self.ask(socket, started.request)
        let finishing = try finish(&initiator, started.waiting, message2, index: index)
        let message4 = try Self.ask(socket, finishing.request)
        context = try finishing.waiting.process(message4.payload).securityContext()
    }

    deinit {
        close(socket)
    }

    private static func ask(_ socket: Int32, _ request: CoAPMessage) throws -> CoAPMessage {
        for _ in 0..<20 {
            transmit(socket, try request.encoded())
            for _ in 0..<100 {
                if let bytes = receive(socket) { return try CoAPMessage(decoding: bytes) }
                usleep(5000)
            }
        }
        throw HuskError.timeout
    }

    private static func transmit(_ socket: Int32, _ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, 0) }
    }

    private static func receive(_ socket: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    /// Takes what has come, and sends what is due.
    func turn() throws {
        while let bytes = Self.receive(socket) {
            try take(bytes)
        }
        let now = ContinuousClock.now
        if let waiting = pending {
            guard now - waiting.sent > .milliseconds(80) else { return }
            Self.transmit(socket, waiting.datagram)
            pending?.sent = now
            return
        }
        try begin(now)
    }

    private func begin(_ now: ContinuousClock.Instant) throws {
        messageID &+= 1
        var message = CoAPMessage(type: .confirmable, code: .get, messageID: messageID, token: [9, 9])
        var path = ["mailbox"]
        if case .leave = step, isDraining {
            step = .collect
        }
        switch step {
        case .leave:
            message.code = .post
            letter = try sealer.seal([1, 2, 3], EnvelopeMetadata(destination: "sensor-\(next)")) { _ in }
            message.payload = letter
        case .collect:
            message.options = [CoAPOption(number: CoAPOption.observe, uint: 0)]
        case .delete(let id):
            message.code = .delete
            path.append("\(id)")
        }
        message.options += path.map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
        if case .leave = step {
            message.options.append(CoAPOption(number: CoAPOption.contentFormat, uint: 16))
        }
        exchange = SecurityContext.Exchange()
        let datagram = try context.protect(request: message, exchange: &exchange)
        pending = (datagram, messageID, now)
        Self.transmit(socket, datagram)
    }

    private func take(_ bytes: [UInt8]) throws {
        let message = try CoAPMessage(decoding: bytes)
        guard message.type != .confirmable else {
            let acknowledgement = CoAPMessage(type: .acknowledgement, code: .empty, messageID: message.messageID)
            Self.transmit(socket, try acknowledgement.encoded())
            let number = try partialIV(bytes) ?? []
            // The same message again differs in nothing, not even in its message ID.
            if let earlier = notifications.updateValue(bytes, forKey: number), earlier != bytes {
                repeatedNonces += 1
            }
            return
        }
        guard message.option(CoAPOption.oscore) != nil else {
            refusals += 1
            return
        }
        guard let waiting = pending, waiting.messageID == message.messageID else { return }
        // Under the nonce of its request: there is one answer to it, whoever gives it.
        if let earlier = answers.updateValue(bytes, forKey: waiting.datagram), earlier != bytes {
            repeatedNonces += 1
        }
        let answer = try context.unprotect(response: bytes, exchange: &exchange)
        pending = nil
        completed += 1
        switch step {
        case .leave:
            if answer.code == .created {
                left.insert(letter)
            }
            step = .collect
        case .collect:
            isEmpty = answer.payload.isEmpty
            step = .leave
            guard !isEmpty, let tag = answer.option(CoAPOption.etag) else { return }
            letter = answer.payload
            step = .delete(tag.value.reduce(0) { $0 << 8 | UInt64($1) })
        case .delete:
            if !fetched.insert(letter).inserted {
                returned += 1
            }
            step = .collect
        }
    }
}

private struct Verdict {
    var kills = 0
    var survived = 0
    var exchanges = 0
    var envelopes = 0
    var lost = 0
    var refusals = 0
    var repeatedNonces = 0
    var returned = 0
    var slowest = Duration.zero
}

private func killAgainAndAgain(_ limit: Duration, _ most: Int) throws -> Verdict {
    let file = try StoreFile()
    let count = 8
    let devices = (0..<count).map { index in
        """
        {"kid": "\(hex(kidBytes(index)))", "key": "\(hex(keyBytes(index)))", "device": "sensor-\(index)", \
        "gateway": "gateway.example"}
        """
    }
    let path = file.folder + "/credentials.json"
    _ = FileManager.default.createFile(
        atPath: path, contents: Data("{\"devices\": [\(devices.joined(separator: ",\n"))]}".utf8),
        attributes: [.posixPermissions: 0o600])
    let port = Int.random(in: 20_000..<30_000)
    var victim = try Victim(file.folder, port: port)
    defer { victim.kill() }
    let postmen = try (0..<count).map { try Postman($0, of: count, port: port) }
    let clock = ContinuousClock()
    let end = clock.now + limit
    var verdict = Verdict()

    /// Until all of them are done; false if that takes too long.
    func run(until isDone: (Postman) -> Bool) throws -> Bool {
        let late = clock.now + .seconds(20)
        while !postmen.allSatisfy(isDone) {
            guard clock.now < late else { return false }
            for postman in postmen {
                try postman.turn()
            }
            usleep(500)
        }
        return true
    }

    while verdict.kills < most, clock.now < end {
        let moment = clock.now + .microseconds(Int.random(in: 0..<60_000))
        while clock.now < moment {
            _ = try run { _ in true }
            for postman in postmen {
                try postman.turn()
            }
            usleep(200)
        }
        victim.kill()
        verdict.kills += 1
        let startup = try clock.measure { victim = try Victim(file.folder, port: port) }
        verdict.slowest = max(verdict.slowest, startup)
        let before = postmen.map(\.completed)
        let refusals = postmen.reduce(0) { $0 + $1.refusals }
        let goOn = try run { $0.completed > before[$0.index] }
        verdict.survived += goOn && refusals == postmen.reduce(0) { $0 + $1.refusals } ? 1 : 0
    }
    for postman in postmen {
        postman.isDraining = true
    }
    // Nobody leaves anything any more once all have collected twice.
    var before = postmen.map(\.completed)
    _ = try run { $0.completed > before[$0.index] + 3 }
    _ = try run { $0.isEmpty }
    before = postmen.map(\.completed)
    _ = try run { $0.completed > before[$0.index] + 1 && $0.isEmpty }
    let left = postmen.reduce(into: Set<[UInt8]>()) { $0.formUnion($1.left) }
    let fetched = postmen.reduce(into: Set<[UInt8]>()) { $0.formUnion($1.fetched) }
    verdict.envelopes = left.count
    verdict.lost = left.subtracting(fetched).count
    verdict.exchanges = postmen.reduce(0) { $0 + $1.completed }
    verdict.refusals = postmen.reduce(0) { $0 + $1.refusals }
    verdict.repeatedNonces = postmen.reduce(0) { $0 + $1.repeatedNonces }
    verdict.returned = postmen.reduce(0) { $0 + $1.returned }
    return verdict
}

@Suite struct KillTests {
    @Test func aKilledGatewayLosesNothing() async throws {
        // On a thread of its own: it waits for processes and sockets.
        let verdict = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try killAgainAndAgain(.seconds(30), 200) })
            }
        }
        print(
            "\(verdict.kills) kills, \(verdict.survived) survived: \(verdict.exchanges) exchanges,",
            "\(verdict.envelopes) envelopes acknowledged, \(verdict.lost) lost, \(verdict.returned) came back,",
            "\(verdict.repeatedNonces) nonces repeated, slowest start \(verdict.slowest)")
        #expect(verdict.kills > 10 && verdict.survived == verdict.kills)
        #expect(verdict.refusals == 0, "requests refused as if their session were gone")
        #expect(verdict.lost == 0 && verdict.returned == 0)
        #expect(verdict.repeatedNonces == 0)
        #expect(verdict.envelopes > verdict.kills)
    }
}
#endif

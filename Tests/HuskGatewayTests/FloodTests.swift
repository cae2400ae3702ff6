// message_1 at full speed from many addresses, over real sockets, at a gateway that has sessions.
#if Gateway
import Foundation
import Husk
import NIOCore
import Synchronization
import Testing

@testable import HuskGateway

/// A UDP socket of its own address and port.
private final class Socket {
    private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    private var buffer = [UInt8](repeating: 0, count: 2048)

    init(from address: String, to port: Int) throws {
        let descriptor = descriptor
        let bound = unsafe try SocketAddress(ipAddress: address, port: 0).withSockAddr { address, length in
            unsafe bind(descriptor, address, socklen_t(length))
        }
        let connected = unsafe try SocketAddress(ipAddress: "127.0.0.1", port: port).withSockAddr { address, length in
            unsafe connect(descriptor, address, socklen_t(length))
        }
        guard bound == 0, connected == 0 else { throw HuskError.timeout }
    }

    deinit {
        close(descriptor)
    }

    func transmit(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
    }

    func receive() -> [UInt8]? {
        let descriptor = descriptor
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }
}

/// The endpoint of a device that sends one reading after the other.
private final class Reporter {
    private var device: Device
    private let socket: Socket
    private var began: UInt32?
    var answered = 0
    var failed = 0
    var slowest: UInt32 = 0
    /// No more readings.
    var isDone = false

    init(_ index: Int, port: Int) throws {
        let key = try PreSharedKey(
            key: keyBytes(index), kid: kidBytes(index), initiator: Identity("sensor-\(index)"),
            responder: Identity("gateway.example"))
        device = try Device(key: key, combinesFirstRequest: false)
        socket = try Socket(from: "127.0.0.1", to: port)
    }

    var isIdle: Bool { began == nil }

    func turn(_ now: UInt32) throws {
        while let bytes = socket.receive() {
            if let event = try? device.receive(bytes, now: now) {
                note(event, now)
            }
        }
        if began == nil, !isDone {
            try device.start(.init(.post, "sensors/x", payload: [1]))
            began = now
        }
        while true {
            let transmission = try device.transmit(now: now)
            note(transmission.event, now)
            guard let datagram = transmission.datagram else { return }
            socket.transmit(datagram)
        }
    }

    private func note(_ event: Device.Event, _ now: UInt32) {
        switch event {
        case .response(let answer) where answer.code == .changed:
            answered += 1
            slowest = max(slowest, now &- (began ?? now))
            began = nil
        case .response, .failed:
            failed += 1
            began = nil
        default:
            break
        }
    }
}

/// Sends message_1 as fast as this machine can, until it is told to stop.
private final class Flood: Sendable {
    private let isOver = Atomic(false)
    let sent = Atomic(0)

    init(port: Int) throws {
        let sockets = try (0..<500).map { index in
            try Socket(from: "127.0.\(2 + index / 250).\(1 + index % 250)", to: port)
        }
        var initiator = Initiator(peer(0))
        let request = try HuskGatewayTests.start(&initiator).request
        nonisolated(unsafe) let handed = sockets
        Thread.detachNewThread { [self] in
            let sockets = unsafe handed
            var messageID: UInt16 = 0
            while !isOver.load(ordering: .relaxed) {
                messageID &+= 1
                var copy = request
                copy.messageID = messageID
                guard let bytes = try? copy.encoded() else { return }
                for socket in sockets {
                    socket.transmit(bytes)
                }
                sent.add(sockets.count, ordering: .relaxed)
            }
        }
    }

    func stop() {
        isOver.store(true, ordering: .relaxed)
    }
}

/// Anonymous resident memory of this process in bytes.
private func memory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(separator: " ").dropLast().last).flatMap { Int($0) }.map { $0 * 1024 } ?? 0
}

private struct Aftermath {
    var answered = 0
    var failed = 0
    var silent = 0
    var slowest: UInt32 = 0
    var sent = 0
    var grown = 0
    var counters = GatewayCounters()
    var newcomerAnswered = 0
}

private func endure(_ gateway: Gateway, sessions: Int, seconds: Double) throws -> Aftermath {
    let clock = ContinuousClock()
    let start = clock.now
    func now() -> UInt32 {
        let parts = (clock.now - start).components
        return UInt32(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
    /// Lets them talk until all is as it should be, for so many seconds at most.
    func run(_ reporters: [Reporter], _ limit: Double, until isDone: () -> Bool) throws {
        let end = clock.now + .seconds(limit)
        while clock.now < end, !isDone() {
            for reporter in reporters {
                try reporter.turn(now())
            }
            usleep(1000)
        }
    }
    let reporters = try (0..<sessions).map { try Reporter($0, port: gateway.port) }
    try run(reporters, 60) { reporters.allSatisfy { $0.answered > 0 } }
    for reporter in reporters {
        (reporter.answered, reporter.slowest) = (0, 0)
    }
    var after = Aftermath()
    let before = memory()
    let flood = try Flood(port: gateway.port)
    try run(reporters, seconds) { false }
    after.grown = memory() - before
    after.counters = gateway.counters
    flood.stop()
    for reporter in reporters {
        reporter.isDone = true
    }
    // RFC 7252: whoever gets no answer has given up after 93 s.
    try run(reporters, 100) { reporters.allSatisfy(\.isIdle) }
    after.answered = reporters.reduce(0) { $0 + $1.answered }
    after.failed = reporters.reduce(0) { $0 + $1.failed }
    after.silent = reporters.count { $0.answered == 0 }
    after.slowest = reporters.map(\.slowest).max() ?? 0
    after.sent = flood.sent.load(ordering: .relaxed)
    let newcomer = try Reporter(sessions, port: gateway.port)
    try run([newcomer], 60) { newcomer.answered > 0 }
    after.newcomerAnswered = newcomer.answered
    return after
}

@Suite(.timeLimit(.minutes(5))) struct FloodTests {
    @Test func sessionsOutliveAFlood() async throws {
        var configuration = GatewayConfiguration(host: "127.0.0.1", port: 0)
        // So that the newcomer need not wait long for those that the flood left unfinished.
        configuration.limits.handshakeGraceMilliseconds = 1000
        let gateway = try await Gateway.start(configuration, credentials: credentials(51), logger: quiet)
        let after = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try endure(gateway, sessions: 50, seconds: 4) })
            }
        }
        await gateway.shutdown()
        print(
            "50 sessions under a flood of \(after.sent) message_1: \(after.answered) requests answered,",
            "\(after.failed) not, slowest \(after.slowest) ms; \(after.counters.handshakesShed) shed,",
            "\(after.counters.handshakesRefused) refused; memory grew by \(after.grown / 1000) kB")
        #expect(after.failed == 0 && after.silent == 0)
        #expect(after.counters.handshakesShed > 0)
        let limits = configuration.limits
        #expect(after.counters.waitingHandshakes <= limits.waitingHandshakes)
        #expect(after.counters.pendingHandshakes <= limits.handshakes)
        #expect(after.counters.sessions == 50)
        // 4,096 unfinished handshakes and their answers, the line, and what the allocator keeps.
        #expect(after.grown < 64 << 20)
        #expect(after.newcomerAnswered > 0)
    }
}
#endif

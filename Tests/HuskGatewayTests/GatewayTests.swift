// The gateway on real sockets of this machine.
#if Gateway
import GRDB
import Husk
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HuskGateway

/// A UDP socket of a device: datagrams out, datagrams in as a stream.
private struct Radio {
    let channel: any Channel
    let incoming: AsyncStream<[UInt8]>

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        let continuation: AsyncStream<[UInt8]>.Continuation

        init(_ continuation: AsyncStream<[UInt8]>.Continuation) {
            self.continuation = continuation
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(Array(unwrapInboundIn(data).data.readableBytesView))
        }
    }

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(16))
        incoming = stream
        let gateway = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(continuation))
                }
            }
            .bind(host: "127.0.0.1", port: 0).flatMap { channel in channel.connect(to: gateway).map { channel } }.get()
    }

    func send(_ bytes: [UInt8]) {
        let buffer = ByteBuffer(bytes: bytes)
        guard let address = channel.remoteAddress else { return }
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: buffer), promise: nil)
    }
}

@Suite struct GatewayStoreTests {
    /// Whether a device gets in and its reading is answered, in so many milliseconds.
    private func authenticates(_ index: Int, _ port: Int, within limit: Int = 60_000) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await sendReading(index, port: port) == .changed }
            group.addTask {
                try await Task.sleep(for: .milliseconds(limit))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    @Test func nothingIsAnsweredThatIsNotDurable() async throws {
        let file = try StoreFile()
        let store = try file.open()
        var configuration = GatewayConfiguration(host: "127.0.0.1", port: 0)
        configuration.suites = CipherSuite.all
        let gateway = try await Gateway.start(configuration, credentials: credentials(4), store: store, logger: quiet)
        async let running: Void = gateway.run()
        #expect(try await authenticates(0, gateway.port))
        #expect(gateway.counters.storeCommits > 0 && gateway.counters.storeFailures == 0)
        try await store.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
        #expect(try await !authenticates(1, gateway.port, within: 1500))
        #expect(gateway.counters.storeFailures > 0)
        // It was received and is done with as far as the engine is concerned; only its answer is missing.
        #expect(gateway.counters.handshakesCompleted == 2)
        try await store.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = OFF") }
        try await Task.sleep(for: .milliseconds(1100))
        #expect(try await authenticates(2, gateway.port))
        await gateway.shutdown()
        try await running
        let summary = try file.open().check()
        #expect(summary.sessions == 3)
        // One at a time, and it is told apart from a port that is taken.
        let holder = try file.open()
        #expect(throws: StoreError.inUse(path: file.path)) { _ = try file.open() }
        holder.close()
    }
}

/// Authenticates and sends one reading over UDP; gives the response code.
private func sendReading(_ index: Int, port: Int) async throws -> CoAPCode? {
    let radio = try await Radio(port: port)
    defer { radio.channel.close(promise: nil) }
    let clock = ContinuousClock()
    let begin = clock.now
    func now() -> UInt32 {
        let parts = (clock.now - begin).components
        return UInt32(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000)
    }
    let key = try PreSharedKey(
        key: keyBytes(index), kid: kidBytes(index), initiator: Identity("sensor-\(index)"),
        responder: Identity("gateway.example"))
    var device = try Device(key: key, combinesFirstRequest: false)
    try device.start(.init(.post, "sensors/number", payload: Array("\(index)".utf8)))
    // A tick for every 50 ms lets retransmissions go out between datagrams.
    let (ticks, ticker) = AsyncStream.makeStream(of: [UInt8]?.self, bufferingPolicy: .bufferingNewest(64))
    let pump = Task {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await bytes in radio.incoming { ticker.yield(bytes) } }
            group.addTask {
                while (try? await Task.sleep(for: .milliseconds(50))) != nil { ticker.yield(nil) }
            }
        }
    }
    defer { pump.cancel() }
    ticker.yield(nil)
    for await bytes in ticks {
        if let bytes, case .response(let answer)? = try? device.receive(bytes, now: now()) {
            return answer.code
        }
        while true {
            let transmission = try device.transmit(now: now())
            if case .failed(let error, _) = transmission.event {
                throw error
            }
            guard let datagram = transmission.datagram else { break }
            radio.send(datagram)
        }
    }
    return nil
}

@Suite(.timeLimit(.minutes(2))) struct GatewayTests {
    private static let configuration = GatewayConfiguration(host: "127.0.0.1", port: 0)

    @Test func aHundredDevicesOverLoopback() async throws {
        let gateway = try await Gateway.start(Self.configuration, credentials: credentials(100), logger: quiet)
        let port = gateway.port
        #expect(port > 0)
        let codes = try await withThrowingTaskGroup(of: CoAPCode?.self) { group in
            for index in 0..<100 {
                group.addTask { try await sendReading(index, port: port) }
            }
            return try await group.reduce(into: [CoAPCode?]()) { $0.append($1) }
        }
        #expect(codes.count == 100 && codes.allSatisfy { $0 == .changed })
        let counters = gateway.counters
        #expect(counters.sessions == 100 && counters.readings == 100)
        await gateway.shutdown()
    }

    @Test func eventsEndWhenTheGatewayStops() async throws {
        let gateway = try await Gateway.start(Self.configuration, credentials: credentials(1), logger: quiet)
        let events = gateway.events()
        #expect(try await sendReading(0, port: gateway.port) == .changed)
        await gateway.shutdown()
        var kinds: [String] = []
        for await event in events {
            switch event {
            case .message(let message): kinds.append("\(message.direction) \(message.name)")
            case .authenticated(let who): kinds.append("authenticated \(who.device)")
            case .reading(let reading): kinds.append("reading \(String(decoding: reading.payload, as: UTF8.self))")
            case .refused: kinds.append("refused")
            case .envelope: kinds.append("envelope")
            }
        }
        #expect(
            kinds == [
                "received EDHOC message_1", "sent EDHOC message_2", "received EDHOC message_3",
                "authenticated sensor-0", "sent EDHOC message_4", "received OSCORE request", "reading 0",
                "sent OSCORE response",
            ])
    }

    @Test func aBusyPortIsNamed() async throws {
        let gateway = try await Gateway.start(Self.configuration, credentials: credentials(1), logger: quiet)
        var configuration = Self.configuration
        configuration.port = gateway.port
        do {
            _ = try await Gateway.start(configuration, credentials: credentials(1), logger: quiet)
            Issue.record("bound the same port twice")
        } catch let error as GatewayError {
            #expect(error == .portInUse(host: "127.0.0.1", port: gateway.port))
            #expect(error.description.contains("\(gateway.port)"))
        }
        await gateway.shutdown()
        // Free again.
        await (try Gateway.start(configuration, credentials: credentials(1), logger: quiet)).shutdown()
    }

    @Test func otherFailuresToStart() async throws {
        var configuration = Self.configuration
        configuration.host = "192.0.2.1"
        await #expect(throws: GatewayError.addressUnavailable(host: "192.0.2.1", port: 0)) {
            try await Gateway.start(configuration, credentials: try credentials(1), logger: quiet)
        }
        configuration.host = "no-such-host.invalid"
        await #expect(throws: GatewayError.addressUnavailable(host: "no-such-host.invalid", port: 0)) {
            try await Gateway.start(configuration, credentials: try credentials(1), logger: quiet)
        }
        configuration = Self.configuration
        configuration.suites = []
        await #expect(throws: GatewayError.suites) {
            try await Gateway.start(configuration, credentials: try credentials(1), logger: quiet)
        }
    }

    @Test func whatFailsToStartKeepsNoKeys() async throws {
        weak var key: DeviceCredential?
        do {
            let credentials = try credentials(1)
            key = credentials.devices[0]
            let configuration = GatewayConfiguration(host: "192.0.2.1", port: 0)
            _ = try? await Gateway.start(configuration, credentials: credentials, logger: quiet)
        }
        // The event loop lets go of a closed channel a moment later.
        for _ in 0..<200 where key != nil {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(key == nil)
    }

    @Test func runEndsWhenItsTaskIsCancelled() async throws {
        let gateway = try await Gateway.start(Self.configuration, credentials: credentials(1), logger: quiet)
        let task = Task { try await gateway.run() }
        task.cancel()
        try await task.value
        var events = gateway.events().makeAsyncIterator()
        #expect(await events.next() == nil)
    }

    /// Logs are kept in memory, at the lowest level, and searched for keys.
    @Test func logsHoldNoKey() async throws {
        let log = Log()
        var logger = Logger(label: "test") { _ in Recorder(log: log) }
        logger.logLevel = .trace
        let gateway = try await Gateway.start(Self.configuration, credentials: credentials(1), logger: logger)
        #expect(try await sendReading(0, port: gateway.port) == .changed)
        await gateway.shutdown()
        let text = log.text.withLock { $0 }
        #expect(text.contains("device authenticated") && text.contains("sensor-0"))
        #expect(!text.contains(hex(keyBytes(0))))
        #expect(!text.contains("\(keyBytes(0))".dropFirst().dropLast()))
    }

    private final class Log: Sendable {
        let text = Mutex("")
    }

    private struct Recorder: LogHandler {
        let log: Log
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.text.withLock { $0 += "\(event.message) \(event.metadata ?? [:])\n" }
        }
    }
}
#endif

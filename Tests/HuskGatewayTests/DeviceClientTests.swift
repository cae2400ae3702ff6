// The asynchronous interface on real sockets: requests and deadlines of a device, readings and their back-pressure.
#if Gateway
import Husk
import NIOCore
import ServiceLifecycle
import Testing

@testable import HuskGateway

private func key(_ index: Int) throws -> PreSharedKey {
    try PreSharedKey(
        key: keyBytes(index), kid: kidBytes(index), initiator: Identity("sensor-\(index)"),
        responder: Identity("gateway.example"))
}

private func start(_ router: Router = Router(), devices: Int = 2) async throws -> Gateway {
    try await Gateway.start(
        GatewayConfiguration(host: "127.0.0.1", port: 0), credentials: credentials(devices), router: router,
        logger: quiet)
}

private func client(_ index: Int, _ port: Int) async throws -> DeviceClient {
    try await DeviceClient.connect(to: "127.0.0.1", port: port, key: key(index), logger: quiet)
}

private func reading(_ text: String) -> Device.Request {
    .init(.post, "sensors/t", payload: Array(text.utf8))
}

@Suite struct DeviceClientTests {
    @Test func readingsComeInTheirOrder() async throws {
        let gateway = try await start()
        let readings = gateway.device("sensor-0").readings()
        let everything = gateway.readings()
        let (first, second) = (try await client(0, gateway.port), try await client(1, gateway.port))
        for number in 0..<5 {
            #expect(try await first.request(reading("\(number)")).code == .changed)
            #expect(try await second.request(reading("other")).code == .changed)
        }
        var seen: [String] = []
        for try await reading in readings {
            seen.append(String(decoding: reading.payload, as: UTF8.self))
            #expect(reading.device == "sensor-0")
            if seen.count == 5 { break }
        }
        #expect(seen == ["0", "1", "2", "3", "4"])
        await gateway.shutdown()
        var count = 0
        for await _ in everything { count += 1 }
        #expect(count == 10)
        await first.shutdown()
        await second.shutdown()
    }

    /// A program that takes nothing makes devices wait, and loses nothing that was acknowledged.
    @Test func fullBuffersReachTheDevice() async throws {
        let gateway = try await start()
        let client = try await client(0, gateway.port)
        do {
            let readings = gateway.device("sensor-0").readings(buffer: 2)
            var taken = readings.makeAsyncIterator()
            for text in ["a", "b"] {
                #expect(try await client.request(reading(text)).code == .changed)
            }
            #expect(try await client.request(reading("c")).code == .serviceUnavailable)
            #expect(gateway.counters.readings == 2)
            #expect(await taken.next()?.payload == Array("a".utf8))
            #expect(try await client.request(reading("c")).code == .changed)
            #expect(await taken.next()?.payload == Array("b".utf8))
            #expect(await taken.next()?.payload == Array("c".utf8))
            #expect(try await client.request(reading("d")).code == .changed)
            #expect(try await client.request(reading("e")).code == .changed)
            #expect(try await client.request(reading("f")).code == .serviceUnavailable)
        }
        // Nobody wants them any more, so nobody is held up.
        #expect(try await client.request(reading("g")).code == .changed)
        await client.shutdown()
        await gateway.shutdown()
    }

    @Test func cancellationEndsTheLoop() async throws {
        let gateway = try await start()
        let readings = gateway.readings()
        let task = Task {
            var count = 0
            for await _ in readings { count += 1 }
            return count
        }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        #expect(await task.value == 0)
        await gateway.shutdown()
    }

    @Test func answersAndRefusals() async throws {
        var router = Router()
        router.on(.get, "time") { request in GatewayResponse(.content, payload: Array(request.device.utf8)) }
        let gateway = try await start(router)
        let client = try await client(1, gateway.port)
        try await client.authenticate()
        #expect(try await client.request(.init(.get, "time")).payload == Array("sensor-1".utf8))
        #expect(try await client.request(.init(.get, "nothing")).code == .notFound)
        // Several at once: one after the other.
        let answers = try await withThrowingTaskGroup(of: Device.Answer.self) { group in
            for _ in 0..<10 {
                group.addTask { try await client.request(.init(.get, "time")) }
            }
            return try await group.reduce(into: [Device.Answer]()) { $0.append($1) }
        }
        #expect(answers.count == 10 && answers.allSatisfy { $0.code == .content })
        await gateway.shutdown()
        let stranger = try await DeviceClient.connect(to: "127.0.0.1", port: 9, key: key(7), logger: quiet)
        await #expect(throws: HuskError.timeout) {
            try await stranger.request(.init(.get, "time"), until: .now + .milliseconds(80))
        }
        await stranger.shutdown()
        await client.shutdown()
        await #expect(throws: CancellationError.self) { try await client.request(.init(.get, "time")) }
    }

    @Test func cancelledRequestsAreTakenBack() async throws {
        // Nobody answers there: the first request stays in progress, the others wait.
        let client = try await DeviceClient.connect(
            to: "127.0.0.1", port: 9, Device(key: key(0)), requestsMaximum: 2, logger: quiet)
        let tasks = (0..<3).map { _ in Task { try await client.request(reading("x")) } }
        try await Task.sleep(for: .milliseconds(80))
        await #expect(throws: HuskError.full) { try await client.request(reading("y")) }
        for task in tasks {
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        await client.shutdown()
    }

    @Test func observationsAreStreams() async throws {
        var router = Router()
        router.observable("light") { _ in GatewayResponse(.content, payload: [1]) }
        let gateway = try await start(router)
        let client = try await client(0, gateway.port)
        let states = try await client.observe(.init(.get, "light"))
        await #expect(throws: HuskError.state) { try await client.observe(.init(.get, "light")) }
        var count = 0
        for try await state in states {
            #expect(state.payload == [1])
            count += 1
            if count == 3 { break }
            // A request beside it.
            #expect(try await client.request(reading("beside")).code == .changed)
            gateway.changed("light")
        }
        #expect(count == 3)
        await client.shutdown()
        await gateway.shutdown()
    }

    @Test func symmetricDevicesToo() async throws {
        let secret = keyBytes(3)
        let (own, other) = (ConnectionIdentifier(UInt8(4)), ConnectionIdentifier(UInt8(5)))
        let symmetric = try unsafe SymmetricCredential(
            secret: secret.span.bytes, sender: own, recipient: other, mode: .noForwardSecrecy,
            device: Identity("meter"))
        let gateway = try await Gateway.start(
            GatewayConfiguration(host: "127.0.0.1", port: 0), credentials: Credentials([], symmetric: [symmetric]),
            logger: quiet)
        let readings = gateway.device("meter").readings()
        let device = try Device(
            keyUpdate: secret, configuration: .init(senderID: own, recipientID: other, mode: .noForwardSecrecy))
        let client = try await DeviceClient.connect(to: "127.0.0.1", port: gateway.port, device, logger: quiet)
        #expect(try await client.request(reading("kWh")).code == .changed)
        var iterator = readings.makeAsyncIterator()
        #expect(await iterator.next()?.payload == Array("kWh".utf8))
        await client.shutdown()
        await gateway.shutdown()
    }

    /// As services of a group: graceful shutdown lets the request in progress end.
    @Test func gracefulShutdown() async throws {
        let gateway = try await start()
        let client = try await client(0, gateway.port)
        let group = ServiceGroup(services: [client], logger: quiet)
        async let running: Void = group.run()
        async let answer = client.request(reading("last"))
        #expect(try await answer.code == .changed)
        await group.triggerGracefulShutdown()
        try await running
        await #expect(throws: CancellationError.self) { try await client.request(reading("late")) }
        await gateway.shutdown()
    }
}

@Suite struct ByteBufferTests {
    @Test func messagesAreWrittenAndDecryptedInPlace() throws {
        let (secret, one, two) = (keyBytes(1), ConnectionIdentifier(UInt8(1)), ConnectionIdentifier(UInt8(2)))
        var client = try unsafe SecurityContext(
            masterSecret: secret.span.bytes, masterSalt: RawSpan(), senderID: one, recipientID: two)
        var server = try unsafe SecurityContext(
            masterSecret: secret.span.bytes, masterSalt: RawSpan(), senderID: two, recipientID: one)
        var asked = SecurityContext.Exchange()
        var answered = SecurityContext.Exchange()
        let plain = ByteBuffer(
            bytes: try CoAPMessage(type: .confirmable, code: .post, messageID: 7, payload: [1, 2, 3]).encoded())
        var wire = ByteBuffer(bytes: [9])
        try client.protect(request: plain, into: &wire, exchange: &asked)
        wire.moveReaderIndex(forwardBy: 1)
        let layout = try server.unprotect(request: &wire, exchange: &answered)
        #expect(layout.code == .post && wire.slice(layout.payload) == ByteBuffer(bytes: [1, 2, 3]))
        var back = ByteBuffer()
        try server.protect(response: plainAnswer(), into: &back, exchange: &answered)
        back.setInteger(back.getInteger(at: back.writerIndex - 1, as: UInt8.self)! ^ 1, at: back.writerIndex - 1)
        #expect(throws: HuskError.authentication) { try client.unprotect(response: &back, exchange: &asked) }
        var sender = try unsafe FrameContext(
            masterSecret: secret.span.bytes, masterSalt: RawSpan(), senderID: one, recipientID: two)
        var receiver = try unsafe FrameContext(
            masterSecret: secret.span.bytes, masterSalt: RawSpan(), senderID: two, recipientID: one)
        var frame = ByteBuffer()
        try sender.seal(ByteBuffer(bytes: [4, 5]), into: &frame)
        let opened = try receiver.open(&frame)
        #expect(frame.slice(opened.payload) == ByteBuffer(bytes: [4, 5]) && opened.number == 0)
    }

    private func plainAnswer() throws -> ByteBuffer {
        ByteBuffer(
            bytes: try CoAPMessage(type: .acknowledgement, code: .content, messageID: 7, payload: [1]).encoded())
    }
}
#endif

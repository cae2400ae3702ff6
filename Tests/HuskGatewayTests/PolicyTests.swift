// Which suites a device may use: asked when it has proved who it is, and before it has a session.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct PolicyTests {
    /// Two devices, of which the second may use anything.
    private func world(_ allowed: Set<CipherSuite>?) throws -> World {
        try World(
            Credentials(
                [allowed, nil].enumerated().map { index, suites in
                    try unsafe DeviceCredential(
                        key: keyBytes(index).span.bytes, kid: kidBytes(index), device: Identity("sensor-\(index)"),
                        gateway: Identity("gateway.example"), suites: suites)
                }))
    }

    /// Runs a device with one suite until its request is answered or refused.
    private func run(
        _ world: World, _ index: Int, _ suite: CipherSuite, combines: Bool, memory: DeviceMemory? = nil
    ) throws -> Sensor {
        let sensor = try Sensor(index, suites: [suite], combines: combines, memory: memory)
        try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        try world.run([sensor])
        return sensor
    }

    @Test(arguments: CipherSuite.all, [false, true]) func aDeviceMayUseItsSuitesOnly(
        suite: CipherSuite, combines: Bool
    ) throws {
        let world = try world([.suite0, .suite2])
        let isAllowed = suite == .suite0 || suite == .suite2
        let sensor = try run(world, 0, suite, combines: combines)
        #expect(sensor.responses.map(\.code) == (isAllowed ? [.changed] : []))
        #expect(sensor.failures == (isAllowed ? [] : [.peer]))
        #expect(world.counters.sessions == (isAllowed ? 1 : 0))
        #expect(world.counters.handshakesCompleted == (isAllowed ? 1 : 0))
        #expect(world.counters.readings == (isAllowed ? 1 : 0))
        #expect(world.counters.pendingHandshakes == 0)
        // Others are not held to it.
        #expect(try run(world, 1, suite, combines: combines).responses.map(\.code) == [.changed])
    }

    @Test func theRefusalIsErrorCode1AndNamesTheDevice() async throws {
        let world = try world([.suite2])
        let stream = world.observers.events()
        var initiator = Initiator(peer(0))
        let started = try start(&initiator, suites: [.suite4])
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        let answer = try #require(try world.send(finishing.request, from: peer(0)))
        #expect(answer.code == .badRequest)
        #expect(answer.option(CoAPOption.contentFormat)?.uint == 64)
        #expect(answer.payload == [0x01, 0x71] + Array("Suite not allowed".utf8))
        // A copy is answered alike; the handshake is over.
        #expect(try world.send(finishing.request, from: peer(0)) == answer)
        #expect(world.counters.handshakesFailed == 1 && world.counters.pendingHandshakes == 0)

        let events = await collect(stream, world.observers)
        let refusals = events.compactMap { event -> GatewayRefusal? in
            guard case .refused(let refusal) = event else { return nil }
            return refusal
        }
        #expect(refusals.map(\.reason) == [.suite(.suite4)])
        #expect(refusals.map(\.device) == ["sensor-0"])
        #expect(!events.contains { if case .authenticated = $0 { true } else { false } })
    }

    @Test func aWrongKeyLearnsNothingOfThePolicy() throws {
        let world = try world([.suite2])
        let sensor = try Sensor(0, key: keyBytes(9), suites: [.suite4])
        try sensor.device.start(.init(.post, "sensors/x"))
        let message1 = try #require(try sensor.device.transmit(now: 0).datagram)
        _ = try sensor.device.receive(try #require(world.send(message1, from: sensor.peer)), now: 0)
        let message3 = try #require(try sensor.device.transmit(now: 0).datagram)
        let answer = try CoAPMessage(decoding: try #require(world.send(message3, from: sensor.peer)))
        #expect(answer.payload.first == 0x01)
        #expect(!answer.payload.elementsEqual([0x01, 0x71] + Array("Suite not allowed".utf8)))
    }

    @Test(arguments: [false, true]) func resumptionIsHeldToItToo(combines: Bool) throws {
        let world = try world([.suite0])
        let memory = DeviceMemory()
        #expect(try run(world, 0, .suite0, combines: combines, memory: memory).responses.count == 1)
        // Refused with the resumption PSK, and again with the external one.
        let refused = try run(world, 0, .suite1, combines: combines, memory: memory)
        #expect(refused.responses.isEmpty && refused.failures == [.peer])
        #expect(world.counters.handshakesCompleted == 1 && world.counters.handshakesFailed == 2)
        // What was refused has spent nothing: the key still resumes.
        #expect(try run(world, 0, .suite0, combines: combines, memory: memory).responses.count == 1)
        #expect(world.counters.handshakesFailed == 2)
    }
}
#endif

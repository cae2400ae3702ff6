// Bad networks, many devices, floods and rubbish: devices get in or fail cleanly, and memory stays bounded.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct RobustnessTests {
    @Test func aHundredDevicesAtOnce() throws {
        let world = try World(credentials(100))
        world.faults.delay = 1...500
        let sensors = try (0..<100).map { try Sensor($0) }
        for (index, sensor) in sensors.enumerated() {
            try sensor.device.start(.init(.post, "sensors/number", payload: Array("\(index)".utf8)))
        }
        try world.run(sensors)
        for sensor in sensors {
            #expect(sensor.authentications == 1 && sensor.failures.isEmpty)
            #expect(sensor.responses.map(\.code) == [.changed])
        }
        #expect(world.counters.sessions == 100 && world.counters.readings == 100)
        #expect(world.counters.pendingHandshakes == 0)
    }

    /// Whatever the network does, each request is answered or fails, and in the end a good network gives a working
    /// session.
    @Test(arguments: 0..<60) func lostCopiedAndReorderedDatagrams(seed: Int) throws {
        let world = try World(credentials(4), seed: UInt64(seed))
        world.faults = World.Faults(loss: Double(seed % 4) * 0.15, copies: 0.3, delay: 1...6_000)
        let sensors = try (0..<4).map {
            try Sensor($0, combines: seed % 2 == 1, memory: seed % 3 == 0 ? DeviceMemory() : nil)
        }
        for round in 0..<3 {
            for sensor in sensors {
                try sensor.device.start(.init(.post, "sensors/x", payload: [UInt8(round)]))
            }
            try world.run(sensors)
            for sensor in sensors {
                #expect(sensor.isIdle)
                #expect(sensor.responses.count + sensor.failures.count == round + 1)
            }
        }
        world.faults = World.Faults()
        // Stragglers of the bad time have landed, or their handshakes have timed out.
        world.now += 300_000
        for sensor in sensors {
            try sensor.device.start(.init(.post, "sensors/last", payload: [99]))
        }
        try world.run(sensors)
        for sensor in sensors {
            #expect(sensor.isIdle)
            #expect(sensor.responses.last?.code == .changed)
        }
        #expect(world.counters.sessions <= 8)
        world.now += 300_000
        world.engine.expire(now: world.now)
        #expect(world.counters.pendingHandshakes == 0 && world.counters.exchanges == 0)
    }

    @Test func aCopyIsProcessedOnce() throws {
        // Nothing is lost, everything comes twice and late copies overtake: one handshake and one reading per device.
        for seed: UInt64 in 0..<20 {
            let world = try World(credentials(3), seed: seed)
            world.faults = World.Faults(loss: 0, copies: 1, delay: 1...900)
            let sensors = try (0..<3).map { try Sensor($0) }
            for sensor in sensors {
                try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
            }
            try world.run(sensors)
            #expect(world.counters.readings == 3 && world.counters.handshakesCompleted == 3)
            #expect(world.counters.handshakesStarted == 3)
            #expect(world.counters.duplicates >= 9)
        }
    }

    @Test func rubbishCostsNoMemory() throws {
        let world = try World(credentials(1))
        var client = try Client(world, 0)
        var exchange = SecurityContext.Exchange()
        let good = try client.context.protect(
            request: client.request(.post, "sensors/x", payload: [1, 2, 3]), exchange: &exchange)
        var initiator = Initiator(peer(0))
        let message1 = try start(&initiator).request.encoded()
        let before = world.counters

        for index in 0..<20_000 {
            let count = Int.random(in: 0...80, using: &world.random)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &world.random) }
            if index % 2 == 0 && count > 0 {
                bytes[0] = 0x40 | bytes[0] & 0x38
            }
            _ = world.send(bytes, from: peer(index))
        }
        for template in [good, message1] {
            for count in 0..<template.count {
                _ = world.send(Array(template.prefix(count)), from: peer(1))
            }
            // Header and token are not what OSCORE protects.
            for index in 6..<template.count where template == good {
                var forged = template
                forged[index] ^= UInt8.random(in: 1...255, using: &world.random)
                _ = world.send(forged, from: peer(2))
            }
        }
        let after = world.counters
        #expect(after.malformed > 1_000)
        #expect(after.sessions == before.sessions && after.readings == 0)
        #expect(after.exchanges == before.exchanges)
        #expect(after.pendingHandshakes == 0)
        // The session was not disturbed.
        #expect(try CoAPMessage(decoding: #require(world.send(good, from: peer(0)))).code == .changed)
    }

    @Test func aFloodOfMessage1LeavesRunningHandshakesAndSessionsAlive() throws {
        var limits = GatewayLimits()
        limits.handshakes = 50
        limits.exchanges = 30
        let world = try World(credentials(3), limits: limits)
        var session = try Client(world, 0)
        #expect(try session.exchange(world, session.request(.post, "sensors/x"))?.code == .changed)
        var exchange = SecurityContext.Exchange()
        let plain = session.request(.post, "sensors/y")
        let request = try session.context.protect(request: plain, exchange: &exchange)
        let answer = try #require(world.send(request, from: session.peer))

        var initiator = Initiator(peer(1))
        let running = try start(&initiator)
        let message2 = try #require(try world.send(running.request, from: peer(1)))
        var flood = Initiator(peer(2))
        let message1 = try start(&flood).request
        var refused = 0
        for index in 0..<2_000 {
            var copy = message1
            copy.messageID = UInt16(truncatingIfNeeded: index)
            let response = try #require(try world.send(copy, from: peer(100 + index)))
            if response.code == .serviceUnavailable {
                refused += 1
                #expect((response.option(CoAPOption.maxAge)?.uint ?? 0) > 0)
            }
            world.now += 1
        }
        #expect(refused == 2_000 - 49)
        #expect(world.counters.pendingHandshakes == 50 && world.counters.exchanges <= 30 + 10)
        // The running handshake ends well, and the session goes on, its copies included.
        let finishing = try finish(&initiator, running.waiting, message2, index: 1)
        let message4 = try #require(try world.send(finishing.request, from: peer(1)))
        _ = try finishing.waiting.process(message4.payload)
        #expect(world.send(request, from: session.peer) == answer)
        #expect(try session.exchange(world, session.request(.post, "sensors/z"))?.code == .changed)

        // Under a lasting flood, what had its grace makes room, so that a new device still gets in.
        world.now += limits.handshakeGraceMilliseconds
        let newcomer = try Client(world, 2)
        _ = newcomer
        #expect(world.counters.handshakesEvicted == 1 || world.counters.pendingHandshakes < 50)
        world.now += limits.handshakeTimeoutMilliseconds
        world.engine.expire(now: world.now)
        #expect(world.counters.pendingHandshakes == 0)
        #expect(world.counters.sessions == 3)
    }

    @Test func oneAddressHasAFewHandshakes() throws {
        var limits = GatewayLimits()
        limits.handshakesPerPeer = 3
        let world = try World(credentials(1), limits: limits)
        var initiator = Initiator(peer(0))
        let message1 = try start(&initiator).request
        var codes: [CoAPCode] = []
        for index in 0..<5 {
            var copy = message1
            copy.messageID = UInt16(index)
            codes.append(try #require(try world.send(copy, from: peer(0))).code)
        }
        #expect(codes == [.changed, .changed, .changed, .serviceUnavailable, .serviceUnavailable])
        #expect(try world.send(message1, from: peer(1))?.code == .changed)
        // After their grace they make room for each other.
        world.now += limits.handshakeGraceMilliseconds
        for index in 10..<15 {
            var copy = message1
            copy.messageID = UInt16(index)
            codes.append(try #require(try world.send(copy, from: peer(0))).code)
        }
        #expect(codes[5...] == [.changed, .changed, .changed, .serviceUnavailable, .serviceUnavailable])
        #expect(world.counters.handshakesEvicted == 3 && world.counters.pendingHandshakes == 4)
        world.now += limits.handshakeTimeoutMilliseconds
        #expect(try world.send(message1, from: peer(0))?.code == .changed)
        #expect(world.counters.handshakesTimedOut == 4)
    }

    @Test func aHandshakeTimesOut() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        world.now += GatewayLimits().handshakeTimeoutMilliseconds
        #expect(try world.send(finishing.request, from: peer(0))?.code == .badRequest)
        #expect(world.counters.handshakesTimedOut == 1 && world.counters.sessions == 0)
    }

    @Test func aRebootedGatewayAsksDevicesToAuthenticateAgain() throws {
        let sensor = try Sensor(0)
        for _ in 0..<3 {
            let world = try World(credentials(1))
            try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
            try world.run([sensor])
            try sensor.device.start(.init(.post, "sensors/x", payload: [2]))
            try world.run([sensor])
        }
        #expect(sensor.authentications == 3)
        #expect(sensor.responses.map(\.code) == Array(repeating: .changed, count: 6))
    }
}
#endif

// message_3 together with the first request (RFC 9668), at the gateway.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct CombinedTests {
    private func request() -> Device.Request {
        .init(.post, "sensors/temperature", contentFormat: 60, payload: [UInt8](repeating: 0x42, count: 32))
    }

    /// Message_1 answered, and the combined request that follows, not sent yet.
    private func combined(_ sensor: Sensor, _ world: World) throws -> [UInt8] {
        try sensor.device.start(request())
        let message1 = try #require(try sensor.device.transmit(now: 0).datagram)
        let message2 = try #require(world.send(message1, from: sensor.peer))
        _ = try sensor.device.receive(message2, now: 0)
        return try #require(try sensor.device.transmit(now: 0).datagram)
    }

    @Test func twoRoundTripsBringTheReading() async throws {
        let world = try World(credentials(1))
        let stream = world.observers.events()
        let sensor = try Sensor(0, combines: true)
        try sensor.device.start(request())
        try world.run([sensor])
        #expect(sensor.responses.map(\.code) == [.changed])
        let counters = world.counters
        #expect(counters.received == 2 && counters.handshakesCompleted == 1 && counters.readings == 1)
        #expect(counters.sessions == 1 && counters.pendingHandshakes == 0)
        var sizes: [String: Int] = [:]
        var handshake: [Int] = []
        var overheads: [Int] = []
        for case .message(let message) in await collect(stream, world.observers) {
            sizes[message.name.rawValue] = message.edhocBytes ?? message.oscoreOverheadBytes
            handshake += message.handshakeBytes.map { [$0] } ?? []
            overheads += message.oscoreOverheadBytes.map { [$0] } ?? []
        }
        // message_3 and one byte for the EDHOC option; OSCORE adds what it adds to any request.
        #expect(handshake.last == 12 && handshake.count == 3)
        #expect(overheads == [14, 11])
        #expect(
            sizes == [
                "EDHOC message_1": 37, "EDHOC message_2": 35, "message_3 + OSCORE request": 11,
                "OSCORE response": 11,
            ])
    }

    @Test func aCopyIsAnsweredOnceMade() throws {
        let world = try World(credentials(1))
        let sensor = try Sensor(0, combines: true)
        let datagram = try combined(sensor, world)
        let first = world.send(datagram, from: sensor.peer)
        #expect(first != nil && world.send(datagram, from: sensor.peer) == first)
        #expect(world.counters.readings == 1 && world.counters.duplicates == 1)
    }

    @Test func aFlippedBitBringsNoSession() throws {
        let world = try World(credentials(1))
        // Header, token and the options of the outside are not protected by anything.
        let payload = 4 + 2 + 5 + 1 + 1
        var bit = payload * 8
        while true {
            let sensor = try Sensor(0, combines: true)
            let datagram = try combined(sensor, world)
            guard bit < datagram.count * 8 else { break }
            var bad = datagram
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            let bytes = try #require(world.send(bad, from: sensor.peer))
            let answer = try CoAPMessage(decoding: bytes)
            #expect(answer.code.codeClass == 4 && answer.option(CoAPOption.oscore) == nil)
            #expect(world.counters.readings == 0)
            // What was wrong in message_3 ends the handshake; in the request, the session stands and the device may go on.
            world.now += 1_000
            bit += 7
        }
        #expect(world.counters.handshakesFailed > 5)
    }

    @Test func anUnknownHandshakeOrAnotherAddressIsRefused() throws {
        let world = try World(credentials(1))
        let sensor = try Sensor(0, combines: true)
        let datagram = try combined(sensor, world)
        let answer = try CoAPMessage(decoding: try #require(world.send(datagram, from: peer(7))))
        #expect(answer.code == .badRequest && answer.option(CoAPOption.contentFormat)?.uint == 64)
        #expect(world.counters.sessions == 0 && world.counters.pendingHandshakes == 1)
        #expect(world.send(datagram, from: sensor.peer) != nil)
        #expect(world.counters.sessions == 1)
        // The handshake is over: the same bytes again, from a client that gave them another message ID.
        var again = datagram
        again[3] ^= 1
        let refused = try CoAPMessage(decoding: try #require(world.send(again, from: sensor.peer)))
        #expect(refused.code == .badRequest)
        #expect(world.counters.readings == 1)
    }

    @Test func malformedOnesAreRefused() throws {
        let world = try World(credentials(1))
        let sensor = try Sensor(0, combines: true)
        let datagram = try combined(sensor, world)
        for count in 13..<datagram.count {
            var short = Array(datagram.prefix(count))
            short[3] = short[3] &+ UInt8(count)
            guard let bytes = world.send(short, from: peer(3)) else { continue }
            #expect(try CoAPMessage(decoding: bytes).code.codeClass == 4)
        }
        #expect(world.counters.sessions == 0 && world.counters.pendingHandshakes == 1)
        #expect(world.send(datagram, from: sensor.peer) != nil)
        #expect(world.counters.readings == 1)
    }
}
#endif

// One device and the engine: who gets in, what a request is answered, what a copy is answered.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct EngineTests {
    @Test func aDeviceAuthenticatesAndSendsAReading() async throws {
        let world = try World(credentials(1))
        let stream = world.observers.events()
        let sensor = try Sensor(0)
        let reading = [UInt8](repeating: 0x42, count: 32)
        try sensor.device.start(.init(.post, "sensors/temperature", contentFormat: 60, payload: reading))
        try world.run([sensor])
        #expect(sensor.authentications == 1)
        #expect(sensor.responses.map(\.code) == [.changed])
        let counters = world.counters
        #expect(counters.received == 3 && counters.sent == 3)
        #expect(counters.handshakesStarted == 1 && counters.handshakesCompleted == 1)
        #expect(counters.readings == 1 && counters.sessions == 1 && counters.pendingHandshakes == 0)

        let events = await collect(stream, world.observers)
        var sizes: [String: Int] = [:]
        var overheads: [Int] = []
        var readings: [GatewayReading] = []
        var names: [String] = []
        for event in events {
            switch event {
            case .message(let message):
                sizes[message.name.rawValue] = message.edhocBytes
                overheads += message.oscoreOverheadBytes.map { [$0] } ?? []
                #expect(message.peer == "10.0.0.1:5683")
            case .reading(let reading): readings.append(reading)
            case .authenticated(let who): names.append("\(who.device) \(who.suite.id)")
            case .refused(let refusal): Issue.record("\(refusal)")
            case .envelope(let envelope): Issue.record("\(envelope)")
            }
        }
        #expect(
            sizes == ["EDHOC message_1": 37, "EDHOC message_2": 35, "EDHOC message_3": 11, "EDHOC message_4": 9])
        #expect(overheads == [14, 11])
        #expect(names == ["sensor-0 0"])
        #expect(readings.count == 1)
        #expect(readings.first?.payload == reading)
        #expect(readings.first?.path == "sensors/temperature")
        #expect(readings.first?.contentFormat == 60)
        #expect(readings.first?.device == "sensor-0")
    }

    @Test func responsesInDetail() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        #expect(message2.type == .acknowledgement)
        #expect(message2.code == .changed)
        #expect(message2.messageID == started.request.messageID)
        #expect(message2.token == [1])
        #expect(message2.option(CoAPOption.contentFormat)?.uint == 64)
        #expect(message2.payload.count == 35)
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        #expect(finishing.identifier != ConnectionIdentifier(UInt8(1)))
        #expect(finishing.identifier.count == 1)
        let message4 = try #require(try world.send(finishing.request, from: peer(0)))
        #expect(message4.code == .changed && message4.payload.count == 9)
        #expect(message4.option(CoAPOption.contentFormat)?.uint == 64)
        _ = try finishing.waiting.process(message4.payload)
    }

    @Test func wrongKeyEndsInARefusal() throws {
        let world = try World(credentials(1))
        let sensor = try Sensor(0, key: [UInt8](repeating: 1, count: 16))
        try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        try world.run([sensor])
        #expect(sensor.authentications == 0 && sensor.responses.isEmpty)
        #expect(sensor.failures.count == 1)
        #expect(world.counters.handshakesCompleted == 0 && world.counters.handshakesFailed == 1)
        #expect(world.counters.pendingHandshakes == 0 && world.counters.sessions == 0)
    }

    @Test func unknownKidIsToldSo() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 7)
        let response = try #require(try world.send(finishing.request, from: peer(0)))
        #expect(response.code == .badRequest)
        #expect(response.option(CoAPOption.contentFormat)?.uint == 64)
        #expect(response.payload == [0x03, 0xf5])
        #expect(world.counters.pendingHandshakes == 0)
        // A copy is answered the same though the handshake is gone.
        #expect(try world.send(finishing.request, from: peer(0)) == response)
        #expect(world.counters.handshakesFailed == 1 && world.counters.duplicates == 1)
    }

    @Test func suiteIsNegotiated() throws {
        let world = try World(credentials(1), suites: [.suite1])
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let response = try #require(try world.send(started.request, from: peer(0)))
        #expect(response.code == .badRequest && response.payload == [0x02, 0x01])
        #expect(world.counters.pendingHandshakes == 0)
        // The device takes the hint.
        let sensor = try Sensor(0)
        try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        try world.run([sensor])
        #expect(sensor.authentications == 1 && sensor.responses.map(\.code) == [.changed])
        #expect(sensor.device.suite == .suite1)
        // No suite in common.
        let other = try World(credentials(1), suites: [.suite0])
        let stubborn = try Sensor(0, suites: [.suite1])
        try stubborn.device.start(nil)
        try other.run([stubborn])
        #expect(stubborn.failures == [.suite])
    }

    @Test func forgedMessage3FromElsewhereChangesNothing() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        var attacker = Initiator(peer(5))
        let forged = attacker.post(finishing.identifier.encoded + [UInt8](repeating: 0, count: 11))
        #expect(try world.send(forged, from: peer(5))?.code == .badRequest)
        // An error message from the right address is not authenticated either.
        let error = attacker.post(finishing.identifier.encoded + [0x01, 0x60])
        #expect(try world.send(error, from: peer(0))?.code == .changed)
        #expect(world.counters.pendingHandshakes == 1)
        let message4 = try #require(try world.send(finishing.request, from: peer(0)))
        _ = try finishing.waiting.process(message4.payload)
        #expect(world.counters.sessions == 1)
    }

    @Test func failedMessage3EndsTheHandshake() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        var bad = finishing.request
        bad.payload[bad.payload.count - 1] ^= 1
        bad.messageID += 1
        #expect(try world.send(bad, from: peer(0))?.code == .badRequest)
        #expect(try world.send(finishing.request, from: peer(0))?.code == .badRequest)
        #expect(world.counters.sessions == 0 && world.counters.pendingHandshakes == 0)
    }

    @Test func copiesAreAnsweredOnceMade() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let bytes = try started.request.encoded()
        let first = try #require(world.send(bytes, from: peer(0)))
        #expect(world.send(bytes, from: peer(0)) == first)
        #expect(world.counters.handshakesStarted == 1 && world.counters.duplicates == 1)
        // From elsewhere it is not a copy.
        #expect(world.send(bytes, from: peer(1)) != first)
        let finishing = try finish(&initiator, started.waiting, CoAPMessage(decoding: first), index: 0)
        let message3 = try finishing.request.encoded()
        let message4 = try #require(world.send(message3, from: peer(0)))
        #expect(world.send(message3, from: peer(0)) == message4)
        #expect(world.counters.handshakesCompleted == 1 && world.counters.handshakesFailed == 0)

        let identifier = finishing.identifier
        let context = try finishing.waiting.process(CoAPMessage(decoding: message4).payload).securityContext()
        var client = Client(context: context, identifier: identifier, peer: peer(0))
        var exchange = SecurityContext.Exchange()
        let reading = client.request(.post, "sensors/x", payload: [1, 2, 3])
        let request = try client.context.protect(request: reading, exchange: &exchange)
        let response = try #require(world.send(request, from: peer(0)))
        #expect(world.send(request, from: peer(0)) == response)
        #expect(world.send(request, from: peer(0)) == response)
        #expect(world.counters.readings == 1)
        // After EXCHANGE_LIFETIME the copy is forgotten, and what it carries is a replay.
        world.now += 247_000
        let late = try #require(world.send(request, from: peer(0)))
        #expect(try CoAPMessage(decoding: late).code == .unauthorized)
        #expect(world.counters.readings == 1)
        #expect(world.counters.exchanges == 0)
    }

    @Test func errorsOfOscoreAreUnprotected() throws {
        let world = try World(credentials(1))
        var client = try Client(world, 0)
        var exchange = SecurityContext.Exchange()
        let request = client.request(.post, "sensors/x", payload: [1])
        let bytes = try client.context.protect(request: request, exchange: &exchange)

        func expect(_ bytes: [UInt8], _ code: CoAPCode, _ text: String) throws {
            let answer = try #require(world.send(bytes, from: peer(0)))
            let response = try CoAPMessage(decoding: answer)
            #expect(response.code == code)
            #expect(response.option(CoAPOption.oscore) == nil)
            #expect(response.option(CoAPOption.maxAge)?.uint == 0)
            #expect(response.token == [9, 9] && response.type == .acknowledgement)
            #expect(String(decoding: response.payload, as: UTF8.self) == text)
        }
        var forged = bytes
        forged[forged.count - 1] ^= 1
        try expect(forged, .badRequest, "Decryption failed")
        #expect(try CoAPMessage(decoding: #require(world.send(bytes, from: peer(0)))).code == .changed)
        // Same message from another address: not a copy, but a replay.
        let replay = try #require(world.send(bytes, from: peer(3)))
        #expect(try CoAPMessage(decoding: replay).code == .unauthorized)

        var stranger = request
        stranger.options = [CoAPOption(number: CoAPOption.oscore, value: [0x09, 0x00, 0x7f, 0x7f])]
        stranger.payload = [UInt8](repeating: 0, count: 20)
        stranger.messageID += 1
        try expect(stranger.encoded(), .unauthorized, "Security context not found")
        stranger.options.append(stranger.options[0])
        stranger.messageID += 1
        try expect(stranger.encoded(), .badOption, "Failed to decode COSE")
        stranger.options = [CoAPOption(number: CoAPOption.oscore, value: [0xff])]
        stranger.messageID += 1
        try expect(stranger.encoded(), .badOption, "Failed to decode COSE")
        #expect(world.counters.readings == 1)
        // Nothing of this disturbed the session.
        #expect(try client.exchange(world, client.request(.post, "sensors/x", payload: [2]))?.code == .changed)
    }

    @Test func resources() throws {
        var router = Router()
        router.on(.get, "time") { request in
            GatewayResponse(.content, contentFormat: 0, payload: Array(request.device.utf8))
        }
        router.on(.get, "long") { _ in
            GatewayResponse(.content, payload: [UInt8](repeating: 0, count: 65_537))
        }
        let world = try World(credentials(1), router: router)
        var client = try Client(world, 0)
        func code(_ method: CoAPCode, _ path: String, _ options: [CoAPOption] = []) throws -> CoAPCode? {
            try client.exchange(world, client.request(method, path, options: options))?.code
        }
        let answer = try #require(try client.exchange(world, client.request(.get, "time")))
        #expect(answer.code == .content && answer.payload == Array("sensor-0".utf8))
        #expect(answer.option(CoAPOption.contentFormat)?.uint == 0)
        #expect(try code(.post, "time") == .methodNotAllowed)
        #expect(try code(.get, "nothing") == .notFound)
        #expect(try code(.get, "") == .notFound)
        #expect(try code(.post, "sensors") == .notFound)
        #expect(try code(.get, "sensors/x") == .methodNotAllowed)
        #expect(try code(.put, "sensors/x") == .changed)
        #expect(try code(.get, "long") == .internalServerError)
        #expect(try code(.get, "time", [CoAPOption(number: CoAPOption.accept, uint: 0)]) == .content)
        #expect(try code(.get, "time", [CoAPOption(number: CoAPOption.accept, uint: 60)]) == .notAcceptable)
        #expect(try code(.put, "sensors/x", [CoAPOption(number: CoAPOption.ifMatch, value: [])]) == .badOption)
        #expect(try code(.put, "sensors/x", [CoAPOption(number: 2053, value: [])]) == .badOption)
        // Elective options that are not known are passed over.
        #expect(try code(.put, "sensors/x", [CoAPOption(number: 2052, value: [1])]) == .changed)
        let twice = [CoAPOption(number: CoAPOption.accept, uint: 0), CoAPOption(number: CoAPOption.accept, uint: 0)]
        #expect(try code(.get, "time", twice) == .badOption)
        #expect(try code(.put, "sensors/\u{1b}[2J") == .notFound)
        let silent = client.request(
            .put, "sensors/x", type: .nonConfirmable, options: [CoAPOption(number: 2053, value: [])])
        #expect(try client.exchange(world, silent) == nil)
        let loud = try #require(try client.exchange(world, client.request(.put, "sensors/x", type: .nonConfirmable)))
        #expect(loud.type == .nonConfirmable && loud.code == .changed)
    }

    @Test func plainRequestsAreRefused() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        func code(_ change: (inout CoAPMessage) -> Void) throws -> CoAPCode? {
            var request = initiator.post([0xf5, 0x00])
            change(&request)
            return try world.send(request, from: peer(0))?.code
        }
        let sensors = CoAPOption(number: CoAPOption.uriPath, value: Array("sensors".utf8))
        #expect(try code { $0.options = [sensors] } == .unauthorized)
        #expect(try code { $0.options = [] } == .unauthorized)
        #expect(try code { $0.options = [CoAPOption(number: CoAPOption.uriQuery, value: [0x61])] } == .unauthorized)
        #expect(try code { $0.options = [CoAPOption(number: 2053, value: [])] } == .badOption)
        #expect(try code { $0.code = .get } == .methodNotAllowed)
        let cbor = CoAPOption(number: CoAPOption.contentFormat, uint: 60)
        #expect(try code { $0.options[2] = cbor } == .unsupportedContentFormat)
        #expect(try code { $0.options.append(CoAPOption(number: CoAPOption.accept, uint: 60)) } == .notAcceptable)
        #expect(try code { $0.options.append(CoAPOption(number: 2053, value: [])) } == .badOption)
        #expect(try code { $0.options.append(CoAPOption(number: 2053, value: [])); $0.type = .nonConfirmable } == nil)
        #expect(try code { $0.payload = [] } == .badRequest)
        #expect(try code { $0.payload = [0xf5] } == .badRequest)
        #expect(try code { $0.payload = [0x00] } == .badRequest)
        #expect(world.counters.exchanges == 0 && world.counters.pendingHandshakes == 0)
    }

    @Test func messageLayer() throws {
        let world = try World(credentials(1))
        func answer(_ text: String) -> String? { world.send(unhex(text), from: peer(0)).map(hex) }
        #expect(answer("40001234") == "70001234")  // ping
        #expect(answer("60001234") == nil)  // acknowledgement
        #expect(answer("70001234") == nil)  // reset
        #expect(answer("50001234") == nil)  // empty, but not confirmable
        #expect(answer("40451234") == "70001234")  // a response nobody asked for
        #expect(answer("50451234") == nil)
        #expect(answer("40e11234") == "70001234")  // reserved class
        #expect(answer("4f011234") == "70001234")  // token length 15
        #expect(answer("5f011234") == nil)
        #expect(answer("40011234ff") == "70001234")  // marker without payload
        #expect(answer("80011234") == nil)  // version 2
        #expect(answer("4001") == nil)
        #expect(answer("") == nil)
        #expect(world.counters.malformed == 10)
    }

    @Test func newSessionReplacesTheOldOneWhenItIsUsed() throws {
        let world = try World(credentials(2))
        var first = try Client(world, 0)
        #expect(try first.exchange(world, first.request(.post, "sensors/a"))?.code == .changed)
        var second = try Client(world, 0, peer: peer(9))
        #expect(world.counters.sessions == 2)
        // message_4 might have been lost: the old session still works.
        #expect(try first.exchange(world, first.request(.post, "sensors/b"))?.code == .changed)
        #expect(try second.exchange(world, second.request(.post, "sensors/c"))?.code == .changed)
        #expect(world.counters.sessions == 1)
        var exchange = SecurityContext.Exchange()
        let request = first.request(.post, "sensors/d")
        let bytes = try first.context.protect(request: request, exchange: &exchange)
        #expect(try CoAPMessage(decoding: #require(world.send(bytes, from: first.peer))).code == .unauthorized)
        // However often a device authenticates, it has two sessions at most.
        for _ in 0..<20 {
            world.now += 1000
            _ = try Client(world, 0, peer: peer(10))
            #expect(world.counters.sessions == 2)
        }
        #expect(try second.exchange(world, second.request(.post, "sensors/e"))?.code == .changed)
    }
}
#endif

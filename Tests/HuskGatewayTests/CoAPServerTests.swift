// The plain CoAP server: what it answers to each message, what it takes on at most, and with the plain client across a
// network that loses and copies datagrams.
#if Gateway
import Husk
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import HuskGateway

/// A body of that length.
func coapBody(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) } }

/// Counts how often POST count was acted on.
private final class Counter: Sendable {
    let count = Mutex(0)
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

private func resources(_ counter: Counter = Counter()) -> CoAPResources {
    var resources = CoAPResources()
    resources.on(.post, "count") { _ in CoAPResponse(.changed, payload: Array("\(counter.next())".utf8)) }
    resources.on(.post, "reverse") { request in CoAPResponse(.changed, payload: request.payload.reversed()) }
    resources.on(.get, "long") { request in
        let length = request.query.first.flatMap { Int($0) } ?? 0
        return CoAPResponse(.content, payload: coapBody(min(max(0, length), 65_536)))
    }
    resources.on(.get, "json") { _ in CoAPResponse(.content, contentFormat: 50, payload: [0x7b, 0x7d]) }
    resources.on(.get, "broken") { _ in
        CoAPResponse(.content, options: [CoAPOption(number: 4, value: [UInt8](repeating: 0, count: 70_000))])
    }
    resources.observable("state") { _ in
        CoAPResponse(.content, payload: Array("\(counter.count.withLock { $0 })".utf8))
    }
    resources.observable("big") { _ in
        CoAPResponse(.content, payload: [UInt8](repeating: UInt8(counter.count.withLock { $0 }), count: 3000))
    }
    return resources
}

/// The server of these tests, on a port that was free.
func coapServer() async throws -> CoAPServer {
    var configuration = CoAPServerConfiguration()
    configuration.port = 0
    return try await CoAPServer.start(resources(), configuration, logger: quiet)
}

private func request(
    _ code: CoAPCode, _ path: String, _ options: [CoAPOption] = [], type: CoAPType = .confirmable, id: UInt16 = 1,
    token: [UInt8] = [1], payload: [UInt8] = []
) -> CoAPMessage {
    let path = path.split(separator: "/").map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
    return CoAPMessage(
        type: type, code: code, messageID: id, token: token,
        options: (path + options).sorted { $0.number < $1.number }, payload: payload)
}

extension CoAPServerEngine {
    fileprivate func answer(_ message: CoAPMessage, from index: Int = 0, now: UInt64 = 0) throws -> CoAPMessage? {
        try receive(message.encoded(), from: peer(index), now: now).map { bytes in
            try CoAPMessage(decoding: bytes)
        }
    }
}

@Suite struct CoAPServerEngineTests {
    @Test func answersByPathAndMethod() throws {
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        let cases: [(CoAPMessage, CoAPCode)] = [
            (request(.get, "json"), .content), (request(.get, "nothing"), .notFound),
            (request(.get, "json/more"), .notFound), (request(.get, ""), .notFound),
            (request(.put, "json"), .methodNotAllowed), (request(CoAPCode(rawValue: 0x1e), "json"), .methodNotAllowed),
            (request(.get, "json", [CoAPOption(number: CoAPOption.accept, uint: 50)]), .content),
            (request(.get, "json", [CoAPOption(number: CoAPOption.accept, uint: 60)]), .notAcceptable),
            (request(.get, "json", [CoAPOption(number: CoAPOption.ifMatch, value: [1])]), .badOption),
            (request(.get, "json", [CoAPOption(number: 9, value: [])]), .badOption),
            (request(.get, "json", [CoAPOption(number: 2050, value: [1])]), .content),
            (request(.get, "json", [CoAPOption(number: CoAPOption.proxyURI, value: [1])]), CoAPCode(rawValue: 0xa5)),
            (request(.get, "broken"), .internalServerError),
        ]
        for (index, (message, code)) in cases.enumerated() {
            var message = message
            message.messageID = UInt16(index)
            let answer = try #require(try engine.answer(message))
            #expect(answer.code == code && answer.type == .acknowledgement, "case \(index)")
            #expect(answer.token == message.token && answer.messageID == message.messageID)
        }
        #expect(try engine.answer(request(.get, "json", id: 99))?.option(CoAPOption.contentFormat)?.uint == 50)
    }

    @Test func whatIsNotConfirmableIsAnsweredSo() throws {
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        let message = request(.get, "json", type: .nonConfirmable)
        let answer = try #require(try engine.answer(message))
        #expect(answer.type == .nonConfirmable && answer.code == .content && answer.token == [1])
        // A copy is ignored; and so is what has an option that is not understood.
        #expect(try engine.answer(message) == nil)
        let option = CoAPOption(number: CoAPOption.ifNoneMatch, value: [])
        #expect(try engine.answer(request(.get, "json", [option], type: .nonConfirmable, id: 2)) == nil)
    }

    @Test func handlersMayUnderstandOptions() throws {
        var configuration = CoAPServerConfiguration()
        configuration.criticalOptions = [CoAPOption.ifMatch]
        let engine = CoAPServerEngine(resources(), configuration)
        let option = CoAPOption(number: CoAPOption.ifMatch, value: [1])
        #expect(try engine.answer(request(.get, "json", [option]))?.code == .content)
    }

    @Test func messagesThatAreNoRequests() throws {
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        for code in [CoAPCode(rawValue: 0x21), CoAPCode(rawValue: 0xe0)] {
            // Of a reserved class: no CoAP.
            #expect(try engine.answer(CoAPMessage(type: .confirmable, code: code, messageID: 5)) == nil)
        }
        for code in [CoAPCode.empty, .content] {
            var message = CoAPMessage(type: .confirmable, code: code, messageID: 5)
            #expect(try engine.answer(message) == CoAPMessage(type: .reset, code: .empty, messageID: 5))
            for type in [CoAPType.nonConfirmable, .acknowledgement, .reset] {
                message.type = type
                #expect(try engine.answer(message) == nil)
            }
        }
    }

    /// Once, however many copies come; another client's is another request, and a new message with an old ID too.
    @Test func copiesAreActedOnOnce() throws {
        let counter = Counter()
        let engine = CoAPServerEngine(resources(counter), CoAPServerConfiguration())
        let post = request(.post, "count")
        let first = try engine.answer(post)
        #expect(try engine.answer(post) == first && counter.count.withLock { $0 } == 1)
        #expect(try engine.answer(post, from: 1)?.payload == Array("2".utf8))
        #expect(try engine.answer(request(.post, "count", token: [2]))?.payload == Array("3".utf8))
        engine.expire(now: 248_000)
        #expect(engine.counts.exchanges == 0)
    }

    @Test func memoryIsBounded() throws {
        var configuration = CoAPServerConfiguration()
        configuration.transfersMaximum = 4
        configuration.exchangesMaximum = 10
        configuration.observationsMaximum = 3
        configuration.bodyCapacity = 100
        let engine = CoAPServerEngine(resources(), configuration)
        for index in 0..<50 {
            let block = Block(number: 0, size: .bytes64, more: true).option(CoAPOption.block1)
            let begun = try engine.answer(
                request(.post, "reverse", [block], payload: coapBody(64)), from: index, now: UInt64(index))
            #expect(begun?.code == .continue)
            let observe = CoAPOption(number: CoAPOption.observe, uint: 0)
            let answer = try engine.answer(request(.get, "state", [observe], id: 2), from: index, now: UInt64(index))
            #expect(answer?.code == .content && (answer?.option(CoAPOption.observe) != nil) == (index < 3))
        }
        #expect(engine.counts == (10, 4, 3))
        let next = Block(number: 1, size: .bytes64, more: true).option(CoAPOption.block1)
        let more = request(.post, "reverse", [next], id: 3, payload: coapBody(64))
        #expect(try engine.answer(more, from: 49)?.code == .requestEntityTooLarge)
        #expect(try engine.answer(more, from: 0)?.code == .requestEntityIncomplete)
        engine.expire(now: 300_000)
        #expect(engine.counts == (0, 0, 3))
    }

    /// No more blocks are taken for what nobody will act on.
    @Test func blocksForNobody() throws {
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        let block = Block(number: 0, size: .bytes64, more: true).option(CoAPOption.block1)
        #expect(try engine.answer(request(.post, "nothing", [block], payload: coapBody(64)))?.code == .notFound)
        #expect(engine.counts.transfers == 0)
    }

    /// Until it is acknowledged, no more often than told, and then the client is forgotten.
    @Test func notificationsAreSentAgain() throws {
        let counter = Counter()
        let engine = CoAPServerEngine(resources(counter), CoAPServerConfiguration())
        let observe = CoAPOption(number: CoAPOption.observe, uint: 0)
        _ = try engine.answer(request(.get, "state", [observe]))
        #expect(engine.notifications(now: 10).isEmpty)
        _ = counter.next()
        engine.changed("other")
        #expect(engine.notifications(now: 10).isEmpty)
        engine.changed("state")
        let first = try CoAPMessage(decoding: #require(engine.notifications(now: 10).first).datagram)
        #expect(first.type == .confirmable && first.payload == Array("1".utf8) && first.token == [1])
        #expect(first.option(CoAPOption.observe) != nil)
        #expect(engine.notifications(now: 2009).isEmpty)
        #expect(engine.notifications(now: 3011).count == 1)
        // The next state waits for the acknowledgement of this one.
        _ = counter.next()
        engine.changed("state")
        #expect(engine.notifications(now: 3012).isEmpty)
        #expect(try engine.answer(CoAPMessage(type: .acknowledgement, code: .empty, messageID: first.messageID)) == nil)
        let second = try CoAPMessage(decoding: #require(engine.notifications(now: 3013).first).datagram)
        #expect(second.payload == Array("2".utf8))
        var now: UInt64 = 3013
        var sent = 0
        while engine.counts.observers > 0 {
            now += 1000
            sent += engine.notifications(now: now).count
        }
        #expect(sent == 4 && now >= 3013 + 62_000 && now < 3013 + 95_000)
    }

    /// From its address alone.
    @Test func resetEndsAnObservation() throws {
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        let observe = CoAPOption(number: CoAPOption.observe, uint: 0)
        _ = try engine.answer(request(.get, "state", [observe]))
        engine.changed("state")
        let first = try CoAPMessage(decoding: #require(engine.notifications(now: 10).first).datagram)
        let reset = CoAPMessage(type: .reset, code: .empty, messageID: first.messageID)
        #expect(try engine.answer(reset, from: 1) == nil && engine.counts.observers == 1)
        #expect(try engine.answer(reset) == nil && engine.counts.observers == 0)
    }

    /// Random bytes, and requests with bytes changed, lost and added: no answer is more than one datagram, and the
    /// server goes on.
    @Test func hostileDatagrams() throws {
        var random = SplitMix(state: 7)
        let engine = CoAPServerEngine(resources(), CoAPServerConfiguration())
        let block1 = Block(number: 0, size: .bytes16, more: true).option(CoAPOption.block1)
        let block2 = Block(number: 3, size: .bytes32, more: false).option(CoAPOption.block2)
        let observe = CoAPOption(number: CoAPOption.observe, uint: 0)
        let query = CoAPOption(number: CoAPOption.uriQuery, value: Array("5000".utf8))
        let seeds = try [
            request(.post, "reverse", [block1], payload: coapBody(16)), request(.get, "long", [query, block2]),
            request(.get, "state", [observe]), request(.post, "count"),
        ].map { message in try message.encoded() }
        for round in 0..<20_000 {
            var bytes = seeds[Int(random.next() % 4)]
            if round % 4 == 0 {
                bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
            for _ in 0..<Int(random.next() % 4) where !bytes.isEmpty {
                let index = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                }
            }
            let from = peer(Int(random.next() % 100))
            #expect(engine.receive(bytes, from: from, now: UInt64(round))?.count ?? 0 <= 1152)
            if round % 100 == 0 { engine.changed("state") }
            #expect(engine.notifications(now: UInt64(round)).allSatisfy { $0.datagram.count <= 1152 })
        }
        #expect(engine.counts.transfers <= 64 && engine.counts.observers <= 256 && engine.counts.exchanges <= 4096)
        #expect(try engine.answer(request(.get, "json", token: [7, 7]), from: 101)?.code == .content)
    }
}

@Suite struct CoAPPairTests {
    private func pair(
        loss: Double = 0, copies: Double = 0, seed: UInt64 = 1, size: BlockSize = .bytes1024,
        _ counter: Counter = Counter(),
        _ body: (CoAPServer, CoAPClient, LossyHop) async throws -> Void
    ) async throws {
        var configuration = CoAPServerConfiguration()
        configuration.port = 0
        configuration.transmission = hasty
        let server = try await CoAPServer.start(resources(counter), configuration, logger: quiet)
        let hop = try await LossyHop(to: server.port, loss: loss, copies: copies, seed: seed)
        let client = try await CoAPClient.connect(
            to: "127.0.0.1", port: hop.port, transmission: hasty, blockSize: size, logger: quiet)
        try await body(server, client, hop)
        await client.shutdown()
        await server.shutdown()
        try await hop.socket.close()
    }

    /// Every request is acted on once and answered, whatever is lost or comes twice.
    @Test(arguments: [1, 2, 3] as [UInt64]) func lossAndCopies(seed: UInt64) async throws {
        let counter = Counter()
        try await pair(loss: 0.25, copies: 0.25, seed: seed, counter) { _, client, hop in
            for expected in 1...40 {
                let answer = try await client.request(CoAPRequest(.post, "count"))
                #expect(answer == CoAPResponse(.changed, payload: Array("\(expected)".utf8)))
            }
            #expect(hop.lost > 5 && hop.copied > 5)
        }
        #expect(counter.count.withLock { $0 } == 40)
    }

    @Test(arguments: [BlockSize.bytes64, .bytes256, .bytes1024]) func blocks(size: BlockSize) async throws {
        try await pair(loss: 0.05, copies: 0.1, seed: 4, size: size) { _, client, _ in
            for length in [0, 1, size.count, size.count + 1, 2 * size.count, 3 * size.count + 5] {
                let body = coapBody(length)
                let answer = try await client.request(CoAPRequest(.post, "reverse", payload: body))
                #expect(answer.code == .changed && answer.payload == body.reversed(), "\(length) up")
                let long = try await client.request(CoAPRequest(.get, "long", query: ["\(length)"]))
                #expect(long.code == .content && long.payload == body, "\(length) down")
            }
            let tooLong = CoAPRequest(.post, "reverse", payload: coapBody(65_537))
            if size == .bytes1024 {
                #expect(try await client.request(tooLong).code == .requestEntityTooLarge)
            }
        }
    }

    /// The last state arrives, and none comes twice or after a newer one.
    @Test func observing() async throws {
        let counter = Counter()
        try await pair(loss: 0.2, copies: 0.2, seed: 5, counter) { server, client, _ in
            var states: [Int] = []
            for try await state in try await client.observe(CoAPRequest(.get, "state")) {
                states.append(Int(String(decoding: state.payload, as: UTF8.self)) ?? -1)
                if states.last == 10 { break }
                // Sequence numbers move every 8 ms.
                try await Task.sleep(for: .milliseconds(20))
                if counter.count.withLock({ $0 }) < 10 { _ = counter.next() }
                server.changed("state")
            }
            #expect(states == states.sorted() && states.first == 0 && states.last == 10)
        }
    }

    /// A state that does not fit a notification is fetched, and is of one piece.
    @Test func observingLongBodies() async throws {
        let counter = Counter()
        try await pair(loss: 0.05, copies: 0.1, seed: 6, counter) { server, client, _ in
            var last: UInt8 = 0
            for try await state in try await client.observe(CoAPRequest(.get, "big")) {
                #expect(state.payload.count == 3000 && Set(state.payload).count == 1)
                #expect(state.payload[0] >= last)
                last = state.payload[0]
                if last == 5 { break }
                try await Task.sleep(for: .milliseconds(20))
                _ = counter.next()
                server.changed("big")
            }
            #expect(last == 5)
        }
    }

    @Test func aPortThatIsInUse() async throws {
        try await pair { server, _, _ in
            var configuration = CoAPServerConfiguration()
            configuration.port = server.port
            await #expect(throws: GatewayError.portInUse(host: "127.0.0.1", port: server.port)) {
                try await CoAPServer.start(CoAPResources(), configuration, logger: quiet)
            }
            let group = ServiceGroup(services: [server], logger: quiet)
            async let running: Void = group.run()
            await group.triggerGracefulShutdown()
            try await running
        }
    }
}
#endif

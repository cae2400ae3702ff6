// The plain CoAP client against servers that follow a script: acknowledgements, responses, refusals, notifications.
#if Gateway
import Husk
import NIOCore
import ServiceLifecycle
import Testing

@testable import HuskGateway

private func client(
    _ port: Int, _ transmission: CoAPTransmission = hasty, bodyCapacity: Int = 65_536, requestsMaximum: Int = 64
) async throws -> CoAPClient {
    try await CoAPClient.connect(
        to: "127.0.0.1", port: port, transmission: transmission, bodyCapacity: bodyCapacity,
        requestsMaximum: requestsMaximum, logger: quiet)
}

private let get = CoAPRequest(.get, "a/b", query: ["c=d"])

@Suite struct CoAPClientTests {
    @Test func requestsHaveTheirOptionsInOrder() async throws {
        let server = try await ScriptedServer { message, _ in [message.piggybacked(payload: [1, 2])] }
        let client = try await client(server.port, CoAPTransmission())
        let request = CoAPRequest(
            .post, "/a/b", query: ["c=d", "e"], contentFormat: 60,
            options: [CoAPOption(number: CoAPOption.accept, uint: 50)], payload: [7])
        #expect(try await client.request(request) == CoAPResponse(.content, payload: [1, 2]))
        #expect(server.messages.count == 1)
        let seen = try #require(server.messages.first)
        #expect(seen.type == .confirmable && seen.code == .post && seen.payload == [7] && seen.token.count == 8)
        let numbers: [UInt32] = [11, 11, 12, 15, 15, 17]
        #expect(seen.options.map(\.number) == numbers && seen.path == "a/b")
        await client.shutdown()
        try await server.socket.close()
    }

    /// The same bytes each time, and each wait about twice as long as the last.
    @Test func sendsAgainUntilAcknowledged() async throws {
        let server = try await ScriptedServer { message, count in count == 3 ? [message.piggybacked()] : [] }
        let client = try await client(server.port)
        let clock = ContinuousClock()
        let begin = clock.now
        #expect(try await client.request(get).code == .content)
        #expect(clock.now - begin >= .milliseconds(20 + 40 + 80))
        #expect(server.messages.count >= 4 && Set(server.messages).count == 1)
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func givesUp() async throws {
        let server = try await ScriptedServer { _, _ in [] }
        var few = hasty
        few.retransmissionsMaximum = 2
        let client = try await client(server.port, few)
        await #expect(throws: CoAPError.timeout) { try await client.request(get) }
        #expect(server.messages.count == 3)
        await client.shutdown()
        try await server.socket.close()
    }

    /// An empty acknowledgement, then a confirmable response, twice: both copies are acknowledged.
    @Test(arguments: [CoAPType.confirmable, .nonConfirmable]) func separateResponses(type: CoAPType) async throws {
        let server = try await ScriptedServer { message, count in
            guard message.code == .get else { return [] }
            let response = message.separate(type, 0x1234, payload: [9])
            return count == 0 ? [message.empty(.acknowledgement), response, response] : []
        }
        let client = try await client(server.port, CoAPTransmission())
        #expect(try await client.request(get).payload == [9])
        if type == .confirmable {
            while server.messages.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
            let acknowledgement = CoAPMessage(type: .acknowledgement, code: .empty, messageID: 0x1234)
            #expect(Array(server.messages[1...]) == [acknowledgement, acknowledgement])
        }
        await client.shutdown()
        try await server.socket.close()
    }

    /// The response overtakes the acknowledgement, which then means nothing.
    @Test func responsesBeforeTheirAcknowledgement() async throws {
        let server = try await ScriptedServer { message, _ in
            guard message.code == .get else { return [] }
            return [message.separate(.nonConfirmable, 7, payload: [1]), message.empty(.acknowledgement)]
        }
        let client = try await client(server.port)
        for _ in 0..<3 { #expect(try await client.request(get).payload == [1]) }
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func aResponseMayTakeTooLong() async throws {
        let server = try await ScriptedServer { message, _ in [message.empty(.acknowledgement)] }
        let impatient = CoAPTransmission(responseTimeout: .milliseconds(30))
        let client = try await client(server.port, impatient)
        await #expect(throws: CoAPError.timeout) { try await client.request(get) }
        #expect(server.messages.count == 1)
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func resetEndsARequest() async throws {
        let server = try await ScriptedServer { message, _ in [message.empty(.reset)] }
        let client = try await client(server.port)
        await #expect(throws: CoAPError.reset) { try await client.request(get) }
        await client.shutdown()
        try await server.socket.close()
    }

    /// Sent once; answered without a message ID of ours.
    @Test func nonConfirmableRequests() async throws {
        let server = try await ScriptedServer { message, count in
            count == 0 ? [message.separate(.nonConfirmable, 1, payload: [5])] : []
        }
        let impatient = CoAPTransmission(
            acknowledgementTimeout: .milliseconds(50), responseTimeout: .milliseconds(500))
        let client = try await client(server.port, impatient)
        var request = get
        request.isConfirmable = false
        #expect(try await client.request(request).payload == [5])
        await #expect(throws: CoAPError.timeout) { try await client.request(request) }
        #expect(server.messages.map(\.type) == [.nonConfirmable, .nonConfirmable])
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func criticalOptionsAreNotOverlooked() async throws {
        let server = try await ScriptedServer { message, count in
            let options = [CoAPOption(number: 9, value: [])]
            if message.type == .reset { return [] }
            return count == 0
                ? [message.piggybacked(options: options)] : [message.separate(.confirmable, 3, options: options)]
        }
        let client = try await client(server.port, CoAPTransmission())
        for _ in 0..<2 { await #expect(throws: CoAPError.option(9)) { try await client.request(get) } }
        while server.messages.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(server.messages.last == CoAPMessage(type: .reset, code: .empty, messageID: 3))
        await client.shutdown()
        try await server.socket.close()
    }

    /// Wrong tokens, wrong message IDs, malformed and unasked messages change nothing.
    @Test func junkIsNoAnswer() async throws {
        let server = try await LoopbackSocket { bytes, peer, channel in
            guard let message = try? CoAPMessage(decoding: bytes), message.code == .get else { return }
            var random = SplitMix(state: UInt64(message.messageID))
            for _ in 0..<25 {
                var junk = try! message.piggybacked(payload: [6, 6, 6]).encoded()
                // Its token, of 8 bytes after the header, and more of it.
                junk[4 + Int(random.next() % 8)] ^= UInt8(1 + random.next() % 255)
                for _ in 0..<Int(random.next() % 4) { junk[Int(random.next() % 4)] = UInt8(random.next() & 0xff) }
                channel.send(Array(junk.prefix(Int(random.next() % UInt64(junk.count + 1)))), to: peer)
                channel.send(junk, to: peer)
            }
            var other = message.piggybacked(payload: [6])
            other.messageID &+= 1
            channel.send(try! other.encoded(), to: peer)
            channel.send(try! message.empty(.confirmable).encoded(), to: peer)
            channel.send(try! message.piggybacked(payload: [1]).encoded(), to: peer)
        }
        let client = try await client(server.port)
        for _ in 0..<10 { #expect(try await client.request(get).payload == [1]) }
        await client.shutdown()
        try await server.close()
    }

    /// NSTART: the next request is not sent before the first one is acknowledged, and may be sent then.
    @Test func oneAtATime() async throws {
        let server = try await ScriptedServer { message, count in
            // The first one is acknowledged late, and answered after the second one.
            switch count {
            case 0: []
            case 1: [message.empty(.acknowledgement)]
            default: [message.piggybacked(payload: [2])]
            }
        }
        let client = try await client(server.port, CoAPTransmission(acknowledgementTimeout: .milliseconds(200)))
        let first = Task { try await client.request(get) }
        while server.messages.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await client.request(CoAPRequest(.get, "second")).payload == [2])
        #expect(server.messages.map(\.path) == ["a/b", "a/b", "second"])
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(Set(server.messages.map(\.token)).count == 2 && Set(server.messages.map(\.messageID)).count == 2)
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func limitsDeadlinesAndCancellation() async throws {
        let server = try await ScriptedServer { _, _ in [] }
        let client = try await client(server.port, CoAPTransmission(), requestsMaximum: 1)
        let waiting = Task { try await client.request(get) }
        while server.messages.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await #expect(throws: CoAPError.full) { try await client.request(get) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        await #expect(throws: CoAPError.timeout) {
            try await client.request(get, until: ContinuousClock.now + .milliseconds(30))
        }
        let last = Task { try await client.request(get) }
        while server.messages.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
        await client.shutdown()
        await #expect(throws: CancellationError.self) { try await last.value }
        await #expect(throws: CancellationError.self) { try await client.request(get) }
        try await server.socket.close()
    }

    @Test func gracefulShutdown() async throws {
        let server = try await ScriptedServer { message, count in count == 2 ? [message.piggybacked()] : [] }
        let client = try await client(server.port)
        let group = ServiceGroup(services: [client], logger: quiet)
        async let running: Void = group.run()
        async let answer = client.request(get)
        while server.messages.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        await group.triggerGracefulShutdown()
        #expect(try await answer.code == .content)
        try await running
        await #expect(throws: CancellationError.self) { try await client.request(get) }
        try await server.socket.close()
    }

    @Test func wrongRequestsAreNotSent() async throws {
        let server = try await ScriptedServer { _, _ in [] }
        let client = try await client(server.port)
        let huge = CoAPRequest(
            .get, "a", options: [CoAPOption(number: 2048, value: [UInt8](repeating: 0, count: 70_000))])
        await #expect(throws: CoAPError.request(.argument)) { try await client.request(huge) }
        await #expect(throws: CoAPError.request(.argument)) { try await client.observe(CoAPRequest(.post, "a")) }
        #expect(server.messages.isEmpty)
        await client.shutdown()
        try await server.socket.close()
    }

    /// An old notification is acknowledged and not shown; one that ends the observation is the last.
    @Test func notificationsInTheirOrder() async throws {
        let server = try await ScriptedServer { message, _ in
            guard message.code == .get else { return [] }
            func state(_ sequence: UInt32, _ id: UInt16) -> CoAPMessage {
                let observe = CoAPOption(number: CoAPOption.observe, uint: sequence)
                return message.separate(.confirmable, id, options: [observe], payload: [UInt8(id)])
            }
            var last = message.separate(.confirmable, 5, payload: [5])
            last.code = .notFound
            let first = message.piggybacked(
                options: [CoAPOption(number: CoAPOption.observe, uint: 0xff_fffe)], payload: [0])
            return [first, state(0xff_ffff, 1), state(0xff_fffe, 2), state(3, 3), state(0xff_ffff, 4), last]
        }
        let client = try await client(server.port, CoAPTransmission())
        var payloads: [[UInt8]] = []
        for try await state in try await client.observe(get) { payloads.append(state.payload) }
        #expect(payloads == [[0], [1], [3], [5]])
        while server.messages.count < 6 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(server.messages.dropFirst().map(\.messageID) == [1, 2, 3, 4, 5])
        #expect(server.messages.dropFirst().allSatisfy { $0.type == .acknowledgement })
        await client.shutdown()
        try await server.socket.close()
    }

    /// A server that does not observe just answers.
    @Test func unobservableResources() async throws {
        let server = try await ScriptedServer { message, _ in [message.piggybacked(payload: [1])] }
        let client = try await client(server.port, CoAPTransmission())
        var payloads: [[UInt8]] = []
        for try await state in try await client.observe(get) { payloads.append(state.payload) }
        #expect(payloads == [[1]] && server.messages.count == 1)
        await client.shutdown()
        try await server.socket.close()
    }

    /// Leaving the loop tells the server, with the token of the observation.
    @Test func leavingEndsAnObservation() async throws {
        let server = try await ScriptedServer { message, _ in
            [message.piggybacked(options: [CoAPOption(number: CoAPOption.observe, uint: 1)])]
        }
        let client = try await client(server.port, CoAPTransmission())
        for try await _ in try await client.observe(get) { break }
        while server.messages.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        let seen = server.messages
        #expect(seen[0].token == seen[1].token)
        #expect(seen.map { $0.option(CoAPOption.observe)?.uint } == [0, 1])
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func bodiesBeyondTheCapacity() async throws {
        let server = try await ScriptedServer { message, _ in
            let slice = try! message.slice(of: [UInt8](repeating: 1, count: 3000))
            return [message.piggybacked(options: [slice.block!.option(CoAPOption.block2)], payload: slice.payload)]
        }
        let client = try await client(server.port, bodyCapacity: 2500)
        await #expect(throws: CoAPError.response(.buffer)) { try await client.request(get) }
        await client.shutdown()
        try await server.socket.close()
    }

    @Test func sequenceNumbersWrap() {
        typealias Handler = CoAPClientHandler
        #expect(Handler.isNewer(1, than: 0) && !Handler.isNewer(0, than: 1) && !Handler.isNewer(5, than: 5))
        #expect(Handler.isNewer(0, than: 0xff_ffff) && !Handler.isNewer(0xff_ffff, than: 0))
        #expect(Handler.isNewer(0x7f_ffff, than: 0) && !Handler.isNewer(0x80_0000, than: 0))
        #expect(Handler.isNewer(0, than: 0x80_0001) && !Handler.isNewer(0, than: 0x80_0000))
    }

    /// None twice within the lifetime, and all of them again after it.
    @Test func messageIDsComeBackLate() {
        var ids = MessageIDs()
        var seen: Set<UInt16> = []
        while let id = ids.take(now: 0, lifetime: 100) {
            #expect(seen.insert(id).inserted)
        }
        #expect(seen.count > 65_536 - 1024)
        #expect(ids.take(now: 99, lifetime: 100) == nil)
        #expect(ids.take(now: 100, lifetime: 100) != nil)
        #expect(CoAPTransmission().exchangeLifetime == 247 * 1_000_000_000)
    }
}
#endif

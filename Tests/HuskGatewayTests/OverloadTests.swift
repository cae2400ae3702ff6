// More handshakes than a gateway can do: new ones are shed, sessions go on, memory stays bounded, and it is told.
#if Gateway
import Foundation
import Husk
import NIOCore
import Testing

@testable import HuskGateway

/// A message_1 of its own from each address.
private func message1(_ index: Int = 0) throws -> [UInt8] {
    var initiator = Initiator(peer(index))
    initiator.messageID = UInt16(truncatingIfNeeded: index)
    return try start(&initiator).request.encoded()
}

/// Serves all that wait, as the gateway does; gives the answers.
@discardableResult
private func serve(_ world: World) -> [(response: [UInt8], peer: SocketAddress)] {
    var answers: [(response: [UInt8], peer: SocketAddress)] = []
    while let next = world.engine.nextHandshake(now: world.now) {
        switch next.step {
        case .answer(let response):
            answers += response.map { [($0, next.peer)] } ?? []
        case .work(let work):
            work.run()
            answers += world.engine.complete(work, now: world.now).map { [($0, next.peer)] } ?? []
        }
    }
    return answers
}

@Suite struct OverloadTests {
    @Test func theLineIsBoundedInLengthAndTime() {
        var queue = HandshakeQueue(limit: 10, delay: 100)
        for index in 0..<25 {
            queue.add([UInt8(index)], from: peer(index), now: UInt64(10 * index))
        }
        #expect(queue.count == 10 && queue.shed == 15)
        // Those that came at 0 to 40 have waited too long, those from 50 on have not.
        #expect(queue.next(now: 150)?.datagram == [5])
        #expect(queue.shed == 20 && queue.count == 4)
        queue.add([99], from: peer(99), now: 150)
        #expect((0..<5).map { _ in queue.next(now: 150)?.datagram[0] } == [6, 7, 8, 9, 99])
        #expect(queue.next(now: 150) == nil)
        queue.add([1], from: peer(1), now: 200)
        #expect(queue.next(now: 301) == nil)
        #expect(queue.count == 0 && queue.shed == 21)
    }

    @Test func onlyMessage1WaitsInLine() throws {
        let world = try World(credentials(1))
        var initiator = Initiator(peer(0))
        let started = try start(&initiator)
        let first = try started.request.encoded()
        #expect(beginsHandshake(first))
        var other = started.request
        other.type = .nonConfirmable
        other.token = Array(repeating: 7, count: 8)
        other.options.insert(CoAPOption(number: CoAPOption.uriHost, value: Array(repeating: 97, count: 200)), at: 0)
        #expect(beginsHandshake(try other.encoded()))
        let message2 = try #require(try world.send(started.request, from: peer(0)))
        let finishing = try finish(&initiator, started.waiting, message2, index: 0)
        let third = try finishing.request.encoded()
        #expect(!beginsHandshake(third))
        let message4 = try CoAPMessage(decoding: #require(world.send(third, from: peer(0))))
        var context = try finishing.waiting.process(message4.payload).securityContext()
        var exchange = SecurityContext.Exchange()
        // What begins like a message_1 is ciphertext here.
        for _ in 0..<600 {
            let request = CoAPMessage(type: .confirmable, code: .post, messageID: 1, token: [1], payload: [1, 2, 3])
            exchange = SecurityContext.Exchange()
            #expect(!beginsHandshake(try context.protect(request: request, exchange: &exchange)))
        }
        #expect(!beginsHandshake([0x40, 0, 0, 1]) && !beginsHandshake([]))
        #expect(!beginsHandshake([0x60, 2, 0, 1, 0xff, 0xf5]))
        // No end, wherever it is cut and whatever its bytes are.
        for datagram in [first, third] {
            for count in datagram.indices {
                _ = beginsHandshake(Array(datagram.prefix(count)))
            }
            for _ in 0..<20_000 {
                var changed = datagram
                for _ in 0..<3 {
                    changed[Int.random(in: changed.indices, using: &world.random)] =
                        UInt8.random(in: 0...255, using: &world.random)
                }
                _ = beginsHandshake(changed)
            }
        }
    }

    @Test func sessionsAreServedWhileHandshakesAreShed() throws {
        var limits = GatewayLimits()
        limits.waitingHandshakes = 100
        limits.handshakes = 50
        let world = try World(credentials(3), limits: limits)
        var session = try Client(world, 0)
        let flood = try message1()
        for index in 0..<20_000 {
            #expect(world.engine.take(flood, from: peer(100 + index % 60_000), now: world.now) == nil)
            guard index % 500 == 0 else { continue }
            var exchange = SecurityContext.Exchange()
            let request = try session.context.protect(
                request: session.request(.post, "sensors/x"), exchange: &exchange)
            // At once, past all that wait.
            let response = try #require(world.engine.take(request, from: session.peer, now: world.now))
            #expect(try session.context.unprotect(response: response, exchange: &exchange).code == .changed)
        }
        #expect(world.counters.handshakesShed == 20_000 - 100)
        #expect(world.counters.waitingHandshakes == 100)
        #expect(world.counters.readings == 40)
        #expect(world.counters.handshakesStarted == 1)
        // Half of those that waited find room; the other half is told to come again.
        let answers = serve(world)
        #expect(answers.count == 100)
        #expect(world.counters.pendingHandshakes == 50 && world.counters.handshakesRefused == 50)
        #expect(world.counters.handshakesShed == 20_000 - 100 && world.counters.waitingHandshakes == 0)

        // Who waited too long is shed when its turn comes, and costs no public-key operation.
        world.now += limits.handshakeTimeoutMilliseconds
        for index in 0..<50 {
            _ = world.engine.take(flood, from: peer(100 + index), now: world.now)
        }
        world.now += limits.waitingHandshakeMilliseconds + 1
        let before = world.counters
        #expect(serve(world).isEmpty)
        #expect(world.counters.handshakesShed == before.handshakesShed + 50)
        #expect(world.counters.handshakesStarted == before.handshakesStarted)

        // A device gets in that comes now.
        var initiator = Initiator(peer(1))
        let started = try start(&initiator)
        #expect(world.engine.take(try started.request.encoded(), from: peer(1), now: world.now) == nil)
        let message2 = try CoAPMessage(decoding: #require(serve(world).first).response)
        let finishing = try finish(&initiator, started.waiting, message2, index: 1)
        let message4 = world.engine.take(try finishing.request.encoded(), from: peer(1), now: world.now)
        _ = try finishing.waiting.process(CoAPMessage(decoding: #require(message4)).payload)
        #expect(world.counters.sessions == 2)
    }

    @Test func aCopyOfWhatIsWorkedOnIsNotWorkedOn() throws {
        let world = try World(credentials(1))
        let datagram = try message1()
        guard case .work(let work) = world.engine.begin(datagram, from: peer(0), now: world.now) else {
            Issue.record("no work")
            return
        }
        guard case .answer(nil) = world.engine.begin(datagram, from: peer(0), now: world.now) else {
            Issue.record("worked on twice")
            return
        }
        work.run()
        let answer = try #require(world.engine.complete(work, now: world.now))
        #expect(world.send(datagram, from: peer(0)) == answer)
        #expect(world.counters.handshakesStarted == 1 && world.counters.duplicates == 2)
    }

    @Test func theTableMayFillWhileWorkIsUnderWay() throws {
        var limits = GatewayLimits()
        limits.handshakes = 1
        let world = try World(credentials(1), limits: limits)
        var works: [HandshakeWork] = []
        for index in 0..<3 {
            if case .work(let work) = world.engine.begin(try message1(index), from: peer(index), now: world.now) {
                works.append(work)
            }
        }
        #expect(works.count == 3)
        let codes = try works.map { work in
            work.run()
            return try CoAPMessage(decoding: #require(world.engine.complete(work, now: world.now))).code
        }
        #expect(codes == [.changed, .serviceUnavailable, .serviceUnavailable])
        #expect(world.counters.pendingHandshakes == 1 && world.counters.handshakesRefused == 2)
        world.now += limits.handshakeTimeoutMilliseconds
        world.engine.expire(now: world.now)
        // Nothing holds an identifier: all of one byte can be had again.
        let free = (0..<255).compactMap { _ in
            world.engine.identifiers.allocate(avoiding: ConnectionIdentifier(tripletOf: 9))
        }
        #expect(free.allSatisfy { $0.count == 1 })
    }

    @Test func theLogHasALineForEachChange() {
        var log = OverloadLog()
        #expect(log.line(shed: 0, refused: 0, now: 0) == nil)
        #expect(log.line(shed: 5, refused: 0, now: 500) == .began)
        for now in stride(from: UInt64(1000), to: 10_500, by: 500) {
            #expect(log.line(shed: now / 10, refused: 3, now: now) == nil)
        }
        #expect(log.line(shed: 1100, refused: 4, now: 10_500) == .goesOn(shed: 1095, refused: 4))
        #expect(log.line(shed: 1100, refused: 4, now: 11_000) == nil)
        #expect(log.line(shed: 1101, refused: 4, now: 12_000) == nil)
        #expect(log.line(shed: 1101, refused: 4, now: 13_999) == nil)
        #expect(log.line(shed: 1101, refused: 4, now: 14_000) == .over(shed: 1101, refused: 4, milliseconds: 11_500))
        #expect(log.line(shed: 1101, refused: 4, now: 20_000) == nil)
        #expect(log.line(shed: 1101, refused: 5, now: 30_000) == .began)
    }
}
#endif

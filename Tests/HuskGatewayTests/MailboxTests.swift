// Mailboxes and the notifications that tell of them: what waits, who may take it, what is sent again and for how long.
#if Gateway
import Husk
import NIOCore
import Synchronization
import Testing

@testable import HuskGateway

private let register = CoAPOption(number: CoAPOption.observe, uint: 0)
private let deregister = CoAPOption(number: CoAPOption.observe, uint: 1)
private let encrypt0 = CoAPOption(number: CoAPOption.contentFormat, uint: 16)

@Suite struct MailboxTests {
    /// An envelope for this device, sealed by somebody with whom it shares a key that the gateway has not.
    private func envelope(for device: String?, _ content: String = "x") throws -> [UInt8] {
        let key = try EnvelopeKey(root: keyBytes(77), sender: Identity("app"), recipient: Identity(device ?? "any"))
        var sealer = try EnvelopeSealer(key: key)
        return try sealer.seal(Array(content.utf8), EnvelopeMetadata(destination: device)) { _ in }
    }

    private func leave(
        _ world: World, _ client: inout Client, _ envelope: [UInt8], format: CoAPOption = encrypt0
    ) throws -> CoAPCode? {
        let request = client.request(.post, "mailbox", options: [format], payload: envelope)
        return try client.exchange(world, request)?.code
    }

    private func delete(_ world: World, _ client: inout Client, _ letter: CoAPMessage) throws -> CoAPCode? {
        let id = try #require(letter.option(CoAPOption.etag)?.value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        return try client.exchange(world, client.request(.delete, "mailbox/\(id)"))?.code
    }

    @Test func anEnvelopeStaysUntilItsAddresseeDeletesIt() throws {
        let world = try World(credentials(3))
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        var other = try Client(world, 2)
        let first = try envelope(for: "sensor-1", "first")
        let second = try envelope(for: "sensor-1", "second")
        #expect(try leave(world, &sender, first) == .created)
        #expect(try leave(world, &sender, second) == .created)

        #expect(try other.exchange(world, other.request(.get, "mailbox"))?.payload == [])
        #expect(try sender.exchange(world, sender.request(.get, "mailbox"))?.payload == [])
        for expected in [first, second] {
            let letter = try #require(try receiver.exchange(world, receiver.request(.get, "mailbox")))
            #expect(letter.code == .content)
            #expect(letter.payload == expected)
            #expect(letter.option(CoAPOption.contentFormat)?.uint == 16)
            // Nobody else can delete it, and asking again gives the same one.
            #expect(try delete(world, &other, letter) == .deleted)
            #expect(try receiver.exchange(world, receiver.request(.get, "mailbox"))?.payload == expected)
            #expect(try delete(world, &receiver, letter) == .deleted)
            #expect(try delete(world, &receiver, letter) == .deleted)
        }
        let empty = try #require(try receiver.exchange(world, receiver.request(.get, "mailbox")))
        #expect(empty.code == .content)
        #expect(empty.payload == [])
        #expect(empty.option(CoAPOption.etag) == nil)
        #expect(world.counters.envelopes == 2)
    }

    @Test func anEnvelopeForSeveralGoesToAllOrNone() throws {
        var limits = GatewayLimits()
        limits.mailboxEnvelopes = 1
        let world = try World(credentials(3), limits: limits)
        var sender = try Client(world, 0)
        var first = try Client(world, 1)
        var second = try Client(world, 2)
        let message = try envelope(for: "sensor-7")
        func leave(_ names: [String]) throws -> CoAPCode? {
            let queries = names.map { CoAPOption(number: CoAPOption.uriQuery, value: Array("to=\($0)".utf8)) }
            let request = sender.request(.post, "mailbox", options: [encrypt0] + queries, payload: message)
            return try sender.exchange(world, request)?.code
        }
        #expect(try leave(["sensor-1", "nobody"]) == .notFound)
        #expect(try leave(["sensor-1"]) == .created)
        #expect(try leave(["sensor-1", "sensor-2"]) == .serviceUnavailable)
        #expect(try leave(["sensor-2", "sensor-2"]) == .created)
        #expect(try first.exchange(world, first.request(.get, "mailbox"))?.payload == message)
        #expect(try second.exchange(world, second.request(.get, "mailbox"))?.payload == message)
    }

    @Test func whatIsNoEnvelopeOrForNobodyIsRefused() throws {
        let world = try World(credentials(2))
        var sender = try Client(world, 0)
        let good = try envelope(for: "sensor-1")
        let text = CoAPOption(number: CoAPOption.contentFormat, uint: 0)
        #expect(try leave(world, &sender, good, format: text) == .unsupportedContentFormat)
        #expect(try leave(world, &sender, Array("nonsense".utf8)) == .badRequest)
        #expect(try leave(world, &sender, []) == .badRequest)
        #expect(try leave(world, &sender, envelope(for: nil)) == .badRequest)
        #expect(try leave(world, &sender, try envelope(for: "sensor-7")) == .notFound)
        #expect(try sender.exchange(world, sender.request(.put, "mailbox", payload: good))?.code == .methodNotAllowed)
        #expect(try sender.exchange(world, sender.request(.delete, "mailbox/x"))?.code == .notFound)
        #expect(try sender.exchange(world, sender.request(.get, "mailbox/1"))?.code == .methodNotAllowed)
        #expect(world.counters.envelopes == 0)
    }

    @Test func aFullMailboxRefusesAndKeepsWhatItHas() throws {
        var limits = GatewayLimits()
        limits.mailboxEnvelopes = 2
        limits.mailboxBytes = 100
        let world = try World(credentials(2), limits: limits)
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        let long = try envelope(for: "sensor-1", String(repeating: "y", count: 100))
        #expect(try leave(world, &sender, long) == .serviceUnavailable)
        let short = try envelope(for: "sensor-1")
        #expect(try leave(world, &sender, short) == .created)
        #expect(try leave(world, &sender, short) == .created)
        #expect(try leave(world, &sender, short) == .serviceUnavailable)
        let letter = try #require(try receiver.exchange(world, receiver.request(.get, "mailbox")))
        #expect(try delete(world, &receiver, letter) == .deleted)
        #expect(try leave(world, &sender, short) == .created)
    }

    @Test func observersAreToldOfEachEnvelope() throws {
        let world = try World(credentials(2))
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        var observation = try Observing(world, &receiver)
        #expect(observation.first.payload == [])
        #expect(world.engine.notifications(now: world.now).isEmpty)

        let message = try envelope(for: "sensor-1")
        _ = try leave(world, &sender, message)
        let notified = try #require(try observation.next(world, &receiver))
        #expect(notified.type == .confirmable)
        #expect(notified.code == .content)
        #expect(notified.payload == message)
        #expect(notified.option(CoAPOption.observe) != nil)
        try observation.acknowledge(world, receiver.peer, notified)
        world.now += 100_000
        #expect(world.engine.notifications(now: world.now).isEmpty)

        // Its deletion is a change too: the mailbox is empty now.
        #expect(try delete(world, &receiver, notified) == .deleted)
        let emptied = try #require(try observation.next(world, &receiver))
        #expect(emptied.payload == [])
        #expect(world.counters.observations == 1)
    }

    @Test func aNotificationIsSentAgainUntilItIsAcknowledgedOrGivenUp() throws {
        let world = try World(credentials(2))
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        let _ = try Observing(world, &receiver)
        _ = try leave(world, &sender, try envelope(for: "sensor-1"))
        let first = try #require(world.engine.notifications(now: world.now).first)
        var copies = 0
        let begin = world.now
        while world.counters.notificationsTimedOut == 0 {
            #expect(world.now < begin + 100_000)
            world.now += 100
            for copy in world.engine.notifications(now: world.now) {
                #expect(copy.datagram == first.datagram)
                copies += 1
            }
        }
        #expect(copies == 4)
        // MAX_TRANSMIT_WAIT of RFC 7252 is 93 s.
        #expect((62_000...94_000).contains(world.now - begin))
        #expect(world.counters.observations == 0)
        // The envelope is still there.
        let letter = try receiver.exchange(world, receiver.request(.get, "mailbox"))
        #expect(try letter?.payload == envelope(for: "sensor-1"))
    }

    @Test func onlyTheDeviceEndsItsObservation() throws {
        let world = try World(credentials(3))
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        var observation = try Observing(world, &receiver)
        let message = try envelope(for: "sensor-1")

        // A reset from elsewhere is nobody's.
        _ = try leave(world, &sender, message)
        let notified = try #require(try observation.next(world, &receiver))
        try observation.reset(world, peer(9), notified)
        #expect(world.observationCount == 1)
        try observation.reset(world, receiver.peer, notified)
        #expect(world.observationCount == 0)

        // Deregistration under another token ends nothing, under its own it does.
        observation = try Observing(world, &receiver)
        var cancel = receiver.request(.get, "mailbox", options: [deregister])
        cancel.token = [1]
        #expect(try receiver.exchange(world, cancel)?.code == .content)
        #expect(world.observationCount == 1)
        cancel = receiver.request(.get, "mailbox", options: [deregister])
        let answer = try receiver.exchange(world, cancel)
        #expect(answer?.payload == message)
        #expect(answer?.option(CoAPOption.observe) == nil)
        #expect(world.observationCount == 0)
    }

    @Test func aNewSessionEndsTheObservationsOfTheOld() throws {
        let world = try World(credentials(2))
        var receiver = try Client(world, 1)
        _ = try Observing(world, &receiver)
        #expect(world.observationCount == 1)
        var again = try Client(world, 1)
        #expect(world.observationCount == 1)
        _ = try again.exchange(world, again.request(.get, "mailbox"))
        #expect(world.observationCount == 0)
    }

    @Test func aDeviceObservesNoMoreThanItsShare() throws {
        var limits = GatewayLimits()
        limits.observationsPerDevice = 2
        let world = try World(credentials(2), limits: limits)
        var receiver = try Client(world, 1)
        for token in UInt8(0)..<5 {
            var request = receiver.request(.get, "mailbox", options: [register])
            request.token = [token]
            var exchange = SecurityContext.Exchange()
            let bytes = try receiver.context.protect(request: request, exchange: &exchange)
            let response = try receiver.context.unprotect(
                response: #require(world.send(bytes, from: receiver.peer)), exchange: &exchange)
            #expect((response.option(CoAPOption.observe) != nil) == (token < 2))
        }
        #expect(world.observationCount == 2)
    }

    @Test func aResourceOfTheApplicationIsObservedToo() throws {
        var router = Router()
        let value = Value()
        router.observable("config") { _ in GatewayResponse(.content, payload: [value.current]) }
        let world = try World(credentials(2), router: router)
        var receiver = try Client(world, 1)
        var observation = try Observing(world, &receiver, path: "config")
        #expect(observation.first.payload == [1])
        value.set(2)
        world.engine.changed("config", device: "sensor-0")
        #expect(world.engine.notifications(now: world.now).isEmpty)
        world.engine.changed("config", device: nil)
        let notified = try #require(try observation.next(world, &receiver))
        #expect(notified.payload == [2])

        // Two changes while one notification is under way are one more notification, of the last state.
        value.set(3)
        world.engine.changed("config", device: nil)
        value.set(4)
        world.engine.changed("config", device: nil)
        #expect(world.engine.notifications(now: world.now).isEmpty)
        try observation.acknowledge(world, receiver.peer, notified)
        #expect(try observation.next(world, &receiver)?.payload == [4])
        #expect(world.engine.notifications(now: world.now).isEmpty)
    }
}

/// One number that a handler gives.
private final class Value: Sendable {
    private let number = Mutex<UInt8>(1)
    var current: UInt8 { number.withLock { $0 } }
    func set(_ value: UInt8) { number.withLock { $0 = value } }
}

/// The device's side of an observation.
private struct Observing: ~Copyable {
    let first: CoAPMessage
    private var exchange: SecurityContext.Exchange

    init(_ world: World, _ client: inout Client, path: String = "mailbox") throws {
        exchange = SecurityContext.Exchange()
        let request = client.request(.get, path, options: [register])
        let bytes = try client.context.protect(request: request, exchange: &exchange)
        let response = try #require(world.send(bytes, from: client.peer))
        first = try client.context.unprotect(response: response, exchange: &exchange)
        #expect(first.option(CoAPOption.observe) != nil)
    }

    /// The notification that is due, if there is one.
    mutating func next(_ world: World, _ client: inout Client) throws -> CoAPMessage? {
        guard let notification = world.engine.notifications(now: world.now).first else { return nil }
        #expect(notification.peer == client.peer)
        return try client.context.unprotect(response: notification.datagram, exchange: &exchange)
    }

    func acknowledge(_ world: World, _ peer: SocketAddress, _ message: CoAPMessage) throws {
        let ack = CoAPMessage(type: .acknowledgement, code: .empty, messageID: message.messageID)
        #expect(try world.send(ack, from: peer) == nil)
    }

    func reset(_ world: World, _ peer: SocketAddress, _ message: CoAPMessage) throws {
        let reset = CoAPMessage(type: .reset, code: .empty, messageID: message.messageID)
        #expect(try world.send(reset, from: peer) == nil)
    }
}

extension World {
    fileprivate var observationCount: Int { engine.observations.count }
}
#endif

// Devices that observe their mailboxes, with the endpoint that firmware has: commands in envelopes, from an application
// that is a peer of the gateway too, and a gateway that changes what it stored.
#if Gateway
import Husk
import Testing

@testable import HuskGateway

@Suite struct DeviceObserveTests {
    private static let names = (device: "sensor-0", application: "sensor-1")
    private static let rootKey = keyBytes(77)

    private func key(from sender: String, to recipient: String) throws -> EnvelopeKey {
        try EnvelopeKey(root: Self.rootKey, sender: Identity(sender), recipient: Identity(recipient))
    }

    private func command(_ text: String, deadline: UInt64 = 2000) throws -> [UInt8] {
        let names = Self.names
        var sealer = try EnvelopeSealer(key: key(from: names.application, to: names.device))
        let metadata = EnvelopeMetadata(source: names.application, destination: names.device, deadline: deadline)
        return try sealer.seal(Array(text.utf8), metadata) { _ in }
    }

    private func opener() throws -> EnvelopeOpener {
        let names = Self.names
        return try EnvelopeOpener(
            key: key(from: names.application, to: names.device), names: [names.device], requiresDeadline: true)
    }

    /// A world with a device that observes its mailbox and an application.
    private func observing() throws -> (world: World, device: Sensor, application: Sensor) {
        let world = try World(credentials(2))
        let (device, application) = (try Sensor(0, combines: true), try Sensor(1))
        try device.device.observe(.init(.get, "mailbox"))
        try world.run([device])
        #expect(device.notifications == [Device.Answer(code: .content, options: Self.observeOption)])
        let isAuthenticated = device.device.isAuthenticated
        #expect(isAuthenticated)
        return (world, device, application)
    }

    private static let observeOption = [CoAPOption(number: CoAPOption.observe, value: [])]

    /// The application leaves an envelope, and the gateway tells the device of it.
    private func leave(_ envelope: [UInt8], _ world: World, _ application: Sensor) throws -> CoAPCode? {
        try application.device.start(.init(.post, "mailbox", contentFormat: 16, payload: envelope))
        try world.run([application])
        return application.responses.last?.code
    }

    private func notify(_ world: World, _ device: Sensor) throws {
        for notification in world.engine.notifications(now: world.now) {
            #expect(notification.peer == device.peer)
            device.note(try device.device.receive(notification.datagram, now: 0))
            try world.run([device])
        }
    }

    private func delete(_ letter: Device.Answer, _ world: World, _ device: Sensor) throws {
        let tag = try #require(letter.option(CoAPOption.etag)?.value)
        let id = tag.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        try device.device.start(.init(.delete, "mailbox/\(id)"))
        try world.run([device])
        #expect(device.responses.last?.code == .deleted)
    }

    @Test func commandsComeAsNotificationsBesideRequests() throws {
        let (world, device, application) = try observing()
        var opener = try opener()
        for (number, text) in ["unlock", "lock"].enumerated() {
            var sealed = try command(text)
            if number == 1 { // its own number: the sealer of `command` begins at 0 each time
                sealed = try second(text)
            }
            #expect(try leave(sealed, world, application) == .created)
            try notify(world, device)
            let letter = try #require(device.notifications.last)
            #expect(letter.code == .content && letter.payload == sealed)
            #expect(letter.option(CoAPOption.contentFormat)?.uint == 16)
            let opened = try opener.open(letter.payload, now: 1000) { _ in }
            #expect(opened.content == Array(text.utf8))
            let again = refusal { () throws(HuskError) in _ = try opener.open(letter.payload, now: 1000) { _ in } }
            #expect(again == .replay)
            try delete(letter, world, device)
            try notify(world, device)
            #expect(device.notifications.last == Device.Answer(code: .content, options: Self.observeOption))
        }
        #expect(device.failures.isEmpty && application.failures.isEmpty)
    }

    private func refusal(_ body: () throws(HuskError) -> Void) -> HuskError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func second(_ text: String) throws -> [UInt8] {
        let names = Self.names
        var sealer = try EnvelopeSealer(key: key(from: names.application, to: names.device))
        let metadata = EnvelopeMetadata(source: names.application, destination: names.device, deadline: 2000)
        _ = try sealer.seal([], metadata) { _ in }
        return try sealer.seal(Array(text.utf8), metadata) { _ in }
    }

    @Test func aGatewayThatChangesWhatItStoredIsFoundOut() throws {
        let original = try command("unlock the front door")
        var refusals: [HuskError: Int] = [:]
        let (world, device, application) = try observing()
        for bit in 0..<(8 * original.count) {
            #expect(try leave(original, world, application) == .created)
            var changed = original
            changed[bit / 8] ^= 1 << (bit % 8)
            let letter = try #require(world.engine.mailboxes.first(of: Self.names.device))
            let isRemoved = world.engine.mailboxes.remove(letter.id, of: Self.names.device)
            #expect(isRemoved)
            world.engine.mailboxes.append(changed, contentFormat: 16, for: Self.names.device)
            try notify(world, device)
            // OSCORE has nothing to say against it: it is the gateway that protects it.
            #expect(device.notifications.last?.payload == changed)
            var opener = try opener()
            do throws(HuskError) {
                let opened = try opener.open(changed, now: 1000) { _ in }
                Issue.record("bit \(bit) was changed unnoticed: \(opened)")
            } catch {
                refusals[error, default: 0] += 1
            }
            // And nothing was spent: the original still opens.
            let opened = try opener.open(original, now: 1000) { _ in }
            #expect(opened.content == Array("unlock the front door".utf8))
            try delete(#require(device.notifications.last), world, device)
            try notify(world, device)
        }
        #expect(refusals.values.reduce(0, +) == 8 * original.count)
        #expect((refusals[.authentication] ?? 0) > 8 * "unlock the front door".utf8.count)
    }

    @Test func aLateCommandIsRefused() throws {
        var opener = try opener()
        let late = try command("unlock", deadline: 1000)
        let tooLate = refusal { () throws(HuskError) in _ = try opener.open(late, now: 1000) { _ in } }
        #expect(tooLate == .expired)
        let timeless = refusal { () throws(HuskError) in _ = try opener.open(late, now: nil) { _ in } }
        #expect(timeless == .clock)
        let opened = try opener.open(late, now: 999) { _ in }
        #expect(opened.content == Array("unlock".utf8))
    }

    @Test func anObservationEndsWhenItIsCancelled() throws {
        let (world, device, application) = try observing()
        #expect(world.engine.notifications(now: world.now).isEmpty)
        #expect(world.counters.observations == 1)
        try device.device.cancelObservation()
        try world.run([device])
        #expect(device.notifications.last?.code == .content)
        #expect(try leave(command("x"), world, application) == .created)
        #expect(world.engine.notifications(now: world.now).isEmpty)
        let cancelled = refusal { () throws(HuskError) in try device.device.cancelObservation() }
        #expect(cancelled == .state)
        // And it can begin again.
        try device.device.observe(.init(.get, "mailbox"))
        try world.run([device])
        #expect(device.notifications.last?.payload.isEmpty == false)
    }

    @Test func whatCannotBeObservedSaysSo() throws {
        let (world, device, _) = try observing()
        try device.device.cancelObservation()
        try world.run([device])
        try device.device.observe(.init(.get, "nowhere"))
        try world.run([device])
        #expect(device.notifications.last?.code == .notFound)
        // While a request is under way there can be no other.
        try device.device.observe(.init(.get, "mailbox"))
        let observed = refusal { () throws(HuskError) in try device.device.observe(.init(.get, "mailbox")) }
        #expect(observed == .state)
        let started = refusal { () throws(HuskError) in try device.device.start(.init(.get, "mailbox")) }
        #expect(started == .state)
        try world.run([device])
        // A new session: the endpoint registers again by itself.
        let before = device.notifications.count
        try device.device.start(nil)
        try world.run([device])
        #expect(device.notifications.count == before + 1)
        #expect(device.failures.isEmpty)
    }

    @Test func aGatewayThatDoesNotAnswerFailsTheObservation() throws {
        let world = try World(credentials(1))
        world.faults.loss = 1
        let device = try Sensor(0)
        try device.device.observe(.init(.get, "mailbox"))
        try world.run([device])
        #expect(device.failures == [.timeout])
        #expect(device.notifications.isEmpty)
        world.faults.loss = 0
        try device.device.observe(.init(.get, "mailbox"))
        try world.run([device])
        #expect(device.notifications.count == 1)
    }
}
#endif

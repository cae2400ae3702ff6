// The symmetric-only profile at the gateway: devices that get their keys by KUDOS from a provisioned secret.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

private let gatewayID = try! ConnectionIdentifier([0x67, 0x77])

private func secretBytes(_ index: Int) -> [UInt8] {
    keyBytes(index + 500)
}

private func sender(_ index: Int) -> ConnectionIdentifier {
    ConnectionIdentifier(UInt8(index))
}

/// `count` devices for KUDOS, and as many for EDHOC.
private func mixedCredentials(_ mode: KeyUpdate.Mode, _ count: Int = 1) throws -> Credentials {
    try Credentials(
        credentials(count).devices,
        symmetric: (0..<count).map { index in
            try unsafe SymmetricCredential(
                secret: secretBytes(index).span.bytes, sender: sender(index), recipient: gatewayID, mode: mode,
                device: Identity("meter-\(index)"))
        })
}

/// A device of the symmetric-only profile.
private final class Meter {
    enum Answer {
        case silence
        case protected(KeyUpdate.Received)
        /// Without protection: any code.
        case refused(CoAPCode)
    }

    let peer: SocketAddress
    var update: KeyUpdate
    /// What survives a restart.
    var record: [UInt8]?
    var exchange = SecurityContext.Exchange()
    private let secret: [UInt8]
    private let configuration: KeyUpdate.Configuration
    private var messageID = UInt16.random(in: 0...UInt16.max)

    init(_ index: Int, _ mode: KeyUpdate.Mode, secret: [UInt8]? = nil) throws {
        self.secret = secret ?? secretBytes(index)
        configuration = KeyUpdate.Configuration(
            senderID: HuskGatewayTests.sender(index), recipientID: gatewayID, mode: mode)
        peer = HuskGatewayTests.peer(100 + index)
        update = try KeyUpdate(secret: self.secret, configuration: configuration)
    }

    var hasContext: Bool { update.hasContext }

    func restart() throws {
        update = try KeyUpdate(secret: secret, configuration: configuration)
        exchange = SecurityContext.Exchange()
        if let record {
            try update.restore(record)
        }
    }

    private func store() {
        guard update.mustStore else { return }
        update.store { span in
            record = unsafe span.withUnsafeBytes { unsafe Array($0) }
        }
    }

    func request(_ path: String, _ payload: [UInt8] = []) throws -> [UInt8] {
        messageID &+= 1
        let options = path.split(separator: "/").map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
        exchange = SecurityContext.Exchange()
        return try update.protect(
            request: CoAPMessage(
                type: .confirmable, code: .post, messageID: messageID, token: [7], options: options, payload: payload),
            exchange: &exchange)
    }

    /// A divergent message without a purpose of its own.
    func divergent() throws -> [UInt8] {
        try update.start()
        return try request(".well-known/kudos")
    }

    func hear(_ bytes: [UInt8]?) throws -> Answer {
        guard let bytes else { return .silence }
        let outer = try CoAPMessage(decoding: bytes)
        guard outer.option(CoAPOption.oscore) != nil else { return .refused(outer.code) }
        let received = try update.unprotect(response: bytes, exchange: &exchange)
        store()
        return .protected(received)
    }

    /// The event and code of a response that is there and verifies.
    func expect(_ bytes: [UInt8]?) throws -> (event: KeyUpdate.Event, code: CoAPCode) {
        guard case .protected(let received) = try hear(bytes) else { throw HuskError.authentication }
        return (received.event, received.message.code)
    }

    func refusal(_ bytes: [UInt8]?) throws -> CoAPCode? {
        guard case .refused(let code) = try hear(bytes) else { return nil }
        return code
    }

    /// New keys without trouble.
    func connect(_ world: World) throws {
        let answer = try expect(world.send(divergent(), from: peer))
        #expect(answer == (.established, .changed))
    }

    /// A reading under the keys in use.
    @discardableResult
    func read(_ world: World, _ payload: [UInt8] = [1]) throws -> (event: KeyUpdate.Event, code: CoAPCode) {
        try expect(world.send(request("sensors/power", payload), from: peer))
    }

    /// A reading, whatever it takes. `passes` decides for each datagram whether it arrives, once per copy.
    func insist(_ world: World, _ payload: [UInt8], passes: () -> Bool) throws -> Bool {
        for _ in 0..<40 {
            if update.isRunning || !update.hasContext {
                let datagram = try divergent()
                guard let answer = try exchange(world, datagram, passes), case .protected = answer else { continue }
                guard !update.isRunning else { continue }
            }
            let datagram = try request("sensors/power", payload)
            guard let answer = try exchange(world, datagram, passes) else { continue }
            guard case .protected(let received) = answer else {
                // Refused, or silence all the way: the keys may be gone at the other end.
                try update.start()
                continue
            }
            if received.message.code == .changed {
                return true
            }
        }
        return false
    }

    /// Retransmits a few times; nil if the answer could not be read.
    private func exchange(_ world: World, _ datagram: [UInt8], _ passes: () -> Bool) throws -> Answer? {
        for _ in 0..<3 {
            guard passes() else { continue }
            let response = world.send(datagram, from: peer)
            guard passes(), let response else { continue }
            return try? hear(response)
        }
        return Answer.silence
    }
}

@Suite struct KeyUpdateTests {
    static let modes: [KeyUpdate.Mode] = [.forwardSecrecy, .noForwardSecrecy]

    @Test(arguments: modes) func firstContact(mode: KeyUpdate.Mode) async throws {
        let world = try World(mixedCredentials(mode))
        let stream = world.observers.events()
        let meter = try Meter(0, mode)
        #expect(throws: HuskError.state) { try meter.request("sensors/power") }
        try meter.connect(world)
        #expect(world.counters.keyUpdatesStarted == 1 && world.counters.keyUpdatesCompleted == 0)
        #expect(world.counters.sessions == 0 && world.counters.requests == 0)
        for byte in 1...3 {
            #expect(try meter.read(world, [UInt8(byte)]) == (.plain, .changed))
        }
        #expect(world.counters.keyUpdatesCompleted == 1 && world.counters.sessions == 1)
        #expect(world.counters.refused == 0 && world.counters.handshakesStarted == 0)
        #expect((meter.record != nil) == (mode == .forwardSecrecy))

        var names: [String] = []
        for event in await collect(stream, world.observers) {
            switch event {
            case .message(let message):
                names.append(message.name.rawValue)
                #expect(message.edhocBytes == nil)
                if names.count <= 2 {
                    #expect(message.oscoreOverheadBytes ?? 0 > 20)
                }
            case .authenticated(let authentication):
                names.append("authenticated")
                #expect(authentication.profile == .symmetric && authentication.device == "meter-0")
            case .reading(let reading):
                names.append("reading \(hex(reading.payload)) of \(reading.device) at \(reading.path)")
            case .refused:
                names.append("refused")
            case .envelope:
                names.append("envelope")
            }
        }
        #expect(
            names == [
                "KUDOS divergent", "KUDOS convergent",
                "OSCORE request", "authenticated", "reading 01 of meter-0 at sensors/power", "OSCORE response",
                "OSCORE request", "reading 02 of meter-0 at sensors/power", "OSCORE response",
                "OSCORE request", "reading 03 of meter-0 at sensors/power", "OSCORE response",
            ])
    }

    @Test(arguments: modes) func againAndAgain(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        for round in 1...20 {
            try meter.connect(world)
            // Every third time the next update begins before the last one is confirmed.
            guard round % 3 > 0 else { continue }
            try meter.read(world)
            #expect(world.counters.sessions == 1)
        }
        #expect(world.counters.keyUpdatesStarted == 20 && world.counters.keyUpdatesCompleted == 14)
        #expect(world.counters.readings == 14 && world.counters.refused == 0)
    }

    /// The KUDOS resource serves as a first message under new keys too; anything else is a resource like any other.
    @Test func confirmationWithoutAPurpose() throws {
        let world = try World(mixedCredentials(.noForwardSecrecy))
        let meter = try Meter(0, .noForwardSecrecy)
        try meter.connect(world)
        #expect(try meter.expect(world.send(meter.request(".well-known/kudos"), from: meter.peer)).code == .changed)
        #expect(world.counters.keyUpdatesCompleted == 1 && world.counters.readings == 0)
        #expect(try meter.expect(world.send(meter.request("nowhere"), from: meter.peer)).code == .notFound)
    }

    /// Any one of the four messages is lost, and the device either sends the same bytes again or begins anew.
    @Test(arguments: modes, [false, true]) func aMessageIsLost(mode: KeyUpdate.Mode, anew: Bool) throws {
        for lost in 0..<4 {
            let world = try World(mixedCredentials(mode))
            let meter = try Meter(0, mode)
            func deliver(_ datagram: [UInt8], _ position: Int) -> [UInt8]? {
                guard lost != position else { return nil }
                let response = world.send(datagram, from: meter.peer)
                return lost == position + 1 ? nil : response
            }
            func goOn(_ datagram: [UInt8]) throws {
                guard anew else {
                    _ = try meter.expect(world.send(datagram, from: meter.peer))
                    return
                }
                try meter.connect(world)
            }
            let divergent = try meter.divergent()
            if case .silence = try meter.hear(deliver(divergent, 0)) {
                try goOn(divergent)
            }
            let reading = try meter.request("sensors/power", [9])
            if case .silence = try meter.hear(deliver(reading, 2)) {
                try goOn(reading)
            }
            #expect(try meter.read(world, [10]).code == .changed)
            let before = world.counters.keyUpdatesCompleted
            #expect(try meter.read(world, [11]).event == .plain)
            #expect(world.counters.keyUpdatesCompleted == before && world.counters.sessions == 1)
        }
    }

    @Test(arguments: modes) func copiesAreAnsweredAlike(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        let divergent = try meter.divergent()
        let convergent = world.send(divergent, from: meter.peer)
        #expect(world.send(divergent, from: meter.peer) == convergent)
        _ = try meter.expect(convergent)
        let reading = try meter.request("sensors/power", [9])
        let first = world.send(reading, from: meter.peer)
        for _ in 0..<3 {
            #expect(world.send(reading, from: meter.peer) == first)
        }
        _ = try meter.expect(first)
        #expect(world.counters.readings == 1 && world.counters.duplicates == 4)
        #expect(world.counters.keyUpdatesStarted == 1 && world.counters.keyUpdatesCompleted == 1)
    }

    /// With message IDs of their own they are no copies to CoAP.
    @Test(arguments: modes) func replaysChangeNothing(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        let divergent = try meter.divergent()
        _ = try meter.expect(world.send(divergent, from: meter.peer))
        let reading = try meter.request("sensors/power", [9])
        _ = try meter.expect(world.send(reading, from: meter.peer))
        for round in 0..<300 {
            var bytes = round % 10 == 9 ? reading : divergent
            bytes[2] = UInt8(truncatingIfNeeded: round)
            bytes[3] = bytes[3] &+ 1
            let answer = try CoAPMessage(decoding: try #require(world.send(bytes, from: peer(7))))
            if round % 10 == 9 {
                #expect(answer.code == .unauthorized && answer.option(CoAPOption.oscore) == nil)
            } else {
                // In forward secrecy the secret it was made from is gone; without, its answer helps nobody.
                #expect((answer.option(CoAPOption.oscore) != nil) == (mode == .noForwardSecrecy))
            }
            if round % 50 == 0 {
                #expect(try meter.read(world) == (.plain, .changed))
            }
        }
        #expect(world.counters.readings == 7 && world.counters.keyUpdatesCompleted == 1)
        #expect(world.counters.sessions == 1 && world.counters.exchanges <= 2 * 16)
    }

    @Test func recordedOnesDoNotPushOutAnswersToDevices() throws {
        var limits = GatewayLimits()
        limits.exchanges = 4
        limits.deviceExchanges = 4
        let world = try World(mixedCredentials(.noForwardSecrecy), limits: limits)
        let meter = try Meter(0, .noForwardSecrecy)
        let divergent = try meter.divergent()
        _ = try meter.expect(world.send(divergent, from: meter.peer))
        let reading = try meter.request("sensors/power", [9])
        let answer = world.send(reading, from: meter.peer)
        for index in 0..<50 {
            #expect(world.send(divergent, from: peer(index)) != nil)
        }
        #expect(world.counters.exchanges == 5)
        #expect(world.send(reading, from: meter.peer) == answer && world.counters.readings == 1)
    }

    @Test(arguments: modes) func aDivergentMessageIsNotActedUpon(mode: KeyUpdate.Mode) throws {
        var router = Router()
        router.on(.post, "door") { _ in
            Issue.record("the door opened")
            return GatewayResponse(.content, payload: [1])
        }
        let world = try World(mixedCredentials(mode), router: router)
        for path in ["sensors/power", "door", "nowhere", ".well-known/edhoc", ".well-known/kudos"] {
            let meter = try Meter(0, mode)
            try meter.update.start()
            let bytes = try meter.request(path, [1, 2, 3])
            guard case .protected(let received) = try meter.hear(world.send(bytes, from: meter.peer)) else {
                Issue.record("no answer")
                continue
            }
            // Whoever asked for something else is told that it was not done.
            let expected: CoAPCode = path == ".well-known/kudos" ? .changed : .serviceUnavailable
            #expect(received.event == .established && received.message.code == expected)
            #expect(received.message.payload.isEmpty && received.message.options.isEmpty)
        }
        #expect(world.counters.readings == 0 && world.counters.requests == 0)
        #expect(world.counters.keyUpdatesCompleted == 0 && world.counters.sessions == 0)
    }

    @Test(arguments: modes) func theDeviceRestarts(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        for round in 0..<12 {
            try meter.connect(world)
            if round % 3 == 1 {
                try meter.restart()
                try meter.connect(world)
            }
            if round % 3 > 0 {
                try meter.read(world)
            }
            if round % 4 == 2 {
                // With an answer that it will never understand.
                let divergent = try meter.divergent()
                #expect(world.send(divergent, from: meter.peer) != nil)
            }
            try meter.restart()
        }
        try meter.connect(world)
        #expect(try meter.read(world).code == .changed)
        #expect(world.counters.refused == 0)
    }

    @Test func theGatewayRestartsWithoutForwardSecrecy() throws {
        let meter = try Meter(0, .noForwardSecrecy)
        for _ in 0..<3 {
            let world = try World(mixedCredentials(.noForwardSecrecy))
            if meter.hasContext {
                let answer = world.send(try meter.request("sensors/power"), from: meter.peer)
                #expect(try meter.refusal(answer) == .unauthorized)
            }
            try meter.connect(world)
            #expect(try meter.read(world).code == .changed)
        }
    }

    @Test func theGatewayRestartsWithForwardSecrecy() throws {
        let known = try mixedCredentials(.forwardSecrecy)
        let meter = try Meter(0, .forwardSecrecy)
        // The device never heard of an update, and is where the credentials are.
        #expect(try World(known).send(meter.divergent(), from: meter.peer) != nil)
        var world = try World(known)
        try meter.connect(world)
        // It keeps the secret before until the gateway has used the new one.
        world = try World(known)
        #expect(try meter.refusal(world.send(meter.divergent(), from: meter.peer)) == .unauthorized)
        try meter.connect(world)
        try meter.read(world)
        // Now the gateway's is gone for good.
        world = try World(known)
        for _ in 0..<6 {
            #expect(try meter.refusal(world.send(meter.divergent(), from: meter.peer)) == .unauthorized)
        }
        #expect(world.counters.keyUpdatesStarted == 0 && world.counters.refused == 6)
    }

    @Test(arguments: modes) func aWrongSecretGetsNowhere(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        try meter.connect(world)
        try meter.read(world)
        let stranger = try Meter(0, mode, secret: [UInt8](repeating: 0x5a, count: 16))
        for _ in 0..<10 {
            #expect(try stranger.refusal(world.send(stranger.divergent(), from: stranger.peer)) == .unauthorized)
        }
        #expect(world.counters.keyUpdatesStarted == 1 && world.counters.sessions == 1)
        #expect(try meter.read(world) == (.plain, .changed))
        #expect(world.counters.exchanges == 3)
    }

    @Test(arguments: modes) func anUnknownSenderIsTold(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let stranger = try Meter(9, mode)
        let bytes = try #require(world.send(try stranger.divergent(), from: stranger.peer))
        let answer = try CoAPMessage(decoding: bytes)
        #expect(answer.code == .unauthorized && answer.option(CoAPOption.oscore) == nil)
        #expect(answer.option(CoAPOption.maxAge)?.uint == 0)
        #expect(world.counters.refused == 1 && world.counters.exchanges == 0)
        // A known one without keys yet.
        let known = try Meter(0, mode)
        try known.connect(try World(mixedCredentials(mode)))
        #expect(try known.refusal(world.send(known.request("sensors/power"), from: known.peer)) == .unauthorized)
    }

    @Test(arguments: modes) func flippedBitsAndShortMessagesChangeNothing(mode: KeyUpdate.Mode) throws {
        let world = try World(mixedCredentials(mode))
        let meter = try Meter(0, mode)
        let head = 5

        func toGateway(_ datagram: [UInt8]) throws {
            let before = world.counters
            for bit in (head * 8)..<(datagram.count * 8) {
                var bad = datagram
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let bytes = world.send(bad, from: meter.peer) else { continue }
                let answer = try CoAPMessage(decoding: bytes)
                #expect(answer.option(CoAPOption.oscore) == nil)
                #expect(answer.code.codeClass == 4 || answer.type == .reset)
            }
            for count in 0..<datagram.count {
                guard let bytes = world.send(Array(datagram.prefix(count)), from: meter.peer) else { continue }
                #expect(try CoAPMessage(decoding: bytes).option(CoAPOption.oscore) == nil)
            }
            #expect(world.counters.keyUpdatesStarted == before.keyUpdatesStarted)
            #expect(world.counters.keyUpdatesCompleted == before.keyUpdatesCompleted)
            #expect(world.counters.readings == before.readings && world.counters.exchanges == before.exchanges)
        }

        func toDevice(_ datagram: [UInt8]) throws {
            for bit in (head * 8)..<(datagram.count * 8) {
                var bad = datagram
                bad[bit / 8] ^= 1 << UInt8(bit % 8)
                guard case .protected? = try? meter.hear(bad) else { continue }
                Issue.record("bit \(bit) of a response is not protected")
            }
        }

        for _ in 0..<2 {
            let divergent = try meter.divergent()
            try toGateway(divergent)
            let convergent = try #require(world.send(divergent, from: meter.peer))
            try toDevice(convergent)
            #expect(try meter.expect(convergent) == (.established, .changed))
            let reading = try meter.request("sensors/power", [1])
            try toGateway(reading)
            let response = try #require(world.send(reading, from: meter.peer))
            try toDevice(response)
            #expect(try meter.expect(response) == (.plain, .changed))
        }
        #expect(world.counters.readings == 2)
    }

    @Test func theModeIsTheGatewaysPolicy() throws {
        // A device that does not store cannot talk a gateway out of forward secrecy.
        var world = try World(mixedCredentials(.forwardSecrecy))
        let lesser = try Meter(0, .noForwardSecrecy)
        #expect(try lesser.refusal(world.send(lesser.divergent(), from: lesser.peer)) == .badOption)
        #expect(world.counters.keyUpdatesStarted == 0)
        // One that could, but need not, fits both policies; one that insists does not fit without.
        for mode in Self.modes {
            world = try World(mixedCredentials(mode))
            let either = try Meter(0, .negotiated)
            for _ in 0..<3 {
                try either.connect(world)
                try either.read(world)
                try either.restart()
            }
        }
        world = try World(mixedCredentials(.noForwardSecrecy))
        let insists = try Meter(0, .forwardSecrecy)
        let answer = world.send(try insists.divergent(), from: insists.peer)
        #expect(throws: HuskError.self) { try insists.hear(answer) }
        #expect(!insists.hasContext)
    }

    @Test(arguments: modes) func nextToEDHOC(mode: KeyUpdate.Mode) async throws {
        // As many provisioned identifiers as to leave EDHOC hardly any short one.
        let world = try World(mixedCredentials(mode, 240))
        let stream = world.observers.events()
        let meters = try (0..<20).map { try Meter($0, mode) }
        let sensors = try (0..<30).map { try Sensor($0, combines: $0 % 2 == 0) }
        for meter in meters {
            try meter.connect(world)
        }
        for sensor in sensors {
            try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        }
        try world.run(sensors)
        for meter in meters {
            #expect(try meter.read(world) == (.plain, .changed))
        }
        for sensor in sensors {
            #expect(sensor.responses.map(\.code) == [.changed])
            try sensor.device.start(.init(.post, "sensors/x", payload: [2]))
        }
        try world.run(sensors)
        #expect(sensors.allSatisfy { $0.responses.count == 2 && $0.failures.isEmpty })
        #expect(world.counters.sessions == 50 && world.counters.readings == 80)
        var profiles: [GatewayAuthentication.Profile: Int] = [:]
        for case .authenticated(let authentication) in await collect(stream, world.observers) {
            profiles[authentication.profile, default: 0] += 1
        }
        #expect(profiles == [.edhoc: 30, .symmetric: 20])
    }

    @Test func whatADeviceHasIsAllItMayUse() throws {
        let known = try mixedCredentials(.noForwardSecrecy)
        // The secret is no key for EDHOC, and the key no secret for KUDOS.
        let world = try World(Credentials([], symmetric: known.symmetric))
        let sensor = try Sensor(0, key: secretBytes(0), kid: [0])
        try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        try world.run([sensor])
        #expect(sensor.responses.isEmpty && world.counters.handshakesCompleted == 0)
        let other = try World(Credentials(known.devices))
        let meter = try Meter(0, .noForwardSecrecy, secret: keyBytes(0))
        #expect(try meter.refusal(other.send(meter.divergent(), from: meter.peer)) == .unauthorized)
    }

    @Test func identifiersOfEDHOCAvoidTheProvisionedOnes() throws {
        let reserved = Set((0...255).filter { $0 != 0x33 }.map { ConnectionIdentifier(UInt8($0)) })
        var pool = IdentifierPool(reserved: reserved)
        let far = ConnectionIdentifier(UInt16(9))
        #expect(pool.allocate(avoiding: far) == ConnectionIdentifier(UInt8(0x33)))
        for _ in 0..<100 {
            #expect(pool.allocate(avoiding: far)?.count == 2)
        }
    }

    /// Seeded: messages are lost and repeated, and sides restart between any two.
    @Test(arguments: modes) func troubleEndsInAgreement(mode: KeyUpdate.Mode) throws {
        let known = try mixedCredentials(mode)
        for seed in 0..<300 {
            var random = SplitMix(state: UInt64(seed))
            var world = try World(known)
            let meter = try Meter(0, mode)
            for round in 0..<6 {
                if Int.random(in: 0..<3, using: &random) == 0 {
                    try meter.restart()
                }
                if mode == .noForwardSecrecy, Int.random(in: 0..<4, using: &random) == 0 {
                    world = try World(known)
                }
                if Int.random(in: 0..<3, using: &random) == 0 {
                    try meter.update.start()
                }
                let loss = Int.random(in: 0..<6, using: &random)
                let delivered = try meter.insist(world, [UInt8(round)]) {
                    Int.random(in: 0..<10, using: &random) >= loss
                }
                #expect(delivered, "seed \(seed), round \(round)")
            }
            #expect(try meter.read(world) == (.plain, .changed), "seed \(seed)")
            #expect(world.counters.sessions == 1)
        }
    }
}

@Suite struct SymmetricCredentialsTests {
    static func device(
        secret: String = "\"00112233445566778899aabbccddeeff\"", sender: String = "\"0a\"",
        recipient: String = "\"67\"", mode: String = "\"fs\"", also: String = ""
    ) -> String {
        """
            {
              "device": "meter-1",\(also)
              "oscore": {
                "secret": \(secret),
                "sender": \(sender),
                "recipient": \(recipient),
                "mode": \(mode)
              }
            }
        """
    }

    @Test func reads() throws {
        let json = CredentialsTests.file(
            Self.device(), Self.device(sender: "\"\"", mode: "\"no-fs\""), CredentialsTests.device(),
            Self.device(
                sender: "\"01020304050607\"",
                also: "\"kid\": \"0b\", \"key\": \"\(CredentialsTests.key)\", \"gateway\": \"g\","))
        let credentials = try Credentials(json: Array(json.utf8))
        #expect(credentials.devices.map(\.device) == ["sensor-1", "meter-1"])
        #expect(credentials.symmetric.map(\.sender.count) == [1, 0, 7])
        #expect(credentials.symmetric.map(\.mode) == [.forwardSecrecy, .noForwardSecrecy, .forwardSecrecy])
        #expect(credentials.symmetric.allSatisfy { $0.device == "meter-1" && $0.recipient.bytes == [0x67] })
        #expect(credentials.symmetric.count == 3 && credentials.deviceCount == 2)
        var text = "\(credentials) \(credentials.symmetric)"
        dump(credentials, to: &text)
        #expect(!text.contains("00112233") && !text.contains("17, 34, 51"))
    }

    /// It makes the context that the device's side understands.
    @Test func makesTheGatewaysSide() throws {
        let json = CredentialsTests.file(Self.device(mode: "\"no-fs\""))
        let world = try World(Credentials(json: Array(json.utf8)))
        var device = try KeyUpdate(
            secret: unhex("00112233445566778899aabbccddeeff"),
            configuration: .init(
                senderID: ConnectionIdentifier(UInt8(0x0a)), recipientID: ConnectionIdentifier(UInt8(0x67)),
                mode: .noForwardSecrecy))
        var exchange = SecurityContext.Exchange()
        try device.start()
        let divergent = try device.protect(
            request: CoAPMessage(type: .confirmable, code: .post, messageID: 1), exchange: &exchange)
        let convergent = try #require(world.send(divergent, from: peer(1)))
        #expect(try device.unprotect(response: convergent, exchange: &exchange).event == .established)
    }

    static let refusals: [CredentialsTests.Refusal] = {
        typealias Refusal = CredentialsTests.Refusal
        let file = { (devices: [String]) in "{\n  \"devices\": [\n" + devices.joined(separator: ",\n") + "\n  ]\n}\n" }
        return [
            Refusal(
                json: file([device(secret: "\"00112233445566778899aabbccddee\"")]), line: 6,
                reason: .secretLength(15)),
            Refusal(
                json: file([device(secret: "\"\(String(repeating: "00", count: 33))\"")]), line: 6,
                reason: .secretLength(33)),
            Refusal(json: file([device(secret: "\"0\"")]), line: 6, reason: .notHexadecimal(.secret)),
            Refusal(json: file([device(sender: "\"x\"")]), line: 7, reason: .notHexadecimal(.sender)),
            Refusal(json: file([device(sender: "\"0102030405060708\"")]), line: 7, reason: .identifierLength(.sender)),
            Refusal(
                json: file([device(recipient: "\"0102030405060708\"")]), line: 8,
                reason: .identifierLength(.recipient)),
            Refusal(json: file([device(sender: "\"67\"")]), line: 8, reason: .equalIdentifiers),
            Refusal(json: file([device(), device(sender: "\"0A\"")]), line: 16, reason: .repeatedSender(line: 7)),
            Refusal(json: file([device(mode: "\"FS\"")]), line: 9, reason: .unknownMode),
            Refusal(json: file([device(mode: "true")]), line: 9, reason: .syntax(expected: "a string in quotes")),
            Refusal(json: file([device(also: "\"mode\": \"fs\",")]), line: 4, reason: .unknownField),
            Refusal(json: file([device(also: "\"kid\": \"0b\",")]), line: 3, reason: .missingField(.key)),
            Refusal(
                json: file([device(also: "\"oscore\": {\"secret\": \"00\"},")]), line: 5,
                reason: .repeatedField("oscore")),
            Refusal(
                json: file([device(also: "\"oscore\": \"00\",")]), line: 4,
                reason: .syntax(expected: "an object in braces")),
            Refusal(json: file([device(mode: "\"fs\", \"mode\": \"fs\"")]), line: 9, reason: .repeatedField("mode")),
            Refusal(json: file([device(mode: "\"fs\", \"kid\": \"00\"")]), line: 9, reason: .unknownFieldOfOSCORE),
            Refusal(
                json: file(["{\"device\": \"d\",\n\"oscore\": {\"secret\": \"\(CredentialsTests.key)\"}}"]), line: 4,
                reason: .missingFieldOfOSCORE(.sender)),
            Refusal(
                json: file(["{\"device\": \"d\", \"oscore\": {}}"]), line: 3,
                reason: .missingFieldOfOSCORE(.secret)),
            Refusal(
                json: file(["{\"oscore\": {\"secret\": \"\(CredentialsTests.key)\"}}"]), line: 3,
                reason: .missingField(.device)),
        ]
    }()

    @Test(arguments: refusals) func refuses(refusal: CredentialsTests.Refusal) throws {
        let error = try #require(CredentialsTests.refusal(refusal.json))
        #expect(error.line == refusal.line)
        #expect(error.reason == refusal.reason)
        #expect(!error.description.contains("00112233") && !error.description.contains("\n"))
    }

    @Test func everyTruncationIsRefused() {
        var json = CredentialsTests.file(Self.device())
        json.removeLast()
        for count in 0..<json.utf8.count {
            #expect(CredentialsTests.refusal(String(json.prefix(count))) != nil)
        }
        #expect(CredentialsTests.refusal(json) == nil)
    }

    @Test func programsMakeThemToo() throws {
        func make(_ bytes: Int, recipient: UInt8 = 2) throws -> SymmetricCredential {
            try unsafe SymmetricCredential(
                secret: [UInt8](repeating: 1, count: bytes).span.bytes, sender: ConnectionIdentifier(UInt8(1)),
                recipient: ConnectionIdentifier(recipient), mode: .forwardSecrecy, device: Identity("d"))
        }
        for bytes in [0, 15, 33] {
            #expect(throws: HuskError.argument) { try make(bytes) }
        }
        #expect(throws: HuskError.argument) { try make(16, recipient: 1) }
        let one = try make(32)
        #expect(throws: HuskError.credential) { try Credentials([], symmetric: [one, one]) }
    }
}
#endif

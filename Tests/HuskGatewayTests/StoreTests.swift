// A gateway that is stopped anywhere and started again on its store: what devices, and whoever copies the file, see.
#if Gateway
import Foundation
import Husk
import NIOCore
import Testing

@testable import HuskGateway

private let register = CoAPOption(number: CoAPOption.observe, uint: 0)

/// A store in a directory of its own, which goes with it.
final class StoreFile {
    let folder: String
    var path: String { folder + "/gateway.db" }

    init() throws {
        folder = NSTemporaryDirectory() + "husk-store-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func keyText(_ version: UInt32 = 1, _ seed: UInt8 = 0x51) -> String {
        "\(version):" + hex([UInt8](repeating: seed, count: 32))
    }

    func open(_ keys: String = StoreFile.keyText()) throws -> Store {
        try Store(path: path, keys: StoreKeys(text: Array(keys.utf8)))
    }

    /// The file and its log, whatever of it is there.
    var contents: [UInt8] {
        ["", "-wal", "-shm", "-journal"].reduce(into: []) { bytes, suffix in
            bytes += FileManager.default.contents(atPath: path + suffix).map(Array.init) ?? []
        }
    }
}

extension [UInt8] {
    func holds(_ needle: [UInt8]) -> Bool {
        Data(self).range(of: Data(needle)) != nil
    }
}

/// The Partial IV of a protected response that has one.
func partialIV(_ datagram: [UInt8]) throws -> [UInt8]? {
    let value = try #require(try CoAPMessage(decoding: datagram).option(CoAPOption.oscore)).value
    guard let flags = value.first, flags & 7 > 0 else { return nil }
    return Array(value.dropFirst().prefix(Int(flags & 7)))
}

@Suite struct StoreTests {
    /// Ends without a word, as SIGKILL does, once what was sent is durable; and begins again on the same file.
    private func restart(_ world: World, _ file: StoreFile, _ credentials: Credentials? = nil) throws -> World {
        world.store?.close()
        let next = try World(credentials ?? HuskGatewayTests.credentials(4), store: file.open())
        next.now = world.now + 1000
        return next
    }

    @Test func sessionsGoOnAndReplaysAreRefused() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        var client = try Client(world, 0)
        var sent: [[UInt8]] = []
        for round in 0..<4 {
            for number in 0..<3 {
                var exchange = SecurityContext.Exchange()
                let request = client.request(.post, "sensors/x", payload: [UInt8(number)])
                let bytes = try client.context.protect(request: request, exchange: &exchange)
                let response = try #require(world.send(bytes, from: client.peer))
                #expect(try client.context.unprotect(response: response, exchange: &exchange).code == .changed)
                sent.append(bytes)
            }
            #expect(world.counters.readings == 3)
            #expect(world.counters.handshakesStarted == (round == 0 ? 1 : 0))
            world = try restart(world, file)
            for (index, bytes) in sent.enumerated() {
                let answer = try #require(world.send(bytes, from: client.peer))
                let code = try CoAPMessage(decoding: answer).code
                // The last one is answered again, under protection and as it was; all others are replays.
                let isProtected = try CoAPMessage(decoding: answer).option(CoAPOption.oscore) != nil
                #expect(isProtected == (index == sent.count - 1))
                #expect(isProtected || code == .unauthorized)
            }
            #expect(world.counters.readings == 0)
        }
    }

    @Test func whatWasAnsweredIsAnsweredAlike() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        // message_3, and the first request in the same datagram: their answers were lost with the gateway.
        for combines in [false, true] {
            let sensor = try Sensor(combines ? 1 : 0, combines: combines)
            try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
            let message1 = try #require(try sensor.device.transmit(now: 0).datagram)
            _ = try sensor.device.receive(try #require(world.send(message1, from: sensor.peer)), now: 0)
            let message3 = try #require(try sensor.device.transmit(now: 0).datagram)
            let answer = try #require(world.send(message3, from: sensor.peer))
            world = try restart(world, file)
            #expect(world.send(message3, from: sensor.peer) == answer)
            // From elsewhere too, if the device moved; and nothing was done again.
            #expect(world.send(message3, from: peer(99)) == answer)
            #expect(world.counters.readings == 0 && world.counters.handshakesFailed == 0)
            sensor.note(try sensor.device.receive(answer, now: 0))
            world.now = 4_000_000
            try world.run([sensor])
            #expect(sensor.failures.isEmpty)
            #expect(sensor.responses.map(\.code) == [.changed])
            // One changed bit and it is another message.
            var forged = message3
            forged[forged.count - 1] ^= 1
            #expect(world.send(forged, from: sensor.peer) != answer)
        }
    }

    @Test func notificationsNeverUseANumberTwice() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        var client = try Client(world, 0)
        var used: Set<[UInt8]> = []
        var notifications = 0
        for _ in 0..<4 {
            var exchange = SecurityContext.Exchange()
            let request = client.request(.get, "mailbox", options: [register])
            let bytes = try client.context.protect(request: request, exchange: &exchange)
            let first = try #require(world.send(bytes, from: client.peer))
            #expect(try client.context.unprotect(response: first, exchange: &exchange).code == .content)
            for _ in 0..<300 {
                world.engine.changed("mailbox", device: "sensor-0")
                world.now += 10
                let notification = try #require(world.engine.notifications(now: world.now).first)
                try world.commit()
                let number = try #require(try partialIV(notification.datagram))
                #expect(used.insert(number).inserted)
                notifications += 1
                let opened = try client.context.unprotect(response: notification.datagram, exchange: &exchange)
                #expect(opened.code == .content)
                let id = try CoAPMessage(decoding: notification.datagram).messageID
                let ack = CoAPMessage(type: .acknowledgement, code: .empty, messageID: id)
                _ = try world.send(ack, from: client.peer)
            }
            world = try restart(world, file)
        }
        #expect(used.count == notifications && notifications == 1200)
    }

    @Test(arguments: [false, true]) func resumptionGoesOn(combines: Bool) throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        let memory = DeviceMemory()
        for round in 0..<4 {
            let sensor = try Sensor(0, combines: combines, memory: memory)
            try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
            try world.run([sensor])
            #expect(sensor.responses.map(\.code) == [.changed])
            #expect(world.counters.handshakesFailed == 0, "round \(round)")
            world = try restart(world, file)
        }
    }

    @Test func keyUpdatesGoOnFromTheirRecord() throws {
        let file = try StoreFile()
        let gateway = try ConnectionIdentifier([0x67])
        let secret = keyBytes(600)
        let known = try Credentials(
            credentials(1).devices,
            symmetric: [
                unsafe SymmetricCredential(
                    secret: secret.span.bytes, sender: ConnectionIdentifier(UInt8(9)), recipient: gateway,
                    mode: .forwardSecrecy, device: Identity("meter"))
            ])
        var world = try World(known, store: file.open())
        var meter = try unsafe KeyUpdate(
            secret: secret.span.bytes,
            configuration: .init(senderID: ConnectionIdentifier(UInt8(9)), recipientID: gateway, mode: .forwardSecrecy))
        var records: Set<[UInt8]> = []
        for round in 0..<4 {
            // The first one begins from the provisioned secret, all others from one that both had to keep.
            try meter.start()
            for expected in [KeyUpdate.Event.established, .plain] {
                var exchange = SecurityContext.Exchange()
                let request = CoAPMessage(
                    type: .confirmable, code: .post, messageID: UInt16.random(in: 0...UInt16.max), token: [7],
                    options: ["sensors", "x"].map {
                        CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8))
                    })
                let datagram = try meter.protect(request: request, exchange: &exchange)
                let answer = try #require(world.send(datagram, from: peer(0)))
                let received = try unsafe meter.unprotect(response: answer.span.bytes, exchange: &exchange)
                #expect(received.event == expected, "round \(round)")
                meter.store { record in records.insert(unsafe record.withUnsafeBytes { unsafe Array($0) }) }
            }
            #expect(world.counters.keyUpdatesCompleted == 1 && world.counters.readings == 1)
            for record in records {
                #expect(!file.contents.holds(Array(record.suffix(16))))
            }
            world = try restart(world, file, known)
        }
        #expect(records.count >= 4)
    }

    @Test func mailboxesKeepTheirEnvelopes() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        var sender = try Client(world, 0)
        var receiver = try Client(world, 1)
        let key = try EnvelopeKey(root: keyBytes(77), sender: Identity("app"), recipient: Identity("sensor-1"))
        var sealer = try EnvelopeSealer(key: key)
        let format = CoAPOption(number: CoAPOption.contentFormat, uint: 16)
        var ids: Set<[UInt8]> = []
        for text in ["first", "second", "third"] {
            let envelope = try sealer.seal(Array(text.utf8), EnvelopeMetadata(destination: "sensor-1")) { _ in }
            let request = sender.request(.post, "mailbox", options: [format], payload: envelope)
            #expect(try sender.exchange(world, request)?.code == .created)
            world = try restart(world, file)
            let letter = try #require(try receiver.exchange(world, receiver.request(.get, "mailbox")))
            #expect(letter.payload == envelope)
            let tag = try #require(letter.option(CoAPOption.etag)).value
            #expect(ids.insert(tag).inserted)
            let id = tag.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(try receiver.exchange(world, receiver.request(.delete, "mailbox/\(id)"))?.code == .deleted)
            world = try restart(world, file)
            #expect(try receiver.exchange(world, receiver.request(.get, "mailbox"))?.payload == [])
        }
    }

    @Test func noKeyIsInTheFile() throws {
        let file = try StoreFile()
        let world = try World(credentials(4), store: file.open())
        var secrets: [[UInt8]] = []
        var identifiers: Set<ConnectionIdentifier> = []
        var sealed: [[UInt8]] = []
        for index in 0..<4 {
            var client = try Client(world, index)
            #expect(try client.exchange(world, client.request(.post, "sensors/x"))?.code == .changed)
            let session = try #require(world.engine.sessions[client.identifier])
            session.context.withRecord { record in
                let bytes = unsafe record.withUnsafeBytes { unsafe Array($0) }
                // Sender key, recipient key, common IV.
                secrets += [Array(bytes[43..<59]), Array(bytes[75..<91]), Array(bytes[107..<120])]
            }
            secrets.append(keyBytes(index))
            identifiers.insert(client.identifier)
            sealed.append(session.sealed)
            try #require(world.engine.resumptions.keys(of: kidBytes(index))).last.key.withKey { key in
                secrets.append(unsafe key.withUnsafeBytes { unsafe Array($0) })
            }
        }
        #expect(secrets.count == 20 && secrets.allSatisfy { Set($0).count > 4 })
        func assertSealed() {
            let bytes = file.contents
            // It is there: what is not sealed can be seen.
            #expect(bytes.holds(Array("awaits_fifth_message".utf8)))
            #expect(identifiers.count == 4 && sealed.allSatisfy { $0.count > 100 && bytes.holds($0) })
            for secret in secrets {
                // Half of one would be too much already.
                #expect(!bytes.holds(Array(secret.prefix(8))))
                #expect(!bytes.holds(Array(secret.suffix(8))))
            }
        }
        assertSealed()
        world.store?.close()
        assertSealed()
        // A copy with other keys opens nothing.
        #expect(throws: StoreError.wrongKey(path: file.path, version: 1)) {
            _ = try file.open(StoreFile.keyText(1, 0x52))
        }
        #expect(throws: StoreError.wrongKey(path: file.path, version: 1)) {
            _ = try file.open(StoreFile.keyText(2))
        }
    }

    @Test func whoseKeyChangedBeginsAnew() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        var removed = try Client(world, 0)
        var rekeyed = try Client(world, 1)
        var kept = try Client(world, 2)
        // sensor-0 is gone, sensor-1 has another key under its kid.
        let changed = try Credentials([1, 2].map { index in
            try unsafe DeviceCredential(
                key: keyBytes(index == 1 ? 50 : index).span.bytes, kid: kidBytes(index),
                device: Identity("sensor-\(index)"), gateway: Identity("gateway.example"))
        })
        world = try restart(world, file, changed)
        #expect(world.engine.sessions.count == 1)
        #expect(throws: HuskError.self) { try removed.exchange(world, removed.request(.post, "sensors/x")) }
        #expect(throws: HuskError.self) { try rekeyed.exchange(world, rekeyed.request(.post, "sensors/x")) }
        #expect(try kept.exchange(world, kept.request(.post, "sensors/x"))?.code == .changed)
        // For good: not even the old credentials bring them back.
        world = try restart(world, file)
        #expect(world.engine.sessions.count == 1)
    }

    @Test func keysAreRotated() throws {
        let file = try StoreFile()
        var world = try World(credentials(4), store: file.open())
        var client = try Client(world, 0)
        #expect(try client.exchange(world, client.request(.post, "sensors/x"))?.code == .changed)
        world.store?.close()
        let both = StoreFile.keyText(1) + "\n" + StoreFile.keyText(2, 0x77)
        let store = try file.open(both)
        #expect(try store.check().sealed == [1: 2])
        #expect(try store.rekey() == 2)
        #expect(try store.check().sealed == [2: 2])
        #expect(try store.rekey() == 0)
        store.close()
        #expect(throws: StoreError.self) { _ = try file.open() }
        world = try World(credentials(4), store: file.open(StoreFile.keyText(2, 0x77)))
        #expect(try client.exchange(world, client.request(.post, "sensors/x"))?.code == .changed)
    }
}
#endif

// What goes wrong with stores: full, read-only, damaged, taken. Each is a clear error, and nothing is acknowledged that
// is not durable.
#if Gateway
import Foundation
import GRDB
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct StoreFailureTests {
    /// A store with sessions of four devices, closed.
    private func filled() throws -> StoreFile {
        let file = try StoreFile()
        let world = try World(credentials(4), store: file.open())
        for index in 0..<4 {
            var client = try Client(world, index)
            _ = try client.exchange(world, client.request(.post, "sensors/x"))
        }
        world.store?.close()
        return file
    }

    @Test func oneGatewayHasItForItself() throws {
        let file = try filled()
        let first = try file.open()
        #expect(throws: StoreError.inUse(path: file.path)) { _ = try file.open() }
        // Nor does it get in because somebody looked.
        #expect(throws: StoreError.inUse(path: file.path)) { _ = try file.open() }
        #expect(try first.check().sessions == 4)
        first.close()
        #expect(try file.open().check().sessions == 4)
    }

    @Test(arguments: [true, false]) func whatCannotBeStoredStaysPending(isFull: Bool) throws {
        let file = try StoreFile()
        let store = try file.open()
        let world = try World(credentials(40), store: store)
        var client = try Client(world, 0)
        // Pages for what is there and no more; or no writing at all.
        try store.queue.writeWithoutTransaction { db in
            try db.execute(sql: isFull ? "PRAGMA max_page_count = 1" : "PRAGMA query_only = ON")
        }
        var responses = 0
        var failure: StoreError?
        for index in 1..<40 {
            let engine = world.engine
            var initiator = Initiator(peer(index))
            let started = try start(&initiator)
            let message2 = try #require(engine.receive(started.request.encoded(), from: peer(index), now: world.now))
            let finishing = try finish(
                &initiator, started.waiting, CoAPMessage(decoding: message2), index: index)
            let answer = engine.receive(try finishing.request.encoded(), from: peer(index), now: world.now)
            responses += answer == nil ? 0 : 1
            let taken = try #require(try engine.takeChanges())
            do throws(StoreError) {
                try store.commit(taken.changes)
            } catch {
                failure = error
                engine.unstored.add(taken.names)
            }
        }
        #expect(failure == (isFull ? .full(path: file.path) : .readOnly(path: file.path)))
        #expect(responses == 39)
        try store.queue.writeWithoutTransaction { db in
            try db.execute(sql: isFull ? "PRAGMA max_page_count = 100000" : "PRAGMA query_only = OFF")
        }
        try world.commit()
        #expect(try store.check().sessions == 40)
        #expect(try client.exchange(world, client.request(.post, "sensors/x"))?.code == .changed)
    }

    @Test func damageIsNoticedWhereverItIs() throws {
        let file = try filled()
        let sound = try #require(FileManager.default.contents(atPath: file.path))
        #expect(sound.count > 8192 && file.contents.count == sound.count)
        var noticed = 0
        var harmless = 0
        var random = SplitMix(state: 7)
        for _ in 0..<60 {
            var damaged = sound
            damaged[Int.random(in: 0..<sound.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try damaged.write(to: URL(fileURLWithPath: file.path))
            do {
                let store = try file.open()
                defer { store.close() }
                let engine = try World(credentials(4), store: store).engine
                // What nobody noticed is in free space: nothing is missing and nothing else.
                #expect(engine.sessions.count == 4)
                harmless += 1
            } catch let error as StoreError {
                noticed += 1
                #expect(!"\(error)".contains("\n"))
            }
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: file.path + suffix)
            }
        }
        #expect(noticed + harmless == 60)
        // Every bit of every row counts.
        let state = { () throws in
            try sound.write(to: URL(fileURLWithPath: file.path))
            let store = try file.open()
            defer { store.close() }
            return try store.load()
        }
        for row in try state().sessions {
            let at = try #require(sound.range(of: Data(row.sealed))).upperBound
            // The sealed keys, and the counters and the answer behind them.
            for offset in [-1, 0, 1, 2, 20, 60] {
                var damaged = sound
                damaged[at + offset] ^= 1
                try damaged.write(to: URL(fileURLWithPath: file.path))
                #expect(throws: StoreError.self) {
                    let store = try file.open()
                    defer { store.close() }
                    _ = try store.load()
                }
            }
        }
    }

    @Test func filesOfOthersAreRefused() throws {
        let file = try StoreFile()
        try Data("not a database, and long enough to be asked about it".utf8).write(to: URL(fileURLWithPath: file.path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(throws: StoreError.self) { _ = try file.open() }
        try FileManager.default.removeItem(atPath: file.path)
        let other = try DatabaseQueue(path: file.path)
        try other.write { try $0.execute(sql: "CREATE TABLE other (x)") }
        try other.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        #expect(throws: StoreError.permissions(path: file.path, mode: 0o644)) { _ = try file.open() }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(throws: StoreError.corrupt(path: file.path, detail: "a database of another program")) {
            _ = try file.open()
        }
    }

    /// Root may write whatever its mode is.
    @Test(.enabled(if: geteuid() != 0)) func aFileThatCannotBeWrittenIsNamed() throws {
        let file = try filled()
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file.path)
        #expect(throws: StoreError.readOnly(path: file.path)) { _ = try file.open() }
    }

    @Test func newFilesAreForTheirOwnerOnly() throws {
        let file = try StoreFile()
        let world = try World(credentials(1), store: file.open())
        _ = try Client(world, 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: file.folder) {
            let attributes = try FileManager.default.attributesOfItem(atPath: file.folder + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test(arguments: ["", "1", "1:00", "0:" + String(repeating: "0", count: 64), StoreFile.keyText() + "0",
        StoreFile.keyText() + " " + StoreFile.keyText(), "x" + StoreFile.keyText()])
    func keysThatSaySomethingWrong(text: String) throws {
        #expect(throws: StoreError.self) { _ = try StoreKeys(text: Array(text.utf8)) }
    }

    @Test func exportsAreTakenInOnce() throws {
        let file = try filled()
        let store = try file.open()
        let text = try store.export()
        #expect(text.count { $0 == 0x0a } == 4)
        #expect(throws: StoreError.importRefused(file: "x", line: 1, reason: "is there already")) {
            _ = try store.importRecords(text, file: "x")
        }
        let other = try StoreFile()
        let target = try other.open()
        let third = text.split(separator: 0x0a)[2]
        #expect(throws: StoreError.importRefused(file: "x", line: 5, reason: "is there already")) {
            _ = try target.importRecords(text + third, file: "x")
        }
        #expect(throws: StoreError.self) { _ = try target.importRecords(text + Array("{}".utf8), file: "x") }
        // All or nothing.
        #expect(try target.check().resumptionKeys == 0)
        #expect(try target.importRecords(text, file: "x") == 4)
        #expect(try target.check().resumptionKeys == 4)
        #expect(try target.export() == text)
        let stranger = try StoreFile().open(StoreFile.keyText(1, 3))
        #expect(throws: StoreError.importRefused(file: "x", line: 1, reason: "does not open with these keys")) {
            _ = try stranger.importRecords(text, file: "x")
        }
    }

    @Test func tenThousandSessionsAreBackAtOnce() throws {
        let file = try StoreFile()
        let many = try credentials(10_000)
        let world = try World(many, store: file.open())
        // Sessions without their handshakes, which are not what is measured.
        for (index, credential) in many.devices.enumerated() {
            let identifier = ConnectionIdentifier(tripletOf: UInt32(index))
            let secret = keyBytes(index)
            let context = try unsafe SecurityContext(
                masterSecret: secret.span.bytes, masterSalt: secret.span.bytes,
                senderID: ConnectionIdentifier(UInt8(1)), recipientID: identifier)
            let session = Session(identifier: identifier, credential: credential, context: context)
            #expect(world.engine.sessions.insert(session) == nil)
            world.engine.note(changed: session)
        }
        let clock = ContinuousClock()
        let writing = try clock.measure { try world.commit() }
        world.store?.close()
        var count = 0
        let reading = try clock.measure {
            let next = try World(many, store: file.open())
            count = next.engine.sessions.count
        }
        #expect(count == 10_000)
        // A figure to look at; `make test-load` has that of a release build, with the process and its credentials.
        print("10,000 sessions: stored in \(writing), back in \(reading) (debug build)")
    }
}
#endif

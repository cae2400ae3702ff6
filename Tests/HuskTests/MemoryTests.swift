// Secrets of links that talk are gone from the process's memory. The life of each type alone, in every mode of the
// compiler: Tests/swift-memory, whose scan this is.
#if os(Linux)
import CHusk
import Glibc
import Testing

@testable import Husk

@Suite(.serialized) struct MemoryTests {
    @Test func scanFindsWhatIsThere() {
        let bytes = PinnedBytes(count: 16)
        fill(bytes)
        let needle = Needle(16) { bytes[$0] }
        #expect(needle.occurrences() >= 1)
    }

    private func fill(_ bytes: borrowing PinnedBytes) {
        var generator = SystemRandomNumberGenerator()
        for index in 0..<bytes.count {
            bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
    }

    /// Runs `body` with a random key in wiped storage, then looks for the second half of the key: an allocator may
    /// write over the beginning of what it gets back, which would hide a missing wipe.
    private func leaks(_ body: (RawSpan) throws(HuskError) -> Void) throws -> Int {
        let needle: Needle
        do {
            let key = PinnedBytes(count: 64)
            fill(key)
            needle = Needle(32) { key[32 + $0] }
            try key.withBytes { (key) throws(HuskError) in try body(key) }
        }
        return needle.occurrences()
    }

    /// Secret and record; and of what is sent, the copy that the link needs while it does.
    @Test func linksWithKeyUpdatesAreWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            let secret = key.extracting(last: 32)
            let memory = try LinkMemory(record: key) { (_: RawSpan) throws(HuskError) in }
            var ends = try Wire(
                Link(
                    keyUpdate: secret, configuration: updating(1, 2), memory: memory,
                    framing: .init(isPointToPoint: true)),
                Link(
                    keyUpdate: secret, configuration: updating(2, 1), memory: LinkMemory { (_: RawSpan) in },
                    framing: .init(isPointToPoint: true)))
            try ends.a.start()
            ends.settle()
            try ends.a.send(key)
            _ = ends.a.transmit(now: ends.now)
        }
        #expect(left == 0)
    }

    private func updating(_ own: UInt8, _ other: UInt8) -> KeyUpdate.Configuration {
        .init(
            senderID: ConnectionIdentifier(own), recipientID: ConnectionIdentifier(other), mode: .forwardSecrecy)
    }

    /// As soon as it was handed out, sealed, nothing of a message is left in the link.
    @Test func sentMessagesAreWiped() throws {
        var ends = try LinkTests.started(.init(isPointToPoint: true))
        let left = try leaks { (message) throws(HuskError) in
            try ends.a.send(message)
            #expect(ends.a.transmit(now: ends.now).frames.count == 1)
        }
        #expect(left == 0 && ends.a.isAuthenticated)
    }

    /// Of a record that was replaced nothing is left, although the memory goes on: not even where the new one is
    /// shorter.
    @Test func replacedRecordsAreWiped() throws {
        let needle: Needle
        let saved = SavedRecord()
        do {
            let secret = PinnedBytes(count: 99)
            fill(secret)
            needle = Needle(32) { secret[67 + $0] }
            let memory = try secret.withBytes { (record) throws(HuskError) in
                try LinkMemory(record: record) { (_: RawSpan) in saved.saves += 1 }
            }
            #expect(needle.occurrences() >= 2)
            let hook = unsafe memory.hook
            let short: [UInt8] = [1, 2, 3]
            #expect(unsafe hook.store(hook.context, 3, short, short.count) == HUSK_OK)
            _ = consume secret
            #expect(saved.saves == 1 && needle.occurrences() == 0)
            withExtendedLifetime(memory) {}
        }
    }

    @Test func linkKeysAreWiped() throws {
        for needle in try linkNeedles() {
            #expect(needle.occurrences() == 0)
        }
    }

    /// The keys of both ends of a session, after its life.
    private func linkNeedles() throws -> [Needle] {
        let wire = try LinkTests.started(.init(frameBytes: 20))
        let sender = unsafe UnsafeRawPointer(wire.a.pointer.pointer(to: \.context.oscore.sender_key)!)
        let recipient = unsafe UnsafeRawPointer(wire.a.pointer.pointer(to: \.context.oscore.recipient_key)!)
        let needles = [
            Needle(16) { unsafe sender.load(fromByteOffset: $0, as: UInt8.self) },
            Needle(16) { unsafe recipient.load(fromByteOffset: $0, as: UInt8.self) },
        ]
        #expect(needles[0].occurrences() >= 2 && wire.b.isAuthenticated)
        return needles
    }
}
#endif

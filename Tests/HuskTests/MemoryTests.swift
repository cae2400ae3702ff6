// Secrets are gone from the process's memory once their owner is: scans every writable page for them.
#if os(Linux)
import CHusk
import Glibc
import Testing

@testable import Husk

/// A secret to look for, kept so that looking does not find the copy we look with.
struct Needle {
    private let masked: [UInt8]

    init(_ count: Int, _ byte: (Int) -> UInt8) {
        masked = (0..<count).map { byte($0) ^ 0xa5 }
    }

    /// How often it stands in writable memory.
    func occurrences() -> Int {
        let maps = Self.readAll("/proc/self/maps")
        let memory = unsafe open("/proc/self/mem", O_RDONLY)
        precondition(memory >= 0)
        defer { close(memory) }
        let chunk = 1 << 16
        // Not on the heap, and left out of the scan.
        let window = unsafe mmap(nil, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { unsafe munmap(window, chunk) }
        let own = UInt(bitPattern: window)
        var found = 0
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 1, fields[1].hasPrefix("rw") else { continue }
            let bounds = fields[0].split(separator: "-").map { UInt($0, radix: 16)! }
            var at = bounds[0]
            while at < bounds[1] {
                defer { at += UInt(chunk - masked.count) }
                guard at + UInt(chunk) <= own || at >= own + UInt(chunk) else { continue }
                let count = unsafe pread(memory, window, min(chunk, Int(bounds[1] - at)), off_t(at))
                guard count > 0 else { continue }
                found += unsafe matches(in: UnsafeRawBufferPointer(start: window, count: count))
            }
        }
        return found
    }

    private func matches(in bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= masked.count else { return 0 }
        var found = 0
        let first = masked[0] ^ 0xa5
        for start in 0...(bytes.count - masked.count) where unsafe bytes[start] == first {
            var index = 1
            while unsafe index < masked.count && bytes[start + index] == masked[index] ^ 0xa5 {
                index += 1
            }
            found += index == masked.count ? 1 : 0
        }
        return found
    }

    private static func readAll(_ path: String) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(file, &buffer, buffer.count)
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }
}

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

    private func preSharedKey(_ key: RawSpan) throws(HuskError) -> PreSharedKey {
        let kid: [UInt8] = [1]
        return try unsafe PreSharedKey(
            key: key, kid: kid.span.bytes, initiator: Identity("device"), responder: Identity("gateway"))
    }

    @Test func preSharedKeyIsWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            let psk = try preSharedKey(key)
            _ = psk.copy()
        }
        #expect(left == 0)
    }

    @Test func masterSecretIsWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            _ = try SecurityContext(
                masterSecret: key, masterSalt: key, senderID: ConnectionIdentifier(UInt8(1)),
                recipientID: ConnectionIdentifier(UInt8(2)))
        }
        #expect(left == 0)
    }

    @Test func keyUpdateIsWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            var update = try KeyUpdate(
                secret: key.extracting(last: 32),
                configuration: .init(
                    senderID: ConnectionIdentifier(UInt8(1)), recipientID: ConnectionIdentifier(UInt8(2)),
                    mode: .negotiated))
            try update.start()
            update.store { _ in }
            var exchange = SecurityContext.Exchange()
            _ = try update.protect(
                request: CoAPMessage(type: .confirmable, code: .post, messageID: 1), exchange: &exchange)
        }
        #expect(left == 0)
    }

    @Test func envelopeKeysAreWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            let derived = try EnvelopeKey(root: key, sender: Identity("a"), recipient: Identity("b"))
            var sealer = try EnvelopeSealer(key: derived)
            _ = try sealer.seal([1], EnvelopeMetadata()) { _ in }
        }
        #expect(left == 0)
    }

    @Test func derivedEnvelopeKeysAreWiped() throws {
        #expect(try derivedNeedle().occurrences() == 0)
    }

    /// A key that went through a list of recipients, a sealer and an export.
    private func derivedNeedle() throws -> Needle {
        let root = PinnedBytes(count: 16)
        fill(root)
        let key = try root.withBytes { (root) throws(HuskError) in
            try EnvelopeKey(root: root, sender: Identity("a"), recipient: Identity("b"), wraps: true)
        }
        var recipients = EnvelopeRecipients()
        recipients.append(key)
        recipients.append(key)
        key.withCOSEKey { _ in }
        var sealer = try EnvelopeSealer(recipients: recipients)
        _ = try sealer.seal([1], EnvelopeMetadata()) { _ in }
        let bytes = unsafe UnsafeRawPointer(key.storage.pointer.pointer(to: \.key)!)
        return Needle(16) { unsafe bytes.load(fromByteOffset: $0, as: UInt8.self) }
    }

    @Test func deviceIsWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            let psk = try preSharedKey(key)
            var device = try Device(key: psk)
            try device.start(nil)
            _ = try device.transmit(now: 0)
        }
        #expect(left == 0)
    }

    @Test func linksAreWiped() throws {
        let left = try leaks { (key) throws(HuskError) in
            let psk = try preSharedKey(key)
            var keys = PreSharedKeys()
            try keys.append(psk)
            let framing = Link.Framing(isPointToPoint: true, frameBytes: 20)
            let gateway = try Link(responder: keys, identifier: ConnectionIdentifier(UInt8(1)), framing: framing)
            var device = try Link(initiator: psk, identifier: ConnectionIdentifier(UInt8(2)), framing: framing)
            try device.start()
            _ = device.transmit(now: 0)
            _ = gateway.isAuthenticated
        }
        #expect(left == 0)
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
        let saved = Flash()
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

    @Test func contextKeysAreWiped() throws {
        let needles = try contextNeedles()
        for needle in needles {
            #expect(needle.occurrences() == 0)
        }
    }

    /// The keys of a context that was used, after its life.
    private func contextNeedles() throws -> [Needle] {
        let secret = PinnedBytes(count: 32)
        fill(secret)
        var context = try secret.withBytes { (secret) throws(HuskError) in
            try SecurityContext(
                masterSecret: secret, masterSalt: secret, senderID: ConnectionIdentifier(UInt8(1)),
                recipientID: ConnectionIdentifier(UInt8(2)))
        }
        var exchange = SecurityContext.Exchange()
        _ = try context.protect(
            request: CoAPMessage(type: .confirmable, code: .get, messageID: 1), exchange: &exchange)
        let sender = unsafe UnsafeRawPointer(context.pointer.pointer(to: \.sender_key)!)
        let recipient = unsafe UnsafeRawPointer(context.pointer.pointer(to: \.recipient_key)!)
        return [
            Needle(16) { unsafe sender.load(fromByteOffset: $0, as: UInt8.self) },
            Needle(16) { unsafe recipient.load(fromByteOffset: $0, as: UInt8.self) },
        ]
    }

    @Test func handshakeSecretsAreWiped() throws {
        let needles = try handshakeNeedles()
        for needle in needles {
            #expect(needle.occurrences() == 0)
        }
    }

    /// The ephemeral private key of an Initiator that took message_2 and went on.
    private func handshakeNeedles() throws -> [Needle] {
        let configuration = try HandshakeConfiguration()
        var message: [UInt8] = []
        let waiting = try Handshake.Initiator.ReadyForMessage1(
            configuration, suite: .suite0, identifier: ConnectionIdentifier(UInt8(1)))
            .compose(message1: &message)
        let state = unsafe UnsafeRawPointer(waiting.session.pointer.pointer(to: \.state)!)
        let privateKey = Needle(32) { unsafe state.load(fromByteOffset: $0, as: UInt8.self) }
        #expect(privateKey.occurrences() >= 1)
        _ = try Handshake.Responder.WaitingForMessage1(configuration).process(message)
            .compose(identifier: ConnectionIdentifier(UInt8(2)), message2: &message)
        let ready = try waiting.process(message)
        #expect(privateKey.occurrences() == 0)
        let exchanged = unsafe UnsafeRawPointer(ready.session.pointer.pointer(to: \.state)!)
        let prk = Needle(32) { unsafe exchanged.load(fromByteOffset: $0, as: UInt8.self) }
        return [privateKey, prk]
    }
}
#endif

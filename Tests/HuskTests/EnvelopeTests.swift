// Envelopes: the worked examples of the documentation, round trips, restarts, refusals, several recipients.
import Testing

@testable import Husk

private struct DiskFull: Error {}

/// Storage that keeps the last record, and may fail.
private final class Disk {
    var record: [UInt8] = []
    var isFull = false
    var writes = 0

    func replace(_ new: RawSpan) throws(DiskFull) {
        guard !isFull else { throw DiskFull() }
        record = unsafe new.withUnsafeBytes { unsafe Array($0) }
        writes += 1
    }
}

@Suite struct EnvelopeTests {
    private static let root = unhex("000102030405060708090a0b0c0d0e0f")
    private static let time: UInt64 = 1_792_486_800

    private func key(
        _ sender: String = "kitchen", _ recipient: String = "climate", identifier: [UInt8] = [7],
        algorithm: EnvelopeAlgorithm = .aesCCM8, wraps: Bool = false
    ) throws(HuskError) -> EnvelopeKey {
        try EnvelopeKey(
            root: Self.root, sender: Identity(sender), recipient: Identity(recipient), identifier: identifier,
            algorithm: algorithm, wraps: wraps)
    }

    /// The reading and the command of the article Envelope, from Husk.docc. The records say that 5 and 300 come next.
    @Test func workedExamples() throws {
        let disk = Disk()
        var device = try EnvelopeSealer(key: key(), record: unhex("0000000004"))
        let reading = try device.seal(
            unhex("a1617418d7"), EnvelopeMetadata(destination: "climate", contentFormat: 60, time: Self.time)
        ) { record throws(DiskFull) in try disk.replace(record) }
        #expect(
            hex(reading)
                == "d083581aa4010a03183c0441070fa20367636c696d617465061a6ad72d90a10641054d64c8b2b87ab30bec4886b1b67b")
        #expect(hex(disk.record) == "0000000044")

        var application = try EnvelopeSealer(
            key: key("climate", "kitchen", identifier: [8]), record: unhex("000000012b"))
        let command = try application.seal(
            Array("unlock".utf8),
            EnvelopeMetadata(
                source: "climate", destination: "kitchen", time: Self.time, deadline: Self.time + 60, priority: 7,
                tags: ["door", "night"])
        ) { record throws(DiskFull) in try disk.replace(record) }
        #expect(
            hex(command)
                == "d0835840a6010a02810f0441080fa40167636c696d61746503676b69746368656e041a6ad72dcc061a6ad72d90"
                + "3a00010000073a000100018264646f6f72656e69676874a10642012c4ed18c254d0b69418624177110397a")
        let exported = try key().withCOSEKey { key in unsafe key.withUnsafeBytes { unsafe Array($0) } }
        #expect(hex(exported) == "a50104024107030a054d8f71bc5a3dd92e8424330ebafc20501f65dad585712f1f1d5e3cc7acd3ed92")
    }

    @Test(arguments: EnvelopeAlgorithm.allCases, [false, true])
    func roundTrips(algorithm: EnvelopeAlgorithm, fullIV: Bool) throws {
        let disk = Disk()
        let window = Disk()
        var sealer = try EnvelopeSealer(key: key(algorithm: algorithm), fullIV: fullIV)
        var opener = try EnvelopeOpener(key: key(algorithm: algorithm))
        for count in 0..<70 {
            let content = [UInt8](repeating: UInt8(count), count: count * 5)
            let metadata = EnvelopeMetadata(
                source: count % 2 == 0 ? nil : "kitchen", destination: count % 3 == 0 ? nil : "climate",
                contentFormat: count % 5 == 0 ? nil : UInt16(count * 900), time: count % 7 == 0 ? nil : UInt64(count),
                deadline: count % 11 == 0 ? nil : UInt64.max, priority: count % 13 == 0 ? nil : UInt8(count),
                tags: [String](repeating: "étiquette", count: count % 4))
            let envelope = try sealer.seal(content, metadata) { record throws(DiskFull) in try disk.replace(record) }
            let seen = try Envelope(inspecting: envelope)
            #expect(seen.metadata == metadata)
            #expect(seen.algorithm == algorithm.identifier)
            #expect(seen.keyIdentifier == [7])
            #expect(seen.recipientCount == 1 && !seen.hasRecipientList)
            let opened = try opener.open(envelope, now: 1) { record throws(DiskFull) in try window.replace(record) }
            #expect(opened == OpenedEnvelope(metadata: metadata, content: content, sequence: UInt64(count)))
        }
        #expect(disk.writes == 2)
        #expect(window.writes == 70)
    }

    @Test func restarts() throws {
        let disk = Disk()
        let window = Disk()
        var seen: Set<UInt64> = []
        var last: [UInt8] = []
        for _ in 0..<5 {
            var sealer = try EnvelopeSealer(key: key(), record: disk.record)
            var opener = try EnvelopeOpener(key: key(), record: window.record)
            #expect(
                failure { () throws(HuskError) in
                    _ = try opener.open(last, now: nil) { record throws(DiskFull) in try window.replace(record) }
                } == (last.isEmpty ? .format : .replay))
            for _ in 0..<3 {
                last = try sealer.seal([1], EnvelopeMetadata()) { record throws(DiskFull) in try disk.replace(record) }
                let opened = try opener.open(last, now: nil) { record throws(DiskFull) in try window.replace(record) }
                #expect(seen.insert(opened.sequence).inserted)
            }
        }
        #expect(seen.count == 15)
    }

    @Test func releasedNumbersComeNext() throws {
        let disk = Disk()
        for number in 0..<4 {
            var sealer = try EnvelopeSealer(key: key(), record: disk.record)
            var opener = try EnvelopeOpener(key: key())
            let envelope = try sealer.seal([], EnvelopeMetadata()) { record throws(DiskFull) in
                try disk.replace(record)
            }
            let opened = try opener.open(envelope, now: nil) { _ in }
            #expect(opened.sequence == UInt64(number))
            try sealer.release { record throws(DiskFull) in try disk.replace(record) }
            #expect(hex(disk.record) == "000000000\(number)")

            _ = try sealer.seal([], EnvelopeMetadata()) { _ in }
            disk.isFull = true
            let error = failure { () throws(HuskError) in
                try sealer.release { record throws(DiskFull) in try disk.replace(record) }
            }
            #expect(error == .storage)
            disk.isFull = false
        }
    }

    @Test func nothingHappensUnlessItWasStored() throws {
        let disk = Disk()
        let window = Disk()
        var sealer = try EnvelopeSealer(key: key())
        var opener = try EnvelopeOpener(key: key())
        disk.isFull = true
        for _ in 0..<3 {
            let error = failure { () throws(HuskError) in
                _ = try sealer.seal([1], EnvelopeMetadata()) { record throws(DiskFull) in try disk.replace(record) }
            }
            #expect(error == .storage)
        }
        disk.isFull = false
        let envelope = try sealer.seal([1], EnvelopeMetadata()) { record throws(DiskFull) in try disk.replace(record) }
        #expect(hex(disk.record) == "000000003f")
        window.isFull = true
        for _ in 0..<3 {
            let error = failure { () throws(HuskError) in
                _ = try opener.open(envelope, now: nil) { record throws(DiskFull) in try window.replace(record) }
            }
            #expect(error == .storage)
        }
        window.isFull = false
        let opened = try opener.open(envelope, now: nil) { record throws(DiskFull) in try window.replace(record) }
        #expect(opened.sequence == 0 && opened.content == [1])
        #expect(hex(window.record) == "00000000000000000000000001")
    }

    @Test(arguments: [1, 4, 6, 12, 13, 14, 200])
    func recordsThatAreNone(count: Int) throws {
        let record = [UInt8](repeating: 0, count: count)
        #expect(failure { () throws(HuskError) in _ = try EnvelopeSealer(key: key(), record: record) } == .storage)
        #expect(
            failure { () throws(HuskError) in _ = try EnvelopeOpener(key: key(), record: record) }
                == (count == 13 ? nil : .storage))
    }

    /// What opening an envelope ends with.
    private func refusal(_ envelope: [UInt8], _ opener: inout EnvelopeOpener, now: UInt64?) -> HuskError? {
        do {
            _ = try opener.open(envelope, now: now) { _ in }
            return nil
        } catch {
            return error
        }
    }

    @Test func commandsAreRefusedLateOrTwiceOrElsewhere() throws {
        var application = try EnvelopeSealer(key: key("climate", "kitchen"))
        var device = try EnvelopeOpener(
            key: key("climate", "kitchen"), names: ["hall", "kitchen"], requiresDeadline: true)
        var sealed: [[UInt8]] = []
        for metadata in [
            EnvelopeMetadata(destination: "kitchen", deadline: Self.time), EnvelopeMetadata(destination: "kitchen"),
            EnvelopeMetadata(destination: "cellar", deadline: Self.time),
        ] {
            sealed.append(try application.seal(Array("unlock".utf8), metadata) { _ in })
        }
        #expect(refusal(sealed[0], &device, now: nil) == .clock)
        #expect(refusal(sealed[0], &device, now: Self.time) == .expired)
        #expect(refusal(sealed[1], &device, now: Self.time - 1) == .format)
        #expect(refusal(sealed[2], &device, now: Self.time - 1) == .destination)
        var changed = sealed[0]
        changed[changed.count - 1] ^= 1
        #expect(refusal(changed, &device, now: Self.time - 1) == .authentication)
        #expect(refusal(sealed[0], &device, now: Self.time - 1) == nil)
        #expect(refusal(sealed[0], &device, now: Self.time - 1) == .replay)

        // The same envelope under other keys: the other direction, another kid.
        var wrongWay = try EnvelopeOpener(key: key("kitchen", "climate"))
        #expect(refusal(sealed[0], &wrongWay, now: 1) == .authentication)
        var wrongName = try EnvelopeOpener(key: key("climate", "kitchen", identifier: [9]))
        #expect(refusal(sealed[0], &wrongName, now: 1) == .context)
        var wrongAlgorithm = try EnvelopeOpener(key: key("climate", "kitchen", algorithm: .aesCCM16))
        #expect(refusal(sealed[0], &wrongAlgorithm, now: 1) == .unsupported)
    }

    @Test(arguments: EnvelopeAlgorithm.allCases)
    func severalRecipients(algorithm: EnvelopeAlgorithm) throws {
        let names = ["climate", "archive", "alarm"]
        var recipients = EnvelopeRecipients()
        for (index, name) in names.enumerated() {
            recipients.append(try key("kitchen", name, identifier: [UInt8(index)], algorithm: algorithm, wraps: true))
        }
        var sealer = try EnvelopeSealer(recipients: recipients)
        let envelope = try sealer.seal(Array("smoke".utf8), EnvelopeMetadata(priority: 9)) { _ in }
        let seen = try Envelope(inspecting: envelope)
        #expect(seen.recipientCount == 3 && seen.hasRecipientList && seen.keyIdentifier == nil)
        for (index, name) in names.enumerated() {
            var opener = try EnvelopeOpener(
                key: key("kitchen", name, identifier: [UInt8(index)], algorithm: algorithm, wraps: true))
            let opened = try opener.open(envelope, now: nil) { _ in }
            #expect(opened.content == Array("smoke".utf8) && opened.metadata.priority == 9)
            #expect(refusal(envelope, &opener, now: nil) == .replay)
        }
        var stranger = try EnvelopeOpener(
            key: key("kitchen", "stranger", identifier: [2], algorithm: algorithm, wraps: true))
        #expect(refusal(envelope, &stranger, now: nil) == .authentication)
        var nobody = try EnvelopeOpener(
            key: key("kitchen", "nobody", identifier: [3], algorithm: algorithm, wraps: true))
        #expect(refusal(envelope, &nobody, now: nil) == .context)
    }

    @Test func keysOfTheWrongKind() throws {
        #expect(failure { () throws(HuskError) in _ = try EnvelopeSealer(key: key(wraps: true)) } == .argument)
        #expect(
            failure { () throws(HuskError) in _ = try EnvelopeSealer(recipients: EnvelopeRecipients()) } == .argument)
        var plain = EnvelopeRecipients()
        plain.append(try key())
        let plainIsRefused = EnvelopeSealer.refuses(plain)
        #expect(plainIsRefused)
        var mixed = EnvelopeRecipients()
        mixed.append(try key(wraps: true))
        mixed.append(try key(algorithm: .chaCha20Poly1305, wraps: true))
        let mixedIsRefused = EnvelopeSealer.refuses(mixed)
        #expect(mixedIsRefused)
        #expect(failure { () throws(HuskError) in _ = try key("same", "same") } == .argument)
        #expect(
            failure { () throws(HuskError) in _ = try key(identifier: [UInt8](repeating: 0, count: 17)) } == .argument)
    }

    @Test func lengthsOutOfRange() throws {
        var sealer = try EnvelopeSealer(key: key())
        for metadata in [
            EnvelopeMetadata(source: String(repeating: "x", count: 256)),
            EnvelopeMetadata(destination: String(repeating: "x", count: 256)),
            EnvelopeMetadata(tags: [String](repeating: "", count: 256)),
        ] {
            let error = failure { () throws(HuskError) in _ = try sealer.seal([], metadata) { _ in } }
            #expect(error == .argument)
        }
        let long = EnvelopeMetadata(
            source: String(repeating: "é", count: 127), destination: String(repeating: "x", count: 255),
            tags: [String](repeating: String(repeating: "y", count: 250), count: 255))
        let error = failure { () throws(HuskError) in
            _ = try sealer.seal([UInt8](repeating: 0, count: 65_536), EnvelopeMetadata()) { _ in }
        }
        #expect(error == .argument)
        let envelope = try sealer.seal([], long) { _ in }
        #expect(try Envelope(inspecting: envelope).metadata == long)
    }
}

extension EnvelopeSealer {
    fileprivate static func refuses(_ recipients: consuming EnvelopeRecipients) -> Bool {
        do {
            _ = try EnvelopeSealer(recipients: recipients)
            return false
        } catch {
            return error == .argument
        }
    }
}

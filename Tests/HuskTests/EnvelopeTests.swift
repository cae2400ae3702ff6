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

    /// One of many ways to say some of all that can be said, but for tags.
    private func metadata(_ count: Int) -> EnvelopeMetadata {
        EnvelopeMetadata(
            source: count % 2 == 0 ? nil : "kitchen", destination: count % 3 == 0 ? nil : "climate",
            contentFormat: count % 5 == 0 ? nil : UInt16(count * 900), time: count % 7 == 0 ? nil : UInt64(count),
            deadline: count % 11 == 0 ? nil : UInt64.max, priority: count % 13 == 0 ? nil : UInt8(count))
    }

    @Test(arguments: EnvelopeAlgorithm.allCases, [false, true])
    func roundTrips(algorithm: EnvelopeAlgorithm, fullIV: Bool) throws {
        let disk = Disk()
        let window = Disk()
        var sealer = try EnvelopeSealer(key: key(algorithm: algorithm), fullIV: fullIV)
        var opener = try EnvelopeOpener(key: key(algorithm: algorithm))
        for count in 0..<70 {
            let content = [UInt8](repeating: UInt8(count), count: count * 5)
            var metadata = metadata(count)
            metadata.tags = [String](repeating: "étiquette", count: count % 4)
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

// MARK: where they lie

/// What a buffer has after `body`, and how that ended.
private func buffer<Value>(
    _ bytes: [UInt8], _ body: (inout MutableRawSpan) throws(HuskError) -> Value
) -> (bytes: [UInt8], result: Result<Value, HuskError>) {
    var bytes = bytes
    let result = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        var span = unsafe UnsafeMutableRawBufferPointer(buffer).mutableBytes
        return Result { () throws(HuskError) in try body(&span) }
    }
    return (bytes, result)
}

extension EnvelopeTests {
    private static let untouched = [UInt8](repeating: 0xee, count: 500)

    /// Seals to the beginning of a buffer.
    private func seal(
        _ content: [UInt8], _ sealer: inout EnvelopeSealer, _ disk: Disk,
        _ metadata: EnvelopeMetadata = EnvelopeMetadata(), into bytes: [UInt8] = untouched
    ) -> (bytes: [UInt8], result: Result<Int, HuskError>) {
        let source = Array((metadata.source ?? "").utf8)
        let destination = Array((metadata.destination ?? "").utf8)
        return buffer(bytes) { (out) throws(HuskError) in
            try unsafe sealer.seal(
                content.span.bytes, source: source.span.bytes, destination: destination.span.bytes,
                stamp: EnvelopeStamp(
                    contentFormat: metadata.contentFormat, time: metadata.time, deadline: metadata.deadline,
                    priority: metadata.priority), into: &out
            ) { record throws(DiskFull) in try disk.replace(record) }
        }
    }

    private func open(
        _ envelope: [UInt8], _ opener: inout EnvelopeOpener, now: UInt64? = 1, _ window: Disk
    ) -> (bytes: [UInt8], result: Result<EnvelopeLayout, HuskError>) {
        buffer(envelope) { (bytes) throws(HuskError) in
            try opener.open(&bytes, now: now) { record throws(DiskFull) in try window.replace(record) }
        }
    }

    @Test(arguments: EnvelopeAlgorithm.allCases, [false, true])
    func inPlaceTheyAreTheSame(algorithm: EnvelopeAlgorithm, fullIV: Bool) throws {
        let disks = [Disk(), Disk(), Disk()]
        let windows = [Disk(), Disk()]
        // One key thrice, for comparison: such sealers use the same numbers.
        var arrays = try EnvelopeSealer(key: key(algorithm: algorithm), fullIV: fullIV)
        var appending = try EnvelopeSealer(key: key(algorithm: algorithm), fullIV: fullIV)
        var writing = try EnvelopeSealer(key: key(algorithm: algorithm), fullIV: fullIV)
        var copying = try EnvelopeOpener(key: key(algorithm: algorithm))
        var inPlace = try EnvelopeOpener(key: key(algorithm: algorithm))
        for count in 0..<70 {
            let content = [UInt8](repeating: UInt8(count), count: count * 5)
            let metadata = metadata(count)
            let envelope = try arrays.seal(content, metadata) { record throws(DiskFull) in
                try disks[0].replace(record)
            }
            let written = seal(content, &writing, disks[1], metadata)
            #expect(try written.result.get() == envelope.count)
            #expect(written.bytes == envelope + Self.untouched.dropFirst(envelope.count))
            let source = Array((metadata.source ?? "").utf8)
            let destination = Array((metadata.destination ?? "").utf8)
            let stamp = EnvelopeStamp(
                contentFormat: metadata.contentFormat, time: metadata.time, deadline: metadata.deadline,
                priority: metadata.priority)
            let appended = try appended(500) { (out) throws(HuskError) in
                try unsafe appending.seal(
                    content.span.bytes, source: source.span.bytes, destination: destination.span.bytes, stamp: stamp,
                    into: &out
                ) { record throws(DiskFull) in try disks[2].replace(record) }
            }
            #expect(appended == envelope)

            let opened = try copying.open(envelope, now: 1) { record throws(DiskFull) in
                try windows[0].replace(record)
            }
            let found = open(envelope, &inPlace, windows[1])
            let layout = try found.result.get()
            #expect(Array(found.bytes[layout.content]) == opened.content && opened.content == content)
            #expect(Array(found.bytes[layout.source]) == source)
            #expect(Array(found.bytes[layout.destination]) == destination)
            #expect(layout.stamp == stamp && layout.sequence == UInt64(count))
            #expect(try Envelope(inspecting: found.bytes).metadata == metadata)
            #expect(windows[1].record == windows[0].record)
        }
        #expect(disks.allSatisfy { $0.writes == 2 && $0.record == disks[0].record })
        #expect(windows.allSatisfy { $0.writes == 70 })
    }

    @Test(arguments: EnvelopeAlgorithm.allCases)
    func nothingIsSealedInPlaceUnlessItWasStored(algorithm: EnvelopeAlgorithm) throws {
        let disk = Disk()
        let content = Array("unlock".utf8)
        var sealer = try EnvelopeSealer(key: key(algorithm: algorithm))
        disk.isFull = true
        for _ in 0..<3 {
            let refused = seal(content, &sealer, disk)
            #expect(refused.result == .failure(.storage))
            // What was written is wiped: the same number seals something else later.
            let wiped = refused.bytes.prefix { $0 == 0 }.count
            #expect(wiped > content.count && refused.bytes.dropFirst(wiped).allSatisfy { $0 == 0xee })
            let error = failure { () throws(HuskError) in
                _ = try appended(500) { (out) throws(HuskError) in
                    try unsafe sealer.seal(content.span.bytes, into: &out) { record throws(DiskFull) in
                        try disk.replace(record)
                    }
                }
            }
            #expect(error == .storage)
        }
        disk.isFull = false
        let sealed = seal(content, &sealer, disk)
        #expect(hex(disk.record) == "000000003f" && disk.writes == 1)
        var opener = try EnvelopeOpener(key: key(algorithm: algorithm))
        let envelope = try Array(sealed.bytes[..<sealed.result.get()])
        #expect(try open(envelope, &opener, Disk()).result.get().sequence == 0)
    }

    @Test(arguments: EnvelopeAlgorithm.allCases, [false, true])
    func nothingIsOpenedInPlaceUnlessItWasStored(algorithm: EnvelopeAlgorithm, wraps: Bool) throws {
        let window = Disk()
        let content = Array("what nobody may read".utf8)
        var opener = try EnvelopeOpener(key: key(algorithm: algorithm, wraps: wraps))
        var envelopes: [[UInt8]] = []
        if wraps {
            var recipients = EnvelopeRecipients()
            recipients.append(try key(algorithm: algorithm, wraps: true))
            recipients.append(try key("kitchen", "alarm", algorithm: algorithm, wraps: true))
            var sealer = try EnvelopeSealer(recipients: recipients)
            for _ in 0..<2 {
                let sealed = seal(content, &sealer, Disk())
                envelopes.append(try Array(sealed.bytes[..<sealed.result.get()]))
            }
        } else {
            var sealer = try EnvelopeSealer(key: key(algorithm: algorithm))
            for _ in 0..<2 {
                let sealed = seal(content, &sealer, Disk())
                envelopes.append(try Array(sealed.bytes[..<sealed.result.get()]))
            }
        }
        for (index, envelope) in envelopes.enumerated() {
            let record = window.record
            window.isFull = true
            for _ in 0..<3 {
                let refused = open(envelope, &opener, window)
                #expect(refused.result == .failure(.storage))
                #expect(!hex(refused.bytes).contains(hex(content)))
                let changed = envelope.indices.filter { refused.bytes[$0] != envelope[$0] }
                #expect(changed.allSatisfy { refused.bytes[$0] == 0 } && changed.count <= content.count)
            }
            window.isFull = false
            #expect(window.record == record)
            let opened = open(envelope, &opener, window)
            let layout = try opened.result.get()
            #expect(layout.sequence == UInt64(index) && Array(opened.bytes[layout.content]) == content)
            #expect(window.writes == index + 1)
            #expect(hex(window.record) == (index == 0 ? "00000000000000000000000001" : "00000000010000000000000003"))

            let again = open(envelope, &opener, window)
            #expect(again.result == .failure(.replay) && again.bytes == envelope)
            #expect(window.writes == index + 1)
        }
        // After a restart neither is taken again.
        var later = try EnvelopeOpener(key: key(algorithm: algorithm, wraps: wraps), record: window.record)
        for envelope in envelopes {
            #expect(open(envelope, &later, window).result == .failure(.replay))
        }
    }

    @Test func forgeriesInPlaceChangeNothing() throws {
        let window = Disk()
        let content = Array("what nobody may read".utf8)
        var sealer = try EnvelopeSealer(key: key())
        var opener = try EnvelopeOpener(key: key())
        let sealed = seal(content, &sealer, Disk(), EnvelopeMetadata(destination: "climate", deadline: 100))
        let envelope = try Array(sealed.bytes[..<sealed.result.get()])
        for bit in 0..<envelope.count * 8 {
            var forged = envelope
            forged[bit / 8] ^= 1 << (bit % 8)
            let refused = open(forged, &opener, window)
            #expect(throws: HuskError.self) { try refused.result.get() }
            #expect(!hex(refused.bytes).contains(hex(content)))
        }
        #expect(open(envelope, &opener, now: nil, window).result == .failure(.clock))
        #expect(open(envelope, &opener, now: 100, window).result == .failure(.expired))
        #expect(window.writes == 0)
        #expect(try open(envelope, &opener, now: 99, window).result.get().sequence == 0)
    }

    @Test func tooLittleRoomForAnEnvelopeSpendsNothing() throws {
        let disk = Disk()
        var sealer = try EnvelopeSealer(key: key())
        let length = try seal([1, 2, 3], &sealer, Disk()).result.get()
        for capacity in 0..<length {
            let room = [UInt8](repeating: 0xee, count: capacity)
            let refused = seal([1, 2, 3], &sealer, disk, into: room)
            #expect(refused.result == .failure(.buffer) && refused.bytes == room)
        }
        let long = [UInt8](repeating: 0x78, count: 256)
        let error = buffer(Self.untouched) { (out) throws(HuskError) in
            try unsafe sealer.seal(RawSpan(), source: long.span.bytes, into: &out) { _ in }
        }
        #expect(error.result == .failure(.argument) && error.bytes == Self.untouched)
        var opener = try EnvelopeOpener(key: key())
        let next = seal([1, 2, 3], &sealer, disk, into: [UInt8](repeating: 0, count: length))
        #expect(try open(next.bytes, &opener, Disk()).result.get().sequence == 1)
        #expect(disk.writes == 0)
    }

    /// Content that the algorithm refuses, when its number was reserved already but not saved.
    @Test func numbersThatARefusalReservedAreSaved() throws {
        let disk = Disk()
        disk.isFull = true
        var sealer = try EnvelopeSealer(key: key())
        let long = [UInt8](repeating: 0, count: 65_536)
        let room = [UInt8](repeating: 0xee, count: 65_600)
        #expect(seal(long, &sealer, disk, into: room).result == .failure(.argument))
        for _ in 0..<3 {
            #expect(seal([1], &sealer, disk).result == .failure(.storage))
        }
        disk.isFull = false
        #expect(throws: Never.self) { try seal([1], &sealer, disk).result.get() }
        #expect(hex(disk.record) == "000000003f")
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

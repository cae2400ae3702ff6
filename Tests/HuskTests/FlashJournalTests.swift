// The journal through the Swift API, on flash that is simulated; and what lives in memory of the program.
import Testing

@testable import Husk

/// Two pages of 1,024 bytes that outlive a journal, and fail on request.
private final class Part {
    let bytes = PinnedBytes(count: 2048)
    var isBroken = false

    init() {
        for index in 0..<bytes.count {
            bytes[index] = 0xff
        }
    }

    /// For the functions below: while this object lives.
    var flash: Flash {
        unsafe Flash(
            pageBytes: 1024, pageCount: 2, unitBytes: 4, context: Unmanaged.passUnretained(self).toOpaque(),
            read: { context, offset, out, count in
                let part = unsafe Part.at(context)
                for index in 0..<count {
                    unsafe out![index] = part.bytes[Int(offset) + index]
                }
                return true
            },
            program: { context, offset, bytes, count in
                let part = unsafe Part.at(context)
                guard !part.isBroken else { return false }
                for index in 0..<count {
                    #expect(part.bytes[Int(offset) + index] == 0xff)
                    unsafe part.bytes[Int(offset) + index] = bytes![index]
                }
                return true
            },
            erase: { context, offset in
                let part = unsafe Part.at(context)
                for index in 0..<1024 {
                    part.bytes[Int(offset) + index] = 0xff
                }
                return true
            })
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> Part {
        unsafe Unmanaged<Part>.fromOpaque(context!).takeUnretainedValue()
    }
}

private func load(_ record: UInt8, _ journal: FlashJournal) throws(HuskError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 255)
    let count = try unsafe out.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        var span = unsafe UnsafeMutableRawBufferPointer(buffer).mutableBytes
        return try journal.load(record, into: &span)
    }
    return Array(out[..<count])
}

private func store(_ record: UInt8, _ bytes: [UInt8], _ journal: FlashJournal) throws(HuskError) {
    try unsafe journal.store(record, bytes.span.bytes)
}

@Suite struct FlashJournalTests {
    @Test func recordsOutliveTheJournal() throws {
        let part = Part()
        let journal = try FlashJournal(part.flash)
        #expect(try load(3, journal) == [])
        for round in 0..<200 {
            try store(3, [UInt8](repeating: UInt8(round), count: 20), journal)
            try store(4, [UInt8(round)], journal)
        }
        let later = try FlashJournal(part.flash)
        #expect(try load(3, later) == [UInt8](repeating: 199, count: 20))
        #expect(try load(4, later) == [199])
        try store(3, [], later)
        try later.purge()
        #expect(try load(3, later) == [] && load(4, later) == [199])
        withExtendedLifetime(part) {}
    }

    @Test func errorsHaveTheirNames() throws {
        let part = Part()
        let journal = try FlashJournal(part.flash)
        #expect(failure { () throws(HuskError) in try store(32, [1], journal) } == .argument)
        #expect(
            failure { () throws(HuskError) in try store(1, [UInt8](repeating: 0, count: 256), journal) } == .argument)
        let long = [UInt8](repeating: 1, count: 255)
        for record in 0..<3 as Range<UInt8> {
            try store(record, long, journal)
        }
        #expect(failure { () throws(HuskError) in try store(3, long, journal) } == .full)
        part.isBroken = true
        #expect(failure { () throws(HuskError) in try store(0, [1], journal) } == .storage)
        #expect(try load(0, journal) == long)
        part.isBroken = false
        for index in 0..<64 {
            part.bytes[index] = 0x55
            part.bytes[1024 + index] = 0x55
        }
        #expect(failure { () throws(HuskError) in _ = try FlashJournal(part.flash) } == .corrupt)
        #expect(try load(0, FlashJournal(part.flash, formatsIfCorrupt: true)) == [])
        var odd = part.flash
        odd.unitBytes = 3
        #expect(failure { () throws(HuskError) in _ = try FlashJournal(odd) } == .argument)
    }

    /// What a device keeps in a journal, and that it is made in memory of the program, to the last byte.
    @Test func deviceLivesInMemoryOfTheProgram() throws {
        let part = Part()
        let journal = try FlashJournal(part.flash)
        let room = PinnedBytes(count: 4096)
        let suites: InlineArray<1, CipherSuite> = [.suite0]
        let kid: [UInt8] = [9]
        let secret = testKey
        func device(_ bytes: Int) throws(HuskError) -> Int {
            var memory = unsafe PinnedMemory(UnsafeMutableRawBufferPointer(start: room.pointer, count: bytes))
            let key = try unsafe PreSharedKey(
                key: secret.span.bytes, kid: kid.span.bytes, initiator: "sensor", responder: "gateway", in: &memory)
            let random = unsafe RandomSource { bytes, count in
                for index in 0..<count {
                    unsafe bytes?[index] = UInt8.random(in: 0...255)
                }
                return true
            }
            var device = try Device(
                key: key, suites: suites.span, random: random, journal: journal, keeping: .session, in: &memory)
            try unsafe device.start(.post, path: "sensors/t", payload: kid.span.bytes)
            var sent = 0
            #expect(try device.transmit(now: 0) { sent = $0.byteCount } == .none)
            #expect(sent > 37 && device.suite == .suite0 && !device.isIdle && device.timeout(now: 0) ?? 0 > 0)
            return memory.remainingBytes
        }
        let left = try device(room.count)
        // It fits a microcontroller of 2 KB; and not a byte less than it takes.
        #expect(room.count - left < 1400)
        #expect(try device(room.count - left) == 0)
        #expect(failure { () throws(HuskError) in _ = try device(room.count - left - 1) } == .buffer)
        // Each value wiped what it had.
        #expect((0..<room.count).allSatisfy { room[$0] == 0 })
    }

    @Test func envelopesKeepTheirRecordsInAJournal() throws {
        let part = Part()
        let journal = try FlashJournal(part.flash)
        let room = PinnedBytes(count: 4096)
        var memory = unsafe PinnedMemory(UnsafeMutableRawBufferPointer(start: room.pointer, count: room.count))
        let (a, b): ([UInt8], [UInt8]) = (Array("door".utf8), Array("home".utf8))
        let secret = testKey
        func key(_ memory: inout PinnedMemory) throws(HuskError) -> EnvelopeKey {
            try unsafe EnvelopeKey(
                root: secret.span.bytes, sender: a.span.bytes, recipient: b.span.bytes, identifier: RawSpan(),
                in: &memory)
        }
        var sealer = try EnvelopeSealer(key: key(&memory), journal: journal, record: 8, in: &memory)
        var opener = try unsafe EnvelopeOpener(
            key: key(&memory), name: b.span.bytes, journal: journal, record: 9, in: &memory)
        var buffer = [UInt8](repeating: 0, count: 128)
        let content: [UInt8] = [1, 2, 3]
        let count = try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(HuskError) in
            var out = unsafe UnsafeMutableRawBufferPointer(bytes).mutableBytes
            return try unsafe sealer.seal(
                content.span.bytes, source: a.span.bytes, destination: b.span.bytes,
                stamp: EnvelopeStamp(contentFormat: 60, deadline: 100), into: &out)
        }
        let envelope = Array(buffer[..<count])
        #expect(try Envelope(inspecting: envelope).metadata.destination == "home")
        func open(_ opener: inout EnvelopeOpener, now: UInt64?) throws(HuskError) -> [UInt8] {
            var bytes = envelope
            let layout = try unsafe bytes.withUnsafeMutableBufferPointer { (bytes) throws(HuskError) in
                var span = unsafe UnsafeMutableRawBufferPointer(bytes).mutableBytes
                return try opener.open(&span, now: now)
            }
            #expect(layout.stamp == EnvelopeStamp(contentFormat: 60, deadline: 100) && layout.sequence == 0)
            #expect(Array(bytes[layout.source]) == a)
            return Array(bytes[layout.content])
        }
        #expect(failure { () throws(HuskError) in _ = try open(&opener, now: 100) } == .expired)
        #expect(failure { () throws(HuskError) in _ = try open(&opener, now: nil) } == .clock)
        #expect(try open(&opener, now: 99) == content)
        // After a restart it is not taken twice.
        var later = try unsafe EnvelopeOpener(
            key: key(&memory), name: b.span.bytes, journal: FlashJournal(part.flash), record: 9, in: &memory)
        #expect(failure { () throws(HuskError) in _ = try open(&later, now: 99) } == .replay)
        var elsewhere = try EnvelopeSealer(key: key(&memory))
        #expect(failure { () throws(HuskError) in try elsewhere.release() } == .state)
    }
}

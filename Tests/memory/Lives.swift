// The life of each type of the Swift API that holds secrets on a microcontroller, one after the other; scan.py looks at
// RAM after each. Compiled as part of the module Husk, so that it can tell where derived keys lie.
internal import Board
internal import CHusk
internal import MemoryScan

@main struct Lives {
    static func main() {
        live("PreSharedKey") { (memory, key) throws(HuskError) in try preSharedKey(&memory, key) }
        live("SecurityContext") { (memory, key) throws(HuskError) in try securityContext(&memory, key) }
        live("FrameContext") { (memory, key) throws(HuskError) in try frameContext(&memory, key) }
        live("KeyUpdate") { (memory, key) throws(HuskError) in try keyUpdate(&memory, key) }
        live("EnvelopeKey, EnvelopeSealer, EnvelopeOpener") { (memory, key) throws(HuskError) in
            try envelopes(&memory, key)
        }
        live("Device") { (memory, key) throws(HuskError) in try device(&memory, key) }
        live("Device with KeyUpdate") { (memory, key) throws(HuskError) in try updatingDevice(&memory, key) }
        board_exit(0)
    }

    /// A life in the memory that the one before had, with the secret from which all others come, which is in flash.
    private static func live(
        _ name: StaticString, _ body: (inout PinnedMemory, RawSpan) throws(HuskError) -> Void
    ) {
        let key = unsafe UnsafeRawBufferPointer(start: lives_key(), count: Int(LIVES_KEY_BYTES))
        unsafe tell("key", key.baseAddress!, key.count)
        do throws(HuskError) {
            // Static, and used by one life at a time.
            var memory = unsafe PinnedMemory(
                UnsafeMutableRawBufferPointer(start: memory_scan_room(), count: Int(MEMORY_SCAN_ROOM_BYTES)))
            try unsafe body(&memory, key.bytes)
        } catch {
            unsafe memory_scan_expect(false, error.reason.text)
        }
        unsafe memory_scan_end_of(name.text)
    }
}

extension StaticString {
    fileprivate var text: UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Says where a secret lies.
private func tell(_ name: StaticString, _ pointer: UnsafeRawPointer, _ count: Int) {
    unsafe memory_scan_secret(name.text, pointer, count)
}

/// And where those of a context do.
private func tell(_ context: UnsafeMutablePointer<husk_oscore_context>) {
    unsafe withUnsafePointer(to: &context.pointee.sender_key) { unsafe tell("sender key", $0, 16) }
    unsafe withUnsafePointer(to: &context.pointee.recipient_key) { unsafe tell("recipient key", $0, 16) }
}

private var random: RandomSource { unsafe RandomSource { bytes, count in unsafe memory_scan_fill(bytes, count) } }

private var one: ConnectionIdentifier { ConnectionIdentifier(UInt8(1)) }
private var two: ConnectionIdentifier { ConnectionIdentifier(UInt8(2)) }

/// A buffer for messages.
private typealias Buffer = InlineArray<160, UInt8>

@inline(never) private func preSharedKey(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    let kid: InlineArray<1, UInt8> = [1]
    let psk = try unsafe PreSharedKey(
        key: key, kid: kid.span.bytes, initiator: "sensor-1", responder: "gateway", in: &memory)
    psk.withIdentifier { memory_scan_expect($0.byteCount == 1, nil) }
}

@inline(never) private func securityContext(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    var client = try SecurityContext(
        masterSecret: key, masterSalt: RawSpan(), senderID: one, recipientID: two, in: &memory)
    var server = try SecurityContext(
        masterSecret: key, masterSalt: RawSpan(), senderID: two, recipientID: one, in: &memory)
    unsafe tell(client.pointer)
    var plain = Buffer(repeating: 0)
    var plainSpan = plain.mutableSpan
    var plainBytes = unsafe plainSpan.mutableBytes
    var datagram = Buffer(repeating: 0)
    var datagramSpan = datagram.mutableSpan
    var datagramBytes = unsafe datagramSpan.mutableBytes
    var asked = SecurityContext.Exchange()
    var answered = SecurityContext.Exchange()
    var count = try CoAPWriter.write(
        type: .confirmable, code: .post, messageID: 1, token: RawSpan(), to: &plainBytes
    ) { $0.path("t") }
    count = try client.protect(
        request: plainBytes.bytes.extracting(first: count), into: &datagramBytes, exchange: &asked)
    var request = datagramBytes._mutatingExtracting(first: count)
    _ = try server.unprotect(request: &request, exchange: &answered)
}

@inline(never) private func frameContext(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    var sender = try FrameContext(
        masterSecret: key, masterSalt: RawSpan(), senderID: one, recipientID: two, in: &memory)
    var recipient = try FrameContext(
        masterSecret: key, masterSalt: RawSpan(), senderID: two, recipientID: one, in: &memory)
    unsafe withUnsafeMutablePointer(to: &sender.pointer.pointee.oscore) { unsafe tell($0) }
    var frame = Buffer(repeating: 0)
    var span = frame.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try sender.seal(RawSpan(), into: &bytes)
    var sealed = bytes._mutatingExtracting(first: count)
    _ = try recipient.open(&sealed)
}

@inline(never) private func keyUpdate(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    var update = try KeyUpdate(
        secret: key, senderID: one, recipientID: two, mode: .negotiated, random: random, in: &memory)
    try update.start()
}

@inline(never) private func envelopes(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    let names: InlineArray<2, UInt8> = [UInt8(ascii: "a"), UInt8(ascii: "b")]
    let sender = unsafe names.span.bytes.extracting(first: 1)
    let recipient = unsafe names.span.bytes.extracting(last: 1)
    let sealing = try EnvelopeKey(
        root: key, sender: sender, recipient: recipient, identifier: RawSpan(), in: &memory)
    let opening = try EnvelopeKey(
        root: key, sender: sender, recipient: recipient, identifier: RawSpan(), in: &memory)
    unsafe withUnsafePointer(to: &sealing.storage.pointer.pointee.key) { unsafe tell("envelope key", $0, 16) }
    let journal = try FlashJournal(simulatedFlash, formatsIfCorrupt: true, in: &memory)
    var sealer = try EnvelopeSealer(key: sealing, journal: journal, record: 8, in: &memory)
    var opener = try EnvelopeOpener(key: opening, name: RawSpan(), journal: journal, record: 9, in: &memory)
    var envelope = Buffer(repeating: 0)
    var span = envelope.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try sealer.seal(sender, into: &bytes)
    var sealed = bytes._mutatingExtracting(first: count)
    _ = try opener.open(&sealed, now: nil)
}

private var simulatedFlash: Flash {
    unsafe Flash(
        pageBytes: UInt32(SIMULATED_FLASH_PAGE_BYTES), pageCount: UInt8(SIMULATED_FLASH_PAGES),
        unitBytes: UInt8(SIMULATED_FLASH_UNIT_BYTES),
        read: { _, offset, bytes, count in unsafe simulated_flash_read(offset, bytes, count) },
        program: { _, offset, bytes, count in unsafe simulated_flash_program(offset, bytes, count) },
        erase: { _, offset in simulated_flash_erase(offset) })
}

@inline(never) private func device(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    let kid: InlineArray<1, UInt8> = [1]
    let suites: InlineArray<1, CipherSuite> = [.suite0]
    var device = try unsafe Device(
        key: PreSharedKey(
            key: key, kid: kid.span.bytes, initiator: "sensor-1", responder: "gateway", in: &memory),
        suites: suites.span, random: random, in: &memory)
    lives_gateway_begin()
    try device.start(.post, path: "t", payload: RawSpan())
    let privateKey = unsafe UnsafeMutableRawPointer(device.pointer) + husk_device_private_key_offset()
    var isTold = false
    var isAnswered = false
    while !isAnswered {
        var packet = Buffer(repeating: 0)
        var span = packet.mutableSpan
        var bytes = unsafe span.mutableBytes
        var count = 0
        _ = try device.transmit(now: 0) { datagram in
            count = datagram.byteCount
            for index in datagram.byteOffsets {
                unsafe bytes.storeBytes(
                    of: datagram.unsafeLoad(fromByteOffset: index, as: UInt8.self), toByteOffset: index,
                    as: UInt8.self)
            }
        }
        if !isTold {
            unsafe tell("ephemeral key", privateKey, 32)
            isTold = true
        }
        count = unsafe bytes.withUnsafeMutableBytes {
            unsafe lives_gateway_answer($0.baseAddress!.assumingMemoryBound(to: UInt8.self), count)
        }
        guard count > 0 else { continue }
        switch try device.receive(first: count, of: &bytes, now: 0) {
        case .response: isAnswered = true
        case .failed(let error, _): throw error
        default: break
        }
    }
    unsafe withUnsafeMutablePointer(to: &device.pointer.pointee.oscore) { unsafe tell($0) }
    lives_gateway_end()
}

@inline(never) private func updatingDevice(_ memory: inout PinnedMemory, _ key: RawSpan) throws(HuskError) {
    var device = try Device(
        keyUpdate: key, senderID: one, recipientID: two, mode: .noForwardSecrecy, random: random, in: &memory)
    try device.start(.post, path: "t", payload: RawSpan())
    _ = try device.transmit(now: 0) { memory_scan_expect($0.byteCount > 0, nil) }
}

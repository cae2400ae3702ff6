// The code blocks in the comments of the module Husk, each in a function that gives it what it speaks of: that they are
// compiled is the test (Tests/readme/readme.py compares them).
import Husk

private struct Failure: Error {}

private struct Disk {
    func load() -> [UInt8] { [] }
    func replace(_ record: RawSpan) throws(Failure) {}
}

private struct Radio {
    func send(_ datagram: RawSpan) {}
}

private func board_random(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Bool { false }

private func device(_ device: inout Device, reading: RawSpan, datagram: inout MutableRawSpan, now: UInt32) throws {
    let radio = Radio()
    try device.start(.post, path: "sensors/temperature", contentFormat: 60, payload: reading)
    while true {
        var signal = try device.transmit(now: now) { datagram in radio.send(datagram) }
        // act on signal, wait for a datagram at most device.timeout(now: now)
        signal = try device.receive(&datagram, now: now)
        guard signal != .none else { return }
    }
}

private func random() -> RandomSource {
    let random = unsafe RandomSource { bytes, count in unsafe board_random(bytes, count) }
    return random
}

private func memory(
    _ region: UnsafeMutableRawBufferPointer, secret: RawSpan, kid: RawSpan, suites: [CipherSuite], random: RandomSource
) throws {
    var memory = unsafe PinnedMemory(region)
    let key = try PreSharedKey(key: secret, kid: kid, initiator: "kitchen", responder: "gateway", in: &memory)
    var device = try Device(key: key, suites: suites.span, random: random, in: &memory)
    try device.authenticate()
}

private func journal(
    _ flash: Husk.Flash, memory: inout PinnedMemory, key: consuming PreSharedKey, suites: [CipherSuite], random: RandomSource
) throws {
    let journal = try FlashJournal(flash, in: &memory)
    var device = try Device(key: key, suites: suites.span, random: random, journal: journal, in: &memory)
    try device.authenticate()
}

private func write(_ buffer: inout MutableRawSpan, token: RawSpan) throws -> Int {
    let count = try CoAPWriter.write(type: .confirmable, code: .get, messageID: 7, token: token, to: &buffer) {
        $0.option(CoAPOption.uriPath, "temperature")
    }
    return count
}

private func seal(_ content: [UInt8], _ metadata: EnvelopeMetadata, key: consuming EnvelopeKey) throws -> [UInt8] {
    let disk = Disk()
    var sealer = try EnvelopeSealer(key: key, record: disk.load())
    let envelope = try sealer.seal(content, metadata) { record throws(Failure) in try disk.replace(record) }
    return envelope
}

private func open(_ envelope: [UInt8], key: consuming EnvelopeKey, clock: UInt64) throws -> [UInt8] {
    let disk = Disk()
    var opener = try EnvelopeOpener(key: key, names: ["kitchen"], record: disk.load())
    let command = try opener.open(envelope, now: clock) { record throws(Failure) in try disk.replace(record) }
    return command.content
}

private func sealInPlace(
    _ content: RawSpan, stamp: EnvelopeStamp, sealer: inout EnvelopeSealer, out: inout OutputRawSpan
) throws {
    let disk = Disk()
    try sealer.seal(content, stamp: stamp, into: &out) { record throws(Failure) in try disk.replace(record) }
}

private func openInPlace(
    _ bytes: inout MutableRawSpan, opener: inout EnvelopeOpener, clock: UInt64
) throws -> Range<Int> {
    let disk = Disk()
    let layout = try opener.open(&bytes, now: clock) { record throws(Failure) in try disk.replace(record) }
    return layout.content
}

private func update(
    _ update: inout KeyUpdate, request: CoAPMessage, datagram: [UInt8], exchange: inout SecurityContext.Exchange
) throws {
    let disk = Disk()
    try update.start()
    let divergent = try update.protect(request: request, exchange: &exchange)
    // send it; the peer answers with its convergent message
    let answer = try update.unprotect(response: datagram, exchange: &exchange)
    // answer.event is .established
    if update.mustStore { try update.store { record throws(Failure) in try disk.replace(record) } }
    _ = (divergent, answer)
}

private struct Keys: ~Copyable {
    let key: PreSharedKey
    subscript(_ kid: [UInt8]) -> PreSharedKey { key.copy() }
}

private func respond(
    _ configuration: HandshakeConfiguration, _ keys: borrowing Keys, message1: [UInt8], message3: [UInt8],
    cR: ConnectionIdentifier
) throws -> SecurityContext {
    var reply: [UInt8] = []
    let responder = Handshake.Responder.WaitingForMessage1(configuration)
    let ready = try responder.process(message1)
    let waiting = try ready.compose(identifier: cR, message2: &reply)
    let kid = try waiting.keyIdentifier(in: message3)
    let authenticated = try waiting.process(message3, key: keys[kid])
    let session = try authenticated.compose(message4: &reply)
    let context = try session.securityContext()
    return context
}

private func link(
    _ keys: PreSharedKeys, ours: ConnectionIdentifier, configuration: HandshakeConfiguration, frame: [UInt8], now: UInt32
) throws {
    var link = try Link(responder: keys, identifier: ours, configuration: configuration, framing: .init())
    while true {
        let outgoing = link.transmit(now: now)
        // send outgoing.frames in their order, act on outgoing.event, wait at most link.timeout(now: now)
        let event = try link.receive(frame)
        // act on it: .message(let message, _) is what the peer said
        guard case .none = event, outgoing.frames.isEmpty else { return }
    }
}

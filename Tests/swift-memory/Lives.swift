// A life of each type that holds secrets: made, used as in earnest, and gone. Compiled into one module with Husk, so
// that it can see what a key was.

/// Lends `body` a random secret of 64 bytes, then gives what to look for: its second half, since an allocator may write
/// over the beginning of what it gets back, which would hide a missing wipe.
private func life(_ body: (RawSpan) throws(HuskError) -> Void) throws(HuskError) -> [Needle] {
    let secret = PinnedBytes(count: 64)
    fill(secret)
    let needle = Needle(32) { secret[32 + $0] }
    try secret.withBytes { (secret) throws(HuskError) in try body(secret) }
    return [needle]
}

func fill(_ bytes: borrowing PinnedBytes) {
    var generator = SystemRandomNumberGenerator()
    for index in 0..<bytes.count {
        bytes[index] = UInt8.random(in: 0...255, using: &generator)
    }
}

/// What to look for of a field of a C struct, while that lives.
private func needle<Root, Field>(
    _ pointer: UnsafeMutablePointer<Root>, _ field: WritableKeyPath<Root, Field>, _ count: Int
) -> Needle {
    let bytes = unsafe UnsafeRawPointer(pointer.pointer(to: field)!)
    return Needle(count) { unsafe bytes.load(fromByteOffset: $0, as: UInt8.self) }
}

private let one = ConnectionIdentifier(UInt8(1))
private let two = ConnectionIdentifier(UInt8(2))

private func preSharedKey(_ key: RawSpan) throws(HuskError) -> PreSharedKey {
    let kid: [UInt8] = [1]
    return try unsafe PreSharedKey(
        key: key, kid: kid.span.bytes, initiator: Identity("device"), responder: Identity("gateway"))
}

private func updating(
    _ own: ConnectionIdentifier, _ other: ConnectionIdentifier, _ mode: KeyUpdate.Mode
) -> KeyUpdate.Configuration {
    .init(senderID: own, recipientID: other, mode: mode)
}

private func derived(_ secret: RawSpan) throws(HuskError) -> SecurityContext {
    try SecurityContext(masterSecret: secret, masterSalt: secret, senderID: one, recipientID: two)
}

/// Flash of a journal: 2 pages of 1,024 bytes.
private let flashBytes = PinnedBytes(count: 2048)

private func flash() -> Flash {
    for index in 0..<flashBytes.count {
        flashBytes[index] = 0xff
    }
    return Flash(
        pageBytes: 1024, pageCount: 2, unitBytes: 4,
        read: { _, offset, out, count in
            for index in 0..<count {
                unsafe out![index] = flashBytes[Int(offset) + index]
            }
            return true
        },
        program: { _, offset, bytes, count in
            for index in 0..<count {
                unsafe flashBytes[Int(offset) + index] = bytes![index]
            }
            return true
        },
        erase: { _, offset in
            for index in 0..<1024 {
                flashBytes[Int(offset) + index] = 0xff
            }
            return true
        })
}

/// Each type by name, and what is to be gone after its life.
let lives: [(name: String, life: @Sendable () throws(HuskError) -> [Needle])] = [
    (
        "PreSharedKey",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let key = try preSharedKey(secret)
                let copy = key.copy()
                var keys = PreSharedKeys()
                try keys.append(copy)
            }
        }
    ),
    (
        "SecurityContext, its secret",
        { () throws(HuskError) in try life { (secret) throws(HuskError) in _ = try derived(secret) } }
    ),
    (
        "SecurityContext, its keys",
        { () throws(HuskError) in
            let secret = PinnedBytes(count: 32)
            fill(secret)
            var context = try secret.withBytes { (secret) throws(HuskError) in try derived(secret) }
            var exchange = SecurityContext.Exchange()
            _ = try context.protect(
                request: CoAPMessage(type: .confirmable, code: .get, messageID: 1), exchange: &exchange)
            return unsafe [
                needle(context.pointer, \.sender_key, 16), needle(context.pointer, \.recipient_key, 16),
            ]
        }
    ),
    (
        "SecurityContext, what it protected",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                var client = try derived(secret)
                var server = try SecurityContext(
                    masterSecret: secret, masterSalt: secret, senderID: two, recipientID: one)
                let plain = PinnedBytes(count: 5 + secret.byteCount)
                plain[0] = 0x40
                plain[1] = 2
                plain[4] = 0xff
                plain.write(secret, at: 5)
                let wire = PinnedBytes(count: 200)
                var asked = SecurityContext.Exchange()
                var answered = SecurityContext.Exchange()
                var out = unsafe UnsafeMutableRawBufferPointer(start: wire.pointer, count: 200).mutableBytes
                let count = try plain.withBytes { (plain) throws(HuskError) in
                    try client.protect(request: plain, into: &out, exchange: &asked)
                }
                var datagram = unsafe UnsafeMutableRawBufferPointer(start: wire.pointer, count: count).mutableBytes
                let layout = try server.unprotect(request: &datagram, exchange: &answered)
                guard layout.payload.count == secret.byteCount else { throw .format }
            }
        }
    ),
    (
        "FrameContext",
        { () throws(HuskError) in
            let secret = PinnedBytes(count: 32)
            fill(secret)
            var context = try secret.withBytes { (secret) throws(HuskError) in
                try FrameContext(masterSecret: secret, masterSalt: secret, senderID: one, recipientID: two)
            }
            _ = try context.seal([1, 2, 3])
            return unsafe [
                needle(context.pointer, \.oscore.sender_key, 16), needle(context.pointer, \.oscore.recipient_key, 16),
            ]
        }
    ),
    (
        "KeyUpdate",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                var update = try KeyUpdate(
                    secret: secret.extracting(last: 32), configuration: updating(one, two, .negotiated))
                try update.start()
                update.store { _ in }
                var exchange = SecurityContext.Exchange()
                _ = try update.protect(
                    request: CoAPMessage(type: .confirmable, code: .post, messageID: 1), exchange: &exchange)
            }
        }
    ),
    (
        "EnvelopeKey, its root",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let key = try EnvelopeKey(root: secret, sender: Identity("a"), recipient: Identity("b"))
                var sealer = try EnvelopeSealer(key: key)
                _ = try sealer.seal([1], EnvelopeMetadata()) { _ in }
            }
        }
    ),
    (
        "EnvelopeKey, EnvelopeRecipients and EnvelopeSealer, the key",
        { () throws(HuskError) in
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
            return unsafe [needle(key.storage.pointer, \.key, 16)]
        }
    ),
    (
        "EnvelopeOpener",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let journal = try FlashJournal(flash())
                var region = unsafe PinnedMemory(
                    UnsafeMutableRawBufferPointer(start: storage.pointer, count: storage.count))
                let kid: [UInt8] = [7]
                let (a, b): ([UInt8], [UInt8]) = ([97], [98])
                var sealer = try unsafe EnvelopeSealer(
                    key: EnvelopeKey(
                        root: secret, sender: a.span.bytes, recipient: b.span.bytes, identifier: kid.span.bytes,
                        in: &region), journal: journal, record: 8, in: &region)
                var opener = try unsafe EnvelopeOpener(
                    key: EnvelopeKey(
                        root: secret, sender: a.span.bytes, recipient: b.span.bytes, identifier: kid.span.bytes,
                        in: &region), name: b.span.bytes, journal: journal, record: 9, in: &region)
                let wire = PinnedBytes(count: 200)
                var out = unsafe UnsafeMutableRawBufferPointer(start: wire.pointer, count: 200).mutableBytes
                let count = try unsafe sealer.seal(
                    secret, destination: b.span.bytes, stamp: EnvelopeStamp(contentFormat: 60), into: &out)
                var sealed = unsafe UnsafeMutableRawBufferPointer(start: wire.pointer, count: count).mutableBytes
                let layout = try opener.open(&sealed, now: nil)
                guard layout.content.count == secret.byteCount, layout.stamp.contentFormat == 60 else { throw .format }
            }
        }
    ),
    (
        "Device by EDHOC, in memory of the program",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let journal = try FlashJournal(flash())
                var region = unsafe PinnedMemory(
                    UnsafeMutableRawBufferPointer(start: storage.pointer, count: storage.count))
                let kid: [UInt8] = [1]
                let key = try unsafe PreSharedKey(
                    key: secret, kid: kid.span.bytes, initiator: "device", responder: "gateway", in: &region)
                let suites: InlineArray<2, CipherSuite> = [.suite0, .suite4]
                var device = try Device(
                    key: key, suites: suites.span, random: RandomSource(random), journal: journal, keeping: .session,
                    in: &region)
                try device.start(.post, path: "sensors/t", payload: secret)
                _ = try device.transmit(now: 0) { _ in }
            }
        }
    ),
    (
        "Device by EDHOC, on the heap",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let key = try preSharedKey(secret)
                var device = try Device(key: key, memory: DeviceMemory())
                try device.start(nil)
                _ = try device.transmit(now: 0)
            }
        }
    ),
    (
        "Device by KUDOS",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                var device = try Device(
                    keyUpdate: secret.extracting(last: 32), configuration: updating(one, two, .forwardSecrecy),
                    memory: DeviceMemory())
                try device.start(.init(.post, "sensors/t", payload: [1]))
                _ = try device.transmit(now: 0)
            }
        }
    ),
    (
        "Link by EDHOC",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let key = try preSharedKey(secret)
                var keys = PreSharedKeys()
                try keys.append(key)
                let framing = Link.Framing(isPointToPoint: true, frameBytes: 20)
                var gateway = try Link(responder: keys, identifier: one, framing: framing)
                var device = try Link(initiator: key, identifier: two, framing: framing)
                try device.start()
                for frame in device.transmit(now: 0).frames {
                    _ = try gateway.receive(frame)
                }
                _ = gateway.transmit(now: 0)
            }
        }
    ),
    (
        "Link by KUDOS, and LinkMemory",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let memory = try LinkMemory(record: secret) { (_: RawSpan) in }
                var link = try Link(
                    keyUpdate: secret.extracting(last: 32), configuration: updating(one, two, .forwardSecrecy),
                    memory: memory, framing: .init(isPointToPoint: true))
                try link.start()
                _ = link.transmit(now: 0)
            }
        }
    ),
    (
        "Handshake: ephemeral key, PRK and resumption key",
        { () throws(HuskError) in
            let secret = PinnedBytes(count: 32)
            fill(secret)
            let key = try secret.withBytes { (secret) throws(HuskError) in try preSharedKey(secret) }
            let configuration = try HandshakeConfiguration()
            var message: [UInt8] = []
            let first = try Handshake.Initiator.ReadyForMessage1(
                configuration, suite: .suite0, identifier: one
            ).compose(message1: &message)
            var found = unsafe [needle(first.session.pointer, \.state, 32)]
            let second = try Handshake.Responder.WaitingForMessage1(configuration).process(message)
                .compose(identifier: two, message2: &message)
            let third = try first.process(message)
            unsafe found.append(needle(third.session.pointer, \.state, 32))
            let fourth = try third.compose(key: key, message3: &message)
            let done = try second.process(message, key: key).compose(message4: &message)
            let resumption = try fourth.process(message).resumptionKey(after: key)
            resumption.withKey { key in
                found.append(Needle(32) { unsafe key.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
            }
            let context = try done.securityContext()
            unsafe found.append(needle(context.pointer, \.sender_key, 16))
            return found
        }
    ),
    (
        "BlockUpload, BlockAssembly and BlockDownload",
        { () throws(HuskError) in
            let secret = PinnedBytes(count: 64)
            fill(secret)
            let found = Needle(16) { secret[40 + $0] }
            var assembly = try BlockAssembly(limit: 128, size: .bytes16)
            var download = try BlockDownload(limit: 128, size: .bytes16)
            // What goes in as an array is the caller's to wipe: blocks of 16 bytes, so that no array holds the needle.
            for number in 0..<4 {
                var block: [UInt8] = (0..<16).map { secret[16 * number + ($0 + 8) % 16] }
                let value = Block(number: UInt32(number), size: .bytes16, more: true)
                _ = assembly.take(
                    CoAPMessage(
                        type: .confirmable, code: .post, messageID: 1, options: [value.option(CoAPOption.block1)],
                        payload: block))
                _ = try download.take(
                    CoAPMessage(
                        type: .acknowledgement, code: .content, messageID: 1,
                        options: [value.option(CoAPOption.block2)], payload: block))
                unsafe block.withUnsafeMutableBytes { unsafe $0.initializeMemory(as: UInt8.self, repeating: 0) }
            }
            return [found]
        }
    ),
    (
        "SealingKey",
        { () throws(HuskError) in
            try life { (secret) throws(HuskError) in
                let key = try SealingKey(secret.extracting(last: 32))
                let sealed = try key.seal(secret, label: [1])
                _ = try key.open(sealed[...], label: [1])
            }
        }
    ),
]

/// Memory of the program, which outlives what is made in it.
private let storage = PinnedBytes(count: 4096)

private func random(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Bool {
    var generator = SystemRandomNumberGenerator()
    for index in 0..<count {
        unsafe bytes?[index] = UInt8.random(in: 0...255, using: &generator)
    }
    return true
}

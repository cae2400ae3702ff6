// OSCORE as server, frames as one end, envelopes as the application. What is counted in place is lent for the batch, as
// the C has a pointer: what Swift checks at each access to a property of a class is not the API's.
internal import CGateway
internal import Husk

/// Requests that are opened where they lie, responses that are written to where they are sent from.
final class Requests: Scenario {
    private var client: SecurityContext
    private var server: SecurityContext

    init(_ name: String, _ suite: CipherSuite) throws {
        client = try context(1, 2, suite)
        server = try context(2, 1, suite)
        super.init(name)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        let request = try CoAPMessage(type: .confirmable, code: .post, messageID: 2, token: token, payload: payload)
            .encoded()
        let response = try CoAPMessage(
            type: .acknowledgement, code: .changed, messageID: 2, token: token, payload: payload
        ).encoded()
        var reply = [UInt8](repeating: 0, count: slot)
        var datagrams = try (0..<batch).map { _ in
            var exchange = SecurityContext.Exchange()
            return try written { try client.protect(request: request.span.bytes, into: &$0, exchange: &exchange) }
        }
        stopwatch_start(watch)
        let sum = try Self.answer(&datagrams, response, by: &server, into: &reply)
        stopwatch_stop(watch)
        precondition(sum > batch * 2 * payload.count)
        return batch
    }

    private static func answer(
        _ datagrams: inout [[UInt8]], _ response: [UInt8], by server: inout SecurityContext, into reply: inout [UInt8]
    ) throws -> Int {
        var sum = 0
        for index in 0..<batch {
            var exchange = SecurityContext.Exchange()
            var bytes = datagrams[index].mutableSpan
            var datagram = bytes.mutableBytes
            let inner = try server.unprotect(request: &datagram, exchange: &exchange)
            var span = reply.mutableSpan
            var out = span.mutableBytes
            sum += try server.protect(response: response.span.bytes, into: &out, exchange: &exchange)
            sum += inner.payload.count
        }
        return sum
    }
}

/// The same with arrays and messages as values, which are allocated.
final class ArrayRequests: Scenario {
    private var client: SecurityContext
    private var server: SecurityContext
    private var datagrams = [[UInt8]](repeating: [], count: batch)

    init(_ name: String, _ suite: CipherSuite) throws {
        client = try context(1, 2, suite)
        server = try context(2, 1, suite)
        super.init(name)
    }

    override var implementation: String { "husk_swift_arrays" }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        let request = CoAPMessage(type: .confirmable, code: .post, messageID: 2, token: token, payload: payload)
        let response = CoAPMessage(type: .acknowledgement, code: .changed, messageID: 2, token: token, payload: payload)
        for index in 0..<batch {
            var exchange = SecurityContext.Exchange()
            datagrams[index] = try client.protect(request: request, exchange: &exchange)
        }
        var sum = 0
        stopwatch_start(watch)
        for index in 0..<batch {
            var exchange = SecurityContext.Exchange()
            let inner = try server.unprotect(request: datagrams[index], exchange: &exchange)
            let out = try server.protect(response: response, exchange: &exchange)
            sum += inner.payload.count + out.count
        }
        stopwatch_stop(watch)
        precondition(sum > batch * 2 * payload.count)
        return batch
    }
}

/// Its keys protect nothing: it goes on beyond the limits of real ones.
private func context(_ sender: UInt8, _ recipient: UInt8, _ suite: CipherSuite) throws -> SecurityContext {
    var context = try SecurityContext(
        masterSecret: pskKey.span.bytes, masterSalt: [UInt8]().span.bytes, senderID: ConnectionIdentifier(sender),
        recipientID: ConnectionIdentifier(recipient), suite: suite)
    context.usageLimits.protected = .max
    return context
}

private let token: [UInt8] = [0x4a, 0x02]
/// Room for a datagram, as in C.
private let slot = 160

/// What `body` writes to the beginning of a buffer.
private func written(_ body: (inout MutableRawSpan) throws -> Int) rethrows -> [UInt8] {
    var out = [UInt8](repeating: 0, count: slot)
    var span = out.mutableSpan
    var bytes = span.mutableBytes
    let count = try body(&bytes)
    return [UInt8](out.prefix(count))
}

/// Frames that are opened where they lie, and sealed to where they are sent from.
final class Frames: Scenario {
    private var near: FrameContext
    private var far: FrameContext

    init(_ name: String, _ suite: CipherSuite) throws {
        near = try Self.end(1, 2, suite)
        far = try Self.end(2, 1, suite)
        super.init(name)
    }

    private static func end(_ sender: UInt8, _ recipient: UInt8, _ suite: CipherSuite) throws -> FrameContext {
        try FrameContext(
            masterSecret: pskKey.span.bytes, masterSalt: [UInt8]().span.bytes, senderID: ConnectionIdentifier(sender),
            recipientID: ConnectionIdentifier(recipient), suite: suite)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        var reply = [UInt8](repeating: 0, count: slot)
        var frames = try (0..<batch).map { _ in try written { try near.seal(payload.span.bytes, into: &$0) } }
        stopwatch_start(watch)
        let sum = try Self.answer(&frames, by: &far, into: &reply)
        stopwatch_stop(watch)
        precondition(sum > batch * 2 * payload.count)
        return batch
    }

    private static func answer(
        _ frames: inout [[UInt8]], by far: inout FrameContext, into reply: inout [UInt8]
    ) throws -> Int {
        var sum = 0
        for index in 0..<batch {
            var bytes = frames[index].mutableSpan
            var frame = bytes.mutableBytes
            let message = try far.open(&frame)
            var span = reply.mutableSpan
            var out = span.mutableBytes
            sum += try far.seal(payload.span.bytes, into: &out)
            sum += message.payload.count
        }
        return sum
    }
}

/// Envelopes that are opened where they lie; saving their records costs nothing here.
final class Envelopes: Scenario {
    private var sealer: EnvelopeSealer
    private var opener: EnvelopeOpener

    init(_ name: String, _ algorithm: EnvelopeAlgorithm) throws {
        sealer = try EnvelopeSealer(key: envelopeKey(algorithm))
        opener = try EnvelopeOpener(key: envelopeKey(algorithm))
        super.init(name)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        var envelopes = try (0..<batch).map { _ in
            try written { try sealer.seal(payload.span.bytes, into: &$0) { _ in } }
        }
        stopwatch_start(watch)
        let sum = try Self.open(&envelopes, by: &opener)
        stopwatch_stop(watch)
        precondition(sum == batch * payload.count)
        return batch
    }

    private static func open(_ envelopes: inout [[UInt8]], by opener: inout EnvelopeOpener) throws -> Int {
        var sum = 0
        for index in 0..<batch {
            var bytes = envelopes[index].mutableSpan
            var envelope = bytes.mutableBytes
            let layout = try opener.open(&envelope, now: nil) { _ in }
            sum += layout.content.count
        }
        return sum
    }
}

/// The same with arrays, which are allocated.
final class ArrayEnvelopes: Scenario {
    private var sealer: EnvelopeSealer
    private var opener: EnvelopeOpener
    private var envelopes = [[UInt8]](repeating: [], count: batch)

    init(_ name: String, _ algorithm: EnvelopeAlgorithm) throws {
        sealer = try EnvelopeSealer(key: envelopeKey(algorithm))
        opener = try EnvelopeOpener(key: envelopeKey(algorithm))
        super.init(name)
    }

    override var implementation: String { "husk_swift_arrays" }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        for index in 0..<batch {
            envelopes[index] = try sealer.seal(payload, EnvelopeMetadata()) { _ in }
        }
        var sum = 0
        stopwatch_start(watch)
        for index in 0..<batch {
            let opened = try opener.open(envelopes[index], now: nil) { _ in }
            sum += opened.content.count
        }
        stopwatch_stop(watch)
        precondition(sum == batch * payload.count)
        return batch
    }
}

/// Envelopes that are sealed to where they are sent from.
final class SealedEnvelopes: Scenario {
    private var sealer: EnvelopeSealer

    init(_ name: String, _ algorithm: EnvelopeAlgorithm) throws {
        sealer = try EnvelopeSealer(key: envelopeKey(algorithm))
        super.init(name)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        var reply = [UInt8](repeating: 0, count: slot)
        stopwatch_start(watch)
        let sum = try Self.seal(by: &sealer, into: &reply)
        stopwatch_stop(watch)
        precondition(sum > batch * payload.count)
        return batch
    }

    private static func seal(by sealer: inout EnvelopeSealer, into reply: inout [UInt8]) throws -> Int {
        var sum = 0
        for _ in 0..<batch {
            var span = reply.mutableSpan
            var out = span.mutableBytes
            sum += try sealer.seal(payload.span.bytes, into: &out) { _ in }
        }
        return sum
    }
}

/// The same with arrays, which are allocated.
final class ArraySealedEnvelopes: Scenario {
    private var sealer: EnvelopeSealer

    init(_ name: String, _ algorithm: EnvelopeAlgorithm) throws {
        sealer = try EnvelopeSealer(key: envelopeKey(algorithm))
        super.init(name)
    }

    override var implementation: String { "husk_swift_arrays" }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        var sum = 0
        stopwatch_start(watch)
        for _ in 0..<batch {
            sum += try sealer.seal(payload, EnvelopeMetadata()) { _ in }.count
        }
        stopwatch_stop(watch)
        precondition(sum > batch * payload.count)
        return batch
    }
}

private func envelopeKey(_ algorithm: EnvelopeAlgorithm) throws -> EnvelopeKey {
    try EnvelopeKey(
        root: pskKey, sender: Identity("device"), recipient: Identity("application"), algorithm: algorithm)
}

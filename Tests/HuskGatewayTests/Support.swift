// What the tests of the gateway share: an engine and devices in one process, with a clock that the test turns.
#if Gateway
import CHusk
import Husk
import Logging
import NIOCore

@testable import HuskGateway

func unhex(_ text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16)! }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Seeded, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

func keyBytes(_ index: Int) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 &* 7 &+ index >> 8) }
}

/// One byte for the first devices, as short as it can be on the wire.
func kidBytes(_ index: Int) -> [UInt8] {
    index < 24 ? [UInt8(index)] : [UInt8(truncatingIfNeeded: index >> 8), UInt8(truncatingIfNeeded: index)]
}

func credentials(_ count: Int) throws -> Credentials {
    try Credentials(
        (0..<count).map { index in
            try unsafe DeviceCredential(
                key: keyBytes(index).span.bytes, kid: kidBytes(index), device: Identity("sensor-\(index)"),
                gateway: Identity("gateway.example"))
        })
}

func peer(_ index: Int) -> SocketAddress {
    try! SocketAddress(ipAddress: "10.0.\(index / 250).\(index % 250 + 1)", port: 5683)
}

/// A device and where it is.
final class Sensor {
    var device: Device
    let peer: SocketAddress
    var authentications = 0
    var responses: [(code: CoAPCode, payload: [UInt8])] = []
    var failures: [HuskError] = []
    var notifications: [Device.Answer] = []

    init(
        _ index: Int, key: [UInt8]? = nil, kid: [UInt8]? = nil, suites: [CipherSuite] = CipherSuite.all,
        combines: Bool = false, memory: DeviceMemory? = nil
    ) throws {
        let psk = try PreSharedKey(
            key: key ?? keyBytes(index), kid: kid ?? kidBytes(index), initiator: Identity("sensor-\(index)"),
            responder: Identity("gateway.example"))
        device = try Device(key: psk, suites: suites, combinesFirstRequest: combines, memory: memory)
        peer = HuskGatewayTests.peer(index)
    }

    var isIdle: Bool { device.timeout(now: 0) == nil }

    func note(_ event: Device.Event) {
        switch event {
        case .none: break
        case .authenticated: authentications += 1
        case .response(let answer): responses.append((answer.code, answer.payload))
        case .failed(let error, _), .observationFailed(let error, _): failures.append(error)
        case .notification(let notification), .observationEnded(let notification): notifications.append(notification)
        }
    }
}

/// An engine with its observers, and the devices that talk to it over a network that may lose, copy and delay.
final class World {
    struct Faults {
        var loss = 0.0
        var copies = 0.0
        var delay: ClosedRange<UInt64> = 5...5
    }

    let observers: Observers
    let engine: Engine
    let store: Store?
    var now: UInt64 = 1_000_000
    var faults = Faults()
    var random: SplitMix
    /// Every datagram that reached the engine, in order.
    var arrived: [(peer: SocketAddress, bytes: [UInt8])] = []
    private var flying: [(time: UInt64, sensor: Sensor, toGateway: Bool, bytes: [UInt8])] = []

    init(
        _ credentials: Credentials, suites: [CipherSuite] = CipherSuite.all, limits: GatewayLimits = GatewayLimits(),
        router: Router = Router(), store: Store? = nil, seed: UInt64 = 1, resumptionKeyBytes: Int = 32
    ) throws {
        self.store = store
        observers = Observers(buffer: 100_000)
        var configuration = GatewayConfiguration(suites: suites, limits: limits)
        configuration.resumptionKeyBytes = resumptionKeyBytes
        engine = try Engine(
            configuration, credentials: credentials, router: router, observers: observers, logger: quiet)
        if let store {
            try engine.restore(from: store)
        }
        random = SplitMix(state: seed)
    }

    /// Makes durable what changed, as the gateway does before anything is sent.
    func commit() throws {
        guard let taken = try engine.takeChanges() else { return }
        try store?.commit(taken.changes)
    }

    var counters: GatewayCounters { observers.counters }

    func send(_ bytes: [UInt8], from peer: SocketAddress) -> [UInt8]? {
        let response = engine.receive(bytes, from: peer, now: now)
        try! commit()
        return response
    }

    func send(_ message: CoAPMessage, from peer: SocketAddress) throws -> CoAPMessage? {
        try send(try message.encoded(), from: peer).map { bytes in try CoAPMessage(decoding: bytes) }
    }

    /// Lets time pass until nothing is under way, or `limit` milliseconds are over.
    func run(_ sensors: [Sensor], limit: UInt64 = 600_000) throws {
        let end = now + limit
        while now <= end {
            for sensor in sensors {
                try transmit(sensor)
            }
            let timers = sensors.compactMap { $0.device.timeout(now: clock) }.map { now + UInt64($0) }
            guard let next = (timers + flying.map(\.time)).min() else { return }
            now = max(now, next)
            let due = flying.filter { $0.time <= now }.sorted { $0.time < $1.time }
            flying.removeAll { $0.time <= now }
            for datagram in due {
                try deliver(datagram.bytes, datagram.sensor, toGateway: datagram.toGateway)
            }
        }
    }

    private var clock: UInt32 { UInt32(truncatingIfNeeded: now) }

    private func transmit(_ sensor: Sensor) throws {
        while true {
            let transmission = try sensor.device.transmit(now: clock)
            sensor.note(transmission.event)
            guard let datagram = transmission.datagram else { return }
            fly(datagram, sensor, toGateway: true)
        }
    }

    private func deliver(_ bytes: [UInt8], _ sensor: Sensor, toGateway: Bool) throws {
        guard toGateway else {
            if let event = try? sensor.device.receive(bytes, now: clock) {
                sensor.note(event)
            }
            return try transmit(sensor)
        }
        arrived.append((sensor.peer, bytes))
        if let response = send(bytes, from: sensor.peer) {
            fly(response, sensor, toGateway: false)
        }
    }

    private func fly(_ bytes: [UInt8], _ sensor: Sensor, toGateway: Bool) {
        let copies = Double.random(in: 0..<1, using: &random) < faults.copies ? 2 : 1
        for _ in 0..<copies {
            guard Double.random(in: 0..<1, using: &random) >= faults.loss else { continue }
            let time = now + UInt64.random(in: faults.delay, using: &random)
            flying.append((time, sensor, toGateway, bytes))
        }
    }
}

/// An Initiator that a test leads by hand, one CoAP message at a time.
struct Initiator: ~Copyable {
    let peer: SocketAddress
    var messageID: UInt16 = 100

    init(_ peer: SocketAddress) {
        self.peer = peer
    }

    mutating func post(_ payload: [UInt8]) -> CoAPMessage {
        messageID += 1
        return CoAPMessage(
            type: .confirmable, code: .post, messageID: messageID, token: [1],
            options: [
                CoAPOption(number: CoAPOption.uriPath, value: Array(".well-known".utf8)),
                CoAPOption(number: CoAPOption.uriPath, value: Array("edhoc".utf8)),
                CoAPOption(number: CoAPOption.contentFormat, uint: 65),
            ], payload: payload)
    }
}

/// message_1 in CoAP, and what waits for message_2.
struct Started: ~Copyable {
    var request: CoAPMessage
    let waiting: Handshake.Initiator.WaitingForMessage2
}

func start(
    _ initiator: inout Initiator, suites: [CipherSuite] = CipherSuite.all, cI: UInt8 = 0x01
) throws -> Started {
    var message: [UInt8] = []
    let configuration = try HandshakeConfiguration(suites: suites)
    let waiting = try Handshake.Initiator.ReadyForMessage1(
        configuration, suite: suites[0], identifier: ConnectionIdentifier(cI)
    ).compose(message1: &message)
    return Started(request: initiator.post([0xf5] + message), waiting: waiting)
}

/// message_3 in CoAP, and what waits for message_4.
struct Finishing: ~Copyable {
    var request: CoAPMessage
    var identifier: ConnectionIdentifier
    let waiting: Handshake.Initiator.WaitingForMessage4
}

func finish(
    _ initiator: inout Initiator, _ waiting: consuming Handshake.Initiator.WaitingForMessage2, _ response: CoAPMessage,
    index: Int
) throws -> Finishing {
    let ready = try waiting.process(response.payload)
    let identifier = ready.peerIdentifier
    let key = try PreSharedKey(
        key: keyBytes(index), kid: kidBytes(index), initiator: Identity("sensor-\(index)"),
        responder: Identity("gateway.example"))
    var message: [UInt8] = []
    let last = try ready.compose(key: key, message3: &message)
    return Finishing(request: initiator.post(identifier.encoded + message), identifier: identifier, waiting: last)
}

/// A session of device `index`, led by hand.
struct Client: ~Copyable {
    var context: SecurityContext
    let identifier: ConnectionIdentifier
    let peer: SocketAddress
    var messageID: UInt16 = 1000

    /// Authenticates.
    init(_ world: World, _ index: Int, peer: SocketAddress? = nil) throws {
        let from = peer ?? HuskGatewayTests.peer(index)
        var initiator = Initiator(from)
        initiator.messageID = UInt16.random(in: 0...900)
        let started = try start(&initiator)
        let message2 = try world.send(started.request, from: from)!
        let finishing = try finish(&initiator, started.waiting, message2, index: index)
        let identifier = finishing.identifier
        let message4 = try world.send(finishing.request, from: from)!
        let context = try finishing.waiting.process(message4.payload).securityContext()
        self.init(context: context, identifier: identifier, peer: from)
    }

    init(context: consuming SecurityContext, identifier: ConnectionIdentifier, peer: SocketAddress) {
        self.context = context
        self.identifier = identifier
        self.peer = peer
    }

    mutating func request(
        _ code: CoAPCode, _ path: String, type: CoAPType = .confirmable, options: [CoAPOption] = [],
        payload: [UInt8] = []
    ) -> CoAPMessage {
        messageID += 1
        var all = path.split(separator: "/").map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
        all = (all + options).sorted { $0.number < $1.number }
        return CoAPMessage(
            type: type, code: code, messageID: messageID, token: [9, 9], options: all, payload: payload)
    }

    /// Sends a request and gives the plain response; nil if there was none.
    mutating func exchange(_ world: World, _ request: CoAPMessage) throws -> CoAPMessage? {
        var exchange = SecurityContext.Exchange()
        let bytes = try context.protect(request: request, exchange: &exchange)
        guard let response = world.send(bytes, from: peer) else { return nil }
        return try context.unprotect(response: response, exchange: &exchange)
    }
}

/// What is in a stream so far.
func collect(_ stream: AsyncStream<GatewayEvent>, _ observers: Observers) async -> [GatewayEvent] {
    observers.finish()
    var events: [GatewayEvent] = []
    for await event in stream {
        events.append(event)
    }
    return events
}
#endif

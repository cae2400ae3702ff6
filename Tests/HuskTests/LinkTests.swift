// Links with EDHOC through the Swift API: both roles, whole and in fragments, over a wire that loses and duplicates,
// with wrong keys, reboots, and somebody who injects.
import CHusk
import Testing

@testable import Husk

@Suite struct LinkTests {
    static let framings: [Link.Framing] = [
        .init(isPointToPoint: true), .init(), .init(isPointToPoint: true, frameBytes: 20), .init(frameBytes: 20),
        .init(frameBytes: 64),
    ]

    static func keys(_ kids: [UInt8]) throws(HuskError) -> PreSharedKeys {
        var keys = PreSharedKeys()
        for kid in kids {
            try keys.append(makeKey(kid: [kid]))
        }
        return keys
    }

    static func initiator(
        kid: UInt8 = 0x0a, key: [UInt8] = testKey, identifier: UInt8 = 1, suites: [CipherSuite] = CipherSuite.all,
        framing: Link.Framing
    ) throws(HuskError) -> Link {
        try Link(
            initiator: makeKey(key, kid: [kid]), identifier: ConnectionIdentifier(identifier), suites: suites,
            framing: framing)
    }

    static func responder(
        kids: [UInt8] = [0x0a], suites: [CipherSuite] = CipherSuite.all, framing: Link.Framing
    ) throws(HuskError) -> Link {
        try Link(
            responder: keys(kids), identifier: ConnectionIdentifier(UInt8(0x27)), suites: suites, framing: framing)
    }

    static func wire(_ framing: Link.Framing, suite: CipherSuite = .suite0) throws(HuskError) -> Wire {
        try Wire(initiator(suites: [suite], framing: framing), responder(framing: framing))
    }

    static func started(_ framing: Link.Framing) throws(HuskError) -> Wire {
        var wire = try wire(framing)
        try wire.a.start()
        wire.settle()
        return wire
    }

    // ---- EDHOC ----

    @Test(arguments: framings, CipherSuite.all)
    func bothRoles(framing: Link.Framing, suite: CipherSuite) throws {
        var wire = try Self.wire(framing, suite: suite)
        let idle = (wire.a.timeout(now: 5), wire.b.timeout(now: 5), wire.b.keyIdentifier)
        #expect(idle == (nil, nil, nil))
        try wire.a.start()
        let due = wire.a.timeout(now: 5)
        #expect(due == 0)
        wire.settle()
        #expect(wire.sawA == [.authenticated] && wire.sawB == [.authenticated] && wire.dropped == [])
        let keys = (wire.a.keyIdentifier, wire.b.keyIdentifier)
        #expect(keys == ([0x0a], [0x0a]))
        // Tags of 16 bytes leave hardly any room in 20.
        let isCramped = framing.frameBytes == 20 && suite.id >= 4
        for length in isCramped ? [] : [1, 8, 9, 10, 100, 300] {
            try wire.exchange((0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) })
        }
        #expect(wire.dropped == [])
        #expect(wire.frames.allSatisfy { $0.count <= framing.frameBytes ?? .max })
        let left = (wire.a.timeout(now: wire.now), wire.b.timeout(now: wire.now))
        #expect(left == (nil, nil))
    }

    @Test func bytesOfAHandshake() throws {
        #expect(try Self.started(.init(isPointToPoint: true)).frames.map(\.count) == [38, 36, 12, 10])
        #expect(try Self.started(.init()).frames.map(\.count) == [38, 37, 13, 11])
    }

    @Test(arguments: framings)
    func eachFrameLostOnceAndEachTwice(framing: Link.Framing) throws {
        for lost in 0..<8 {
            var wire = try Self.wire(framing)
            try wire.a.start()
            wire.settle { $0 == lost ? 0 : 1 }
            #expect(wire.sawA == [.authenticated] && wire.sawB == [.authenticated])
            try wire.exchange([1, 2, 3])
        }
        var wire = try Self.wire(framing)
        try wire.a.start()
        wire.settle { _ in 2 }
        #expect(wire.sawA == [.authenticated] && wire.sawB == [.authenticated])
        let message = [UInt8](repeating: 5, count: 50)
        try wire.a.send(message)
        try wire.b.send(message)
        wire.dropped = []
        let before = wire.frames.count
        wire.settle { _ in 2 }
        #expect(wire.messagesA == [message] && wire.messagesB == [message])
        #expect(wire.dropped == [HuskError](repeating: .replay, count: wire.frames.count - before))
    }

    @Test func anyLossesEndInASession() throws {
        for seed in UInt64(0)..<60 {
            let framing = Self.framings[Int(seed) % Self.framings.count]
            var wire = try Self.wire(framing)
            var state = seed
            func draw() -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % 3
            }
            for _ in 0..<3 {
                try wire.a.start()
                wire.settle { _ in draw() }
            }
            try wire.a.start()
            wire.settle()
            try wire.exchange([9])
        }
    }

    @Test func lostFragmentsCostTheirMessageOnly() throws {
        var wire = try Self.started(.init(isPointToPoint: true, frameBytes: 20))
        let before = wire.frames.count
        try wire.a.send([UInt8](repeating: 1, count: 30))
        wire.settle { $0 == before + 1 ? 0 : 1 }
        #expect(wire.frames.count == before + 4)
        #expect(wire.messagesB == [])
        try wire.exchange([UInt8](repeating: 2, count: 30))
        try wire.a.send([UInt8](repeating: 3, count: 30))
        let whole = wire.a.transmit(now: wire.now)
        #expect(whole.frames.count == 4 && whole.event == .none)
        let due = wire.a.timeout(now: wire.now)
        #expect(due == nil)
    }

    @Test func messagesThatAreTooLong() throws {
        var wire = try Self.started(.init(isPointToPoint: true, frameBytes: 20, messageBytes: 100))
        try wire.exchange([UInt8](repeating: 1, count: 99))
        let tooMany = [UInt8](repeating: 1, count: 9 * 128 + 1)
        let early = failure { () throws(HuskError) in try wire.a.send(tooMany) }
        #expect(early == .argument)
        try wire.a.send([UInt8](repeating: 1, count: 101))
        wire.settle()
        #expect(wire.messagesB.count == 1 && wire.dropped.contains(.buffer))
        try wire.exchange([7])
        var whole = try Self.started(.init())
        // limit_l of the keys, with the tag.
        try whole.a.send([UInt8](repeating: 1, count: 4096 - 8 + 1))
        whole.settle()
        #expect(Wire.failures(whole.sawA) == [.argument])
        try whole.exchange([UInt8](repeating: 1, count: 4096 - 8 - 1))
    }

    @Test func oneOfSeveralKeys() throws {
        for kid in UInt8(1)...5 {
            var wire = try Wire(
                Self.initiator(kid: kid, framing: .init()), Self.responder(kids: [1, 2, 3, 4, 5], framing: .init()))
            try wire.a.start()
            wire.settle()
            let kids = (wire.a.keyIdentifier, wire.b.keyIdentifier)
            #expect(kids == ([kid], [kid]))
        }
        let twice = failure { () throws(HuskError) in _ = try Self.keys([1, 2, 1]) }
        let none = failure { () throws(HuskError) in _ = try Self.responder(kids: [], framing: .init()) }
        #expect(twice == .credential && none == .argument)
    }

    @Test func wrongKeys() throws {
        var unknown = try Wire(Self.initiator(kid: 9, framing: .init()), Self.responder(framing: .init()))
        try unknown.a.start()
        unknown.settle()
        #expect(unknown.sawA == [.failed(.credential)] && unknown.sawB == [] && unknown.dropped == [.credential])
        var other = try Wire(
            Self.initiator(key: [UInt8](repeating: 9, count: 16), framing: .init()), Self.responder(framing: .init()))
        try other.a.start()
        other.settle()
        #expect(other.sawA == [.failed(.timeout)] && other.sawB == [])
        #expect(Set(other.dropped) == [.authentication])
        let sessions = (other.a.isAuthenticated, other.b.isAuthenticated, other.b.keyIdentifier)
        #expect(sessions == (false, false, nil))
    }

    @Test func suitesAreNegotiated() throws {
        var wire = try Wire(
            Self.initiator(suites: [.suite4, .suite2], framing: .init()),
            Self.responder(suites: [.suite0, .suite2], framing: .init()))
        try wire.a.start()
        wire.settle()
        #expect(wire.sawA == [.authenticated] && wire.dropped == [.suite])
        var apart = try Wire(
            Self.initiator(suites: [.suite4], framing: .init()), Self.responder(suites: [.suite0], framing: .init()))
        try apart.a.start()
        apart.settle()
        #expect(apart.sawA == [.failed(.suite)])
    }

    @Test func identifiersDiffer() throws {
        var wire = try Wire(Self.initiator(identifier: 0x27, framing: .init()), Self.responder(framing: .init()))
        try wire.a.start()
        wire.settle()
        let identifiers = (wire.a.identifier, wire.b.identifier)
        #expect(identifiers == (ConnectionIdentifier(UInt8(0x27)), ConnectionIdentifier(UInt8(0x26))))
        try wire.exchange([4])
        try wire.a.send([5])
        let frame = wire.a.transmit(now: wire.now).frames[0]
        #expect(try Frame(inspecting: frame).identifier == wire.b.identifier)
    }

    @Test func stepsOutOfOrder() throws {
        var wire = try Self.wire(.init())
        let early = failure { () throws(HuskError) in try wire.a.send([1]) }
        let waits = failure { () throws(HuskError) in try wire.b.start() }
        try wire.a.start()
        let twice = failure { () throws(HuskError) in try wire.a.start() }
        #expect(early == .state && waits == .state && twice == .state)
        wire.settle()
        let empty = failure { () throws(HuskError) in try wire.a.send([]) }
        try wire.a.send([1])
        let second = failure { () throws(HuskError) in try wire.a.send([2]) }
        #expect(empty == .argument && second == .state)
        wire.settle()
        #expect(wire.messagesB == [[1]])
        let nonsense = [
            Link.Framing(frameBytes: 19), Link.Framing(frameBytes: -5), Link.Framing(frameBytes: 0),
        ]
        for framing in nonsense {
            let error = failure { () throws(HuskError) in _ = try Self.initiator(framing: framing) }
            #expect(error == .argument)
        }
        _ = try Self.initiator(framing: .init(frameBytes: 20, messageBytes: -1))
    }

    /// Five transmissions, also while the clock wraps around.
    @Test(arguments: [UInt32(5), UInt32.max - 10_000])
    func silence(now: UInt32) throws {
        var wire = try Wire(Self.initiator(framing: .init()), Self.responder(framing: .init()), now: now)
        try wire.a.start()
        wire.settle { _ in 0 }
        #expect(wire.frames.count == 5 && Set(wire.frames).count == 1)
        #expect(wire.sawA == [.failed(.timeout)])
        #expect((62_000...93_000).contains(wire.now &- now))
        try wire.a.start()
        wire.settle()
        try wire.exchange([1])
    }

    @Test func aDeviceThatRebootedGetsIn() throws {
        var wire = try Self.started(.init(frameBytes: 64))
        try wire.exchange([1])
        wire.a = try Self.initiator(framing: .init(frameBytes: 64))
        try wire.a.start()
        wire.settle()
        #expect(Wire.sessions(wire.sawB) == 1)
        try wire.exchange([2])
    }

    @Test func usedUpKeys() throws {
        var wire = try Self.started(.init())
        unsafe wire.a.pointer.pointee.context.oscore.sender_limit = 0
        try wire.a.send([1])
        wire.settle()
        #expect(Wire.failures(wire.sawA) == [.exhausted])
        let forged = unhex("0a010027000000000000000000")
        for _ in 0..<1 << 14 {
            let error = failure { () throws(HuskError) in _ = try wire.b.receive(forged) }
            guard error == .authentication else { throw HuskError.state }
        }
        let last = failure { () throws(HuskError) in _ = try wire.b.receive(forged) }
        #expect(last == .exhausted)
        try wire.a.start()
        wire.settle()
        try wire.exchange([1])
    }

    // ---- Hostile frames ----

    @Test(arguments: framings)
    func everyFlippedBitAndEveryTruncationIsRefused(framing: Link.Framing) throws {
        var wire = try Self.started(framing)
        try wire.a.send([1, 2, 3])
        let frame = wire.a.transmit(now: wire.now).frames[0]
        for index in frame.indices {
            for bit in 0..<8 {
                var forged = frame
                forged[index] ^= 1 << bit
                let error = failure { () throws(HuskError) in _ = try wire.b.receive(forged) }
                #expect(error != nil)
            }
            let error = failure { () throws(HuskError) in _ = try wire.b.receive(Array(frame[..<index])) }
            #expect(error != nil)
        }
        _ = wire.b.transmit(now: wire.now)
        let genuine = try wire.b.receive(frame)
        guard case .message(let message, beginsSession: false) = genuine else {
            Issue.record("\(genuine)")
            return
        }
        #expect(message.payload == [1, 2, 3])
        try wire.exchange([4])
    }

    @Test(arguments: framings, [false, true])
    func injectionsDoNotTouchASession(framing: Link.Framing, keyUpdate: Bool) throws {
        var wire =
            keyUpdate
            ? try LinkKeyUpdateTests.updating(.noForwardSecrecy, LinkKeyUpdateTests.wide(framing))
            : try Self.started(framing)
        let flags: [UInt8] = [0x17, 0x27, 0x37, 0x47, 0x57, 0x01, 0x09, 0x81, 0x89, 0x97, 0xb7, 0x2f]
        for round in 0..<300 {
            var forged = (0..<Int.random(in: 0...80)).map { _ in UInt8.random(in: 0...255) }
            if !forged.isEmpty {
                forged[0] = flags[round % flags.count]
            }
            Wire.deliver(forged, to: &wire.a, &wire.sawA, &wire.dropped)
            Wire.deliver(forged, to: &wire.b, &wire.sawB, &wire.dropped)
            // Errors and message 2: nobody waits for them.
            Wire.see(wire.a.transmit(now: wire.now).event, &wire.sawA)
            Wire.see(wire.b.transmit(now: wire.now).event, &wire.sawB)
        }
        #expect(Wire.sessions(wire.sawA) == 1 && Wire.sessions(wire.sawB) == 1)
        #expect(wire.messagesA == [] && wire.messagesB == [])
        try wire.exchange([UInt8](repeating: 3, count: 40))
    }

    /// A handshake with a bit flipped anywhere leads to a session only by sending again.
    @Test func tamperedHandshakes() throws {
        for which in 0..<4 {
            for bit in stride(from: 0, to: 8 * 38, by: 3) {
                var wire = try Self.wire(.init(isPointToPoint: true))
                try wire.a.start()
                var isTampered = false
                for step in 0..<4 {
                    let outgoing = step % 2 == 0 ? wire.a.transmit(now: 5) : wire.b.transmit(now: 5)
                    guard var frame = outgoing.frames.first else { break }
                    if step == which && bit < 8 * frame.count {
                        frame[bit / 8] ^= 1 << (bit % 8)
                        isTampered = true
                    }
                    if step % 2 == 0 {
                        Wire.deliver(frame, to: &wire.b, &wire.sawB, &wire.dropped)
                    } else {
                        Wire.deliver(frame, to: &wire.a, &wire.sawA, &wire.dropped)
                    }
                }
                let hasSession = wire.a.isAuthenticated
                #expect(hasSession == !isTampered)
                wire.settle()
                if wire.a.isAuthenticated {
                    try wire.exchange([1])
                }
            }
        }
    }

    // ---- The example of the article ----

    @Test func theExampleServes() throws {
        struct Unplugged: Error {}
        var device = try Self.initiator(kid: 2, framing: .init(isPointToPoint: true))
        try device.start()
        var inbox: [[UInt8]] = device.transmit(now: 0).frames + [[0xff], []]
        var seen: [Link.Event] = []
        var asked: [[UInt8]?] = []
        #expect(throws: Unplugged.self) {
            try serve(
                try Self.keys([1, 2]), now: { 0 },
                write: { frame in
                    var dropped: [HuskError] = []
                    Wire.deliver(frame, to: &device, &seen, &dropped)
                    if seen.last == .authenticated {
                        try? device.send([21])
                    }
                    inbox += device.transmit(now: 0).frames
                },
                wait: { _ in
                    guard !inbox.isEmpty else { throw Unplugged() }
                    return inbox.removeFirst()
                },
                answer: { message, key in
                    asked.append(key)
                    return message + [42]
                })
        }
        #expect(asked == [[2]] && Wire.messages(seen) == [[21, 42]])
    }
}

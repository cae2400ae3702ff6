// Links with KUDOS through the Swift API: every mode, both ends at once, reboots at every moment, storage that fails.
import Testing

@testable import Husk

@Suite struct LinkKeyUpdateTests {
    static let secret: [UInt8] = (0..<16).map { 0xa0 + $0 }

    /// KUDOS messages are not cut, and need 21 bytes with an identifier.
    static func wide(_ framing: Link.Framing) -> Link.Framing {
        var framing = framing
        framing.frameBytes = framing.frameBytes.map { framing.isPointToPoint ? $0 : max($0, 21) }
        return framing
    }

    static func updater(
        _ own: UInt8, _ other: UInt8, _ mode: KeyUpdate.Mode, _ framing: Link.Framing, flash: SavedRecord? = nil
    ) throws(HuskError) -> Link {
        let memory = try flash.map { (flash) throws(HuskError) in try flash.memory() }
        return try Link(
            keyUpdate: secret,
            configuration: .init(
                senderID: ConnectionIdentifier(own), recipientID: ConnectionIdentifier(other), mode: mode),
            memory: memory, framing: framing)
    }

    static func updating(_ mode: KeyUpdate.Mode, _ framing: Link.Framing) throws(HuskError) -> Wire {
        var wire = try Wire(
            updater(1, 2, mode, framing, flash: mode == .noForwardSecrecy ? nil : SavedRecord()),
            updater(2, 1, mode, framing, flash: mode == .noForwardSecrecy ? nil : SavedRecord()))
        try wire.a.start()
        wire.settle()
        return wire
    }

    @Test(arguments: LinkTests.framings, [KeyUpdate.Mode.forwardSecrecy, .noForwardSecrecy, .negotiated])
    func keyUpdates(framing: Link.Framing, mode: KeyUpdate.Mode) throws {
        var wire = try Self.updating(mode, Self.wide(framing))
        #expect(wire.sawA == [.authenticated] && wire.sawB == [.authenticated])
        #expect(wire.dropped == [])
        let bytes = framing.isPointToPoint ? [20, 20, 10, 10] : [21, 21, 11, 11]
        #expect(wire.frames.map(\.count) == bytes)
        let keys = (wire.a.keyIdentifier, wire.b.keyIdentifier)
        #expect(keys == (nil, nil))
        let identifiers = (wire.a.identifier, wire.b.identifier)
        #expect(identifiers == (ConnectionIdentifier(UInt8(2)), ConnectionIdentifier(UInt8(1))))
        try wire.exchange([UInt8](repeating: 1, count: 100))
        try wire.b.start()
        wire.settle()
        try wire.exchange([2])
        try wire.a.start()
        try wire.b.start()
        wire.settle()
        try wire.exchange([3])
    }

    /// Who insists on forward secrecy is not talked out of it; who does not, settles for less.
    @Test func modesOfTheTwoEnds() throws {
        for (mode, meets) in [(KeyUpdate.Mode.forwardSecrecy, false), (.negotiated, true)] {
            for peerBegins in [false, true] {
                var wire = try Wire(
                    Self.updater(1, 2, mode, .init(), flash: SavedRecord()), Self.updater(2, 1, .noForwardSecrecy, .init()))
                for _ in 0..<2 {
                    try peerBegins ? wire.b.start() : wire.a.start()
                    wire.settle()
                }
                let sessions = (wire.a.isAuthenticated, wire.b.isAuthenticated)
                #expect(sessions == (meets, meets))
            }
        }
    }

    @Test func aMessageCanBeginASession() throws {
        var wire = try Wire(
            Self.updater(1, 2, .noForwardSecrecy, .init()), Self.updater(2, 1, .noForwardSecrecy, .init()))
        try wire.a.start()
        Wire.deliver(wire.a.transmit(now: 5).frames[0], to: &wire.b, &wire.sawB, &wire.dropped)
        Wire.deliver(wire.b.transmit(now: 5).frames[0], to: &wire.a, &wire.sawA, &wire.dropped)
        _ = wire.a.transmit(now: 5)  // the empty frame gets lost
        try wire.a.send([1, 2])
        wire.settle()
        #expect(wire.sawB == [.message(OpenedFrame(payload: [1, 2], number: 1), beginsSession: true)])
    }

    /// Either end, or both, are switched off after each frame in turn; what they saved brings them together again.
    @Test func forwardSecrecyWithReboots() throws {
        let framing = Link.Framing(isPointToPoint: true, frameBytes: 20)
        for who in 1...3 {
            for after in 0..<6 {
                let flashA = SavedRecord()
                let flashB = SavedRecord()
                var wire = try Wire(
                    Self.updater(1, 2, .forwardSecrecy, framing, flash: flashA),
                    Self.updater(2, 1, .forwardSecrecy, framing, flash: flashB))
                for _ in 0..<3 {
                    try wire.a.start()
                    let before = wire.frames.count
                    wire.settle { $0 < before + after ? 1 : 0 }
                    if who & 1 != 0 {
                        wire.a = try Self.updater(1, 2, .forwardSecrecy, framing, flash: flashA)
                    }
                    if who & 2 != 0 {
                        wire.b = try Self.updater(2, 1, .forwardSecrecy, framing, flash: flashB)
                    }
                }
                let sessions = (wire.a.isAuthenticated, wire.b.isAuthenticated)
                #expect(who & 1 == 0 || !sessions.0)
                #expect(who & 2 == 0 || !sessions.1)
                let old = (flashA.record, flashB.record)
                try wire.a.start()
                wire.settle()
                try wire.exchange([UInt8](repeating: 1, count: 30))
                #expect(flashA.record != old.0 && flashB.record != old.1)
            }
        }
    }

    /// That is what forward secrecy costs: who lost the record, or has an old one, has lost the peer.
    @Test func withoutTheRecordThereIsNoWayBack() throws {
        let flash = SavedRecord()
        var wire = try Wire(
            Self.updater(1, 2, .forwardSecrecy, .init(), flash: flash),
            Self.updater(2, 1, .forwardSecrecy, .init(), flash: SavedRecord()))
        try wire.a.start()
        wire.settle()
        let old = flash.record
        for _ in 0..<2 {
            try wire.a.start()
            wire.settle()
        }
        try wire.exchange([1])
        for record in [old, []] {
            flash.record = record
            wire.a = try Self.updater(1, 2, .forwardSecrecy, .init(), flash: flash)
            try wire.a.start()
            wire.settle()
            #expect(Wire.failures(wire.sawA) == [.timeout])
            wire.sawA = []
        }
    }

    @Test func nothingIsSentThatWasNotSaved() throws {
        let flash = SavedRecord()
        flash.isFull = true
        var wire = try Wire(
            Self.updater(1, 2, .forwardSecrecy, .init(), flash: flash),
            Self.updater(2, 1, .forwardSecrecy, .init(), flash: SavedRecord()))
        try wire.a.start()
        wire.settle()
        #expect(wire.sawA == [.failed(.storage)] && !wire.sawB.contains(.authenticated))
        #expect(flash.saves == 0)
        let unsent = failure { () throws(HuskError) in try wire.a.send([1]) }
        #expect(unsent == .state)
        flash.isFull = false
        try wire.a.start()
        wire.settle()
        #expect(flash.saves > 0)
        try wire.exchange([1])
    }

    @Test func keyUpdatesThatCannotWork() throws {
        let forgetful = failure { () throws(HuskError) in _ = try Self.updater(1, 2, .forwardSecrecy, .init()) }
        let equal = failure { () throws(HuskError) in _ = try Self.updater(1, 1, .noForwardSecrecy, .init()) }
        let narrow = failure { () throws(HuskError) in
            _ = try Self.updater(1, 2, .noForwardSecrecy, .init(frameBytes: 20))
        }
        #expect(forgetful == .argument && equal == .argument && narrow == .argument)
        for count in [0, 15, 33, 300] {
            let error = failure { () throws(HuskError) in
                _ = try Link(
                    keyUpdate: [UInt8](repeating: 1, count: count),
                    configuration: .init(
                        senderID: ConnectionIdentifier(UInt8(1)), recipientID: ConnectionIdentifier(UInt8(2)),
                        mode: .noForwardSecrecy),
                    framing: .init())
            }
            #expect(error == .argument)
        }
        let long = failure { () throws(HuskError) in
            _ = try LinkMemory(record: [UInt8](repeating: 0, count: 100)) { _ in }
        }
        #expect(long == .format)
    }

    @Test func otherSecretsDoNotMeet() throws {
        var wire = try Wire(
            Self.updater(1, 2, .noForwardSecrecy, .init()),
            Link(
                keyUpdate: [UInt8](repeating: 7, count: 16),
                configuration: .init(
                    senderID: ConnectionIdentifier(UInt8(2)), recipientID: ConnectionIdentifier(UInt8(1)),
                    mode: .noForwardSecrecy),
                framing: .init()))
        try wire.a.start()
        wire.settle()
        #expect(wire.sawA == [.failed(.timeout)] && wire.sawB == [])
    }
}

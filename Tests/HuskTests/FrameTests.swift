// Frames through the Swift API: the worked example of their article, what tampering and replays come to, fragments.
import Testing

@testable import Husk

@Suite struct FrameTests {
    static let secret = unhex("0102030405060708090a0b0c0d0e0f10")
    static let salt = unhex("9e7ca92223786340")

    struct Pair: ~Copyable {
        var alice: FrameContext
        var bob: FrameContext
    }

    static func context(_ sender: UInt8, _ recipient: UInt8) throws(HuskError) -> FrameContext {
        try unsafe FrameContext(
            masterSecret: secret.span.bytes, masterSalt: salt.span.bytes, senderID: ConnectionIdentifier(sender),
            recipientID: ConnectionIdentifier(recipient))
    }

    static func pair() throws(HuskError) -> Pair { Pair(alice: try context(1, 2), bob: try context(2, 1)) }

    @Test func workedExample() throws {
        var pair = try Self.pair()
        pair.alice.nextNumber = 20
        let frame = try pair.alice.seal(Array("{\"t\":21.5}".utf8))
        #expect(hex(frame) == "091401e369918443d342375dc8609470e8bff0b033")
        let next = pair.alice.nextNumber
        #expect(next == 21)
        #expect(try pair.bob.open(frame) == OpenedFrame(payload: Array("{\"t\":21.5}".utf8), number: 20))
        pair.alice.nextNumber = 20  // an example: never twice with the same number
        #expect(
            hex(try pair.alice.seal(Array("{\"t\":21.5}".utf8), withIdentifier: false))
                == "0114e369918443d342375dc873ab12a75ff9ca0c")
    }

    @Test func overheadIsElevenAndTen() throws {
        var pair = try Self.pair()
        let reading = [UInt8](repeating: 7, count: 32)
        let named = try pair.alice.seal(reading)
        let unnamed = try pair.alice.seal(reading, withIdentifier: false)
        #expect(named.count == 43)
        #expect(unnamed.count == 42)
    }

    @Test func headers() throws {
        var pair = try Self.pair()
        let named = try Frame(inspecting: try pair.alice.seal([]))
        #expect(named.kind == .data)
        #expect(named.identifier == ConnectionIdentifier(UInt8(1)))
        #expect(try Frame(inspecting: try pair.alice.seal([], withIdentifier: false)).identifier == nil)
        #expect(try Frame(inspecting: [0x37, 0xaa]).kind == .edhoc(message: 3))
        #expect(try Frame(inspecting: [0x57, 0xaa]).kind == .edhocError)
        #expect(try Frame(inspecting: unhex("81010007000102030405060755")).kind == .keyUpdate)
        #expect(failure { () throws(HuskError) in _ = try Frame(inspecting: []) } == .format)
        #expect(failure { () throws(HuskError) in _ = try Frame(inspecting: [0x21, 0, 0]) } == .unsupported)
        let long = unhex("0914480102030405060708aa")
        #expect(failure { () throws(HuskError) in _ = try Frame(inspecting: long) } == .context)
    }

    @Test func everyFlippedBitAndEveryTruncationIsRefused() throws {
        var pair = try Self.pair()
        let frame = try pair.alice.seal(Array("twenty-one and a half".utf8))
        for index in frame.indices {
            for bit in 0..<8 {
                var forged = frame
                forged[index] ^= 1 << bit
                #expect(throws: HuskError.self) { try pair.bob.open(forged) }
            }
            #expect(throws: HuskError.self) { try pair.bob.open(Array(frame[..<index])) }
        }
        #expect(try pair.bob.open(frame).number == 0)
        do {
            _ = try pair.bob.open(frame)
            Issue.record("accepted twice")
        } catch {
            #expect(error == .replay)
        }
    }

    @Test func fragments() throws {
        var pair = try Self.pair()
        var reassembly = Reassembly(capacity: 200)
        for length in [0, 1, 8, 9, 100, 200] {
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let room = pair.alice.longestPayload(inFramesOf: 20)
            var whole: [UInt8]?
            for payload in try Fragments(of: message, fragmentBytes: room).payloads {
                #expect(whole == nil)
                let frame = try pair.alice.seal(payload)
                #expect(frame.count <= 20)
                whole = try reassembly.take(try pair.bob.open(frame))
            }
            #expect(whole == message)
        }
        #expect(failure { () throws(HuskError) in _ = try Fragments(of: [1, 2], fragmentBytes: 1) } == .argument)
        #expect(failure { () throws(HuskError) in _ = try Fragments(of: [1, 2], fragmentBytes: -5) } == .argument)
        let piece = OpenedFrame(payload: [0x01] + [UInt8](repeating: 0, count: 101), number: 900)
        do {
            _ = try reassembly.take(piece)
            Issue.record("longer than the buffer")
        } catch {
            #expect(error == .buffer)
        }
    }

    @Test func limitsOfAKey() throws {
        var pair = try Self.pair()
        let before = pair.alice.isExhausted
        pair.alice.nextNumber = 1 << 20
        let after = pair.alice.isExhausted
        #expect(!before && after)
        do {
            _ = try pair.alice.seal([1])
            Issue.record("sealed")
        } catch {
            #expect(error == .exhausted)
        }
    }

    @Test func badParameters() {
        let equal = failure { () throws(HuskError) in _ = try Self.context(1, 1) }
        #expect(equal == .argument)
    }
}

// Data in and out, and keys that another library holds.
import FoundationEssentials
import HuskFoundation
import Testing

@testable import Husk

/// As swift-crypto has it: bytes of its own that it lends.
private struct SymmetricKey: ContiguousBytes {
    let bytes: [UInt8]

    init(data: some ContiguousBytes) {
        bytes = unsafe data.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe bytes.withUnsafeBytes(body)
    }
}

@Suite struct FoundationTests {
    @Test func keysGoInAndOut() throws {
        let held = SymmetricKey(data: testKey)
        let key = try PreSharedKey(
            key: held, kid: [0x0a], initiator: Identity("sensor-1"), responder: Identity("gateway.example"))
        let out = unsafe key.withKeyBytes { unsafe SymmetricKey(data: $0) }
        #expect(out.bytes == testKey)
        #expect(key.fingerprint() == (try makeKey()).fingerprint())
        #expect(throws: HuskError.argument) {
            _ = try PreSharedKey(
                key: SymmetricKey(data: [1, 2]), kid: [1], initiator: Identity("a"), responder: Identity("b"))
        }
    }

    @Test func dataIsTheSameBytes() throws {
        let held = SymmetricKey(data: FrameTests.secret)
        var alice = try FrameContext(
            masterSecret: held, masterSalt: FrameTests.salt, senderID: ConnectionIdentifier(UInt8(1)),
            recipientID: ConnectionIdentifier(UInt8(2)))
        var pair = try FrameTests.pair()
        let frame = try alice.seal(Data([1, 2, 3]))
        #expect(try [UInt8](frame) == pair.alice.seal([1, 2, 3]))
        #expect(try pair.bob.open(frame).payload == [1, 2, 3])
        let client = try SecurityContext(
            masterSecret: held, masterSalt: SecurityContextTests.salt, senderID: SecurityContextTests.empty,
            recipientID: SecurityContextTests.one)
        #expect(client.senderID == SecurityContextTests.empty)
        let plain = Data(unhex("44015d1f00003974396c6f63616c686f737483747631"))
        #expect(try CoAPMessage(decoding: plain).path == "tv1")
    }
}

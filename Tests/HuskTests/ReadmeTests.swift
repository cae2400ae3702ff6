// The README's example: opens what the one in C sealed, to the byte (Tests/readme/sealed_main.c), and nothing else.
import Husk
import Testing

@Suite struct ReadmeTests {
    private static let frame = unhex(
        "09000143c6be6ddaf1e2bc8a847518606a6d16e3dca2598c3b75e08895ce2f483b9cf7627403c305"
            + "80a4cdda3b6de9c1cf861bf3a29077d806531bb0")

    private static func link() throws -> FrameContext {
        let secret = Array("frame secret  !\0".utf8)
        let salt: [UInt8] = []
        return try unsafe FrameContext(
            masterSecret: secret.span.bytes, masterSalt: salt.span.bytes, senderID: ConnectionIdentifier(UInt8(2)),
            recipientID: ConnectionIdentifier(UInt8(1)))
    }

    private static func opener() throws -> EnvelopeOpener {
        let root = Array("envelope root k\0".utf8)
        return try EnvelopeOpener(
            key: EnvelopeKey(root: root, sender: Identity("kitchen"), recipient: Identity("application")))
    }

    @Test func theExamplesFitTogether() throws {
        var link = try Self.link()
        var opener = try Self.opener()
        let routed = try route(Self.frame, from: &link)
        #expect(routed.destination == "application")
        var saved = 0
        let reading = try read(routed.envelope, from: &opener) { saved = $0.byteCount }
        #expect(reading == unhex("a1617418d7"))
        #expect(saved > 0)
        #expect(throws: HuskError.replay) { try route(Self.frame, from: &link) }
        #expect(throws: HuskError.replay) { try read(routed.envelope, from: &opener) { _ in } }
    }

    @Test func nothingElseOpens() throws {
        var link = try Self.link()
        var opener = try Self.opener()
        for index in Self.frame.indices {
            var changed = Self.frame
            changed[index] ^= 1
            #expect(throws: HuskError.self) { try route(changed, from: &link) }
        }
        let envelope = try route(Self.frame, from: &link).envelope
        for index in envelope.indices {
            var changed = envelope
            changed[index] ^= 1
            #expect(throws: HuskError.self) { try read(changed, from: &opener) { _ in } }
        }
        #expect(try read(envelope, from: &opener) { _ in } == unhex("a1617418d7"))
    }
}

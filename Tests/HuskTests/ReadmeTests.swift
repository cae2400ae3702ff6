// The README's example: opens what the one in C sealed, to the byte (Tests/readme/sealed_main.c), and nothing else.
import Husk
import Testing

@Suite struct ReadmeTests {
    private static let frame = unhex(
        "09000143c6be6ddaf1e2bc8a847518606a6d16e3dca2598c3b75e08895ce2f483b9cf7627403c305"
            + "80a4cdda3b6de9c1cf861bf3a29077d806531bb0")

    private func openers() throws -> (FrameContext, EnvelopeOpener) {
        let link = try FrameContext(
            masterSecret: Array("frame secret  !\0".utf8), masterSalt: [], senderID: ConnectionIdentifier(2),
            recipientID: ConnectionIdentifier(1))
        let key = try EnvelopeKey(
            root: Array("envelope root k\0".utf8), sender: Identity("kitchen"), recipient: Identity("application"))
        return (link, try EnvelopeOpener(key: key))
    }

    @Test func theExamplesFitTogether() throws {
        var (link, opener) = try openers()
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
        var (link, opener) = try openers()
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

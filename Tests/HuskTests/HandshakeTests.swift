// Handshakes between the two roles of the Swift API, and the error each kind of bad message gives.
import CHusk
import Testing

@testable import Husk

@Suite struct HandshakeTests {
    static let cI = ConnectionIdentifier(UInt8(0x01))
    static let cR = ConnectionIdentifier(UInt8(0x21))

    /// Runs a handshake; `change` may tamper with each message on its way.
    static func run(
        suite: CipherSuite = .suite0, initiatorSuites: [CipherSuite] = CipherSuite.all,
        responderSuites: [CipherSuite] = CipherSuite.all, initiatorKey: [UInt8] = testKey,
        initiatorKid: [UInt8] = [0x0a],
        change: (Int, inout [UInt8]) -> Void = { _, _ in }
    ) throws(HuskError) -> [Int] {
        let initiator = try HandshakeConfiguration(suites: initiatorSuites)
        let responder = try HandshakeConfiguration(suites: responderSuites)
        let ours = try makeKey(initiatorKey, kid: initiatorKid)
        let theirs = try makeKey()
        var sizes: [Int] = []
        func carry(_ number: Int, _ message: inout [UInt8]) {
            sizes.append(message.count)
            change(number, &message)
        }

        var message: [UInt8] = []
        let waiting2 = try Handshake.Initiator.ReadyForMessage1(initiator, suite: suite, identifier: cI)
            .compose(message1: &message)
        carry(1, &message)
        let ready2 = try Handshake.Responder.WaitingForMessage1(responder).process(message)
        guard ready2.peerIdentifier == cI else { throw .identifier }
        let waiting3 = try ready2.compose(identifier: cR, message2: &message)
        carry(2, &message)
        let ready3 = try waiting2.process(message)
        guard ready3.peerIdentifier == cR else { throw .identifier }
        let waiting4 = try ready3.compose(key: ours, message3: &message)
        carry(3, &message)
        guard try waiting3.keyIdentifier(in: message) == theirs.kid else { throw .credential }
        let ready4 = try waiting3.process(message, key: theirs)
        let server = try ready4.compose(message4: &message)
        carry(4, &message)
        let client = try waiting4.process(message)
        guard client.suite == suite, server.suite == suite else { throw .suite }
        var ourContext = try client.securityContext()
        var theirContext = try server.securityContext()
        guard ourContext.senderID == cR, ourContext.recipientID == cI else { throw .context }
        var request = SecurityContext.Exchange()
        var response = SecurityContext.Exchange()
        let plain = CoAPMessage(type: .confirmable, code: .get, messageID: 7)
        let bytes = try ourContext.protect(request: plain, exchange: &request)
        guard try theirContext.unprotect(request: bytes, exchange: &response) == plain else { throw .authentication }
        return sizes
    }

    @Test func messagesHaveTheirSizes() throws {
        #expect(try Self.run() == [37, 35, 11, 9])
        // SUITES_I is an array when the selected suite is not the first, and the tags of messages 3 and 4 are longer.
        #expect(try Self.run(suite: .suite1, initiatorSuites: [.suite1]) == [37, 35, 19, 17])
    }

    @Test func suiteNegotiation() throws {
        #expect(throws: HuskError.suite) { try Self.run(suite: .suite0, responderSuites: [.suite1]) }
        // The Responder has a suite that the Initiator prefers over the selected one.
        #expect(throws: HuskError.suite) { try Self.run(suite: .suite1) }
        _ = try Self.run(suite: .suite1, responderSuites: [.suite1])
        let configuration = try HandshakeConfiguration(suites: [.suite1])
        #expect(configuration.errorMessage(for: .suite) == [0x02, 0x01])
        #expect(configuration.errorMessage(for: .credential) == [0x03, 0xf5])
        #expect(configuration.errorMessage(for: .authentication).first == 0x01)
        #expect(throws: HuskError.argument) { try HandshakeConfiguration(suites: []) }
        #expect(throws: HuskError.argument) { try HandshakeConfiguration(suites: [.suite0, .suite0]) }
    }

    @Test func wrongKeyAndUnknownKid() {
        var other = testKey
        other[15] ^= 1
        #expect(throws: HuskError.authentication) { try Self.run(initiatorKey: other) }
        #expect(throws: HuskError.credential) { try Self.run(initiatorKid: [0x0b]) }
    }

    @Test(arguments: 1...4) func everyFlippedBitEndsTheHandshake(number: Int) throws {
        let sizes = try Self.run()
        for index in 0..<sizes[number - 1] {
            #expect(throws: HuskError.self) {
                try Self.run { at, message in
                    if at == number {
                        message[index] ^= UInt8(1) << UInt8(index % 8)
                    }
                }
            }
        }
    }

    @Test(arguments: 1...4) func everyTruncationEndsTheHandshake(number: Int) throws {
        let sizes = try Self.run()
        for count in 0..<sizes[number - 1] {
            #expect(throws: HuskError.self) {
                try Self.run { at, message in
                    if at == number {
                        message.removeLast(message.count - count)
                    }
                }
            }
        }
    }

    @Test func equalIdentifiersAreRefused() throws {
        let configuration = try HandshakeConfiguration()
        var message: [UInt8] = []
        _ = try Handshake.Initiator.ReadyForMessage1(configuration, suite: .suite0, identifier: Self.cI)
            .compose(message1: &message)
        let ready = try Handshake.Responder.WaitingForMessage1(configuration).process(message)
        do {
            _ = try ready.compose(identifier: Self.cI, message2: &message)
            Issue.record("accepted C_R == C_I")
        } catch {
            #expect(error == .identifier)
        }
    }

    @Test func failingRandomSourceSendsNothing() throws {
        let broken = try unsafe HandshakeConfiguration(
            suites: [.suite0], random: .init(fill: { _, _, _ in HuskError.random.code }, context: nil))
        var message: [UInt8] = []
        do {
            _ = try Handshake.Initiator.ReadyForMessage1(broken, suite: .suite0, identifier: Self.cI)
                .compose(message1: &message)
            Issue.record("composed without randomness")
        } catch {
            #expect(error == .random)
            #expect(message.isEmpty)
        }
    }
}

// RFC 8613 appendix C through the Swift API, then what tampering and replays come to.
import Testing

@testable import Husk

@Suite struct SecurityContextTests {
    static let secret = unhex("0102030405060708090a0b0c0d0e0f10")
    static let salt = unhex("9e7ca92223786340")
    static let empty = try! ConnectionIdentifier([])
    static let one = ConnectionIdentifier(UInt8(1))

    /// The two sides of appendix C.1 (client: empty Sender ID), C.2 or C.3.
    static func pair(
        salt: [UInt8] = salt, client: ConnectionIdentifier = empty, idContext: [UInt8]? = nil
    ) throws(HuskError) -> Pair {
        Pair(
            client: try unsafe SecurityContext(
                masterSecret: secret.span.bytes, masterSalt: salt.span.bytes, senderID: client, recipientID: one,
                idContext: idContext),
            server: try unsafe SecurityContext(
                masterSecret: secret.span.bytes, masterSalt: salt.span.bytes, senderID: one, recipientID: client,
                idContext: idContext))
    }

    struct Pair: ~Copyable {
        var client: SecurityContext
        var server: SecurityContext
        var request = SecurityContext.Exchange()
        var response = SecurityContext.Exchange()
    }

    static func request(_ plain: String) throws -> CoAPMessage { try CoAPMessage(decoding: unhex(plain)) }

    @Test func appendixC4() throws {
        var pair = try Self.pair()
        pair.client.senderSequence = 20
        let plain = try Self.request("44015d1f00003974396c6f63616c686f737483747631")
        let bytes = try pair.client.protect(request: plain, exchange: &pair.request)
        #expect(hex(bytes) == "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e")
        #expect(pair.client.senderSequence == 21)
        let inner = try pair.server.unprotect(request: bytes, exchange: &pair.response)
        #expect(inner.code == .get)
        #expect(inner.path == "tv1")
        #expect(try CoAPMessage(decoding: bytes).oscoreIdentifier() == Self.empty)
    }

    @Test func appendixC5() throws {
        var pair = try Self.pair(salt: [], client: ConnectionIdentifier(UInt8(0)))
        pair.client.senderSequence = 20
        let plain = try Self.request("440171c30000b932396c6f63616c686f737483747631")
        let bytes = try pair.client.protect(request: plain, exchange: &pair.request)
        #expect(hex(bytes) == "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0")
        #expect(try pair.server.unprotect(request: bytes, exchange: &pair.response).path == "tv1")
    }

    @Test func appendixC6() throws {
        var pair = try Self.pair(idContext: unhex("37cbf3210017a2d3"))
        pair.client.senderSequence = 20
        let plain = try Self.request("44012f8eef9bbf7a396c6f63616c686f737483747631")
        let bytes = try pair.client.protect(request: plain, exchange: &pair.request)
        #expect(
            hex(bytes)
                == "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3")
        #expect(try pair.server.unprotect(request: bytes, exchange: &pair.response).path == "tv1")
    }

    @Test(arguments: [
        (false, "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106"),
        (true, "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e"),
    ])
    func appendixC7AndC8(ownPartialIV: Bool, expected: String) throws {
        var pair = try Self.pair()
        pair.client.senderSequence = 20
        let plain = try Self.request("44015d1f00003974396c6f63616c686f737483747631")
        let request = try pair.client.protect(request: plain, exchange: &pair.request)
        _ = try pair.server.unprotect(request: request, exchange: &pair.response)
        let answer = CoAPMessage(
            type: .acknowledgement, code: .content, messageID: 0x5d1f, token: unhex("00003974"),
            payload: Array("Hello World!".utf8))
        let bytes = try pair.server.protect(response: answer, exchange: &pair.response, ownPartialIV: ownPartialIV)
        #expect(hex(bytes) == expected)
        let inner = try pair.client.unprotect(response: bytes, exchange: &pair.request)
        #expect(inner.code == .content)
        #expect(inner.payload == Array("Hello World!".utf8))
    }

    @Test func overheadIsThirteenAndEleven() throws {
        var pair = try Self.pair()
        let reading = [UInt8](repeating: 1, count: 32)
        let plain = CoAPMessage(type: .confirmable, code: .post, messageID: 1, payload: reading)
        let request = try pair.client.protect(request: plain, exchange: &pair.request)
        #expect(request.count - plain.encodedCount == 13)
        let received = try pair.server.unprotect(request: request, exchange: &pair.response)
        #expect(received.payload == plain.payload)
        let answer = CoAPMessage(type: .acknowledgement, code: .changed, messageID: 1)
        let response = try pair.server.protect(response: answer, exchange: &pair.response)
        #expect(response.count - answer.encodedCount == 11)
    }

    @Test func everyFlippedBitIsRefusedAndDisturbsNothing() throws {
        var pair = try Self.pair()
        let plain = try Self.request("44015d1f00003974396c6f63616c686f737483747631")
        let request = try pair.client.protect(request: plain, exchange: &pair.request)
        // The header, the token and Uri-Host (class U) are not what OSCORE protects.
        for index in (8 + 10)..<request.count {
            for bit in 0..<8 {
                var forged = request
                forged[index] ^= 1 << bit
                #expect(throws: HuskError.self) {
                    try pair.server.unprotect(request: forged, exchange: &pair.response)
                }
            }
        }
        #expect(try pair.server.unprotect(request: request, exchange: &pair.response).path == "tv1")
    }

    @Test func replaysAreRefused() throws {
        var pair = try Self.pair()
        let plain = CoAPMessage(type: .confirmable, code: .get, messageID: 1)
        var sent: [[UInt8]] = []
        for _ in 0..<40 {
            sent.append(try pair.client.protect(request: plain, exchange: &pair.request))
        }
        for index in [5, 3, 39, 38, 8] {
            _ = try pair.server.unprotect(request: sent[index], exchange: &pair.response)
        }
        for index in [5, 3, 39, 38, 8, 7] {
            var error: HuskError?
            do {
                _ = try pair.server.unprotect(request: sent[index], exchange: &pair.response)
            } catch {
                #expect(error == .replay)
                continue
            }
            error = nil
            Issue.record("accepted message \(index) twice, or one older than the window: \(String(describing: error))")
        }
    }

    @Test func badParameters() {
        func make(_ secret: [UInt8], _ sender: ConnectionIdentifier, _ idContext: [UInt8]? = nil) -> HuskError? {
            failure { () throws(HuskError) in
                _ = try unsafe SecurityContext(
                    masterSecret: secret.span.bytes, masterSalt: Self.salt.span.bytes, senderID: sender,
                    recipientID: Self.one, idContext: idContext)
            }
        }
        #expect(make(Self.secret, Self.empty) == nil)
        #expect(make([UInt8](repeating: 1, count: 15), Self.empty) == .argument)
        #expect(make(Self.secret, Self.one) == .argument)
        #expect(make(Self.secret, Self.empty, [UInt8](repeating: 1, count: 9)) == .argument)
    }

    @Test func responseWithoutRequestIsRefused() throws {
        var pair = try Self.pair()
        do {
            _ = try pair.client.unprotect(
                response: unhex("64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106"),
                exchange: &pair.request)
            Issue.record("accepted")
        } catch {
            #expect(error == .state)
        }
    }

    static let registration = CoAPMessage(
        type: .confirmable, code: .get, messageID: 1, token: [7],
        options: [CoAPOption(number: CoAPOption.observe, uint: 0)])

    static func notification(_ number: UInt32) -> CoAPMessage {
        CoAPMessage(
            type: .nonConfirmable, code: .content, messageID: UInt16(number), token: [7],
            options: [CoAPOption(number: CoAPOption.observe, uint: number)], payload: [UInt8(number)])
    }

    @Test func notificationsComeOutInOrder() throws {
        var pair = try Self.pair()
        let request = try pair.client.protect(request: Self.registration, exchange: &pair.request)
        #expect(try CoAPMessage(decoding: request).code == .fetch)
        #expect(try CoAPMessage(decoding: request).option(CoAPOption.observe)?.uint == 0)
        #expect(pair.request.isObservation == true)
        let inner = try pair.server.unprotect(request: request, exchange: &pair.response)
        #expect(inner.option(CoAPOption.observe)?.uint == 0)
        #expect(pair.response.isObservation == true)
        var sent: [[UInt8]] = []
        for number in 0..<5 {
            sent.append(
                try pair.server.protect(response: Self.notification(UInt32(number)), exchange: &pair.response))
        }
        #expect(pair.server.senderSequence == 4)
        #expect(try CoAPMessage(decoding: sent[3]).code == .content)
        for (index, fresh) in [(0, true), (2, true), (1, false), (2, false), (0, false), (4, true), (3, false)] {
            var notified: [UInt8]?
            do {
                notified = try pair.client.unprotect(response: sent[index], exchange: &pair.request).payload
            } catch {
                #expect(error == .replay)
            }
            #expect(notified == (fresh ? [UInt8(index)] : nil))
            #expect(pair.request.isObservation == true)
        }
        let last = CoAPMessage(type: .nonConfirmable, code: .notFound, messageID: 9, token: [7])
        let bytes = try pair.server.protect(response: last, exchange: &pair.response)
        #expect(try pair.client.unprotect(response: bytes, exchange: &pair.request).code == .notFound)
        #expect(pair.request.isObservation == false)
        #expect(pair.response.isObservation == false)
        do {
            _ = try pair.server.protect(response: Self.notification(6), exchange: &pair.response)
            Issue.record("notified nobody")
        } catch {
            #expect(error == .state)
        }
    }

    @Test func lostWindowIsRecoveredWithEcho() throws {
        var pair = try Self.pair()
        let plain = CoAPMessage(type: .confirmable, code: .get, messageID: 1, token: [7])
        let old = try pair.client.protect(request: plain, exchange: &pair.request)
        let first = try pair.client.protect(request: plain, exchange: &pair.request)
        _ = try pair.server.unprotect(request: old, exchange: &pair.response)
        #expect(failure { () throws(HuskError) in try pair.server.loseWindow(echo: [1, 2, 3]) } == .argument)
        let echo = [UInt8](repeating: 0x5a, count: SecurityContext.echoCount)
        try pair.server.loseWindow(echo: echo)
        pair.response = SecurityContext.Exchange()
        for request in [old, first] {
            do {
                _ = try pair.server.unprotect(request: request, exchange: &pair.response)
                Issue.record("acted upon what may be old")
            } catch {
                #expect(error == .freshness)
            }
        }
        #expect(pair.server.isWindowLost == true)
        let challenge = try pair.server.protect(
            challenge: CoAPMessage(type: .acknowledgement, code: .empty, messageID: 1, token: [7]),
            exchange: &pair.response)
        let received = try pair.client.unprotect(response: challenge, exchange: &pair.request)
        #expect(received.code == .unauthorized)
        #expect(received.options == [CoAPOption(number: CoAPOption.echo, value: echo)])
        var again = plain
        again.options = received.options
        let answer = try pair.client.protect(request: again, exchange: &pair.request)
        #expect(try pair.server.unprotect(request: answer, exchange: &pair.response).code == .get)
        #expect(pair.server.isWindowLost == false)
        for request in [old, first, answer] {
            do {
                _ = try pair.server.unprotect(request: request, exchange: &pair.response)
                Issue.record("accepted twice")
            } catch {
                #expect(error == .replay)
            }
        }
    }

    @Test func usageLimitsAreKept() throws {
        var pair = try Self.pair()
        #expect(
            pair.client.usageLimits == SecurityContext.UsageLimits(protected: 1 << 20, forged: 1 << 14, length: 4096))
        pair.client.usageLimits.protected = 2
        pair.server.usageLimits.forged = 1
        let plain = CoAPMessage(type: .confirmable, code: .get, messageID: 1)
        var sent: [[UInt8]] = []
        for _ in 0..<2 {
            #expect(pair.client.isExhausted == false)
            sent.append(try pair.client.protect(request: plain, exchange: &pair.request))
        }
        #expect(pair.client.isExhausted == true)
        #expect(pair.client.protectedCount == 2)
        do {
            _ = try pair.client.protect(request: plain, exchange: &pair.request)
            Issue.record("used the key too often")
        } catch {
            #expect(error == .exhausted)
        }
        var forged = sent[1]
        forged[forged.count - 1] ^= 1
        for (bytes, expected) in [(sent[0], nil), (forged, HuskError.authentication), (sent[1], .exhausted)] {
            var thrown: HuskError?
            do {
                _ = try pair.server.unprotect(request: bytes, exchange: &pair.response)
            } catch {
                thrown = error
            }
            #expect(thrown == expected)
        }
        #expect(pair.server.forgedCount == 1)
        #expect(pair.server.isExhausted == true)
    }
}

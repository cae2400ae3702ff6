// KUDOS as Swift values: both sides in one process, each as client and server.
import Testing

@testable import Husk

@Suite struct KeyUpdateTests {
    static let secret: [UInt8] = (0..<16).map { 0xa0 + $0 }

    static func side(
        _ own: UInt8, _ other: UInt8, _ mode: KeyUpdate.Mode, idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws -> KeyUpdate {
        try KeyUpdate(
            secret: secret,
            configuration: .init(
                senderID: ConnectionIdentifier(own), recipientID: ConnectionIdentifier(other), idContext: idContext,
                mode: mode, suite: suite))
    }

    static func request(_ payload: [UInt8] = []) -> CoAPMessage {
        CoAPMessage(type: .confirmable, code: .post, messageID: 7, token: [1, 2], payload: payload)
    }

    static func response(_ payload: [UInt8] = []) -> CoAPMessage {
        CoAPMessage(type: .acknowledgement, code: .changed, messageID: 7, token: [1, 2], payload: payload)
    }

    enum Trait {
        case context
        case running
        case storing
    }

    static func traits(_ update: borrowing KeyUpdate) -> Set<Trait> {
        var traits: Set<Trait> = []
        if update.hasContext {
            traits.insert(.context)
        }
        if update.isRunning {
            traits.insert(.running)
        }
        if update.mustStore {
            traits.insert(.storing)
        }
        return traits
    }

    /// One exchange; the events of server and client.
    static func exchange(
        _ client: inout KeyUpdate, _ server: inout KeyUpdate
    ) throws -> (KeyUpdate.Event, KeyUpdate.Event) {
        var asked = SecurityContext.Exchange()
        var served = SecurityContext.Exchange()
        let out = try client.protect(request: request([3]), exchange: &asked)
        let heard = try server.unprotect(request: out, exchange: &served)
        #expect(heard.message.payload == [3])
        server.store { _ in }
        let back = try server.protect(response: response([4]), exchange: &served)
        let answer = try client.unprotect(response: back, exchange: &asked)
        #expect(answer.message.payload == [4])
        client.store { _ in }
        return (heard.event, answer.event)
    }

    @Test(arguments: [KeyUpdate.Mode.forwardSecrecy, .noForwardSecrecy, .negotiated])
    func eitherSideBeginsWithARequest(mode: KeyUpdate.Mode) throws {
        for (idContext, suite) in [([UInt8]?.none, CipherSuite.suite0), ([5, 6], .suite4), ([], .suite1)] {
            var a = try Self.side(1, 2, mode, idContext: idContext, suite: suite)
            var b = try Self.side(2, 1, mode, idContext: idContext, suite: suite)
            for _ in 0..<3 {
                try a.start()
                #expect(Self.traits(a).contains(.running))
                #expect(try Self.exchange(&a, &b) == (.divergent, .established))
                #expect(Self.traits(a) == [.context] && Self.traits(b).contains(.running))
                #expect(try Self.exchange(&a, &b) == (.confirmed, .plain))
                #expect(Self.traits(b) == [.context])
                try b.start()
                #expect(try Self.exchange(&b, &a) == (.divergent, .established))
                #expect(try Self.exchange(&b, &a) == (.confirmed, .plain))
            }
        }
    }

    @Test func theServerBeginsWithItsResponse() throws {
        var a = try Self.side(1, 2, .forwardSecrecy)
        var b = try Self.side(2, 1, .forwardSecrecy)
        try a.start()
        _ = try Self.exchange(&a, &b)
        _ = try Self.exchange(&a, &b)
        var asked = SecurityContext.Exchange()
        var served = SecurityContext.Exchange()
        let out = try a.protect(request: Self.request(), exchange: &asked)
        _ = try b.unprotect(request: out, exchange: &served)
        try b.start()
        let back = try b.protect(response: Self.response(), exchange: &served)
        #expect(try a.unprotect(response: back, exchange: &asked).event == .divergent)
        a.store { _ in }
        #expect(try Self.exchange(&a, &b) == (.established, .confirmed))
        #expect(try Self.exchange(&a, &b) == (.plain, .plain))
    }

    @Test func nothingIsSentBeforeItIsStored() throws {
        struct Full: Error {}
        var a = try Self.side(1, 2, .forwardSecrecy)
        var b = try Self.side(2, 1, .forwardSecrecy)
        #expect(Self.traits(a).isEmpty)
        try a.start()
        var asked = SecurityContext.Exchange()
        var served = SecurityContext.Exchange()
        let out = try a.protect(request: Self.request(), exchange: &asked)
        _ = try b.unprotect(request: out, exchange: &served)
        #expect(Self.traits(b).contains(.storing))
        #expect(throws: HuskError.state) { try b.protect(response: Self.response(), exchange: &served) }
        #expect(throws: Full.self) { try b.store { (_) throws(Full) in throw Full() } }
        #expect(Self.traits(b).contains(.storing))
        var record: [UInt8] = []
        b.store { span in record = unsafe span.withUnsafeBytes { unsafe Array($0) } }
        #expect(Self.traits(b) == [.running] && record.count == 3 + 2 * 16)
        let back = try b.protect(response: Self.response(), exchange: &served)
        _ = try a.unprotect(response: back, exchange: &asked)
        a.store { _ in }

        // From the record, another life goes on where the last one ended.
        var reborn = try Self.side(2, 1, .forwardSecrecy)
        for count in 0..<record.count {
            #expect(throws: HuskError.format) { try reborn.restore(Array(record.prefix(count))) }
        }
        try reborn.restore(record)
        #expect(Self.traits(reborn).isEmpty)
        try a.start()
        #expect(try Self.exchange(&a, &reborn) == (.divergent, .established))
        #expect(try Self.exchange(&a, &reborn) == (.confirmed, .plain))
    }

    @Test func headersNameTheirSender() throws {
        var a = try Self.side(9, 2, .noForwardSecrecy)
        var b = try Self.side(2, 9, .noForwardSecrecy)
        var asked = SecurityContext.Exchange()
        try a.start()
        let divergent = try CoAPMessage(decoding: a.protect(request: Self.request(), exchange: &asked))
        #expect(try OSCOREMessage(inspecting: divergent).kind == .divergent)
        #expect(throws: HuskError.unsupported) { try divergent.oscoreIdentifier() }
        _ = try Self.exchange(&a, &b)
        let ordinary = try CoAPMessage(decoding: a.protect(request: Self.request(), exchange: &asked))
        #expect(try OSCOREMessage(inspecting: ordinary).identifier == ConnectionIdentifier(UInt8(9)))
        #expect(throws: HuskError.format) { try OSCOREMessage(inspecting: Self.request()) }
    }

    @Test func badConfigurationsAreRefused() {
        func make(_ bytes: Int, _ own: UInt8 = 1, idContext: [UInt8]? = nil) throws(HuskError) {
            _ = try KeyUpdate(
                secret: [UInt8](repeating: 1, count: bytes),
                configuration: .init(
                    senderID: ConnectionIdentifier(own), recipientID: ConnectionIdentifier(UInt8(2)),
                    idContext: idContext, mode: .negotiated))
        }
        for bytes in [0, 15, 33] {
            #expect(throws: HuskError.argument) { try make(bytes) }
        }
        #expect(throws: HuskError.argument) { try make(16, 2) }
        #expect(throws: HuskError.argument) { try make(16, idContext: [UInt8](repeating: 0, count: 9)) }
        #expect(throws: Never.self) { try make(32, idContext: [UInt8](repeating: 0, count: 8)) }
    }
}

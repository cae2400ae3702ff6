// EDHOC-PSK as Responder, KUDOS as the side that answers.
internal import CGateway
internal import Husk

final class Handshakes: Scenario {
    private let suite: CipherSuite
    private let resumes: Bool
    private let configuration: HandshakeConfiguration
    private let key: PreSharedKey

    init(_ name: String, _ suite: CipherSuite, resumes: Bool) throws {
        self.suite = suite
        self.resumes = resumes
        configuration = try HandshakeConfiguration(suites: [suite])
        key = try PreSharedKey(key: pskKey, kid: [0x0a], initiator: Identity("i"), responder: Identity("r"))
        super.init(name)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        var message1: [UInt8] = []
        var message2: [UInt8] = []
        var message3: [UInt8] = []
        var message4: [UInt8] = []
        let initiator = try Handshake.Initiator.ReadyForMessage1(
            configuration, suite: suite, identifier: ConnectionIdentifier(1 as UInt8))
        let waiting = try initiator.compose(message1: &message1)

        stopwatch_start(watch)
        let responder = Handshake.Responder.WaitingForMessage1(configuration)
        let answering = try responder.process(message1.span.bytes)
        let challenged = try answering.compose(identifier: ConnectionIdentifier(2 as UInt8), message2: &message2)
        stopwatch_stop(watch)

        let ready = try waiting.process(message2.span.bytes)
        let hopeful = try ready.compose(key: key, message3: &message3)

        stopwatch_start(watch)
        _ = try challenged.keyIdentifier(in: message3.span.bytes)
        let confirming = try challenged.process(message3.span.bytes, key: key)
        let completed = try confirming.compose(message4: &message4)
        if resumes {
            _ = try completed.resumptionKey(after: key)
        }
        let server = try completed.securityContext()
        stopwatch_stop(watch)

        let client = try hopeful.process(message4.span.bytes).securityContext()
        precondition(client.recipientID == server.senderID)
        return 1
    }
}

final class Updates: Scenario {
    private var device: KeyUpdate
    private var gateway: KeyUpdate

    init(_ name: String, _ mode: KeyUpdate.Mode) throws {
        let near = ConnectionIdentifier(0 as UInt8)
        let far = ConnectionIdentifier(1 as UInt8)
        device = try KeyUpdate(
            secret: pskKey, configuration: .init(senderID: near, recipientID: far, mode: mode))
        gateway = try KeyUpdate(
            secret: pskKey, configuration: .init(senderID: far, recipientID: near, mode: mode))
        super.init(name)
    }

    override func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        let request = CoAPMessage(type: .confirmable, code: .post, messageID: 2)
        let response = CoAPMessage(type: .acknowledgement, code: .changed, messageID: 2)
        var asked = SecurityContext.Exchange()
        var heard = SecurityContext.Exchange()
        try device.start()
        Self.store(&device)
        let divergent = try device.protect(request: request, exchange: &asked)

        stopwatch_start(watch)
        _ = try gateway.unprotect(request: divergent.span.bytes, exchange: &heard)
        Self.store(&gateway)
        let convergent = try gateway.protect(response: response, exchange: &heard)
        Self.store(&gateway)
        stopwatch_stop(watch)

        let received = try device.unprotect(response: convergent.span.bytes, exchange: &asked)
        precondition(received.event == .established)
        Self.store(&device)
        var next = SecurityContext.Exchange()
        var last = SecurityContext.Exchange()
        let ordinary = try device.protect(request: request, exchange: &next)
        _ = try gateway.unprotect(request: ordinary.span.bytes, exchange: &last)
        Self.store(&gateway)
        return 1
    }

    private static func store(_ update: inout KeyUpdate) {
        if update.mustStore {
            update.store { _ in }
        }
    }
}

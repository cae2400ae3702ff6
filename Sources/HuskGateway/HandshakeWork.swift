// The half of a handshake that needs nothing of the gateway but processor time, so that any thread can do it.
#if Gateway
internal import Husk
internal import NIOCore

/// From message_1 to message_2: a key pair and a shared secret, nine tenths of what a handshake costs.
///
/// The engine makes it, anybody runs it, the engine takes it back.
final class HandshakeWork: @unchecked Sendable {
    // Unchecked: one thread at a time has it. The engine hands it over and does not look at it again until whoever ran
    // it hands it back.
    let request: CoAPMessage
    let datagram: [UInt8]
    let peer: SocketAddress
    let identifier: ConnectionIdentifier
    private var ready: Handshake.Responder.ReadyForMessage2?
    private var phase: Handshake.Responder.WaitingForMessage3?
    private var message2: [UInt8] = []
    private var failure = HuskError.state

    init(
        _ request: CoAPMessage, _ datagram: [UInt8], from peer: SocketAddress, identifier: ConnectionIdentifier,
        ready: consuming Handshake.Responder.ReadyForMessage2
    ) {
        self.request = request
        self.datagram = datagram
        self.peer = peer
        self.identifier = identifier
        self.ready = consume ready
    }

    func run() {
        guard let ready = ready.take() else { return }
        do throws(HuskError) {
            phase = try ready.compose(identifier: identifier, message2: &message2)
        } catch {
            failure = error
        }
    }

    /// What came out, once.
    func take(message2: inout [UInt8]) throws(HuskError) -> Handshake.Responder.WaitingForMessage3 {
        guard let phase = phase.take() else { throw failure }
        message2 = self.message2
        return phase
    }
}
#endif

// A flood of message_1 from ever other addresses, beside devices that have their sessions already.
#if Gateway
import Husk
import NIOPosix
import Synchronization

/// Sends as fast as one thread can, until it is told to stop.
final class LoadFlood: Sendable {
    private let isOver = Atomic(false)
    private let count = Atomic(0)

    /// Datagrams sent so far.
    var sent: Int { count.load(ordering: .relaxed) }

    func stop() { isOver.store(true, ordering: .relaxed) }

    func run(host: String, port: Int, suites: [CipherSuite]) throws {
        let socket = try LoadSocket(host: host, port: port)
        var message: [UInt8] = []
        _ = try Handshake.Initiator.ReadyForMessage1(
            HandshakeConfiguration(suites: suites), suite: suites[0], identifier: ConnectionIdentifier(UInt8(0))
        ).compose(message1: &message)
        var request = CoAPMessage(type: .confirmable, code: .post, messageID: 0, token: [1])
        request.options = [
            CoAPOption(number: CoAPOption.uriPath, value: Array(".well-known".utf8)),
            CoAPOption(number: CoAPOption.uriPath, value: Array("edhoc".utf8)),
            CoAPOption(number: CoAPOption.contentFormat, uint: 65),
        ]
        request.payload = [0xf5] + message
        let datagram = try request.encoded()
        // One address after the other; after all of them it begins again, with the same datagram.
        var index = 0
        while !isOver.load(ordering: .relaxed) {
            socket.send(datagram, from: index)
            index = (index + 1) % LoadSocket.addressLimit
            count.add(1, ordering: .relaxed)
        }
    }
}
#endif

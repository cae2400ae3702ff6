// Networks for the tests of plain CoAP: one that loses and copies datagrams, and a server that follows a script.
#if Gateway
import Husk
import NIOCore
import NIOPosix
import Synchronization

@testable import HuskGateway

/// Fast, since nothing here takes long to answer.
let hasty = CoAPTransmission(
    acknowledgementTimeout: .milliseconds(20), randomFactor: 1.5, retransmissionsMaximum: 10,
    responseTimeout: .seconds(10))

/// A socket on the loopback interface whose datagrams a function takes.
final class LoopbackSocket: Sendable {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        private let take: @Sendable ([UInt8], SocketAddress, any Channel) -> Void

        init(_ take: @escaping @Sendable ([UInt8], SocketAddress, any Channel) -> Void) {
            self.take = take
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            take(Array(envelope.data.readableBytesView), envelope.remoteAddress, context.channel)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    let channel: any Channel

    init(_ take: @escaping @Sendable ([UInt8], SocketAddress, any Channel) -> Void) async throws {
        channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(take))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { channel.localAddress!.port! }

    func close() async throws { try await channel.close() }
}

extension Channel {
    func send(_ bytes: [UInt8], to peer: SocketAddress) {
        writeAndFlush(AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: bytes)), promise: nil)
    }
}

/// Between one client and a server. Which of its datagrams are lost or copied depends on a seed alone.
final class LossyHop: Sendable {
    private struct State {
        var random: SplitMix
        var client: SocketAddress?
        var lost = 0
        var copied = 0
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: State) { self.state = Mutex(state) }
    }

    private let shared: Shared
    let socket: LoopbackSocket

    init(to port: Int, loss: Double, copies: Double, seed: UInt64) async throws {
        let server = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let shared = Shared(State(random: SplitMix(state: seed)))
        socket = try await LoopbackSocket { bytes, peer, channel in
            let (count, destination) = shared.state.withLock { state -> (Int, SocketAddress?) in
                if peer != server { state.client = peer }
                let isLost = Double.random(in: 0..<1, using: &state.random) < loss
                let isCopied = Double.random(in: 0..<1, using: &state.random) < copies
                state.lost += isLost ? 1 : 0
                state.copied += isCopied && !isLost ? 1 : 0
                return (isLost ? 0 : isCopied ? 2 : 1, peer == server ? state.client : server)
            }
            for _ in 0..<count {
                if let destination { channel.send(bytes, to: destination) }
            }
        }
        self.shared = shared
    }

    var port: Int { socket.port }
    var lost: Int { shared.state.withLock { $0.lost } }
    var copied: Int { shared.state.withLock { $0.copied } }
}

/// Answers each message as the script says, and notes what came.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (CoAPMessage, Int) -> [CoAPMessage]

    private final class Log: Sendable {
        let messages = Mutex<[CoAPMessage]>([])
    }

    private let log = Log()
    let socket: LoopbackSocket

    /// - Parameter script: what to answer to a message, of which so many came before
    init(_ script: @escaping Script) async throws {
        socket = try await LoopbackSocket { [log] bytes, peer, channel in
            guard let message = try? CoAPMessage(decoding: bytes) else { return }
            let count = log.messages.withLock { messages in
                messages.append(message)
                return messages.count - 1
            }
            for answer in script(message, count) {
                channel.send(try! answer.encoded(), to: peer)
            }
        }
    }

    var port: Int { socket.port }
    var messages: [CoAPMessage] { log.messages.withLock { $0 } }
}

extension CoAPMessage {
    /// A response with the acknowledgement.
    func piggybacked(_ code: CoAPCode = .content, options: [CoAPOption] = [], payload: [UInt8] = []) -> CoAPMessage {
        CoAPMessage(
            type: .acknowledgement, code: code, messageID: messageID, token: token, options: options, payload: payload)
    }

    /// A message without content.
    func empty(_ type: CoAPType) -> CoAPMessage { CoAPMessage(type: type, code: .empty, messageID: messageID) }

    /// A response by itself.
    func separate(
        _ type: CoAPType, _ messageID: UInt16, options: [CoAPOption] = [], payload: [UInt8] = []
    ) -> CoAPMessage {
        CoAPMessage(
            type: type, code: .content, messageID: messageID, token: token, options: options, payload: payload)
    }
}
#endif

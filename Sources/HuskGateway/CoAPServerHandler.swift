// Between the socket and the engine of a plain CoAP server, on the event loop of the channel.
#if Gateway
internal import NIOCore

/// Answers at once. A client that asks faster than the network takes answers loses some, as any network may.
final class CoAPServerHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// Of notifications that are to be sent again, and of what has had its time.
    private static let tick = TimeAmount.milliseconds(100)

    private let engine: CoAPServerEngine
    private var housekeeping: RepeatedTask?
    private var context: ChannelHandlerContext?

    init(_ engine: CoAPServerEngine) {
        self.engine = engine
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        housekeeping = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
            handler.value.engine.expire(now: Self.now)
            handler.value.notify()
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        housekeeping?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }

    func changed(_ path: String) {
        engine.changed(path)
        notify()
    }

    private func notify() {
        guard let context, context.channel.isWritable else { return }
        let notifications = engine.notifications(now: Self.now)
        guard !notifications.isEmpty else { return }
        for notification in notifications {
            write(notification, context)
        }
        context.flush()
    }

    private func write(_ datagram: Notification, _ context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        let buffer = context.channel.allocator.buffer(bytes: datagram.datagram)
        context.write(wrapOutboundOut(AddressedEnvelope(remoteAddress: datagram.peer, data: buffer)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let datagram = Array(envelope.data.readableBytesView)
        guard let response = engine.receive(datagram, from: envelope.remoteAddress, now: Self.now) else { return }
        write(Notification(datagram: response, peer: envelope.remoteAddress), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        // What these datagrams changed for others, or made room for.
        notify()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Such as an ICMP "unreachable" for an earlier answer: of one client, and not the server's to stop for.
    }
}
#endif

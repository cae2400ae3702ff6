// A peer of the gateway on an event loop: it observes its mailbox, and sends requests one after the other.
#if Gateway
import Husk
import NIOCore
import NIOPosix

/// Requests are written to the channel as ``Work``; what comes of them, and of the mailbox, goes to a stream.
final class MailboxHandler: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundIn = Work
    typealias OutboundOut = ByteBuffer

    enum Work: Sendable {
        case observe
        /// All of what a notification brought the beginning of.
        case fetch
        case request(number: Int, Device.Request)
    }

    enum Progress: Sendable {
        /// The mailbox: its oldest envelope, or nothing.
        case mailbox(Device.Answer)
        case answered(number: Int, CoAPCode)
        /// The gateway does not tell of the mailbox any more.
        case refused(CoAPCode)
        case failed(HuskError, refusal: CoAPCode?)
        case unreachable
        /// From elsewhere than this handler: a line of standard input; nil at its end.
        case typed(String?)
    }

    static let path = "mailbox"

    private var device: Device
    private let progress: AsyncStream<Progress>.Continuation
    private var queue: [Work] = []
    private var current: Work?
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(device: consuming Device, progress: AsyncStream<Progress>.Continuation) {
        self.device = device
        self.progress = progress
    }

    private var now: UInt32 {
        UInt32(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        queue.append(unwrapOutboundIn(data))
        promise?.succeed()
        advance(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = Array(unwrapInboundIn(data).data.readableBytesView)
        // A datagram that is not the awaited one is dropped, as on any open port.
        if let event = try? device.receive(datagram, now: now) {
            handle(event)
        }
        advance(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNREFUSED {
            return end(.unreachable)
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        isOver = true
        progress.finish()
    }

    /// The next of the queue. The endpoint may be busy with something of its own, such as registering anew after the
    /// gateway lost the session: then it waits for the end of that.
    private func begin() {
        guard !isOver, current == nil, let next = queue.first else { return }
        do throws(HuskError) {
            switch next {
            case .observe: try device.observe(Device.Request(.get, Self.path))
            case .fetch: try device.start(Device.Request(.get, Self.path))
            case .request(_, let request): try device.start(request)
            }
            current = queue.removeFirst()
        } catch .state {
            return
        } catch {
            end(.failed(error, refusal: nil))
        }
    }

    /// Sends what is due and sets the alarm for what comes next.
    private func advance(_ context: ChannelHandlerContext) {
        timer?.cancel()
        begin()
        while !isOver {
            do throws(HuskError) {
                let transmission = try device.transmit(now: now)
                handle(transmission.event)
                guard let datagram = transmission.datagram else { break }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: datagram)), promise: nil)
            } catch {
                return end(.failed(error, refusal: nil))
            }
        }
        guard !isOver, let wait = device.timeout(now: now) else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(wait))) {
            self.advance(context)
        }
    }

    private func handle(_ event: Device.Event) {
        switch event {
        case .none, .authenticated:
            return
        case .response(let answer):
            defer { current = nil }
            switch current {
            case .request(let number, _): progress.yield(.answered(number: number, answer.code))
            case .fetch: progress.yield(.mailbox(answer))
            case .observe, nil: return
            }
        case .notification(let notification):
            if case .observe = current {
                current = nil
            }
            guard !notification.isBeginning else { return queue.append(.fetch) }
            progress.yield(.mailbox(notification))
        case .observationEnded(let last):
            end(.refused(last.code))
        case .failed(let error, let refusal), .observationFailed(let error, let refusal):
            end(.failed(error, refusal: refusal))
        }
    }

    private func end(_ last: Progress) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        progress.yield(last)
        progress.finish()
    }
}
extension Device.Answer {
    /// Whether there is more of it, in further blocks (RFC 7959 section 2.2).
    fileprivate var isBeginning: Bool { (option(CoAPOption.block2)?.uint ?? 0) & 8 != 0 }
}
#endif

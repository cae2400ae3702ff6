// Between the socket and the engine: on the event loop of the channel, and with a store in batches.
#if Gateway
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Without a store each answer is written at once. With one, datagrams wait in the order in which they were made until
/// the store has committed everything that the engine had changed by then; what comes in meanwhile is answered into the
/// next batch. If a commit fails, its datagrams are dropped, as any network may drop them: devices send again, and are
/// answered when the changes, which are kept, have been committed at last.
///
/// Everything is done here, on one thread, but for the public-key operations of handshakes: other threads do these, so
/// many at a time, while new ones wait in line and sessions go on.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// Datagrams that may wait for the store; more are dropped.
    private static let waitingLimit = 16_384

    private let engine: Engine
    private let store: Store?
    private let observers: Observers
    private let logger: Logger
    private var housekeeping: RepeatedTask?
    private var context: ChannelHandlerContext?
    private var waiting: [Notification] = []
    private var isCommitting = false
    private var overload = OverloadLog()
    /// Handshakes that other threads work on.
    private var working = 0
    private let threads: Int
    /// The line of handshakes is looked at again soon.
    private var isServingSoon = false
    /// Why the last commit failed; nil if it did not.
    private var failure: StoreError?

    init(_ engine: Engine, store: Store?, observers: Observers, logger: Logger) {
        self.engine = engine
        threads = max(1, engine.configuration.handshakeThreads)
        self.store = store
        self.observers = observers
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        // What has had its time goes, and what nobody acknowledged is sent again, even if nobody sends anything.
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        housekeeping = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(500), delay: .milliseconds(500)
        ) { _ in
            handler.value.engine.expire(now: Self.now)
            handler.value.notify()
            handler.value.commit(again: true)
            handler.value.logOverload()
        }
        context.fireChannelActive()
    }

    func changed(_ path: String, device: String?) {
        engine.changed(path, device: device)
        notify()
        commit()
    }

    /// Sends the notifications that are due.
    private func notify() {
        guard let context, context.channel.isWritable else { return }
        let notifications = engine.notifications(now: Self.now)
        guard !notifications.isEmpty else { return }
        for notification in notifications {
            send(notification, context)
        }
        context.flush()
    }

    private func send(_ datagram: Notification, _ context: ChannelHandlerContext) {
        guard store != nil else { return write(datagram, context) }
        guard waiting.count < Self.waitingLimit else { return }
        waiting.append(datagram)
    }

    private func write(_ datagram: Notification, _ context: ChannelHandlerContext) {
        // A peer that asks faster than the network takes answers loses some, as any network may.
        guard context.channel.isWritable else { return }
        let buffer = context.channel.allocator.buffer(bytes: datagram.datagram)
        context.write(wrapOutboundOut(AddressedEnvelope(remoteAddress: datagram.peer, data: buffer)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let datagram = Array(envelope.data.readableBytesView)
        guard let response = engine.take(datagram, from: envelope.remoteAddress, now: Self.now) else { return }
        send(Notification(datagram: response, peer: envelope.remoteAddress), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // After the sessions that came in beside them.
        serveHandshakes(context)
        context.flush()
        // What these datagrams changed for others.
        notify()
        commit()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        housekeeping?.cancel()
        self.context = nil
        if let store {
            // Behind the commit that may be under way.
            if let taken = try? engine.takeChanges() {
                do throws(StoreError) {
                    try store.commit(taken.changes)
                } catch {
                    failed(error)
                }
            }
            store.close()
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Such as an ICMP "unreachable" for an earlier answer: of one peer, and not the gateway's to stop for.
        logger.debug("datagram error", metadata: ["error": "\(error)"])
    }

    // MARK: Handshakes

    /// How many leave the line before the socket is looked at again.
    private static let turn = 64

    /// Gives the threads that are free what waits longest.
    private func serveHandshakes(_ context: ChannelHandlerContext) {
        var left = Self.turn
        while left > 0, working < threads, let next = engine.nextHandshake(now: Self.now) {
            left -= 1
            switch next.step {
            case .answer(let response):
                guard let response else { continue }
                send(Notification(datagram: response, peer: next.peer), context)
            case .work(let work):
                working += 1
                let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
                let eventLoop = context.eventLoop
                NIOThreadPool.singleton.submit { _ in
                    work.run()
                    eventLoop.execute {
                        handler.value.completed(work)
                    }
                }
            }
        }
        guard left == 0, !isServingSoon else { return }
        isServingSoon = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(1)) {
            handler.value.isServingSoon = false
            handler.value.goOn()
        }
    }

    private func completed(_ work: HandshakeWork) {
        working -= 1
        if let response = engine.complete(work, now: Self.now), let context {
            send(Notification(datagram: response, peer: work.peer), context)
        }
        goOn()
    }

    private func goOn() {
        guard let context else { return }
        serveHandshakes(context)
        context.flush()
        commit()
    }

    private func logOverload() {
        let counters = observers.counters
        let line = overload.line(shed: counters.handshakesShed, refused: counters.handshakesRefused, now: Self.now)
        switch line {
        case nil:
            return
        case .began:
            logger.warning("overload: new handshakes are shed, sessions go on")
        case .goesOn(let shed, let refused):
            logger.warning(
                "overload goes on", metadata: ["handshakes shed": "\(shed)", "handshakes refused": "\(refused)"])
        case .over(let shed, let refused, let milliseconds):
            // As loud as its beginning was.
            logger.warning(
                "overload is over",
                metadata: [
                    "handshakes shed": "\(shed)", "handshakes refused": "\(refused)", "ms": "\(milliseconds)",
                ])
        }
    }

    // MARK: The store

    /// Makes durable what changed, then sends what waits for it; one commit at a time. After a failure only `again`
    /// tries once more.
    private func commit(again: Bool = false) {
        guard let store, let context, !isCommitting else { return }
        guard failure == nil || again else {
            waiting = []
            return
        }
        let taken: (changes: StoreChanges, names: Unstored)?
        do {
            taken = try engine.takeChanges()
        } catch {
            // Out of random bytes: as good as a store that cannot be written.
            waiting = []
            return failed(.system(path: store.path, code: 0, reason: "\(error.reason)"))
        }
        let batch = waiting
        waiting = []
        guard let taken else { return send(batch, context) }
        isCommitting = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        store.commit(taken.changes) { result in
            eventLoop.execute {
                handler.value.committed(result, batch, taken.names)
            }
        }
    }

    private func committed(_ result: Result<Void, StoreError>, _ batch: [Notification], _ names: Unstored) {
        isCommitting = false
        if case .failure(let error) = result {
            engine.unstored.add(names)
            return failed(error)
        }
        observers.count { $0.storeCommits += 1 }
        if failure != nil {
            failure = nil
            // As loud as the failure was.
            logger.error("the store can be written again")
        }
        guard let context else { return }
        send(batch, context)
        commit()
    }

    private func send(_ batch: [Notification], _ context: ChannelHandlerContext) {
        guard !batch.isEmpty else { return }
        for datagram in batch {
            write(datagram, context)
        }
        context.flush()
    }

    /// Told once, until it changes: the next attempt is half a second away.
    private func failed(_ error: StoreError) {
        observers.count { $0.storeFailures += 1 }
        guard failure != error else { return }
        failure = error
        logger.error("nothing is answered until the store can be written", metadata: ["reason": "\(error)"])
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }
}
#endif

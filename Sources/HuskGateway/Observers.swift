// Where the engine tells what happens: counters that can be read from any thread, and streams of events.
#if Gateway
internal import Synchronization

/// Counters and observers of one gateway.
final class Observers: Sendable {
    private struct State {
        var counters = GatewayCounters()
        var observers: [UInt64: AsyncStream<GatewayEvent>.Continuation] = [:]
        var nextObserver: UInt64 = 0
        var finished = false
    }

    /// Who takes readings at a pace of their own.
    let readings = ReadingQueues()
    private let state = Mutex(State())
    private let buffer: Int

    init(buffer: Int) {
        self.buffer = buffer
    }

    var counters: GatewayCounters {
        state.withLock { $0.counters }
    }

    func count(_ change: (inout GatewayCounters) -> Void) {
        state.withLock { change(&$0.counters) }
    }

    /// A new observer, which loses the oldest events if it lags behind.
    func events() -> AsyncStream<GatewayEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: GatewayEvent.self, bufferingPolicy: .bufferingNewest(buffer))
        let id: UInt64? = state.withLock { state in
            guard !state.finished else { return nil }
            state.nextObserver += 1
            state.observers[state.nextObserver] = continuation
            return state.nextObserver
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.remove(id)
        }
        return stream
    }

    /// Events cost more than some messages that they tell of: they are made only if somebody hears them.
    func emit(_ event: @autoclosure () -> GatewayEvent) {
        guard state.withLock({ !$0.observers.isEmpty }) else { return }
        let event = event()
        // Yielding under the lock keeps the order; a continuation never calls back while it yields.
        state.withLock { state in
            for continuation in state.observers.values {
                continuation.yield(event)
            }
        }
    }

    func finish() {
        // Finishing calls onTermination, which takes the lock.
        let observers = state.withLock { state in
            state.finished = true
            return Array(state.observers.values)
        }
        for continuation in observers {
            continuation.finish()
        }
        readings.finish()
    }

    private func remove(_ id: UInt64) {
        // The continuation's last reference must not go under the lock: releasing it may terminate the stream.
        let removed = state.withLock { $0.observers.removeValue(forKey: id) }
        _ = consume removed
    }
}
#endif

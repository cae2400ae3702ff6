// Readings as a program takes them: one after the other, at its own pace, which devices are held to.
#if Gateway
internal import Synchronization

/// The readings of one device, or of all, from the moment this was made.
///
/// Back-pressure goes as far as the device: a reading is answered 2.04 once it lies in the buffer of every sequence
/// that wants it. While one of these is full, devices are answered 5.03 and nobody gets the reading, so that the device
/// keeps it and sends it again later. Readings that were acknowledged come in their order and none is dropped, while
/// the gateway lives.
///
/// Iterate it once. The loop ends when the gateway stops or the task is cancelled; once the sequence is gone it holds
/// nobody up.
public struct GatewayReadings: AsyncSequence, Sendable {
    public typealias Element = GatewayReading
    public typealias Failure = Never

    private let queue: ReadingQueue

    init(_ queue: ReadingQueue) {
        self.queue = queue
    }

    public func makeAsyncIterator() -> Iterator { Iterator(queue: queue) }

    /// Takes one reading after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let queue: ReadingQueue

        fileprivate init(queue: ReadingQueue) {
            self.queue = queue
        }

        public mutating func next() async -> GatewayReading? {
            await queue.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> GatewayReading? {
            await queue.next()
        }
    }
}

/// A device as the gateway's program sees it: `for await reading in gateway.device("kitchen").readings()`.
public struct GatewayDevice: Sendable {
    /// Its identity.
    public let name: String
    private let queues: ReadingQueues

    init(name: String, queues: ReadingQueues) {
        self.name = name
        self.queues = queues
    }

    /// Its readings from now on.
    ///
    /// - Parameter buffer: how many wait at most for the program, before the device is told to wait; at least 1
    public func readings(buffer: Int = 64) -> GatewayReadings {
        GatewayReadings(queues.queue(of: name, capacity: buffer))
    }
}

/// Readings that wait for one sequence.
final class ReadingQueue: Sendable {
    private struct State {
        var waiting: [GatewayReading] = []
        var first = 0
        var taker: CheckedContinuation<GatewayReading?, Never>?
        var isFinished = false

        var count: Int { waiting.count - first }

        mutating func take() -> GatewayReading? {
            guard first < waiting.count else { return nil }
            defer {
                first += 1
                if first == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    first = 0
                }
            }
            return waiting[first]
        }
    }

    let device: String?
    private let capacity: Int
    private let state = Mutex(State())

    init(device: String?, capacity: Int) {
        self.device = device
        self.capacity = max(1, capacity)
    }

    var isFull: Bool { state.withLock { $0.taker == nil && $0.count >= capacity } }

    func append(_ reading: GatewayReading) {
        let taker = state.withLock { state -> CheckedContinuation<GatewayReading?, Never>? in
            guard !state.isFinished else { return nil }
            guard let taker = state.taker.take() else {
                state.waiting.append(reading)
                return nil
            }
            return taker
        }
        taker?.resume(returning: reading)
    }

    /// Those that wait are still handed out.
    func finish() {
        let taker = state.withLock { state in
            state.isFinished = true
            return state.taker.take()
        }
        taker?.resume(returning: nil)
    }

    func next() async -> GatewayReading? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isDone, reading) = state.withLock { state -> (Bool, GatewayReading?) in
                    if let reading = state.take() { return (true, reading) }
                    // A second task that waits gets nothing.
                    guard !state.isFinished, state.taker == nil else { return (true, nil) }
                    state.taker = continuation
                    return (false, nil)
                }
                if isDone {
                    continuation.resume(returning: reading)
                }
            }
        } onCancel: {
            finish()
        }
    }
}

/// All sequences of a gateway, each as long as somebody has it.
final class ReadingQueues: Sendable {
    private struct Holder {
        weak var queue: ReadingQueue?
    }

    private struct State {
        var holders: [Holder] = []
        var isFinished = false
    }

    private let state = Mutex(State())

    func queue(of device: String?, capacity: Int) -> ReadingQueue {
        let queue = ReadingQueue(device: device, capacity: capacity)
        let isFinished = state.withLock { state in
            state.holders.removeAll { $0.queue == nil }
            state.holders.append(Holder(queue: queue))
            return state.isFinished
        }
        if isFinished {
            queue.finish()
        }
        return queue
    }

    /// Hands a reading to all who want it, or to nobody: false if one of them has no room. Called on the gateway's
    /// event loop alone, so that what has room here has it still when the reading is appended.
    func offer(_ reading: GatewayReading) -> Bool {
        let queues = state.withLock { $0.holders.compactMap(\.queue) }
            .filter { $0.device == nil || $0.device == reading.device }
        guard !queues.contains(where: \.isFull) else { return false }
        for queue in queues {
            queue.append(reading)
        }
        return true
    }

    func finish() {
        let queues = state.withLock { state in
            state.isFinished = true
            return state.holders.compactMap(\.queue)
        }
        for queue in queues {
            queue.finish()
        }
    }
}
#endif

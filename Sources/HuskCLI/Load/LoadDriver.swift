// The load itself: so many operations under way at a time, each begun when another has ended, for a bounded time.
#if Gateway
import Glibc
import Husk
import Synchronization

/// What a phase of load came to.
struct LoadPhase: Sendable {
    var operation: LoadOperation
    var completed = 0
    /// Why operations failed, and how often.
    var failures: [String: Int] = [:]
    /// Datagrams that devices sent again.
    var resent = 0
    var seconds = 0.0
    var microseconds: [UInt32] = []

    var failed: Int { failures.values.reduce(0, +) }
}

/// Ends what runs on a thread of its own.
final class StopFlag: Sendable {
    private let flag = Atomic(false)

    func stop() { flag.store(true, ordering: .relaxed) }
    var isSet: Bool { flag.load(ordering: .relaxed) }
}

/// Used by one thread at a time.
final class LoadDriver {
    private let devices: [any SimulatedDevice]
    private let socket: LoadSocket
    private let stop: StopFlag
    /// Operations under way at the same time, at most.
    private let window: Int
    /// Where the next operation goes: to one device after the other, so that each touches another session.
    private var next = 0
    /// Of each device with an operation under way: when it began, and how many datagrams it sent.
    private var running: [Int: (began: UInt64, datagrams: Int)] = [:]

    init(_ devices: [any SimulatedDevice], socket: LoadSocket, window: Int, stop: StopFlag) {
        self.devices = devices
        self.socket = socket
        self.window = min(window, devices.count)
        self.stop = stop
    }

    /// Lets devices do this for `seconds`, and until each has done it once if `everybody`, but never longer than
    /// `limit` seconds.
    func run(
        _ operation: LoadOperation, seconds: Double, everybody: Bool = false, limit: Double
    ) throws(Failure) -> LoadPhase {
        var phase = LoadPhase(operation: operation)
        let begin = Self.now
        let end = begin + UInt64(seconds * 1e6)
        let last = begin + UInt64(limit * 1e6)
        var begun = 0
        var timers = begin
        next = 0
        while true {
            var now = Self.now
            while running.count < window, now < last, now < end || everybody && begun < devices.count {
                try start(operation, now, &phase)
                begun += 1
                now = Self.now
            }
            guard !running.isEmpty else { break }
            guard !stop.isSet else { throw Failure(.failed, "stopped") }
            var isQuiet = true
            while let (datagram, index) = socket.receive() {
                isQuiet = false
                guard running[index] != nil else { continue }
                let milliseconds = Self.milliseconds(now)
                devices[index].receive(datagram, now: milliseconds)
                advance(index, milliseconds, &phase)
            }
            if now >= timers + 10_000 {
                timers = now
                for index in Array(running.keys) {
                    advance(index, Self.milliseconds(now), &phase)
                }
            }
            if isQuiet {
                socket.wait(milliseconds: 5)
            }
        }
        phase.seconds = Double(Self.now - begin) / 1e6
        guard !everybody || phase.completed + phase.failed >= devices.count else {
            throw Failure(
                .failed,
                "\(phase.completed) of \(devices.count) devices got through '\(operation.title)' in \(Int(limit)) s")
        }
        return phase
    }

    private func start(_ operation: LoadOperation, _ now: UInt64, _ phase: inout LoadPhase) throws(Failure) {
        // There is a free one, as there are at least as many devices as operations.
        while running[next] != nil {
            next = (next + 1) % devices.count
        }
        let index = next
        next = (next + 1) % devices.count
        do throws(HuskError) {
            try devices[index].begin(operation, now: Self.milliseconds(now))
        } catch {
            phase.failures["\(error.reason)", default: 0] += 1
            guard phase.failed < 1000 else {
                throw Failure(.failed, "'\(operation.title)' failed a thousand times, the last time: \(error.reason)")
            }
            return
        }
        running[index] = (now, 0)
        advance(index, Self.milliseconds(now), &phase)
    }

    /// Sends what the device has to send and notes if it is done.
    private func advance(_ index: Int, _ now: UInt32, _ phase: inout LoadPhase) {
        let device = devices[index]
        while let datagram = device.transmit(now: now) {
            running[index]?.datagrams += 1
            socket.send(datagram, from: index)
        }
        guard let outcome = device.outcome, let operation = running.removeValue(forKey: index) else { return }
        phase.resent += max(0, operation.datagrams - phase.operation.datagrams)
        switch outcome {
        case .done:
            phase.completed += 1
            phase.microseconds.append(UInt32(clamping: Self.now - operation.began))
        case .failed(let why):
            phase.failures[why, default: 0] += 1
        }
    }

    /// Microseconds from any origin.
    static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    private static func milliseconds(_ microseconds: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: microseconds / 1000)
    }
}
#endif

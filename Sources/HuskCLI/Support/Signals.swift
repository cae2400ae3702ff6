// Ending on Ctrl-C and SIGTERM: work is cancelled, cleans up after itself, and the exit status says why it ended.
#if Gateway
import UnixSignals

/// A signal ended the command.
struct Interrupted: Error {
    var signal: UnixSignal

    /// As a shell reports it: 128 and the number of the signal.
    var exitStatus: Int32 { 128 + signal.rawValue }
}

/// Runs `body`, cancels it when SIGINT or SIGTERM comes or when `limit` has passed, and waits until it has ended.
func supervised<Value: Sendable>(
    limit: Duration? = nil, late: Failure? = nil, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await signal in signals {
                throw Interrupted(signal: signal)
            }
            try await Task.sleep(for: .seconds(1 << 30))
            throw CancellationError()
        }
        if let limit, let late {
            group.addTask {
                try await Task.sleep(for: limit)
                throw late
            }
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
#endif

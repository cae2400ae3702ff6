// A process of this program: `husk gateway` or `husk application`, whose lines are read and which ends with its task.
#if Gateway
import Subprocess
import Synchronization
import SystemPackage

struct Child: Sendable {
    var name: String
    var program: String
    var arguments: [String]

    /// Runs until the process ends, which is killed when the task is cancelled. Lines of `input` go to its standard
    /// input, which stays open after them.
    func run(
        input: AsyncStream<String>? = nil, started: @Sendable (Int32) async -> Void = { _ in },
        line: @escaping @Sendable (String) async -> Void, errorLine: @escaping @Sendable (String) async -> Void
    ) async throws -> TerminationStatus {
        var options = PlatformOptions()
        // Ctrl-C is for the demo alone, which then ends this process itself.
        options.processGroupID = 0
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), platformOptions: options,
            input: .inputWriter, output: .sequence, error: .sequence
        ) { execution in
            await started(execution.processIdentifier.value)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for try await text in execution.standardError.strings() {
                        await errorLine(printable(text.filter { !$0.isNewline }, limit: 2000))
                    }
                }
                if let input {
                    group.addTask {
                        for await text in input {
                            guard (try? await execution.standardInputWriter.write("\(text)\n")) != nil else { return }
                        }
                    }
                }
                for try await text in execution.standardOutput.strings() {
                    await line(text.filter { !$0.isNewline })
                }
                group.cancelAll()
            }
        }
        return result.terminationStatus
    }

    /// The same for one that must not end: whenever it does, this throws, with the last that it said.
    func runForever(
        input: AsyncStream<String>? = nil, started: @Sendable (Int32) async -> Void,
        line: @escaping @Sendable (String) async -> Void, errorLine: @escaping @Sendable (String) async -> Void
    ) async throws {
        let last = LastLine()
        let status = try await run(input: input, started: started, line: line) { text in
            last.set(text)
            await errorLine(text)
        }
        try Task.checkCancellation()
        throw Failure(.failed, "the \(name) ended (\(status)): \(last.text)")
    }
}

/// The last line on standard error, where a process says why it ended.
private final class LastLine: Sendable {
    private let line = Mutex("it said nothing")

    var text: String { line.withLock { $0 } }

    func set(_ text: String) { line.withLock { $0 = text } }
}
#endif

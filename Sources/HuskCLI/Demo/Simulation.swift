// A microcontroller under QEMU whose UART carries datagrams (SLIP), bridged to a gateway on UDP.
#if Gateway
import NIOCore
import NIOPosix
import Subprocess
import SystemPackage

struct Simulation: Sendable {
    struct Outcome: Sendable {
        var exitCode: Int32
        /// The last lines on QEMU's standard error, where firmware and QEMU say what went wrong.
        var errors: [String]
    }

    var qemu: String
    var machine: Machine
    var image: String
    var provisioning: String
    var gatewayHost = "127.0.0.1"
    var gatewayPort: Int
    /// Whether datagrams come through to the device; nil: always.
    var reach: Reach?

    var arguments: [String] {
        [
            "-M", machine.rawValue, "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-semihosting-config", "enable=on,target=native",
            "-kernel", image,
            "-device",
            "loader,file=\(provisioning.replacing(",", with: ",,")),addr=\(Provisioning.address),force-raw=on",
        ]
    }

    /// Runs until the firmware ends. When the task is cancelled QEMU is killed. `started` is called with QEMU's process
    /// identifier, and `diagnostic` for each line that the firmware says.
    func run(
        started: @Sendable (Int32) async -> Void = { _ in }, diagnostic: @escaping @Sendable (String) -> Void
    ) async throws -> Outcome {
        let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: gatewayHost, port: gatewayPort) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            let result = try await Subprocess.run(
                .path(FilePath(qemu)), arguments: Arguments(arguments),
                input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                await started(execution.processIdentifier.value)
                async let errors = Self.lastLines(of: execution.standardError)
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        // Writing fails once QEMU has gone, which its closed output tells.
                        for try await envelope in inbound {
                            try await reach?.wait()
                            let line = SLIP.encode(envelope.data.readableBytesView)
                            guard (try? await execution.standardInputWriter.write(line)) != nil else { continue }
                        }
                    }
                    group.addTask {
                        var decoder = SLIP.Decoder()
                        for try await buffer in execution.standardOutput {
                            for byte in unsafe buffer.withUnsafeBytes({ unsafe Array($0) }) {
                                guard let packet = decoder.take(byte) else { continue }
                                switch SLIP.Packet(packet) {
                                case .datagram(let datagram): try await outbound.write(ByteBuffer(bytes: datagram))
                                case .diagnostic(let line): diagnostic(line)
                                case .unknown: break
                                }
                            }
                        }
                    }
                    // QEMU's output ends with it. A port where nobody listens is an error of the other task.
                    try await group.next()
                    group.cancelAll()
                }
                return try await errors
            }
            guard case .exited(let code) = result.terminationStatus else {
                let why = result.closureResult.last ?? "\(result.terminationStatus)"
                throw Failure(.failed, "QEMU (\(machine.rawValue)) crashed: \(why)")
            }
            return Outcome(exitCode: code, errors: result.closureResult)
        }
    }

    private static func lastLines(of output: SubprocessOutputSequence) async throws -> [String] {
        var lines: [String] = []
        for try await line in output.strings() {
            lines = (lines + [printable(line.filter { !$0.isNewline })]).suffix(20)
        }
        return lines
    }

    /// The program of that name in PATH, or the path itself if it has a slash.
    static func find(_ program: String) throws(Failure) -> String {
        let candidates =
            program.contains("/")
            ? [program]
            : (environment("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(program)" }
        guard let found = candidates.first(where: PrivateFile.isExecutable) else {
            throw Failure(
                .unavailable,
                "\(program) is not installed: 'apt-get install qemu-system-arm', or name it with --qemu")
        }
        return found
    }
}
#endif

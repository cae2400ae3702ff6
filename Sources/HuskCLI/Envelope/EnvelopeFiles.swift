// Where the subcommands of `husk envelope` read and write, how they fail, and what they show.
#if Gateway
import ArgumentParser
import FoundationEssentials
import Glibc
import Husk

struct EnvelopeFiles: ParsableArguments {
    @Argument(help: ArgumentHelp("File to read; '-' or nothing: standard input.", valueName: "input"))
    var input: String?
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("File to write, mode 0600, in one step. Default: standard output.", valueName: "file"))
    var output: String?

    /// Seconds since 1970.
    static var now: UInt64 { UInt64(max(Glibc.time(nil), 1)) }

    func read() throws(Failure) -> [UInt8] {
        let path = input == nil || input == "-" ? "/dev/stdin" : input!
        guard let content = try PrivateFile.read(path) else { throw Failure(.cannotOpen, "\(path) does not exist") }
        return content
    }

    func write(_ content: [UInt8]) throws(Failure) {
        if let output, output != "-" {
            return try PrivateFile.replace(output, content)
        }
        var written = 0
        while written < content.count {
            let count = unsafe content.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, $0.count - written)
            }
            guard count > 0 else { throw Failure(.cannotOpen, "cannot write to standard output") }
            written += count
        }
    }

    /// Runs `body`, and says `what` went wrong if the core refuses.
    static func failing<Result>(_ what: String, _ body: () throws -> Result) throws(Failure) -> Result {
        do {
            return try body()
        } catch let failure as Failure {
            throw failure
        } catch HuskError.storage {
            throw Failure(.cannotOpen, "\(what): what is kept beside the key file cannot be read or replaced")
        } catch {
            throw Failure(.failed, "\(what): \(error)")
        }
    }
}

/// What an envelope says in clear.
struct EnvelopeReport: Codable {
    var verified = false
    var bytes: Int
    var algorithm: Int32
    var kid: String?
    var recipients: Int
    var source: String?
    var destination: String?
    var contentFormat: UInt16?
    var mediaType: String?
    var time: UInt64?
    var deadline: UInt64?
    var priority: UInt8?
    var tags: [String]
    var sealedBytes: Int

    init(_ envelope: Envelope, count: Int) {
        let metadata = envelope.metadata
        bytes = count
        algorithm = envelope.algorithm
        kid = envelope.keyIdentifier.map { hex($0) }
        recipients = envelope.recipientCount
        source = metadata.source
        destination = metadata.destination
        contentFormat = metadata.contentFormat
        mediaType = envelope.mediaType
        time = metadata.time
        deadline = metadata.deadline
        priority = metadata.priority
        tags = metadata.tags
        sealedBytes = envelope.ciphertextCount
    }

    func json() throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw Failure(.failed, "cannot be shown: \(error)")
        }
    }

    func text() -> [UInt8] {
        var lines = ["not verified    nothing below is certain without the key"]
        lines.append(Self.line("algorithm", "\(algorithm) (COSE)"))
        lines += kid.map { [Self.line("kid", $0)] } ?? []
        lines.append(Self.line("recipients", recipients))
        lines += mediaType.map { [Self.line("content type", printable($0))] } ?? []
        lines += Self.lines(
            EnvelopeMetadata(
                source: source, destination: destination, contentFormat: contentFormat, time: time, deadline: deadline,
                priority: priority, tags: tags))
        lines.append(Self.line("sealed", "\(sealedBytes) bytes of \(bytes)"))
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// A line for each thing that is said.
    static func lines(_ metadata: EnvelopeMetadata) -> [String] {
        let said: [(String, String?)] = [
            ("source", metadata.source.map { printable($0) }),
            ("destination", metadata.destination.map { printable($0) }),
            ("content format", metadata.contentFormat.map { "\($0)" }),
            ("time", metadata.time.map { moment($0) }),
            ("deadline", metadata.deadline.map { moment($0) }),
            ("priority", metadata.priority.map { "\($0)" }),
        ]
        return said.compactMap { name, value in value.map { line(name, $0) } }
            + metadata.tags.map { line("tag", printable($0)) }
    }

    private static func line(_ name: String, _ value: some CustomStringConvertible) -> String {
        name + String(repeating: " ", count: 16 - name.count) + value.description
    }

    /// A time as people write it, as far as that goes.
    private static func moment(_ seconds: UInt64) -> String {
        guard seconds < 253_402_300_800 else { return "\(seconds) s" }
        return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}
#endif

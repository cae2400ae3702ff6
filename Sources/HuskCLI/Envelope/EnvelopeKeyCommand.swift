// `husk envelope key`: makes root keys, and gives other COSE libraries the keys derived from them.
#if Gateway
import ArgumentParser
import Husk

struct EnvelopeKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make and export keys of envelopes.", subcommands: [New.self, Export.self])

    enum Algorithm: String, ExpressibleByArgument, CaseIterable {
        case aesCCM8 = "aes-ccm-8"
        case aesCCM16 = "aes-ccm-16"
        case chaCha20Poly1305 = "chacha20-poly1305"

        var algorithm: EnvelopeAlgorithm {
            switch self {
            case .aesCCM8: .aesCCM8
            case .aesCCM16: .aesCCM16
            case .chaCha20Poly1305: .chaCha20Poly1305
            }
        }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a root key for two ends.",
            discussion: """
                Draws a key from the system's random generator and writes it to a file, mode 0600. Both ends get the \
                same file, and nobody between them. Each direction has a key of its own, derived from it.

                EXAMPLES
                  husk envelope key new kitchen climate
                  husk envelope key new kitchen climate --kid 07 --algorithm chacha20-poly1305 -o k.json

                \(ExitStatus.help)
                """)

        @Argument(help: "Names of the two ends, such as those of a device and an application.")
        var ends: [String]
        @Option(help: "Key identifier, at most 16 bytes in hex, sent in clear. Default: 00.")
        var kid = HexBytes(bytes: [0])
        @Option(help: "What encrypts the content; aes-ccm-8 is the smallest on the wire.")
        var algorithm = Algorithm.aesCCM8
        @Option(
            name: [.short, .long],
            help: ArgumentHelp("The key file. Default: named after the ends.", valueName: "file"))
        var output: String?

        func validate() throws {
            guard ends.count == 2, ends[0] != ends[1] else {
                throw ValidationError("name two different ends")
            }
            for name in ends {
                guard (1...64).contains(name.utf8.count), printable(name) == name else {
                    throw ValidationError("a name has 1 to 64 bytes without control characters")
                }
            }
            guard kid.bytes.count <= 16 else {
                throw ValidationError("a kid has at most 16 bytes, not \(kid.bytes.count)")
            }
        }

        func run() throws {
            let record = EnvelopeKeyRecord.generate(ends: ends, kid: kid.bytes, algorithm: algorithm.algorithm)
            let path = output ?? ends.map { PSKCommand.New.fileName($0) }.joined(separator: "-") + ".json"
            try PrivateFile.create(path, record.json())
            printLine("the key of \(ends[0]) and \(ends[1]) is in \(path), mode 0600: copy it to both")
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the key of one direction as a COSE_Key, in hex, for another library.",
            discussion: """
                The COSE_Key (RFC 9052 section 7) holds kid, algorithm, Base IV and the key itself: it is secret.

                EXAMPLES
                  husk envelope key export --key kitchen-climate.json --sender kitchen
                  husk envelope key export --key kitchen-climate.json --sender climate --wraps

                \(ExitStatus.help)
                """)

        @Option(help: ArgumentHelp("Key file.", valueName: "file"))
        var key: String
        @Option(help: ArgumentHelp("The end that seals.", valueName: "name"))
        var sender: String
        @Flag(help: "The key for envelopes to several recipients (A128KW).")
        var wraps = false

        func run() throws {
            let key = try EnvelopeEnd(path: key, own: sender).key(sending: true, wraps: wraps)
            printLine(key.withCOSEKey { key in unsafe key.withUnsafeBytes { unsafe hex($0) } })
        }
    }
}
#endif

// `husk psk`: makes pre-shared keys.
#if Gateway
import ArgumentParser

struct PSKCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psk",
        abstract: "Make pre-shared keys.",
        subcommands: [New.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key for a new device.",
            discussion: """
                Draws a key from the system's random generator, adds it to the gateway's credentials file (made \
                if there is none, mode 0600, replaced in one step), and writes what the device needs to a file of \
                its own, mode 0600. Nothing secret is printed unless you ask for it with '--output -'.

                EXAMPLES
                  husk psk new
                  husk psk new --device kitchen --gateway home --credentials home.json
                  husk psk new --device kitchen --format c-header --output firmware/psk.h

                The C header defines psk_kid, psk_key, psk_cred_i and psk_cred_r, the members of a husk_psk. \
                The JSON file is what 'husk device --credentials' reads.

                \(ExitStatus.help)
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case json
            case cHeader = "c-header"
        }

        @Option(
            help: "Key identifier, 1 to 24 bytes in hex; passive observers do not see it. Default: the shortest free.")
        var kid: HexBytes?

        @Option(help: ArgumentHelp("Name of the device. Default: device-KID.", valueName: "name"))
        var device: String?

        @Option(help: ArgumentHelp("Name of the gateway.", valueName: "name"))
        var gateway = "gateway"

        @Option(help: ArgumentHelp("The gateway's credentials file.", valueName: "file"))
        var credentials = "credentials.json"

        @Option(help: ArgumentHelp("Length of the key in bytes: 16 to 64.", valueName: "count"))
        var bytes = 16

        @Option(help: "Format of the device's file.")
        var format = Format.json

        @Option(
            name: [.short, .long],
            help: ArgumentHelp("The device's file; '-' prints it. Default: the device's name.", valueName: "file"))
        var output: String?

        func validate() throws {
            guard (16...64).contains(bytes) else {
                throw ValidationError("a key has 16 to 64 bytes, not \(bytes)")
            }
            if let kid, !(1...24).contains(kid.bytes.count) {
                throw ValidationError("a kid has 1 to 24 bytes, not \(kid.bytes.count)")
            }
            for name in [device, gateway].compactMap({ $0 }) {
                guard (1...64).contains(name.utf8.count), printable(name) == name else {
                    throw ValidationError("a name has 1 to 64 bytes without control characters")
                }
            }
        }

        func run() throws {
            var place = ""
            let record = try CredentialsFile(path: credentials).add(
                device: device, gateway: gateway, kid: kid?.bytes, keyBytes: bytes
            ) { (record) throws(Failure) in
                place = try deliver(record)
            }
            let report =
                "kid \(record.kid), device \(record.device), gateway \(record.gateway): added to \(credentials)"
            guard output != "-" else { return printError(report) }
            printLine(report)
            printLine(
                "the device's part is in \(place), mode 0600: it holds the key, so move it there and delete it here"
            )
        }

        /// Writes the device's part and returns where it is.
        private func deliver(_ record: KeyRecord) throws(Failure) -> String {
            let content =
                switch format {
                case .json: try CredentialsFile.encode(KeyList(devices: [record]))
                case .cHeader: try Array(record.cHeader().utf8)
                }
            guard output != "-" else {
                print(String(decoding: content, as: UTF8.self), terminator: "")
                return "standard output"
            }
            let path = output ?? Self.fileName(record.device) + (format == .json ? ".json" : ".h")
            guard !PrivateFile.isSame(path, credentials) else {
                throw Failure(.cannotOpen, "\(path) is the credentials file: name another file with --output")
            }
            try PrivateFile.create(path, content)
            return path
        }

        /// A device's name as a file name: letters, digits, dots and dashes stay, everything else becomes an underscore.
        static func fileName(_ device: String) -> String {
            let safe = String(
                device.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
            return safe.hasPrefix(".") || safe.hasPrefix("-") ? "device" + safe : safe
        }
    }
}

/// Bytes in hexadecimal on the command line.
struct HexBytes: ExpressibleByArgument, Equatable {
    var bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init?(argument: String) {
        guard let bytes = HuskCLI.bytes(hex: argument), !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { hex(bytes) }
    static var defaultCompletionKind: CompletionKind { .default }
}
#endif

// `husk envelope`: content sealed end to end, in files and pipes.
#if Gateway
import ArgumentParser
import Glibc
import Husk

struct EnvelopeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "envelope",
        abstract: "Seal content end to end, for boxes that carry it and must not read it.",
        discussion: """
            An envelope is a COSE_Encrypt0 or COSE_Encrypt (RFC 9052), in binary, with metadata in clear that nobody \
            can change unnoticed.

            EXAMPLES
              husk envelope key new kitchen climate
              echo 21.5 | husk envelope seal --key kitchen-climate.json --as kitchen > reading.cose
              husk envelope inspect reading.cose
              husk envelope open --key kitchen-climate.json --as climate reading.cose

            \(ExitStatus.help)
            """,
        subcommands: [EnvelopeKeyCommand.self, Seal.self, Open.self, Inspect.self])

    struct Seal: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal a file or standard input.",
            discussion: """
                The numbers that were used are kept beside the key file, and stored before the envelope is written, so \
                that no nonce is used twice. With several keys the envelope is for all of their other ends.

                EXAMPLES
                  echo 21.5 | husk envelope seal --key kitchen-climate.json --as kitchen > reading.cose
                  husk envelope seal --key k.json --as climate --deadline 60 --priority 7 unlock.cbor -o command.cose
                  husk envelope seal --key a.json --key b.json --as kitchen smoke.txt -o both.cose

                \(ExitStatus.help)
                """)

        @OptionGroup var files: EnvelopeFiles
        @Option(
            name: .customLong("key"),
            help: ArgumentHelp("Key file; several for several recipients.", valueName: "file"))
        var keys: [String]
        @Option(name: .customLong("as"), help: ArgumentHelp("Which end of the key this is.", valueName: "name"))
        var own: String
        @Option(help: ArgumentHelp("Whom it is for. Default: the other end, if there is one.", valueName: "name"))
        var destination: String?
        @Option(help: ArgumentHelp("Whom it is from. Default: not said.", valueName: "name"))
        var source: String?
        @Option(help: ArgumentHelp("CoAP Content-Format of the content, such as 60 for CBOR.", valueName: "number"))
        var contentFormat: UInt16?
        @Option(help: ArgumentHelp("Refuse it from so many seconds on, counted from now.", valueName: "seconds"))
        var deadline: UInt32?
        @Option(help: ArgumentHelp("0 to 255, greater is more urgent.", valueName: "number"))
        var priority: UInt8?
        @Option(
            name: .customLong("tag"),
            help: ArgumentHelp("A word for routers and logs; may be repeated.", valueName: "text"))
        var tags: [String] = []
        @Flag(help: "Do not say when it was sealed.")
        var noTime = false
        @Flag(name: .customLong("full-iv"), help: "Send the whole nonce, for libraries that know no Partial IV.")
        var fullIV = false

        func validate() throws {
            if keys.isEmpty {
                throw ValidationError("name a key file with --key")
            }
            if Set(keys).count < keys.count {
                throw ValidationError("a key file is named twice")
            }
        }

        func run() throws {
            let content = try files.read()
            let ends = try keys.map { (path) throws(Failure) in try EnvelopeEnd(path: path, own: own) }
            let now = EnvelopeFiles.now
            let metadata = EnvelopeMetadata(
                source: source, destination: destination ?? (ends.count == 1 ? ends[0].other : nil),
                contentFormat: contentFormat, time: noTime ? nil : now, deadline: deadline.map { now + UInt64($0) },
                priority: priority, tags: tags)
            let envelope = try PrivateFile.locked(ends[0].path) { () throws(Failure) in
                try EnvelopeFiles.failing("not sealed") { try seal(content, metadata, ends) }
            }
            try files.write(envelope)
        }

        private func seal(_ content: [UInt8], _ metadata: EnvelopeMetadata, _ ends: [EnvelopeEnd]) throws -> [UInt8] {
            let isForMany = ends.count > 1
            let states = ends.map { $0.state(sending: true, wraps: isForMany) }
            // A number must be new to every recipient: the greatest of what each of them may have seen counts.
            var record: [UInt8] = []
            for state in states {
                let own = try state.load()
                record = own.lexicographicallyPrecedes(record) ? record : own
            }
            func save(_ record: RawSpan) throws(Failure) {
                for state in states {
                    try state.store(record)
                }
            }
            var sealer: EnvelopeSealer
            if isForMany {
                var recipients = EnvelopeRecipients()
                for end in ends {
                    recipients.append(try end.key(sending: true, wraps: true))
                }
                sealer = try EnvelopeSealer(recipients: recipients, record: record)
            } else {
                let key = try ends[0].key(sending: true, wraps: false)
                sealer = try EnvelopeSealer(key: key, record: record, fullIV: fullIV)
            }
            let envelope = try sealer.seal(content, metadata) { (record) throws(Failure) in try save(record) }
            try sealer.release { (record) throws(Failure) in try save(record) }
            return envelope
        }
    }

    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify and open an envelope from a file or standard input.",
            discussion: """
                Each envelope opens once: which ones did is kept beside the key file, and stored before the content is \
                written. Refused with status 70 and a reason: what does not verify, was opened before, is late, or is \
                for another destination.

                EXAMPLES
                  husk envelope open --key kitchen-climate.json --as climate reading.cose
                  husk envelope open --key k.json --as kitchen --require-deadline < command.cose

                \(ExitStatus.help)
                """)

        @OptionGroup var files: EnvelopeFiles
        @Option(help: ArgumentHelp("Key file.", valueName: "file"))
        var key: String
        @Option(name: .customLong("as"), help: ArgumentHelp("Which end of the key this is.", valueName: "name"))
        var own: String
        @Option(
            name: .customLong("also"),
            help: ArgumentHelp("Another destination that this end answers to; may be repeated.", valueName: "name"))
        var names: [String] = []
        @Flag(help: "Refuse an envelope without deadline, as for commands.")
        var requireDeadline = false
        @Flag(help: "Print the metadata, verified, to standard error.")
        var metadata = false

        func run() throws {
            let envelope = try files.read()
            let end = try EnvelopeEnd(path: key, own: own)
            let opened = try PrivateFile.locked(end.path) { () throws(Failure) in
                try EnvelopeFiles.failing("refused") { try open(envelope, end) }
            }
            if metadata {
                for line in EnvelopeReport.lines(opened.metadata) {
                    printError(line)
                }
            }
            try files.write(opened.content)
        }

        private func open(_ envelope: [UInt8], _ end: EnvelopeEnd) throws -> OpenedEnvelope {
            let wraps = try Envelope(inspecting: envelope).hasRecipientList
            let state = end.state(sending: false, wraps: wraps)
            var opener = try EnvelopeOpener(
                key: end.key(sending: false, wraps: wraps), names: [own] + names, requiresDeadline: requireDeadline,
                record: state.load())
            return try opener.open(envelope, now: EnvelopeFiles.now) { (record) throws(Failure) in
                try state.store(record)
            }
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what everybody can read of an envelope, without any key.",
            discussion: """
                Nothing it shows is verified: only who has the key can tell whether it is true.

                EXAMPLES
                  husk envelope inspect reading.cose
                  husk envelope inspect --json < reading.cose

                \(ExitStatus.help)
                """)

        @OptionGroup var files: EnvelopeFiles
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let bytes = try files.read()
            let envelope: Envelope
            do throws(HuskError) {
                envelope = try Envelope(inspecting: bytes)
            } catch {
                throw Failure(.badData, "not an envelope: \(error.reason)")
            }
            let report = EnvelopeReport(envelope, count: bytes.count)
            try files.write(Array(json ? report.json() : report.text()))
        }
    }
}
#endif

// `husk store`: what operators do with the store of a gateway that is not running.
#if Gateway
import ArgumentParser
import HuskGateway

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look after the store of a gateway: check, rekey, export, import.",
        discussion: """
            'husk gateway --store FILE' keeps in one SQLite file what it must not forget: sessions with their replay \
            windows, resumption keys, KUDOS records, and envelopes that wait. Keys in it are sealed under a \
            key-encryption key, which is in another file, mode 0600 (default: FILE.key, made with the store), or in \
            the environment variable \(StoreKeys.variable): '<version>:<64 hex digits>', several of them apart by \
            spaces. Keep it apart from copies of the store: the store alone opens nothing.

            A store belongs to one process at a time: stop the gateway first.

            EXAMPLES
              husk store check --store gateway.db
              husk store rekey --store gateway.db
              husk store export --store gateway.db --output devices.jsonl
              husk store import --store new.db --store-key gateway.db.key --input devices.jsonl

            \(ExitStatus.help)
            """,
        subcommands: [Check.self, Rekey.self, Export.self, Import.self])

    struct Place: ParsableArguments {
        @Option(help: ArgumentHelp("The store.", valueName: "file"))
        var store: String

        @OptionGroup var key: StoreKeyOptions
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read every row, open every key, and say how many there are.")

        @OptionGroup var place: Place

        func run() throws {
            let store = try place.key.open(place.store)
            let summary = try reported { () throws(StoreError) in try store.check() }
            var table = TextTable(alignments: [.left, .right], header: ["", "count"])
            table.rows = [
                ["sessions", grouped(summary.sessions)],
                ["resumption keys", grouped(summary.resumptionKeys)],
                ["KUDOS records", grouped(summary.keyUpdates)],
                ["envelopes waiting", grouped(summary.letters)],
            ]
            for (version, count) in summary.sealed.sorted(by: { $0.key < $1.key }) {
                table.rows.append(["sealed under key \(version)", grouped(count)])
            }
            for line in table.lines() {
                printLine(line)
            }
            printLine("\(printable(place.store)) is sound")
        }
    }

    struct Rekey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal everything under a new key-encryption key.",
            discussion: """
                With a key file: adds a key to it, seals everything anew, and removes the old keys from the file. \
                Interrupted anywhere, it can be run again. With \(StoreKeys.variable): put the new key beside the \
                old one, with a higher version, run this, and remove the old one.
                """)

        @OptionGroup var place: Place

        func run() throws {
            // Before keys change, so that a store that is in use, or does not open, is left as it is.
            let store = try place.key.open(place.store)
            guard case .file(let file) = place.key.source(of: place.store) else {
                return try reseal(store)
            }
            store.close()
            let version = try reported { () throws(StoreError) in try StoreKeys(path: file) }.newest + 1
            let new = Array("\(StoreKeyOptions.line(version: version))\n".utf8)
            let old = try PrivateFile.read(file) ?? []
            try PrivateFile.replace(file, old + [0x0a] + new)
            try reseal(place.key.open(place.store))
            try PrivateFile.replace(file, new)
        }

        private func reseal(_ store: Store) throws(Failure) {
            let count = try reported { () throws(StoreError) in try store.rekey() }
            printLine("\(grouped(count)) secret\(count == 1 ? "" : "s") sealed anew under key \(store.keyVersion)")
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write out what can be moved to another store, one JSON record on each line.",
            discussion: """
                Resumption keys and KUDOS records, sealed as they are in the store, and envelopes that wait. Sessions \
                are not in it: a second copy of one would use the same nonces again. Their devices come back by \
                resumption, without being provisioned anew.
                """)

        @OptionGroup var place: Place

        @Option(name: [.short, .long], help: ArgumentHelp("The file to make, mode 0600.", valueName: "file"))
        var output: String

        func run() throws {
            let store = try place.key.open(place.store)
            let text = try reported { () throws(StoreError) in try store.export() }
            try PrivateFile.create(output, text)
            let count = text.count { $0 == 0x0a }
            printLine("\(grouped(count)) record\(count == 1 ? "" : "s") written to \(printable(output)), mode 0600")
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in what 'husk store export' wrote; all of it or nothing.",
            discussion: """
                The key-encryption keys must be those of the store that was exported. What is in the store already, or \
                twice in the file, is refused with its line.
                """)

        @OptionGroup var place: Place

        @Option(name: [.short, .long], help: ArgumentHelp("What 'husk store export' wrote.", valueName: "file"))
        var input: String

        func run() throws {
            guard let text = try PrivateFile.read(input) else {
                throw Failure(.cannotOpen, "\(input) does not exist")
            }
            // Made if need be: to move to a new file is what this is for.
            let store = try place.key.open(place.store, create: true)
            let count = try reported { () throws(StoreError) in try store.importRecords(text, file: input) }
            printLine("\(grouped(count)) record\(count == 1 ? "" : "s") taken in")
        }
    }
}

/// What the store says, as this command ends.
private func reported<Value>(_ body: () throws(StoreError) -> Value) throws(Failure) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw Failure(error.status, "\(error)")
    }
}
#endif

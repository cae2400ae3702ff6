// `husk application`: the far end of envelopes, which opens what devices seal and seals what they act upon.
#if Gateway
import ArgumentParser
import Husk
import HuskGateway

struct ApplicationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "application",
        abstract: "Be an application: open the envelopes of devices, and seal commands for them.",
        discussion: """
            Authenticates to a gateway as a device does, with a key of its own from 'husk psk new', observes its \
            mailbox there, and opens the envelopes that come with the keys that it shares with their senders \
            ('husk envelope key new') and the gateway has not. Each opens once; which ones did is stored beside the \
            key file before the content is printed. What cannot be opened is said on standard error and thrown away.

            With --send or --forward it ends when the gateway has taken everything, unless told --listen. Otherwise \
            it listens until Ctrl-C or SIGTERM.

            EXAMPLES
              husk application --credentials home.json --key door-home.json
              husk application --credentials home.json --key door-home.json --to door --send 'unlock the front door'
              husk application --credentials home.json --forward sealed.cose

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("A file with the application's key to the gateway, mode 0600.", valueName: "file"))
    var credentials: String

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Which entry of the file it is, by its name. Default: the only one.", valueName: "name"))
    var own: String?

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp("Key file of envelopes; one for each device.", valueName: "file"))
    var keys: [String] = []

    @Option(help: ArgumentHelp("Address of the gateway.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("UDP port of the gateway.", valueName: "port"))
    var port = 5683

    @Option(name: .customLong("send"), help: ArgumentHelp("Seal this text for --to.", valueName: "text"))
    var text: String?

    @Option(name: .customLong("to"), help: ArgumentHelp("Whom --send is for.", valueName: "name"))
    var destination: String?

    @Option(help: ArgumentHelp("Commands are refused from so many seconds on.", valueName: "seconds"))
    var deadline: UInt32 = 60

    @Option(
        help: ArgumentHelp(
            "Leave this envelope, as it is, for whom it names; no key of it is needed.", valueName: "file"))
    var forward: String?

    @Flag(help: "Go on listening after --send and --forward.")
    var listen = false

    @Flag(help: "Send what comes on standard input: lines of destination, deadline in seconds, and text; end with it.")
    var interactive = false

    @Option(help: ArgumentHelp("End after so many envelopes were opened.", valueName: "number"))
    var count: Int?

    @Flag(help: "Print JSON, one object on each line.")
    var json = false

    func validate() throws {
        guard (1...65535).contains(port) else {
            throw ValidationError("a port is a number from 1 to 65535, not \(port)")
        }
        guard (text == nil) == (destination == nil) else {
            throw ValidationError("--send and --to go together")
        }
        guard (count ?? 1) > 0 else {
            throw ValidationError("--count is at least 1")
        }
        guard Set(keys).count == keys.count else {
            throw ValidationError("a key file is named twice")
        }
    }

    func run() async throws {
        let credential = try CredentialsFile(path: credentials).credential(
            kid: nil, device: own, options: ["--as"])
        let ends = try keys.map { (path) throws(Failure) in try EnvelopeEnd(path: path, own: credential.device) }
        var outgoing: [Application.Outgoing] = []
        if let text, let destination {
            outgoing.append(.command(text, destination: destination, lifetime: deadline))
        }
        if let forward {
            guard let envelope = try PrivateFile.read(forward) else {
                throw Failure(.cannotOpen, "\(forward) does not exist")
            }
            outgoing.append(.envelope(envelope))
        }
        let listens = listen || interactive || count != nil || outgoing.isEmpty
        let application = Application(
            credential: credential, ends: ends, host: host, port: port, listens: listens, count: count, isJSON: json)
        let (interactive, first) = (interactive, outgoing)
        do {
            try await supervised { try await application.run(first, readsInput: interactive) }
        } catch let interrupted as Interrupted where listens {
            // That is how listening ends.
            _ = interrupted
        }
    }
}
#endif

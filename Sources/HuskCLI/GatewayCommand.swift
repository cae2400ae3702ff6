// `husk gateway`: serves devices until it is told to stop.
#if Gateway
import ArgumentParser
import Husk
import HuskGateway
import Logging
import UnixSignals

enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Run a gateway: authenticate devices and print their readings.",
        discussion: """
            Listens for CoAP on UDP, authenticates the devices of a credentials file by EDHOC with a pre-shared \
            key, and prints what they send to 'sensors/...' over OSCORE, one line each. Ctrl-C or SIGTERM \
            ends it. A device in the file may have a member "suites", such as [0, 2]: the suites it may use, of \
            the gateway's. The credentials file must have mode 0600; 'husk psk new' makes it. Logs go to standard \
            error and never hold keys.

            EXAMPLES
              husk gateway --credentials credentials.json
              husk gateway --credentials credentials.json --host :: --log-level info
              husk gateway --credentials credentials.json --messages
              husk gateway --credentials credentials.json --suites 0,2
              husk gateway --credentials credentials.json --store gateway.db

            With --store, sessions, keys and mailboxes outlive the gateway: after a crash or a power cut devices \
            go on as if nothing had happened. See 'husk store --help'.

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("The credentials file.", valueName: "file"))
    var credentials: String

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Address to listen on: 0.0.0.0 or :: for all.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("UDP port; 0 lets the system choose.", valueName: "port"))
    var port = 5683

    @Option(help: ArgumentHelp("Cipher suites to accept, such as 0,2. Default: all.", valueName: "numbers"))
    var suites: SuiteList?

    @Option(help: "How much to log.")
    var logLevel = LogLevel.warning

    @Flag(help: "Print every message with its size.")
    var messages = false

    @Flag(help: "Print JSON, one object on each line.")
    var json = false

    @Flag(help: "Print where it listens, and nothing of what happens then.")
    var quiet = false

    func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("a port is a number from 0 to 65535, not \(port)")
        }
    }

    func run() async throws {
        guard let known = try CredentialsFile(path: credentials).checkExisting() else {
            throw Failure(
                .cannotOpen,
                "\(credentials) does not exist: make it with 'husk psk new --credentials \(credentials)'")
        }
        var logger = Logger(label: "husk.gateway") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .warning
        // Before anybody is told that it runs, so that it can be stopped from then on.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let gateway = try await start(known, logger: logger)
        // Nobody makes up events that nobody hears.
        let events = quiet ? nil : gateway.events()
        let count = known.deviceCount
        let listening =
            "listening on \(endpoint(host, gateway.port)) for \(count) device\(count == 1 ? "" : "s"); Ctrl-C ends it"
        printLine(json ? JSONLine.text(GatewayLine.listening(port: gateway.port)) : listening)
        if messages && !json && !quiet {
            printLine(MessageLine.header)
        }

        let stopper = Task {
            for await _ in signals {
                break
            }
            await gateway.shutdown()
        }
        let (showsMessages, isJSON) = (messages, json)
        let printer = Task {
            guard let events else { return }
            for await event in events {
                Self.show(event, messages: showsMessages, isJSON: isJSON)
            }
        }
        do {
            try await gateway.run()
        } catch {
            throw Failure(.failed, "the gateway ended: \(error)")
        }
        stopper.cancel()
        await gateway.shutdown()
        await printer.value
    }

    private func start(_ known: Credentials, logger: Logger) async throws(Failure) -> Gateway {
        do {
            return try await Gateway.start(
                GatewayConfiguration(host: host, port: port, suites: suites?.suites ?? CipherSuite.all),
                credentials: known, store: store.openIfNamed(), logger: logger)
        } catch let failure as Failure {
            throw failure
        } catch let error as GatewayError {
            throw Failure(error.status, "\(error)")
        } catch {
            throw Failure(.failed, "\(error)")
        }
    }

    private static func show(_ event: GatewayEvent, messages: Bool, isJSON: Bool) {
        switch event {
        case .message where !messages:
            return
        case _ where isJSON:
            printLine(JSONLine.text(GatewayLine(event)))
        case .message(let message):
            printLine(MessageLine.text(message))
        case .authenticated(let device):
            let how = device.profile == .symmetric ? "by KUDOS" : "with suite \(device.suite.id)"
            printLine("\(printable(device.device)) authenticated from \(device.peer) \(how)")
        case .reading(let reading):
            printLine("\(printable(reading.device)) \(printable(reading.path)) \(reading.text)")
        case .envelope(let envelope):
            printLine(envelope.text)
        case .refused(let refusal):
            printError("husk: \(refusal.text)")
        }
    }
}

/// Cipher suites on the command line, most preferred first: 0,2.
struct SuiteList: ExpressibleByArgument, Equatable {
    var suites: [CipherSuite]

    init?(argument: String) {
        let found = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            Int32($0).flatMap(CipherSuite.init(number:))
        }
        suites = found.compactMap { $0 }
        guard suites.count == found.count, Set(suites).count == suites.count else { return nil }
    }

    var defaultValueDescription: String { suites.map { String($0.id) }.joined(separator: ",") }
    static var defaultCompletionKind: CompletionKind { .default }
}

/// Address and port, with brackets around an IPv6 address.
func endpoint(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}

#endif

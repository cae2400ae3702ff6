// The command line: `husk` and what it can do.
#if Gateway
import ArgumentParser
import Glibc

struct HuskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "husk",
        abstract: "Authentication by pre-shared key for devices too small for certificates.",
        discussion: """
            A device and a gateway that share a key authenticate each other with EDHOC (RFC 9528, method PSK) and \
            then talk under OSCORE (RFC 8613), in CoAP over UDP.

            EXAMPLES
              husk demo                                   see it work, simulated
              husk psk new --device kitchen               make a key
              husk gateway --credentials credentials.json
              husk device --credentials kitchen.json      a device on this machine
              husk envelope --help                        content sealed from device to application
              husk load                                   how much a gateway takes
              husk cost --radio lora-sf10                 what security costs in your case, next to TLS

            \(ExitStatus.help)
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, PSKCommand.self, GatewayCommand.self, DeviceCommand.self, ApplicationCommand.self,
            EnvelopeCommand.self, StoreCommand.self, LoadCommand.self, CostCommand.self,
        ])
}

@main
enum Entry {
    static func main() async {
        // A reader that went away is noticed where it is written to.
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            var command = try HuskCommand.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            printError("husk: \(failure.message)")
            exit(failure.status.rawValue)
        } catch let interrupted as Interrupted {
            exit(interrupted.exitStatus)
        } catch {
            let code = HuskCommand.exitCode(for: error)
            guard code == .validationFailure else { HuskCommand.exit(withError: error) }
            let full = HuskCommand.fullMessage(for: error)
            printError("husk: \(usageLine(message: HuskCommand.message(for: error), full: full))")
            exit(code.rawValue)
        }
    }
}
#else
@main
enum Entry {
    static func main() {
        fatalError("this build has no command line: build the package with its trait Gateway")
    }
}
#endif

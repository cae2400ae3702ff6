// How a command fails: one line on standard error that says what to do, and an exit status that means something.
#if Gateway
import ArgumentParser

/// Exit statuses, with the numbers of sysexits.h.
enum ExitStatus: Int32, CaseIterable {
    /// The command line is wrong. ArgumentParser's own.
    case usage = 64
    /// A file was read, and what it says is wrong.
    case badData = 65
    /// A file cannot be opened, read or written.
    case cannotOpen = 66
    /// Something from outside is missing or taken: QEMU, the firmware, a port, the peer.
    case unavailable = 69
    /// It ran, and the outcome is wrong: authentication failed, or the firmware ended with an error.
    case failed = 70

    static let help = """
        EXIT STATUS
          0   it worked
          64  the command line is wrong
          65  a file says something wrong
          66  a file cannot be opened or written
          69  something is missing or taken: QEMU, the firmware, a port, the peer
          70  it ran and failed: authentication, or the simulated device
        """
}

/// Ends the command.
struct Failure: Error, Equatable {
    var status: ExitStatus
    /// What happened and what to do, on one line, without secrets.
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// The first line of a usage error and where to read more.
func usageLine(message: String, full: String) -> String {
    let first = message.split(separator: "\n").first.map(String.init) ?? "the command line is wrong"
    let see = full.split(separator: "\n").last { $0.contains("See '") }
    guard let see, let from = see.firstIndex(of: "'"), let to = see.lastIndex(of: "'"), from < to else {
        return "\(first): see 'husk --help'"
    }
    let stop: Set<Character> = [".", ":"]
    let text = first.last.map { stop.contains($0) } == true ? String(first.dropLast()) : first
    return "\(text): see \(see[from...to])"
}
#endif

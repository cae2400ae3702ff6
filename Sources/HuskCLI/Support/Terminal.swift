// What goes to the terminal: plain text, with colour only where a person looks at it, and nothing from outside that a
// terminal could take for a command.
#if Gateway
import Glibc

/// Emphasis for a terminal; nothing at all for files and pipes.
struct Style: Sendable {
    let isColoured: Bool

    static let plain = Style(isColoured: false)

    /// For standard output, as the user wants it: https://no-color.org.
    static var standardOutput: Style {
        let refused = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        return Style(isColoured: isatty(STDOUT_FILENO) == 1 && !refused && environment("TERM") != "dumb")
    }

    func bold(_ text: String) -> String { wrap("1", text) }
    func dim(_ text: String) -> String { wrap("2", text) }
    func good(_ text: String) -> String { wrap("32", text) }

    private func wrap(_ code: String, _ text: String) -> String {
        isColoured ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

/// An environment variable; nil if it is not set.
func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}

/// Writes a line to standard error.
func printError(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe write(STDERR_FILENO, $0.baseAddress! + written, $0.count - written)
        }
        guard count > 0 else { return }
        written += count
    }
}

/// Writes a line to standard output at once, also into a pipe.
func printLine(_ line: String = "") {
    print(line)
    fflush(nil)
}

/// Standard input line by line, without the C library's stream: who waits in that holds a lock that printLine needs.
struct InputLines {
    private static let longest = 1 << 16

    private var buffer: [UInt8] = []
    private var isOver = false

    /// Waits for the next line; nil at the end of input.
    mutating func next() -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            guard !isOver, buffer.count < Self.longest else {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : String(decoding: buffer, as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
            isOver = count <= 0
            buffer += chunk.prefix(max(count, 0))
        }
    }
}

/// Text from a device or a file, safe to print: control characters become `?`, and it has an end.
func printable(_ text: some StringProtocol, limit: Int = 200) -> String {
    var safe = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            safe.unicodeScalars.append("?")
        default:
            safe.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > limit ? safe + "..." : safe
}
#endif

// What the end-to-end demo prints: three columns, one for each party, with what it saw.
#if Gateway
import FoundationEssentials
import Husk

struct EndToEndTable {
    private static let labelWidth = 15
    private static let columnWidth = 33
    private static let gap = "  "

    private var rows: [[String]] = []

    private mutating func add(_ label: String, _ device: String?, _ gateway: String?, _ application: String?) {
        rows.append([label, device ?? "", gateway ?? "", application ?? ""])
    }

    /// An envelope that the device sealed.
    static func reading(_ figures: EndToEndFigures, style: Style) -> [String] {
        var table = EndToEndTable()
        let seen = figures.reading
        table.add("content", seen.device.content, cannotRead(seen.gateway), seen.application.content)
        table.add("number", "\(seen.device.sequence)", nil, seen.application.sequence.map { "\($0), not seen before" })
        table.add("source", "\(seen.device.source), itself", seen.gateway.says?.source, verified(seen.application.sender))
        table.addMetadata(seen, verified: true)
        return [style.bold("One reading") + ", sealed on the device"] + table.lines(figures, style)
    }

    /// An envelope that the application sealed.
    static func command(_ figures: EndToEndFigures, style: Style) -> [String] {
        var table = EndToEndTable()
        let seen = figures.command
        table.add("content", seen.device.content, cannotRead(seen.gateway), seen.application.content)
        table.add("number", "\(seen.device.sequence), not seen before", nil, nil)
        table.add("source", verified(seen.device.source), seen.gateway.says?.source,
            seen.application.metadata?.source.map { "\($0), itself" })
        table.addMetadata(seen, verified: false)
        table.add("what it did", figures.action, nil, nil)
        table.add("answer", figures.answer.content, nil, verified(figures.answer.content))
        return [style.bold("One command") + ", sealed by the application"] + table.lines(figures, style)
    }

    /// What is on the envelope: the gateway reads it, and who has the key knows that nobody changed it.
    private mutating func addMetadata(_ seen: EnvelopeSightings, verified: Bool) {
        guard let said = seen.gateway.says, let known = seen.application.metadata else { return }
        func add(_ label: String, _ gateway: String?, _ application: String?) {
            guard gateway != nil || application != nil else { return }
            self.add(label, nil, gateway, verified ? Self.verified(application) : application)
        }
        add("destination", said.destination, known.destination)
        add("content format", said.contentFormat.map { "\($0)" }, known.contentFormat.map { "\($0)" })
        add("time", said.time.map(Self.moment), known.time.map(Self.moment))
        add("deadline", said.deadline.map(Self.moment), known.deadline.map(Self.moment))
        add("priority", said.priority.map { "\($0)" }, known.priority.map { "\($0)" })
        add("tags", said.tags.joined(separator: ", "), known.tags.joined(separator: ", "))
        self.add("size", nil, "\(said.bytes) bytes", nil)
    }

    private static func cannotRead(_ line: GatewayLine) -> String { "cannot read: \(line.ciphertext ?? "")" }

    private static func verified(_ text: String?) -> String? { text.map { "\($0), verified" } }

    private static func moment(_ seconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }

    private func lines(_ figures: EndToEndFigures, _ style: Style) -> [String] {
        func process(_ name: String) -> String { figures.pids[name].map { ", process \($0)" } ?? "" }
        let heads = [
            ["", "device", "gateway", "application"],
            [
                "", "\(figures.processor)\(process("device"))", "husk gateway\(process("gateway"))",
                "husk application\(process("application"))",
            ],
        ]
        return heads.flatMap { Self.wrapped($0).map(style.dim) } + rows.flatMap(Self.wrapped)
    }

    /// A row as so many lines as its fullest cell takes.
    private static func wrapped(_ row: [String]) -> [String] {
        let widths = [labelWidth] + Array(repeating: columnWidth, count: row.count - 1)
        let cells = zip(row, widths).map { fold(printable($0, limit: 1000), to: $1) }
        return (0..<(cells.map(\.count).max() ?? 0)).map { index in
            var line = zip(cells, widths).map { cell, width in
                let piece = index < cell.count ? cell[index] : ""
                return piece + String(repeating: " ", count: width - piece.count)
            }.joined(separator: gap)
            while line.last == " " {
                line.removeLast()
            }
            return line
        }
    }

    /// Breaks a text at blanks, and where there is none, anywhere.
    static func fold(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var rest = word[...]
            if !line.isEmpty, line.count + 1 + min(rest.count, width) > width {
                lines.append(line)
                line = ""
            }
            if !line.isEmpty {
                line += " "
            }
            while line.count + rest.count > width {
                let room = width - line.count
                lines.append(line + rest.prefix(room))
                rest = rest.dropFirst(room)
                line = ""
            }
            line += rest
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }

    static func refusals(_ figures: EndToEndFigures, style: Style) -> [String] {
        let late = figures.late
        let times =
            late.deadline.flatMap { deadline in
                late.arrived.map { "deadline \(moment(deadline)), arrived \(moment($0))" }
            } ?? ""
        return [
            style.bold("Refused") + " by the device, which goes on",
            "  twice: the same \(figures.replay.envelope) bytes again, left by a stranger who recorded them, after "
                + "\(figures.restarts) restart of the device",
            "         \(style.good(figures.replay.name))",
            "  late:  the same command in an envelope of its own, held up on its way",
            "         \(style.good(late.name)), \(times)",
            "  then:  \"\(printable(figures.next.content))\", number \(figures.next.sequence): "
                + "\(printable(figures.nextAction)), answer \(printable(figures.nextAnswer.content))",
        ]
    }
}
#endif

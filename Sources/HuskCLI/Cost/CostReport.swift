// What `husk cost` prints: a table for people, JSON for programs.
#if Gateway
import FoundationEssentials

struct CostReport: Encodable {
    struct Case: Encodable {
        var core: CostCore
        var processor: String
        var radio: String
        var battery: String
        var readingsPerDay: Double
        var reconnectsPerDay: Double
        var payload: Int
        var flags: CostResults.Flags
        var tls: CostResults.Configuration
        var accelerator: Bool
        var batteryShelfYears: Double
    }

    var schema = 1
    var `case`: Case
    var choices: [ChoiceCost]
    var notMeasured: [Missing]

    struct Missing: Encodable {
        var id: String
        var title: String
    }

    private var titles: [String] = []
    private var notes: [String] = []
    private var shelfYears: Double

    private enum CodingKeys: String, CodingKey {
        case schema, `case`, choices, notMeasured
    }

    init(command: CostCommand, given: CostCase, costs: [ChoiceCost], missing: [Choice]) {
        `case` = Case(
            core: given.core, processor: given.processorName, radio: command.radio, battery: command.battery,
            readingsPerDay: given.readingsPerDay, reconnectsPerDay: given.reconnectsPerDay, payload: given.payload,
            flags: given.flags, tls: given.configuration, accelerator: given.hasAccelerator,
            batteryShelfYears: given.battery.shelfYears.value)
        choices = costs
        notMeasured = missing.map { Missing(id: $0.id, title: $0.title) }
        shelfYears = given.battery.shelfYears.value
        titles = [
            "\(given.core.title) (\(printable(given.processor.title ?? given.processorName)))",
            printable(given.radio.title ?? command.radio) + (command.radio.contains("-sf") ? ", \(command.radio)" : ""),
            printable(given.battery.title ?? command.battery),
        ]
        notes = Self.notes(given, costs)
    }

    func json() throws(Failure) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            throw Failure(.failed, "the costs cannot be encoded: \(error)")
        }
    }

    func lines(style: Style) -> [String] {
        let given = `case`
        var lines = [
            style.bold(titles.joined(separator: "; ")),
            "\(times(given.readingsPerDay, "reading")) of \(times(Double(given.payload), "byte")) and "
                + "\(times(given.reconnectsPerDay, "handshake")) a day",
            "",
        ]
        var table = TextTable(
            alignments: [.left] + [TextTable.Alignment](repeating: .right, count: 9),
            header: [
                "", "handshake: bytes", "frames", "on air", "CPU", "mJ", "reading: bytes", "mJ", "day: mJ", "battery",
            ], gap: 2)
        for choice in choices {
            let reading = choice.reading
            let end = [
                grouped(reading.messageBytesUp + reading.messageBytesDown), short(reading.millijoules),
                short(choice.day.millijoules), years(choice.batteryYears),
            ]
            guard let handshake = choice.handshake else {
                table.rows.append([choice.title, "", "", "", "", ""] + end)
                continue
            }
            table.rows.append(
                [
                    choice.title, grouped(handshake.messageBytesUp + handshake.messageBytesDown),
                    grouped(handshake.framesUp + handshake.framesDown),
                    seconds(handshake.airUpSeconds + handshake.airDownSeconds), seconds(handshake.processorSeconds),
                    short(handshake.millijoules),
                ] + end)
        }
        lines += table.lines(style: style)
        lines += notMeasured.map { "  \($0.title): not measured" }
        lines.append("")
        return lines + notes.map { "  \($0)" }
    }

    private func times(_ count: Double, _ what: String) -> String {
        "\(short(count)) \(what)\(count == 1 ? "" : "s")"
    }

    private func years(_ years: Double) -> String {
        guard years <= shelfYears else { return "> \(short(shelfYears)) years" }
        return years < 1 ? "\(short(years * CostModel.daysPerYear)) days" : "\(short(years)) years"
    }

    private static func notes(_ given: CostCase, _ costs: [ChoiceCost]) -> [String] {
        var notes = [
            "Bytes are those handed to UDP, TCP or the link; frames and air time have headers and TCP's segments."
        ]
        if given.link is LoRa, let worst = costs.compactMap(\.handshake?.airUpSeconds).max(),
            let best = costs.first(where: { $0.id == Choice.reference })?.handshake?.airUpSeconds
        {
            notes.append(
                "With the 1 % duty cycle of EU868 a handshake takes at least \(duration(best / LoRa.dutyCycle)) "
                    + "(EDHOC-PSK) to \(duration(worst / LoRa.dutyCycle)).")
        }
        let pulse = max(given.radio.transmitMilliamperes.value, given.radio.receiveMilliamperes.value)
        if pulse > given.battery.pulseMilliamperes.value {
            notes.append(
                "This radio draws \(short(pulse)) mA, the cell gives \(short(given.battery.pulseMilliamperes.value)): "
                    + "it needs a capacitor beside it.")
        }
        if costs.contains(where: { $0.family == .tls }) {
            notes.append("TLS: Mbed TLS, \(given.configuration.rawValue) build. Left out: see Benchmarks/README.md.")
        }
        return notes
    }
}

/// A number with three significant digits, or all of its integer part: 0.0213, 1.25, 98.1, 12,345.
func short(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    guard value != 0 else { return "0" }
    let magnitude = value.magnitude
    var decimals = 0
    var bound = 99.95
    while magnitude < bound, decimals < 9 {
        decimals += 1
        bound /= 10
    }
    return fixed(value, decimals)
}

/// A number with so many decimals, without zeros at the end.
private func fixed(_ value: Double, _ decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled) / Int(scale)
    var fraction = String(Int(scaled) % Int(scale))
    fraction = String(repeating: "0", count: decimals - min(decimals, fraction.count)) + fraction
    while fraction.last == "0" {
        fraction.removeLast()
    }
    let text = fraction.isEmpty || decimals == 0 ? grouped(whole) : "\(grouped(whole)).\(fraction)"
    return value < 0 ? "-\(text)" : text
}

/// A time in the unit that suits it.
func seconds(_ seconds: Double) -> String {
    seconds < 1 ? "\(short(seconds * 1e3)) ms" : "\(short(seconds)) s"
}

private func duration(_ length: Double) -> String {
    length < 90 ? seconds(length) : "\(short(length / 60)) minutes"
}
#endif

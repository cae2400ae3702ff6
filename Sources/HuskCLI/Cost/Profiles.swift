// Processors, radios and batteries: what they draw and what they hold. From Benchmarks/profiles.json, which is built
// in, and from a file of the user's own in the same form.
#if Gateway
import FoundationEssentials

/// A number of a profile, with where it is from. A user's file may have the number alone.
struct Quantity: Decodable, Equatable {
    var value: Double
    var source: String?

    private enum Keys: String, CodingKey, CaseIterable {
        case value, source
    }

    init(from decoder: any Decoder) throws {
        if let number = try? decoder.singleValueContainer().decode(Double.self) {
            value = number
            return
        }
        let container = try decoder.container(keyedBy: Keys.self)
        value = try container.decode(Double.self, forKey: .value)
        source = try container.decodeIfPresent(String.self, forKey: .source)
    }
}

/// The processor that the device's share of the work runs on.
struct Processor: Decodable, Equatable {
    var core: CostCore
    var title: String?
    var megahertz: Quantity
    var volts: Quantity
    var microamperesPerMegahertz: Quantity
    var sleepMicroamperes: Quantity

    /// 1 µA for 1 MHz is 1 pC for a cycle.
    var millijoulesPerCycle: Double { microamperesPerMegahertz.value * volts.value * 1e-9 }
    var sleepMillijoulesPerDay: Double { sleepMicroamperes.value * 1e-3 * volts.value * 86_400 }
}

/// A radio: how it puts messages into frames, and what it draws.
struct RadioProfile: Decodable, Equatable {
    enum Kind: String, Decodable, CaseIterable {
        case ieee802154, ble, lora, nbiot
    }

    var kind: Kind
    var title: String?
    var volts: Quantity
    var transmitMilliamperes: Quantity
    var receiveMilliamperes: Quantity
    /// What each occasion to send takes beside the frames: getting back into a network. None if absent.
    var wakeMillijoules: Quantity?
    /// What each round trip takes beside the frames: staying connected. None if absent.
    var roundTripMillijoules: Quantity?
}

struct Battery: Decodable, Equatable {
    var title: String?
    var volts: Quantity
    var milliampereHours: Quantity
    /// Of the capacity of a new one.
    var selfDischargePercentPerYear: Quantity
    /// After these a maker does not promise anything.
    var shelfYears: Quantity
    /// The largest current it gives in pulses.
    var pulseMilliamperes: Quantity

    var millijoules: Double { milliampereHours.value * 3.6 * volts.value * 1e3 }
    var selfDischargeMillijoulesPerDay: Double {
        millijoules * selfDischargePercentPerYear.value / 100 / CostModel.daysPerYear
    }
}

/// A core that cycles were counted on.
enum CostCore: String, Codable, CaseIterable {
    case m0plus, m3, m4

    var title: String {
        switch self {
        case .m0plus: "Cortex-M0+"
        case .m3: "Cortex-M3"
        case .m4: "Cortex-M4"
        }
    }
}

struct Profiles: Equatable {
    var processors: [String: Processor]
    var radios: [String: RadioProfile]
    var batteries: [String: Battery]

    private struct File: Decodable {
        var schema: Int
        var processors: [String: Processor]?
        var radios: [String: RadioProfile]?
        var batteries: [String: Battery]?
    }

    /// Reads profiles and checks every number. `name` is what messages call the file.
    init(json: [UInt8], name: String) throws(Failure) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file: File
        do {
            file = try decoder.decode(File.self, from: Data(json))
        } catch let error as DecodingError {
            throw Failure(.badData, "\(name): \(describe(error))")
        } catch {
            throw Failure(.badData, "\(name) is not JSON")
        }
        guard file.schema == 1 else {
            throw Failure(.badData, "\(name): schema \(file.schema) is unknown, this husk reads schema 1")
        }
        processors = file.processors ?? [:]
        radios = file.radios ?? [:]
        batteries = file.batteries ?? [:]
        guard !processors.isEmpty || !radios.isEmpty || !batteries.isEmpty else {
            throw Failure(.badData, "\(name) has no processors, radios or batteries")
        }
        try check(name)
    }

    /// These and those of another file, which win where both have the name.
    func adding(_ other: Profiles) -> Profiles {
        var all = self
        all.processors.merge(other.processors) { $1 }
        all.radios.merge(other.radios) { $1 }
        all.batteries.merge(other.batteries) { $1 }
        return all
    }

    private func check(_ file: String) throws(Failure) {
        /// Quantities by name, and whether zero makes sense.
        func check(_ place: String, _ quantities: [(String, Quantity?, mayBeZero: Bool)]) throws(Failure) {
            for (name, quantity, mayBeZero) in quantities {
                guard let value = quantity?.value else { continue }
                guard value.isFinite, value >= 0, mayBeZero || value > 0, value <= 1e9 else {
                    throw Failure(
                        .badData,
                        "\(file): \(printable(place)).\(name) is \(value): \(mayBeZero ? "0 or more" : "more than 0")")
                }
            }
        }
        for (name, entry) in processors.sorted(by: { $0.key < $1.key }) {
            try check(
                "processors.\(name)",
                [
                    ("megahertz", entry.megahertz, false), ("volts", entry.volts, false),
                    ("microamperes_per_megahertz", entry.microamperesPerMegahertz, false),
                    ("sleep_microamperes", entry.sleepMicroamperes, true),
                ])
        }
        for (name, entry) in radios.sorted(by: { $0.key < $1.key }) {
            try check(
                "radios.\(name)",
                [
                    ("volts", entry.volts, false), ("transmit_milliamperes", entry.transmitMilliamperes, false),
                    ("receive_milliamperes", entry.receiveMilliamperes, false),
                    ("wake_millijoules", entry.wakeMillijoules, true),
                    ("round_trip_millijoules", entry.roundTripMillijoules, true),
                ])
        }
        for (name, entry) in batteries.sorted(by: { $0.key < $1.key }) {
            try check(
                "batteries.\(name)",
                [
                    ("volts", entry.volts, false), ("milliampere_hours", entry.milliampereHours, false),
                    ("self_discharge_percent_per_year", entry.selfDischargePercentPerYear, true),
                    ("shelf_years", entry.shelfYears, false), ("pulse_milliamperes", entry.pulseMilliamperes, false),
                ])
        }
    }
}

/// What is wrong with a JSON file, on one line: where, and what.
func describe(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
        let keys = (path + (last.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? snakeCase($0.stringValue) }
        return printable(keys.joined(separator: "."))
    }
    switch error {
    case .keyNotFound(let key, let context):
        return "\(place(context.codingPath, key)) is missing"
    case .valueNotFound(_, let context):
        return "\(place(context.codingPath)) is null"
    case .typeMismatch(_, let context):
        return "\(place(context.codingPath)) is of the wrong type"
    case .dataCorrupted(let context):
        return context.codingPath.isEmpty ? "it is not JSON" : "\(place(context.codingPath)) is not a known value"
    @unknown default:
        return "it cannot be read"
    }
}

/// A name as the files spell it: sleep_microamperes for sleepMicroamperes.
private func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
        text += letter.isUppercase ? "_\(letter.lowercased())" : String(letter)
    }
}
#endif

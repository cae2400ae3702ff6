// What was measured, as files of Benchmarks/results have it: bytes and cycles of Husk's and TLS's exchanges. Their
// schemas are in Benchmarks/README.md; fields that costs do not depend on are skipped.
#if Gateway
import FoundationEssentials

/// The work of a device for one exchange or message.
struct Work: Equatable {
    var cycles: Int
    /// Of these, in X25519 or P-256.
    var publicKeyCycles: Int
}

struct MeasuredMessage: Decodable, Equatable {
    enum Direction: String, Decodable {
        case up, down
    }

    /// Up is from the device.
    var direction: Direction
    /// Husk: what security takes; and all that is handed to UDP or to the link.
    var security: Int?
    var coap: Int?
    /// Husk: what of it is a reading.
    var payload: Int?
    /// TLS: all that is written to the transport.
    var bytes: Int?
}

struct CostResults {
    enum Configuration: String, Codable, CaseIterable {
        case stock, fast, small
    }

    enum Flags: String, Codable, CaseIterable {
        case size = "-Os"
        case speed = "-O2"
        /// With CHuskCortexM, which has the primitives in assembly.
        case sizeAssembly = "-Os cortex_m"
        case speedAssembly = "-O2 cortex_m"
    }

    private struct Key: Hashable {
        var scenario: String
        var configuration: Configuration?
        var core: CostCore
        var flags: Flags
    }

    private struct Cycles: Decodable {
        struct Split: Decodable {
            var publicKey: Int
        }

        struct Result: Decodable {
            var scenario: String
            var configuration: Configuration?
            var core: CostCore
            var flags: Flags
            var cycles: Int
            var split: Split?
            var messages: [MeasuredMessage]?
            var payload: Int?
            var direction: MeasuredMessage.Direction?
            var bytes: Int?
        }

        var schema: Int?
        var results: [Result]
        var records: [Result]?
    }

    private struct Exchanges: Decodable {
        struct Exchange: Decodable {
            var scenario: String
            var messages: [MeasuredMessage]
        }

        var results: [Exchange]
    }

    private var work: [Key: Work] = [:]
    private var messages: [String: [MeasuredMessage]] = [:]
    /// Sizes of payload that a message was measured with, by scenario without the size.
    private var sizes: [String: Set<Int>] = [:]

    static let files = ["cycles.json", "exchanges.json", "tls.json"]

    /// From the contents of the files; one that is nil was not measured.
    init(cycles: [UInt8]?, exchanges: [UInt8]?, tls: [UInt8]?) throws(Failure) {
        for (json, name) in [(cycles, "cycles.json"), (tls, "tls.json")] {
            guard let file = try Self.decode(Cycles.self, json, name) else { continue }
            for result in file.results {
                take(result, scenario: result.scenario)
                if let messages = result.messages {
                    self.messages[Self.name(result.scenario, result.configuration)] = messages
                }
            }
            for record in file.records ?? [] {
                guard let payload = record.payload, let direction = record.direction, let bytes = record.bytes else {
                    throw Failure(.badData, "\(name): a record of \(record.scenario) lacks payload, direction or bytes")
                }
                let scenario = "\(record.scenario)/\(direction.rawValue)/\(payload)"
                take(record, scenario: scenario)
                messages[Self.name(scenario, record.configuration)] = [
                    MeasuredMessage(direction: direction, bytes: bytes)
                ]
            }
        }
        for exchange in try Self.decode(Exchanges.self, exchanges, "exchanges.json")?.results ?? [] {
            messages[exchange.scenario] = exchange.messages
        }
        for name in messages.keys {
            note(size: name)
        }
    }

    /// What is built into this program.
    static func builtIn() throws(Failure) -> CostResults {
        try CostResults(
            cycles: Array(CostData.cycles.utf8), exchanges: CostData.exchanges.map { Array($0.utf8) },
            tls: CostData.tls.map { Array($0.utf8) })
    }

    /// A folder as `make bench` leaves it.
    init(folder: String) throws(Failure) {
        var contents: [[UInt8]?] = []
        for name in Self.files {
            contents.append(try PrivateFile.read("\(folder)/\(name)"))
        }
        guard contents.contains(where: { $0 != nil }) else {
            throw Failure(.cannotOpen, "\(printable(folder)) has none of \(Self.files.joined(separator: ", "))")
        }
        try self.init(cycles: contents[0], exchanges: contents[1], tls: contents[2])
    }

    /// The work of a scenario. TLS was compiled with fewer flags: where the wanted ones were not measured, the others.
    func work(_ scenario: String, _ configuration: Configuration?, core: CostCore, flags: Flags) -> Work? {
        let order = [flags] + Flags.allCases.filter { $0 != flags }
        return order.lazy.compactMap {
            work[Key(scenario: scenario, configuration: configuration, core: core, flags: $0)]
        }.first
    }

    func exchange(_ scenario: String, _ configuration: Configuration?) -> [MeasuredMessage]? {
        messages[Self.name(scenario, configuration)]
    }

    /// The measured size next to a payload: the smallest that is no smaller, else the largest.
    func size(of scenario: String, _ configuration: Configuration?, payload: Int) -> Int? {
        guard let known = sizes[Self.name(scenario, configuration)]?.sorted() else { return nil }
        return known.first { $0 >= payload } ?? known.last
    }

    /// The measured size before another.
    func size(below size: Int, of scenario: String, _ configuration: Configuration?) -> Int? {
        sizes[Self.name(scenario, configuration)]?.filter { $0 < size }.max()
    }

    private mutating func take(_ result: Cycles.Result, scenario: String) {
        let key = Key(
            scenario: scenario, configuration: result.configuration, core: result.core, flags: result.flags)
        work[key] = Work(cycles: result.cycles, publicKeyCycles: result.split?.publicKey ?? 0)
    }

    /// A scenario whose last part is a number has it as size of payload.
    private mutating func note(size name: String) {
        guard let slash = name.lastIndex(of: "/"), let size = Int(name[name.index(after: slash)...]) else { return }
        sizes[String(name[..<slash]), default: []].insert(size)
    }

    private static func name(_ scenario: String, _ configuration: Configuration?) -> String {
        configuration.map { "\($0.rawValue):\(scenario)" } ?? scenario
    }

    private static func decode<File: Decodable>(
        _ type: File.Type, _ json: [UInt8]?, _ name: String
    ) throws(Failure) -> File? {
        guard let json else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(json))
        } catch let error as DecodingError {
            throw Failure(.badData, "\(name): \(describe(error))")
        } catch {
            throw Failure(.badData, "\(name) is not JSON")
        }
    }
}
#endif

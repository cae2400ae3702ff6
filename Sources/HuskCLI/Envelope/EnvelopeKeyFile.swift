// The root key that two ends of envelopes share, as a file, and what each end keeps beside it.
#if Gateway
import FoundationEssentials
import Glibc
import Husk

/// Both ends have the same file.
struct EnvelopeKeyRecord: Codable, Equatable {
    /// The two names, which make the two directions.
    var ends: [String]
    /// Hexadecimal, as is `key`.
    var kid: String
    var key: String
    /// COSE algorithm of the content: 10, 30 or 24.
    var algorithm: Int32

    static func generate(ends: [String], kid: [UInt8], algorithm: EnvelopeAlgorithm) -> EnvelopeKeyRecord {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return EnvelopeKeyRecord(ends: ends, kid: hex(kid), key: hex(key), algorithm: algorithm.identifier)
    }

    func json() throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw Failure(.failed, "the key cannot be encoded: \(error)")
        }
    }
}

/// One end's view of a key file.
struct EnvelopeEnd {
    let path: String
    let own: String
    let other: String
    let algorithm: EnvelopeAlgorithm
    private let kid: [UInt8]
    private let root: [UInt8]

    /// Reads and checks a key file. `own` is the name of this end.
    init(path: String, own: String) throws(Failure) {
        guard let content = try PrivateFile.read(path) else {
            throw Failure(.cannotOpen, "\(path) does not exist: make a key with 'husk envelope key new'")
        }
        guard PrivateFile.isPrivate(path) else {
            throw Failure(.badData, "\(path) can be read by others: chmod 600 \(path)")
        }
        guard let record = try? JSONDecoder().decode(EnvelopeKeyRecord.self, from: Data(content)),
            record.ends.count == 2, let kid = bytes(hex: record.kid), let root = bytes(hex: record.key),
            root.count >= 16, kid.count <= 16,
            let algorithm = EnvelopeAlgorithm.allCases.first(where: { $0.identifier == record.algorithm })
        else {
            throw Failure(.badData, "\(path) is not a key as 'husk envelope key new' writes it")
        }
        guard let place = record.ends.firstIndex(of: own) else {
            let ends = record.ends.map { printable($0) }.joined(separator: " or ")
            throw Failure(.badData, "\(path) is of \(ends), not of \(printable(own)): name one of them with --as")
        }
        self.path = path
        self.own = own
        other = record.ends[1 - place]
        self.algorithm = algorithm
        self.kid = kid
        self.root = root
    }

    /// The key of one direction.
    func key(sending: Bool, wraps: Bool) throws(Failure) -> EnvelopeKey {
        do throws(HuskError) {
            let (from, to) = sending ? (own, other) : (other, own)
            return try EnvelopeKey(
                root: root, sender: Identity(from), recipient: Identity(to), identifier: kid, algorithm: algorithm,
                wraps: wraps)
        } catch {
            throw Failure(.badData, "\(path) makes no key: \(error.reason)")
        }
    }

    /// What this end has stored about one direction.
    func state(sending: Bool, wraps: Bool) -> EnvelopeState {
        let name = PSKCommand.New.fileName(own)
        return EnvelopeState(path: "\(path).\(name).\(sending ? "sealed" : "opened")\(wraps ? "-many" : "")")
    }
}

/// A record of the core in a file, in hexadecimal.
struct EnvelopeState {
    let path: String

    /// Empty if there is none yet.
    func load() throws(Failure) -> [UInt8] {
        guard let content = try PrivateFile.read(path) else { return [] }
        let line = String(decoding: content, as: UTF8.self)
        guard line.hasSuffix("\n"), let record = bytes(hex: line.dropLast()), !record.isEmpty else { throw damaged }
        return record
    }

    func store(_ record: RawSpan) throws(Failure) {
        let record = unsafe record.withUnsafeBytes { unsafe Array($0) }
        try PrivateFile.replace(path, Array("\(hex(record))\n".utf8))
    }

    var damaged: Failure {
        Failure(.badData, "\(path) is damaged: restore it, or make a new key; without it envelopes could repeat")
    }
}

extension PrivateFile {
    /// Whether nobody but its owner may read or write a file.
    static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & 0o077 == 0
    }
}
#endif

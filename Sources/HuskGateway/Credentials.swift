// The devices a gateway knows, from a JSON file that only its owner may read:
//
//     { "devices": [ { "kid": "0a", "key": "<hex>", "device": "sensor-1", "gateway": "gateway.example",
//                      "suites": [0, 2] } ] }
//
// "suites" may be left out: then the device may use every suite of the gateway. A device of the symmetric-only profile
// has, in place of kid, key and gateway or beside them,
//
//     "oscore": { "secret": "<hex>", "sender": "<hex, of the device>", "recipient": "<hex, of the gateway>",
//                 "mode": "fs" or "no-fs" }
//
// What a device has is all that it may authenticate with.
#if Gateway
public import Husk

/// One device: its key and who the two parties are.
public final class DeviceCredential: Sendable {
    /// Identity of the device, which is the Initiator.
    public let device: String
    /// Identity of the gateway, which is the Responder.
    public let gateway: String
    /// The key identifier, 1 to 24 bytes.
    public let kid: [UInt8]
    /// The key that device and gateway share.
    public let key: PreSharedKey
    /// The cipher suites that the device may authenticate with; nil for all that the gateway speaks. It has to ask for
    /// one of them by itself: in message_1, when suites are negotiated, nobody knows yet who it is.
    public let suites: Set<CipherSuite>?

    /// Throws ``/Husk/HuskError/argument`` or ``/Husk/HuskError/credential``; see ``/Husk/PreSharedKey``.
    public init(
        key: RawSpan, kid: [UInt8], device: Identity, gateway: Identity, suites: Set<CipherSuite>? = nil
    ) throws(HuskError) {
        self.suites = suites
        self.key = try unsafe PreSharedKey(key: key, kid: kid.span.bytes, initiator: device, responder: gateway)
        self.kid = kid
        self.device = device.name
        self.gateway = gateway.name
    }
}

/// The devices a gateway knows.
public struct Credentials: Sendable {
    /// Those that may use EDHOC, in the order of the file.
    public let devices: [DeviceCredential]
    /// Those that may use KUDOS, in the order of the file.
    public let symmetric: [SymmetricCredential]
    private let byKid: [[UInt8]: DeviceCredential]

    /// The largest file that is read.
    public static let maximumFileBytes = 64 << 20

    /// Throws ``/Husk/HuskError/credential`` if two devices have the same kid, or the same Sender ID.
    public init(_ devices: [DeviceCredential], symmetric: [SymmetricCredential] = []) throws(HuskError) {
        guard Set(symmetric.map(\.sender)).count == symmetric.count else { throw .credential }
        self.symmetric = symmetric
        self.devices = devices
        byKid = Dictionary(devices.map { ($0.kid, $0) }, uniquingKeysWith: { first, _ in first })
        guard byKid.count == devices.count else { throw .credential }
    }

    /// Reads a file, whose mode is 0600 or stricter.
    public init(path: String) throws(CredentialsError) {
        let source: PinnedBytes
        do {
            source = try readPrivateFile(path, maximumBytes: Self.maximumFileBytes)
        } catch {
            throw CredentialsError(file: path, line: nil, reason: CredentialsError.Reason(error))
        }
        try self.init(source, file: path)
    }

    /// Reads JSON from memory; `file` is what errors call it. Wipe or drop your copy afterwards.
    public init(json: [UInt8], file: String = "credentials") throws(CredentialsError) {
        let source = PinnedBytes(count: json.count)
        unsafe source.write(json.span.bytes, at: 0)
        try self.init(source, file: file)
    }

    private init(_ source: consuming PinnedBytes, file: String) throws(CredentialsError) {
        var parser = CredentialsParser(source, file: file)
        devices = try parser.parse()
        symmetric = parser.symmetric
        byKid = Dictionary(devices.map { ($0.kid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// How many devices there are; one that may use both is one.
    public var deviceCount: Int {
        let names = Set(devices.map(\.device))
        return devices.count + symmetric.count { !names.contains($0.device) }
    }

    /// The device with that key identifier.
    public subscript(kid kid: [UInt8]) -> DeviceCredential? { byKid[kid] }
}

/// Why credentials were refused, and where. Never repeats what the file says: it holds keys.
public struct CredentialsError: Error, Sendable, Equatable {
    /// The file, as it was named.
    public var file: String
    /// The first line is 1; nil where the file as a whole is meant.
    public var line: Int?
    /// What is wrong.
    public var reason: Reason

    /// Fields of a device in the file.
    public enum Field: String, Sendable {
        /// The key identifier.
        case kid
        /// The pre-shared key.
        case key
        /// The identity of the device.
        case device
        /// The identity of the gateway.
        case gateway
        /// The cipher suites it may use.
        case suites
        /// What it has for the symmetric-only profile.
        case oscore
        // Inside "oscore":
        /// The OSCORE Master Secret.
        case secret
        /// The Sender ID of the device.
        case sender
        /// The Sender ID of the gateway.
        case recipient
        /// Whether secrets are stored: `fs` or `no-fs`.
        case mode
    }

    /// What can be wrong with a file of credentials.
    public enum Reason: Sendable, Equatable {
        /// It cannot be read.
        case unreadable(errno: Int32)
        /// It is a directory, or something else that is not a file.
        case notAFile
        /// Others than its owner may read or write it.
        case permissions(mode: UInt32)
        /// It is longer than ``Credentials/maximumFileBytes``.
        case tooLong
        /// Not JSON, or not of this shape: what was expected there.
        case syntax(expected: String)
        /// A device has a field that does not exist.
        case unknownField
        /// A device has this field twice.
        case repeatedField(String)
        /// A device lacks this field.
        case missingField(Field)
        /// This field is not hexadecimal.
        case notHexadecimal(Field)
        /// A key has fewer than 16 bytes.
        case keyLength(Int)
        /// A kid is not 1 to 24 bytes long.
        case kidLength(Int)
        /// A name is empty or too long.
        case identityLength(Field)
        /// Device and gateway have the same name.
        case equalIdentities
        /// The list of suites is empty.
        case noSuites
        /// There is no suite of this number.
        case unknownSuite(Int)
        /// This suite is named twice.
        case repeatedSuite(Int)
        /// Another device, in this line, has the same kid.
        case repeatedKid(line: Int)
        /// `oscore` has a field that does not exist.
        case unknownFieldOfOSCORE
        /// `oscore` lacks this field.
        case missingFieldOfOSCORE(Field)
        /// A secret is not 16 to 32 bytes long.
        case secretLength(Int)
        /// An identifier is longer than 7 bytes.
        case identifierLength(Field)
        /// Sender and recipient are the same.
        case equalIdentifiers
        /// Another device, in this line, has the same sender.
        case repeatedSender(line: Int)
        /// The mode is neither `fs` nor `no-fs`.
        case unknownMode
    }
}

extension CredentialsError: CustomStringConvertible {
    /// `file:line: what is wrong: what to do`
    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return "\(place): \(reason)"
    }
}

extension CredentialsError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let errno):
            "cannot be read (\(systemMessage(errno))): check the path and who owns the file"
        case .notAFile:
            "not a regular file: name the credentials file itself"
        case .permissions(let mode):
            "mode \(String(mode, radix: 8)) lets others in: chmod 600 it, and replace the keys if others have read them"
        case .tooLong:
            "longer than \(Credentials.maximumFileBytes) bytes: split it"
        case .syntax(let expected):
            "not the expected JSON: \(expected) should stand here"
        case .unknownField:
            "unknown field: use kid, key, device, gateway, suites and oscore, inside \"devices\""
        case .repeatedField(let field):
            "\"\(field)\" stands here a second time: remove one"
        case .missingField(let field):
            "the device that begins here has no \"\(field.rawValue)\": add it"
        case .notHexadecimal(let field):
            "\"\(field.rawValue)\" is not hexadecimal: write two digits per byte"
        case .keyLength(let bytes):
            "the key has \(bytes) bytes: make one of at least \(PreSharedKey.minimumBytes) (see husk psk new)"
        case .kidLength(let bytes):
            "the kid has \(bytes) bytes: use 1 to \(PreSharedKey.maximumIdentifierBytes)"
        case .identityLength(let field):
            "\"\(field.rawValue)\" is empty or too long: use 1 to 255 bytes"
        case .equalIdentities:
            "device and gateway have the same identity: give them different ones"
        case .noSuites:
            "no suites: name those the device may use, or leave \"suites\" out for all of the gateway's"
        case .unknownSuite(let number):
            "there is no suite \(number): use 0 to 5"
        case .repeatedSuite(let number):
            "suite \(number) stands here a second time: remove one"
        case .repeatedKid(let line):
            "the device on line \(line) has the same kid: give each its own"
        case .unknownFieldOfOSCORE:
            "unknown field: use secret, sender, recipient and mode, inside \"oscore\""
        case .missingFieldOfOSCORE(let field):
            "the \"oscore\" that begins here has no \"\(field.rawValue)\": add it"
        case .secretLength(let bytes):
            "the secret has \(bytes) bytes: make one of \(KeyUpdate.secretLengths.lowerBound) to "
                + "\(KeyUpdate.secretLengths.upperBound)"
        case .identifierLength(let field):
            "\"\(field.rawValue)\" is longer than 7 bytes: use a shorter one"
        case .equalIdentifiers:
            "sender and recipient are the same: give them different ones"
        case .repeatedSender(let line):
            "the device on line \(line) has the same sender: give each its own"
        case .unknownMode:
            "there is no such mode: use \"fs\" for a device that stores new secrets, or \"no-fs\""
        }
    }

    init(_ failure: FileFailure) {
        self =
            switch failure {
            case .system(let errno): .unreadable(errno: errno)
            case .notAFile: .notAFile
            case .permissions(let mode): .permissions(mode: mode)
            case .tooLong: .tooLong
            }
    }
}

/// Knows the shape of the file.
private struct CredentialsParser: ~Copyable {
    private var scanner: JSONScanner
    private let file: String
    private var lines: [[UInt8]: Int] = [:]
    private var senderLines: [ConnectionIdentifier: Int] = [:]
    private(set) var symmetric: [SymmetricCredential] = []

    init(_ source: consuming PinnedBytes, file: String) {
        scanner = JSONScanner(source)
        self.file = file
    }

    mutating func parse() throws(CredentialsError) -> [DeviceCredential] {
        do {
            return try document()
        } catch let failure {
            switch failure {
            case .json(let error):
                throw fail(error.line, .syntax(expected: "\(error.expected)"))
            case .content(let line, let reason):
                throw fail(line, reason)
            }
        }
    }

    private enum Failure: Error {
        case json(JSONError)
        case content(Int, CredentialsError.Reason)
    }

    private func fail(_ line: Int, _ reason: CredentialsError.Reason) -> CredentialsError {
        CredentialsError(file: file, line: line, reason: reason)
    }

    private mutating func expect(_ character: Unicode.Scalar, _ expected: StaticString) throws(Failure) {
        do {
            try scanner.expect(character, expected)
        } catch {
            throw .json(error)
        }
    }

    private mutating func string(_ expected: StaticString) throws(Failure) -> JSONText {
        do {
            return try scanner.string(expected)
        } catch {
            throw .json(error)
        }
    }

    private mutating func number(_ expected: StaticString) throws(Failure) -> (value: Int, line: Int) {
        do {
            return try scanner.number(expected)
        } catch {
            throw .json(error)
        }
    }

    private func text(_ text: JSONText) throws(Failure) -> String {
        do {
            return try scanner.text(text)
        } catch {
            throw .json(error)
        }
    }

    private mutating func document() throws(Failure) -> [DeviceCredential] {
        var devices: [DeviceCredential]? = nil
        try expect("{", "an object in braces")
        repeat {
            let name = try string("\"devices\"")
            guard try text(name) == "devices" else { throw .content(name.line, .unknownField) }
            guard devices == nil else { throw .content(name.line, .repeatedField("devices")) }
            try expect(":", "a colon")
            devices = try list()
        } while scanner.take(",")
        try expect("}", "a comma or a closing brace")
        do {
            try scanner.expectEnd()
        } catch {
            throw .json(error)
        }
        return devices ?? []
    }

    private mutating func list() throws(Failure) -> [DeviceCredential] {
        try expect("[", "a list in brackets")
        guard !scanner.take("]") else { return [] }
        var devices: [DeviceCredential] = []
        repeat {
            if let device = try device() {
                devices.append(device)
            }
        } while scanner.take(",")
        try expect("]", "a comma or a closing bracket")
        return devices
    }

    /// What the device needs for EDHOC; nil if it has nothing of that.
    private mutating func device() throws(Failure) -> DeviceCredential? {
        try expect("{", "a device in braces")
        let begin = scanner.line
        var fields: [CredentialsError.Field: JSONText] = [:]
        var suites: Set<CipherSuite>?
        var oscore: OSCOREMember?
        guard !scanner.take("}") else { throw .content(begin, .missingField(.kid)) }
        repeat {
            let name = try string("a field name in quotes")
            guard let field = CredentialsError.Field(rawValue: try text(name)), !OSCOREMember.fields.contains(field)
            else {
                throw .content(name.line, .unknownField)
            }
            let isRepeated =
                fields[field] != nil || field == .suites && suites != nil || field == .oscore && oscore != nil
            guard !isRepeated else { throw .content(name.line, .repeatedField(field.rawValue)) }
            try expect(":", "a colon")
            guard field != .suites else {
                suites = try suiteList()
                continue
            }
            guard field != .oscore else {
                oscore = try oscoreMember()
                continue
            }
            fields[field] = try string("a string in quotes")
        } while scanner.take(",")
        try expect("}", "a comma or a closing brace")
        if let oscore {
            symmetric.append(try symmetricDevice(oscore, fields, begin))
            let hasKey = fields[.kid] != nil || fields[.key] != nil || fields[.gateway] != nil || suites != nil
            guard hasKey else { return nil }
        }
        return try device(fields, suites, begin)
    }

    private mutating func suiteList() throws(Failure) -> Set<CipherSuite> {
        try expect("[", "a list in brackets")
        let begin = scanner.line
        guard !scanner.take("]") else { throw .content(begin, .noSuites) }
        var suites: Set<CipherSuite> = []
        repeat {
            let (number, line) = try number("the number of a suite")
            guard let suite = CipherSuite(number: Int32(clamping: number)) else {
                throw .content(line, .unknownSuite(number))
            }
            guard suites.insert(suite).inserted else { throw .content(line, .repeatedSuite(number)) }
        } while scanner.take(",")
        try expect("]", "a comma or a closing bracket")
        return suites
    }

    /// The strings of an "oscore" and where it begins.
    private struct OSCOREMember {
        static let fields: [CredentialsError.Field] = [.secret, .sender, .recipient, .mode]

        var begin: Int
        var fields: [CredentialsError.Field: JSONText] = [:]

        func text(_ field: CredentialsError.Field) throws(Failure) -> JSONText {
            guard let text = fields[field] else { throw .content(begin, .missingFieldOfOSCORE(field)) }
            return text
        }
    }

    private mutating func oscoreMember() throws(Failure) -> OSCOREMember {
        try expect("{", "an object in braces")
        var member = OSCOREMember(begin: scanner.line)
        guard !scanner.take("}") else { throw .content(member.begin, .missingFieldOfOSCORE(.secret)) }
        repeat {
            let name = try string("a field name in quotes")
            guard let field = CredentialsError.Field(rawValue: try text(name)), OSCOREMember.fields.contains(field)
            else {
                throw .content(name.line, .unknownFieldOfOSCORE)
            }
            guard member.fields[field] == nil else { throw .content(name.line, .repeatedField(field.rawValue)) }
            try expect(":", "a colon")
            member.fields[field] = try string("a string in quotes")
        } while scanner.take(",")
        try expect("}", "a comma or a closing brace")
        return member
    }

    private mutating func symmetricDevice(
        _ member: OSCOREMember, _ fields: [CredentialsError.Field: JSONText], _ begin: Int
    ) throws(Failure) -> SymmetricCredential {
        guard let deviceText = fields[.device] else { throw .content(begin, .missingField(.device)) }
        let device = try identity(.device, deviceText)
        let secretText = try member.text(.secret)
        let senderText = try member.text(.sender)
        let recipientText = try member.text(.recipient)
        let modeText = try member.text(.mode)
        guard let secret = scanner.hexadecimal(secretText) else {
            throw .content(secretText.line, .notHexadecimal(.secret))
        }
        guard KeyUpdate.secretLengths.contains(secret.count) else {
            throw .content(secretText.line, .secretLength(secret.count))
        }
        let sender = try identifier(.sender, senderText)
        let recipient = try identifier(.recipient, recipientText)
        guard sender != recipient else { throw .content(recipientText.line, .equalIdentifiers) }
        if let other = senderLines[sender] {
            throw .content(senderText.line, .repeatedSender(line: other))
        }
        guard let mode = KeyUpdate.Mode(name: try text(modeText)) else {
            throw .content(modeText.line, .unknownMode)
        }
        senderLines[sender] = senderText.line
        do {
            return try secret.withBytes { (secret) throws(HuskError) in
                try SymmetricCredential(
                    secret: secret, sender: sender, recipient: recipient, mode: mode, device: device)
            }
        } catch {
            // Every reason that it has was asked for above.
            throw .content(secretText.line, .secretLength(secret.count))
        }
    }

    private func identifier(
        _ field: CredentialsError.Field, _ text: JSONText
    ) throws(Failure) -> ConnectionIdentifier {
        guard let bytes = scanner.hexadecimal(text) else { throw .content(text.line, .notHexadecimal(field)) }
        let content = (0..<bytes.count).map { bytes[$0] }
        guard let identifier = try? ConnectionIdentifier(content) else {
            throw .content(text.line, .identifierLength(field))
        }
        return identifier
    }

    private mutating func device(
        _ fields: [CredentialsError.Field: JSONText], _ suites: Set<CipherSuite>?, _ begin: Int
    ) throws(Failure) -> DeviceCredential {
        func field(_ name: CredentialsError.Field) throws(Failure) -> JSONText {
            guard let text = fields[name] else { throw .content(begin, .missingField(name)) }
            return text
        }
        let kidText = try field(.kid)
        let keyText = try field(.key)
        let deviceText = try field(.device)
        let gatewayText = try field(.gateway)

        guard let kidBytes = scanner.hexadecimal(kidText) else { throw .content(kidText.line, .notHexadecimal(.kid)) }
        let kid = (0..<kidBytes.count).map { kidBytes[$0] }
        guard (1...PreSharedKey.maximumIdentifierBytes).contains(kid.count) else {
            throw .content(kidText.line, .kidLength(kid.count))
        }
        if let other = lines[kid] {
            throw .content(kidText.line, .repeatedKid(line: other))
        }
        guard let key = scanner.hexadecimal(keyText) else { throw .content(keyText.line, .notHexadecimal(.key)) }
        guard key.count >= PreSharedKey.minimumBytes else { throw .content(keyText.line, .keyLength(key.count)) }
        let device = try identity(.device, deviceText)
        let gateway = try identity(.gateway, gatewayText)
        guard device != gateway else { throw .content(gatewayText.line, .equalIdentities) }
        lines[kid] = kidText.line
        do {
            return try key.withBytes { (key) throws(HuskError) in
                try DeviceCredential(key: key, kid: kid, device: device, gateway: gateway, suites: suites)
            }
        } catch {
            // Every reason that PreSharedKey has was asked for above.
            throw .content(begin, .keyLength(key.count))
        }
    }

    private func identity(_ field: CredentialsError.Field, _ text: JSONText) throws(Failure) -> Identity {
        let name = try self.text(text)
        do {
            return try Identity(name)
        } catch {
            throw .content(text.line, .identityLength(field))
        }
    }
}
#endif

// The keys under which the store seals what is secret. They are kept apart from it: in a file with mode 0600 or in the
// environment. One line, or one word, per version:
//
//     1:<64 hex digits>
//     2:<64 hex digits>
//
// The highest version seals; all of them open. So a key is replaced by adding one, sealing everything anew, and
// removing the old one.
#if Gateway
internal import Husk

/// Key-encryption keys by version.
public final class StoreKeys: Sendable {
    private final class Version: Sendable {
        let number: UInt32
        let key: SealingKey

        init(_ number: UInt32, _ key: consuming SealingKey) {
            self.number = number
            self.key = key
        }
    }

    /// The highest one first.
    private let versions: [Version]

    /// The environment variable that is read where no file is named.
    public static let variable = "HUSK_STORE_KEY"
    private static let maximumBytes = 4096

    /// The version that seals.
    public var newest: UInt32 { versions[0].number }
    /// The versions there are, highest first.
    public var numbers: [UInt32] { versions.map(\.number) }

    /// Reads a file, whose mode is 0600 or stricter.
    public convenience init(path: String) throws(StoreError) {
        let text: PinnedBytes
        do {
            text = try readPrivateFile(path, maximumBytes: Self.maximumBytes)
        } catch {
            switch error {
            case .system(let errno): throw .cannotOpen(path: path, reason: systemMessage(errno))
            case .notAFile: throw .keys(source: path, reason: "is not a file")
            case .permissions(let mode): throw .permissions(path: path, mode: mode)
            case .tooLong: throw .keys(source: path, reason: "is longer than \(Self.maximumBytes) bytes")
            }
        }
        try self.init(text, source: path)
    }

    /// Reads the value of ``variable``, which is what errors call it.
    public convenience init(text: [UInt8], source: String = StoreKeys.variable) throws(StoreError) {
        let copy = PinnedBytes(count: text.count)
        unsafe copy.write(text.span.bytes, at: 0)
        try self.init(copy, source: source)
    }

    private init(_ text: consuming PinnedBytes, source: String) throws(StoreError) {
        var versions: [Version] = []
        var at = 0
        let separators: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ",")]
        while at < text.count {
            guard !separators.contains(text[at]) else {
                at += 1
                continue
            }
            var number: UInt32 = 0
            let start = at
            while at < text.count, at - start < 9, case let digit = text[at], (0x30...0x39).contains(digit) {
                number = number * 10 + UInt32(digit - 0x30)
                at += 1
            }
            let expected = "expected <version>:<64 hex digits> for each key"
            guard number > 0, at < text.count, text[at] == UInt8(ascii: ":") else {
                throw .keys(source: source, reason: expected)
            }
            at += 1
            let key = PinnedBytes(count: SealingKey.byteCount)
            guard text.count - at >= 2 * key.count else { throw .keys(source: source, reason: expected) }
            for index in 0..<key.count {
                guard let high = Self.digit(text[at]), let low = Self.digit(text[at + 1]) else {
                    throw .keys(source: source, reason: expected)
                }
                key[index] = high << 4 | low
                at += 2
            }
            guard at == text.count || separators.contains(text[at]) else {
                throw .keys(source: source, reason: expected)
            }
            guard !versions.contains(where: { $0.number == number }) else {
                throw .keys(source: source, reason: "version \(number) is there twice")
            }
            guard let sealing = try? key.withBytes({ (key) throws(HuskError) in try SealingKey(key) }) else {
                throw .keys(source: source, reason: expected)
            }
            versions.append(Version(number, sealing))
        }
        guard !versions.isEmpty else { throw .keys(source: source, reason: "has no key") }
        self.versions = versions.sorted { $0.number > $1.number }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// version (4, high byte first) | nonce (12) | ciphertext | tag (16)
    func seal(_ secret: RawSpan, label: [UInt8]) throws(HuskError) -> [UInt8] {
        let number = newest
        let prefix = (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) }
        return try prefix + versions[0].key.seal(secret, label: prefix + label)
    }

    /// Throws ``Husk/HuskError/credential`` if the version is not here, ``Husk/HuskError/authentication``.
    func open(_ sealed: [UInt8], label: [UInt8]) throws(HuskError) -> PinnedBytes {
        guard let number = Self.version(of: sealed) else { throw .authentication }
        guard let version = versions.first(where: { $0.number == number }) else { throw .credential }
        return try version.key.open(sealed.dropFirst(4), label: sealed.prefix(4) + label)
    }

    static func version(of sealed: [UInt8]) -> UInt32? {
        guard sealed.count > 4 else { return nil }
        return sealed.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
#endif

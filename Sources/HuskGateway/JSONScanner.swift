// Reads JSON (RFC 8259) token by token with line numbers, out of storage that is wiped: the text holds keys.
#if Gateway
internal import Husk

/// What the text breaks, and where.
struct JSONError: Error {
    var line: Int
    var expected: StaticString
}

struct JSONScanner: ~Copyable {
    private let source: PinnedBytes
    private var at = 0
    /// Line of the next byte; the first is 1.
    private(set) var line = 1

    init(_ source: consuming PinnedBytes) {
        self.source = source
    }

    private var next: UInt8? { at < source.count ? source[at] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
            line += byte == 0x0a ? 1 : 0
            at += 1
        }
    }

    /// Takes a punctuation character, after white space.
    mutating func expect(_ character: Unicode.Scalar, _ expected: StaticString) throws(JSONError) {
        guard take(character) else { throw JSONError(line: line, expected: expected) }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, UInt32(byte) == character.value else { return false }
        at += 1
        return true
    }

    mutating func expectEnd() throws(JSONError) {
        skipSpace()
        guard next == nil else { throw JSONError(line: line, expected: "nothing after the last brace") }
    }

    /// Takes a number without sign, fraction or exponent, below a billion, and gives it with its line.
    mutating func number(_ expected: StaticString) throws(JSONError) -> (value: Int, line: Int) {
        skipSpace()
        let start = at
        var value = 0
        while let byte = next, (0x30...0x39).contains(byte), at - start < 9 {
            value = 10 * value + Int(byte - 0x30)
            at += 1
        }
        // JSON has no leading zeros, and what goes on as a number is none of these.
        let ends = next.map { !"0123456789.eE+-".utf8.contains($0) } ?? true
        guard at > start, at - start == 1 || source[start] != 0x30, ends else {
            throw JSONError(line: line, expected: expected)
        }
        return (value, line)
    }

    /// Takes a string and gives where its content lies, and whether it has escapes.
    mutating func string(_ expected: StaticString) throws(JSONError) -> JSONText {
        try expect("\"", expected)
        let start = at
        var escaped = false
        while let byte = next {
            switch byte {
            case 0x22:
                at += 1
                return JSONText(range: start..<(at - 1), escaped: escaped, line: line)
            case 0x5c:
                escaped = true
                at += 2
            case 0x00...0x1f:
                throw JSONError(line: line, expected: "a string that ends on its line")
            default:
                at += 1
            }
        }
        at = min(at, source.count)
        throw JSONError(line: line, expected: "a quote at the end of a string")
    }

    /// The text of a string, with its escapes resolved. Not for secrets: this copy is not wiped.
    func text(_ text: JSONText) throws(JSONError) -> String {
        var units: [UInt8] = []
        var index = text.range.lowerBound
        let malformed = JSONError(line: text.line, expected: "valid escapes and UTF-8 in a string")
        while index < text.range.upperBound {
            let byte = source[index]
            guard byte == 0x5c else {
                units.append(byte)
                index += 1
                continue
            }
            guard index + 1 < text.range.upperBound else { throw malformed }
            let letter = source[index + 1]
            index += 2
            if letter == UInt8(ascii: "u") {
                guard let scalar = scalar(&index, text.range.upperBound) else { throw malformed }
                units.append(contentsOf: Array(String(Character(scalar)).utf8))
                continue
            }
            guard let plain = Self.escapes[letter] else { throw malformed }
            units.append(plain)
        }
        guard let string = String(validating: units, as: UTF8.self) else { throw malformed }
        return string
    }

    /// The bytes of a string of hexadecimal digits; nil if it is not that. The storage is wiped like the text it comes
    /// from.
    func hexadecimal(_ text: JSONText) -> PinnedBytes? {
        guard !text.escaped, text.range.count % 2 == 0 else { return nil }
        let bytes = PinnedBytes(count: text.range.count / 2)
        for index in 0..<bytes.count {
            let first = text.range.lowerBound + 2 * index
            guard let high = Self.digit(source[first]), let low = Self.digit(source[first + 1]) else { return nil }
            bytes[index] = high << 4 | low
        }
        return bytes
    }

    /// The scalar of a `\u` escape whose digits begin at `index`, with the second half of a surrogate pair.
    private func scalar(_ index: inout Int, _ end: Int) -> Unicode.Scalar? {
        guard let first = unit(&index, end) else { return nil }
        guard (0xd800..<0xdc00).contains(first) else { return Unicode.Scalar(first) }
        guard index + 1 < end, source[index] == 0x5c, source[index + 1] == UInt8(ascii: "u") else { return nil }
        index += 2
        guard let second = unit(&index, end), (0xdc00..<0xe000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    }

    private func unit(_ index: inout Int, _ end: Int) -> UInt32? {
        guard index + 4 <= end else { return nil }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Self.digit(source[index]) else { return nil }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5c: 0x5c, 0x2f: 0x2f, 0x62: 0x08, 0x66: 0x0c, 0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09,
    ]

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}

/// Where the content of a string lies.
struct JSONText {
    var range: Range<Int>
    var escaped: Bool
    var line: Int
}
#endif

// Nothing that can be printed shows a secret. What cannot be copied cannot be printed at all: Tests/swift-memory.
import CHusk
import Testing

@testable import Husk

/// Everything that printing a value brings out.
func printed(_ value: Any) -> String {
    var text = "\(value) \(String(reflecting: value)) "
    dump(value, to: &text)
    walk(Mirror(reflecting: value), depth: 0, to: &text)
    return text
}

private func walk(_ mirror: Mirror, depth: Int, to text: inout String) {
    guard depth < 8 else { return }
    for child in mirror.children {
        text += "\(child.label ?? ""): \(child.value) \(String(reflecting: child.value)) "
        walk(Mirror(reflecting: child.value), depth: depth + 1, to: &text)
    }
}

/// Whether some of the bytes stand in the text, in hexadecimal or as numbers.
func shows(_ text: String, _ secret: [UInt8]) -> Bool {
    let part = Array(secret.prefix(4))
    let numbers = part.map { String($0) }.joined(separator: ", ")
    return text.lowercased().contains(hex(part)) || text.contains(numbers)
        || text.contains(part.map { "0x" + hex([$0]) }.joined(separator: ", "))
}

@Suite struct PrintingTests {
    static let secret = (0..<32).map { UInt8(truncatingIfNeeded: 201 + $0 * 7) }

    @Test func theCheckSeesASecret() {
        #expect(shows(printed(Self.secret), Self.secret) && shows(printed(hex(Self.secret)), Self.secret))
        #expect(shows(printed(["key": Self.secret]), Self.secret))
    }

    @Test func noSecretIsShown() throws {
        let key = try makeKey(Self.secret)
        var keys = PreSharedKeys()
        try keys.append(key)
        let memory = try LinkMemory(record: Self.secret) { (_: RawSpan) in }
        let remembered = DeviceMemory()
        let hook = unsafe remembered.hook
        #expect(unsafe hook.store(hook.context, 2, Self.secret, Self.secret.count) == 0)
        let shown: [Any] = [
            keys, memory, remembered, try HandshakeConfiguration(), CipherSuite.suite0,
            KeyUpdate.Configuration(
                senderID: ConnectionIdentifier(UInt8(1)), recipientID: ConnectionIdentifier(UInt8(2)),
                mode: .negotiated),
            try Identity("kitchen"), HuskError.authentication,
        ]
        for value in shown {
            #expect(!shows(printed(value), Self.secret), "\(type(of: value)) shows a secret")
        }
        #expect(remembered.hasResumptionKey)
    }
}

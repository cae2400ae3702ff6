// EDHOC cipher suites as values. The tables behind them are the core's; an endpoint keeps copies where C can point to.
internal import CHusk

/// An EDHOC cipher suite (RFC 9528 section 3.6): what protects the handshake and the application's messages.
public struct CipherSuite: Sendable, Hashable {
    /// The number EDHOC gives it.
    public let id: Int32

    /// AES-CCM-16-64-128, SHA-256, X25519; 8-byte tags throughout.
    public static let suite0 = CipherSuite(id: 0)
    /// As suite 0, with 16-byte tags in the handshake.
    public static let suite1 = CipherSuite(id: 1)

    /// All there are, in the usual order of preference.
    public static var all: [CipherSuite] { [suite0, suite1] }

    private init(id: Int32) {
        self.id = id
    }

    /// The suite with that number; nil if this build does not have it.
    public init?(number: Int32) {
        guard number == 0 || number == 1 else { return nil }
        self.init(id: number)
    }

    /// The algorithms it is made of.
    public var algorithms: StaticString {
        id == 0 ? "AES-CCM-16-64-128, SHA-256, X25519" : "AES-CCM-16-128-128, SHA-256, X25519"
    }

    var table: husk_suite {
        unsafe id == 0 ? husk_suite_0 : husk_suite_1
    }
}

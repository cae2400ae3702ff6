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
    /// As suite 0, with P-256 in place of X25519.
    public static let suite2 = CipherSuite(id: 2)
    /// As suite 1, with P-256 in place of X25519.
    public static let suite3 = CipherSuite(id: 3)
    /// ChaCha20/Poly1305 with 16-byte tags throughout, SHA-256, X25519.
    public static let suite4 = CipherSuite(id: 4)
    /// As suite 4, with P-256 in place of X25519.
    public static let suite5 = CipherSuite(id: 5)

    /// All there are. A gateway takes the first that the device prefers; a device prefers them in this order.
    public static var all: [CipherSuite] { [suite0, suite1, suite2, suite3, suite4, suite5] }

    private init(id: Int32) {
        self.id = id
    }

    /// The suite with that number; nil if this build does not have it.
    public init?(number: Int32) {
        guard (0...5).contains(number) else { return nil }
        self.init(id: number)
    }

    /// The algorithms it is made of.
    public var algorithms: StaticString {
        switch id {
        case 0: "AES-CCM-16-64-128, SHA-256, X25519"
        case 1: "AES-CCM-16-128-128, SHA-256, X25519"
        case 2: "AES-CCM-16-64-128, SHA-256, P-256"
        case 3: "AES-CCM-16-128-128, SHA-256, P-256"
        case 4: "ChaCha20/Poly1305, SHA-256, X25519"
        default: "ChaCha20/Poly1305, SHA-256, P-256"
        }
    }

    var table: husk_suite {
        switch id {
        case 0: unsafe husk_suite_0
        case 1: unsafe husk_suite_1
        case 2: unsafe husk_suite_2
        case 3: unsafe husk_suite_3
        case 4: unsafe husk_suite_4
        default: unsafe husk_suite_5
        }
    }
}

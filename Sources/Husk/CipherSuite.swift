// EDHOC cipher suites as values: each is a pointer to a constant table, the core's or one that computes the same.
package import CHusk

/// An EDHOC cipher suite (RFC 9528 section 3.6): what protects the handshake and the application's messages. Firmware
/// contains the suites it names and nothing of the others.
@safe public struct CipherSuite: Hashable {
    /// Constant, and there as long as the program.
    let table: UnsafePointer<husk_suite>

    /// AES-CCM-16-64-128, SHA-256, X25519; 8-byte tags throughout.
    public static var suite0: CipherSuite { unsafe CipherSuite(husk_suite_0_table()) }
    /// As suite 0, with 16-byte tags in the handshake.
    public static var suite1: CipherSuite { unsafe CipherSuite(husk_suite_1_table()) }
    /// As suite 0, with P-256 in place of X25519.
    public static var suite2: CipherSuite { unsafe CipherSuite(husk_suite_2_table()) }
    /// As suite 1, with P-256 in place of X25519.
    public static var suite3: CipherSuite { unsafe CipherSuite(husk_suite_3_table()) }
    /// ChaCha20/Poly1305 with 16-byte tags throughout, SHA-256, X25519.
    public static var suite4: CipherSuite { unsafe CipherSuite(husk_suite_4_table()) }
    /// As suite 4, with P-256 in place of X25519.
    public static var suite5: CipherSuite { unsafe CipherSuite(husk_suite_5_table()) }

    /// All there are. A gateway takes the first that the device prefers; a device prefers them in this order.
    public static var all: [CipherSuite] { [suite0, suite1, suite2, suite3, suite4, suite5] }

    /// A table that outlives every value made of it.
    package init(_ table: UnsafePointer<husk_suite>!) {
        unsafe self.table = unsafe table
    }

    /// The suite with that number; nil if this build does not have it.
    public init?(number: Int32) {
        switch number {
        case 0: self = .suite0
        case 1: self = .suite1
        case 2: self = .suite2
        case 3: self = .suite3
        case 4: self = .suite4
        case 5: self = .suite5
        default: return nil
        }
    }

    /// The number EDHOC gives it.
    public var id: Int32 { unsafe table.pointee.id }

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

    /// Suites of the same number are the same, whichever table computes them.
    public static func == (left: CipherSuite, right: CipherSuite) -> Bool { left.id == right.id }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}

// What it points to never changes.
extension CipherSuite: @unchecked Sendable {}

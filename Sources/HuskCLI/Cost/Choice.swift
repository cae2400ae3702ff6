// The ways to secure a device that are compared: which exchanges each is made of, and what carries them.
#if Gateway
struct Choice: Equatable {
    enum Family: String, Codable {
        case none, husk, tls
    }

    /// What a message is made of once there are keys.
    enum Messages: Equatable {
        /// CoAP as it is.
        case plain
        case oscore(String)
        case frame(String)
        /// CoAP over TCP (RFC 8323) in TLS records, or CoAP in DTLS records.
        case records(String)
    }

    /// On the command line and in JSON.
    var id: String
    var title: String
    var family: Family
    /// The scenario that a handshake is; nil if there is none.
    var handshake: String?
    var carrier: Carrier
    var messages: Messages
    /// X.509 certificates that each side sends.
    var certificates = 0
    /// The handshake brings a reading with it, and its answer.
    var bringsReading = false

    /// What differences are counted against.
    static let reference = "edhoc-psk"
    /// CoAP without security: its messages are inside those of all others.
    static let plainScenario = "oscore/aes_ccm"

    static let all: [Choice] = husk + tls + [unprotected]

    private static let unprotected = Choice(
        id: "none", title: "CoAP without security", family: .none, carrier: .udp, messages: .plain)

    private static let husk: [Choice] = [
        edhoc("edhoc-psk", "EDHOC-PSK, OSCORE", "suite_0/message_4"),
        edhoc(
            "edhoc-psk-combined", "EDHOC-PSK combined, OSCORE", "suite_0/combined", bringsReading: true),
        edhoc("edhoc-psk-p256", "EDHOC-PSK with P-256, OSCORE", "suite_2/message_4"),
        edhoc("edhoc-psk-chacha20", "EDHOC-PSK with ChaCha20, OSCORE", "suite_4/message_4", aead: "chacha20"),
        edhoc("edhoc-resumption", "EDHOC-PSK resumed, OSCORE", "suite_0/resumption"),
        Choice(
            id: "kudos-fs", title: "KUDOS FS, OSCORE", family: .husk, handshake: "kudos/fs", carrier: .udp,
            messages: .oscore("aes_ccm")),
        Choice(
            id: "kudos-no-fs", title: "KUDOS no-FS, OSCORE", family: .husk, handshake: "kudos/no_fs", carrier: .udp,
            messages: .oscore("aes_ccm")),
        Choice(
            id: "edhoc-psk-frames", title: "EDHOC-PSK, frames without IP", family: .husk,
            handshake: "link/edhoc_psk/suite_0/identified", carrier: .link, messages: .frame("aes_ccm")),
        Choice(
            id: "kudos-frames", title: "KUDOS FS, frames without IP", family: .husk,
            handshake: "link/kudos/fs/identified", carrier: .link, messages: .frame("aes_ccm")),
    ]

    private static let tls: [Choice] = [
        tls("tls13-certificates-1", "TLS 1.3, certificate", "tls13/certificates/leaf", certificates: 1),
        tls(
            "tls13-certificates", "TLS 1.3, chain of 2", "tls13/certificates/leaf_intermediate", certificates: 2),
        tls(
            "tls13-certificates-3", "TLS 1.3, chain of 3", "tls13/certificates/leaf_2_intermediates", certificates: 3),
        tls(
            "tls13-certificates-x25519", "TLS 1.3, chain of 2, X25519",
            "tls13/certificates_x25519/leaf_intermediate", certificates: 2),
        tls("tls13-ticket", "TLS 1.3, ticket + ECDHE", "tls13/ticket"),
        tls("tls13-ticket-no-ecdhe", "TLS 1.3, ticket", "tls13/ticket_no_ecdhe"),
        tls("tls13-psk-ecdhe", "TLS 1.3, PSK + ECDHE", "tls13/psk_ecdhe"),
        tls("tls13-psk-x25519", "TLS 1.3, PSK + X25519", "tls13/psk_ecdhe_x25519"),
        tls("tls13-psk", "TLS 1.3, PSK", "tls13/psk"),
        tls("tls12-certificates-1", "TLS 1.2, certificate", "tls12/certificates/leaf", certificates: 1),
        tls(
            "tls12-certificates", "TLS 1.2, chain of 2", "tls12/certificates/leaf_intermediate", certificates: 2),
        tls(
            "tls12-certificates-3", "TLS 1.2, chain of 3", "tls12/certificates/leaf_2_intermediates", certificates: 3),
        tls("tls12-ticket", "TLS 1.2, ticket", "tls12/ticket"),
        tls("tls12-psk", "TLS 1.2, PSK", "tls12/psk"),
        tls(
            "dtls12-certificates", "DTLS 1.2 with CID, chain of 2", "dtls12/cid/certificates/leaf_intermediate",
            certificates: 2, records: "dtls12/cid/record", carrier: .udp),
        tls(
            "dtls12-psk", "DTLS 1.2 with CID, PSK", "dtls12/cid/psk", records: "dtls12/cid/record", carrier: .udp),
    ]

    private static func edhoc(
        _ id: String, _ title: String, _ scenario: String, aead: String = "aes_ccm", bringsReading: Bool = false
    ) -> Choice {
        Choice(
            id: id, title: title, family: .husk, handshake: "edhoc_psk/\(scenario)", carrier: .udp,
            messages: .oscore(aead), bringsReading: bringsReading)
    }

    private static func tls(
        _ id: String, _ title: String, _ scenario: String, certificates: Int = 0, records: String? = nil,
        carrier: Carrier = .tcp
    ) -> Choice {
        let version = scenario.prefix { $0 != "/" }
        return Choice(
            id: id, title: title, family: .tls, handshake: scenario, carrier: carrier,
            messages: .records(records ?? "\(version)/record"), certificates: certificates)
    }
}
#endif

// The TLS peers that Husk is measured against: that they finish, that they really check whom they talk to, and that
// their bytes come out the same on every run.
import CTLSPeer
import Testing

/// What a test needs of a run, without the C strings.
private struct Run: Equatable {
    var status: Int32
    var failedSide: Int32
    var verifyFlags: UInt32
    var handshake: [UInt32]
    var flights: UInt32
    var messages: [UInt32]
    var chains: [UInt32]
    var version: String
    var cipherSuite: String

    init(_ scenario: Int32, fault: Int32 = CTLSPEER_FAULT_NONE, request: Int = 32, reply: Int = 32) {
        var result = unsafe ctlspeer_result()
        let returned = unsafe ctlspeer_run(scenario, fault, request, reply, &result)
        status = unsafe result.status
        #expect(status == returned)
        failedSide = unsafe result.failed_side
        verifyFlags = unsafe result.verify_flags
        handshake = unsafe [result.handshake_client_bytes, result.handshake_server_bytes]
        flights = unsafe result.flights
        messages = unsafe [result.request_bytes, result.reply_bytes]
        chains = unsafe [
            result.client_leaf_bytes, result.client_intermediate_bytes,
            result.server_leaf_bytes, result.server_intermediate_bytes,
        ]
        version = unsafe String(cString: result.version)
        cipherSuite = unsafe String(cString: result.ciphersuite)
    }

    var handshakeBytes: UInt32 { handshake[0] + handshake[1] }
}

/// The library may have global state: one run at a time.
@Suite(.serialized)
struct CTLSPeerTests {
    static let tls12 = [CTLSPEER_TLS12_CERTIFICATES, CTLSPEER_TLS12_PSK]
    static let tls13 = [CTLSPEER_TLS13_CERTIFICATES, CTLSPEER_TLS13_PSK_ECDHE, CTLSPEER_TLS13_PSK]

    @Test func certificatesBothWays() {
        let run = Run(CTLSPEER_TLS12_CERTIFICATES)
        #expect(run.status == CTLSPEER_OK)
        #expect(run.version == "TLSv1.2")
        #expect(run.cipherSuite == "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8")
        #expect(run.flights == 4)
        // Both chains cross the wire, and beside them two randoms, two points and two signatures at the least.
        let least: UInt32 = run.chains.reduce(0, +) + 2 * (32 + 65 + 71)
        #expect(run.handshakeBytes > least)
        #expect((2_300...2_700).contains(run.handshakeBytes))
        #expect(run.chains.allSatisfy { (400...500).contains($0) })
    }

    @Test func preSharedKey() {
        let run = Run(CTLSPEER_TLS12_PSK)
        #expect(run.status == CTLSPEER_OK)
        #expect(run.version == "TLSv1.2")
        #expect(run.cipherSuite == "TLS-PSK-WITH-AES-128-CCM-8")
        #expect(run.flights == 4)
        #expect((255...290).contains(run.handshakeBytes))
        #expect(run.chains == [0, 0, 0, 0])
    }

    @Test(arguments: tls12)
    func recordsAdd21Bytes(scenario: Int32) {
        #expect(Run(scenario).messages == [53, 53])
        #expect(Run(scenario, request: 1, reply: 100).messages == [22, 121])
    }

    @Test(arguments: tls13)
    func tls13IfTheLibraryHasIt(scenario: Int32) {
        let run = Run(scenario)
        #expect(run.status == CTLSPEER_OK || run.status == CTLSPEER_ERR_UNSUPPORTED)
        guard run.status == CTLSPEER_OK else { return }
        #expect(run.version == "TLSv1.3")
        #expect(run.cipherSuite == "TLS1-3-AES-128-CCM-8-SHA256")
        #expect(run.flights == 3)
    }

    @Test(arguments: tls12 + tls13)
    func everyRunCountsTheSame(scenario: Int32) {
        #expect(Run(scenario) == Run(scenario))
    }

    /// The time is part of what is signed, and the length of a signature varies with it.
    @Test func theClockChangesNothing() async throws {
        let first = Run(CTLSPEER_TLS12_CERTIFICATES)
        for _ in 0..<3 {
            try await Task.sleep(for: .milliseconds(1050))
            #expect(Run(CTLSPEER_TLS12_CERTIFICATES) == first)
        }
    }

    @Test func aChainToAnotherRootIsRefused() {
        let notTrusted: UInt32 = 0x08
        let client = Run(CTLSPEER_TLS12_CERTIFICATES, fault: CTLSPEER_FAULT_CLIENT_ROOT)
        #expect(client.status == CTLSPEER_ERR_HANDSHAKE)
        #expect(client.failedSide == CTLSPEER_SIDE_SERVER)
        #expect(client.verifyFlags == notTrusted)
        let server = Run(CTLSPEER_TLS12_CERTIFICATES, fault: CTLSPEER_FAULT_SERVER_ROOT)
        #expect(server.status == CTLSPEER_ERR_HANDSHAKE)
        #expect(server.failedSide == CTLSPEER_SIDE_CLIENT)
        #expect(server.verifyFlags == notTrusted)
    }

    @Test func anExpiredCertificateIsRefused() {
        let expired: UInt32 = 0x01
        let client = Run(CTLSPEER_TLS12_CERTIFICATES, fault: CTLSPEER_FAULT_CLIENT_EXPIRED)
        #expect(client.status == CTLSPEER_ERR_HANDSHAKE)
        #expect(client.failedSide == CTLSPEER_SIDE_SERVER)
        #expect(client.verifyFlags == expired)
        let server = Run(CTLSPEER_TLS12_CERTIFICATES, fault: CTLSPEER_FAULT_SERVER_EXPIRED)
        #expect(server.status == CTLSPEER_ERR_HANDSHAKE)
        #expect(server.failedSide == CTLSPEER_SIDE_CLIENT)
        #expect(server.verifyFlags == expired)
    }

    @Test func anotherKeyIsRefused() {
        let run = Run(CTLSPEER_TLS12_PSK, fault: CTLSPEER_FAULT_PSK)
        #expect(run.status == CTLSPEER_ERR_HANDSHAKE)
        #expect(run.failedSide == CTLSPEER_SIDE_SERVER)
        #expect(run.messages == [0, 0])
    }

    @Test func argumentsOutOfRange() {
        #expect(Run(-1).status == CTLSPEER_ERR_ARGUMENT)
        #expect(Run(CTLSPEER_SCENARIOS).status == CTLSPEER_ERR_ARGUMENT)
        #expect(Run(CTLSPEER_TLS12_PSK, fault: CTLSPEER_FAULTS).status == CTLSPEER_ERR_ARGUMENT)
        #expect(Run(CTLSPEER_TLS12_PSK, request: Int(CTLSPEER_MESSAGE_MAX_BYTES) + 1).status == CTLSPEER_ERR_ARGUMENT)
        #expect(Run(CTLSPEER_TLS12_PSK, request: Int(CTLSPEER_MESSAGE_MAX_BYTES), reply: 0).status == CTLSPEER_OK)
    }

    @Test func names() {
        #expect(unsafe String(cString: ctlspeer_scenario_name(CTLSPEER_TLS12_PSK)) == "TLS 1.2 PSK")
        #expect(unsafe String(cString: ctlspeer_scenario_name(99)) == "unknown")
        let name = unsafe String(unsafeUninitializedCapacity: 40) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                unsafe ctlspeer_library_name($0.baseAddress, $0.count)
                return unsafe Int(String(cString: $0.baseAddress!).utf8.count)
            }
        }
        #expect(name.hasPrefix("Mbed TLS "))
    }
}

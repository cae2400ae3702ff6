// The gateway's work through the Swift API: the same scenarios as host/husk.c does in C, under the same names.
public import CGateway
internal import Husk

/// One scenario. Its share that counts lies between start and stop of the watch.
public class Scenario {
    public let name: String

    /// The way into Husk that it takes.
    public var implementation: String { "husk_swift" }

    init(_ name: String) {
        self.name = name
    }

    /// Does the work once, or for a whole batch; gives how many operations that was.
    public func run(_ watch: UnsafeMutablePointer<stopwatch>) throws -> Int {
        preconditionFailure("a scenario does something")
    }
}

/// As many messages as in C.
let batch = Int(BATCH)
let payload = [UInt8]("what a sensor has to say, at 32\0".utf8)
let pskKey = [UInt8]("0123456789abcdef".utf8)

/// All of them, made afresh.
public func scenarios() throws -> [Scenario] {
    try [
        Handshakes("edhoc_psk/suite_0/message_4", .suite0, resumes: false),
        Handshakes("edhoc_psk/suite_0/resumption", .suite0, resumes: true),
        Handshakes("edhoc_psk/suite_2/message_4", .suite2, resumes: false),
        Handshakes("edhoc_psk/suite_2/resumption", .suite2, resumes: true),
        Handshakes("edhoc_psk/suite_4/message_4", .suite4, resumes: false),
        Handshakes("edhoc_psk/suite_4/resumption", .suite4, resumes: true),
        Updates("kudos/no_fs", .noForwardSecrecy),
        Updates("kudos/fs", .forwardSecrecy),
        Requests("oscore/aes_ccm/answer/32", .suite0),
        ArrayRequests("oscore/aes_ccm/answer/32", .suite0),
        Frames("frame/aes_ccm/answer/32", .suite0),
        Envelopes("envelope/aes_ccm/open/32", .aesCCM8),
        ArrayEnvelopes("envelope/aes_ccm/open/32", .aesCCM8),
        SealedEnvelopes("envelope/aes_ccm/seal/32", .aesCCM8),
        ArraySealedEnvelopes("envelope/aes_ccm/seal/32", .aesCCM8),
        Requests("oscore/chacha20/answer/32", .suite4),
        Frames("frame/chacha20/answer/32", .suite4),
        Envelopes("envelope/chacha20/open/32", .chaCha20Poly1305),
        ArrayEnvelopes("envelope/chacha20/open/32", .chaCha20Poly1305),
        SealedEnvelopes("envelope/chacha20/seal/32", .chaCha20Poly1305),
        ArraySealedEnvelopes("envelope/chacha20/seal/32", .chaCha20Poly1305),
    ]
}

// A device of the symmetric-only profile: an OSCORE secret provisioned on both sides, from which KUDOS makes keys.
#if Gateway
public import Husk

/// One device that gets its keys by KUDOS, and so needs no public-key operation.
public final class SymmetricCredential: Sendable {
    /// Identity of the device.
    public let device: String
    /// The device's Sender ID, which is the kid of its messages.
    public let sender: ConnectionIdentifier
    /// The device's Recipient ID: the Sender ID of the gateway.
    public let recipient: ConnectionIdentifier
    /// The only mode in which this device gets new keys.
    public let mode: KeyUpdate.Mode
    private let secret: PinnedBytes

    /// Throws ``/Husk/HuskError/argument`` for a secret that has not 16 to 32 bytes, or equal identifiers.
    public init(
        secret: RawSpan, sender: ConnectionIdentifier, recipient: ConnectionIdentifier, mode: KeyUpdate.Mode,
        device: Identity
    ) throws(HuskError) {
        self.secret = PinnedBytes(count: secret.byteCount)
        self.secret.write(secret, at: 0)
        self.sender = sender
        self.recipient = recipient
        self.mode = mode
        self.device = device.name
        _ = try makeUpdate()
    }

    /// Tells this secret from others.
    func fingerprint() -> [UInt8] {
        secret.withBytes { digest($0) }
    }

    /// The gateway's side, as it is before the first message.
    func makeUpdate() throws(HuskError) -> KeyUpdate {
        try secret.withBytes { (secret) throws(HuskError) in
            try KeyUpdate(
                secret: secret,
                configuration: KeyUpdate.Configuration(
                    senderID: recipient, recipientID: sender, mode: mode, suite: CipherSuite.suite0.accelerated))
        }
    }
}

extension KeyUpdate.Mode {
    /// As the credentials file calls it.
    init?(name: String) {
        switch name {
        case "fs": self = .forwardSecrecy
        case "no-fs": self = .noForwardSecrecy
        default: return nil
        }
    }
}
#endif

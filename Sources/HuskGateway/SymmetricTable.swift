// The gateway's side of KUDOS with every device that was provisioned for it.
#if Gateway
internal import Husk

/// A device of the symmetric-only profile and what is agreed with it.
///
/// What KUDOS wants stored is kept in this object, and in the store if the gateway has one. After a restart without a
/// store a device without forward secrecy gets back in, because its keys begin from the provisioned secret each time.
/// One with forward secrecy does so only if it never went beyond that secret: else its messages are made from one that
/// is gone here, and are answered 4.01 until both sides are provisioned anew.
final class SymmetricDevice {
    let credential: SymmetricCredential
    private var update: KeyUpdate
    /// What KUDOS wanted stored last.
    private(set) var record: SecretBytes?

    init(_ credential: SymmetricCredential) throws(HuskError) {
        self.credential = credential
        update = try credential.makeUpdate()
    }

    var hasContext: Bool { update.hasContext }

    func unprotect(
        _ datagram: [UInt8], exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> KeyUpdate.Received {
        let received = try update.unprotect(request: datagram, exchange: &exchange)
        if update.mustStore {
            // Said to be stored at once, because no answer leaves before it is.
            update.store { record = SecretBytes($0) }
        }
        return received
    }

    /// Goes on from a record that was stored.
    func restore(_ record: RawSpan) throws(HuskError) {
        try update.restore(record)
        self.record = SecretBytes(record)
    }

    func protect(_ response: CoAPMessage, exchange: inout SecurityContext.Exchange) throws(HuskError) -> [UInt8] {
        try update.protect(response: response, exchange: &exchange)
    }
}

/// A secret with several owners, wiped when the last one has gone.
final class SecretBytes: Sendable {
    let bytes: PinnedBytes

    init(_ bytes: RawSpan) {
        self.bytes = PinnedBytes(count: bytes.byteCount)
        self.bytes.write(bytes, at: 0)
    }
}

/// One entry per device in the credentials; nothing that arrives makes another.
struct SymmetricTable {
    private let devices: [ConnectionIdentifier: SymmetricDevice]
    /// How many have a context in use.
    private(set) var sessions = 0

    init(_ credentials: [SymmetricCredential]) throws(HuskError) {
        var devices: [ConnectionIdentifier: SymmetricDevice] = [:]
        for credential in credentials {
            devices[credential.sender] = try SymmetricDevice(credential)
        }
        self.devices = devices
    }

    subscript(sender: ConnectionIdentifier) -> SymmetricDevice? { devices[sender] }

    /// What the kids of EDHOC sessions have to avoid.
    var senders: Set<ConnectionIdentifier> { Set(devices.keys) }

    /// Decrypts a request of `device`.
    mutating func unprotect(
        _ datagram: [UInt8], of device: SymmetricDevice, exchange: inout SecurityContext.Exchange
    ) throws(HuskError) -> KeyUpdate.Received {
        let before = device.hasContext
        defer { sessions += (device.hasContext ? 1 : 0) - (before ? 1 : 0) }
        return try device.unprotect(datagram, exchange: &exchange)
    }
}
#endif

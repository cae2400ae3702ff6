// The sessions of authenticated devices, found by the kid of their requests.
#if Gateway
internal import Husk

/// A security context and whose it is.
final class Session {
    let identifier: ConnectionIdentifier
    let credential: DeviceCredential
    var context: SecurityContext
    /// The device has not spoken since the answer that completed its handshake.
    var awaitsFifthMessage = true
    /// With a store: the keys as they are stored, made when they are first.
    var sealed: [UInt8] = []
    /// With a store: what was answered last, and SHA-256 of the datagram that it answered.
    var lastAnswer: (digest: [UInt8], response: [UInt8])?

    init(identifier: ConnectionIdentifier, credential: DeviceCredential, context: consuming SecurityContext) {
        self.identifier = identifier
        self.credential = credential
        self.context = context
    }
}

/// At most two sessions per device: the one in use, and a newer one that the device has not used yet.
///
/// A new session begins when message_3 has verified, never earlier: nobody without the key can touch a session. The old
/// one stays until a request has verified under the new one, because message_4 may be lost: then the device does not
/// know that it has a new session, and goes on with the old one. After that request the device has shown which one it
/// uses, and the old keys go.
struct SessionTable {
    private struct Entry {
        var used: Session?
        var unused: Session?
    }

    private var sessions: [ConnectionIdentifier: Session] = [:]
    private var devices: [[UInt8]: Entry] = [:]

    var count: Int { sessions.count }

    subscript(identifier: ConnectionIdentifier) -> Session? { sessions[identifier] }

    func isUsed(_ session: Session) -> Bool { devices[session.credential.kid]?.used === session }

    /// Puts back a session that was stored.
    mutating func restore(_ session: Session, isUsed: Bool) {
        sessions[session.identifier] = session
        let entry = devices[session.credential.kid] ?? Entry()
        devices[session.credential.kid] =
            isUsed ? Entry(used: session, unused: entry.unused) : Entry(used: entry.used, unused: session)
    }

    /// Adds a session and returns the one it replaces: an older one that was never used.
    mutating func insert(_ session: Session) -> Session? {
        let replaced = devices[session.credential.kid]?.unused
        if let replaced {
            sessions[replaced.identifier] = nil
        }
        devices[session.credential.kid, default: Entry()].unused = session
        sessions[session.identifier] = session
        return replaced
    }

    /// Notes that a request verified under this session and returns the one it replaces.
    mutating func use(_ session: Session) -> Session? {
        let kid = session.credential.kid
        guard let entry = devices[kid], entry.unused === session else { return nil }
        devices[kid] = Entry(used: session, unused: nil)
        guard let replaced = entry.used else { return nil }
        sessions[replaced.identifier] = nil
        return replaced
    }
}
#endif

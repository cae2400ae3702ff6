// The resumption PSKs of all devices, and when each of them may go (draft-ietf-lake-edhoc-psk-08 section 6).
#if Gateway
internal import Husk

/// A key that message_3 may name: the external PSK of a device, or one that a session left behind.
final class PresentedKey: Sendable {
    let credential: DeviceCredential
    let key: PreSharedKey

    init(_ credential: DeviceCredential, _ key: consuming PreSharedKey) {
        self.credential = credential
        self.key = key
    }
}

/// At most two keys per device: that of its last session, and the one that session was made with.
///
/// A device stores the next key when it has verified the fourth message, which may be lost; until it has shown in a
/// fifth one that it has got there, it may come back with the key before. Keys older than that go as soon as
/// message_3 has verified under a newer one. Two bytes of rKID are no unique name: several devices may share one.
struct ResumptionTable {
    private struct Entry {
        var last: PresentedKey
        var before: PresentedKey?
    }

    private var devices: [[UInt8]: Entry] = [:]
    private var byIdentifier: [[UInt8]: [PresentedKey]] = [:]

    /// The keys with that rKID.
    func keys(_ identifier: [UInt8]) -> [PresentedKey] {
        byIdentifier[identifier] ?? []
    }

    /// Those of a device: of its last session, and the one before.
    func keys(of kid: [UInt8]) -> (last: PresentedKey, before: PresentedKey?)? {
        devices[kid].map { ($0.last, $0.before) }
    }

    /// Puts back the keys of a device that were stored.
    mutating func restore(last: PresentedKey, before: PresentedKey?) {
        devices[last.credential.kid] = Entry(last: last, before: before)
        for key in [last, before] {
            guard let key else { continue }
            byIdentifier[key.key.kid, default: []].append(key)
        }
    }

    /// message_3 has verified under `used`, and the session left `next`.
    mutating func advance(from used: PresentedKey, to next: consuming PreSharedKey) {
        let credential = used.credential
        let entry = devices[credential.kid]
        let next = PresentedKey(credential, next)
        // With the external PSK, the device may have lost our answer and still hold what it had.
        let isResumption = entry?.last === used || entry?.before === used
        let before = isResumption ? used : entry?.last
        for old in [entry?.last, entry?.before] where old != nil && old !== before {
            forget(old)
        }
        devices[credential.kid] = Entry(last: next, before: before)
        byIdentifier[next.key.kid, default: []].append(next)
    }

    /// The device has shown that it has the last key.
    mutating func confirm(_ credential: DeviceCredential) {
        forget(devices[credential.kid]?.before)
        devices[credential.kid]?.before = nil
    }

    private mutating func forget(_ key: PresentedKey?) {
        guard let key else { return }
        let identifier = key.key.kid
        byIdentifier[identifier]?.removeAll { $0 === key }
        if byIdentifier[identifier]?.isEmpty == true {
            byIdentifier[identifier] = nil
        }
    }
}
#endif

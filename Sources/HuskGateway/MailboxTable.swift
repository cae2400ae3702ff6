// What waits for devices to fetch it: envelopes that the gateway cannot read, in order of arrival.
#if Gateway

/// A mailbox per device of the credentials. Bounded per mailbox, in number and bytes.
///
/// An envelope stays until its addressee deletes it, in a request of its own: a notification that arrived is not yet
/// one that was acted upon.
struct MailboxTable {
    struct Letter {
        /// Names the envelope to its addressee; never used twice while the gateway runs, nor after it with a store.
        var id: UInt64
        var contentFormat: UInt32
        var bytes: [UInt8]
    }

    private let limit: Int
    private let byteLimit: Int
    private var mailboxes: [String: [Letter]] = [:]
    private var nextID: UInt64

    /// Begins with an ID that an earlier run has not used, in all likelihood.
    init(limit: Int, byteLimit: Int, firstID: UInt64 = UInt64(UInt32.random(in: 1...UInt32.max))) {
        self.limit = limit
        self.byteLimit = byteLimit
        nextID = firstID
    }

    /// Puts back an envelope that was stored, in its order.
    mutating func restore(_ letter: Letter, for device: String) {
        mailboxes[device, default: []].append(letter)
    }

    /// IDs go on from there.
    mutating func resume(at id: UInt64) {
        nextID = id
    }

    func letter(_ id: UInt64, of device: String) -> Letter? { mailboxes[device]?.first { $0.id == id } }

    /// The oldest one.
    func first(of device: String) -> Letter? { mailboxes[device]?.first }

    func count(of device: String) -> Int { mailboxes[device]?.count ?? 0 }

    func hasRoom(for byteCount: Int, of device: String) -> Bool {
        let letters = mailboxes[device] ?? []
        return letters.count < limit && letters.reduce(byteCount) { $0 + $1.bytes.count } <= byteLimit
    }

    /// Gives the ID.
    @discardableResult
    mutating func append(_ bytes: [UInt8], contentFormat: UInt32, for device: String) -> UInt64 {
        let id = nextID
        mailboxes[device, default: []].append(Letter(id: id, contentFormat: contentFormat, bytes: bytes))
        nextID += 1
        return id
    }

    /// True if it was there.
    mutating func remove(_ id: UInt64, of device: String) -> Bool {
        guard let index = mailboxes[device]?.firstIndex(where: { $0.id == id }) else { return false }
        mailboxes[device]?.remove(at: index)
        if mailboxes[device]?.isEmpty == true {
            mailboxes[device] = nil
        }
        return true
    }
}
#endif

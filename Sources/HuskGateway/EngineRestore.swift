// A restart: the engine goes on from what the store has.
#if Gateway
internal import Husk
internal import Logging

extension Engine {
    /// Takes up all that was stored, once, before the first datagram. What belongs to a device that the credentials do
    /// not have any more, or whose key in them is another now, is left out, and removed from the store with the next
    /// commit.
    func restore(from store: Store) throws(StoreError) {
        let state = try store.load()
        storeKeys = store.keys
        for row in state.sessions {
            try restore(row, store)
        }
        try restore(state.resumptions, store)
        for row in state.keyUpdates {
            try restore(row, store)
        }
        if let next = state.nextLetter {
            mailboxes.resume(at: next)
        }
        for row in state.letters {
            guard addressees.contains(row.device) else {
                unstored.letters[row.id] = row.device
                continue
            }
            mailboxes.restore(
                MailboxTable.Letter(id: row.id, contentFormat: row.contentFormat, bytes: row.bytes), for: row.device)
        }
        observers.count { $0.sessions = sessions.count }
        logger.info(
            "store opened",
            metadata: [
                "sessions": "\(sessions.count)", "letters": "\(state.letters.count)",
                "left out": "\(unstored.sessions.count + unstored.resumptions.count + unstored.letters.count)",
            ])
    }

    /// Looked up once, not for each session.
    private static let suites = CipherSuite.all.map(\.accelerated)

    private func restore(_ row: SessionRow, _ store: Store) throws(StoreError) {
        guard let identifier = try? ConnectionIdentifier(row.identifier) else {
            throw .corrupt(path: store.path, detail: "a session without identifier")
        }
        guard let credential = credentials[kid: row.kid],
            let secret = try open(row.sealed, row.label, credential.key.fingerprint(), SessionRow.table, store),
            identifiers.claim(identifier)
        else {
            unstored.sessions.insert(identifier)
            return
        }
        let context: SecurityContext
        do throws(HuskError) {
            context = try secret.bytes.withBytes { (record) throws(HuskError) in
                try SecurityContext(record: record, progress: row.progress, suites: Self.suites)
            }
        } catch {
            throw .corrupt(path: store.path, detail: "the keys of a session: \(error.reason)")
        }
        let session = Session(identifier: identifier, credential: credential, context: context)
        session.awaitsFifthMessage = row.awaitsFifthMessage
        session.sealed = row.sealed
        if !row.requestDigest.isEmpty {
            session.lastAnswer = (row.requestDigest, row.response)
        }
        sessions.restore(session, isUsed: row.isUsed)
    }

    /// `rows` are in the order of devices and slots.
    private func restore(_ rows: [ResumptionRow], _ store: Store) throws(StoreError) {
        var keys: [[UInt8]: [Int: PresentedKey]] = [:]
        for row in rows {
            guard let credential = credentials[kid: row.kid],
                let secret = try open(row.sealed, row.label, credential.key.fingerprint(), ResumptionRow.table, store)
            else {
                unstored.resumptions.insert(row.kid)
                continue
            }
            do throws(HuskError) {
                let key = try secret.bytes.withBytes { (key) throws(HuskError) in
                    try PreSharedKey(key: key, kid: row.resumptionKid, credentialsOf: credential.key)
                }
                keys[row.kid, default: [:]][row.slot] = PresentedKey(credential, key)
            } catch {
                throw .corrupt(path: store.path, detail: "a resumption key: \(error.reason)")
            }
        }
        for device in keys.values {
            guard let last = device[0] else { continue }
            resumptions.restore(last: last, before: device[1])
        }
    }

    private func restore(_ row: KeyUpdateRow, _ store: Store) throws(StoreError) {
        // Of a device that is gone it stays: without it the device could never come back.
        guard let sender = try? ConnectionIdentifier(row.sender), let device = symmetric[sender],
            let secret = try open(row.sealed, row.label, device.credential.fingerprint(), KeyUpdateRow.table, store)
        else { return }
        do throws(HuskError) {
            try secret.bytes.withBytes { (record) throws(HuskError) in try device.restore(record) }
        } catch {
            throw .corrupt(path: store.path, detail: "a key update record: \(error.reason)")
        }
    }

    /// Nil if it was sealed for other credentials.
    private func open(
        _ sealed: [UInt8], _ label: [UInt8], _ fingerprint: [UInt8], _ table: String, _ store: Store
    ) throws(StoreError) -> SecretBytes? {
        let text = try store.open(sealed, label: label, table: table)
        let count = text.count - fingerprint.count
        guard count >= 0 else { throw .corrupt(path: store.path, detail: "a sealed key in \(table) is too short") }
        guard fingerprint.indices.allSatisfy({ text[count + $0] == fingerprint[$0] }) else { return nil }
        return text.withBytes { SecretBytes($0.extracting(first: count)) }
    }
}
#endif

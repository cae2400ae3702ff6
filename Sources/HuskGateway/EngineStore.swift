// What the engine must not forget: it notes what changed, hands it to the store in one piece, and goes on from it.
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

/// Names of what changed. What it is by now is looked up when it is stored, so that a change noted twice is stored
/// once, and one that failed to be stored is simply noted again.
struct Unstored {
    var sessions: Set<ConnectionIdentifier> = []
    /// By the kid of the device.
    var resumptions: Set<[UInt8]> = []
    /// By Sender ID.
    var keyUpdates: Set<ConnectionIdentifier> = []
    /// Whose mailbox it is, by ID.
    var letters: [UInt64: String] = [:]

    var isEmpty: Bool { sessions.isEmpty && resumptions.isEmpty && keyUpdates.isEmpty && letters.isEmpty }

    mutating func add(_ other: Unstored) {
        sessions.formUnion(other.sessions)
        resumptions.formUnion(other.resumptions)
        keyUpdates.formUnion(other.keyUpdates)
        letters.merge(other.letters) { device, _ in device }
    }
}

extension Session {
    /// The answer to this very datagram, if that was the one answered last: a gateway that was killed between storing
    /// and sending still has it.
    func answer(again datagram: [UInt8]) -> [UInt8]? {
        guard let lastAnswer, lastAnswer.digest == digest(datagram) else { return nil }
        return lastAnswer.response
    }
}

extension Engine {
    /// Sequence numbers that are reserved at a time (RFC 8613 appendix B.1.1). Answers need none of them, notifications
    /// do.
    static let reservation: UInt64 = 256
    /// Forgeries are stored so many at a time, so that a forger cannot make the store write for each.
    static let forgeryBlock: UInt32 = 64

    // MARK: Noting

    func note(changed session: Session) {
        guard storeKeys != nil else { return }
        unstored.sessions.insert(session.identifier)
    }

    func noteForgery(_ session: Session) {
        guard session.context.forgedCount % Self.forgeryBlock == 1 else { return }
        note(changed: session)
    }

    func note(changedResumption kid: [UInt8]) {
        guard storeKeys != nil else { return }
        unstored.resumptions.insert(kid)
    }

    func note(changed device: SymmetricDevice) {
        guard storeKeys != nil else { return }
        unstored.keyUpdates.insert(device.credential.sender)
    }

    func note(changedLetter id: UInt64, of device: String) {
        guard storeKeys != nil else { return }
        unstored.letters[id] = device
    }

    /// Reserves sequence numbers if the next message might need one. Nothing leaves before that is durable.
    func reserve(_ holder: any KeyHolder) {
        guard storeKeys != nil, let session = holder as? Session else { return }
        guard session.context.senderSequence >= session.context.senderLimit else { return }
        session.context.senderLimit = session.context.senderSequence + Self.reservation
        note(changed: session)
    }

    /// The answer that was stored, to a copy of the request that it answered.
    func again(
        _ response: [UInt8], to datagram: [UInt8], from peer: SocketAddress, name: GatewayMessage.Name
    ) -> Outcome {
        observers.count { $0.duplicates += 1 }
        received(name, datagram, from: peer, isDuplicate: true)
        return Outcome(response: response, name: name == .oscoreRequest ? .oscoreResponse : .coapResponse)
    }

    // MARK: Storing

    /// What is to be made durable before anything is sent that was made by now; nil if nothing is. `names` is to be
    /// noted again if that fails.
    func takeChanges() throws(HuskError) -> (changes: StoreChanges, names: Unstored)? {
        guard let storeKeys, !unstored.isEmpty else { return nil }
        let names = unstored
        var changes = StoreChanges()
        for identifier in names.sessions {
            guard let session = sessions[identifier] else {
                changes.removedSessions.append(identifier.bytes)
                continue
            }
            changes.sessions.append(try row(session, storeKeys))
        }
        for kid in names.resumptions {
            let keys = resumptions.keys(of: kid)
            var rows: [ResumptionRow] = []
            for (slot, key) in [keys?.last, keys?.before].enumerated() {
                guard let key else { continue }
                rows.append(try row(key, slot: slot, storeKeys))
            }
            changes.resumptions.append((kid, rows))
        }
        for sender in names.keyUpdates {
            guard let device = symmetric[sender], let record = device.record else { continue }
            changes.keyUpdates.append(try row(device, record, storeKeys))
        }
        for (id, device) in names.letters {
            guard let letter = mailboxes.letter(id, of: device) else {
                changes.removedLetters.append(id)
                continue
            }
            changes.letters.append(
                LetterRow(id: id, device: device, contentFormat: letter.contentFormat, bytes: letter.bytes))
        }
        unstored = Unstored()
        return (changes, names)
    }

    private func row(_ session: Session, _ keys: StoreKeys) throws(HuskError) -> SessionRow {
        var progress = session.context.progress
        // The end of the block, as the next forgeries are not stored; never less than there were.
        let blocks = progress.forgedCount / Self.forgeryBlock + (progress.forgedCount % Self.forgeryBlock == 0 ? 0 : 1)
        progress.forgedCount = blocks * Self.forgeryBlock
        if session.sealed.isEmpty {
            // Its own numbers begin at 0, and none of them is reserved yet.
            session.context.senderLimit = session.context.senderSequence
            progress.senderLimit = session.context.senderLimit
            let label = SessionRow.label(session.identifier.bytes, kid: session.credential.kid)
            session.sealed = try session.context.withRecord { (record) throws(HuskError) in
                try seal(record, session.credential.key.fingerprint(), keys, label: label)
            }
        }
        return SessionRow(
            identifier: session.identifier.bytes, kid: session.credential.kid, isUsed: sessions.isUsed(session),
            awaitsFifthMessage: session.awaitsFifthMessage, sealed: session.sealed, progress: progress,
            requestDigest: session.lastAnswer?.digest ?? [], response: session.lastAnswer?.response ?? [])
    }

    private func row(_ key: PresentedKey, slot: Int, _ keys: StoreKeys) throws(HuskError) -> ResumptionRow {
        let kid = key.credential.kid
        let label = ResumptionRow.label(kid, resumptionKid: key.key.kid)
        let sealed = try key.key.withKey { (bytes) throws(HuskError) in
            try seal(bytes, key.credential.key.fingerprint(), keys, label: label)
        }
        return ResumptionRow(kid: kid, slot: slot, resumptionKid: key.key.kid, sealed: sealed)
    }

    private func row(
        _ device: SymmetricDevice, _ record: SecretBytes, _ keys: StoreKeys
    ) throws(HuskError) -> KeyUpdateRow {
        let sender = device.credential.sender.bytes
        let sealed = try record.bytes.withBytes { (bytes) throws(HuskError) in
            try seal(bytes, device.credential.fingerprint(), keys, label: KeyUpdateRow.label(sender))
        }
        return KeyUpdateRow(sender: sender, sealed: sealed)
    }

    /// The secret and whose it is by the credentials: with other credentials it is not taken up again.
    private func seal(
        _ secret: RawSpan, _ fingerprint: [UInt8], _ keys: StoreKeys, label: [UInt8]
    ) throws(HuskError) -> [UInt8] {
        let text = PinnedBytes(count: secret.byteCount + fingerprint.count)
        text.write(secret, at: 0)
        unsafe text.write(fingerprint.span.bytes, at: secret.byteCount)
        return try text.withBytes { (text) throws(HuskError) in try keys.seal(text, label: label) }
    }
}
#endif

// What operators do with a store that no gateway has open: look it over, give it another key, move what can be moved.
#if Gateway
internal import Foundation
internal import GRDB
internal import Husk

/// What a store holds, each secret of it opened.
public struct StoreSummary: Sendable, Equatable {
    /// Sessions.
    public var sessions = 0
    /// Resumption keys.
    public var resumptionKeys = 0
    /// Records of KUDOS.
    public var keyUpdates = 0
    /// Envelopes that wait in mailboxes.
    public var letters = 0
    /// How many secrets are sealed under each version of the key-encryption key.
    public var sealed: [UInt32: Int] = [:]
}

extension Store {
    /// Reads every page and row and opens every secret. Throws for the first that is not as it was written.
    public func check() throws(StoreError) -> StoreSummary {
        do {
            return try queue.read { db in
                let verdict = verdict(try String.fetchOne(db, sql: "PRAGMA integrity_check(1)"))
                guard verdict == "ok" else { throw StoreError.corrupt(path: path, detail: verdict) }
                let state = try Self.load(db, path: path)
                var summary = StoreSummary()
                summary.sessions = state.sessions.count
                summary.resumptionKeys = state.resumptions.count
                summary.keyUpdates = state.keyUpdates.count
                summary.letters = state.letters.count
                for secret in state.secrets {
                    _ = try open(secret.sealed, label: secret.label, table: secret.table)
                    summary.sealed[StoreKeys.version(of: secret.sealed) ?? 0, default: 0] += 1
                }
                return summary
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Seals anew whatever is not sealed under the newest key, in one transaction, and leaves nothing of the old in the
    /// file or its log. Gives the number of secrets. Afterwards older keys can go.
    public func rekey() throws(StoreError) -> Int {
        do {
            let count = try queue.write { db in
                var state = try Self.load(db, path: path)
                var count = 0
                func anew(_ sealed: inout [UInt8], _ label: [UInt8], _ table: String) throws -> Bool {
                    guard StoreKeys.version(of: sealed) != keys.newest else { return false }
                    let secret = try open(sealed, label: label, table: table)
                    sealed = try secret.withBytes { (secret) throws(HuskError) in try keys.seal(secret, label: label) }
                    count += 1
                    return true
                }
                for index in state.sessions.indices {
                    let label = state.sessions[index].label
                    guard try anew(&state.sessions[index].sealed, label, SessionRow.table) else { continue }
                    try state.sessions[index].write(db)
                }
                for index in state.resumptions.indices {
                    let label = state.resumptions[index].label
                    guard try anew(&state.resumptions[index].sealed, label, ResumptionRow.table) else { continue }
                    try state.resumptions[index].write(db)
                }
                for index in state.keyUpdates.indices {
                    let label = state.keyUpdates[index].label
                    guard try anew(&state.keyUpdates[index].sealed, label, KeyUpdateRow.table) else { continue }
                    try state.keyUpdates[index].write(db)
                }
                try writeSeal(db)
                return count
            }
            try queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            return count
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// What can be moved to another store, as JSON, one record on each line; secrets stay sealed. Sessions are not in
    /// it: a second copy of one would use the same nonces again. Their devices come back by resumption.
    public func export() throws(StoreError) -> [UInt8] {
        let state = try load()
        let records =
            state.resumptions.map {
                StoreRecord.resumption(
                    kid: Hex($0.kid), slot: $0.slot, resumptionKid: Hex($0.resumptionKid), sealed: Hex($0.sealed))
            } + state.keyUpdates.map { StoreRecord.keyUpdate(sender: Hex($0.sender), sealed: Hex($0.sealed)) }
            + state.letters.map {
                StoreRecord.letter(device: $0.device, contentFormat: $0.contentFormat, envelope: Hex($0.bytes))
            }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try records.flatMap { try Array(encoder.encode($0)) + [0x0a] }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Takes in what ``export()`` gave, all of it or nothing, and gives the number of records. Refuses what is there
    /// already, here or twice in the file, with the line; and secrets that the keys of this store do not open.
    public func importRecords(_ text: [UInt8], file: String) throws(StoreError) -> Int {
        do {
            return try queue.write { db in
                let state = try Self.load(db, path: path)
                var resumptions = Set(state.resumptions.map { [[UInt8(truncatingIfNeeded: $0.slot)], $0.kid] })
                var keyUpdates = Set(state.keyUpdates.map(\.sender))
                var letters = Set(state.letters.map { [Array($0.device.utf8), $0.bytes] })
                var nextLetter = state.nextLetter ?? 1
                var count = 0
                for (index, line) in text.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
                    guard !line.isEmpty else { continue }
                    func refused(_ reason: String) -> StoreError {
                        .importRefused(file: file, line: index + 1, reason: reason)
                    }
                    guard let record = try? JSONDecoder().decode(StoreRecord.self, from: Data(line)) else {
                        throw refused("not a record of 'husk store export'")
                    }
                    let isNew: Bool
                    switch record {
                    case .resumption(let kid, let slot, let resumptionKid, let sealed):
                        guard (0...1).contains(slot) else { throw refused("slot is 0 or 1") }
                        isNew = resumptions.insert([[UInt8(slot)], kid.bytes]).inserted
                        let row = ResumptionRow(
                            kid: kid.bytes, slot: slot, resumptionKid: resumptionKid.bytes, sealed: sealed.bytes)
                        guard isOpened(row.sealed, row.label) else { throw refused("does not open with these keys") }
                        if isNew { try row.write(db) }
                    case .keyUpdate(let sender, let sealed):
                        isNew = keyUpdates.insert(sender.bytes).inserted
                        let row = KeyUpdateRow(sender: sender.bytes, sealed: sealed.bytes)
                        guard isOpened(row.sealed, row.label) else { throw refused("does not open with these keys") }
                        if isNew { try row.write(db) }
                    case .letter(let device, let contentFormat, let envelope):
                        isNew = letters.insert([Array(device.utf8), envelope.bytes]).inserted
                        let row = LetterRow(
                            id: nextLetter, device: device, contentFormat: contentFormat, bytes: envelope.bytes)
                        nextLetter += 1
                        if isNew { try row.write(db) }
                    }
                    guard isNew else { throw refused("is there already") }
                    count += 1
                }
                return count
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func isOpened(_ sealed: [UInt8], _ label: [UInt8]) -> Bool {
        do throws(HuskError) {
            _ = try keys.open(sealed, label: label)
            return true
        } catch {
            return false
        }
    }
}

extension StoredState {
    fileprivate var secrets: [(sealed: [UInt8], label: [UInt8], table: String)] {
        sessions.map { ($0.sealed, $0.label, SessionRow.table) }
            + resumptions.map { ($0.sealed, $0.label, ResumptionRow.table) }
            + keyUpdates.map { ($0.sealed, $0.label, KeyUpdateRow.table) }
    }
}

/// A line of an export.
private enum StoreRecord: Codable {
    case resumption(kid: Hex, slot: Int, resumptionKid: Hex, sealed: Hex)
    case keyUpdate(sender: Hex, sealed: Hex)
    case letter(device: String, contentFormat: UInt32, envelope: Hex)
}

/// Bytes as hexadecimal digits.
private struct Hex: Codable {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(from decoder: any Decoder) throws {
        let text = Array(try decoder.singleValueContainer().decode(String.self))
        guard text.count.isMultiple(of: 2), text.allSatisfy(\.isHexDigit) else { throw HuskError.format }
        bytes = stride(from: 0, to: text.count, by: 2).map {
            UInt8(truncatingIfNeeded: 16 * (text[$0].hexDigitValue ?? 0) + (text[$0 + 1].hexDigitValue ?? 0))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let digits = Array("0123456789abcdef")
        try container.encode(String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
    }
}
#endif

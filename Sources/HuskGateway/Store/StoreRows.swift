// The rows of the store: keys sealed, counters and windows in clear, each with a sum that tells a damaged row.
#if Gateway
internal import Husk

/// A session of a device authenticated by EDHOC.
struct SessionRow: Sendable, Equatable {
    var identifier: [UInt8]
    var kid: [UInt8]
    var isUsed: Bool
    var awaitsFifthMessage: Bool
    var sealed: [UInt8]
    var progress: SecurityContext.Progress
    /// SHA-256 of the datagram answered last, and the answer; both empty if there is none.
    var requestDigest: [UInt8]
    var response: [UInt8]

    var label: [UInt8] { Self.label(identifier, kid: kid) }

    /// What the sealed keys are bound to.
    static func label(_ identifier: [UInt8], kid: [UInt8]) -> [UInt8] {
        rowLabel("session", identifier, kid)
    }

    var sum: [UInt8] {
        rowSum(
            identifier, kid, [isUsed ? 1 : 0, awaitsFifthMessage ? 1 : 0], sealed, number(progress.senderLimit),
            number(progress.windowTop), number(UInt64(progress.windowBits)), number(UInt64(progress.forgedCount)),
            requestDigest, response)
    }
}

/// A resumption key; slot 0 is that of the last session, slot 1 the one before.
struct ResumptionRow: Sendable, Equatable {
    var kid: [UInt8]
    var slot: Int
    var resumptionKid: [UInt8]
    var sealed: [UInt8]

    var label: [UInt8] { Self.label(kid, resumptionKid: resumptionKid) }

    static func label(_ kid: [UInt8], resumptionKid: [UInt8]) -> [UInt8] {
        rowLabel("resumption", kid, resumptionKid)
    }

    var sum: [UInt8] { rowSum(kid, [UInt8(truncatingIfNeeded: slot)], resumptionKid, sealed) }
}

/// The KUDOS record of a device of the symmetric-only profile.
struct KeyUpdateRow: Sendable, Equatable {
    var sender: [UInt8]
    var sealed: [UInt8]

    var label: [UInt8] { Self.label(sender) }

    static func label(_ sender: [UInt8]) -> [UInt8] { rowLabel("key_update", sender) }

    var sum: [UInt8] { rowSum(sender, sealed) }
}

/// An envelope that waits, which only its addressee can open.
struct LetterRow: Sendable, Equatable {
    var id: UInt64
    var device: String
    var contentFormat: UInt32
    var bytes: [UInt8]

    var sum: [UInt8] { rowSum(number(id), Array(device.utf8), number(UInt64(contentFormat)), bytes) }
}

/// All that a gateway goes on from.
struct StoredState: Sendable, Equatable {
    var sessions: [SessionRow] = []
    var resumptions: [ResumptionRow] = []
    var keyUpdates: [KeyUpdateRow] = []
    /// In order of arrival.
    var letters: [LetterRow] = []
    /// Greater than any that was given out; nil if there was none.
    var nextLetter: UInt64?
}

/// What a commit makes of the rows: the same whether it is done once or again.
struct StoreChanges: Sendable {
    var sessions: [SessionRow] = []
    var removedSessions: [[UInt8]] = []
    /// All of a device's, in place of those that were there.
    var resumptions: [(kid: [UInt8], rows: [ResumptionRow])] = []
    var keyUpdates: [KeyUpdateRow] = []
    var letters: [LetterRow] = []
    var removedLetters: [UInt64] = []
}

private func number(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}

private func framed(_ parts: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts {
        bytes += [UInt8(truncatingIfNeeded: part.count >> 16), UInt8(truncatingIfNeeded: part.count >> 8)]
        bytes.append(UInt8(truncatingIfNeeded: part.count))
        bytes += part
    }
    return bytes
}

private func rowLabel(_ table: StaticString, _ parts: [UInt8]...) -> [UInt8] {
    framed([Array("husk store".utf8), Array("\(table)".utf8)] + parts)
}

/// SQLite notices damage to its own structures only. This is against decay, not against forgers, who could also put
/// back an old copy of the file.
private func rowSum(_ parts: [UInt8]...) -> [UInt8] {
    Array(digest(framed(parts)).prefix(8))
}
#endif

// How rows are read and written.
#if Gateway
internal import Foundation
internal import GRDB
internal import Husk

extension SessionRow: SummedRow {
    static var table: String { "session" }
    static var columns: [String] {
        [
            "identifier", "kid", "is_used", "awaits_fifth_message", "sealed", "sender_limit", "window_top",
            "window_bits", "forged_count", "request_digest", "response",
        ]
    }

    init(_ row: Row) {
        self.init(
            identifier: row.bytes(0), kid: row.bytes(1), isUsed: row.number(2) == 1,
            awaitsFifthMessage: row.number(3) == 1, sealed: row.bytes(4),
            progress: SecurityContext.Progress(
                senderLimit: row.number(5), windowTop: row.number(6),
                windowBits: UInt32(truncatingIfNeeded: row.number(7)),
                forgedCount: UInt32(truncatingIfNeeded: row.number(8))),
            requestDigest: row.bytes(9), response: row.bytes(10))
    }

    var values: StatementArguments {
        [
            Data(identifier), Data(kid), isUsed, awaitsFifthMessage, Data(sealed),
            Int64(bitPattern: progress.senderLimit), Int64(bitPattern: progress.windowTop), progress.windowBits,
            progress.forgedCount, Data(requestDigest), Data(response),
        ]
    }
}

extension ResumptionRow: SummedRow {
    static var table: String { "resumption" }
    static var columns: [String] { ["kid", "slot", "resumption_kid", "sealed"] }

    init(_ row: Row) {
        self.init(
            kid: row.bytes(0), slot: Int(truncatingIfNeeded: row.number(1)), resumptionKid: row.bytes(2),
            sealed: row.bytes(3))
    }

    var values: StatementArguments { [Data(kid), slot, Data(resumptionKid), Data(sealed)] }
}

extension KeyUpdateRow: SummedRow {
    static var table: String { "key_update" }
    static var columns: [String] { ["sender", "sealed"] }

    init(_ row: Row) {
        self.init(sender: row.bytes(0), sealed: row.bytes(1))
    }

    var values: StatementArguments { [Data(sender), Data(sealed)] }
}

extension LetterRow: SummedRow {
    static var table: String { "mailbox" }
    static var columns: [String] { ["id", "device", "content_format", "bytes"] }

    init(_ row: Row) {
        self.init(
            id: row.number(0), device: row.text(1), contentFormat: UInt32(truncatingIfNeeded: row.number(2)),
            bytes: row.bytes(3))
    }

    var values: StatementArguments { [Int64(bitPattern: id), device, contentFormat, Data(bytes)] }
}
#endif

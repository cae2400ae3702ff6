// How rows are read and written.
#if Gateway
internal import Foundation
internal import GRDB
internal import Husk

extension SessionRow: SummedRow {
    static var table: String { "session" }

    init(_ row: Row) {
        self.init(
            identifier: row.bytes("identifier"), kid: row.bytes("kid"), isUsed: row.number("is_used") == 1,
            awaitsFifthMessage: row.number("awaits_fifth_message") == 1, sealed: row.bytes("sealed"),
            progress: SecurityContext.Progress(
                senderLimit: row.number("sender_limit"), windowTop: row.number("window_top"),
                windowBits: UInt32(truncatingIfNeeded: row.number("window_bits")),
                forgedCount: UInt32(truncatingIfNeeded: row.number("forged_count"))),
            requestDigest: row.bytes("request_digest"), response: row.bytes("response"))
    }

    func write(_ db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            Data(identifier), Data(kid), isUsed, awaitsFifthMessage, Data(sealed),
            Int64(bitPattern: progress.senderLimit), Int64(bitPattern: progress.windowTop), progress.windowBits,
            progress.forgedCount, Data(requestDigest), Data(response), Data(sum),
        ])
    }
}

extension ResumptionRow: SummedRow {
    static var table: String { "resumption" }

    init(_ row: Row) {
        self.init(
            kid: row.bytes("kid"), slot: Int(truncatingIfNeeded: row.number("slot")),
            resumptionKid: row.bytes("resumption_kid"), sealed: row.bytes("sealed"))
    }

    func write(_ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO resumption VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [Data(kid), slot, Data(resumptionKid), Data(sealed), Data(sum)])
    }
}

extension KeyUpdateRow: SummedRow {
    static var table: String { "key_update" }

    init(_ row: Row) {
        self.init(sender: row.bytes("sender"), sealed: row.bytes("sealed"))
    }

    func write(_ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO key_update VALUES (?, ?, ?)")
            .execute(arguments: [Data(sender), Data(sealed), Data(sum)])
    }
}

extension LetterRow: SummedRow {
    static var table: String { "mailbox" }

    init(_ row: Row) {
        self.init(
            id: row.number("id"), device: String.fromDatabaseValue(row["device"]) ?? "",
            contentFormat: UInt32(truncatingIfNeeded: row.number("content_format")), bytes: row.bytes("bytes"))
    }

    func write(_ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO mailbox VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [Int64(bitPattern: id), device, contentFormat, Data(bytes), Data(sum)])
    }
}
#endif

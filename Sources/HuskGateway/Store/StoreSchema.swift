// The tables of the store and how they came to be.
#if Gateway
internal import GRDB

enum StoreSchema {
    /// "Husk", so that `file` and SQLite tell what it is.
    static let applicationID = 0x4875_736b

    /// How each version is made from the one before. Steps are added, never changed: stores of every age go on from
    /// where they are. `user_version` counts those that were taken.
    static let steps = [
        """
        PRAGMA application_id = \(applicationID);
        CREATE TABLE seal (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            sealed BLOB NOT NULL
        );
        CREATE TABLE session (
            identifier BLOB PRIMARY KEY,
            kid BLOB NOT NULL,
            is_used INTEGER NOT NULL,
            awaits_fifth_message INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            sender_limit INTEGER NOT NULL,
            window_top INTEGER NOT NULL,
            window_bits INTEGER NOT NULL,
            forged_count INTEGER NOT NULL,
            request_digest BLOB NOT NULL,
            response BLOB NOT NULL,
            sum BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE resumption (
            kid BLOB NOT NULL,
            slot INTEGER NOT NULL,
            resumption_kid BLOB NOT NULL,
            sealed BLOB NOT NULL,
            sum BLOB NOT NULL,
            PRIMARY KEY (kid, slot)
        ) WITHOUT ROWID;
        CREATE TABLE key_update (
            sender BLOB PRIMARY KEY,
            sealed BLOB NOT NULL,
            sum BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device TEXT NOT NULL,
            content_format INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            sum BLOB NOT NULL
        );
        """
    ]

    /// Whether the file is a store that this program can read; true for an empty one.
    static func check(_ db: Database, path: String) throws {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard id == applicationID || (id == 0 && version == 0 && objects == 0) else {
            throw StoreError.corrupt(path: path, detail: "a database of another program")
        }
        guard version <= steps.count else { throw StoreError.newer(path: path) }
    }

    /// Takes the steps that are missing, in one transaction.
    static func migrate(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version < steps.count else { return }
        for step in steps[max(0, version)...] {
            try db.execute(sql: step)
        }
        try db.execute(sql: "PRAGMA user_version = \(steps.count)")
    }
}
#endif

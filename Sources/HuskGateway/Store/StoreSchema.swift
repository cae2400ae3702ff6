// The tables of the store and how they came to be.
#if Gateway
internal import GRDB

enum StoreSchema {
    /// "Husk", so that `file` and SQLite tell what it is.
    static let applicationID = 0x4875_736b

    /// Steps are added, never changed: stores of every age go on from where they are.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: sessions, resumption keys, key updates, mailboxes") { db in
            try db.execute(
                sql: """
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
                    """)
        }
        return migrator
    }
}
#endif

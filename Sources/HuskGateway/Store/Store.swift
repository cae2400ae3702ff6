// The store of a gateway: one SQLite file that outlives its process, its machine's power and its keys' rotation.
#if Gateway
internal import Foundation
internal import GRDB
internal import Husk

/// What a gateway must not forget: sessions with their replay windows and reserved sequence numbers, resumption keys,
/// KUDOS records, and envelopes that wait in mailboxes.
///
/// One process has the file for itself. A commit is durable when it returns (write-ahead log, `synchronous = FULL`).
/// Keys are sealed (``StoreKeys``); deleted rows are overwritten.
public final class Store: Sendable {
    /// The file.
    public let path: String
    let keys: StoreKeys
    let queue: DatabaseQueue

    /// Opens a store, or makes one with mode 0600, and brings its tables up to date.
    public init(path: String, keys: StoreKeys) throws(StoreError) {
        self.path = path
        self.keys = keys
        try createPrivateFile(path)
        do {
            queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            try queue.read { db in
                guard try quickCheck(db) == "ok" else {
                    throw StoreError.corrupt(path: path, detail: try quickCheck(db))
                }
                try StoreSchema.check(db, path: path)
            }
            try queue.write { db in
                try StoreSchema.migrate(db)
                try checkSeal(db)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// The version of the key under which secrets are sealed now.
    public var keyVersion: UInt32 { keys.newest }

    /// Gives the file free. Nothing can be read or written then.
    public func close() {
        try? queue.close()
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "husk.store"
        configuration.prepareDatabase { db in
            // Before the log is touched, so that it needs no shared memory and the file stays locked until it is
            // closed.
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// A known text under the newest key, so that a wrong key is found out before anything is read.
    private func checkSeal(_ db: Database) throws {
        let label = Array("husk store seal".utf8)
        guard let row = try Row.fetchOne(db, sql: "SELECT sealed FROM seal") else {
            return try writeSeal(db)
        }
        let bytes = row.bytes(0)
        do throws(HuskError) {
            _ = try keys.open(bytes, label: label)
        } catch {
            throw StoreError.wrongKey(path: path, version: StoreKeys.version(of: bytes) ?? 0)
        }
    }

    func writeSeal(_ db: Database) throws {
        let label = Array("husk store seal".utf8)
        let text = PinnedBytes(count: 16)
        let sealed = try text.withBytes { (text) throws(HuskError) in try keys.seal(text, label: label) }
        try db.execute(sql: "INSERT OR REPLACE INTO seal (id, sealed) VALUES (1, ?)", arguments: [Data(sealed)])
    }

    /// A sealed key of a table.
    func open(_ sealed: [UInt8], label: [UInt8], table: String) throws(StoreError) -> PinnedBytes {
        do throws(HuskError) {
            return try keys.open(sealed, label: label)
        } catch {
            guard error != .credential else {
                throw .wrongKey(path: path, version: StoreKeys.version(of: sealed) ?? 0)
            }
            throw .corrupt(path: path, detail: "a sealed key in \(table) does not open")
        }
    }

    // MARK: Commits

    /// Returns when all of it is durable, or throws and nothing of it is there.
    func commit(_ changes: StoreChanges) throws(StoreError) {
        do {
            try queue.write { db in try Self.apply(changes, db) }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// The same, apart from the caller's thread; one after the other. `completion` comes on a thread of the store.
    func commit(_ changes: StoreChanges, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
        queue.asyncWrite({ db in try Self.apply(changes, db) }) { [path] _, result in
            completion(result.mapError { StoreError($0, path: path) })
        }
    }

    private static func apply(_ changes: StoreChanges, _ db: Database) throws {
        for identifier in changes.removedSessions {
            try db.cachedStatement(sql: "DELETE FROM session WHERE identifier = ?")
                .execute(arguments: [Data(identifier)])
        }
        for row in changes.sessions {
            try row.write(db)
        }
        for device in changes.resumptions {
            try db.cachedStatement(sql: "DELETE FROM resumption WHERE kid = ?").execute(arguments: [Data(device.kid)])
            for row in device.rows {
                try row.write(db)
            }
        }
        for row in changes.keyUpdates {
            try row.write(db)
        }
        for row in changes.letters {
            try row.write(db)
        }
        for id in changes.removedLetters {
            try db.cachedStatement(sql: "DELETE FROM mailbox WHERE id = ?")
                .execute(arguments: [Int64(bitPattern: id)])
        }
    }

    // MARK: Reading

    /// All that was committed. Throws ``StoreError/corrupt(path:detail:)`` for a row that is not as it was written.
    func load() throws(StoreError) -> StoredState {
        do {
            return try queue.read { db in try Self.load(db, path: path) }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    static func load(_ db: Database, path: String) throws -> StoredState {
        var state = StoredState()
        let sessions = try Row.fetchCursor(db, sql: "\(SessionRow.select)")
        while let row = try sessions.next() {
            state.sessions.append(try SessionRow(row).verified(row, path))
        }
        let resumptions = try Row.fetchCursor(db, sql: "\(ResumptionRow.select) ORDER BY kid, slot")
        while let row = try resumptions.next() {
            state.resumptions.append(try ResumptionRow(row).verified(row, path))
        }
        let keyUpdates = try Row.fetchCursor(db, sql: "\(KeyUpdateRow.select)")
        while let row = try keyUpdates.next() {
            state.keyUpdates.append(try KeyUpdateRow(row).verified(row, path))
        }
        let letters = try Row.fetchCursor(db, sql: "\(LetterRow.select) ORDER BY id")
        while let row = try letters.next() {
            state.letters.append(try LetterRow(row).verified(row, path))
        }
        let last = try Row.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'mailbox'")
        state.nextLetter = last.map { $0.number(0) &+ 1 }
        return state
    }
}

func quickCheck(_ db: Database) throws -> String {
    verdict(try String.fetchOne(db, sql: "PRAGMA quick_check(1)"))
}

/// `ok`, or what SQLite found wrong, without the line that says in which database.
func verdict(_ text: String?) -> String {
    text?.split(separator: "\n").last.map(String.init) ?? "nothing to check"
}

/// A row that knows its sum.
protocol SummedRow {
    static var table: String { get }
    /// In the order of the table; the sum, which is the last one, left out.
    static var columns: [String] { get }
    var sum: [UInt8] { get }
    init(_ row: Row)
    var values: StatementArguments { get }
}

extension SummedRow {
    /// By name, so that a table that is not what it was is an error.
    static var select: String { "SELECT \((columns + ["sum"]).joined(separator: ", ")) FROM \(table)" }

    private static var insert: String {
        let names = (columns + ["sum"]).joined(separator: ", ")
        let places = (columns + ["sum"]).map { _ in "?" }.joined(separator: ", ")
        return "INSERT OR REPLACE INTO \(table) (\(names)) VALUES (\(places))"
    }

    func write(_ db: Database) throws {
        try db.cachedStatement(sql: Self.insert).execute(arguments: values + [Data(sum)])
    }

    func verified(_ row: Row, _ path: String) throws -> Self {
        guard row.bytes(row.count - 1) == sum else {
            throw StoreError.corrupt(path: path, detail: "a row of \(Self.table) is not as it was written")
        }
        return self
    }
}

extension Row {
    /// A blob; empty for anything else, which no sum fits.
    func bytes(_ column: Int) -> [UInt8] {
        let value: DatabaseValue = self[column]
        guard case .blob(let data) = value.storage else { return [] }
        return Array(data)
    }

    /// An integer; 0 for anything else.
    func number(_ column: Int) -> UInt64 {
        let value: DatabaseValue = self[column]
        guard case .int64(let number) = value.storage else { return 0 }
        return UInt64(bitPattern: number)
    }

    /// A text; empty for anything else.
    func text(_ column: Int) -> String {
        let value: DatabaseValue = self[column]
        guard case .string(let text) = value.storage else { return "" }
        return text
    }
}
#endif

// Why the store refuses, one case each, with what to do about it.
#if Gateway
internal import GRDB

/// What can be wrong with a store.
public enum StoreError: Error, Sendable, Equatable {
    /// Another process, or another part of this one, has it open.
    case inUse(path: String)
    /// The file cannot be written.
    case readOnly(path: String)
    /// The disk is full.
    case full(path: String)
    /// What was read is not what was written, and where.
    case corrupt(path: String, detail: String)
    /// A file that others than its owner may read.
    case permissions(path: String, mode: UInt32)
    /// The file cannot be opened.
    case cannotOpen(path: String, reason: String)
    /// Made by a newer version of this program.
    case newer(path: String)
    /// The key-encryption keys given are not those it was sealed under.
    case wrongKey(path: String, version: UInt32)
    /// The file or variable with key-encryption keys says something wrong.
    case keys(source: String, reason: String)
    /// An export that cannot be taken in, and in which line.
    case importRefused(file: String, line: Int, reason: String)
    /// Anything else that SQLite reports.
    case system(path: String, code: Int32, reason: String)

    init(_ error: any Error, path: String) {
        if let known = error as? StoreError {
            self = known
            return
        }
        guard let error = error as? DatabaseError else {
            self = .system(path: path, code: 0, reason: "\(error)")
            return
        }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path: path)
        case .SQLITE_READONLY: self = .readOnly(path: path)
        case .SQLITE_FULL: self = .full(path: path)
        // SQLITE_ERROR: a table or column that is not there.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR: self = .corrupt(path: path, detail: reason)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self = .cannotOpen(path: path, reason: reason)
        default: self = .system(path: path, code: error.extendedResultCode.rawValue, reason: reason)
        }
    }
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inUse(let path):
            "the store \(path) is in use: one gateway has it for itself; stop that one, or name another file"
        case .readOnly(let path):
            "the store \(path) cannot be written: the file, its directory or the file system is read-only"
        case .full(let path):
            "no room left for the store \(path): free some on its file system"
        case .corrupt(let path, let detail):
            "the store \(path) is damaged (\(detail)): put it aside, and restore what 'husk store export' kept"
        case .permissions(let path, let mode):
            "\(path) has mode 0\(String(mode, radix: 8)): others may read it; run 'chmod 600 \(path)'"
        case .cannotOpen(let path, let reason):
            "cannot open \(path): \(reason)"
        case .newer(let path):
            "the store \(path) was made by a newer version of this program: use that one"
        case .wrongKey(let path, let version):
            "the store \(path) does not open with the key of version \(version) that was given: name the right key file"
        case .keys(let source, let reason):
            "\(source): \(reason)"
        case .importRefused(let file, let line, let reason):
            "\(file), line \(line): \(reason)"
        case .system(let path, let code, let reason):
            "the store \(path) failed: \(reason) (SQLite error \(code))"
        }
    }
}
#endif

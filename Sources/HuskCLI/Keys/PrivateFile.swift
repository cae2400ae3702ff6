// Files that hold keys: readable and writable by their owner only, and never seen half written.
#if Gateway
import Glibc

enum PrivateFile {
    /// Room for a hundred thousand devices.
    static let maximumBytes = 64 << 20

    /// The content of a file; nil if there is none of that name.
    static func read(_ path: String) throws(Failure) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw failure("read", path) }
            return nil
        }
        defer { close(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw failure("read", path) }
            guard count > 0 else { return content }
            content += chunk.prefix(count)
            guard content.count <= maximumBytes else {
                throw Failure(.badData, "\(path) is longer than \(maximumBytes >> 20) MB: is it the right file?")
            }
        }
    }

    /// Makes a file that must not exist yet, with mode 0600.
    static func create(_ path: String, _ content: [UInt8]) throws(Failure) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            if errno == EEXIST {
                throw Failure(.cannotOpen, "\(path) exists already: remove it, or name another file with --output")
            }
            throw failure("create", path)
        }
        let isWritten = write(content, to: file)
        let reason = errno
        close(file)
        guard isWritten else {
            unsafe unlink(path)
            errno = reason
            throw failure("write", path)
        }
    }

    /// Replaces a file, or makes it, in one step: whoever opens it sees the old content or the new. Mode 0600.
    static func replace(_ path: String, _ content: [UInt8]) throws(Failure) {
        let target = resolved(path)
        let temporary = "\(target).\(getpid()).new"
        unsafe unlink(temporary)
        try create(temporary, content)
        guard unsafe rename(temporary, target) == 0 else {
            let reason = errno
            unsafe unlink(temporary)
            errno = reason
            throw failure("replace", path)
        }
        let directory = unsafe open(directory(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// Makes a file of its own for this content, in the place for such files, and returns its path.
    static func temporary(_ content: [UInt8]) throws(Failure) -> String {
        let folder = environment("TMPDIR") ?? "/tmp"
        var generator = SystemRandomNumberGenerator()
        let path = "\(folder)/husk-\(hex((0..<8).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))"
        try create(path, content)
        return path
    }

    /// Makes a directory of its own, mode 0700, in the same place, and returns its path.
    static func temporaryFolder() throws(Failure) -> String {
        let folder = environment("TMPDIR") ?? "/tmp"
        var path = Array("\(folder)/husk-XXXXXX".utf8CString)
        guard unsafe path.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw failure("make a directory in", folder)
        }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Runs `body` while no other process runs one for a file in the same directory.
    static func locked<Result>(
        _ path: String, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let folder = directory(of: resolved(path))
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("open", folder) }
        defer { close(directory) }
        guard flock(directory, LOCK_EX) == 0 else { throw failure("lock", folder) }
        return try body()
    }

    static func remove(_ path: String) {
        unsafe unlink(path)
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    static func isReadable(_ path: String) -> Bool {
        unsafe access(path, R_OK) == 0
    }

    /// Whether two paths name the same file, be it there yet or not.
    static func isSame(_ a: String, _ b: String) -> Bool {
        func place(_ path: String) -> String {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            return resolved(directory(of: path)) + "/" + name
        }
        return resolved(a) == resolved(b) || place(a) == place(b)
    }

    static func isExecutable(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0
    }

    /// The file behind a symbolic link; the path itself if there is no such file.
    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func write(_ content: [UInt8], to file: Int32) -> Bool {
        var written = 0
        while written < content.count {
            let count = unsafe content.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress! + written, $0.count - written)
            }
            guard count > 0 else { return false }
            written += count
        }
        return fsync(file) == 0
    }

    private static func failure(_ verb: String, _ path: String) -> Failure {
        let reason = unsafe String(cString: strerror(errno))
        return Failure(.cannotOpen, "cannot \(verb) \(path): \(reason)")
    }
}
#endif

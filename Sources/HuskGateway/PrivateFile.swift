// Reads a file that nobody but its owner may read, straight into storage that is wiped.
#if Gateway
internal import Husk

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

enum FileFailure: Error {
    case system(errno: Int32)
    case notAFile
    case permissions(mode: UInt32)
    case tooLong
}

/// The content of a regular file whose mode is 0600 or stricter. The mode is that of the file that was opened, so
/// nobody can exchange it between the check and the reading.
func readPrivateFile(_ path: String, maximumBytes: Int) throws(FileFailure) -> PinnedBytes {
    // Not blocking, or a named pipe would hang here.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(errno: errno) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    let mode = UInt32(status.st_mode & 0o7777)
    guard mode & ~0o600 == 0 else { throw .permissions(mode: mode) }
    guard status.st_size <= maximumBytes else { throw .tooLong }
    let content = PinnedBytes(count: Int(status.st_size))
    var at = 0
    while at < content.count {
        let count = unsafe read(descriptor, content.pointer + at, content.count - at)
        if count < 0 && errno == EINTR {
            continue
        }
        guard count >= 0 else { throw .system(errno: errno) }
        // Shorter than it was: the rest is zeros, which is no JSON.
        guard count > 0 else { break }
        at += count
    }
    return content
}

/// Makes an empty file with mode 0600 if there is none; one that is there must not be for others to read.
func createPrivateFile(_ path: String) throws(StoreError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor < 0 else {
        _ = close(descriptor)
        return
    }
    guard errno == EEXIST else { throw .cannotOpen(path: path, reason: systemMessage(errno)) }
    var status = stat()
    // Not opened: closing it again would give up the locks that this process may have on it.
    guard unsafe stat(path, &status) == 0 else { throw .cannotOpen(path: path, reason: systemMessage(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotOpen(path: path, reason: "is not a file") }
    let mode = UInt32(status.st_mode & 0o7777)
    guard mode & ~0o600 == 0 else { throw .permissions(path: path, mode: mode) }
    // SQLite would go on without writing, and stumble later over a lock that it cannot have.
    guard unsafe access(path, R_OK | W_OK) == 0 else { throw .readOnly(path: path) }
}

/// What the system calls an error.
func systemMessage(_ errno: Int32) -> String {
    unsafe String(cString: strerror(errno))
}

extension GatewayError {
    /// What an error number of bind means.
    init(errno: Int32, host: String, port: Int) {
        switch errno {
        case EADDRINUSE: self = .portInUse(host: host, port: port)
        case EACCES, EPERM: self = .permissionDenied(host: host, port: port)
        case EADDRNOTAVAIL: self = .addressUnavailable(host: host, port: port)
        default: self = .system(host: host, port: port, errno: errno)
        }
    }
}
#endif

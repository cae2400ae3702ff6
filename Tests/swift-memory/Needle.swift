// Looks for a secret in every writable page of this process.
#if os(Linux)
import Glibc

/// A secret to look for, kept so that looking does not find the copy we look with.
struct Needle {
    private let masked: [UInt8]

    init(_ count: Int, _ byte: (Int) -> UInt8) {
        masked = (0..<count).map { byte($0) ^ 0xa5 }
    }

    /// How often it stands in writable memory.
    func occurrences() -> Int {
        let maps = Self.readAll("/proc/self/maps")
        let memory = unsafe open("/proc/self/mem", O_RDONLY)
        precondition(memory >= 0)
        defer { close(memory) }
        let chunk = 1 << 16
        // Not on the heap, and left out of the scan.
        let window = unsafe mmap(nil, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { unsafe munmap(window, chunk) }
        let own = UInt(bitPattern: window)
        var found = 0
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 1, fields[1].hasPrefix("rw") else { continue }
            let bounds = fields[0].split(separator: "-").map { UInt($0, radix: 16)! }
            var at = bounds[0]
            while at < bounds[1] {
                defer { at += UInt(chunk - masked.count) }
                guard at + UInt(chunk) <= own || at >= own + UInt(chunk) else { continue }
                let count = unsafe pread(memory, window, min(chunk, Int(bounds[1] - at)), off_t(at))
                guard count > 0 else { continue }
                found += unsafe matches(in: UnsafeRawBufferPointer(start: window, count: count))
            }
        }
        return found
    }

    private func matches(in bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= masked.count else { return 0 }
        var found = 0
        let first = masked[0] ^ 0xa5
        for start in 0...(bytes.count - masked.count) where unsafe bytes[start] == first {
            var index = 1
            while unsafe index < masked.count && bytes[start + index] == masked[index] ^ 0xa5 {
                index += 1
            }
            found += index == masked.count ? 1 : 0
        }
        return found
    }

    private static func readAll(_ path: String) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(file, &buffer, buffer.count)
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }
}
#endif

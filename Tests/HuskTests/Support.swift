// What the tests of Husk share.
import Testing

@testable import Husk

/// Bytes of hexadecimal digits.
func unhex(_ text: String) -> [UInt8] {
    let digits = Array(text)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16)! }
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The error that `body` throws, or nil.
func failure(_ body: () throws(HuskError) -> Void) -> HuskError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

let testKey = unhex("000102030405060708090a0b0c0d0e0f")

func makeKey(
    _ key: [UInt8] = testKey, kid: [UInt8] = [0x0a], initiator: String = "sensor-1",
    responder: String = "gateway.example"
) throws(HuskError) -> PreSharedKey {
    try PreSharedKey(key: key, kid: kid, initiator: Identity(initiator), responder: Identity(responder))
}

/// Lends the bytes to write to, and gives those that were written.
func written(
    _ capacity: Int, _ body: (inout MutableRawSpan) throws(HuskError) -> Int
) throws(HuskError) -> [UInt8] {
    var out = [UInt8](repeating: 0xee, count: capacity)
    let count = try unsafe out.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        var span = unsafe UnsafeMutableRawBufferPointer(buffer).mutableBytes
        return try body(&span)
    }
    #expect(out[count...].allSatisfy { $0 == 0xee })
    return Array(out[..<count])
}

/// The same for bytes that are appended, behind one that was there.
func appended(
    _ capacity: Int, _ body: (inout OutputRawSpan) throws(HuskError) -> Void
) throws(HuskError) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: capacity + 1)
    let count = try unsafe out.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        var span = unsafe OutputRawSpan(
                buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
        span.append(0xaa)
        let result = Result { () throws(HuskError) in try body(&span) }
        let count = unsafe span.finalize(for: UnsafeMutableRawBufferPointer(buffer))
        switch result {
        case .success: return count
        case .failure(let error):
            // An error appends nothing.
            #expect(count == 1)
            throw error
        }
    }
    #expect(out[0] == 0xaa)
    return Array(out[1..<count])
}

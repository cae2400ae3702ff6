// What the tests of Husk share.
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

// The example of the article Provisioning keys.
import Husk

/// A new key of 16 random bytes for one device; `store` puts it where the factory's line takes it from.
func provision(
    _ device: String, kid: [UInt8], store: (RawSpan) throws -> Void
) throws -> PreSharedKey {
    var random = SystemRandomNumberGenerator()
    var key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    defer { key.withUnsafeMutableBytes { unsafe $0.initializeMemory(as: UInt8.self, repeating: 0) } }
    try store(key.span.bytes)
    return try PreSharedKey(
        key: key.span.bytes, kid: kid.span.bytes, initiator: Identity(device), responder: Identity("home"))
}

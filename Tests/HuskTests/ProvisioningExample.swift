// The example of the article Provisioning keys.
import Husk

/// A new key of 16 random bytes for one device; `store` puts it where the factory's line takes it from.
func provision(_ device: String, kid: [UInt8], store: ([UInt8]) throws -> Void) throws -> PreSharedKey {
    var random = SystemRandomNumberGenerator()
    let key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    try store(key)
    return try PreSharedKey(key: key, kid: kid, initiator: Identity(device), responder: Identity("home"))
}

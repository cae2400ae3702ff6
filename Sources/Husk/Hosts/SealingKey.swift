// Secrets at rest: sealed under a key that is kept elsewhere (ChaCha20/Poly1305, RFC 8439).
#if !hasFeature(Embedded)
internal import CHusk

/// Seals secrets for storage. The key is in storage that never moves and is wiped in the end.
///
/// Each sealed secret has a nonce of 96 random bits: among 2^32 secrets, two share one with a chance of less than
/// 2^-32. What changes with every message is not to be sealed with it.
package struct SealingKey: ~Copyable, Sendable {
    package static let byteCount = 32
    /// Nonce and tag.
    package static let overhead = 12 + 16

    private let key: PinnedBytes

    /// Throws ``HuskError/argument`` unless the key has 32 bytes.
    package init(_ key: RawSpan) throws(HuskError) {
        guard key.byteCount == Self.byteCount else { throw .argument }
        self.key = PinnedBytes(count: key.byteCount)
        self.key.write(key, at: 0)
    }

    /// The secret as it may be stored: nonce, ciphertext, tag. `label` says what it is and whose: it is authenticated,
    /// so that what is stored cannot be moved elsewhere.
    package func seal(_ secret: RawSpan, label: [UInt8]) throws(HuskError) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: secret.byteCount + Self.overhead)
        // Encrypted in storage that is wiped, so that an array never holds the plaintext.
        let text = PinnedBytes(count: secret.byteCount + 16)
        text.write(secret, at: 0)
        let nonce = PinnedBytes(count: 12)
        try unsafe check(systemRandom().fill(nil, nonce.pointer, nonce.count))
        try unsafe label.span.bytes.withSlice { (label) throws(HuskError) in
            var aad = unsafe label
            try unsafe withUnsafePointer(to: husk_aead_chacha20_poly1305) { (aead) throws(HuskError) in
                try unsafe check(
                    aead.pointee.seal(aead, key.pointer, nonce.pointer, &aad, 1, text.pointer, secret.byteCount))
            }
        }
        for index in 0..<12 {
            sealed[index] = nonce[index]
        }
        for index in 0..<text.count {
            sealed[12 + index] = text[index]
        }
        return sealed
    }

    /// What was sealed under the same key and label. Throws ``HuskError/authentication``. Of one type and not generic:
    /// other modules would run it unspecialised, which took most of a gateway's start.
    package func open(_ sealed: ArraySlice<UInt8>, label: [UInt8]) throws(HuskError) -> PinnedBytes {
        guard sealed.count >= Self.overhead else { throw .authentication }
        let count = sealed.count - Self.overhead
        let nonce = PinnedBytes(count: 12)
        let text = PinnedBytes(count: count + 16)
        for (index, byte) in sealed.enumerated() {
            if index < 12 {
                nonce[index] = byte
            } else {
                text[index - 12] = byte
            }
        }
        try unsafe label.span.bytes.withSlice { (label) throws(HuskError) in
            var aad = unsafe label
            try unsafe withUnsafePointer(to: husk_aead_chacha20_poly1305) { (aead) throws(HuskError) in
                try unsafe check(aead.pointee.open(aead, key.pointer, nonce.pointer, &aad, 1, text.pointer, count))
            }
        }
        let secret = PinnedBytes(count: count)
        text.withBytes { secret.write($0.extracting(first: count), at: 0) }
        return secret
    }
}

package func digest(_ bytes: [UInt8]) -> [UInt8] {
    unsafe digest(bytes.span.bytes)
}

/// SHA-256.
package func digest(_ bytes: RawSpan) -> [UInt8] {
    var sha = husk_sha256()
    unsafe husk_sha256_init(&sha)
    unsafe bytes.withUnsafeBytes { bytes in
        unsafe husk_sha256_update(&sha, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
    var digest = [UInt8](repeating: 0, count: Int(HUSK_SHA256_DIGEST_BYTES))
    unsafe digest.withUnsafeMutableBufferPointer { unsafe husk_sha256_final(&sha, $0.baseAddress!) }
    return digest
}
#endif

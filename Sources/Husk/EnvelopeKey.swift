// Keys of envelopes: for one direction between two ends that share a root key.
internal import CHusk

/// What encrypts the content of an envelope.
public enum EnvelopeAlgorithm: Sendable, Hashable, CaseIterable {
    /// AES-CCM-16-64-128: 8-byte tag, the smallest on the wire.
    case aesCCM8
    /// AES-CCM-16-128-128: 16-byte tag.
    case aesCCM16
    /// ChaCha20/Poly1305: 16-byte tag.
    case chaCha20Poly1305

    /// The COSE algorithm identifier (RFC 9053): 10, 30 or 24.
    public var identifier: Int32 {
        switch self {
        case .aesCCM8: 10
        case .aesCCM16: 30
        case .chaCha20Poly1305: 24
        }
    }

    /// The core's table.
    fileprivate var table: UnsafePointer<husk_aead> {
        switch self {
        case .aesCCM8: unsafe husk_aead_aes_ccm_16_64_128_table()
        case .aesCCM16: unsafe husk_aead_aes_ccm_16_128_128_table()
        case .chaCha20Poly1305: unsafe husk_aead_chacha20_poly1305_table()
        }
    }
}

/// A key for one direction: from `sender` to `recipient`. Derived from a root key that the two ends share, and nobody
/// between them. It lives in storage that never moves and is wiped in the end; nothing prints it.
@safe public struct EnvelopeKey: ~Copyable, Sendable {
    let storage: Pinned<husk_envelope_key>

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    /// Derives the key (HKDF with the COSE_KDF_Context of RFC 9053 section 5.2).
    ///
    /// - Parameters:
    ///   - root: at least 16 bytes of full entropy; the caller's copy is the caller's to wipe
    ///   - sender: who seals with this key; another name than the recipient's, 1 to 255 bytes of UTF-8
    ///   - recipient: who opens with it
    ///   - identifier: at most 16 bytes, sent with each envelope for the recipient to find the key; empty: not sent
    ///   - algorithm: the AEAD of the envelopes
    ///   - wraps: whether it is for envelopes to several recipients
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` for a length out of range or equal names, ``HuskError/buffer`` if `memory` has
    ///   no room.
    public init(
        root: RawSpan, sender: RawSpan, recipient: RawSpan, identifier: RawSpan,
        algorithm: EnvelopeAlgorithm = .aesCCM8, wraps: Bool = false, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let storage = try unsafe Pinned(zeroed: husk_envelope_key.self, in: &memory)
        let target = unsafe storage.pointer
        try unsafe check(
            root.withSlice { root in
                unsafe sender.withSlice { sender in
                    unsafe recipient.withSlice { recipient in
                        unsafe identifier.withSlice { kid in
                            var parameters = unsafe husk_envelope_parameters(
                                aead: algorithm.table, hash: husk_hash_sha256_table(), root_key: root,
                                sender: sender, recipient: recipient, kid: kid, wraps: wraps)
                            return unsafe husk_envelope_key_derive(target, &parameters)
                        }
                    }
                }
            })
        unsafe self.storage = unsafe storage
    }
}

// Random bytes for the core. Hosts draw them from the system's generator.
#if !hasFeature(Embedded)
internal import CHusk

/// The hook the core draws from: the operating system's cryptographically secure generator.
func systemRandom() -> husk_random {
    unsafe husk_random(
        fill: { _, out, len in
            var generator = SystemRandomNumberGenerator()
            guard let out = unsafe out else { return len == 0 ? HUSK_OK : HUSK_ERR_ARGUMENT }
            var at = 0
            while at < len {
                var word = generator.next()
                let count = min(8, len - at)
                unsafe withUnsafeBytes(of: &word) { bytes in
                    unsafe UnsafeMutableRawPointer(out + at).copyMemory(from: bytes.baseAddress!, byteCount: count)
                }
                // The word is part of a private key: leave none of it on the stack.
                unsafe husk_wipe(&word, 8)
                at += count
            }
            return HUSK_OK
        },
        context: nil)
}

extension HandshakeConfiguration {
    /// With random bytes from the operating system. Throws ``HuskError/argument`` unless there are 1 to 8 different
    /// suites.
    public convenience init(suites: [CipherSuite] = CipherSuite.all) throws(HuskError) {
        try unsafe self.init(suites: suites, random: systemRandom())
    }
}

extension Device {
    /// With random bytes from the operating system. Throws ``HuskError/argument`` or ``HuskError/credential`` for a
    /// configuration that cannot work.
    public init(
        key: borrowing PreSharedKey, suites: [CipherSuite] = CipherSuite.all, combinesFirstRequest: Bool = true,
        memory: DeviceMemory? = nil, bodyCapacity: Int = 0
    ) throws(HuskError) {
        try self.init(
            key: key, configuration: HandshakeConfiguration(suites: suites), combinesFirstRequest: combinesFirstRequest,
            memory: memory, bodyCapacity: bodyCapacity)
    }
}

extension KeyUpdate {
    /// With random bytes from the operating system. `secret` has 16 to 32 bytes, which the peer has too; it is copied,
    /// and the caller's copy is the caller's to wipe.
    ///
    /// - Throws: ``HuskError/argument`` for a length out of range or equal identifiers.
    public init(secret: RawSpan, configuration: Configuration) throws(HuskError) {
        try unsafe self.init(secret: secret, configuration: configuration, random: systemRandom())
    }
}

extension Link {
    /// The end that starts, by EDHOC-PSK, with random bytes from the operating system; frames to it carry `identifier`.
    ///
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for what cannot work.
    public init(
        initiator key: borrowing PreSharedKey, identifier: ConnectionIdentifier,
        suites: [CipherSuite] = CipherSuite.all, framing: Framing
    ) throws(HuskError) {
        try self.init(
            initiator: key, identifier: identifier, configuration: HandshakeConfiguration(suites: suites),
            framing: framing)
    }

    /// The end that waits, by EDHOC-PSK, with random bytes from the operating system; frames to it carry `identifier`.
    ///
    /// - Throws: ``HuskError/argument`` or ``HuskError/credential`` for what cannot work.
    public init(
        responder keys: PreSharedKeys, identifier: ConnectionIdentifier, suites: [CipherSuite] = CipherSuite.all,
        framing: Framing
    ) throws(HuskError) {
        try self.init(
            responder: keys, identifier: identifier, configuration: HandshakeConfiguration(suites: suites),
            framing: framing)
    }

    /// An end that gets keys by KUDOS, with random bytes from the operating system: either may start, and both at once.
    /// `secret` has 16 to 32 bytes, which the peer has too; it is copied, and the caller's copy is the caller's to
    /// wipe. Every mode but `noForwardSecrecy` needs `memory`.
    ///
    /// - Throws: ``HuskError/argument`` for what cannot work: a length out of range, equal identifiers, memory that is
    ///   missing, frames that are too short for KUDOS messages (20 bytes do on a point-to-point link, with tags of 8).
    public init(
        keyUpdate secret: RawSpan, configuration: KeyUpdate.Configuration, memory: LinkMemory? = nil,
        framing: Framing
    ) throws(HuskError) {
        try unsafe self.init(
            secret: secret, configuration: configuration, memory: memory, framing: framing, random: systemRandom())
    }
}

extension EnvelopeSealer {
    /// For several recipients, with content keys from the operating system's generator.
    ///
    /// - Parameters:
    ///   - recipients: keys of all who may open; they move in
    ///   - record: what was stored last; empty for the first time ever.
    /// - Throws: ``HuskError/argument`` without recipients, or if their keys differ in algorithm or do not wrap;
    ///   ``HuskError/storage`` if the record is none.
    public init(recipients: consuming EnvelopeRecipients, record: RawSpan) throws(HuskError) {
        try unsafe self.init(recipients: recipients, record: record, random: systemRandom())
    }
}
#endif

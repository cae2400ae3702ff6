// Keys of other libraries, in and out: whatever lends its bytes, such as the SymmetricKey of swift-crypto.
public import FoundationEssentials
public import Husk

extension ContiguousBytes {
    /// Lends the bytes as a span, which throws what Husk throws.
    fileprivate func withSpan<Result: ~Copyable>(
        _ body: (RawSpan) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        var result: Swift.Result<Result, HuskError>?
        unsafe withUnsafeBytes { bytes in
            result = Swift.Result { () throws(HuskError) in try unsafe body(bytes.bytes) }
        }
        // Called once, or it is no ContiguousBytes.
        return try result!.get()
    }
}

extension PreSharedKey {
    /// A key that another library holds, such as a `SymmetricKey`. Copied; that one is its library's to wipe.
    ///
    /// - Throws: as ``init(key:kid:initiator:responder:)``.
    public init(
        key: some ContiguousBytes, kid: [UInt8], initiator: Identity, responder: Identity
    ) throws(HuskError) {
        self = try key.withSpan { (key) throws(HuskError) in
            try unsafe PreSharedKey(key: key, kid: kid.span.bytes, initiator: initiator, responder: responder)
        }
    }

    /// Lends the key to another library, to make its own of it: `key.withKeyBytes { SymmetricKey(data: $0) }`. What it
    /// copies is its own to wipe.
    @unsafe public borrowing func withKeyBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withKey { (key) throws(Failure) in
            try unsafe key.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in try unsafe body(bytes) }
        }
    }
}

extension SecurityContext {
    /// As ``init(masterSecret:masterSalt:senderID:recipientID:idContext:suite:)``, from secrets that another library
    /// holds.
    public init(
        masterSecret: some ContiguousBytes, masterSalt: [UInt8] = [], senderID: ConnectionIdentifier,
        recipientID: ConnectionIdentifier, idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws(HuskError) {
        self = try masterSecret.withSpan { (secret) throws(HuskError) in
            try unsafe SecurityContext(
                masterSecret: secret, masterSalt: masterSalt.span.bytes, senderID: senderID, recipientID: recipientID,
                idContext: idContext, suite: suite)
        }
    }
}

extension FrameContext {
    /// As ``init(masterSecret:masterSalt:senderID:recipientID:idContext:suite:)``, from secrets that another library
    /// holds.
    public init(
        masterSecret: some ContiguousBytes, masterSalt: [UInt8] = [], senderID: ConnectionIdentifier,
        recipientID: ConnectionIdentifier, idContext: [UInt8]? = nil, suite: CipherSuite = .suite0
    ) throws(HuskError) {
        self = try masterSecret.withSpan { (secret) throws(HuskError) in
            try unsafe FrameContext(
                masterSecret: secret, masterSalt: masterSalt.span.bytes, senderID: senderID, recipientID: recipientID,
                idContext: idContext, suite: suite)
        }
    }
}

extension KeyUpdate {
    /// As ``init(secret:configuration:)``, from a secret that another library holds.
    public init(secret: some ContiguousBytes, configuration: Configuration) throws(HuskError) {
        self = try secret.withSpan { (secret) throws(HuskError) in
            try KeyUpdate(secret: secret, configuration: configuration)
        }
    }
}

extension EnvelopeKey {
    /// As ``init(root:sender:recipient:identifier:algorithm:wraps:)``, from a root key that another library holds.
    public init(
        root: some ContiguousBytes, sender: Identity, recipient: Identity, identifier: [UInt8] = [],
        algorithm: EnvelopeAlgorithm = .aesCCM8, wraps: Bool = false
    ) throws(HuskError) {
        self = try root.withSpan { (root) throws(HuskError) in
            try EnvelopeKey(
                root: root, sender: sender, recipient: recipient, identifier: identifier, algorithm: algorithm,
                wraps: wraps)
        }
    }
}

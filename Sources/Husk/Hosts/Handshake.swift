// What both roles of EDHOC share: the session between two steps, and what it leaves behind.
#if !hasFeature(Embedded)
internal import CHusk

/// The EDHOC handshake with a pre-shared key (RFC 9528, draft-ietf-lake-edhoc-psk-08).
///
/// Each phase is a type of its own that cannot be copied, and the step that ends it consumes it: steps in the wrong
/// order do not compile, and a step that fails ends the handshake and wipes it. RFC 9528 section 6 then wants
/// ``HandshakeConfiguration/errorMessage(for:)`` sent, except in reply to an error message (``HuskError/peer``).
///
///     let responder = Handshake.Responder.WaitingForMessage1(configuration)
///     let ready = try responder.process(message1)
///     let waiting = try ready.compose(identifier: cR, message2: &reply)
///     let kid = try waiting.keyIdentifier(in: message3)
///     let authenticated = try waiting.process(message3, key: keys[kid])
///     let session = try authenticated.compose(message4: &reply)
///     let context = try session.securityContext()
public enum Handshake {
    /// Phases of the Initiator, which is the device.
    public enum Initiator {}

    /// Phases of the Responder, which is the gateway.
    public enum Responder {}

    /// Both parties have proved to hold the key.
    public struct Completed: ~Copyable, Sendable {
        let session: Session

        /// The security context of this session for OSCORE (RFC 9528 appendix A.1). Take it once: two contexts of the
        /// same session would spend the same nonces on different messages.
        public consuming func securityContext() throws(HuskError) -> SecurityContext {
            try session.securityContext()
        }

        /// The same for frames, on a link without CoAP. Take it once, too.
        public consuming func frameContext() throws(HuskError) -> FrameContext {
            try session.frameContext()
        }

        /// The key for the next handshake with the same peer (draft-ietf-lake-edhoc-psk-08 section 6): rPSK, rKID of
        /// 2 bytes, and the credentials of `key`, which this handshake was made with.
        ///
        /// - Parameters:
        ///   - key: the key that this handshake was made with
        ///   - bytes: length of rPSK, 16 to 32, the same on both sides. Of the hash, as the draft's text says, unless
        ///     told; its test vector has 16.
        public borrowing func resumptionKey(
            after key: borrowing PreSharedKey, bytes: Int = 32
        ) throws(HuskError) -> PreSharedKey {
            guard (Int(HUSK_PSK_MIN_BYTES)...Int(HUSK_SHA256_DIGEST_BYTES)).contains(bytes) else { throw .argument }
            let rPSK = PinnedBytes(count: bytes)
            let rKID = PinnedBytes(count: Self.rKIDBytes)
            try unsafe check(
                husk_edhoc_export(
                    session.pointer, UInt32(HUSK_EDHOC_EXPORT_RPSK), noBytes, rPSK.pointer, rPSK.count))
            try unsafe check(
                husk_edhoc_export(
                    session.pointer, UInt32(HUSK_EDHOC_EXPORT_RKID), noBytes, rKID.pointer, rKID.count))
            return try rPSK.withBytes { (rPSK) throws(HuskError) in
                try rKID.withBytes { (rKID) throws(HuskError) in
                    try PreSharedKey(key: rPSK, kid: rKID, credentialsOf: key)
                }
            }
        }

        /// kid_length, by default.
        static let rKIDBytes = 2

        /// The suite that both agreed upon.
        public var suite: CipherSuite { session.suite }
    }
}

/// A session of the core and the configuration it points to.
@safe struct Session: ~Copyable, Sendable {
    let storage: Pinned<husk_edhoc>
    let configuration: HandshakeConfiguration

    init(_ configuration: HandshakeConfiguration) {
        unsafe storage = Pinned(zeroed: husk_edhoc.self)
        self.configuration = configuration
    }

    var pointer: UnsafeMutablePointer<husk_edhoc> { unsafe storage.pointer }

    var suite: CipherSuite { unsafe configuration.suites[Int(storage.pointer.pointee.suite_index)] }

    var initiatorIdentifier: ConnectionIdentifier { unsafe ConnectionIdentifier(storage.pointer.pointee.c_i) }

    var responderIdentifier: ConnectionIdentifier { unsafe ConnectionIdentifier(storage.pointer.pointee.c_r) }

    func securityContext() throws(HuskError) -> SecurityContext {
        let context = SecurityContext()
        try unsafe check(husk_edhoc_oscore_context(pointer, context.pointer))
        return context
    }

    /// The same for frames.
    func frameContext() throws(HuskError) -> FrameContext {
        let context = FrameContext()
        try unsafe check(husk_edhoc_frame_context(pointer, context.pointer))
        return context
    }
}

var noBytes: husk_bytes { unsafe husk_bytes(data: nil, len: 0) }

/// Runs `body` on a copy of a message, for steps that decrypt in place.
func withCopy(
    _ message: RawSpan, _ body: (UnsafeMutablePointer<UInt8>?, Int) -> husk_status
) throws(HuskError) {
    var copy = unsafe message.withSlice { unsafe [UInt8]($0) }
    let status = unsafe copy.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress, $0.count) }
    try check(status)
}
#endif

// The Responder's phases of EDHOC.
#if !hasFeature(Embedded)
internal import CHusk

extension Handshake.Responder {
    /// Before anything was received.
    public struct WaitingForMessage1: ~Copyable, Sendable {
        let session: Session

        /// Awaits message_1 of whoever it comes from.
        public init(_ configuration: HandshakeConfiguration) {
            session = Session(configuration)
            // Fails only for a configuration that HandshakeConfiguration does not let through.
            _ = unsafe husk_edhoc_responder_init(session.pointer, configuration.pointer)
        }

        /// Reads message_1.
        ///
        /// - Throws: ``HuskError/method``, ``HuskError/suite``, ``HuskError/ead``, ``HuskError/format``, or
        ///   ``HuskError/unsupported`` for an identifier longer than 7 bytes.
        public consuming func process(_ message1: RawSpan) throws(HuskError) -> ReadyForMessage2 {
            try unsafe check(
                message1.withSlice { message in
                    unsafe husk_edhoc_message_1_process(session.pointer, message.data, message.len, nil)
                })
            return ReadyForMessage2(session: session)
        }
    }

    /// message_1 was accepted.
    public struct ReadyForMessage2: ~Copyable, Sendable {
        let session: Session

        /// C_I, chosen by the peer.
        public var peerIdentifier: ConnectionIdentifier { session.initiatorIdentifier }

        /// Writes message_2 with C_R, which differs from C_I and from those of all other sessions of this endpoint.
        public consuming func compose(
            identifier: ConnectionIdentifier, message2: inout [UInt8]
        ) throws(HuskError) -> WaitingForMessage3 {
            let capacity = Int(HUSK_EDHOC_MESSAGE_2_MAX_BYTES)
            var id = identifier.id
            message2 = try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_edhoc_message_2_compose(session.pointer, &id, noBytes, out, capacity, &length))
            }
            return WaitingForMessage3(session: session)
        }
    }

    /// message_2 was sent; nothing about the peer is proved yet.
    public struct WaitingForMessage3: ~Copyable, Sendable {
        let session: Session

        /// The suite that the Initiator selected.
        public var suite: CipherSuite { session.suite }

        /// The kid of the key that message_3 claims to be made with; not authenticated yet.
        public borrowing func keyIdentifier(in message3: RawSpan) throws(HuskError) -> [UInt8] {
            let capacity = Int(HUSK_KID_MAX_BYTES)
            return try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    message3.withSlice { message in
                        unsafe husk_edhoc_message_3_identify(
                            session.pointer, message.data, message.len, out, capacity, &length)
                    })
            }
        }

        /// Whether message_3 verifies with this key; for identifiers that several keys share. Changes nothing.
        public borrowing func accepts(_ message3: RawSpan, key: borrowing PreSharedKey) -> Bool {
            let copy = unsafe Pinned(zeroed: husk_edhoc.self)
            unsafe copy.pointer.pointee = session.pointer.pointee
            var psk = unsafe key.view
            let verified: Void? = try? unsafe withCopy(message3) { message, length in
                unsafe husk_edhoc_message_3_process(copy.pointer, &psk, message, length, nil)
            }
            return verified != nil
        }

        /// Verifies message_3, which authenticates the peer.
        ///
        /// - Throws: ``HuskError/credential`` if the message means another key, ``HuskError/authentication`` if it does
        ///   not verify, ``HuskError/format``, ``HuskError/ead``, ``HuskError/peer``.
        public consuming func process(
            _ message3: RawSpan, key: borrowing PreSharedKey
        ) throws(HuskError) -> ReadyForMessage4 {
            var psk = unsafe key.view
            try unsafe withCopy(message3) { message, length in
                unsafe husk_edhoc_message_3_process(session.pointer, &psk, message, length, nil)
            }
            return ReadyForMessage4(session: session)
        }
    }

    /// The peer is authenticated.
    public struct ReadyForMessage4: ~Copyable, Sendable {
        let session: Session

        /// Ends the handshake without message_4, which a response under the new security context stands in for.
        public consuming func confirm() throws(HuskError) -> Handshake.Completed {
            try unsafe check(husk_edhoc_confirm(session.pointer))
            return Handshake.Completed(session: session)
        }

        /// Writes message_4, which authenticates this side to the peer.
        public consuming func compose(message4: inout [UInt8]) throws(HuskError) -> Handshake.Completed {
            let capacity = Int(HUSK_EDHOC_MESSAGE_4_MAX_BYTES)
            message4 = try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(husk_edhoc_message_4_compose(session.pointer, noBytes, out, capacity, &length))
            }
            return Handshake.Completed(session: session)
        }
    }
}
#endif

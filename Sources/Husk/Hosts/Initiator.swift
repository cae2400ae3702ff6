// The Initiator's phases of EDHOC.
#if !hasFeature(Embedded)
internal import CHusk

extension Handshake.Initiator {
    /// Before anything was sent.
    public struct ReadyForMessage1: ~Copyable, Sendable {
        let session: Session

        /// Selects one of the configured suites and the identifier C_I. Throws ``HuskError/suite`` if the suite is not
        /// configured.
        public init(
            _ configuration: HandshakeConfiguration, suite: CipherSuite, identifier: ConnectionIdentifier
        ) throws(HuskError) {
            guard let index = configuration.suites.firstIndex(of: suite) else { throw .suite }
            let session = Session(configuration)
            var id = identifier.id
            try unsafe check(husk_edhoc_initiator_init(session.pointer, configuration.pointer, index, &id))
            self.session = session
        }

        /// Writes message_1, which begins the handshake. Throws ``HuskError/random``.
        public consuming func compose(message1: inout [UInt8]) throws(HuskError) -> WaitingForMessage2 {
            // HUSK_EDHOC_MESSAGE_1_MAX_BYTES
            let capacity = 44 + 2 * session.configuration.suites.count
            message1 = try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(husk_edhoc_message_1_compose(session.pointer, noBytes, out, capacity, &length))
            }
            return WaitingForMessage2(session: session)
        }
    }

    /// message_1 was sent.
    public struct WaitingForMessage2: ~Copyable, Sendable {
        let session: Session

        /// Reads message_2, which carries no proof of who sent it.
        public consuming func process(_ message2: RawSpan) throws(HuskError) -> ReadyForMessage3 {
            try unsafe withCopy(message2) { message, length in
                unsafe husk_edhoc_message_2_process(session.pointer, message, length, nil)
            }
            return ReadyForMessage3(session: session)
        }
    }

    /// message_2 was received.
    public struct ReadyForMessage3: ~Copyable, Sendable {
        let session: Session

        /// C_R, chosen by the peer; goes in front of message_3 in CoAP.
        public var peerIdentifier: ConnectionIdentifier { session.responderIdentifier }

        /// Writes message_3, which authenticates this side.
        ///
        /// - Parameters:
        ///   - key: the key that is shared with the peer
        ///   - message3: replaced by the message
        /// - Throws: ``HuskError/credential`` for a key that cannot be used in this handshake.
        public consuming func compose(
            key: borrowing PreSharedKey, message3: inout [UInt8]
        ) throws(HuskError) -> WaitingForMessage4 {
            let capacity = Int(HUSK_EDHOC_MESSAGE_3_MAX_BYTES)
            var psk = unsafe key.view
            message3 = try unsafe composed(capacity) { (out, length) throws(HuskError) in
                try unsafe check(
                    husk_edhoc_message_3_compose(session.pointer, &psk, noBytes, out, capacity, &length))
            }
            return WaitingForMessage4(session: session)
        }
    }

    /// message_3 was sent. Keys exist, but the Responder has not proved to hold them.
    public struct WaitingForMessage4: ~Copyable, Sendable {
        let session: Session

        /// Verifies message_4, which authenticates the Responder.
        public consuming func process(_ message4: RawSpan) throws(HuskError) -> Handshake.Completed {
            try unsafe withCopy(message4) { message, length in
                unsafe husk_edhoc_message_4_process(session.pointer, message, length, nil)
            }
            return Handshake.Completed(session: session)
        }
    }
}
#endif

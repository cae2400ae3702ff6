// Everything that can go wrong in the core, one case per meaning, grouped by what the caller should do.
internal import CHusk

/// Why a step failed. After an error the state is what it was before, unless the step says it ends with its failure.
public enum HuskError: Error, Sendable, Hashable {
    // The program is wrong: mend the call.
    /// A length, identifier or value is outside its range.
    case argument
    /// The output does not fit.
    case buffer
    /// This step is not the next one.
    case state

    // The message is bad: drop it and carry on.
    /// Not the CBOR, CoAP, OSCORE or EDHOC that the specification describes.
    case format
    /// Well-formed, but asks for something this build does not speak.
    case unsupported
    /// The tag does not verify.
    case authentication
    /// Seen before, or older than the replay window.
    case replay
    /// Names a security context other than this one.
    case context
    /// Verified, but it may be an old one: it is to be challenged.
    case freshness
    /// For another destination.
    case destination
    /// Its deadline is over.
    case expired

    // The block is bad: answer with its code, or ask for the right one again, or give the transfer up.
    /// Not the next block: one is missing before it, or it was there already.
    case order
    /// A block of another body than those before it.
    case changed

    // The peers do not fit together: the handshake is over.
    /// EDHOC method not supported.
    case method
    /// Cipher suite not supported, or not the first one both support.
    case suite
    /// No such credential, or one that must not be used here.
    case credential
    /// A critical EAD item that is not understood.
    case ead
    /// Both peers chose the same connection identifier.
    case identifier
    /// The peer's ephemeral public key is not acceptable.
    case publicKey
    /// The peer sent an error message.
    case peer

    // The surroundings failed: try again later.
    /// The source of random bytes failed.
    case random
    /// The storage failed, and nothing that depends on it was sent.
    case storage
    /// The peer did not answer within the retransmission limits.
    case timeout
    /// The message has a deadline, and the time is not known.
    case clock
    /// The storage has no room for a record.
    case full
    /// What was stored does not read as it was written.
    case corrupt

    // The keys are used up.
    /// No sequence number is left for this key, or a usage limit of it is reached.
    case exhausted
}

extension HuskError {
    /// The status code of the C core: `HUSK_ERR_*`.
    public var code: Int32 {
        switch self {
        case .argument: HUSK_ERR_ARGUMENT
        case .buffer: HUSK_ERR_BUFFER
        case .state: HUSK_ERR_STATE
        case .format: HUSK_ERR_FORMAT
        case .unsupported: HUSK_ERR_UNSUPPORTED
        case .authentication: HUSK_ERR_AUTHENTICATION
        case .replay: HUSK_ERR_REPLAY
        case .context: HUSK_ERR_CONTEXT
        case .freshness: HUSK_ERR_FRESHNESS
        case .order: HUSK_ERR_ORDER
        case .changed: HUSK_ERR_CHANGED
        case .destination: HUSK_ERR_DESTINATION
        case .expired: HUSK_ERR_EXPIRED
        case .method: HUSK_ERR_METHOD
        case .suite: HUSK_ERR_SUITE
        case .credential: HUSK_ERR_CREDENTIAL
        case .ead: HUSK_ERR_EAD
        case .identifier: HUSK_ERR_IDENTIFIER
        case .publicKey: HUSK_ERR_PUBLIC_KEY
        case .peer: HUSK_ERR_PEER
        case .random: HUSK_ERR_RANDOM
        case .storage: HUSK_ERR_STORAGE
        case .timeout: HUSK_ERR_TIMEOUT
        case .clock: HUSK_ERR_CLOCK
        case .full: HUSK_ERR_FULL
        case .corrupt: HUSK_ERR_CORRUPT
        case .exhausted: HUSK_ERR_EXHAUSTED
        }
    }

    /// The error of a status code; nil for `HUSK_OK` and for codes the core does not have.
    public init?(code: Int32) {
        switch code {
        case HUSK_ERR_ARGUMENT: self = .argument
        case HUSK_ERR_BUFFER: self = .buffer
        case HUSK_ERR_STATE: self = .state
        case HUSK_ERR_FORMAT: self = .format
        case HUSK_ERR_UNSUPPORTED: self = .unsupported
        case HUSK_ERR_AUTHENTICATION: self = .authentication
        case HUSK_ERR_REPLAY: self = .replay
        case HUSK_ERR_CONTEXT: self = .context
        case HUSK_ERR_FRESHNESS: self = .freshness
        case HUSK_ERR_ORDER: self = .order
        case HUSK_ERR_CHANGED: self = .changed
        case HUSK_ERR_DESTINATION: self = .destination
        case HUSK_ERR_EXPIRED: self = .expired
        case HUSK_ERR_METHOD: self = .method
        case HUSK_ERR_SUITE: self = .suite
        case HUSK_ERR_CREDENTIAL: self = .credential
        case HUSK_ERR_EAD: self = .ead
        case HUSK_ERR_IDENTIFIER: self = .identifier
        case HUSK_ERR_PUBLIC_KEY: self = .publicKey
        case HUSK_ERR_PEER: self = .peer
        case HUSK_ERR_RANDOM: self = .random
        case HUSK_ERR_STORAGE: self = .storage
        case HUSK_ERR_TIMEOUT: self = .timeout
        case HUSK_ERR_CLOCK: self = .clock
        case HUSK_ERR_FULL: self = .full
        case HUSK_ERR_CORRUPT: self = .corrupt
        case HUSK_ERR_EXHAUSTED: self = .exhausted
        default: return nil
        }
    }

    /// What happened, in a few words.
    public var reason: StaticString {
        switch self {
        case .argument: "a length or value is out of range"
        case .buffer: "the output does not fit"
        case .state: "this step is not the next one"
        case .format: "the message is malformed"
        case .unsupported: "the message asks for something that is not supported"
        case .authentication: "the message does not verify"
        case .replay: "the message was seen before"
        case .context: "the message belongs to another security context"
        case .freshness: "the message may be an old one"
        case .order: "the block is not the next one"
        case .changed: "the block is of another body than those before it"
        case .destination: "the message is for another destination"
        case .expired: "the deadline of the message is over"
        case .method: "the EDHOC method is not supported"
        case .suite: "the cipher suites do not fit"
        case .credential: "the credential is unknown or must not be used here"
        case .ead: "a critical EAD item is not understood"
        case .identifier: "both peers chose the same connection identifier"
        case .publicKey: "the peer's public key is not acceptable"
        case .peer: "the peer ended the handshake with an error message"
        case .random: "the source of random bytes failed"
        case .storage: "the storage failed"
        case .timeout: "the peer did not answer"
        case .clock: "the message has a deadline and the time is not known"
        case .full: "the storage has no room left"
        case .corrupt: "what was stored is damaged"
        case .exhausted: "the key is used up"
        }
    }

    /// What to do about it.
    public var advice: StaticString {
        switch self {
        case .argument: "mend the call: see the documented range"
        case .buffer: "give more room, or send less"
        case .state: "mend the call: take the steps in their order"
        case .format, .unsupported: "drop the message and carry on"
        case .authentication: "drop it and carry on; if it lasts, compare the keys of both sides"
        case .replay: "drop the message and carry on"
        case .context: "look up the context by the identifier in the message"
        case .freshness: "answer with a challenge; the client repeats the message with the Echo option in it"
        case .order: "ask for the next block again, or begin the transfer anew"
        case .changed: "begin the transfer anew"
        case .destination: "drop it, or carry it on to its destination"
        case .expired: "drop it and carry on; if it lasts, compare the clocks of both sides"
        case .method: "configure EDHOC method 4 (PSK) on both sides"
        case .suite: "configure a suite that both sides have"
        case .credential: "compare kid, key and identities of both sides"
        case .ead: "configure both sides for the same EAD items"
        case .identifier: "start again with another identifier"
        case .publicKey: "drop the peer: an honest one does not send this"
        case .peer: "compare kid, key and identities of both sides"
        case .random, .storage: "mend the hook, then try again"
        case .timeout: "check that the peer is reachable, then try again"
        case .clock: "set the clock, then try again"
        case .full: "remove records, or give the storage more room"
        case .corrupt: "do without what was stored: authenticate again"
        case .exhausted: "authenticate again"
        }
    }
}

/// Throws the error that a status of the core stands for.
@inline(__always)
func check(_ status: husk_status) throws(HuskError) {
    guard status != HUSK_OK else { return }
    // Only a hook can bring in a code that the core does not have.
    throw HuskError(code: status) ?? .state
}

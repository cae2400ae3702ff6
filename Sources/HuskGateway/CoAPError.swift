// Why a plain CoAP exchange came to nothing, one case each.
#if Gateway
public import Husk

/// Why a ``CoAPClient`` has no answer. An error response is an answer.
public enum CoAPError: Error, Sendable, Hashable {
    /// Nobody answered, or not in time.
    case timeout
    /// The server understood nothing of the request, and said so by a Reset (RFC 7252 section 4.2).
    case reset
    /// Too many requests at once, or so many lately that no message ID is left (RFC 7252 section 4.4).
    case full
    /// The request cannot be encoded: an option is too long, or the body for its blocks.
    case request(HuskError)
    /// The response does not fit the request, or its body does not fit the client (RFC 7959).
    case response(HuskError)
    /// The response has a critical option that the client does not understand (RFC 7252 section 5.4.1): its number.
    case option(UInt32)
}

extension CoAPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timeout: "nobody answered: check that the server is reachable, then try again"
        case .reset: "the server rejected the message"
        case .full: "too many requests at once: wait for answers before asking more"
        case .request(let error): "the request cannot be sent: \(error.reason)"
        case .response(let error): "the response cannot be taken: \(error.reason)"
        case .option(let number): "the response has the critical option \(number), which is not understood"
        }
    }
}
#endif

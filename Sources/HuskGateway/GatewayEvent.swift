// What a gateway tells its observers: every message with its size, who authenticated, what was read, what was refused.
// None of it is secret except the payload of a reading, which is what the application is there for.
#if Gateway
public import Husk

/// Something that happened at the gateway, in the order it happened.
public enum GatewayEvent: Sendable {
    case message(GatewayMessage)
    case authenticated(GatewayAuthentication)
    case reading(GatewayReading)
    case envelope(GatewayEnvelope)
    case refused(GatewayRefusal)
}

/// A datagram that came in or went out.
public struct GatewayMessage: Sendable {
    public enum Direction: String, Sendable {
        case received
        case sent
    }

    public enum Name: String, Sendable, CustomStringConvertible {
        case edhocMessage1 = "EDHOC message_1"
        case edhocMessage2 = "EDHOC message_2"
        case edhocMessage3 = "EDHOC message_3"
        case edhocMessage4 = "EDHOC message_4"
        case edhocError = "EDHOC error"
        /// RFC 9668: both in one datagram.
        case combinedRequest = "message_3 + OSCORE request"
        case kudosDivergent = "KUDOS divergent"
        case kudosConvergent = "KUDOS convergent"
        case oscoreRequest = "OSCORE request"
        case oscoreResponse = "OSCORE response"
        /// A response that was not asked for again: to a request that observes.
        case oscoreNotification = "OSCORE notification"
        case coapRequest = "CoAP request"
        case coapResponse = "CoAP response"
        case coapPing = "CoAP ping"
        case coapReset = "CoAP reset"
        case coapAcknowledgement = "CoAP acknowledgement"
        case malformed = "malformed datagram"

        public var description: String { rawValue }

        /// One of the two messages of KUDOS that only serve to agree on keys.
        public var isKeyUpdate: Bool { self == .kudosDivergent || self == .kudosConvergent }
    }

    public var direction: Direction
    /// Address and port, such as `127.0.0.1:40123` or `[::1]:40123`.
    public var peer: String
    public var name: Name
    /// True for a datagram answered, or dropped, as a copy of an earlier one.
    public var isDuplicate: Bool
    /// UDP payload.
    public var datagramBytes: Int
    /// The bare EDHOC message, without the identifier CoAP prepends; nil for other messages.
    public var edhocBytes: Int?
    /// What of the datagram is there for the handshake: all of it, or of a combined request message_3 and the EDHOC
    /// option; nil for other messages.
    public var handshakeBytes: Int?
    /// What OSCORE added to the same message in plain CoAP; nil for other messages.
    public var oscoreOverheadBytes: Int?
}

/// A device proved to hold its key.
public struct GatewayAuthentication: Sendable {
    /// How a device got its session.
    public enum Profile: Sendable, Hashable {
        /// EDHOC with a pre-shared key.
        case edhoc
        /// KUDOS from a provisioned OSCORE secret: it has used keys that both sides made afresh.
        case symmetric
    }

    /// The device's identity, from the credentials file.
    public var device: String
    /// In the symmetric profile, the one whose AEAD and hash are used; it has no key exchange.
    public var suite: CipherSuite
    public var peer: String
    public var profile = Profile.edhoc
}

/// A protected reading, as decrypted.
public struct GatewayReading: Sendable {
    public var device: String
    /// Such as `sensors/temperature`.
    public var path: String
    public var payload: [UInt8]
    /// CoAP Content-Format; nil if the request named none.
    public var contentFormat: UInt32?
}

/// An envelope that a device left for another: stored, to be forwarded, and never opened here.
public struct GatewayEnvelope: Sendable {
    /// Who brought it, which is proved; who sealed it only its addressee can tell.
    public var device: String
    /// Into whose mailboxes it went.
    public var destinations: [String]
    /// What is written on it, as the envelope says. Its addressee finds out if anybody changed it.
    public var envelope: Envelope
    public var bytes: [UInt8]
}

/// A message that was not accepted, and why.
public struct GatewayRefusal: Sendable {
    public enum Reason: Sendable, Equatable {
        /// Not CoAP.
        case malformed
        /// The EDHOC message failed.
        case handshake(HuskError)
        /// message_3 for a handshake that does not exist, has timed out, or belongs to another address.
        case unknownHandshake
        /// A limit is reached; see ``GatewayLimits``.
        case busy
        /// OSCORE: no session has that identifier.
        case unknownSession
        /// OSCORE: the message failed.
        case session(HuskError)
        /// message_3 was authentic, but its device may not use the suite of the handshake.
        case suite(CipherSuite)
        /// The request was answered with this error code.
        case request(CoAPCode)
    }

    public var reason: Reason
    public var peer: String
    /// Known only where the message was authentic.
    public var device: String?
}
#endif

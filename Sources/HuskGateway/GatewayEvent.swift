// What a gateway tells its observers: every message with its size, who authenticated, what was read, what was refused.
// None of it is secret except the payload of a reading, which is what the application is there for.
#if Gateway
public import Husk

/// Something that happened at the gateway, in the order it happened.
public enum GatewayEvent: Sendable {
    /// A datagram came in or went out.
    case message(GatewayMessage)
    /// A device proved to hold its key.
    case authenticated(GatewayAuthentication)
    /// A device reported.
    case reading(GatewayReading)
    /// A device left an envelope for another.
    case envelope(GatewayEnvelope)
    /// A message was not accepted.
    case refused(GatewayRefusal)
}

/// A datagram that came in or went out.
public struct GatewayMessage: Sendable {
    /// Which way a datagram went.
    public enum Direction: String, Sendable {
        /// To the gateway.
        case received
        /// From the gateway.
        case sent
    }

    /// What a datagram is.
    public enum Name: String, Sendable, CustomStringConvertible {
        /// EDHOC message_1.
        case edhocMessage1 = "EDHOC message_1"
        /// EDHOC message_2.
        case edhocMessage2 = "EDHOC message_2"
        /// EDHOC message_3.
        case edhocMessage3 = "EDHOC message_3"
        /// EDHOC message_4.
        case edhocMessage4 = "EDHOC message_4"
        /// An EDHOC error message.
        case edhocError = "EDHOC error"
        /// RFC 9668: both in one datagram.
        case combinedRequest = "message_3 + OSCORE request"
        /// The first message of KUDOS.
        case kudosDivergent = "KUDOS divergent"
        /// The second message of KUDOS.
        case kudosConvergent = "KUDOS convergent"
        /// A protected request.
        case oscoreRequest = "OSCORE request"
        /// A protected response.
        case oscoreResponse = "OSCORE response"
        /// A response that was not asked for again: to a request that observes.
        case oscoreNotification = "OSCORE notification"
        /// A request without protection.
        case coapRequest = "CoAP request"
        /// A response without protection.
        case coapResponse = "CoAP response"
        /// An empty confirmable message.
        case coapPing = "CoAP ping"
        /// A reset.
        case coapReset = "CoAP reset"
        /// An empty acknowledgement.
        case coapAcknowledgement = "CoAP acknowledgement"
        /// Not CoAP.
        case malformed = "malformed datagram"

        public var description: String { rawValue }

        /// One of the two messages of KUDOS that only serve to agree on keys.
        public var isKeyUpdate: Bool { self == .kudosDivergent || self == .kudosConvergent }
    }

    /// Which way it went.
    public var direction: Direction
    /// Address and port, such as `127.0.0.1:40123` or `[::1]:40123`.
    public var peer: String
    /// What it is.
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
    /// Its address and port.
    public var peer: String
    /// How it got its session.
    public var profile = Profile.edhoc
}

/// A protected reading, as decrypted.
public struct GatewayReading: Sendable {
    /// The device's identity.
    public var device: String
    /// Such as `sensors/temperature`.
    public var path: String
    /// What the device reported.
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
    /// The envelope as it came.
    public var bytes: [UInt8]
}

/// A message that was not accepted, and why.
public struct GatewayRefusal: Sendable {
    /// Why messages are not accepted.
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

    /// Why it was not accepted.
    public var reason: Reason
    /// Address and port that it came from.
    public var peer: String
    /// Known only where the message was authentic.
    public var device: String?
}
#endif

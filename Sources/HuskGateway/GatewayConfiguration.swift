// Where a gateway listens, which suites it speaks, and how much it is willing to remember for others.
#if Gateway
public import Husk
internal import NIOCore

/// How a gateway runs.
public struct GatewayConfiguration: Sendable {
    /// Address to bind: IPv4, IPv6, or a name.
    public var host: String
    /// UDP port; 0 lets the system choose one (see ``Gateway/port``). 5683 is CoAP's.
    public var port: Int
    /// Cipher suites, most preferred first: 1 to 8.
    public var suites: [CipherSuite]
    /// What strangers and devices can make it remember.
    public var limits: GatewayLimits
    /// Length of the resumption PSKs, 16 to 32, as the devices have it (``/Husk/Handshake/Completed``).
    public var resumptionKeyBytes = 32
    /// Handshakes whose public-key operations are done at the same time, each on a thread of its own. All else is done
    /// on one more thread, which has a core to itself unless told otherwise.
    public var handshakeThreads = max(1, System.coreCount - 1)

    /// All suites on CoAP's port of every address, unless said otherwise.
    public init(
        host: String = "0.0.0.0", port: Int = 5683, suites: [CipherSuite] = CipherSuite.all,
        limits: GatewayLimits = GatewayLimits()
    ) {
        self.host = host
        self.port = port
        self.suites = suites
        self.limits = limits
    }
}

/// Bounds on what peers can make a gateway remember. Sessions need none: there are at most two per device in the
/// credentials.
public struct GatewayLimits: Sendable {
    /// message_1s that wait for their turn. More than that are shed: dropped without an answer, so that devices send
    /// again later. Sessions do not wait behind them.
    public var waitingHandshakes = 1024
    /// How long one may wait until it is shed, too: less than the 2 s (ACK_TIMEOUT) after which a device sends again.
    public var waitingHandshakeMilliseconds: UInt64 = 1000
    /// Unfinished handshakes, in all and of one address and port.
    public var handshakes = 4096
    /// The same of one address and port.
    public var handshakesPerPeer = 8
    /// An unfinished handshake is forgotten after this long. A peer that retransmits as RFC 7252 says gives up after 93
    /// s (MAX_TRANSMIT_WAIT), but has sent its last copy of message_3 within 45 s (MAX_TRANSMIT_SPAN).
    public var handshakeTimeoutMilliseconds: UInt64 = 60_000
    /// While the table is full, a handshake may be evicted for a newer one only when it is older than this.
    public var handshakeGraceMilliseconds: UInt64 = 10_000
    /// Remembered exchanges, to recognise copies of a message: those of strangers, those of authenticated devices, and
    /// those of one address and port among either.
    public var exchanges = 4096
    /// Those of authenticated devices.
    public var deviceExchanges = 32_768
    /// Those of one address and port, among either.
    public var exchangesPerPeer = 16
    /// How long an exchange is remembered: EXCHANGE_LIFETIME of RFC 7252 section 4.8.2.
    public var exchangeLifetimeMilliseconds: UInt64 = 247_000
    /// Resources that one device may observe at a time.
    public var observationsPerDevice = 4
    /// The longest body, of requests and responses; longer than a message it goes in blocks.
    public var bodyBytes = 65_536
    /// Devices that may have a body under way, in blocks, at the same time.
    public var bodies = 256
    /// Envelopes that wait for one device, and their bytes in all.
    public var mailboxEnvelopes = 64
    /// Their bytes in all.
    public var mailboxBytes = 65_536
    /// Events an observer may lag behind before it loses the oldest.
    public var eventBuffer = 1024

    /// The defaults.
    public init() {}
}

/// What a gateway has counted since it started.
public struct GatewayCounters: Sendable, Equatable {
    /// Datagrams that came in.
    public var received: UInt64 = 0
    /// Datagrams that went out.
    public var sent: UInt64 = 0
    /// Datagrams that are not CoAP.
    public var malformed: UInt64 = 0
    /// Copies of earlier messages, answered as these were.
    public var duplicates: UInt64 = 0
    /// Messages that were not accepted; see ``GatewayRefusal``.
    public var refused: UInt64 = 0
    /// Accepted first messages.
    public var handshakesStarted: UInt64 = 0
    /// Devices that authenticated by EDHOC.
    public var handshakesCompleted: UInt64 = 0
    /// Handshakes that ended with an error.
    public var handshakesFailed: UInt64 = 0
    /// Handshakes that were never finished.
    public var handshakesTimedOut: UInt64 = 0
    /// Unfinished handshakes that made room for newer ones.
    public var handshakesEvicted: UInt64 = 0
    /// Answered 5.03, because as many are unfinished as there may be.
    public var handshakesRefused: UInt64 = 0
    /// Not answered at all, because the gateway could not keep up (``GatewayLimits/waitingHandshakes``).
    public var handshakesShed: UInt64 = 0
    /// Divergent messages of KUDOS that verified, and contexts that a device came to use.
    public var keyUpdatesStarted: UInt64 = 0
    /// Contexts from KUDOS that a device came to use.
    public var keyUpdatesCompleted: UInt64 = 0
    /// Requests that verified.
    public var requests: UInt64 = 0
    /// Readings among them.
    public var readings: UInt64 = 0
    /// Envelopes taken in for forwarding.
    public var envelopes: UInt64 = 0
    /// Observations ended because nobody acknowledged a notification.
    public var notificationsTimedOut: UInt64 = 0
    /// Times that changes were made durable, and that this failed; those are tried again.
    public var storeCommits: UInt64 = 0
    /// Times that making changes durable failed; they are tried again.
    public var storeFailures: UInt64 = 0
    /// message_1s that wait for their turn, now.
    public var waitingHandshakes: Int = 0
    /// Handshakes that wait for message_3, now.
    public var pendingHandshakes: Int = 0
    /// Sessions, now.
    public var sessions: Int = 0
    /// Remembered exchanges, now.
    public var exchanges: Int = 0
    /// Observations, now.
    public var observations: Int = 0

    /// Nothing has been counted.
    public init() {}
}
#endif

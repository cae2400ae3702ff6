// The timing of CoAP messages (RFC 7252 section 4.8), and message IDs that come back no sooner than it allows.
#if Gateway
internal import Husk

/// Transmission parameters, by their names in RFC 7252 section 4.8, with its defaults.
public struct CoAPTransmission: Sendable, Hashable {
    /// ACK_TIMEOUT: how long the first transmission waits for its acknowledgement, at least.
    public var acknowledgementTimeout: Duration
    /// ACK_RANDOM_FACTOR: up to so many times that; at least 1.
    public var randomFactor: Double
    /// MAX_RETRANSMIT: how often a confirmable message is sent again, after twice the time each time; at most 20.
    public var retransmissionsMaximum: Int
    /// NSTART: how many requests may be on their way at once, neither acknowledged nor answered; at least 1.
    public var outstandingMaximum: Int
    /// How long a response may take after the request was acknowledged, or after a request that is not confirmable.
    public var responseTimeout: Duration

    /// Those of RFC 7252, unless told otherwise. Less than 2 seconds congests networks that are slow.
    public init(
        acknowledgementTimeout: Duration = .seconds(2), randomFactor: Double = 1.5, retransmissionsMaximum: Int = 4,
        outstandingMaximum: Int = 1, responseTimeout: Duration = .seconds(60)
    ) {
        self.acknowledgementTimeout = acknowledgementTimeout
        self.randomFactor = randomFactor
        self.retransmissionsMaximum = retransmissionsMaximum
        self.outstandingMaximum = outstandingMaximum
        self.responseTimeout = responseTimeout
    }

    /// How long to wait for the first acknowledgement, in nanoseconds.
    func firstTimeout() -> Int64 {
        let least = max(1, acknowledgementTimeout.nanoseconds)
        return Int64(Double(least) * Double.random(in: 1...min(100, max(1, randomFactor))))
    }

    var retransmissions: Int { min(20, max(0, retransmissionsMaximum)) }

    /// EXCHANGE_LIFETIME: how long a message ID must not be used again, in nanoseconds.
    var exchangeLifetime: Int64 {
        let acknowledgement = Double(acknowledgementTimeout.nanoseconds)
        let span = acknowledgement * Double((1 << retransmissions) - 1) * min(100, max(1, randomFactor))
        // MAX_LATENCY twice, 100 seconds each, and PROCESSING_DELAY.
        return Int64(min(span + 200e9 + acknowledgement, 1e17))
    }
}

extension Duration {
    /// Cut at three years, so that sums of them fit.
    var nanoseconds: Int64 {
        let limit: Int64 = 100_000_000
        let (seconds, attoseconds) = components
        guard abs(seconds) < limit else { return seconds < 0 ? 0 : limit * 1_000_000_000 }
        return max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

/// Message IDs to one peer, in their order from a random one on. None comes again within its lifetime: of each 1,024
/// of them it is known when they were used last.
struct MessageIDs {
    private static let group = 1024
    private var next = UInt16.random(in: .min ... .max)
    private var lastUse = [Int64?](repeating: nil, count: 65_536 / group)

    /// Nil: those that would be next were used too lately.
    mutating func take(now: Int64, lifetime: Int64) -> UInt16? {
        let index = Int(next) / Self.group
        let begins = Int(next) % Self.group == 0
        if begins, let used = lastUse[index], now < used + lifetime { return nil }
        lastUse[index] = now
        defer { next &+= 1 }
        return next
    }
}
#endif

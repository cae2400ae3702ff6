// Notifications: what observing devices are told without having asked again (RFC 7641, RFC 8613 section 4.1.3.5).
#if Gateway
internal import Husk
internal import Logging
internal import NIOCore

/// A datagram that answers none that came in just now.
struct Notification {
    var datagram: [UInt8]
    var peer: SocketAddress
}

extension Engine {
    /// Timing of confirmable messages (RFC 7252 section 4.8), in milliseconds.
    private static let ackTimeout: ClosedRange<UInt64> = 2000...3000
    private static let maximumRetransmissions = 4

    /// Whether the request asks to observe, or no longer to observe, its resource.
    enum Wish {
        case none
        case register
        case deregister

        init(_ request: CoAPMessage) {
            // Any other value is ignored, as an elective option that is not understood.
            switch request.option(CoAPOption.observe)?.uint {
            case 0 where request.code == .get: self = .register
            case 1 where request.code == .get: self = .deregister
            default: self = .none
            }
        }
    }

    /// Keeps an observation once the first answer to it, which says so, is made.
    func observe(
        _ request: CoAPMessage, _ resource: Resource, of holder: any KeyHolder, from peer: SocketAddress,
        _ exchange: consuming SecurityContext.Exchange
    ) {
        var plain = request
        plain.options.removeAll { $0.number == CoAPOption.observe }
        observations.insert(
            Observation(holder: holder, request: plain, resource: resource, peer: peer, exchange: exchange))
    }

    /// Those who observe this path hear of it with the next ``notifications(now:)``; all devices, or one.
    func changed(_ path: String, device: String?) {
        guard let device else { return observations.changed(path: path) }
        observations.changed(Resource(path: path, device: device))
    }

    /// What is to be sent now: notifications that are due, and those that nobody acknowledged in time.
    func notifications(now: UInt64) -> [Notification] {
        var all: [Notification] = []
        self.now = now
        for observation in observations.pending(now: now) {
            guard let datagram = observation.inFlight == nil ? first(observation) : again(observation) else {
                continue
            }
            observers.count { $0.sent += 1 }
            sent(Outcome(name: .oscoreNotification), datagram, to: observation.peer)
            all.append(Notification(datagram: datagram, peer: observation.peer))
        }
        observers.count { $0.observations = observations.count }
        return all
    }

    /// The resource as it is now, in a confirmable message: commands travel this way, and have to arrive.
    private func first(_ observation: Observation) -> [UInt8]? {
        let request = observation.request
        messageID &+= 1
        let (result, options) = routeInBlocks(request, of: observation.holder)
        var message = CoAPMessage(
            type: .confirmable, code: result.code, messageID: messageID, token: request.token,
            options: options, payload: result.payload)
        // An error ends the observation (RFC 7641 section 4.2).
        let goesOn = result.code.codeClass == 2
        if goesOn {
            message.observe(sequence)
        }
        do throws(HuskError) {
            reserve(observation.holder)
            let datagram = try observation.holder.protect(message, exchange: &observation.exchange)
            observation.isDue = false
            let timeout = UInt64.random(in: Self.ackTimeout)
            observation.inFlight = Observation.InFlight(
                messageID: messageID, datagram: datagram, attempts: 1, timeout: timeout, deadline: now + timeout)
            if !goesOn {
                observations.remove(observation.key)
            }
            return datagram
        } catch {
            // Such as keys that were replaced since: a device that wants to go on observing says so under the new ones.
            logger.debug("observation ended", metadata: ["reason": "\(error.reason)"])
            observations.remove(observation.key)
            return nil
        }
    }

    private func again(_ observation: Observation) -> [UInt8]? {
        guard var inFlight = observation.inFlight, inFlight.attempts <= Self.maximumRetransmissions else {
            observers.count { $0.notificationsTimedOut += 1 }
            observations.remove(observation.key)
            return nil
        }
        inFlight.attempts += 1
        inFlight.timeout *= 2
        inFlight.deadline = now + inFlight.timeout
        observation.inFlight = inFlight
        return inFlight.datagram
    }

    /// The order of notifications for proxies, which cannot see the Partial IV: 24 bits that move on faster than
    /// notifications are sent and come round no sooner than RFC 7641 section 3.4 needs.
    var sequence: UInt32 {
        UInt32(truncatingIfNeeded: now >> 3) & 0xff_ffff
    }

    /// An acknowledgement or a reset of something that was sent.
    func settle(_ message: CoAPMessage, from peer: SocketAddress) {
        switch message.type {
        case .acknowledgement: _ = observations.acknowledged(message.messageID, from: peer)
        case .reset: _ = observations.rejected(message.messageID, from: peer)
        case .confirmable, .nonConfirmable: break
        }
    }
}

extension CoAPMessage {
    /// Adds an Observe option, in its place.
    mutating func observe(_ sequence: UInt32) {
        let index = options.firstIndex { $0.number > CoAPOption.observe } ?? options.endIndex
        options.insert(CoAPOption(number: CoAPOption.observe, uint: sequence), at: index)
    }
}

extension Session: KeyHolder {
    var device: String { credential.device }

    func protect(_ response: CoAPMessage, exchange: inout SecurityContext.Exchange) throws(HuskError) -> [UInt8] {
        try context.protect(response: response, exchange: &exchange)
    }
}

extension SymmetricDevice: KeyHolder {
    var device: String { credential.device }
}
#endif

// From bytes and cycles to energy: what a handshake, a reading, a day and a battery come to.
#if Gateway
/// The case that a user asks about.
struct CostCase {
    var core: CostCore
    var processorName: String
    var processor: Processor
    var radio: RadioProfile
    var link: any Link
    var battery: Battery
    var readingsPerDay: Double
    var reconnectsPerDay: Double
    /// Bytes of a reading.
    var payload: Int
    var flags: CostResults.Flags
    var configuration: CostResults.Configuration
    /// Public-key operations take no cycles.
    var hasAccelerator = false
}

/// What an exchange costs the device.
struct ExchangeCost: Encodable, Equatable {
    /// What the security layer alone takes of the messages.
    var securityBytesUp: Int
    var securityBytesDown: Int
    /// What is handed to UDP, TCP or the link.
    var messageBytesUp: Int
    var messageBytesDown: Int
    /// Packets with the headers of IPv6 and UDP or TCP, uncompressed, and TCP's own packets.
    var packets: Int
    var packetBytesUp: Int
    var packetBytesDown: Int
    var framesUp: Int
    var framesDown: Int
    var roundTrips: Int
    var airUpSeconds: Double
    var airDownSeconds: Double
    var listeningSeconds: Double
    var cycles: Int
    var processorSeconds: Double
    var processorMillijoules: Double
    var transmitMillijoules: Double
    var receiveMillijoules: Double
    /// Of staying connected for round trips.
    var connectionMillijoules: Double
    var millijoules: Double
}

struct ChoiceCost: Encodable {
    var id: String
    var title: String
    var family: Choice.Family
    var certificates: Int
    /// Nil for none: no handshake.
    var handshake: ExchangeCost?
    var reading: ExchangeCost
    var day: Day
    var batteryYears: Double
    var breakEven: BreakEven?

    struct Day: Encodable, Equatable {
        var handshakeMillijoules: Double
        var readingMillijoules: Double
        var wakeMillijoules: Double
        var sleepMillijoules: Double
        var selfDischargeMillijoules: Double
        var millijoules: Double
    }

    /// In messages of a connection, none of them counted with a handshake.
    struct BreakEven: Encodable, Equatable {
        /// From here on the handshake is less than a tenth of all.
        var handshakeBelowTenthAfter: Int
        /// From here on all of it is within a tenth of the reference; nil: never.
        var withinTenthOfReferenceAfter: Int?
    }
}

struct CostModel {
    static let daysPerYear = 365.25

    var results: CostResults
    var given: CostCase

    /// What every choice costs that was measured, in the order of the catalogue; and the names of those that were not.
    func costs() -> (measured: [ChoiceCost], missing: [Choice]) {
        let costs = Choice.all.map { choice in (choice, cost(of: choice)) }
        var measured = costs.compactMap { $0.1 }
        let reference = measured.first { $0.id == Choice.reference }
        for index in measured.indices {
            measured[index].breakEven = breakEven(measured[index], against: reference)
        }
        return (measured, costs.filter { $0.1 == nil }.map { $0.0 })
    }

    // MARK: Exchanges

    /// Bytes and work of an exchange, before a radio is involved.
    private struct Exchange {
        var securityUp = 0
        var securityDown = 0
        var messages: [CostMessage] = []
        var cycles = 0
    }

    private func configuration(of choice: Choice) -> CostResults.Configuration? {
        choice.family == .tls ? given.configuration : nil
    }

    private func cycles(_ work: Work) -> Int {
        given.hasAccelerator ? work.cycles - work.publicKeyCycles : work.cycles
    }

    private func handshake(of choice: Choice, _ scenario: String) -> Exchange? {
        let configuration = configuration(of: choice)
        guard let messages = results.exchange(scenario, configuration),
            let work = results.work(scenario, configuration, core: given.core, flags: given.flags)
        else { return nil }
        var exchange = Exchange(cycles: cycles(work))
        for message in messages {
            guard let bytes = message.coap ?? message.bytes else { return nil }
            let isUp = message.direction == .up
            exchange.messages.append(CostMessage(isUp: isUp, bytes: bytes))
            if isUp {
                exchange.securityUp += message.security ?? bytes
            } else {
                exchange.securityDown += message.security ?? bytes
            }
        }
        return exchange
    }

    /// A reading and the answer to it, of one byte.
    private func reading(of choice: Choice) -> Exchange? {
        guard let up = message(of: choice, isUp: true, payload: given.payload),
            let down = message(of: choice, isUp: false, payload: 1)
        else { return nil }
        return Exchange(
            securityUp: up.security, securityDown: down.security,
            messages: [CostMessage(isUp: true, bytes: up.bytes), CostMessage(isUp: false, bytes: down.bytes)],
            cycles: up.cycles + down.cycles)
    }

    private typealias Message = (security: Int, bytes: Int, cycles: Int)

    private func message(of choice: Choice, isUp: Bool, payload: Int) -> Message? {
        let step = isUp ? "request/protect" : "response/unprotect"
        switch choice.messages {
        case .plain:
            return plain(isUp: isUp, payload: payload).map { (0, $0, 0) }
        case .oscore(let aead):
            return measured("oscore/\(aead)/\(step)", nil, payload: payload)
        case .frame(let aead):
            return measured("frame/\(aead)/\(isUp ? "seal" : "open")", nil, payload: payload)
        case .records(let scenario):
            guard let plain = plain(isUp: isUp, payload: payload) else { return nil }
            let content = choice.carrier == .tcp ? Self.overTCP(plain) : plain
            let name = "\(scenario)/\(isUp ? "up" : "down")"
            return measured(name, given.configuration, payload: content).map {
                ($0.bytes - content, $0.bytes, $0.cycles)
            }
        }
    }

    /// A message of a payload between the measured sizes: its bytes grow with the payload, its cycles in proportion.
    private func measured(
        _ scenario: String, _ configuration: CostResults.Configuration?, payload: Int
    ) -> Message? {
        guard let size = results.size(of: scenario, configuration, payload: payload),
            let message = results.exchange("\(scenario)/\(size)", configuration)?.first,
            let bytes = message.coap ?? message.bytes,
            let work = work("\(scenario)/\(size)", configuration)
        else { return nil }
        let overhead = message.security ?? bytes - size
        guard size > payload, let below = results.size(below: size, of: scenario, configuration),
            let less = self.work("\(scenario)/\(below)", configuration)
        else { return (overhead, bytes + payload - size, cycles(work)) }
        let share = Double(payload - below) / Double(size - below)
        let between = Double(cycles(less)) + share * Double(cycles(work) - cycles(less))
        return (overhead, bytes + payload - size, Int(between.rounded()))
    }

    private func work(_ scenario: String, _ configuration: CostResults.Configuration?) -> Work? {
        results.work(scenario, configuration, core: given.core, flags: given.flags)
    }

    /// Bytes of the CoAP message that OSCORE protects, as it would be without.
    private func plain(isUp: Bool, payload: Int) -> Int? {
        let step = isUp ? "request/protect" : "response/unprotect"
        return measured("\(Choice.plainScenario)/\(step)", nil, payload: payload).map { $0.bytes - $0.security }
    }

    /// The same CoAP message over TCP: a length instead of version, type and message ID (RFC 8323 section 3.2); the
    /// token of 2 bytes stays.
    static func overTCP(_ plain: Int) -> Int {
        let body = plain - 4 - 2
        return plain - 4 + 2 + (body < 13 ? 0 : body < 269 ? 1 : 2)
    }

    // MARK: Energy

    private func cost(of choice: Choice) -> ChoiceCost? {
        guard let reading = reading(of: choice) else { return nil }
        let readingCost = cost(of: reading, carrier: choice.carrier, opens: false)
        var handshakeCost: ExchangeCost?
        if let scenario = choice.handshake {
            guard let handshake = handshake(of: choice, scenario) else { return nil }
            let all = cost(of: handshake, carrier: choice.carrier, opens: true)
            // The reading that came with it was a reading of the day.
            handshakeCost = choice.bringsReading ? all - readingInside(choice, scenario) : all
        }
        let wake = given.radio.wakeMillijoules?.value ?? 0
        let battery = given.battery
        var day = ChoiceCost.Day(
            handshakeMillijoules: given.reconnectsPerDay * (handshakeCost?.millijoules ?? 0),
            readingMillijoules: given.readingsPerDay * readingCost.millijoules,
            // A device connects anew when it has something to send: that takes no occasion of its own.
            wakeMillijoules: max(given.readingsPerDay, handshakeCost == nil ? 0 : given.reconnectsPerDay) * wake,
            sleepMillijoules: given.processor.sleepMillijoulesPerDay,
            selfDischargeMillijoules: battery.selfDischargeMillijoulesPerDay, millijoules: 0)
        day.millijoules =
            day.handshakeMillijoules + day.readingMillijoules + day.wakeMillijoules + day.sleepMillijoules
        return ChoiceCost(
            id: choice.id, title: choice.title, family: choice.family, certificates: choice.certificates,
            handshake: handshakeCost, reading: readingCost, day: day,
            batteryYears: battery.millijoules / (day.millijoules + day.selfDischargeMillijoules) / Self.daysPerYear)
    }

    /// What the reading would cost alone that was measured inside a handshake, as its last messages.
    private func readingInside(_ choice: Choice, _ scenario: String) -> ExchangeCost {
        let messages = results.exchange(scenario, nil) ?? []
        guard let payload = messages.last(where: { $0.direction == .up })?.payload,
            let answer = messages.last(where: { $0.direction == .down }), let bytes = answer.coap,
            let up = message(of: choice, isUp: true, payload: payload),
            let down = message(of: choice, isUp: false, payload: 1)
        else { return .zero }
        let reading = Exchange(
            securityUp: up.security, securityDown: answer.security ?? down.security,
            messages: [CostMessage(isUp: true, bytes: up.bytes), CostMessage(isUp: false, bytes: bytes)],
            cycles: up.cycles + down.cycles)
        return cost(of: reading, carrier: choice.carrier, opens: false)
    }

    private func cost(of exchange: Exchange, carrier: Carrier, opens: Bool) -> ExchangeCost {
        let packets = Transport.packets(exchange.messages, over: carrier, opens: opens)
        let use = given.link.use(for: packets)
        func bytes(_ isUp: Bool) -> Int { exchange.messages.filter { $0.isUp == isUp }.reduce(0) { $0 + $1.bytes } }
        func packetBytes(_ isUp: Bool) -> Int { packets.filter { $0.isUp == isUp }.reduce(0) { $0 + $1.bytes } }
        let radio = given.radio
        var cost = ExchangeCost(
            securityBytesUp: exchange.securityUp, securityBytesDown: exchange.securityDown,
            messageBytesUp: bytes(true), messageBytesDown: bytes(false),
            packets: packets.count, packetBytesUp: packetBytes(true), packetBytesDown: packetBytes(false),
            framesUp: use.framesUp, framesDown: use.framesDown, roundTrips: use.roundTrips,
            airUpSeconds: use.airUp, airDownSeconds: use.airDown, listeningSeconds: use.listening,
            cycles: exchange.cycles,
            processorSeconds: Double(exchange.cycles) / given.processor.megahertz.value * 1e-6,
            processorMillijoules: Double(exchange.cycles) * given.processor.millijoulesPerCycle,
            transmitMillijoules: radio.transmitMilliamperes.value * radio.volts.value * use.airUp,
            receiveMillijoules: radio.receiveMilliamperes.value * radio.volts.value * (use.airDown + use.listening),
            connectionMillijoules: Double(use.roundTrips) * (radio.roundTripMillijoules?.value ?? 0),
            millijoules: 0)
        cost.millijoules =
            cost.processorMillijoules + cost.transmitMillijoules + cost.receiveMillijoules + cost.connectionMillijoules
        return cost
    }

    // MARK: Break-even

    private func breakEven(_ cost: ChoiceCost, against reference: ChoiceCost?) -> ChoiceCost.BreakEven? {
        guard let handshake = cost.handshake?.millijoules, let reference, let other = reference.handshake?.millijoules
        else { return nil }
        let wake = given.radio.wakeMillijoules?.value ?? 0
        let message = cost.reading.millijoules + wake
        return ChoiceCost.BreakEven(
            handshakeBelowTenthAfter: Int((9 * handshake / message).rounded(.up)),
            withinTenthOfReferenceAfter: Self.messagesUntilWithin(
                0.1, handshake, message, of: (other, reference.reading.millijoules + wake)))
    }

    /// The least n from which on first + n * each stays within `tolerance` of the other's; nil if there is none.
    static func messagesUntilWithin(
        _ tolerance: Double, _ first: Double, _ each: Double, of other: (first: Double, each: Double)
    ) -> Int? {
        // Both bounds are lines: above the lower one, below the upper one, from some n on.
        func from(_ excess: Double, _ slope: Double) -> Double? {
            excess <= 0 ? (slope >= 0 ? 0 : nil) : (slope > 0 ? excess / slope : nil)
        }
        guard let upper = from(first - (1 + tolerance) * other.first, (1 + tolerance) * other.each - each),
            let lower = from((1 - tolerance) * other.first - first, each - (1 - tolerance) * other.each)
        else { return nil }
        // A little less, so that rounding of the quotient adds no message.
        return Int((max(upper, lower) * (1 - 1e-9)).rounded(.up))
    }
}

extension ExchangeCost {
    static let zero = ExchangeCost(
        securityBytesUp: 0, securityBytesDown: 0, messageBytesUp: 0, messageBytesDown: 0, packets: 0,
        packetBytesUp: 0, packetBytesDown: 0, framesUp: 0, framesDown: 0, roundTrips: 0, airUpSeconds: 0,
        airDownSeconds: 0, listeningSeconds: 0, cycles: 0, processorSeconds: 0, processorMillijoules: 0,
        transmitMillijoules: 0, receiveMillijoules: 0, connectionMillijoules: 0, millijoules: 0)

    static func - (a: ExchangeCost, b: ExchangeCost) -> ExchangeCost {
        ExchangeCost(
            securityBytesUp: a.securityBytesUp - b.securityBytesUp,
            securityBytesDown: a.securityBytesDown - b.securityBytesDown,
            messageBytesUp: a.messageBytesUp - b.messageBytesUp,
            messageBytesDown: a.messageBytesDown - b.messageBytesDown, packets: a.packets - b.packets,
            packetBytesUp: a.packetBytesUp - b.packetBytesUp,
            packetBytesDown: a.packetBytesDown - b.packetBytesDown, framesUp: a.framesUp - b.framesUp,
            framesDown: a.framesDown - b.framesDown, roundTrips: a.roundTrips - b.roundTrips,
            airUpSeconds: a.airUpSeconds - b.airUpSeconds, airDownSeconds: a.airDownSeconds - b.airDownSeconds,
            listeningSeconds: a.listeningSeconds - b.listeningSeconds, cycles: a.cycles - b.cycles,
            processorSeconds: a.processorSeconds - b.processorSeconds,
            processorMillijoules: a.processorMillijoules - b.processorMillijoules,
            transmitMillijoules: a.transmitMillijoules - b.transmitMillijoules,
            receiveMillijoules: a.receiveMillijoules - b.receiveMillijoules,
            connectionMillijoules: a.connectionMillijoules - b.connectionMillijoules,
            millijoules: a.millijoules - b.millijoules)
    }
}
#endif

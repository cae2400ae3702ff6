// What load is made of: devices that authenticate, do it again, and send readings.
#if Gateway
import Husk

enum LoadOperation: String, Codable, Sendable, CaseIterable {
    /// EDHOC-PSK, messages 1 to 4, by a device that remembers nothing.
    case authentication
    /// The same with the resumption PSK of the last session.
    case resumption
    /// KUDOS: new keys from the stored secret, without public-key operations.
    case keyUpdate
    /// A reading of 32 bytes, protected, and its protected answer.
    case message
    /// The same beside a flood of message_1.
    case messageInFlood

    var title: String {
        switch self {
        case .authentication: "EDHOC-PSK"
        case .resumption: "resumption"
        case .keyUpdate: "KUDOS"
        case .message: "message"
        case .messageInFlood: "message in flood"
        }
    }

    /// Datagrams a device sends for it if none is lost.
    var datagrams: Int {
        switch self {
        case .authentication, .resumption: 2
        case .keyUpdate, .message, .messageInFlood: 1
        }
    }
}

/// A device without a network: datagrams and the time in milliseconds in, datagrams out. One operation at a time.
protocol SimulatedDevice: AnyObject {
    func begin(_ operation: LoadOperation, now: UInt32) throws(HuskError)
    /// The next datagram to send now.
    func transmit(now: UInt32) -> [UInt8]?
    func receive(_ datagram: [UInt8], now: UInt32)
    /// Milliseconds until there is something to send again; nil for never.
    func timeout(now: UInt32) -> UInt32?
    /// What the operation came to; nil as long as it goes on.
    var outcome: LoadOutcome? { get }
}

enum LoadOutcome {
    case done
    /// Why, for people.
    case failed(String)
}

/// The endpoint that runs in firmware, with EDHOC-PSK.
final class LoadEndpoint: SimulatedDevice {
    private let credential: PreSharedKey
    private let configuration: HandshakeConfiguration
    private var device: Device?
    private var operation = LoadOperation.message
    private var hasSession = false
    private var sent = 0
    private(set) var outcome: LoadOutcome?

    init(_ credential: consuming PreSharedKey, _ configuration: HandshakeConfiguration) {
        self.credential = credential
        self.configuration = configuration
    }

    func begin(_ operation: LoadOperation, now: UInt32) throws(HuskError) {
        self.operation = operation
        outcome = nil
        sent = 0
        if operation == .authentication {
            hasSession = false
            device = try Device(
                key: credential, configuration: configuration, combinesFirstRequest: false, memory: DeviceMemory())
        }
        guard device != nil else { throw .state }
        guard operation == .message else { return try device!.start(nil) }
        // Without a session it would make one, which is another operation.
        guard hasSession else { throw .state }
        try device!.start(
            Device.Request(.post, "sensors/temperature", contentFormat: 110, payload: simulatedReading(0)))
    }

    func transmit(now: UInt32) -> [UInt8]? {
        guard device != nil, outcome == nil else { return nil }
        do throws(HuskError) {
            let transmission = try device!.transmit(now: now)
            note(transmission.event)
            guard let datagram = transmission.datagram else { return nil }
            sent += 1
            // The endpoint would authenticate by itself.
            guard operation != .message || sent == 1 || isProtected(datagram) else {
                hasSession = false
                outcome = .failed("the session is gone")
                return nil
            }
            return datagram
        } catch {
            outcome = .failed("\(error.reason)")
            return nil
        }
    }

    func receive(_ datagram: [UInt8], now: UInt32) {
        guard device != nil, outcome == nil, let event = try? device!.receive(datagram, now: now) else { return }
        note(event)
    }

    func timeout(now: UInt32) -> UInt32? {
        guard device != nil else { return nil }
        return device!.timeout(now: now)
    }

    private func isProtected(_ datagram: [UInt8]) -> Bool {
        (try? CoAPMessage(decoding: datagram))?.option(CoAPOption.oscore) != nil
    }

    private func note(_ event: Device.Event) {
        switch event {
        case .authenticated where operation != .message:
            hasSession = true
            outcome = .done
        case .response(let answer) where operation == .message:
            outcome = answer.code.codeClass == 2 ? .done : .failed("answered \(answer.code)")
        case .failed(let error, let refusal):
            outcome = .failed(refusal.map { "answered \($0)" } ?? "\(error.reason)")
        default:
            break
        }
    }
}

/// A device of the symmetric-only profile with forward secrecy.
final class LoadMeter: SimulatedDevice {
    private var update: KeyUpdate
    private var exchange = SecurityContext.Exchange()
    private var messageID = UInt16.random(in: 0...UInt16.max)
    private var isKeyUpdate = false
    private var datagram: [UInt8]?
    private var deadline: UInt32?
    private var interval: UInt32 = 0
    private var attempts = 0
    private(set) var outcome: LoadOutcome?

    /// RFC 7252 section 4.8.
    private static let acknowledgementTimeout: UInt32 = 2000
    private static let maximumRetransmissions = 4

    init(_ update: consuming KeyUpdate) {
        self.update = update
    }

    func begin(_ operation: LoadOperation, now: UInt32) throws(HuskError) {
        outcome = nil
        isKeyUpdate = operation == .keyUpdate
        if isKeyUpdate {
            try update.start()
        }
        guard isKeyUpdate || update.hasContext else { throw .state }
        messageID &+= 1
        let path = isKeyUpdate ? [".well-known", "kudos"] : ["sensors", "temperature"]
        var message = CoAPMessage(type: .confirmable, code: .post, messageID: messageID, token: [7])
        message.options = path.map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
        if !isKeyUpdate {
            message.options.append(CoAPOption(number: CoAPOption.contentFormat, uint: 110))
            message.payload = simulatedReading(0)
        }
        exchange = SecurityContext.Exchange()
        datagram = try update.protect(request: message, exchange: &exchange)
        deadline = now
        interval = Self.acknowledgementTimeout
        attempts = 0
    }

    func transmit(now: UInt32) -> [UInt8]? {
        guard outcome == nil, let due = deadline, Int32(bitPattern: now &- due) >= 0 else { return nil }
        guard attempts <= Self.maximumRetransmissions else {
            end(.failed("timeout"))
            return nil
        }
        attempts += 1
        deadline = now &+ interval
        interval *= 2
        return datagram
    }

    func receive(_ bytes: [UInt8], now: UInt32) {
        guard outcome == nil, deadline != nil, let outer = try? CoAPMessage(decoding: bytes),
            outer.messageID == messageID
        else { return }
        guard outer.option(CoAPOption.oscore) != nil else { return end(.failed("answered \(outer.code)")) }
        guard let received = try? update.unprotect(response: bytes, exchange: &exchange) else { return }
        if update.mustStore {
            // In memory: a simulated device does not reboot.
            update.store { _ in }
        }
        let isDone = received.message.code.codeClass == 2 && (!isKeyUpdate || received.event == .established)
        end(isDone ? .done : .failed("answered \(received.message.code)"))
    }

    func timeout(now: UInt32) -> UInt32? {
        guard let deadline else { return nil }
        return Int32(bitPattern: deadline &- now) > 0 ? deadline &- now : 0
    }

    private func end(_ outcome: LoadOutcome) {
        self.outcome = outcome
        deadline = nil
    }
}
#endif

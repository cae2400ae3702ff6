// Keys of simulated devices, made for one run and wiped from disk after it.
#if Gateway
import Husk
import HuskGateway

/// How devices get their sessions.
enum LoadProfile: String, Codable, Sendable, CaseIterable {
    case edhoc
    case symmetric
}

struct LoadKeys {
    private static let keyBytes = 16
    private static let gateway = "gateway"
    private static let recipient: [UInt8] = [0x67, 0x77]

    private let profile: LoadProfile
    private let keys: [[UInt8]]

    init(_ profile: LoadProfile, count: Int) {
        self.profile = profile
        var generator = SystemRandomNumberGenerator()
        keys = (0..<count).map { _ in
            (0..<Self.keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
    }

    private static func name(_ index: Int) -> String { "device-\(index)" }

    /// Three bytes; in the symmetric profile one more, so that it is nobody's C_R.
    private func identifier(_ index: Int) -> [UInt8] {
        let bytes = [16, 8, 0].map { UInt8(truncatingIfNeeded: index >> $0) }
        return profile == .edhoc ? bytes : [0x73] + bytes
    }

    /// The gateway's credentials file.
    var json: [UInt8] {
        var text = "{\"devices\": [\n"
        for (index, key) in keys.enumerated() {
            let separator = index + 1 < keys.count ? "," : ""
            switch profile {
            case .edhoc:
                text += """
                    {"kid": "\(hex(identifier(index)))", "key": "\(hex(key))", "device": "\(Self.name(index))", \
                    "gateway": "\(Self.gateway)"}\(separator)\n
                    """
            case .symmetric:
                text += """
                    {"device": "\(Self.name(index))", "oscore": {"secret": "\(hex(key))", \
                    "sender": "\(hex(identifier(index)))", "recipient": "\(hex(Self.recipient))", "mode": "fs"}}\
                    \(separator)\n
                    """
            }
        }
        return Array((text + "]}\n").utf8)
    }

    /// The devices' side of it.
    func devices(_ suites: [CipherSuite]) throws(HuskError) -> [any SimulatedDevice] {
        let configuration = try HandshakeConfiguration(suites: suites)
        var devices: [any SimulatedDevice] = []
        for (index, key) in keys.enumerated() {
            switch profile {
            case .edhoc:
                let key = try PreSharedKey(
                    key: key, kid: identifier(index), initiator: Identity(Self.name(index)),
                    responder: Identity(Self.gateway))
                devices.append(LoadEndpoint(key, configuration))
            case .symmetric:
                let configuration = try KeyUpdate.Configuration(
                    senderID: ConnectionIdentifier(identifier(index)),
                    recipientID: ConnectionIdentifier(Self.recipient), mode: .forwardSecrecy)
                devices.append(
                    LoadMeter(try unsafe KeyUpdate(secret: key.span.bytes, configuration: configuration)))
            }
        }
        return devices
    }
}

extension Credentials {
    /// The devices' side of a credentials file, of those that use EDHOC.
    func simulated(_ suites: [CipherSuite]) throws(HuskError) -> [any SimulatedDevice] {
        let configuration = try HandshakeConfiguration(suites: suites)
        return devices.map { LoadEndpoint($0.key.copy(), configuration) }
    }
}
#endif

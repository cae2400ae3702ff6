// The simulated microcontrollers, and what their firmware is given and reports.
#if Gateway
import ArgumentParser

/// A machine that QEMU simulates.
enum Machine: String, ExpressibleByArgument, CaseIterable, Sendable {
    case microbit
    case an385 = "mps2-an385"
    case an386 = "mps2-an386"

    var processor: String {
        switch self {
        case .microbit: "Cortex-M0"
        case .an385: "Cortex-M3"
        case .an386: "Cortex-M4"
        }
    }

    /// Where `make firmware` puts the images for it, below the firmware directory.
    var folder: String {
        switch self {
        case .microbit: "m0"
        case .an385: "m3"
        case .an386: "m4"
        }
    }

    /// Where `make` puts the image of a profile, below the firmware directory.
    func image(_ profile: DemoProfile, _ language: FirmwareLanguage = .c) -> String {
        switch (profile, language) {
        case (.symmetric, _): folder + "/sensor_symmetric.elf"
        case (.edhoc, .c): folder + "/sensor.elf"
        case (.edhoc, .swift): folder + "/sensor_swift.elf"
        }
    }

    /// What the firmware's exit code means (CSources/firmware/README.md).
    static func meaning(ofExit code: Int32) -> String {
        switch code {
        case 1: "it was not provisioned with a usable key"
        case 2: "it got no protected answer from the gateway"
        case 3: "the processor faulted"
        case 4: "the stack reached the data below it"
        default: "unknown exit code \(code)"
        }
    }
}

/// What the firmware is written in.
enum FirmwareLanguage: String, ExpressibleByArgument, CaseIterable {
    case c
    case swift

    /// What `make` builds it with.
    var target: String {
        switch self {
        case .c: "firmware"
        case .swift: "firmware-swift"
        }
    }
}

/// How the simulated device gets its keys.
enum DemoProfile: String, ExpressibleByArgument, CaseIterable {
    case edhoc
    case symmetric
}

/// What KUDOS may store: new secrets (forward secrecy), or nothing.
enum KeyUpdateMode: String, ExpressibleByArgument, CaseIterable {
    case fs
    case noFS = "no-fs"
}

/// What `--machine` names: one, or all of them.
enum MachineChoice: String, ExpressibleByArgument, CaseIterable {
    case microbit
    case an385 = "mps2-an385"
    case an386 = "mps2-an386"
    case all

    var machines: [Machine] {
        Machine(rawValue: rawValue).map { [$0] } ?? Machine.allCases
    }
}

/// What a device is given before it is deployed, in the last kilobyte of its flash: CSources/firmware/provisioning.h.
struct Provisioning {
    static let address = 0x3fc00
    static let byteCount = 484

    var kid: [UInt8]
    var key: [UInt8]
    var initiator: [UInt8]
    var responder: [UInt8]
    var readings: UInt8
    var intervalMilliseconds: UInt16
    var suite: UInt8
    /// Wait for message_4 before the first request.
    var isSequential: Bool
    /// Authenticate with the key that the last session left, if there is one.
    var resumes: Bool
    /// How often, after the readings, to lose the session as in a reboot and send one reading more.
    var restarts: UInt8

    /// The suites that the sensor firmware links.
    static let firmwareSuites = [0, 2, 4]
    static let profileEDHOCPSK: UInt8 = 0
    static let profileKUDOS: UInt8 = 1

    /// Set for the symmetric-only profile. Then `key` is the OSCORE Master Secret, `kid` the Sender ID of the device
    /// and `initiator` that of the gateway; `responder`, `suite` and the rest stay empty.
    var keyUpdate: KeyUpdateMode?

    /// What the door needs beside; nil for a sensor.
    var envelopes: Envelopes?

    struct Envelopes {
        var kid: [UInt8]
        var key: [UInt8]
        var device: String
        var application: String
        /// How many envelopes to take before it ends; 0 for no end.
        var commands: UInt8

        static let byteCount = 120

        fileprivate func encoded() -> [UInt8] {
            let (from, to) = (Array(device.utf8), Array(application.utf8))
            precondition(kid.count <= 16 && key.count <= 32 && from.count <= 32 && to.count <= 32)
            var bytes = [key.count, kid.count, from.count, to.count].map { UInt8($0) } + [commands, 0, 0, 0]
            for (field, size) in [(key, 32), (kid, 16), (from, 32), (to, 32)] {
                bytes += field + [UInt8](repeating: 0, count: size - field.count)
            }
            return bytes
        }
    }

    func encoded() -> [UInt8] {
        precondition(kid.count <= 24 && key.count <= 64 && initiator.count <= 128 && responder.count <= 128)
        var bytes = Array("HUSK".utf8) + [3]
        bytes += [kid.count, key.count, initiator.count, responder.count].map { UInt8($0) }
        bytes += [readings, UInt8(intervalMilliseconds >> 8), UInt8(intervalMilliseconds & 0xff)]
        let flags: UInt8 = (isSequential ? 1 : 0) | (resumes ? 2 : 0) | (keyUpdate == .fs ? 4 : 0)
        bytes += [suite, flags, keyUpdate == nil ? Self.profileEDHOCPSK : Self.profileKUDOS, restarts]
        for (field, size) in [(kid, 24), (key, 64), (initiator, 128), (responder, 128)] {
            bytes += field + [UInt8](repeating: 0, count: size - field.count)
        }
        bytes += envelopes?.encoded() ?? [UInt8](repeating: 0, count: Envelopes.byteCount)
        let crc = Self.crc32(bytes)
        return bytes + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> $0) }
    }

    /// CRC-32 of IEEE 802.3.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
    }
}

/// The last line of the firmware: `report machine=microbit stack=1000 state=500 ...`.
struct FirmwareReport: Codable, Equatable {
    var peakStackBytes: Int
    var stateBytes: Int
    var textBytes: Int
    var dataBytes: Int
    var bssBytes: Int
    var retransmissions: Int

    init?(line: String) {
        let words = line.split(separator: " ")
        guard words.first == "report" else { return nil }
        var fields: [Substring: Int] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = Int(parts[1]) else { continue }
            fields[parts[0]] = value
        }
        guard let stack = fields["stack"], let state = fields["state"], let text = fields["text"],
            let data = fields["data"], let bss = fields["bss"], let retransmissions = fields["retransmissions"]
        else { return nil }
        peakStackBytes = stack
        stateBytes = state
        textBytes = text
        dataBytes = data
        bssBytes = bss
        self.retransmissions = retransmissions
    }
}
#endif

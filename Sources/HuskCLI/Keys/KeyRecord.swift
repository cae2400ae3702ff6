// A pre-shared key as files hold it: the two identities, the identifier, the key. One shape for the gateway's
// credentials file, which lists many, and for a device's own file, which lists one.
#if Gateway
import CHusk

struct KeyRecord: Codable, Equatable {
    var device: String
    var gateway: String
    /// Hexadecimal, as is `key`.
    var kid: String
    var key: String
    /// Suites that the device may use, of the gateway's; nil for all.
    var suites: [Int]?
    /// What the device has for the symmetric-only profile.
    var oscore: OSCORESecret?

    struct OSCORESecret: Codable, Equatable {
        var secret: String
        var sender: String
        var recipient: String
        var mode: String
    }
}

/// A device of the symmetric-only profile alone.
struct SymmetricRecord: Codable, Equatable {
    var device: String
    var oscore: KeyRecord.OSCORESecret
}

/// A credentials file. Entries keep their order.
struct KeyList: Codable, Equatable {
    enum Entry: Codable, Equatable {
        case key(KeyRecord)
        case symmetric(SymmetricRecord)

        init(from decoder: any Decoder) throws {
            if let record = try? KeyRecord(from: decoder) {
                self = .key(record)
                return
            }
            self = .symmetric(try SymmetricRecord(from: decoder))
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .key(let record): try record.encode(to: encoder)
            case .symmetric(let record): try record.encode(to: encoder)
            }
        }

        var device: String {
            switch self {
            case .key(let record): record.device
            case .symmetric(let record): record.device
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case entries = "devices"
    }

    var entries: [Entry]

    init(devices: [KeyRecord]) {
        entries = devices.map(Entry.key)
    }

    /// Those with a key for EDHOC.
    var devices: [KeyRecord] {
        entries.compactMap { entry in
            guard case .key(let record) = entry else { return nil }
            return record
        }
    }

    mutating func append(_ record: KeyRecord) {
        entries.append(.key(record))
    }
}

extension KeyRecord {
    /// A new key from the system's generator.
    static func generate(device: String, gateway: String, kid: [UInt8], keyBytes: Int) -> KeyRecord {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return KeyRecord(device: device, gateway: gateway, kid: hex(kid), key: hex(key))
    }

    /// CRED_I and CRED_R: the credentials of device and gateway that EDHOC authenticates.
    func credentials() throws(Failure) -> (initiator: [UInt8], responder: [UInt8]) {
        let kidBytes = try decoded(kid, "kid")
        return try (Self.credential(of: device, kid: kidBytes), Self.credential(of: gateway, kid: kidBytes))
    }

    func keyBytes() throws(Failure) -> [UInt8] { try decoded(key, "key") }
    func kidBytes() throws(Failure) -> [UInt8] { try decoded(kid, "kid") }

    private func decoded(_ text: String, _ what: String) throws(Failure) -> [UInt8] {
        guard let bytes = bytes(hex: text) else {
            throw Failure(
                .badData, "the \(what) of \(printable(device)) is not hexadecimal: write two digits per byte")
        }
        return bytes
    }

    private static func credential(of subject: String, kid: [UInt8]) throws(Failure) -> [UInt8] {
        let name = Array(subject.utf8)
        var out = [UInt8](repeating: 0, count: name.count + kid.count + Int(HUSK_CRED_OVERHEAD_MAX_BYTES))
        let capacity = out.count
        var length = 0
        let status = unsafe name.withUnsafeBufferPointer { name in
            unsafe kid.withUnsafeBufferPointer { kid in
                unsafe out.withUnsafeMutableBufferPointer { out in
                    unsafe husk_cred_compose(
                        husk_bytes(data: name.baseAddress, len: name.count),
                        husk_bytes(data: kid.baseAddress, len: kid.count), out.baseAddress, capacity, &length)
                }
            }
        }
        guard status == HUSK_OK else {
            throw Failure(
                .badData, "no credential for \(printable(subject)): a name has 1 to 255 bytes, a kid 1 to 24")
        }
        return Array(out.prefix(length))
    }
}

extension KeyRecord {
    /// What firmware compiles in: the members of a `husk_psk`.
    func cHeader() throws(Failure) -> String {
        let (initiator, responder) = try credentials()
        return """
            /* Pre-shared key of \(Self.comment(device)) with \(Self.comment(gateway)). Secret: keep it out of git. */
            #ifndef HUSK_PSK_H
            #define HUSK_PSK_H

            #include <stdint.h>

            \(Self.array("psk_kid", try kidBytes()))
            \(Self.array("psk_key", try keyBytes()))
            \(Self.array("psk_cred_i", initiator))
            \(Self.array("psk_cred_r", responder))
            #endif

            """
    }

    /// A name inside a C comment, which it must not end.
    private static func comment(_ name: String) -> String {
        String(printable(name).map { $0 == "*" || $0 == "/" || $0 == "\\" ? "?" : $0 })
    }

    private static func array(_ name: String, _ bytes: [UInt8]) -> String {
        var lines = ["static const uint8_t \(name)[\(bytes.count)] = {"]
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let row = bytes[start..<min(start + 16, bytes.count)].map { "0x" + hex([$0]) }
            lines.append("    " + row.joined(separator: ", ") + ",")
        }
        lines.append("};\n")
        return lines.joined(separator: "\n")
    }
}

extension KeyRecord {
    /// The identifier for the next device: the shortest that nobody has. One byte that is itself the encoding of a
    /// small integer costs one byte in message_3 (RFC 9528 section 3.3.2); there are 48 of them, then two bytes each.
    static func unusedIdentifier(among taken: some Sequence<String>) -> [UInt8] {
        let taken = Set(taken.map { $0.lowercased() })
        let short = (0x00...0x17).map { [UInt8($0)] } + (0x20...0x37).map { [UInt8($0)] }
        if let free = short.first(where: { !taken.contains(hex($0)) }) {
            return free
        }
        let long = (0...0xffff).lazy.map { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        if let free = long.first(where: { !taken.contains(hex($0)) }) {
            return free
        }
        var generator = SystemRandomNumberGenerator()
        return (0..<8).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
#endif

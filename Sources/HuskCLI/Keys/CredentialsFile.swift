// Adds a device to a gateway's credentials file without ever breaking it.
#if Gateway
import FoundationEssentials
import HuskGateway

struct CredentialsFile {
    let path: String

    /// What is in it; nothing if there is no such file. A file that the gateway would refuse is refused here too.
    func read() throws(Failure) -> KeyList {
        guard let content = try PrivateFile.read(path) else { return KeyList(devices: []) }
        try check()
        do {
            return try JSONDecoder().decode(KeyList.self, from: Data(content))
        } catch {
            throw Failure(
                .badData,
                "\(path) is not a list of devices as 'husk psk new' writes it: mend it, or start a new file")
        }
    }

    /// The devices as the gateway sees them, in the gateway's own words where it does not like them.
    @discardableResult
    func check() throws(Failure) -> Credentials {
        do throws(CredentialsError) {
            return try Credentials(path: path)
        } catch {
            throw Failure(PrivateFile.isReadable(path) ? .badData : .cannotOpen, "\(error)")
        }
    }

    /// As ``check()``; nil if there is no such file.
    func checkExisting() throws(Failure) -> Credentials? {
        PrivateFile.exists(path) ? try check() : nil
    }

    /// The one device with this kid and name, of which either may be left open. `options` are those that would say it.
    func credential(kid: [UInt8]?, device: String?, options: [String]) throws(Failure) -> DeviceCredential {
        guard let all = try checkExisting()?.devices else {
            throw Failure(.cannotOpen, "\(path) does not exist: make a key with 'husk psk new'")
        }
        let chosen = all.filter { (kid ?? $0.kid) == $0.kid && (device ?? $0.device) == $0.device }
        guard let credential = chosen.first else {
            throw Failure(.badData, "\(path) has no such device: see \(options.joined(separator: " and "))")
        }
        guard chosen.count == 1 else {
            throw Failure(
                .badData,
                "\(path) has \(chosen.count) devices: choose one with \(options.joined(separator: " or "))")
        }
        return credential
    }

    /// The same with the bytes of its key, for a device that is not in this process.
    func record(kid: [UInt8]?, device: String?, options: [String]) throws(Failure) -> KeyRecord {
        let chosen = try credential(kid: kid, device: device, options: options)
        guard let record = try read().devices.first(where: { $0.kid.lowercased() == hex(chosen.kid) }) else {
            throw Failure(.badData, "\(path) changed while it was read: try again")
        }
        return record
    }

    /// Adds a record with a fresh key. `kid` and `device` are chosen if they are nil. `deliver` is called with the
    /// record before the file changes; if it throws, the file stays as it is.
    func add(
        device: String?, gateway: String, kid: [UInt8]?, keyBytes: Int,
        deliver: (KeyRecord) throws(Failure) -> Void
    ) throws(Failure) -> KeyRecord {
        try PrivateFile.locked(path) { () throws(Failure) in
            var list = try read()
            let kid = kid ?? KeyRecord.unusedIdentifier(among: list.devices.map(\.kid))
            let record = KeyRecord.generate(
                device: device ?? "device-\(hex(kid))", gateway: gateway, kid: kid, keyBytes: keyBytes)
            if list.devices.contains(where: { $0.kid.lowercased() == record.kid }) {
                throw Failure(
                    .badData, "\(path) has kid \(record.kid) already: choose another --kid, or leave it out")
            }
            if list.entries.contains(where: { $0.device == record.device }) {
                throw Failure(
                    .badData, "\(path) has device \(printable(record.device)) already: choose another --device")
            }
            guard record.device != record.gateway else {
                throw Failure(
                    .badData, "device and gateway are both \(printable(gateway)): give them different names")
            }
            list.append(record)
            let content = try Self.encode(list)
            do throws(CredentialsError) {
                _ = try Credentials(json: content, file: path)
            } catch {
                throw Failure(.badData, "\(error)")
            }
            try deliver(record)
            try PrivateFile.replace(path, content)
            return record
        }
    }

    /// JSON with one field per line, so that errors can name lines and version tools show what changed.
    static func encode(_ list: KeyList) throws(Failure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(list)) + [UInt8(ascii: "\n")]
        } catch {
            throw Failure(.failed, "the credentials cannot be encoded: \(error)")
        }
    }
}
#endif

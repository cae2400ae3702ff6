// The credentials file: what is read, and every refusal with its line and reason.
#if Gateway
import Foundation
import Husk
import Testing

@testable import HuskGateway

@Suite struct CredentialsTests {
    static let key = "00112233445566778899aabbccddeeff"

    static func device(
        kid: String = "\"0a\"", key: String = "\"\(key)\"", device: String = "\"sensor-1\"",
        gateway: String = "\"gateway.example\"", suites: String? = nil
    ) -> String {
        """
            {
              "kid": \(kid),
              "key": \(key),
              "device": \(device),
              "gateway": \(gateway)\(suites.map { ",\n      \"suites\": \($0)" } ?? "")
            }
        """
    }

    static func file(_ devices: String...) -> String {
        "{\n  \"devices\": [\n" + devices.joined(separator: ",\n") + "\n  ]\n}\n"
    }

    static func refusal(_ json: String) -> CredentialsError? {
        do {
            _ = try Credentials(json: Array(json.utf8), file: "devices.json")
            return nil
        } catch {
            return error
        }
    }

    @Test func reads() throws {
        let json = Self.file(
            Self.device(), Self.device(kid: "\"0b0C\"", device: "\"W\\u00e4rme \\ud83d\\ude00\\n\""))
        let credentials = try Credentials(json: Array(json.utf8))
        #expect(credentials.devices.count == 2)
        #expect(credentials[kid: [0x0a]]?.device == "sensor-1")
        #expect(credentials[kid: [0x0b, 0x0c]]?.device == "Wärme 😀\n")
        #expect(credentials[kid: [0x0b, 0x0c]]?.gateway == "gateway.example")
        #expect(credentials[kid: [0x0c]] == nil)
        #expect(try Credentials(json: Array("{\"devices\":[]}".utf8)).devices.isEmpty)
    }

    @Test func readsTheSuitesOfADevice() throws {
        func suites(_ text: String?) throws -> [Int32]? {
            let credentials = try Credentials(json: Array(Self.file(Self.device(suites: text)).utf8))
            return credentials.devices[0].suites?.map(\.id).sorted()
        }
        #expect(try suites(nil) == nil)
        #expect(try suites("[0, 2]") == [0, 2])
        #expect(try suites("[5,4,3,2,1,0]") == [0, 1, 2, 3, 4, 5])
        #expect(try suites("[ 3\n ]") == [3])
    }

    struct Refusal: Sendable {
        var json: String
        var line: Int
        var reason: CredentialsError.Reason
    }

    static let refusals: [Refusal] = [
        Refusal(json: file(device(), device(device: "\"other\"")), line: 10, reason: .repeatedKid(line: 4)),
        Refusal(json: file(device(kid: "\"0A\""), device()), line: 10, reason: .repeatedKid(line: 4)),
        Refusal(json: file(device(key: "\"00112233445566778899aabbccddee\"")), line: 5, reason: .keyLength(15)),
        Refusal(json: file(device(key: "\"\"")), line: 5, reason: .keyLength(0)),
        Refusal(json: file(device(key: "\"001\"")), line: 5, reason: .notHexadecimal(.key)),
        Refusal(
            json: file(device(key: "\"0g112233445566778899aabbccddeeff\"")), line: 5, reason: .notHexadecimal(.key)),
        Refusal(json: file(device(key: "\"\\u0030\"")), line: 5, reason: .notHexadecimal(.key)),
        Refusal(json: file(device(kid: "\"zz\"")), line: 4, reason: .notHexadecimal(.kid)),
        Refusal(json: file(device(kid: "\"\"")), line: 4, reason: .kidLength(0)),
        Refusal(json: file(device(kid: "\"\(String(repeating: "01", count: 25))\"")), line: 4, reason: .kidLength(25)),
        Refusal(json: file(device(device: "\"gateway.example\"")), line: 7, reason: .equalIdentities),
        Refusal(json: file(device(device: "\"\"")), line: 6, reason: .identityLength(.device)),
        Refusal(
            json: file(device(gateway: "\"\(String(repeating: "g", count: 256))\"")), line: 7,
            reason: .identityLength(.gateway)),
        Refusal(json: file("{\"kid\": \"0a\"}"), line: 3, reason: .missingField(.key)),
        Refusal(json: file("{}"), line: 3, reason: .missingField(.kid)),
        Refusal(json: file("{\"key\": \"00\",\n \"kid\": \"0a\",\n \"name\": \"x\"}"), line: 5, reason: .unknownField),
        Refusal(json: file("{\"kid\": \"0a\",\n \"kid\": \"0b\"}"), line: 4, reason: .repeatedField("kid")),
        Refusal(json: "{\n\"device\": []}", line: 2, reason: .unknownField),
        Refusal(json: "{\"devices\": [],\n\"devices\": []}", line: 2, reason: .repeatedField("devices")),
        Refusal(json: "", line: 1, reason: .syntax(expected: "an object in braces")),
        Refusal(json: "\n\n[]", line: 3, reason: .syntax(expected: "an object in braces")),
        Refusal(json: "{}", line: 1, reason: .syntax(expected: "\"devices\"")),
        Refusal(json: "{\"devices\": {}}", line: 1, reason: .syntax(expected: "a list in brackets")),
        Refusal(json: "{\"devices\": []} x", line: 1, reason: .syntax(expected: "nothing after the last brace")),
        Refusal(json: "{\"devices\": []", line: 1, reason: .syntax(expected: "a comma or a closing brace")),
        Refusal(json: file(device(key: "12")), line: 5, reason: .syntax(expected: "a string in quotes")),
        Refusal(json: file(device(key: "null")), line: 5, reason: .syntax(expected: "a string in quotes")),
        Refusal(
            json: file(device(key: "\"\n\"")), line: 5, reason: .syntax(expected: "a string that ends on its line")),
        Refusal(json: file(device() + ","), line: 9, reason: .syntax(expected: "a device in braces")),
        Refusal(
            json: file(device(device: "\"\\q\"")), line: 6,
            reason: .syntax(expected: "valid escapes and UTF-8 in a string")),
        Refusal(
            json: file(device(device: "\"\\ud800\"")), line: 6,
            reason: .syntax(expected: "valid escapes and UTF-8 in a string")),
        Refusal(json: file(device(suites: "[]")), line: 8, reason: .noSuites),
        Refusal(json: file(device(suites: "[0, 6]")), line: 8, reason: .unknownSuite(6)),
        Refusal(json: file(device(suites: "[0,\n 999999999]")), line: 9, reason: .unknownSuite(999_999_999)),
        Refusal(json: file(device(suites: "[0, 2,\n 0]")), line: 9, reason: .repeatedSuite(0)),
        Refusal(json: file(device(suites: "[0],\n\"suites\": [1]")), line: 9, reason: .repeatedField("suites")),
        Refusal(json: file(device(suites: "0")), line: 8, reason: .syntax(expected: "a list in brackets")),
        Refusal(json: file(device(suites: "null")), line: 8, reason: .syntax(expected: "a list in brackets")),
        Refusal(json: file(device(suites: "[0 2]")), line: 8, reason: .syntax(expected: "a comma or a closing bracket")),
    ]

    /// What stands in the list where a number should.
    static let noNumbers = ["\"0\"", "", "-1", "+1", "00", "02", "1.0", "2e0", "1E0", "0x1", "1234567890", "null", "[0]", "0,"]

    @Test(arguments: noNumbers) func suitesAreWholeNumbers(text: String) throws {
        let error = try #require(Self.refusal(Self.file(Self.device(suites: "[\(text.isEmpty ? "," : text)]"))))
        #expect(error.line == 8)
        let isHalf = text == "0x1"
        #expect(
            error.reason
                == .syntax(expected: isHalf ? "a comma or a closing bracket" : "the number of a suite"))
    }

    static let otherFormats: [Refusal] = [
        // YAML, but not JSON.
        Refusal(json: "devices:\n - kid: 0a\n", line: 1, reason: .syntax(expected: "an object in braces")),
        Refusal(json: "{\n# comment\n\"devices\": []}", line: 2, reason: .syntax(expected: "\"devices\"")),
        Refusal(json: "{'devices': []}", line: 1, reason: .syntax(expected: "\"devices\"")),
    ]

    @Test(arguments: refusals + otherFormats) func refuses(refusal: Refusal) throws {
        let error = try #require(Self.refusal(refusal.json))
        #expect(error.line == refusal.line)
        #expect(error.reason == refusal.reason)
        #expect(error.description.hasPrefix("devices.json:\(refusal.line): "))
        #expect(!error.description.contains(Self.key.prefix(8)))
        #expect(!error.description.contains("\n"))
    }

    @Test func everyTruncationIsRefused() {
        let json = Self.file(Self.device()).trimmingCharacters(in: .whitespacesAndNewlines)
        for count in 0..<json.utf8.count {
            #expect(Self.refusal(String(json.prefix(count))) != nil)
        }
        #expect(Self.refusal(json) == nil)
    }

    /// JSONDecoder is the judge of what is JSON: whatever it refuses is refused.
    @Test func acceptsOnlyJSON() {
        struct File: Decodable {
            struct Device: Decodable {
                var kid, key, device, gateway: String
                var suites: [Int]?
            }
            var devices: [Device]
        }
        let original = Array(Self.file(Self.device(suites: "[0, 1, 2, 3]")).utf8)
        var random = SplitMix(state: 7)
        var accepted = 0
        for _ in 0..<3_000 {
            var json = original
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                json[Int.random(in: 0..<json.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard (try? Credentials(json: json)) != nil else { continue }
            accepted += 1
            let decoded = try? JSONDecoder().decode(File.self, from: Data(json))
            #expect(decoded != nil, "\(String(decoding: json, as: UTF8.self))")
        }
        #expect(accepted > 100)
    }

    // MARK: Files

    private func withFile(_ mode: Int, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("husk-\(UUID().uuidString).json").path
        try #require(FileManager.default.createFile(atPath: path, contents: Data(Self.file(Self.device()).utf8)))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func reason(_ path: String) -> CredentialsError.Reason? {
        do {
            _ = try Credentials(path: path)
            return nil
        } catch {
            #expect(error.file == path && error.line == nil)
            return error.reason
        }
    }

    @Test(arguments: [0o600, 0o400]) func readsPrivateFiles(mode: Int) throws {
        try withFile(mode) { #expect(reason($0) == nil) }
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o610, 0o601, 0o660, 0o666, 0o700])
    func refusesLooseFiles(mode: Int) throws {
        try withFile(mode) { #expect(reason($0) == .permissions(mode: UInt32(mode))) }
    }

    @Test func refusesWhatIsNoFile() throws {
        #expect(reason("/nonexistent/devices.json") == .unreadable(errno: ENOENT))
        #expect(reason(FileManager.default.temporaryDirectory.path) == .notAFile)
        #expect(reason("/dev/null") == .notAFile)
        let pipe = FileManager.default.temporaryDirectory.appendingPathComponent("husk-\(UUID().uuidString)").path
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        #expect(reason(pipe) == .notAFile)
    }

    @Test func nothingPrintsAKey() throws {
        let credentials = try Credentials(json: Array(Self.file(Self.device()).utf8))
        var text = "\(credentials) \(credentials.devices) \(String(reflecting: credentials))"
        dump(credentials, to: &text)
        #expect(!text.contains("00112233") && !text.contains("17, 34, 51"))
    }

    @Test func programsMakeCredentialsToo() throws {
        let one = try unsafe DeviceCredential(
            key: keyBytes(1).span.bytes, kid: [1], device: Identity("a"), gateway: Identity("b"))
        #expect(throws: HuskError.credential) { try Credentials([one, one]) }
        #expect(try Credentials([one]).devices.count == 1)
    }
}
#endif

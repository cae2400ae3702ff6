// Keys on disk: who may read them, what is refused, and that a failure leaves everything as it was.
#if Gateway
import FoundationEssentials
import Glibc
import HuskGateway
import Testing

@testable import HuskCLI

struct KeyTests {
    /// A directory of its own for each test.
    final class Folder: Sendable {
        let path: String

        init() throws {
            path = NSTemporaryDirectoryPath() + "/husk-test-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        func file(_ name: String) -> String { "\(path)/\(name)" }
        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
    }

    private static func NSTemporaryDirectoryPath() -> String { environment("TMPDIR") ?? "/tmp" }

    private func mode(_ path: String) throws -> UInt32 {
        var information = stat()
        try #require(unsafe stat(path, &information) == 0)
        return information.st_mode & 0o7777
    }

    private func add(
        _ file: String, device: String? = nil, gateway: String = "gateway", kid: [UInt8]? = nil, bytes: Int = 16
    ) throws(Failure) -> KeyRecord {
        try CredentialsFile(path: file).add(device: device, gateway: gateway, kid: kid, keyBytes: bytes) { _ in }
    }

    private func failure(_ body: () throws(Failure) -> Void) -> Failure? {
        do throws(Failure) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func aNewFileIsPrivateAndTheGatewayReadsIt() throws {
        let folder = try Folder()
        let file = folder.file("credentials.json")
        let first = try add(file, device: "kitchen")
        #expect(try mode(file) == 0o600)
        let second = try add(file, bytes: 32)
        #expect(try mode(file) == 0o600)
        #expect(folder.names == ["credentials.json"])

        let known = try Credentials(path: file).devices
        #expect(known.map(\.device) == ["kitchen", "device-01"])
        #expect(known.map(\.kid) == [[0x00], [0x01]])
        #expect(try first.keyBytes().count == 16)
        #expect(try second.keyBytes().count == 32)
        #expect(first.key != second.key)
    }

    @Test func whatADeviceHasForKUDOSStays() throws {
        let folder = try Folder()
        let file = folder.file("credentials.json")
        var record = try add(file, device: "kitchen")
        record.oscore = .init(
            secret: String(repeating: "0a", count: 16), sender: "01", recipient: "02", mode: "no-fs")
        try PrivateFile.replace(file, CredentialsFile.encode(KeyList(devices: [record])))
        _ = try add(file, device: "cellar")
        let known = try Credentials(path: file)
        #expect(known.devices.map(\.device) == ["kitchen", "cellar"])
        #expect(known.symmetric.map(\.device) == ["kitchen"] && known.deviceCount == 2)
    }

    @Test func devicesOfTheSymmetricProfileStay() throws {
        let folder = try Folder()
        let file = folder.file("credentials.json")
        let meter = """
            { "devices": [ { "device": "meter", "oscore": { "secret": "000102030405060708090a0b0c0d0e0f",
              "sender": "01", "recipient": "02", "mode": "fs" } } ] }
            """
        try PrivateFile.replace(file, Array(meter.utf8))
        _ = try add(file, device: "kitchen")
        #expect(failure { () throws(Failure) in _ = try add(file, device: "meter") }?.status == .badData)
        let known = try Credentials(path: file)
        #expect(known.devices.map(\.device) == ["kitchen"] && known.symmetric.map(\.device) == ["meter"])
    }

    @Test func duplicatesAreRefusedAndChangeNothing() throws {
        let folder = try Folder()
        let file = folder.file("c.json")
        _ = try add(file, device: "kitchen", kid: [0xab])
        let before = try PrivateFile.read(file)
        #expect(failure { () throws(Failure) in _ = try add(file, kid: [0xab]) }?.status == .badData)
        #expect(failure { () throws(Failure) in _ = try add(file, device: "kitchen") }?.status == .badData)
        #expect(failure { () throws(Failure) in _ = try add(file, device: "gateway") }?.status == .badData)
        #expect(try PrivateFile.read(file) == before)
        #expect(folder.names == ["c.json"])
    }

    @Test func aFileThatOthersMayReadIsRefused() throws {
        let folder = try Folder()
        let file = folder.file("c.json")
        _ = try add(file)
        try #require(unsafe chmod(file, 0o640) == 0)
        let refused = failure { () throws(Failure) in _ = try add(file) }
        #expect(refused?.status == .badData)
        #expect(refused?.message.contains("chmod 600") == true)
    }

    @Test(arguments: [
        "", "{", "[]", "{\"devices\":[{}]}",
        "{\"devices\":[{\"kid\":\"00\",\"key\":\"00\",\"device\":\"a\",\"gateway\":\"b\"}]}",
    ])
    func aFileThatTheGatewayWouldRefuseIsRefused(content: String) throws {
        let folder = try Folder()
        let file = folder.file("c.json")
        try PrivateFile.create(file, Array(content.utf8))
        #expect(failure { () throws(Failure) in _ = try add(file) }?.status == .badData)
        #expect(try PrivateFile.read(file) == Array(content.utf8))
    }

    @Test func aFailedDeliveryLeavesTheFileAsItWas() throws {
        let folder = try Folder()
        let file = folder.file("c.json")
        _ = try add(file)
        let before = try PrivateFile.read(file)
        let refused = failure { () throws(Failure) in
            _ = try CredentialsFile(path: file).add(device: nil, gateway: "gateway", kid: nil, keyBytes: 16) {
                _ throws(Failure) in
                throw Failure(.cannotOpen, "full")
            }
        }
        #expect(refused == Failure(.cannotOpen, "full"))
        #expect(try PrivateFile.read(file) == before)
    }

    @Test func placesThatDoNotExist() throws {
        let folder = try Folder()
        #expect(failure { () throws(Failure) in _ = try add(folder.file("no/c.json")) }?.status == .cannotOpen)
        #expect(try PrivateFile.read(folder.file("c.json")) == nil)
        #expect(failure { () throws(Failure) in _ = try PrivateFile.read(folder.path) }?.status == .cannotOpen)
        #expect(try CredentialsFile(path: folder.file("c.json")).checkExisting() == nil)
    }

    @Test func filesAreNeverOverwrittenByAccident() throws {
        let folder = try Folder()
        let file = folder.file("a.json")
        try PrivateFile.create(file, [1])
        #expect(failure { () throws(Failure) in try PrivateFile.create(file, [2]) }?.status == .cannotOpen)
        #expect(try PrivateFile.read(file) == [1])
        #expect(try mode(file) == 0o600)
        #expect(PrivateFile.isSame(file, folder.path + "/./a.json"))
        #expect(PrivateFile.isSame(folder.file("b"), folder.path + "//b"))
        #expect(!PrivateFile.isSame(file, folder.file("b")))
    }

    @Test func aSymbolicLinkStaysOne() throws {
        let folder = try Folder()
        _ = try add(folder.file("real.json"))
        try #require(unsafe symlink(folder.file("real.json"), folder.file("link.json")) == 0)
        _ = try add(folder.file("link.json"))
        #expect(try Credentials(path: folder.file("real.json")).devices.count == 2)
        #expect(folder.names == ["link.json", "real.json"])
    }

    @Test func concurrentAdditionsAllArrive() async throws {
        let folder = try Folder()
        let file = folder.file("c.json")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask { _ = try add(file) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try Credentials(path: file).devices.map(\.kid)).count == 100)
    }

    @Test func identifiersAreAsShortAsCanBe() {
        #expect(KeyRecord.unusedIdentifier(among: []) == [0x00])
        #expect(KeyRecord.unusedIdentifier(among: ["00", "01", "03"]) == [0x02])
        let short = (0x00...0x17).map { hex([UInt8($0)]) }
        #expect(KeyRecord.unusedIdentifier(among: short) == [0x20])
        let all = short + (0x20...0x37).map { hex([UInt8($0)]) }
        #expect(KeyRecord.unusedIdentifier(among: all) == [0x00, 0x00])
        #expect(KeyRecord.unusedIdentifier(among: all + ["0000"]) == [0x00, 0x01])
    }

    @Test func theHeaderHoldsWhatFirmwareNeeds() throws {
        let record = KeyRecord(device: "a*/b", gateway: "gw", kid: "01", key: String(repeating: "ab", count: 32))
        let header = try record.cHeader()
        #expect(header.contains("static const uint8_t psk_kid[1] = {\n    0x01,\n};"))
        #expect(header.contains("static const uint8_t psk_key[32] = {"))
        // { 2 : "gw", 8 : { 1 : { 1 : 4, 2 : h'01' } } }
        #expect(header.contains("0xa2, 0x02, 0x62, 0x67, 0x77, 0x08, 0xa1, 0x01, 0xa2, 0x01, 0x04, 0x02, 0x41, 0x01"))
        #expect(header.contains("of a??b with gw."))
        #expect(header.split(separator: "\n", omittingEmptySubsequences: false).allSatisfy { $0.utf8.count <= 120 })
    }

    @Test func deviceNamesBecomeSafeFileNames() {
        #expect(PSKCommand.New.fileName("kitchen-1") == "kitchen-1")
        #expect(PSKCommand.New.fileName("../../etc/passwd") == "device.._.._etc_passwd")
        #expect(PSKCommand.New.fileName("-rf") == "device-rf")
        #expect(PSKCommand.New.fileName("küche") == "k_che")
    }

    @Test func provisioningIsLaidOutAsTheFirmwareReadsIt() {
        let block = Provisioning(
            kid: [0x0a], key: [UInt8](repeating: 7, count: 16), initiator: [1, 2], responder: [3], readings: 5,
            intervalMilliseconds: 0x0102, suite: 4, isSequential: true, resumes: true, restarts: 9
        ).encoded()
        #expect(block.count == Provisioning.byteCount)
        #expect(Array(block[0..<12]) == Array("HUSK".utf8) + [3, 1, 16, 2, 1, 5, 1, 2])
        #expect(Array(block[12..<16]) == [4, 3, 0, 9])
        #expect(block[16] == 0x0a && block[17] == 0)
        #expect(Array(block[40..<57]) == [UInt8](repeating: 7, count: 16) + [0])
        #expect(Array(block[104..<107]) == [1, 2, 0])
        #expect(Array(block[232..<234]) == [3, 0])
        #expect(block[360..<480].allSatisfy { $0 == 0 })
        // The check value of CRC-32 for "123456789".
        #expect(Provisioning.crc32(Array("123456789".utf8)) == 0xcbf4_3926)
        let crc = Provisioning.crc32(Array(block.dropLast(4)))
        #expect(Array(block.suffix(4)) == [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> UInt32($0)) })
    }

    @Test func provisioningOfEnvelopesFollows() {
        var given = Provisioning(
            kid: [0x0a], key: [UInt8](repeating: 7, count: 16), initiator: [1, 2], responder: [3], readings: 5,
            intervalMilliseconds: 0, suite: 0, isSequential: true, resumes: false, restarts: 0)
        given.envelopes = Provisioning.Envelopes(
            kid: [8, 9], key: [UInt8](repeating: 6, count: 17), device: "door", application: "home!", commands: 3)
        let block = given.encoded()
        #expect(block.count == Provisioning.byteCount)
        #expect(Array(block[360..<368]) == [17, 2, 4, 5, 3, 0, 0, 0])
        #expect(Array(block[368..<400]) == [UInt8](repeating: 6, count: 17) + [UInt8](repeating: 0, count: 15))
        #expect(Array(block[400..<403]) == [8, 9, 0])
        #expect(Array(block[416..<421]) == Array("door".utf8) + [0])
        #expect(Array(block[448..<454]) == Array("home!".utf8) + [0])
    }

    @Test func theFirmwaresReportIsRead() {
        let line = "report machine=microbit stack=1000 state=500 text=9000 data=4 bss=900 retransmissions=2"
        let report = FirmwareReport(line: line)
        #expect(report?.peakStackBytes == 1000)
        #expect(report?.stateBytes == 500)
        #expect(report?.bssBytes == 900)
        #expect(report?.retransmissions == 2)
        #expect(FirmwareReport(line: "report machine=microbit stack=1000") == nil)
        #expect(FirmwareReport(line: "report stack=x") == nil)
        #expect(FirmwareReport(line: "") == nil)
    }
}
#endif

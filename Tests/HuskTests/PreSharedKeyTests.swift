// PreSharedKey: what it refuses, and that nothing printed shows the key.
import CHusk
import Testing

@testable import Husk

@Suite struct PreSharedKeyTests {
    @Test func refusals() {
        func make(
            _ count: Int, kid: Int = 1, _ initiator: String = "a", _ responder: String = "b"
        ) -> HuskError? {
            failure { () throws(HuskError) in
                _ = try makeKey(
                    [UInt8](repeating: 7, count: count), kid: [UInt8](repeating: 1, count: kid), initiator: initiator,
                    responder: responder)
            }
        }
        #expect(make(16) == nil)
        #expect(make(15) == .argument)
        #expect(make(0) == .argument)
        #expect(make(64) == nil)
        #expect(make(16, kid: 0) == .argument)
        #expect(make(16, kid: 24) == nil)
        #expect(make(16, kid: 25) == .argument)
        #expect(make(16, kid: 1, "same", "same") == .credential)
        #expect(make(16, kid: 1, "", "b") == .argument)
        #expect(make(16, kid: 1, String(repeating: "x", count: 255), "b") == nil)
        #expect(make(16, kid: 1, String(repeating: "x", count: 256), "b") == .argument)
    }

    @Test func keepsItsKidAndCredentials() throws {
        let key = try makeKey(kid: [0x10, 0x20])
        #expect(key.kid == [0x10, 0x20])
        let copy = key.copy()
        #expect(copy.kid == [0x10, 0x20])
        // CCS { 2: "sensor-1", 8: { 1: { 1: 4, 2: h'1020' } } }
        let credI = unsafe [UInt8](copy.view.cred_i)
        #expect(hex(credI) == "a2026873656e736f722d3108a101a2010402421020")
        let bytes = unsafe [UInt8](copy.view.key)
        #expect(bytes == testKey)
    }

    /// Something that owns secrets, as a program would hold it.
    final class Holder {
        let key: PreSharedKey
        let device: Device
        let context: SecurityContext
        let handshake: Handshake.Responder.WaitingForMessage1

        init(key: consuming PreSharedKey, device: consuming Device, context: consuming SecurityContext) throws {
            self.key = key
            self.device = device
            self.context = context
            handshake = Handshake.Responder.WaitingForMessage1(try HandshakeConfiguration())
        }
    }

    @Test func nothingPrintsASecret() throws {
        let secret = unhex("a7c3d15e99184f20b6e2715a0c8df34b")
        let key = try makeKey(secret)
        let device = try Device(key: key)
        let context = try unsafe SecurityContext(
            masterSecret: secret.span.bytes, masterSalt: secret.span.bytes,
            senderID: ConnectionIdentifier(UInt8(1)), recipientID: ConnectionIdentifier(UInt8(2)))
        let holder = try Holder(key: key, device: device, context: context)
        var texts = [String(describing: holder), String(reflecting: holder)]
        var dumped = ""
        dump(holder, to: &dumped)
        texts.append(dumped)
        for child in Mirror(reflecting: holder).children {
            texts.append("\(child)")
            var deep = ""
            dump(child.value, to: &deep)
            texts.append(deep)
        }
        let needles = [
            hex(secret), hex(secret).uppercased(), "167, 195, 209", "a7, c3", "0xa7",
        ]
        for text in texts {
            for needle in needles {
                #expect(!text.contains(needle), "\(text)")
            }
        }
    }
}

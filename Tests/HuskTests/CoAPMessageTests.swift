// CoAP messages through the Swift API: encoding and decoding, options, what is refused.
import Testing

@testable import Husk

@Suite struct CoAPMessageTests {
    static let example = CoAPMessage(
        type: .confirmable, code: .post, messageID: 0x1234, token: [1, 2],
        options: [
            CoAPOption(number: CoAPOption.uriPath, value: Array("sensors".utf8)),
            CoAPOption(number: CoAPOption.uriPath, value: Array("temperature-of-the-boiler".utf8)),
            CoAPOption(number: CoAPOption.contentFormat, uint: 60),
            CoAPOption(number: 400, value: [UInt8](repeating: 7, count: 300)),
        ],
        payload: [0xff, 0x00])

    @Test func roundTrip() throws {
        let bytes = try Self.example.encoded()
        #expect(try CoAPMessage(decoding: bytes) == Self.example)
        #expect(Self.example.encodedCount == bytes.count)
        #expect(Self.example.path == "sensors/temperature-of-the-boiler")
    }

    @Test func everyOptionEncodingHasItsLength() throws {
        for number: UInt32 in [0, 12, 13, 268, 269, 65_535] {
            for count in [0, 12, 13, 268, 269, 700] {
                let option = CoAPOption(number: number, value: [UInt8](repeating: 1, count: count))
                let message = CoAPMessage(type: .nonConfirmable, code: .get, messageID: 0, options: [option])
                let bytes = try message.encoded()
                #expect(bytes.count == message.encodedCount)
                #expect(try CoAPMessage(decoding: bytes) == message)
            }
        }
    }

    @Test func knownBytes() throws {
        // RFC 7252 figure 16: GET /temperature, message ID 0x7d34.
        let message = CoAPMessage(
            type: .confirmable, code: .get, messageID: 0x7d34,
            options: [CoAPOption(number: CoAPOption.uriPath, value: Array("temperature".utf8))])
        #expect(hex(try message.encoded()) == "40017d34bb74656d7065726174757265")
    }

    @Test func refusals() throws {
        #expect(failure { () throws(HuskError) in _ = try CoAPMessage(decoding: [] as [UInt8]) } == .format)
        #expect(failure { () throws(HuskError) in _ = try CoAPMessage(decoding: unhex("80017d34")) } == .unsupported)
        #expect(failure { () throws(HuskError) in _ = try CoAPMessage(decoding: unhex("49017d34")) } == .format)
        #expect(failure { () throws(HuskError) in _ = try CoAPMessage(decoding: unhex("40017d34ff")) } == .format)
        let bytes = try Self.example.encoded()
        for count in 1..<(bytes.count - 3) where count != 2 + 4 {
            // Cut inside an option it is malformed; between two options it is another message.
            if let message = try? CoAPMessage(decoding: Array(bytes.prefix(count))) {
                #expect(message.payload.isEmpty)
            }
        }
        var long = Self.example
        long.token = [UInt8](repeating: 0, count: 9)
        #expect(failure { () throws(HuskError) in _ = try long.encoded() } == .argument)
        var disordered = Self.example
        disordered.options.reverse()
        #expect(failure { () throws(HuskError) in _ = try disordered.encoded() } == .argument)
    }

    @Test func uintOptions() {
        #expect(CoAPOption(number: 12, uint: 0).value == [])
        #expect(CoAPOption(number: 12, uint: 64).value == [64])
        #expect(CoAPOption(number: 12, uint: 0x10000).value == [1, 0, 0])
        #expect(CoAPOption(number: 12, uint: UInt32.max).uint == UInt32.max)
        #expect(CoAPOption(number: 12, value: [1, 2, 3, 4, 5]).uint == nil)
    }

    @Test func codesAsTheSpecificationWritesThem() {
        #expect(CoAPCode.changed.dotted == "2.04")
        #expect(CoAPCode.unsupportedContentFormat.dotted == "4.15")
        #expect(CoAPCode.post.isRequest && !CoAPCode.empty.isRequest)
        #expect(CoAPCode.notFound.isResponse && !CoAPCode.post.isResponse)
    }

    @Test func connectionIdentifiers() throws {
        for bytes: [UInt8] in [[], [0], [0x17], [0x18], [0x37], [0x38], [0xff], [0, 0], [1, 2, 3, 4, 5, 6, 7]] {
            let identifier = try ConnectionIdentifier(bytes)
            #expect(identifier.bytes == bytes)
            #expect(ConnectionIdentifier(identifier.id) == identifier)
            var length = 0
            let read = try ConnectionIdentifier(reading: identifier.encoded + [0xaa], length: &length)
            #expect(read == identifier)
            #expect(length == identifier.encoded.count)
        }
        #expect(ConnectionIdentifier(UInt8(0x37)).encoded == [0x37])
        #expect(ConnectionIdentifier(UInt8(0x38)).encoded == [0x41, 0x38])
        #expect(try ConnectionIdentifier([0]) != ConnectionIdentifier([0, 0]))
        let long = [UInt8](repeating: 0, count: 8)
        #expect(failure { () throws(HuskError) in _ = try ConnectionIdentifier(long) } == .argument)
        var length = 0
        #expect(
            failure { () throws(HuskError) in _ = try ConnectionIdentifier(reading: [0x41, 0x05], length: &length) }
                == .format)
    }
}

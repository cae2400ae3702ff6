// Messages where they lie: spans in, spans out, the same bytes as the conveniences give.
import Testing

@testable import Husk

/// Runs `body` on a buffer with these bytes, and gives what it found there.
private func opened(
    _ bytes: [UInt8], _ body: (inout MutableRawSpan) throws(HuskError) -> Range<Int>
) throws(HuskError) -> [UInt8] {
    var bytes = bytes
    let range = try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(HuskError) in
        var span = unsafe UnsafeMutableRawBufferPointer(buffer).mutableBytes
        return try body(&span)
    }
    return Array(bytes[range])
}

@Suite struct InPlaceTests {
    static let reading = Array("{\"t\":21.5}".utf8)
    static let frame = "091401e369918443d342375dc8609470e8bff0b033"

    @Test func framesAreTheSameBytes() throws {
        var pair = try FrameTests.pair()
        for way in 0..<3 {
            pair.alice.nextNumber = 20  // an example: never twice with the same number
            let frame: [UInt8]
            switch way {
            case 0:
                frame = try appended(64) { (out) throws(HuskError) in
                    try unsafe pair.alice.seal(Self.reading.span.bytes, into: &out)
                }
            case 1:
                frame = try written(64) { (out) throws(HuskError) in
                    try unsafe pair.alice.seal(Self.reading.span.bytes, into: &out)
                }
            default:
                var buffer = [UInt8](repeating: 1, count: 30) + Self.reading + [1, 1]
                let count = try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(HuskError) in
                    var span = unsafe UnsafeMutableRawBufferPointer(bytes).mutableBytes
                    return try pair.alice.seal(payloadAt: 30..<40, in: &span)
                }
                frame = Array(buffer[..<count])
            }
            #expect(hex(frame) == Self.frame)
        }
        var number: UInt64 = 0
        let payload = try opened(unhex(Self.frame)) { (frame) throws(HuskError) in
            let message = try pair.bob.open(&frame)
            number = message.number
            return message.payload
        }
        #expect(payload == Self.reading && number == 20)
        #expect(throws: HuskError.replay) {
            try opened(unhex(Self.frame)) { (frame) throws(HuskError) in try pair.bob.open(&frame).payload }
        }
    }

    @Test func tooLittleRoomSpendsNothing() throws {
        var pair = try FrameTests.pair()
        for capacity in 0..<21 {
            let error = failure { () throws(HuskError) in
                _ = try appended(capacity) { (out) throws(HuskError) in
                    try unsafe pair.alice.seal(Self.reading.span.bytes, into: &out)
                }
            }
            #expect(error == .buffer)
        }
        let next = pair.alice.nextNumber
        #expect(next == 0)
        let outside = failure { () throws(HuskError) in
            _ = try written(16) { (out) throws(HuskError) in try pair.alice.seal(payloadAt: 10..<17, in: &out) }
        }
        #expect(outside == .argument)
        var sides = try SecurityContextTests.pair()
        let plain = unhex("44015d1f00003974396c6f63616c686f737483747631")
        #expect(throws: HuskError.buffer) {
            try written(30) { (out) throws(HuskError) in
                try unsafe sides.client.protect(request: plain.span.bytes, into: &out, exchange: &sides.request)
            }
        }
        let sequence = sides.client.senderSequence
        #expect(sequence == 0)
    }

    /// RFC 8613 appendix C.4 and C.7, and back.
    @Test func oscoreIsTheSameBytes() throws {
        var pair = try SecurityContextTests.pair()
        pair.client.senderSequence = 20
        let plain = unhex("44015d1f00003974396c6f63616c686f737483747631")
        let request = try appended(64) { (out) throws(HuskError) in
            try unsafe pair.client.protect(request: plain.span.bytes, into: &out, exchange: &pair.request)
        }
        #expect(hex(request) == "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e")
        let path = try opened(request) { (datagram) throws(HuskError) in
            let layout = try pair.server.unprotect(request: &datagram, exchange: &pair.response)
            #expect(layout.code == .get && layout.payload.isEmpty && layout.messageID == 0x5d1f)
            #expect(layout.option(CoAPOption.etag, in: datagram.bytes) == nil)
            return layout.option(CoAPOption.uriPath, in: datagram.bytes) ?? 0..<0
        }
        #expect(path == Array("tv1".utf8))
        let answer = unhex("64455d1f00003974ff48656c6c6f20576f726c6421")
        let response = try written(64) { (out) throws(HuskError) in
            try unsafe pair.server.protect(response: answer.span.bytes, into: &out, exchange: &pair.response)
        }
        #expect(hex(response) == "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106")
        let payload = try opened(response) { (datagram) throws(HuskError) in
            try pair.client.unprotect(response: &datagram, exchange: &pair.request).payload
        }
        #expect(payload == Array("Hello World!".utf8))
    }

    @Test func tamperingIsNoticed() throws {
        var pair = try SecurityContextTests.pair()
        let plain = unhex("44015d1f00003974396c6f63616c686f737483747631")
        let request = try written(64) { (out) throws(HuskError) in
            try unsafe pair.client.protect(request: plain.span.bytes, into: &out, exchange: &pair.request)
        }
        // Behind the outer Uri-Host, which is not protected.
        for index in request.indices where index > 17 {
            var changed = request
            changed[index] ^= 1
            #expect(throws: HuskError.self) {
                try opened(changed) { (datagram) throws(HuskError) in
                    try pair.server.unprotect(request: &datagram, exchange: &pair.response).options
                }
            }
        }
        #expect(throws: Never.self) {
            try opened(request) { (datagram) throws(HuskError) in
                try pair.server.unprotect(request: &datagram, exchange: &pair.response).options
            }
        }
    }

    @Test func protectedMessagesSayWhomTheyAreFor() throws {
        let request = unhex("44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e")
        let message = try OSCOREMessage(inspecting: request)
        #expect(message.identifier == SecurityContextTests.empty && message.number == 20 && message.kind == .ordinary)
        let response = try OSCOREMessage(
            inspecting: unhex("64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106"))
        #expect(response.identifier == nil && response.number == nil)
    }

    @Test func writerWritesWhatMessagesEncode() throws {
        let token: [UInt8] = [1, 2, 3]
        let bytes = try written(64) { (out) throws(HuskError) in
            try unsafe CoAPWriter.write(
                type: .confirmable, code: .post, messageID: 0x1234, token: token.span.bytes, to: &out
            ) { writer in
                writer.path("sensors/temperature")
                writer.option(CoAPOption.contentFormat, UInt32(60))
                writer.option(CoAPOption.uriQuery, "a=b")
                unsafe writer.payload(Self.reading.span.bytes)
            }
        }
        let message = CoAPMessage(
            type: .confirmable, code: .post, messageID: 0x1234, token: token,
            options: [
                CoAPOption(number: CoAPOption.uriPath, value: Array("sensors".utf8)),
                CoAPOption(number: CoAPOption.uriPath, value: Array("temperature".utf8)),
                CoAPOption(number: CoAPOption.contentFormat, uint: 60),
                CoAPOption(number: CoAPOption.uriQuery, value: Array("a=b".utf8)),
            ], payload: Self.reading)
        #expect(try bytes == message.encoded())
        let layout = try unsafe CoAPLayout(decoding: bytes.span.bytes)
        #expect(Array(bytes[layout.payload]) == Self.reading && Array(bytes[layout.token]) == token)
        let disorder = failure { () throws(HuskError) in
            _ = try written(64) { (out) throws(HuskError) in
                try CoAPWriter.write(
                    type: .confirmable, code: .get, messageID: 1, token: RawSpan(), to: &out
                ) { writer in
                    writer.option(CoAPOption.uriQuery, "a")
                    writer.path("b")
                }
            }
        }
        #expect(disorder == .argument)
    }
}

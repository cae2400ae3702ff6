// SLIP on the host's side: RFC 1055 framing, and what a broken or hostile device may send.
#if Gateway
import Testing

@testable import HuskCLI

struct SLIPTests {
    private func decode(_ bytes: [UInt8], limit: Int = 2048) -> (packets: [[UInt8]], dropped: Int) {
        var decoder = SLIP.Decoder(limit: limit)
        let packets = bytes.compactMap { decoder.take($0) }
        return (packets, decoder.dropped)
    }

    @Test func framesAsRFC1055Says() {
        #expect(SLIP.encode([0x40, 0xc0, 0x01, 0xdb]) == [0xc0, 0x40, 0xdb, 0xdc, 0x01, 0xdb, 0xdd, 0xc0])
        #expect(SLIP.encode([]) == [0xc0, 0xc0])
    }

    @Test func whatIsEncodedIsDecoded() {
        var generator = SeededGenerator(seed: 1)
        for length in [1, 2, 3, 64, 160, 1280, 2048] {
            for _ in 0..<20 {
                // Mostly the bytes that need an escape.
                let packet = (0..<length).map { _ in
                    Bool.random(using: &generator)
                        ? [0xc0, 0xdb, 0xdc, 0xdd].randomElement(using: &generator)! : UInt8(0x41)
                }
                let result = decode(SLIP.encode(packet))
                #expect(result.packets == [packet])
                #expect(result.dropped == 0)
            }
        }
    }

    @Test func packetsFollowEachOther() {
        let line = SLIP.encode([1, 2]) + SLIP.encode([3]) + [0xc0, 0xc0] + SLIP.encode([4])
        #expect(decode(line).packets == [[1, 2], [3], [4]])
        // One END between two packets is enough.
        #expect(decode([0xc0, 1, 0xc0, 2, 0xc0]).packets == [[1], [2]])
    }

    @Test func noiseBeforeAPacketIsAPacketOfItsOwn() {
        #expect(decode([9, 9, 9] + SLIP.encode([1])).packets == [[9, 9, 9], [1]])
    }

    @Test func unknownEscapesDropThePacketWhole() {
        let result = decode([0xc0, 1, 0xdb, 0x41, 2, 0xc0] + SLIP.encode([3]))
        #expect(result.packets == [[3]])
        #expect(result.dropped == 1)
        let doubled = decode([0xc0, 0xdb, 0xdb, 0xc0] + SLIP.encode([3]))
        #expect(doubled.packets == [[3]])
        #expect(doubled.dropped == 1)
    }

    @Test func anEscapeCutOffByTheEndDropsThePacket() {
        let result = decode([0xc0, 1, 0xdb, 0xc0, 2, 0xc0])
        #expect(result.packets == [[2]])
        #expect(result.dropped == 1)
    }

    @Test func longPacketsAreDroppedInBoundedMemory() {
        let result = decode([UInt8](repeating: 7, count: 100_000) + [0xc0] + SLIP.encode([1]), limit: 160)
        #expect(result.packets == [[1]])
        #expect(result.dropped == 1)
        #expect(decode(SLIP.encode([UInt8](repeating: 0xc0, count: 160)), limit: 160).packets.count == 1)
        #expect(decode(SLIP.encode([UInt8](repeating: 0xc0, count: 161)), limit: 160).packets.isEmpty)
    }

    @Test func randomBytesNeverBreakIt() {
        var generator = SeededGenerator(seed: 2)
        var decoder = SLIP.Decoder(limit: 64)
        for _ in 0..<100_000 {
            let byte: UInt8 =
                Int.random(in: 0..<8, using: &generator) == 0
                ? [0xc0, 0xdb].randomElement(using: &generator)! : .random(in: 0...255, using: &generator)
            if let packet = decoder.take(byte) {
                #expect((1...64).contains(packet.count))
            }
        }
        _ = decoder.take(SLIP.end)
        let packets = SLIP.encode([0x40, 1]).compactMap { decoder.take($0) }
        #expect(packets == [[0x40, 1]])
    }

    @Test func theFirstByteSaysWhatAPacketIs() {
        #expect(SLIP.Packet([0x40, 1]) == .datagram([0x40, 1]))
        #expect(SLIP.Packet([0x7f]) == .datagram([0x7f]))
        #expect(SLIP.Packet([0x0a] + Array("ready".utf8)) == .diagnostic("ready"))
        #expect(SLIP.Packet([0x80]) == .unknown(0x80))
        #expect(SLIP.Packet([0x00]) == .unknown(0))
    }

    @Test func diagnosticsCannotCommandTheTerminal() {
        let line = SLIP.Packet([0x0a] + Array("a\u{1b}[2J\u{7}\nb\u{202e}".utf8))
        #expect(line == .diagnostic("a?[2J??b?"))
        guard case .diagnostic(let text) = SLIP.Packet([0x0a] + [UInt8](repeating: 0x41, count: 2000)) else {
            Issue.record("not a diagnostic")
            return
        }
        #expect(text.count <= 203)
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
#endif

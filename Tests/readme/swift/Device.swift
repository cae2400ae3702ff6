// The README's device in Swift, compiled for a Cortex-M4.
import Board
import Husk

nonisolated(unsafe) private var room = InlineArray<136, UInt64>(repeating: 0)  // the device's, for good

func makeDevice() throws(HuskError) -> Device {
    var memory = unsafe withUnsafeMutableBytes(of: &room) { unsafe PinnedMemory($0) }
    let secret = unsafe UnsafeRawBufferPointer(start: board_key(), count: 16)
    let kid = [0x01] as InlineArray<1, UInt8>, suites = [.suite0] as InlineArray<1, CipherSuite>
    let psk = try unsafe PreSharedKey(
        key: secret.bytes, kid: kid.span.bytes, initiator: "kitchen", responder: "gateway", in: &memory)
    return try unsafe Device(key: psk, suites: suites.span, random: RandomSource(board_random), in: &memory)
}

/// Authenticates if there is no session yet, sends the reading, waits for the protected answer.
func send(_ reading: RawSpan, with device: inout Device) throws(HuskError) -> CoAPCode {
    try device.start(.post, path: "sensors/temperature", contentFormat: 60, payload: reading)
    var packet = InlineArray<160, UInt8>(repeating: 0)
    while true {
        var signal = try device.transmit(now: board_millis()) { datagram in
            unsafe datagram.withUnsafeBytes { unsafe radio_send($0.baseAddress, $0.count) }
        }
        let count = unsafe radio_wait(&packet, packet.count, device.timeout(now: board_millis()) ?? .max)
        var span = packet.mutableSpan
        var bytes = unsafe span.mutableBytes
        if count > 0 { signal = (try? device.receive(first: count, of: &bytes, now: board_millis())) ?? .none }
        if case .response(let reply) = signal { return reply.code }
        if case .failed(let error, _) = signal { throw error }
    }
}

// Size profile in Swift: the device endpoint with EDHOC-PSK and suite 0, as profiles/endpoint.c, with a call of each of its
// functions. Nothing of it runs; tools/size.py measures what it is longer than the one in C.
public import Husk

@c(profile) public func profile(
    _ region: UnsafeMutableRawPointer, _ size: Int, _ key: UnsafeRawPointer, _ fill: RandomSource.Fill,
    _ packet: UnsafeMutableRawPointer, _ count: Int, _ now: UInt32
) -> Int32 {
    do throws(HuskError) {
        // The caller's memory, as the room of a firmware is.
        var memory = unsafe PinnedMemory(UnsafeMutableRawBufferPointer(start: region, count: size))
        let suites: InlineArray<1, CipherSuite> = [.suite0]
        let psk = try unsafe PreSharedKey(
            unsafeKey: UnsafeRawBufferPointer(start: key, count: 16), kid: UnsafeRawBufferPointer(start: key, count: 1),
            credentialI: UnsafeRawBufferPointer(start: key, count: 8),
            credentialR: UnsafeRawBufferPointer(start: key, count: 9))
        var device = try unsafe Device(key: psk, suites: suites.span, random: RandomSource(fill), in: &memory)
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: packet, count: count)
        try unsafe device.start(.post, path: "t", payload: buffer.bytes)
        var sent = 0
        var signal = try device.transmit(now: now) { sent += $0.byteCount }
        var span = unsafe buffer.mutableBytes
        signal = try device.receive(&span, now: now)
        return signal == .none ? Int32(truncatingIfNeeded: device.timeout(now: now) ?? 0) : Int32(sent)
    } catch {
        return error.code
    }
}

// The two ends of the README's frame and envelope.
import Husk

/// The gateway opens the frame, once and from nobody but the device, and reads where the envelope in it goes.
func route(_ frame: [UInt8], from device: inout FrameContext) throws -> (destination: String?, envelope: [UInt8]) {
    let message = try device.open(frame)
    let envelope = try Envelope(inspecting: message.payload)
    return (envelope.metadata.destination, message.payload)
}

/// The application opens the envelope, weeks later if need be. `save` replaces the replay window on its disk before
/// the reading is handed out: after a crash nothing is taken twice.
func read(
    _ envelope: [UInt8], from device: inout EnvelopeOpener, save: (RawSpan) throws -> Void
) throws -> [UInt8] {
    let opened = try device.open(envelope, now: nil, save: save)
    return opened.content
}

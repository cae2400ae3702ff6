// The example of the article Frame: the gateway's end of a link.
import Husk

/// The gateway's end of a UART that delivers whole frames: answers every message, until `wait` throws. `wait` gives the
/// frame that came, or nil when as many milliseconds went by as it was told.
func serve(
    _ keys: PreSharedKeys, now: () -> UInt32, write: ([UInt8]) -> Void, wait: (UInt32?) throws -> [UInt8]?,
    answer: (_ message: [UInt8], _ key: [UInt8]?) -> [UInt8]
) throws {
    var link = try Link(
        responder: keys, identifier: ConnectionIdentifier(UInt8(0x27)), framing: .init(isPointToPoint: true))
    while true {
        link.transmit(now: now()).frames.forEach(write)
        guard let frame = try wait(link.timeout(now: now())) else { continue }
        // An error says why a frame was dropped: the link goes on as if it had not come.
        guard case .message(let message, _)? = try? link.receive(frame) else { continue }
        try link.send(answer(message.payload, link.keyIdentifier))
    }
}

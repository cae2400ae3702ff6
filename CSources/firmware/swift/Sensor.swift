// The sensor firmware in Swift: authenticates to the gateway behind the UART with what is provisioned in flash, sends
// readings, reports what that took of stack and memory, and ends. Does what sensor_main.c does.
import Board
import Husk

/// Room for the endpoint and all it points to.
nonisolated(unsafe) private var room = InlineArray<140, UInt64>(repeating: 0)

@main struct Sensor {
    private let provisioning = Provisioning()
    private var retransmissions: UInt32 = 0
    private var stateBytes = 0

    static func main() {
        var sensor = Sensor()
        let readings = sensor.provisioning.readings
        sensor.live(sending: 0..<readings, pausing: sensor.provisioning.interval)
        for restart in 0..<sensor.provisioning.restarts {
            sensor.live(sending: readings + restart..<readings + restart + 1, pausing: 0)
        }
        sensor.report()
        guard !stack_overflowed() else { giveUp("the stack reached the data below it", .stack) }
        board_exit(0)
    }

    /// From start to power-off: keeps what it stored, as in a reboot, and wipes the rest.
    private mutating func live(sending readings: Range<UInt32>, pausing interval: UInt32) {
        // Nothing else uses the room, and the last life, which did, is over.
        unsafe withUnsafeMutableBytes(of: &room) { room in
            var memory = unsafe PinnedMemory(room)
            var endpoint = Endpoint(provisioning, in: &memory)
            stateBytes = room.count - memory.remainingBytes
            for reading in readings {
                Self.send(reading, through: &endpoint)
                Self.pause(interval, &endpoint)
            }
            retransmissions += endpoint.sent.retransmissions
        }
    }

    private static func send(_ number: UInt32, through endpoint: inout Endpoint) {
        var payload = InlineArray<32, UInt8>(repeating: 0)
        // READING_BYTES is 32.
        unsafe withUnsafeMutableBytes(of: &payload) {
            unsafe reading_compose($0.baseAddress!.assumingMemoryBound(to: UInt8.self), reading_simulated(number))
        }
        let begin = board_millis()
        unsafe endpoint.post("sensors/temperature", contentFormat: 110, payload: payload.span.bytes)
        while true {
            switch endpoint.step() {
            case .authenticated: sayAuthenticated(since: begin)
            case .response(let reply):
                if reply.beginsSession {
                    sayAuthenticated(since: begin)
                }
                sayAnswered(number, reply.code)
                guard reply.code.rawValue >> 5 == 2 else { giveUp("the gateway did not accept the reading", .failed) }
                return
            case .failed(let error, _): giveUp("no protected answer from the gateway", .failed, error)
            default: break
            }
        }
    }

    /// Keeps answering the gateway, but starts nothing.
    private static func pause(_ duration: UInt32, _ endpoint: inout Endpoint) {
        let begin = board_millis()
        var passed: UInt32 = 0
        repeat {
            _ = endpoint.step(atMost: duration - passed)
            passed = board_millis() &- begin
        } while passed < duration
    }

    private static func sayAuthenticated(since begin: UInt32) {
        let line = Line()
        line.add("authenticated in ")
        line.add(Int32(truncatingIfNeeded: board_millis() &- begin))
        line.add(" ms")
    }

    private static func sayAnswered(_ number: UInt32, _ code: CoAPCode) {
        let line = Line()
        line.add("reading ")
        line.add(Int32(truncatingIfNeeded: number) + 1)
        line.add(" answered ")
        line.add(Int32(code.rawValue >> 5))
        line.add(code.rawValue & 31 < 10 ? ".0" : ".")
        line.add(Int32(code.rawValue & 31))
    }

    private func report() {
        let line = Line()
        line.add("report machine=")
        unsafe line.add(Text(board_machine()))
        line.add(" stack=", stack_peak())
        line.add(" state=", stateBytes)
        line.add(" text=", image_text_bytes())
        line.add(" data=", image_data_bytes())
        line.add(" bss=", image_bss_bytes())
        line.add(" retransmissions=", Int(retransmissions))
    }
}

extension Line {
    fileprivate func add(_ name: Text, _ value: Int) {
        add(name)
        add(Int32(truncatingIfNeeded: value))
    }
}

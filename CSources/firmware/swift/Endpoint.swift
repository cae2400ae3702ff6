// A device endpoint on a board: its datagrams on the UART, its records in simulated flash, its reasons to end. What
// endpoint.c is for firmware in C.
import Board
import Husk

/// Exit codes (README.md).
enum Exit: Int32 {
    case notProvisioned = 1
    case failed = 2
    case stack = 4
}

/// Ends with a reason, on the UART and on QEMU's standard error.
func giveUp(_ why: Text, _ code: Exit, _ error: HuskError? = nil) -> Never {
    let line = Line()
    line.add("failed: ")
    line.add(why)
    printError("failed: ")
    printError(why)
    if let error {
        line.add(", status ")
        line.add(error.code)
        printError(", status ")
        Decimal(error.code).forEachDigit { printError($0) }
    }
    printError("\n")
    _ = consume line
    board_exit(code.rawValue)
}

private func printError(_ text: Text) {
    unsafe board_print(text.start)
}

private func printError(_ character: UInt8) {
    var text = (CChar(bitPattern: character), CChar(0))
    // Two characters, the second of which ends the text.
    unsafe withUnsafeBytes(of: &text) { unsafe board_print($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
}

/// What the device was given before it was deployed, in flash. Ends the firmware if it cannot be used.
@safe struct Provisioning {
    private let flash: UnsafePointer<provisioning>

    init() {
        unsafe flash = board_provisioning()
        if let missing = unsafe provisioning_check(flash) {
            unsafe giveUp(Text(missing), .notProvisioned)
        }
        guard unsafe flash.pointee.profile == UInt8(PROVISIONING_PROFILE_EDHOC_PSK) else {
            giveUp("the provisioning is for another profile than EDHOC-PSK", .notProvisioned)
        }
    }

    var readings: UInt32 { unsafe flash.pointee.readings == 0 ? 3 : UInt32(flash.pointee.readings) }
    var restarts: UInt32 { unsafe UInt32(flash.pointee.restarts) }
    var interval: UInt32 { unsafe UInt32(flash.pointee.interval_ms.0) << 8 | UInt32(flash.pointee.interval_ms.1) }
    var isSequential: Bool { unsafe flash.pointee.flags & UInt8(PROVISIONING_SEQUENTIAL) != 0 }
    var resumes: Bool { unsafe flash.pointee.flags & UInt8(PROVISIONING_RESUME) != 0 }

    /// The suites that this image links are those named here.
    var suite: CipherSuite {
        switch unsafe flash.pointee.suite {
        case 0: return .suite0
        case 2: return .suite2
        case 4: return .suite4
        default:
            giveUp("the provisioned cipher suite is not in this firmware, which has 0, 2 and 4", .notProvisioned)
        }
    }

    /// The key where it lies in flash, which nothing writes to while the firmware runs.
    func key() throws(HuskError) -> PreSharedKey {
        try unsafe PreSharedKey(
            unsafeKey: UnsafeRawBufferPointer(start: provisioning_key(flash), count: Int(flash.pointee.key_len)),
            kid: UnsafeRawBufferPointer(start: provisioning_kid(flash), count: Int(flash.pointee.kid_len)),
            credentialI: UnsafeRawBufferPointer(
                start: provisioning_cred_i(flash), count: Int(flash.pointee.cred_i_len)),
            credentialR: UnsafeRawBufferPointer(
                start: provisioning_cred_r(flash), count: Int(flash.pointee.cred_r_len)))
    }
}

/// The endpoint and its UART, from one start to the next.
struct Endpoint: ~Copyable {
    private var device: Device
    private var packets = PacketDecoder()
    private(set) var sent = SentMessages()

    init(_ provisioning: Provisioning, in memory: inout PinnedMemory) {
        do throws(HuskError) {
            let suites: InlineArray<1, CipherSuite> = [provisioning.suite]
            device = try unsafe Device(
                key: provisioning.key(), suites: suites.span,
                random: RandomSource { bytes, count in unsafe board_random(bytes, count) },
                combinesFirstRequest: !provisioning.isSequential, journal: FlashJournal(.simulated, in: &memory),
                resumes: provisioning.resumes, in: &memory)
        } catch {
            giveUp("the provisioned key or credentials cannot be used", .notProvisioned, error)
        }
    }

    /// Begins a request. Ends the firmware if there is none to be made.
    mutating func post(_ path: StaticString, contentFormat: UInt32, payload: RawSpan) {
        do throws(HuskError) {
            try device.start(.post, path: path, contentFormat: contentFormat, payload: payload)
        } catch {
            giveUp("the reading could not be sent", .failed, error)
        }
    }

    /// Sends what is due, sleeps until there is something to do, at most so many milliseconds, and takes what has come.
    mutating func step(atMost milliseconds: UInt32 = .max) -> Device.Signal {
        let failure = transmit()
        guard failure == .none else { return failure }
        board_wait(min(device.timeout(now: board_millis()) ?? .max, milliseconds))
        return receive()
    }

    private mutating func transmit() -> Device.Signal {
        // What could not be sent is tried again after its timeout.
        (try? device.transmit(now: board_millis()) { datagram in
            sent.count(datagram)
            send(datagram)
        }) ?? .none
    }

    private mutating func receive() -> Device.Signal {
        var byte: UInt8 = 0
        while unsafe board_uart_read(&byte) {
            guard let count = packets.take(byte) else { continue }
            var span = packets.bytes.mutableSpan
            var buffer = unsafe span.mutableBytes
            // The error says why it was dropped.
            return (try? device.receive(first: count, of: &buffer, now: board_millis())) ?? .none
        }
        return .none
    }
}

/// Counts datagrams that were sent before.
struct SentMessages {
    private var last: UInt16?
    private(set) var retransmissions: UInt32 = 0

    /// A confirmable message with the Message ID of the last one is that one again (RFC 7252 section 3).
    mutating func count(_ datagram: RawSpan) {
        guard datagram.byteCount >= 4 else { return }
        let (type, high, low) = unsafe (
            datagram.unsafeLoad(fromByteOffset: 0, as: UInt8.self) >> 4 & 3,
            datagram.unsafeLoad(fromByteOffset: 2, as: UInt8.self),
            datagram.unsafeLoad(fromByteOffset: 3, as: UInt8.self)
        )
        guard type == 0 else { return }
        let messageID = UInt16(high) << 8 | UInt16(low)
        retransmissions += messageID == last ? 1 : 0
        last = messageID
    }
}

extension Flash {
    /// Two pages in RAM.
    static var simulated: Flash {
        unsafe Flash(
            pageBytes: UInt32(SIMULATED_FLASH_PAGE_BYTES), pageCount: UInt8(SIMULATED_FLASH_PAGES),
            unitBytes: UInt8(SIMULATED_FLASH_UNIT_BYTES),
            read: { _, offset, bytes, count in unsafe simulated_flash_read(offset, bytes, count) },
            program: { _, offset, bytes, count in unsafe simulated_flash_program(offset, bytes, count) },
            erase: { _, offset in simulated_flash_erase(offset) })
    }
}

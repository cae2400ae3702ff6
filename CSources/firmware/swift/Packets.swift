// Packets on the UART (SLIP, RFC 1055): datagrams in and out, and lines of diagnostic text (README.md, "The UART").
import Board

private let end: UInt8 = 0xc0
private let escape: UInt8 = 0xdb
private let escapedEnd: UInt8 = 0xdc
private let escapedEscape: UInt8 = 0xdd

/// Sends one byte of a packet.
private func write(_ byte: UInt8) {
    switch byte {
    case end:
        board_uart_write(escape)
        board_uart_write(escapedEnd)
    case escape:
        board_uart_write(escape)
        board_uart_write(escapedEscape)
    default: board_uart_write(byte)
    }
}

/// Sends a datagram.
func send(_ datagram: RawSpan) {
    board_uart_write(end)
    for index in datagram.byteOffsets {
        // The index is one of the span's own.
        unsafe write(datagram.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self))
    }
    board_uart_write(end)
}

/// A line of text, which goes out piece by piece while it is put together.
struct Line: ~Copyable {
    init() {
        board_uart_write(end)
        board_uart_write(UInt8(ascii: "\n"))
    }

    deinit { board_uart_write(end) }

    func add(_ text: Text) {
        text.forEachByte { write($0) }
    }

    func add(_ number: Int32) {
        Decimal(number).forEachDigit { write($0) }
    }
}

/// Text in flash that ends with a zero byte: literals, and what C has to say.
@safe struct Text: ExpressibleByStringLiteral {
    let start: UnsafePointer<CChar>

    init(stringLiteral literal: StaticString) {
        unsafe start = UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// Text that is there as long as the program.
    @unsafe init(_ start: UnsafePointer<CChar>) {
        unsafe self.start = unsafe start
    }

    func forEachByte(_ body: (UInt8) -> Void) {
        var at = unsafe start
        while unsafe at.pointee != 0 {
            unsafe body(UInt8(bitPattern: at.pointee))
            unsafe at += 1
        }
    }
}

/// A number in decimal digits.
struct Decimal {
    private var digits = InlineArray<11, UInt8>(repeating: 0)
    private var first = 11

    init(_ number: Int32) {
        var rest = number.magnitude
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        guard number < 0 else { return }
        first -= 1
        digits[first] = UInt8(ascii: "-")
    }

    func forEachDigit(_ body: (UInt8) -> Void) {
        for index in first..<11 {
            body(digits[index])
        }
    }
}

/// Puts packets together, byte by byte. Trusts nothing: every byte of noise ends at the next END at the latest.
struct PacketDecoder: ~Copyable {
    /// HUSK_DEVICE_BUFFER_BYTES: longer packets are dropped.
    static var capacity: Int { 160 }

    var bytes = InlineArray<160, UInt8>(repeating: 0)
    private var count = 0
    private var isEscaped = false
    private var isDropping = false

    /// Takes a byte; gives the length of the packet that it ends, which lies in `bytes` until the next call.
    mutating func take(_ byte: UInt8) -> Int? {
        if byte == end {
            defer { (count, isEscaped, isDropping) = (0, false, false) }
            return isDropping || isEscaped || count == 0 ? nil : count
        }
        guard !isDropping else { return nil }
        switch (isEscaped, byte) {
        case (false, escape): isEscaped = true
        case (false, _): append(byte)
        case (true, escapedEnd): append(end)
        case (true, escapedEscape): append(escape)
        default: isDropping = true
        }
        return nil
    }

    private mutating func append(_ byte: UInt8) {
        isEscaped = false
        guard count < Self.capacity else {
            isDropping = true
            return
        }
        bytes[count] = byte
        count += 1
    }
}

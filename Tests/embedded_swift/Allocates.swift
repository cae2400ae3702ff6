// A firmware that needs an allocator, which embedded_swift.py expects not to link.
import Board

@main struct Allocates {
    static func main() {
        var seen: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe board_uart_read(&byte) {
            seen.append(byte)
        }
        board_exit(Int32(seen.count))
    }
}

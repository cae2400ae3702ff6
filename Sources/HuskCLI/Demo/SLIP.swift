// Packets over a serial line (RFC 1055). A packet is a CoAP datagram, or a line of diagnostic text marked by a first
// byte 0x0a as in Slipmux.
#if Gateway
enum SLIP {
    static let end: UInt8 = 0xc0
    static let escape: UInt8 = 0xdb
    static let escapedEnd: UInt8 = 0xdc
    static let escapedEscape: UInt8 = 0xdd
    static let diagnostic: UInt8 = 0x0a

    /// The packet as it goes over the line, with an END on both sides so that noise before it is cut off.
    static func encode(_ packet: some Sequence<UInt8>) -> [UInt8] {
        var line = [end]
        for byte in packet {
            switch byte {
            case end: line += [escape, escapedEnd]
            case escape: line += [escape, escapedEscape]
            default: line.append(byte)
            }
        }
        line.append(end)
        return line
    }

    /// What a device sends.
    enum Packet: Equatable {
        case datagram([UInt8])
        case diagnostic(String)
        /// Neither: a first byte that stands for nothing here.
        case unknown(UInt8)

        init(_ bytes: [UInt8]) {
            switch bytes.first ?? 0 {
            case SLIP.diagnostic: self = .diagnostic(printable(String(decoding: bytes.dropFirst(), as: UTF8.self)))
            case 0x40...0x7f: self = .datagram(bytes)
            case let first: self = .unknown(first)
            }
        }
    }

    /// Cuts what comes over the line into packets. Packets that are too long or hold an unknown escape are dropped
    /// whole and counted; memory is bounded by `limit`.
    struct Decoder {
        let limit: Int
        private(set) var dropped = 0
        private var packet: [UInt8] = []
        private var isEscaped = false
        private var isDropping = false

        init(limit: Int = 2048) {
            self.limit = limit
        }

        /// Takes one byte and returns the packet that it completes. Empty packets are not packets.
        mutating func take(_ byte: UInt8) -> [UInt8]? {
            if byte == SLIP.end {
                // An escape cut off by the end is as bad as an unknown one.
                let isGood = !isDropping && !isEscaped
                dropped += isGood ? 0 : 1
                let complete = packet
                packet = []
                isEscaped = false
                isDropping = false
                return isGood && !complete.isEmpty ? complete : nil
            }
            guard !isDropping else { return nil }
            if isEscaped {
                isEscaped = false
                switch byte {
                case SLIP.escapedEnd: append(SLIP.end)
                case SLIP.escapedEscape: append(SLIP.escape)
                default: isDropping = true
                }
            } else if byte == SLIP.escape {
                isEscaped = true
            } else {
                append(byte)
            }
            return nil
        }

        private mutating func append(_ byte: UInt8) {
            guard packet.count < limit else {
                isDropping = true
                return
            }
            packet.append(byte)
        }
    }
}
#endif

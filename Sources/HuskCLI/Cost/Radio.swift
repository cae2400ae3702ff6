// What a radio does with packets: how many frames, how long they are on air, how long the device's receiver is on.
#if Gateway
/// The use of a radio by some packets, without losses. Times are in seconds.
struct RadioUse: Equatable {
    /// Frames with data; acknowledgements of the link are in the times.
    var framesUp = 0
    var framesDown = 0
    /// The device sends.
    var airUp = 0.0
    /// Others send and the device receives.
    var airDown = 0.0
    /// The device's receiver is on and nothing comes: turnarounds, channel assessment, receive windows.
    var listening = 0.0
    var roundTrips = 0
}

/// How a radio carries packets.
protocol Link: Sendable {
    func use(for packets: [Packet]) -> RadioUse
}

/// IPv6 headers as 6LoWPAN compresses them between neighbours whose addresses come from the link (RFC 6282).
enum HeaderCompression {
    /// IPHC (section 3.1): two bytes; traffic class, flow label, hop limit and both addresses elided.
    private static let iphcBytes = 2
    /// NHC of UDP (section 4.3): one byte, a source port of 8 bits (0xf0..), the destination port, the checksum.
    private static let udpBytes = 1 + 1 + 2 + 2

    /// Bytes of the headers of a packet on the air.
    static func bytes(_ headers: Packet.Headers) -> Int {
        switch headers {
        case .none: 0
        case .udp: iphcBytes + udpBytes
        // Nothing compresses TCP: its header as it is, after the byte that says what it is.
        case .tcp, .tcpSyn: iphcBytes + 1 + headers.transportBytes
        }
    }
}

/// IEEE 802.15.4 at 2.4 GHz, 250 kbit/s, with acknowledgements; IP packets in 6LoWPAN (RFC 4944, 6282).
struct IEEE802154: Link {
    /// IEEE 802.15.4-2015: 62.5 ksymbol/s, two symbols a byte.
    static let secondsPerByte = 32e-6
    /// Preamble 4, start of frame 1, length 1.
    static let phyBytes = 6
    /// aMaxPhyPacketSize.
    static let frameBytes = 127
    /// Frame control 2, sequence number 1, PAN 2, short addresses 2 + 2; at the end the frame check sequence, 2.
    /// Security of the link is off: it would add the same to every frame.
    static let macBytes = 2 + 1 + 2 + 2 + 2 + 2
    static let acknowledgementBytes = 5
    /// aTurnaroundTime: 12 symbols; assessment of a clear channel: 8 symbols.
    static let turnaround = 12 * 16e-6
    static let assessment = 8 * 16e-6
    static let room = frameBytes - macBytes

    /// RFC 4944 section 5.3: headers of the first and of each later fragment; lengths are multiples of 8.
    static let firstFragmentBytes = 4
    static let nextFragmentBytes = 5

    /// Payloads of the MAC frames of a packet.
    static func frames(of packet: Packet) -> [Int] {
        guard packet.headers != .none else { return linkFrames(packet.payload, room: room) }
        let headers = HeaderCompression.bytes(packet.headers)
        guard headers + packet.payload > room else { return [headers + packet.payload] }
        // The first fragment ends, in the packet as it was before compression, at a multiple of 8.
        let space = room - firstFragmentBytes - headers
        let first = space - (packet.headers.bytes + space) % 8
        var frames = [firstFragmentBytes + headers + first]
        var left = packet.payload - first
        let most = (room - nextFragmentBytes) / 8 * 8
        while left > 0 {
            let piece = left <= room - nextFragmentBytes ? left : most
            frames.append(nextFragmentBytes + piece)
            left -= piece
        }
        return frames
    }

    func use(for packets: [Packet]) -> RadioUse {
        let acknowledgement = Double(Self.phyBytes + Self.acknowledgementBytes) * Self.secondsPerByte
        var use = RadioUse(roundTrips: Transport.roundTrips(packets))
        for packet in packets {
            for frame in Self.frames(of: packet) {
                let time = Double(Self.phyBytes + Self.macBytes + frame) * Self.secondsPerByte
                if packet.isUp {
                    use.framesUp += 1
                    use.airUp += time
                    use.airDown += acknowledgement
                    use.listening += Self.assessment + Self.turnaround
                } else {
                    use.framesDown += 1
                    use.airDown += time
                    use.airUp += acknowledgement
                }
            }
        }
        return use
    }
}

/// Husk frames on a link whose frames have `room`: a message that is longer goes in fragments. Each of them has its own
/// of the 10 bytes in which a frame protects its payload, and one more that counts the pieces (Frame.md).
func linkFrames(_ bytes: Int, room: Int) -> [Int] {
    let frameBytes = 10
    let fragmentBytes = frameBytes + 1
    guard bytes > room else { return [bytes] }
    let piece = room - fragmentBytes
    return stride(from: 0, to: bytes - frameBytes, by: piece).map {
        min(piece, bytes - frameBytes - $0) + fragmentBytes
    }
}

/// Bluetooth Low Energy, LE 1M, a connection that stays: packets in ATT values of at most 244 bytes.
///
/// IP packets are compressed as RFC 7668 says and cut into the same 244 bytes; its L2CAP channel needs no more headers
/// than ATT does. What the connection costs while nothing is sent is left out.
struct BLE: Link {
    /// Bluetooth Core 5.4, volume 6, part B: preamble 1, access address 4, header 2, CRC 3; 1 Mbit/s.
    static let linkBytes = 1 + 4 + 2 + 3
    static let secondsPerByte = 8e-6
    /// L2CAP 4; ATT opcode 1, handle 2: 251 - 7 are left.
    static let headerBytes = 4 + 3
    static let valueBytes = 244

    func use(for packets: [Packet]) -> RadioUse {
        var use = RadioUse(roundTrips: Transport.roundTrips(packets))
        // Every packet is answered by one, empty if there is nothing to say.
        let empty = Double(Self.linkBytes) * Self.secondsPerByte
        for packet in packets {
            let bytes = HeaderCompression.bytes(packet.headers) + packet.payload
            for value in Self.values(bytes) {
                let time = Double(Self.linkBytes + Self.headerBytes + value) * Self.secondsPerByte
                if packet.isUp {
                    use.framesUp += 1
                    use.airUp += time
                    use.airDown += empty
                } else {
                    use.framesDown += 1
                    use.airDown += time
                    use.airUp += empty
                }
            }
        }
        return use
    }

    static func values(_ bytes: Int) -> [Int] {
        stride(from: 0, to: max(bytes, 1), by: valueBytes).map { min(valueBytes, bytes - $0) }
    }
}

/// LoRaWAN 1.0.x class A in EU868 at 125 kHz and coding rate 4/5. IP packets go by SCHC (RFC 9011), which elides the
/// headers of IPv6 and UDP.
struct LoRa: Link {
    let spreadingFactor: Int

    static let spreadingFactors = 7...12
    /// MHDR 1, FHDR 7, FPort 1, MIC 4 (LoRaWAN 1.0.4 section 4).
    static let headerBytes = 13
    /// The largest application payload (RP002-1.0.4 section 2.4.6, EU863-870, behind a repeater too).
    static let payloadBytes = [7: 222, 8: 222, 9: 115, 10: 51, 11: 51, 12: 51]
    /// What a band of EU868 allows a device (ETSI EN 300 220-2).
    static let dutyCycle = 0.01
    /// A receiver listens for a preamble that long before it gives up; the second window is at SF12 (RP002-1.0.4).
    static let windowSymbols = 6.0
    static let secondWindow = 12

    /// SCHC over LoRaWAN (RFC 9011 section 5.6): the rule is the FPort. Up: fragment header 1, tiles of 10, a check of
    /// 4 in the last, one acknowledgement at the end. Down: fragment header 1, each fragment acknowledged.
    static let fragmentBytes = 1
    static let tileBytes = 10
    static let checkBytes = 4
    static let acknowledgementBytes = 1

    static func symbol(_ spreadingFactor: Int) -> Double { Double(1 << spreadingFactor) / 125_000 }

    /// Seconds on air of a frame of `bytes` with its MAC header: Semtech AN1200.13, section 4. 8 symbols of preamble,
    /// an explicit header, low data rate optimisation at SF11 and SF12.
    static func airTime(_ bytes: Int, spreadingFactor: Int, crc: Bool = true) -> Double {
        let isSlow = spreadingFactor >= 11
        let numerator = 8 * bytes - 4 * spreadingFactor + 28 + (crc ? 16 : 0)
        let denominator = 4 * (spreadingFactor - (isSlow ? 2 : 0))
        let blocks = max(0, (numerator + denominator - 1) / denominator)
        return (8 + 4.25 + 8 + Double(blocks * 5)) * symbol(spreadingFactor)
    }

    private var room: Int { Self.payloadBytes[spreadingFactor, default: 51] }

    /// Application payloads of the frames of a packet, in order: its fragments, and acknowledgements against it.
    func frames(of packet: Packet) -> [CostMessage] {
        guard packet.headers != .none else {
            return linkFrames(packet.payload, room: room).map { CostMessage(isUp: packet.isUp, bytes: $0) }
        }
        // TCP's header has no rule to elide it.
        let bytes = packet.payload + (packet.headers == .udp ? 0 : packet.headers.transportBytes)
        guard bytes > room else { return [CostMessage(isUp: packet.isUp, bytes: bytes)] }
        return packet.isUp ? fragmentsUp(bytes) : fragmentsDown(bytes)
    }

    private func fragmentsUp(_ bytes: Int) -> [CostMessage] {
        let perFrame = (room - Self.fragmentBytes) / Self.tileBytes
        let tiles = (bytes + Self.tileBytes - 1) / Self.tileBytes
        var left = tiles - 1
        var frames: [CostMessage] = []
        while left > 0 {
            let some = min(left, perFrame)
            frames.append(CostMessage(isUp: true, bytes: Self.fragmentBytes + some * Self.tileBytes))
            left -= some
        }
        let last = bytes - (tiles - 1) * Self.tileBytes
        return frames + [
            CostMessage(isUp: true, bytes: Self.fragmentBytes + Self.checkBytes + last),
            CostMessage(isUp: false, bytes: Self.acknowledgementBytes),
        ]
    }

    private func fragmentsDown(_ bytes: Int) -> [CostMessage] {
        var left = bytes
        var frames: [CostMessage] = []
        while true {
            let isLast = left <= room - Self.fragmentBytes - Self.checkBytes
            let piece = min(left, room - Self.fragmentBytes - (isLast ? Self.checkBytes : 0))
            frames += [
                CostMessage(isUp: false, bytes: Self.fragmentBytes + (isLast ? Self.checkBytes : 0) + piece),
                CostMessage(isUp: true, bytes: Self.acknowledgementBytes),
            ]
            left -= piece
            if isLast {
                return frames
            }
        }
    }

    func use(for packets: [Packet]) -> RadioUse {
        var use = RadioUse(roundTrips: Transport.roundTrips(packets))
        for frame in packets.flatMap({ frames(of: $0) }) {
            let time = Self.airTime(
                Self.headerBytes + frame.bytes, spreadingFactor: spreadingFactor, crc: frame.isUp)
            if frame.isUp {
                use.framesUp += 1
                use.airUp += time
            } else {
                use.framesDown += 1
                use.airDown += time
            }
        }
        // A gateway speaks only after a device has: what comes down beyond that is asked for by empty frames.
        for _ in 0..<max(0, use.framesDown - use.framesUp) {
            use.framesUp += 1
            use.airUp += Self.airTime(Self.headerBytes - 1, spreadingFactor: spreadingFactor)
        }
        let windows = Self.windowSymbols * (Self.symbol(spreadingFactor) + Self.symbol(Self.secondWindow))
        use.listening += Double(use.framesUp - use.framesDown) * windows
        return use
    }
}

/// NB-IoT, release 13, good coverage: uplink on one tone of 15 kHz, no repetitions. IP headers are not compressed.
struct NBIoT: Link {
    /// Bits of a transport block by the number of resource units (8 ms each) or subframes (1 ms): 3GPP TS 36.213,
    /// tables 16.5.1.2-2 (I_TBS 10, the highest for one tone) and 16.4.1.5.1-1 (I_TBS 12).
    static let upBits = [144, 328, 504, 680, 872, 1000]
    static let downBits = [208, 440, 680]
    static let resourceUnit = 8e-3
    static let subframe = 1e-3
    /// NPUSCH format 2, 15 kHz: 4 slots, acknowledges each block from the network.
    static let acknowledgement = 2e-3
    /// In each block MAC subheader 2 (TS 36.321) and RLC 2 (TS 36.322), in the first of a packet PDCP 1 (TS 36.323).
    static let blockBytes = 2 + 2
    static let packetBytes = 1

    /// Seconds on air of each block of a packet.
    static func blocks(of packet: Packet) -> [Double] {
        let bits = packet.isUp ? upBits : downBits
        let room = (bits.last ?? 0) / 8 - blockBytes
        var left = packetBytes + packet.bytes
        var times: [Double] = []
        while left > 0 {
            let piece = min(left, room)
            let units = (bits.firstIndex { $0 >= (piece + blockBytes) * 8 } ?? bits.count - 1) + 1
            times.append(Double(units) * (packet.isUp ? resourceUnit : subframe))
            left -= piece
        }
        return times
    }

    func use(for packets: [Packet]) -> RadioUse {
        var use = RadioUse(roundTrips: Transport.roundTrips(packets))
        for packet in packets {
            let blocks = Self.blocks(of: packet)
            let time = blocks.reduce(0, +)
            if packet.isUp {
                use.framesUp += blocks.count
                use.airUp += time
            } else {
                use.framesDown += blocks.count
                use.airDown += time
                use.airUp += Double(blocks.count) * Self.acknowledgement
            }
        }
        return use
    }
}
#endif

// One UDP socket that speaks for many devices: each has an address of its own in 127.0.0.0/8, all of which is this
// machine, so that a gateway sees as many peers as there are devices without as many open files.
#if Gateway
import Glibc

/// Sends to one gateway on a loopback address and hears from nobody else.
final class LoadSocket {
    /// Addresses from 127.1.0.0 on: as many as 127.0.0.0/8 has behind them.
    static let addressLimit = 254 << 16

    private let socket: Int32
    private let gateway: sockaddr_in
    private var buffer = [UInt8](repeating: 0, count: 2048)

    /// `host` is an address in 127.0.0.0/8.
    init(host: String, port: Int) throws(Failure) {
        guard let address = Self.loopback(host) else {
            throw Failure(.usage, "\(host) is not in 127.0.0.0/8: load is for gateways on this machine only")
        }
        gateway = Self.address(address, UInt16(truncatingIfNeeded: port))
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw Failure(.unavailable, "no socket: \(Self.reason)") }
        do throws(Failure) {
            try prepare()
        } catch {
            close(socket)
            throw error
        }
    }

    deinit {
        close(socket)
    }

    /// The address in host byte order; nil if it is no IPv4 address of this machine's loopback.
    static func loopback(_ host: String) -> UInt32? {
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, host, &address) == 1 else { return nil }
        let value = UInt32(bigEndian: address.s_addr)
        return value >> 24 == 127 ? value : nil
    }

    private func prepare() throws(Failure) {
        // Nothing from outside reaches it. Not everybody may bind to a device; what is not from the gateway is dropped
        // all the same.
        _ = unsafe "lo".withCString { unsafe setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, $0, 2) }
        var on: Int32 = 1
        guard unsafe setsockopt(socket, Int32(IPPROTO_IP), IP_PKTINFO, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
        else {
            throw Failure(.unavailable, "the system does not tell the address a datagram was sent to: \(Self.reason)")
        }
        var size: Int32 = 4 << 20
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var any = Self.address(0, 0)
        let bound = unsafe withUnsafePointer(to: &any) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw Failure(.unavailable, "no UDP port is free: \(Self.reason)") }
    }

    private static func address(_ address: UInt32, _ port: UInt16) -> sockaddr_in {
        sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: in_addr(s_addr: address.bigEndian),
            sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }

    /// A control message that holds `in_pktinfo`, as the system lays it out: its header is padded to 16 bytes.
    private struct PacketInfo {
        var header = cmsghdr()
        var info = in_pktinfo()
        var padding: Int32 = 0

        static let length = MemoryLayout<cmsghdr>.size + MemoryLayout<in_pktinfo>.size
    }

    /// Sends a datagram from the address of device `index`. One that does not fit is lost, as in any network.
    func send(_ datagram: [UInt8], from index: Int) {
        var control = PacketInfo()
        control.header.cmsg_len = PacketInfo.length
        control.header.cmsg_level = Int32(IPPROTO_IP)
        control.header.cmsg_type = Int32(IP_PKTINFO)
        control.info.ipi_spec_dst.s_addr = (0x7f01_0000 + UInt32(index)).bigEndian
        var target = gateway
        var bytes = datagram
        _ = unsafe withMessage(&bytes, &target, &control) { message in
            unsafe sendmsg(socket, message, 0)
        }
    }

    /// The next datagram from the gateway and for which device it is; nil if none has come.
    func receive() -> (datagram: [UInt8], index: Int)? {
        while true {
            var control = PacketInfo()
            var source = sockaddr_in()
            let count = unsafe withMessage(&buffer, &source, &control) { message in
                unsafe recvmsg(socket, message, 0)
            }
            guard count >= 0 else {
                // ECONNREFUSED is of an earlier datagram: the gateway is gone, and whoever waits for it finds out.
                guard errno == EINTR || errno == ECONNREFUSED else { return nil }
                continue
            }
            let isFromGateway =
                source.sin_port == gateway.sin_port && source.sin_addr.s_addr == gateway.sin_addr.s_addr
            let index = Int(UInt32(bigEndian: control.info.ipi_addr.s_addr)) - 0x7f01_0000
            guard isFromGateway, control.header.cmsg_type == Int32(IP_PKTINFO), index >= 0 else { continue }
            return (Array(buffer.prefix(count)), index)
        }
    }

    /// Waits until a datagram is there, at most so long.
    func wait(milliseconds: Int32) {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, milliseconds)
    }

    private func withMessage(
        _ bytes: inout [UInt8], _ address: inout sockaddr_in, _ control: inout PacketInfo,
        _ body: (UnsafeMutablePointer<msghdr>) -> Int
    ) -> Int {
        unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe withUnsafeMutablePointer(to: &control) { control in
                unsafe bytes.withUnsafeMutableBytes { bytes in
                    var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return unsafe withUnsafeMutablePointer(to: &part) { part in
                        var message = unsafe msghdr(
                            msg_name: address, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size), msg_iov: part,
                            msg_iovlen: 1, msg_control: control, msg_controllen: MemoryLayout<PacketInfo>.size,
                            msg_flags: 0)
                        return unsafe body(&message)
                    }
                }
            }
        }
    }
}
#endif

// Bodies in blocks, on their way between a plain CoAP server and its clients (RFC 7959).
#if Gateway
internal import Husk
internal import NIOCore

/// At most one body in each direction per client, for a bounded number of clients: the one that was not heard of for
/// longest goes first. A client is its address, which anybody can forge.
struct CoAPTransfers {
    /// A response that is fetched in blocks, as it was when its first block was asked for.
    private struct Served {
        var request: CoAPMessage
        var response: CoAPResponse
    }

    private final class Transfer {
        var upload: BlockAssembly
        var served: Served?
        var lastUse: UInt64

        init(limit: Int, size: BlockSize, now: UInt64) throws(HuskError) {
            upload = try BlockAssembly(limit: limit, size: size)
            lastUse = now
        }
    }

    enum Answer {
        /// This is not about a body that is being fetched.
        case anew
        case again(CoAPResponse)
        case refused(CoAPCode)
    }

    private let limit: Int
    private let bodyLimit: Int
    private let size: BlockSize
    private let lifetime: UInt64
    private var transfers: [SocketAddress: Transfer] = [:]

    init(limit: Int, bodyLimit: Int, size: BlockSize, lifetime: UInt64) {
        self.limit = limit
        self.bodyLimit = bodyLimit
        self.size = size
        self.lifetime = lifetime
    }

    var count: Int { transfers.count }

    /// A later block is of the body that the first one was of. If that is forgotten, only a GET may be done again.
    func served(_ request: CoAPMessage, to peer: SocketAddress, now: UInt64) -> Answer {
        let block: Block?
        do throws(HuskError) {
            block = try request.block(CoAPOption.block2)
        } catch {
            return .refused(error.blockCode)
        }
        guard let block, block.number > 0 else { return .anew }
        if let transfer = transfers[peer], let served = transfer.served, served.request.isSameOperation(as: request) {
            transfer.lastUse = now
            return .again(served.response)
        }
        return request.code == .get ? .anew : .refused(.requestEntityIncomplete)
    }

    /// Keeps a response whose first block goes out.
    mutating func serve(_ response: CoAPResponse, to request: CoAPMessage, from peer: SocketAddress, now: UInt64) {
        (try? transfer(peer, now))?.served = Served(request: request, response: response)
    }

    /// A request, with its whole body or a block of it.
    mutating func take(_ request: CoAPMessage, from peer: SocketAddress, now: UInt64) -> BlockAssembly.Answer {
        guard request.option(CoAPOption.block1) != nil else { return .complete(request.payload, []) }
        do throws(HuskError) {
            return try transfer(peer, now).upload.take(request)
        } catch {
            return .code(error.blockCode, [])
        }
    }

    mutating func expire(now: UInt64) {
        transfers = transfers.filter { now < $0.value.lastUse + lifetime }
    }

    private mutating func transfer(_ peer: SocketAddress, _ now: UInt64) throws(HuskError) -> Transfer {
        if let known = transfers[peer] {
            known.lastUse = now
            return known
        }
        let made = try Transfer(limit: bodyLimit, size: size, now: now)
        if transfers.count >= limit, let oldest = transfers.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            transfers[oldest.key] = nil
        }
        transfers[peer] = made
        return made
    }
}
#endif

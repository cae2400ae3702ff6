// Bodies larger than a message, in blocks (RFC 7959), as client and as server. No I/O: messages in, messages out. Under
// OSCORE these are the plain messages, before protecting and after verifying.
#if !hasFeature(Embedded)
internal import CHusk

/// The size of blocks: a power of two.
public enum BlockSize: UInt8, Sendable, Hashable, CaseIterable {
    /// 16 bytes.
    case bytes16 = 0
    /// 32 bytes.
    case bytes32 = 1
    /// 64 bytes.
    case bytes64 = 2
    /// 128 bytes.
    case bytes128 = 3
    /// 256 bytes.
    case bytes256 = 4
    /// 512 bytes.
    case bytes512 = 5
    /// 1,024 bytes.
    case bytes1024 = 6

    /// In bytes.
    public var count: Int { 16 << Int(rawValue) }
}

/// The value of a Block1 or Block2 option (RFC 7959 section 2.2).
public struct Block: Sendable, Hashable {
    /// Which block, counted in blocks of `size`; at most 2^20 - 1.
    public var number: UInt32
    /// The size of all blocks but the last.
    public var size: BlockSize
    /// Further blocks follow.
    public var more: Bool

    /// The block with that number, from 0 on.
    public init(number: UInt32, size: BlockSize, more: Bool) {
        self.number = number
        self.size = size
        self.more = more
    }

    init(_ block: husk_block) {
        // The core has checked that it is one of the seven.
        self.init(number: block.num, size: BlockSize(rawValue: block.szx) ?? .bytes16, more: block.more)
    }

    /// Where it begins in the body.
    public var offset: Int { Int(number) * size.count }

    /// The option `number`: ``CoAPOption/block1`` or ``CoAPOption/block2``.
    public func option(_ number: UInt32) -> CoAPOption {
        CoAPOption(number: number, uint: self.number << 4 | (more ? 8 : 0) | UInt32(size.rawValue))
    }
}

/// A part of a body, and the block it is; nil if the body fits one message and needs no option.
public struct BlockSlice: Sendable, Hashable {
    /// The Block option to send with it; nil if the body fits one message.
    public var block: Block?
    /// What of the body the message carries.
    public var payload: [UInt8]

    init(_ slice: husk_block_slice) {
        block = unsafe slice.is_block ? Block(slice.block) : nil
        unsafe payload = [UInt8](slice.payload)
    }
}

extension CoAPMessage {
    /// A Block option: ``CoAPOption/block1`` or ``CoAPOption/block2``; nil if there is none.
    ///
    /// - Throws: ``HuskError/format`` for the reserved size, ``HuskError/unsupported`` if it is too long or repeated.
    public func block(_ number: UInt32) throws(HuskError) -> Block? {
        try unsafe withView { (view) throws(HuskError) in
            var block = husk_block()
            var found = false
            try unsafe check(husk_block_find(view.pointee.options, number, &block, &found))
            return found ? Block(block) : nil
        }
    }

    /// Server: the block of a response body that this request asks for, or the first one. The response carries its
    /// payload, its ``Block/option(_:)`` as ``CoAPOption/block2`` and an ETag that no other body of the resource has;
    /// with number 0 it may carry the body's length as ``CoAPOption/size2``.
    ///
    /// - Parameters:
    ///   - body: all of it
    ///   - size: what the server prefers; the client may ask for less
    /// - Throws: ``HuskError/format`` for the reserved size or a block beyond the end, ``HuskError/unsupported`` as
    ///   ``block(_:)``, ``HuskError/argument`` for a body too long for blocks of this size. ``HuskError/blockCode``
    ///   answers them.
    public func slice(of body: [UInt8], size: BlockSize = .bytes1024) throws(HuskError) -> BlockSlice {
        try unsafe withView { (view) throws(HuskError) in
            try unsafe body.span.bytes.withSlice { (body) throws(HuskError) in
                var slice = unsafe husk_block_slice()
                try unsafe check(husk_block2_slice(body, size.rawValue, view, &slice))
                return unsafe BlockSlice(slice)
            }
        }
    }
}

extension HuskError {
    /// The response code with which a server tells the client of a bad block.
    public var blockCode: CoAPCode { CoAPCode(rawValue: husk_block_error_code(code)) }
}

/// Client: a request body on its way out (Block1).
@safe public struct BlockUpload: ~Copyable, Sendable {
    private let body: PinnedBytes
    private let state = unsafe Pinned(zeroed: husk_block1_client.self)

    /// The value of the Request-Tag option, for every request of the operation; nil for none.
    public let requestTag: [UInt8]?

    /// - Parameters:
    ///   - body: is copied; the copy is wiped at the end
    ///   - size: of the blocks, which the server may make smaller
    ///   - requestTag: see ``chooseRequestTag(unconcluded:unique:)``
    /// - Throws: ``HuskError/argument`` for a body of more than 2^20 blocks or a tag of more than 8 bytes.
    public init(body: [UInt8], size: BlockSize = .bytes1024, requestTag: [UInt8]? = nil) throws(HuskError) {
        self.body = PinnedBytes(count: body.count)
        self.requestTag = requestTag
        guard requestTag?.count ?? 0 <= Int(HUSK_REQUEST_TAG_MAX_BYTES) else { throw .argument }
        unsafe self.body.write(body.span.bytes, at: 0)
        try unsafe check(husk_block1_client_init(state.pointer, self.body.slice(0, body.count), size.rawValue))
    }

    /// The Request-Tag of a new operation (RFC 9175 section 3.5.1), so that what somebody held back of an earlier
    /// operation does not fit into this one.
    ///
    /// - Parameters:
    ///   - unconcluded: some earlier operation under the same security context was not ``isConcluded``, or may not have
    ///     been. If false no tag is needed.
    ///   - unique: a number that no other operation under this context has, such as ``SecurityContext/senderSequence``
    public static func chooseRequestTag(unconcluded: Bool, unique: UInt64) -> [UInt8]? {
        var tag = husk_request_tag()
        unsafe husk_request_tag_choose(&tag, unconcluded, unique)
        guard tag.present else { return nil }
        return unsafe withUnsafeBytes(of: tag.bytes) { unsafe Array($0.prefix(Int(tag.len))) }
    }

    /// What the next request carries, beside the options of the operation. Again before an answer, it gives the same
    /// block: for a request that was given up, not for a retransmission.
    ///
    /// - Throws: ``HuskError/state`` once the transfer is over.
    public mutating func next() throws(HuskError) -> BlockSlice {
        var slice = unsafe husk_block_slice()
        try unsafe check(husk_block1_client_next(state.pointer, &slice))
        return unsafe BlockSlice(slice)
    }

    /// Takes the answer to the request last given out. False: go on with ``next()``. True: it is the answer to the
    /// whole request, good or bad.
    ///
    /// - Throws: ``HuskError/state`` if no request is unanswered, ``HuskError/order`` if it answers another block,
    ///   ``HuskError/format`` if it contradicts what was sent, ``HuskError/unsupported``; nothing is changed then.
    public mutating func take(_ response: CoAPMessage) throws(HuskError) -> Bool {
        var done = false
        try unsafe response.withView { (view) throws(HuskError) in
            try unsafe check(husk_block1_client_take(state.pointer, view, &done))
        }
        return done
    }

    /// Whether every request given out was answered: then the next operation needs no Request-Tag.
    public var isConcluded: Bool { unsafe husk_block1_client_is_concluded(state.pointer) }
}

/// Server: a request body on its way in (Block1). One operation at a time, of one client: the caller knows it from its
/// security context.
@safe public struct BlockAssembly: ~Copyable, Sendable {
    /// How to answer a request.
    public enum Answer: Sendable, Hashable {
        /// Answer with this code and these options, and no payload.
        case code(CoAPCode, [CoAPOption])
        /// The body is complete: the application answers, and its response carries these options too.
        case complete([UInt8], [CoAPOption])
    }

    private let key: PinnedBytes
    private var body: GrowingBytes
    private let state = unsafe Pinned(zeroed: husk_block1_server.self)

    /// - Parameters:
    ///   - limit: the longest body it takes, at most 2^30 bytes. Memory is taken as blocks come.
    ///   - optionsLimit: room for the options of an operation (path, query, Content-Format, Request-Tag), up to 65,535
    ///   - size: the block size it prefers
    /// - Throws: ``HuskError/argument`` for one out of range.
    public init(limit: Int, optionsLimit: Int = 512, size: BlockSize = .bytes1024) throws(HuskError) {
        body = GrowingBytes(limit: limit)
        key = PinnedBytes(count: max(0, optionsLimit))
        guard limit >= 0 && optionsLimit >= 0 else { throw .argument }
        try unsafe check(
            husk_block1_server_init(
                state.pointer, body.pointer, limit, key.pointer, optionsLimit, size.rawValue))
    }

    /// Takes a request, with or without Block1. What cannot be taken is answered with a code too, and changes nothing.
    /// A first block replaces an operation in progress.
    public mutating func take(_ request: CoAPMessage) -> Answer {
        if request.option(CoAPOption.block1) != nil {
            unsafe state.pointer.pointee.body = body.reserve(count + request.payload.count)
        }
        var answer = unsafe husk_block1_answer()
        do throws(HuskError) {
            try unsafe request.withView { (view) throws(HuskError) in
                _ = unsafe husk_block1_server_take(state.pointer, view, &answer)
            }
        } catch {
            // Its options cannot be encoded: only a message that did not come from the wire is like that.
            return .code(.badOption, [])
        }
        var options: [CoAPOption] = []
        if unsafe answer.has_block {
            unsafe options.append(Block(answer.block).option(CoAPOption.block1))
        }
        if unsafe answer.has_size {
            unsafe options.append(CoAPOption(number: CoAPOption.size1, uint: answer.size))
        }
        guard unsafe answer.code == 0 else {
            return unsafe .code(CoAPCode(rawValue: answer.code), options)
        }
        // A request in one piece: its payload is what `withView` lent, and that is over.
        guard unsafe answer.has_block else { return .complete(request.payload, []) }
        let complete = unsafe [UInt8](answer.body)
        drop()
        return .complete(complete, options)
    }

    /// Whether a request goes on with the operation in progress, for a server with several.
    public func matches(_ request: CoAPMessage) -> Bool {
        let matches = try? unsafe request.withView { unsafe husk_block1_server_matches(state.pointer, $0) }
        return matches ?? false
    }

    /// Forgets the operation in progress and gives its memory back, as after EXCHANGE_LIFETIME without a block.
    public mutating func drop() {
        unsafe husk_block1_server_drop(state.pointer)
        unsafe state.pointer.pointee.body = body.release()
    }

    /// Bytes of the body so far.
    public var count: Int { unsafe Int(state.pointer.pointee.len) }
}

/// Client: a response body on its way in (Block2).
@safe public struct BlockDownload: ~Copyable, Sendable {
    private var body: GrowingBytes
    private let state = unsafe Pinned(zeroed: husk_block2_client.self)

    /// - Parameters:
    ///   - limit: the longest body it takes, at most 2^30 bytes. Memory is taken as blocks come.
    ///   - size: no block is to be larger
    /// - Throws: ``HuskError/argument`` for a limit out of range.
    public init(limit: Int, size: BlockSize = .bytes1024) throws(HuskError) {
        body = GrowingBytes(limit: limit)
        guard limit >= 0 else { throw .argument }
        try unsafe check(husk_block2_client_init(state.pointer, body.pointer, limit, size.rawValue))
    }

    /// The Block2 option of the next request, which has the options of the first one but for Block1, and no payload. In
    /// the first one it proposes the block size early.
    public var next: CoAPOption {
        var block = husk_block()
        unsafe husk_block2_client_next(state.pointer, &block)
        return Block(block).option(CoAPOption.block2)
    }

    /// Takes a response. The body once it is complete, nil before.
    ///
    /// - Throws: ``HuskError/order``, ``HuskError/changed`` if it is of another body than those before,
    ///   ``HuskError/buffer`` beyond the limit, ``HuskError/format``, ``HuskError/unsupported``, ``HuskError/state``
    ///   once complete; nothing is changed then.
    public mutating func take(_ response: CoAPMessage) throws(HuskError) -> [UInt8]? {
        let count = unsafe Int(state.pointer.pointee.len)
        unsafe state.pointer.pointee.body = body.reserve(count + response.payload.count)
        var done = false
        try unsafe response.withView { (view) throws(HuskError) in
            try unsafe check(husk_block2_client_take(state.pointer, view, &done))
        }
        guard done else { return nil }
        return unsafe [UInt8](UnsafeBufferPointer(start: body.pointer, count: Int(state.pointer.pointee.len)))
    }
}

/// Memory that grows with what comes, up to a limit that is promised to the core; wiped.
@safe private struct GrowingBytes: ~Copyable, Sendable {
    let limit: Int
    private var bytes = PinnedBytes(count: 0)

    init(limit: Int) {
        self.limit = limit
    }

    var pointer: UnsafeMutablePointer<UInt8> { unsafe bytes.pointer }

    /// Makes room for `count` bytes in all, as far as the limit allows. The core writes within these and nowhere else.
    mutating func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        let needed = min(limit, count)
        if needed > bytes.count {
            let larger = PinnedBytes(count: min(limit, max(needed, 2 * bytes.count)))
            bytes.withBytes { larger.write($0, at: 0) }
            bytes = larger
        }
        return unsafe bytes.pointer
    }

    mutating func release() -> UnsafeMutablePointer<UInt8> {
        bytes = PinnedBytes(count: 0)
        return unsafe bytes.pointer
    }
}
#endif

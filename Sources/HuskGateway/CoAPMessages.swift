// Requests and responses of plain CoAP, without protection: what a program sees of them.
#if Gateway
public import Husk

/// A request without protection. On a server it came from anybody: nothing in it is authenticated.
public struct CoAPRequest: Sendable, Hashable {
    /// GET, POST, …
    public var method: CoAPCode
    /// Uri-Path, joined by slashes: `sensors/temperature`. Nothing in it is percent-encoded.
    public var path: String
    /// Uri-Query options, such as `unit=K`.
    public var query: [String]
    /// CoAP Content-Format of the payload; nil: not said.
    public var contentFormat: UInt32?
    /// All further options, such as Accept. Those about blocks and observing come and go by themselves.
    public var options: [CoAPOption]
    /// What is sent, in blocks if it is long; may be empty.
    public var payload: [UInt8]
    /// Whether it is sent again until it is acknowledged. If not, it is sent once.
    public var isConfirmable: Bool

    /// A confirmable request for a path such as `sensors/temperature`.
    public init(
        _ method: CoAPCode, _ path: String, query: [String] = [], contentFormat: UInt32? = nil,
        options: [CoAPOption] = [], payload: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentFormat = contentFormat
        self.options = options
        self.payload = payload
        isConfirmable = true
    }

    /// The message, but for its payload, token and ID; with more options.
    func message(_ more: [CoAPOption] = []) -> CoAPMessage {
        var all = options.filter { !Self.own.contains($0.number) } + more
        all += path.split(separator: "/").map { CoAPOption(number: CoAPOption.uriPath, value: Array($0.utf8)) }
        all += query.map { CoAPOption(number: CoAPOption.uriQuery, value: Array($0.utf8)) }
        all += contentFormat.map { [CoAPOption(number: CoAPOption.contentFormat, uint: $0)] } ?? []
        return CoAPMessage(
            type: isConfirmable ? .confirmable : .nonConfirmable, code: method, messageID: 0,
            options: all.sorted { $0.number < $1.number })
    }

    /// Made from the parts of a request, never taken from its options.
    private static let own: Set<UInt32> = [
        CoAPOption.uriPath, CoAPOption.uriQuery, CoAPOption.contentFormat, CoAPOption.observe, CoAPOption.block1,
        CoAPOption.block2, CoAPOption.size1, CoAPOption.size2, CoAPOption.requestTag,
    ]

    /// What a server makes of a message, whose body is complete.
    init(_ message: CoAPMessage, payload: [UInt8]) {
        method = message.code
        path = message.path
        query = message.options.filter { $0.number == CoAPOption.uriQuery }
            .map { String(decoding: $0.value, as: UTF8.self) }
        contentFormat = message.option(CoAPOption.contentFormat)?.uint
        options = message.options.filter { !Self.own.contains($0.number) }
        self.payload = payload
        isConfirmable = message.type == .confirmable
    }
}

/// A response without protection. To a client it came from anybody who saw the request: nothing in it is authenticated.
public struct CoAPResponse: Sendable, Hashable {
    /// The response code; errors too.
    public var code: CoAPCode
    /// All options but those about blocks, in ascending order of their numbers.
    public var options: [CoAPOption]
    /// The whole body; may be empty.
    public var payload: [UInt8]

    /// A response with this code.
    public init(
        _ code: CoAPCode, contentFormat: UInt32? = nil, options: [CoAPOption] = [], payload: [UInt8] = []
    ) {
        let format = contentFormat.map { [CoAPOption(number: CoAPOption.contentFormat, uint: $0)] } ?? []
        self.code = code
        self.options = (options + format).sorted { $0.number < $1.number }
        self.payload = payload
    }

    /// CoAP Content-Format; nil if the response named none.
    public var contentFormat: UInt32? {
        options.first { $0.number == CoAPOption.contentFormat }?.uint
    }

    /// What a client makes of a message, whose body is complete.
    init(_ message: CoAPMessage, payload: [UInt8]) {
        let blocks: Set = [CoAPOption.block1, CoAPOption.block2, CoAPOption.size1, CoAPOption.size2]
        code = message.code
        options = message.options.filter { !blocks.contains($0.number) }
        self.payload = payload
    }
}
#endif

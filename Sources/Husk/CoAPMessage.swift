// CoAP messages as Swift values, decoded and encoded by the core.
internal import CHusk

/// Message types (RFC 7252 section 3).
public enum CoAPType: UInt8, Sendable, Hashable {
    /// To be acknowledged, or sent again.
    case confirmable = 0
    /// Sent once.
    case nonConfirmable = 1
    /// Acknowledges a confirmable message; may carry its response.
    case acknowledgement = 2
    /// The message with this ID meant nothing to its receiver.
    case reset = 3
}

/// Method or response code: class in the upper three bits, detail in the lower five.
public struct CoAPCode: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// 0.00: an empty message (RFC 7252 section 4.1).
    public static let empty = CoAPCode(rawValue: 0x00)
    /// 0.01 GET.
    public static let get = CoAPCode(rawValue: 0x01)
    /// 0.02 POST.
    public static let post = CoAPCode(rawValue: 0x02)
    /// 0.03 PUT.
    public static let put = CoAPCode(rawValue: 0x03)
    /// 0.04 DELETE.
    public static let delete = CoAPCode(rawValue: 0x04)
    /// 0.05 FETCH (RFC 8132).
    public static let fetch = CoAPCode(rawValue: 0x05)
    /// 2.01 Created.
    public static let created = CoAPCode(rawValue: 0x41)
    /// 2.02 Deleted.
    public static let deleted = CoAPCode(rawValue: 0x42)
    /// 2.03 Valid: what the client has is still right.
    public static let valid = CoAPCode(rawValue: 0x43)
    /// 2.04 Changed.
    public static let changed = CoAPCode(rawValue: 0x44)
    /// 2.05 Content.
    public static let content = CoAPCode(rawValue: 0x45)
    /// 2.31 Continue: the next block, please (RFC 7959).
    public static let `continue` = CoAPCode(rawValue: 0x5f)
    /// 4.00 Bad Request.
    public static let badRequest = CoAPCode(rawValue: 0x80)
    /// 4.01 Unauthorized.
    public static let unauthorized = CoAPCode(rawValue: 0x81)
    /// 4.02 Bad Option: a critical one is not understood.
    public static let badOption = CoAPCode(rawValue: 0x82)
    /// 4.03 Forbidden.
    public static let forbidden = CoAPCode(rawValue: 0x83)
    /// 4.04 Not Found.
    public static let notFound = CoAPCode(rawValue: 0x84)
    /// 4.05 Method Not Allowed.
    public static let methodNotAllowed = CoAPCode(rawValue: 0x85)
    /// 4.06 Not Acceptable.
    public static let notAcceptable = CoAPCode(rawValue: 0x86)
    /// 4.08 Request Entity Incomplete: blocks are missing (RFC 7959).
    public static let requestEntityIncomplete = CoAPCode(rawValue: 0x88)
    /// 4.13 Request Entity Too Large.
    public static let requestEntityTooLarge = CoAPCode(rawValue: 0x8d)
    /// 4.15 Unsupported Content-Format.
    public static let unsupportedContentFormat = CoAPCode(rawValue: 0x8f)
    /// 5.00 Internal Server Error.
    public static let internalServerError = CoAPCode(rawValue: 0xa0)
    /// 5.03 Service Unavailable.
    public static let serviceUnavailable = CoAPCode(rawValue: 0xa3)

    /// 0 for requests, 2 for success, 4 and 5 for errors.
    public var codeClass: UInt8 { rawValue >> 5 }

    /// Whether it is a method: class 0, but not an empty message.
    public var isRequest: Bool { codeClass == 0 && rawValue != 0 }

    /// Whether it is a response: class 2, 4 or 5.
    public var isResponse: Bool { [2, 4, 5].contains(codeClass) }

    /// As the specification writes it: `2.04`.
    public var dotted: String {
        let detail = rawValue & 0x1f
        return "\(codeClass).\(detail < 10 ? "0" : "")\(detail)"
    }
}

/// An option and its value.
public struct CoAPOption: Sendable, Hashable {
    /// Says what it is; odd numbers are critical (RFC 7252 section 5.4.1).
    public var number: UInt32
    /// At most 65,804 bytes on the wire; what is allowed depends on the number.
    public var value: [UInt8]

    /// An option with this value.
    public init(number: UInt32, value: [UInt8]) {
        self.number = number
        self.value = value
    }

    /// An option of format uint: without leading zeros, and empty for 0.
    public init(number: UInt32, uint: UInt32) {
        self.number = number
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: uint >> (24 - 8 * UInt32($0))) }
        value = Array(bytes.drop { $0 == 0 })
    }

    /// The same for greater numbers, for opaque options too: at most 8 bytes.
    public init(number: UInt32, uint64: UInt64) {
        self.number = number
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: uint64 >> (56 - 8 * UInt64($0))) }
        value = Array(bytes.drop { $0 == 0 })
    }

    /// The value as a uint; nil if longer than 4 bytes.
    public var uint: UInt32? {
        guard value.count <= 4 else { return nil }
        return value.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Odd numbers are critical (RFC 7252 section 5.4.1).
    public var isCritical: Bool { number % 2 == 1 }

    /// If-Match: act only if the resource has this ETag.
    public static let ifMatch: UInt32 = 1
    /// Uri-Host: the host that is asked.
    public static let uriHost: UInt32 = 3
    /// ETag: names a state of the resource.
    public static let etag: UInt32 = 4
    /// If-None-Match: act only if there is no such resource.
    public static let ifNoneMatch: UInt32 = 5
    /// Observe (RFC 7641).
    public static let observe: UInt32 = 6
    /// Uri-Port: the port that is asked.
    public static let uriPort: UInt32 = 7
    /// OSCORE: the message is protected (RFC 8613 section 6).
    public static let oscore: UInt32 = 9
    /// Uri-Path: one segment of the path.
    public static let uriPath: UInt32 = 11
    /// Content-Format: what the payload is.
    public static let contentFormat: UInt32 = 12
    /// Max-Age: for how many seconds a response is fresh.
    public static let maxAge: UInt32 = 14
    /// Uri-Query: one argument.
    public static let uriQuery: UInt32 = 15
    /// Hop-Limit: how many more proxies (RFC 8768).
    public static let hopLimit: UInt32 = 16
    /// Accept: the Content-Format that is wanted.
    public static let accept: UInt32 = 17
    /// EDHOC: message_3 rides in front of the payload (RFC 9668).
    public static let edhoc: UInt32 = 21
    /// Block2: a block of the response (RFC 7959).
    public static let block2: UInt32 = 23
    /// Block1: a block of the request (RFC 7959).
    public static let block1: UInt32 = 27
    /// Size2: how long the response is in all (RFC 7959).
    public static let size2: UInt32 = 28
    /// Proxy-Uri: what a proxy is to ask for.
    public static let proxyURI: UInt32 = 35
    /// Proxy-Scheme: how a proxy is to ask.
    public static let proxyScheme: UInt32 = 39
    /// Size1: how long the request is in all.
    public static let size1: UInt32 = 60
    /// Echo: proves that a request is fresh (RFC 9175).
    public static let echo: UInt32 = 252
    /// Request-Tag: which blocks belong together (RFC 9175).
    public static let requestTag: UInt32 = 292
}

/// A CoAP message (RFC 7252 section 3).
public struct CoAPMessage: Sendable, Hashable {
    /// Whether it is to be acknowledged.
    public var type: CoAPType
    /// The method or response code.
    public var code: CoAPCode
    /// Matches a message with its acknowledgement, and finds copies.
    public var messageID: UInt16
    /// At most 8 bytes.
    public var token: [UInt8]
    /// In ascending order of their numbers.
    public var options: [CoAPOption]
    /// What the message carries; empty: nothing.
    public var payload: [UInt8]

    /// A message of these parts; ``encoded()`` checks them.
    public init(
        type: CoAPType, code: CoAPCode, messageID: UInt16, token: [UInt8] = [], options: [CoAPOption] = [],
        payload: [UInt8] = []
    ) {
        self.type = type
        self.code = code
        self.messageID = messageID
        self.token = token
        self.options = options
        self.payload = payload
    }

    /// Decodes a datagram.
    ///
    /// - Throws: ``HuskError/unsupported`` for another version of CoAP, ``HuskError/format`` for anything else that is
    ///   malformed.
    public init(decoding datagram: RawSpan) throws(HuskError) {
        var view = unsafe husk_coap_message()
        self = try unsafe datagram.withSlice { (bytes) throws(HuskError) in
            try unsafe check(husk_coap_decode(bytes.data, bytes.len, &view))
            return unsafe CoAPMessage(view)
        }
    }

    /// Copies what a view of the core shows.
    init(_ view: husk_coap_message) {
        // Two bits of the header, so always one of the four.
        unsafe type = CoAPType(rawValue: view.type & 3) ?? .reset
        unsafe code = CoAPCode(rawValue: view.code)
        unsafe messageID = view.message_id
        unsafe token = [UInt8](view.token)
        unsafe payload = [UInt8](view.payload)
        unsafe options = [CoAPOption](view.options)
    }

    /// The datagram.
    ///
    /// - Throws: ``HuskError/argument`` for options out of order or a token longer than 8 bytes.
    public func encoded() throws(HuskError) -> [UInt8] {
        guard token.count <= Int(HUSK_COAP_TOKEN_MAX_BYTES) else { throw .argument }
        return try unsafe composed(encodedCapacity) { (out, length) throws(HuskError) in
            var writer = unsafe husk_coap_writer()
            unsafe token.span.bytes.withSlice { token in
                unsafe husk_coap_writer_init(
                    &writer, out, encodedCapacity, type.rawValue, code.rawValue, messageID, token)
            }
            unsafe write(options, to: &writer)
            unsafe payload.withUnsafeBufferPointer { payload in
                unsafe husk_coap_write_payload(&writer, payload.baseAddress, payload.count)
            }
            try unsafe check(husk_coap_writer_finish(&writer, &length))
        }
    }

    /// How many bytes ``encoded()`` gives, if the message is valid.
    public var encodedCount: Int {
        var last: UInt32 = 0
        var count = Int(HUSK_COAP_HEADER_BYTES) + token.count + (payload.isEmpty ? 0 : payload.count + 1)
        for option in options {
            count += 1 + extended(Int(option.number - min(last, option.number))) + extended(option.value.count)
            count += option.value.count
            last = option.number
        }
        return count
    }

    /// First option with that number.
    public func option(_ number: UInt32) -> CoAPOption? {
        options.first { $0.number == number }
    }

    /// Uri-Path options joined by slashes.
    public var path: String {
        options.filter { $0.number == CoAPOption.uriPath }
            .map { String(decoding: $0.value, as: UTF8.self) }
            .joined(separator: "/")
    }

    /// Lends the message to the core.
    func withView<Result>(
        _ body: (UnsafePointer<husk_coap_message>) throws(HuskError) -> Result
    ) throws(HuskError) -> Result {
        let encodedOptions = try unsafe composed(encodedCapacity) { (out, length) throws(HuskError) in
            var writer = unsafe husk_coap_writer()
            unsafe husk_coap_writer_init_options(&writer, out, encodedCapacity)
            unsafe write(options, to: &writer)
            try unsafe check(husk_coap_writer_finish(&writer, &length))
        }
        return try unsafe token.span.bytes.withSlice { (token) throws(HuskError) in
            try unsafe encodedOptions.span.bytes.withSlice { (options) throws(HuskError) in
                try unsafe payload.span.bytes.withSlice { (payload) throws(HuskError) in
                    var view = unsafe husk_coap_message(
                        type: type.rawValue, code: code.rawValue, message_id: messageID, token: token,
                        options: options, payload: payload)
                    return try unsafe body(&view)
                }
            }
        }
    }

    /// Enough room: an option's head has at most 5 bytes.
    var encodedCapacity: Int {
        options.reduce(Int(HUSK_COAP_HEADER_BYTES) + token.count + 1 + payload.count) { $0 + 5 + $1.value.count }
    }

    private func extended(_ value: Int) -> Int {
        value < 13 ? 0 : value < 269 ? 1 : 2
    }

    private func write(_ options: [CoAPOption], to writer: inout husk_coap_writer) {
        for option in options {
            unsafe option.value.withUnsafeBufferPointer { value in
                unsafe husk_coap_write_option(&writer, option.number, value.baseAddress, value.count)
            }
        }
    }
}

extension [CoAPOption] {
    /// An encoded sequence of options that the core has checked.
    init(_ encoded: husk_bytes) {
        self = []
        var walk = unsafe husk_coap_options()
        unsafe husk_coap_options_init(&walk, encoded)
        var number: UInt32 = 0
        var value = unsafe husk_bytes()
        while unsafe husk_coap_option_next(&walk, &number, &value) {
            unsafe append(CoAPOption(number: number, value: [UInt8](value)))
        }
    }
}

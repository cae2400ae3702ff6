// Which handler answers which path. Handlers see requests only after OSCORE has verified them.
#if Gateway
public import Husk

/// A verified request.
public struct GatewayRequest: Sendable {
    /// Identity of the device that sent it.
    public var device: String
    /// GET, POST, …
    public var method: CoAPCode
    /// Uri-Path, joined by slashes: `sensors/temperature`.
    public var path: String
    /// Uri-Query options.
    public var query: [String]
    /// CoAP Content-Format; nil if the request named none.
    public var contentFormat: UInt32?
    /// What was sent; may be empty.
    public var payload: [UInt8]
}

/// An answer, which goes out protected.
public struct GatewayResponse: Sendable {
    /// The response code.
    public var code: CoAPCode
    /// CoAP Content-Format; nil: not said.
    public var contentFormat: UInt32?
    /// Names this state of the resource: 1 to 8 bytes, or empty for none.
    public var etag: [UInt8] = []
    /// What is answered; may be empty.
    public var payload: [UInt8]

    /// An answer with this code.
    public init(_ code: CoAPCode, contentFormat: UInt32? = nil, payload: [UInt8] = []) {
        self.code = code
        self.contentFormat = contentFormat
        self.payload = payload
    }

    var options: [CoAPOption] {
        let etag = etag.isEmpty ? [] : [CoAPOption(number: CoAPOption.etag, value: etag)]
        let format = contentFormat.map { [CoAPOption(number: CoAPOption.contentFormat, uint: $0)] } ?? []
        return etag + format
    }
}

/// Resources by path. POST and PUT below `sensors/` are readings from the start: they become
/// ``GatewayEvent/reading(_:)`` and are answered 2.04, unless the path has a handler of its own.
public struct Router: Sendable {
    /// Called on the event loop of the gateway: returns at once.
    public typealias Handler = @Sendable (GatewayRequest) -> GatewayResponse

    private var handlers: [String: [CoAPCode: Handler]] = [:]
    private var observable: Set<String> = []

    /// Readings only.
    public init() {}

    /// Answers `method` on exactly this path.
    public mutating func on(_ method: CoAPCode, _ path: String, _ handler: @escaping Handler) {
        handlers[path, default: [:]][method] = handler
    }

    /// Answers GET on exactly this path, and lets devices observe it (RFC 7641): whenever
    /// ``Gateway/changed(_:device:)`` says that it changed, the handler is asked again and its answer sent to those who
    /// observe.
    public mutating func observable(_ path: String, _ handler: @escaping Handler) {
        on(.get, path, handler)
        observable.insert(path)
    }

    func isObservable(_ path: String) -> Bool { observable.contains(path) }

    enum Answer {
        case response(GatewayResponse)
        case reading
    }

    func answer(_ request: GatewayRequest) -> Answer {
        if let resource = handlers[request.path] {
            guard let handler = resource[request.method] else { return .response(GatewayResponse(.methodNotAllowed)) }
            return .response(handler(request))
        }
        let prefix = "sensors/"
        guard request.path.hasPrefix(prefix), request.path.utf8.count > prefix.utf8.count else {
            return .response(GatewayResponse(.notFound))
        }
        guard request.method == .post || request.method == .put else {
            return .response(GatewayResponse(.methodNotAllowed))
        }
        return .reading
    }
}
#endif

// Which handler answers which path. Handlers see requests only after OSCORE has verified them.
#if Gateway
public import Husk

/// A verified request.
public struct GatewayRequest: Sendable {
    /// Identity of the device that sent it.
    public var device: String
    public var method: CoAPCode
    /// Uri-Path, joined by slashes: `sensors/temperature`.
    public var path: String
    /// Uri-Query options.
    public var query: [String]
    public var contentFormat: UInt32?
    public var payload: [UInt8]
}

public struct GatewayResponse: Sendable {
    public var code: CoAPCode
    public var contentFormat: UInt32?
    public var payload: [UInt8]

    public init(_ code: CoAPCode, contentFormat: UInt32? = nil, payload: [UInt8] = []) {
        self.code = code
        self.contentFormat = contentFormat
        self.payload = payload
    }
}

/// Resources by path. POST and PUT below `sensors/` are readings from the start: they become
/// ``GatewayEvent/reading(_:)`` and are answered 2.04, unless the path has a handler of its own.
public struct Router: Sendable {
    /// Called on the event loop of the gateway: returns at once.
    public typealias Handler = @Sendable (GatewayRequest) -> GatewayResponse

    private var handlers: [String: [CoAPCode: Handler]] = [:]

    public init() {}

    /// Answers `method` on exactly this path.
    public mutating func on(_ method: CoAPCode, _ path: String, _ handler: @escaping Handler) {
        handlers[path, default: [:]][method] = handler
    }

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

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

/// Resources by path. POST and PUT on `sensors/...` are readings from the start: they become events and are answered 2.04.
public struct Router: Sendable {
    /// Called on the event loop of the gateway: returns at once.
    public typealias Handler = @Sendable (GatewayRequest) -> GatewayResponse

    public init() {}

    /// Answers `method` on exactly this path.
    public mutating func on(_ method: CoAPCode, _ path: String, _ handler: @escaping Handler) {
        fatalError()
    }
}
#endif

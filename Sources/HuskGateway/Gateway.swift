// The gateway as a program sees it: starts on a UDP port, runs until it is told to stop, tells observers what happens.
#if Gateway
public import Logging
public import ServiceLifecycle

/// A CoAP server on UDP that authenticates devices by EDHOC-PSK and serves OSCORE requests.
public final class Gateway: Service, Sendable {
    /// Port that was bound.
    public var port: Int { fatalError() }

    /// Counters, as of now.
    public var counters: GatewayCounters { fatalError() }

    /// Binds the port and begins to serve.
    public static func start(
        _ configuration: GatewayConfiguration = GatewayConfiguration(), credentials: Credentials,
        router: Router = Router(), logger: Logger = Logger(label: "husk.gateway")
    ) async throws(GatewayError) -> Gateway {
        fatalError()
    }

    /// Events from now on; each call is an observer of its own. Ends when the gateway stops.
    public func events() -> AsyncStream<GatewayEvent> {
        fatalError()
    }

    /// Serves until the task is cancelled, the service group shuts down, or ``shutdown()`` is called.
    public func run() async throws {
        fatalError()
    }

    /// Closes the port and forgets all sessions.
    public func shutdown() async {
        fatalError()
    }
}
#endif

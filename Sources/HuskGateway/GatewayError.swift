// Why a gateway could not start, one case each, with what to do about it.
#if Gateway
/// Why a gateway did not start.
public enum GatewayError: Error, Sendable, Equatable {
    /// Another program has the port.
    case portInUse(host: String, port: Int)
    /// This user may not bind the port.
    case permissionDenied(host: String, port: Int)
    /// The address is none of this machine, or the name does not resolve.
    case addressUnavailable(host: String, port: Int)
    /// No suites, or more than eight.
    case suites
    /// The store cannot be read.
    case store(StoreError)
    /// Anything else the system reports, as its error number.
    case system(host: String, port: Int, errno: Int32)
}

extension GatewayError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .portInUse(let host, let port):
            "UDP port \(port) of \(host) is in use: stop the other program, or choose another port"
        case .permissionDenied(let host, let port):
            "no permission to bind UDP port \(port) of \(host): choose a port above 1023"
        case .addressUnavailable(let host, let port):
            "\(host) (port \(port)) is not an address of this machine: choose one that is, or 0.0.0.0 for all"
        case .suites:
            "a gateway needs one to eight cipher suites: name them in its configuration"
        case .store(let error):
            error.description
        case .system(let host, let port, let errno):
            "cannot bind UDP port \(port) of \(host): system error \(errno)"
        }
    }
}
#endif

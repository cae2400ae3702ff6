// The devices a gateway knows, read from a JSON file that only its owner may read.
#if Gateway
public import Husk

/// One device of a credentials file.
public final class DeviceCredential: Sendable {
    /// Identity of the device (Initiator) and of the gateway (Responder).
    public let device: String
    public let gateway: String
    public let kid: [UInt8]
    public let key: PreSharedKey
    init() { fatalError() }
}

/// The devices a gateway knows.
public struct Credentials: Sendable {
    public let devices: [DeviceCredential]

    /// Reads a file, whose mode must be 0600 or stricter.
    public init(path: String) throws(CredentialsError) {
        fatalError()
    }

    /// Reads JSON from memory; `file` is what errors call it.
    public init(json: [UInt8], file: String = "credentials") throws(CredentialsError) {
        fatalError()
    }
}

public struct CredentialsError: Error, Sendable, Equatable {
    public var file: String
    /// First line is 1; nil where the file as a whole is meant.
    public var line: Int?
}
#endif

// The suites a gateway computes with: those of Husk over libraries that use what a server's processor has.
#if Gateway
internal import CHuskHost
public import Husk

extension CipherSuite {
    /// The same suite over libsodium, Mbed TLS and libcrypto instead of the core's own code, which is made for
    /// microcontrollers. What it computes, accepts and refuses is the same. A gateway does this by itself; it is for
    /// other hosts with many peers.
    ///
    /// The suite itself if a library does not start.
    public var accelerated: CipherSuite {
        guard let tables = unsafe husk_host_suite(id) else { return self }
        return unsafe CipherSuite(tables)
    }
}
#endif

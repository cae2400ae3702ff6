// What all handshakes of an endpoint have in common, kept where C can point to it.
#if !hasFeature(Embedded)
internal import CHusk

/// The suites of an endpoint, in order of preference, and where its random bytes come from. Handshakes keep it alive.
public final class HandshakeConfiguration: Sendable {
    /// 1 to 8, most preferred first.
    public let suites: [CipherSuite]
    private let storage: ConfigurationStorage

    /// Throws ``HuskError/argument`` unless there are 1 to 8 different suites.
    init(suites: [CipherSuite], random: husk_random) throws(HuskError) {
        guard (1...8).contains(suites.count), Set(suites).count == suites.count else { throw .argument }
        self.suites = suites
        unsafe storage = ConfigurationStorage(suites, random: random)
    }

    /// For the core: valid while this object lives.
    var pointer: UnsafePointer<husk_edhoc_config> { unsafe UnsafePointer(storage.config) }

    /// The EDHOC error message that `error` calls for.
    public func errorMessage(for error: HuskError) -> [UInt8] {
        let capacity = Int(HUSK_EDHOC_ERROR_MAX_BYTES)
        let message = try? unsafe composed(capacity) { (out, length) throws(HuskError) in
            try unsafe check(husk_edhoc_error_compose(pointer, error.code, out, capacity, &length))
        }
        return message ?? []
    }
}

/// The C side of a configuration.
@safe private struct ConfigurationStorage: ~Copyable {
    let config: UnsafeMutablePointer<husk_edhoc_config>
    private let tables: UnsafeMutablePointer<UnsafePointer<husk_suite>?>

    init(_ suites: [CipherSuite], random: husk_random) {
        unsafe tables = .allocate(capacity: suites.count)
        unsafe config = .allocate(capacity: 1)
        for index in suites.indices {
            unsafe (tables + index).initialize(to: suites[index].table)
        }
        var value = unsafe husk_edhoc_config()
        unsafe value.suites = UnsafePointer(tables)
        unsafe value.suite_count = suites.count
        unsafe value.random = random
        unsafe config.initialize(to: value)
    }

    deinit {
        unsafe config.deallocate()
        unsafe tables.deallocate()
    }
}

// Written to in init only.
extension ConfigurationStorage: @unchecked Sendable {}
#endif

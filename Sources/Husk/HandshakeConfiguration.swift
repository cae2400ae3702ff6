// What all handshakes of an endpoint have in common, kept where C can point to it.
internal import CHusk

/// The suites of an endpoint, in order of preference, and where its random bytes come from. Handshakes keep it alive.
public final class HandshakeConfiguration: Sendable {
    public let suites: [CipherSuite]
    private let storage: ConfigurationStorage

    /// Throws ``HuskError/argument`` unless there are 1 to 8 different suites.
    init(suites: [CipherSuite], random: husk_random) throws(HuskError) {
        guard (1...8).contains(suites.count), Set(suites).count == suites.count else { throw .argument }
        self.suites = suites
        unsafe storage = ConfigurationStorage(suites.map { unsafe $0.table }, random: random)
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

/// The C side of a configuration. Written in init only.
@safe private struct ConfigurationStorage: ~Copyable, @unchecked Sendable {
    let config: UnsafeMutablePointer<husk_edhoc_config>
    private let tables: UnsafeMutablePointer<husk_suite>
    private let pointers: UnsafeMutablePointer<UnsafePointer<husk_suite>?>

    init(_ suites: [husk_suite], random: husk_random) {
        unsafe tables = .allocate(capacity: suites.count)
        unsafe pointers = .allocate(capacity: suites.count)
        unsafe config = .allocate(capacity: 1)
        for index in unsafe suites.indices {
            unsafe (tables + index).initialize(to: suites[index])
            unsafe (pointers + index).initialize(to: UnsafePointer(tables + index))
        }
        var value = unsafe husk_edhoc_config()
        unsafe value.suites = UnsafePointer(pointers)
        unsafe value.suite_count = suites.count
        unsafe value.random = random
        unsafe config.initialize(to: value)
    }

    deinit {
        unsafe config.deallocate()
        unsafe pointers.deallocate()
        unsafe tables.deallocate()
    }
}

// Which store, and where its key-encryption keys come from.
#if Gateway
import ArgumentParser
import HuskGateway

/// For commands that may have a store.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Keep sessions, keys and mailboxes in this file.", valueName: "file"))
    var store: String?

    @OptionGroup var key: StoreKeyOptions

    func openIfNamed() throws(Failure) -> Store? {
        guard let store else { return nil }
        return try key.open(store, create: true)
    }
}

struct StoreKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            File with the store's key-encryption keys. Default: \(StoreKeys.variable), or the store's name and '.key'.
            """, valueName: "file"))
    var storeKey: String?

    /// Where the keys come from.
    enum Source {
        case file(String)
        case environment([UInt8])
    }

    func source(of store: String) -> Source {
        if let storeKey {
            return .file(storeKey)
        }
        if let value = environment(StoreKeys.variable) {
            return .environment(Array(value.utf8))
        }
        return .file(store + ".key")
    }

    /// Opens a store. With `create` a new one is made, and a key file for it if there is none.
    func open(_ path: String, create: Bool = false) throws(Failure) -> Store {
        guard create || PrivateFile.exists(path) else {
            throw Failure(.cannotOpen, "\(path) does not exist: 'husk gateway --store \(path)' makes it")
        }
        do throws(StoreError) {
            switch source(of: path) {
            case .environment(let value):
                return try Store(path: path, keys: StoreKeys(text: value))
            case .file(let file):
                let keys = try keys(file, for: path)
                return try Store(path: path, keys: keys)
            }
        } catch {
            throw Failure(error.status, "\(error)")
        }
    }

    private func keys(_ file: String, for store: String) throws(StoreError) -> StoreKeys {
        if !PrivateFile.exists(file), !PrivateFile.exists(store) {
            do throws(Failure) {
                try PrivateFile.create(file, Array("\(Self.line(version: 1))\n".utf8))
            } catch {
                throw .keys(source: file, reason: error.message)
            }
        }
        return try StoreKeys(path: file)
    }

    /// A new key.
    static func line(version: UInt32) -> String {
        var generator = SystemRandomNumberGenerator()
        return "\(version):\(hex((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))"
    }
}

extension StoreError {
    var status: ExitStatus {
        switch self {
        case .inUse: .unavailable
        case .corrupt, .keys, .importRefused, .wrongKey, .newer: .badData
        case .readOnly, .full, .permissions, .cannotOpen, .system: .cannotOpen
        }
    }
}

extension GatewayError {
    var status: ExitStatus {
        if case .store(let error) = self { error.status } else { .unavailable }
    }
}
#endif

// Text for people, on hosts.
#if !hasFeature(Embedded)
extension HuskError: CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String { "\(reason): \(advice)" }
}

extension CipherSuite: CustomStringConvertible {
    public var description: String { "suite \(id) (\(algorithms))" }
}

extension CoAPCode: CustomStringConvertible {
    public var description: String { dotted }
}

extension Identity: CustomStringConvertible {
    public var description: String { name }
}

extension ConnectionIdentifier: CustomStringConvertible {
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
#endif

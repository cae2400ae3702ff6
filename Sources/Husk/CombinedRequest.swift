// The request that carries message_3 and the first OSCORE request together (RFC 9668).
internal import CHusk

/// A received request with EDHOC and OSCORE option, taken apart.
public struct CombinedRequest: Sendable {
    /// EDHOC message_3; it belongs to the handshake whose C_R is the kid of the OSCORE option.
    public let message3: [UInt8]
    /// The OSCORE request, to be unprotected with the security context that message_3 leads to.
    public let request: [UInt8]

    /// Throws ``HuskError/format`` if the datagram is no such request, or its payload does not begin with a byte
    /// string.
    public init(splitting datagram: RawSpan) throws(HuskError) {
        var rest = unsafe datagram.withSlice { unsafe [UInt8]($0) }
        var length = rest.count
        let capacity = rest.count
        message3 = try unsafe composed(capacity) { (out, messageLength) throws(HuskError) in
            let status = unsafe rest.withUnsafeMutableBufferPointer { rest in
                unsafe husk_edhoc_combined_split(rest.baseAddress, &length, out, capacity, &messageLength)
            }
            try check(status)
        }
        rest.removeLast(rest.count - length)
        request = rest
    }
}

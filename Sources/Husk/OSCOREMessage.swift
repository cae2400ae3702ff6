// OSCORE messages as whoever receives them sees them, before they are verified.
internal import CHusk

/// What a protected CoAP message says without any key: which context it is for. NOTHING here is authenticated: it
/// serves to find the context.
public struct OSCOREMessage: Sendable, Hashable {
    /// What protected messages are for.
    public enum Kind: Sendable, Hashable {
        /// An ordinary message.
        case ordinary
        /// Begins new keys (``KeyUpdate``).
        case divergent
        /// Answers one that begins new keys.
        case convergent
    }

    /// The `kid`: which context, or which peer, the message names. A request has one; a response need not.
    public var identifier: ConnectionIdentifier?
    /// What the message is for.
    public var kind: Kind
    /// The Partial IV: the sender's number for it. A response need not have one.
    public var number: UInt64?

    /// Looks at a datagram.
    ///
    /// - Throws: ``HuskError/format`` if it is no CoAP message, or there is no OSCORE option or it is malformed,
    ///   ``HuskError/unsupported`` if it sets reserved bits, or the message is a fragment of one,
    ///   ``HuskError/argument`` for an identifier of more than 7 bytes.
    public init(inspecting datagram: RawSpan) throws(HuskError) {
        self = try unsafe datagram.withView { (view, _) throws(HuskError) in try unsafe OSCOREMessage(view) }
    }

    init(_ view: husk_coap_message) throws(HuskError) {
        var view = unsafe view
        var option = unsafe husk_kudos_option()
        try unsafe check(husk_kudos_option_read(&view, &option))
        identifier = unsafe option.oscore.has_kid ? try ConnectionIdentifier(option.oscore.kid) : nil
        if unsafe option.oscore.has_partial_iv {
            var value: UInt64 = 0
            for index in 0..<(unsafe option.oscore.partial_iv.len) {
                value = unsafe value << 8 | UInt64(option.oscore.partial_iv.data[index])
            }
            number = value
        } else {
            number = nil
        }
        guard unsafe option.pair.len > 0 else {
            kind = .ordinary
            return
        }
        // Bit z of the x byte, section 4.1.
        kind = unsafe option.pair.data[0] & 0x40 == 0 ? .divergent : .convergent
    }
}

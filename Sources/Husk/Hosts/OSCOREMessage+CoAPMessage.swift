// Looking at protected messages that were decoded.
#if !hasFeature(Embedded)
internal import CHusk

extension OSCOREMessage {
    /// Looks at a message, as ``init(inspecting:)-(RawSpan)``.
    public init(inspecting message: CoAPMessage) throws(HuskError) {
        self = try unsafe message.withView { (view) throws(HuskError) in try unsafe OSCOREMessage(view.pointee) }
    }
}

extension CoAPMessage {
    /// The `kid` of the OSCORE option of RFC 8613 alone: which context the message is for.
    ///
    /// - Throws: ``HuskError/format`` if there is no OSCORE option or it is malformed or names no kid that fits,
    ///   ``HuskError/unsupported`` if it sets reserved bits, as messages of ``KeyUpdate`` do.
    public func oscoreIdentifier() throws(HuskError) -> ConnectionIdentifier {
        try unsafe withView { (view) throws(HuskError) in
            var option = unsafe husk_oscore_option()
            try unsafe check(husk_oscore_option_read(view, &option))
            guard unsafe option.has_kid else { throw .format }
            return try unsafe ConnectionIdentifier(option.kid)
        }
    }
}
#endif

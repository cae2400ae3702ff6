// A pre-shared key with the identities of the two parties that share it.
internal import CHusk

/// Who a party is: the `sub` of its credential, 1 to 255 bytes of UTF-8.
public struct Identity: Sendable, Hashable {
    /// 1 to 255 bytes of UTF-8.
    public let name: String

    /// Throws ``HuskError/argument`` if the name is empty or longer than 255 bytes.
    public init(_ name: String) throws(HuskError) {
        guard (1...255).contains(name.utf8.count) else { throw .argument }
        self.name = name
    }
}

/// A key that two parties share (EDHOC method 4), its identifier, and who they are. The bytes live in storage that
/// never moves and is wiped in the end; nothing prints them.
@safe public struct PreSharedKey: ~Copyable {
    /// Shortest key accepted: 128 bits.
    public static var minimumBytes: Int { Int(HUSK_PSK_MIN_BYTES) }
    /// Longest key identifier.
    public static var maximumIdentifierBytes: Int { Int(HUSK_KID_MAX_BYTES) }

    /// Pointers to the parts: into `bytes`, or to memory that never changes.
    private let parts: husk_psk
    /// key | kid | CRED_I | CRED_R; nil if they are the program's.
    private let bytes: PinnedBytes?

    // Other modules destroy a value by this, and not field by field: in Embedded Swift they could not.
    deinit {}

    /// Takes credentials as they were provisioned: CBOR, as `husk psk new` makes them.
    ///
    /// - Parameters:
    ///   - key: at least 16 bytes of full entropy; copied, and the caller's copy is the caller's to wipe
    ///   - kid: 1 to 24 bytes
    ///   - credentialI: CRED_I, the device's
    ///   - credentialR: CRED_R, the gateway's; another one, or messages could be reflected to their sender
    ///   - memory: where the value takes its storage
    /// - Throws: ``HuskError/argument`` for a length out of range, ``HuskError/credential`` for equal credentials,
    ///   ``HuskError/buffer`` if `memory` has no room.
    public init(
        key: RawSpan, kid: RawSpan, credentialI: RawSpan, credentialR: RawSpan, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let counts = (key.byteCount, kid.byteCount, credentialI.byteCount, credentialR.byteCount)
        let storage = try PinnedBytes(count: counts.0 + counts.1 + counts.2 + counts.3, in: &memory)
        storage.write(key, at: 0)
        storage.write(kid, at: counts.0)
        storage.write(credentialI, at: counts.0 + counts.1)
        storage.write(credentialR, at: counts.0 + counts.1 + counts.2)
        try self.init(storage, counts.0, counts.1, counts.2, counts.3)
    }

    /// Makes the credentials of both parties.
    ///
    /// - Parameters:
    ///   - key: as above, as are `kid` and the errors
    ///   - kid: 1 to 24 bytes
    ///   - initiator: the name of the device, 1 to 255 bytes of UTF-8
    ///   - responder: that of the gateway; another one
    ///   - memory: where the value takes its storage
    public init(
        key: RawSpan, kid: RawSpan, initiator: StaticString, responder: StaticString, in memory: inout PinnedMemory
    ) throws(HuskError) {
        let (device, gateway) = unsafe (
            UnsafeRawBufferPointer(start: initiator.utf8Start, count: initiator.utf8CodeUnitCount),
            UnsafeRawBufferPointer(start: responder.utf8Start, count: responder.utf8CodeUnitCount)
        )
        try unsafe self.init(key: key, kid: kid, initiator: device.bytes, responder: gateway.bytes, in: &memory)
    }

    /// The same for names that are UTF-8.
    init(
        key: RawSpan, kid: RawSpan, initiator: RawSpan, responder: RawSpan, in memory: inout PinnedMemory
    ) throws(HuskError) {
        guard (1...255).contains(initiator.byteCount), (1...255).contains(responder.byteCount) else { throw .argument }
        // Checked here too, since it is what the capacity depends on.
        guard (1...Self.maximumIdentifierBytes).contains(kid.byteCount) else { throw .argument }
        let at = key.byteCount + kid.byteCount
        let rest = initiator.byteCount + responder.byteCount + 2 * (kid.byteCount + Int(HUSK_CRED_OVERHEAD_MAX_BYTES))
        let storage = try PinnedBytes(count: at + rest, in: &memory)
        storage.write(key, at: 0)
        storage.write(kid, at: key.byteCount)
        let first = try Self.compose(initiator, kid, storage, at)
        let second = try Self.compose(responder, kid, storage, at + first)
        try self.init(storage, key.byteCount, kid.byteCount, first, second)
    }

    /// A key in memory that never changes, such as flash: nothing of it is copied.
    ///
    /// What the buffers point to has to outlive this value and all that is made with it. For the rest as
    /// ``init(key:kid:credentialI:credentialR:in:)``.
    @unsafe public init(
        unsafeKey key: UnsafeRawBufferPointer, kid: UnsafeRawBufferPointer, credentialI: UnsafeRawBufferPointer,
        credentialR: UnsafeRawBufferPointer
    ) throws(HuskError) {
        var parts = unsafe husk_psk(
            key: husk_bytes(key), kid: husk_bytes(kid), cred_i: husk_bytes(credentialI),
            cred_r: husk_bytes(credentialR))
        try unsafe check(husk_psk_check(&parts))
        unsafe self.parts = unsafe parts
        bytes = nil
    }

    /// The parts one after the other, by their lengths.
    private init(
        _ storage: consuming PinnedBytes, _ key: Int, _ kid: Int, _ credentialI: Int, _ credentialR: Int
    ) throws(HuskError) {
        var parts = unsafe husk_psk(
            key: storage.slice(0, key), kid: storage.slice(key, kid), cred_i: storage.slice(key + kid, credentialI),
            cred_r: storage.slice(key + kid + credentialI, credentialR))
        try unsafe check(husk_psk_check(&parts))
        unsafe self.parts = unsafe parts
        bytes = consume storage
    }

    /// Writes a credential at an offset; gives its length.
    private static func compose(
        _ subject: RawSpan, _ kid: RawSpan, _ storage: borrowing PinnedBytes, _ offset: Int
    ) throws(HuskError) -> Int {
        var count = 0
        let out = unsafe storage.pointer + offset
        let capacity = storage.count - offset
        try unsafe check(
            subject.withSlice { subject in
                unsafe kid.withSlice { kid in
                    unsafe husk_cred_compose(subject, kid, out, capacity, &count)
                }
            })
        return count
    }

    /// Lends the key identifier, which is not secret.
    public borrowing func withIdentifier<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: parts.kid.data, count: parts.kid.len).bytes)
    }

    /// For the core: valid while this value lives.
    var view: husk_psk { unsafe parts }
}

// `parts` points into `bytes`, which is Sendable and never written to after init, or to memory that never changes.
extension PreSharedKey: @unchecked Sendable {}

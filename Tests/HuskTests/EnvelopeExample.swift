// The example of the article Envelopes: one end seals, the other opens.
import Husk

/// Seals a reading for the application. `record` is what `replace` was given last, empty the first time.
func seal(
    _ reading: [UInt8], root: [UInt8], record: [UInt8], replace: (RawSpan) throws -> Void
) throws -> [UInt8] {
    let key = try EnvelopeKey(root: root, sender: Identity("kitchen"), recipient: Identity("climate"), identifier: [7])
    var sealer = try EnvelopeSealer(key: key, record: record)
    return try sealer.seal(reading, EnvelopeMetadata(destination: "climate", contentFormat: 60), save: replace)
}

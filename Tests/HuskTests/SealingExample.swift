// The example of the article Surviving reboots.
import Husk

/// Seals a reading; the record with the numbers used replaces the one on disk first.
func seal(
    _ reading: [UInt8], with sealer: inout EnvelopeSealer, replaceRecord: (RawSpan) throws -> Void
) throws -> [UInt8] {
    try sealer.seal(reading, EnvelopeMetadata(destination: "climate", contentFormat: 60), save: replaceRecord)
}

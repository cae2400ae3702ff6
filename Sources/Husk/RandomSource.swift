// Random bytes for the core: where a program has them from.
internal import CHusk

/// A source of cryptographically secure random bytes: a function of the program, such as of the board's generator.
///
///     let random = unsafe RandomSource { bytes, count in unsafe board_random(bytes, count) }
@safe public struct RandomSource: Sendable {
    /// Fills so many bytes; false if it cannot.
    public typealias Fill = @convention(c) (_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Bool

    private let fill: Fill

    /// Takes random bytes from this function.
    public init(_ fill: Fill) {
        unsafe self.fill = unsafe fill
    }

    /// For the core: the function is what the context points to.
    var hook: husk_random {
        unsafe husk_random(
            fill: { context, out, count in
                // What went in below: a pointer to a function is as wide as one to data on all these processors.
                let fill = unsafe unsafeBitCast(context, to: Fill.self)
                return unsafe fill(out, count) ? HUSK_OK : HUSK_ERR_RANDOM
            },
            // The same way back.
            context: unsafeBitCast(fill, to: UnsafeMutableRawPointer.self))
    }
}

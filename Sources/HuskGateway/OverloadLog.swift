// What the log says of overload: when it begins, that it goes on, when it is over. A line for each, not per device.
#if Gateway

/// Asked twice a second.
struct OverloadLog {
    enum Line: Equatable {
        case began
        /// Since the last line.
        case goesOn(shed: UInt64, refused: UInt64)
        /// Since it began.
        case over(shed: UInt64, refused: UInt64, milliseconds: UInt64)
    }

    /// Between two lines while it goes on, and without anything shed until it is over.
    private static let interval: UInt64 = 10_000
    private static let calm: UInt64 = 2_000

    private struct Count: Equatable {
        var shed: UInt64 = 0
        var refused: UInt64 = 0
    }

    private var last = Count()
    private var atBegin = Count()
    private var atLine = Count()
    private var began: UInt64?
    private var lastLine: UInt64 = 0
    private var lastShed: UInt64 = 0

    /// What is to be said, given how many handshakes were shed and refused so far.
    mutating func line(shed: UInt64, refused: UInt64, now: UInt64) -> Line? {
        let count = Count(shed: shed, refused: refused)
        let before = last
        last = count
        if count != before {
            lastShed = now
        }
        guard let start = began else {
            guard count != before else { return nil }
            began = now
            (atBegin, atLine, lastLine) = (before, count, now)
            return .began
        }
        if now >= lastShed + Self.calm {
            began = nil
            return .over(
                shed: count.shed - atBegin.shed, refused: count.refused - atBegin.refused,
                milliseconds: lastShed - start)
        }
        guard now >= lastLine + Self.interval else { return nil }
        defer { (atLine, lastLine) = (count, now) }
        return .goesOn(shed: count.shed - atLine.shed, refused: count.refused - atLine.refused)
    }
}
#endif

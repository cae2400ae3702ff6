// How long operations took: every one of them, so that percentiles are exact.
#if Gateway

/// Percentiles in milliseconds.
struct LatencyFigures: Codable, Sendable, Equatable {
    var p50: Double
    var p90: Double
    var p99: Double
    var max: Double

    /// Nearest rank: the smallest value that at least so many of all do not exceed. Nil if there is none.
    init?(microseconds: [UInt32]) {
        guard !microseconds.isEmpty else { return nil }
        let sorted = microseconds.sorted()
        func value(_ percent: Int) -> Double {
            let rank = (percent * sorted.count + 99) / 100
            return Double(sorted[Swift.max(rank, 1) - 1]) / 1000
        }
        p50 = value(50)
        p90 = value(90)
        p99 = value(99)
        max = value(100)
    }
}
#endif

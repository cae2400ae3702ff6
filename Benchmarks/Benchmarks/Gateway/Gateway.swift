// The same scenarios under ordo-one/benchmark: processor time of the gateway's share, and what it allocates.
internal import Benchmark
internal import CGateway
internal import GatewayScenarios

let benchmarks: @Sendable () -> Void = {
    let time = BenchmarkMetric.custom("Gateway (ns per operation)", polarity: .prefersSmaller, useScalingFactor: false)
    let allocations = BenchmarkMetric.custom(
        "Gateway (allocations per operation)", polarity: .prefersSmaller, useScalingFactor: false)
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .instructions, time, allocations], warmupIterations: 2, maxDuration: .seconds(1))

    let made: [Scenario]
    do {
        made = try scenarios()
    } catch {
        fatalError("scenarios: \(error)")
    }
    for scenario in made {
        nonisolated(unsafe) let scenario = scenario
        Benchmark("\(scenario.name) \(scenario.implementation)") { benchmark in
            var watch = stopwatch(seconds: 0, started: 0)
            _ = counted_allocations()
            let count = try scenario.run(&watch)
            benchmark.measurement(time, Int(watch.seconds * 1e9) / count)
            benchmark.measurement(allocations, Int(counted_allocations()) / count)
        }
    }
}

// Counts instructions and allocations of the gateway's work, in C and in Swift. To be run under callgrind by counts.py.
internal import CGateway
internal import GatewayScenarios

counting_begin()
husk_gateway()
for scenario in try scenarios() {
    let context = Unmanaged.passUnretained(scenario).toOpaque()
    measure(
        scenario.name, scenario.implementation,
        { context, watch in
            let scenario = Unmanaged<Scenario>.fromOpaque(context!).takeUnretainedValue()
            do {
                return try scenario.run(watch!)
            } catch {
                fatalError("\(scenario.name): \(error)")
            }
        }, context)
}

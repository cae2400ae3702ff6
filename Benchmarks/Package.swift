// swift-tools-version: 6.2
import PackageDescription

// The gateway's work in Swift beside the same work in C, counted and timed. Husk comes without its Gateway trait:
// nothing of SwiftNIO is built.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "husk-benchmarks",
    dependencies: [
        .package(name: "husk", path: "..", traits: []),
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .target(
            name: "CGateway",
            dependencies: [.product(name: "CHusk", package: "husk"), .product(name: "CHuskHost", package: "husk")],
            path: "host",
            exclude: ["clients", "host.py", "host.mk", "main.c", "openssl.c", "openssl_ends.c", "mbedtls.c"],
            sources: ["husk.c", "counting"], publicHeadersPath: ".", cSettings: [.treatAllWarnings(as: .error)]),
        .target(
            name: "GatewayScenarios", dependencies: ["CGateway", .product(name: "Husk", package: "husk")],
            swiftSettings: swift),
        .executableTarget(name: "counts", dependencies: ["CGateway", "GatewayScenarios"], swiftSettings: swift),
        .executableTarget(
            name: "Gateway",
            dependencies: ["CGateway", "GatewayScenarios", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Gateway", swiftSettings: swift,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    cLanguageStandard: .c11
)

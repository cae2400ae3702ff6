// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in the targets below. SwiftPM drops that setting where Husk is a dependency of another package,
// so a newer compiler's warning never breaks somebody else's build.
let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let c: [CSetting] = [
    .treatAllWarnings(as: .error)
]

// What only the gateway and the command line need stays out of firmware and apps: with the trait off nothing is
// fetched.
let gateway: TargetDependencyCondition? = .when(traits: ["Gateway"])

let package = Package(
    name: "husk",
    products: [
        .library(name: "CHusk", targets: ["CHusk"]),
        .library(name: "CHuskHost", targets: ["CHuskHost"]),
        .library(name: "CHuskCortexM", targets: ["CHuskCortexM"]),
        .library(name: "Husk", targets: ["Husk"]),
        .library(name: "HuskFoundation", targets: ["HuskFoundation"]),
        .library(name: "HuskGateway", targets: ["HuskGateway"]),
        .executable(name: "husk", targets: ["HuskCLI"]),
    ],
    traits: [
        .trait(name: "Gateway", description: "The SwiftNIO gateway and the command line, with what they depend on."),
        .default(enabledTraits: ["Gateway"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .target(
            name: "CHusk", path: "CSources/CHusk", publicHeadersPath: "include",
            cSettings: c + [.headerSearchPath(".")]),
        .target(
            name: "CHuskCortexM", dependencies: ["CHusk"], path: "CSources/CHuskCortexM", exclude: ["cortex_m.mk"],
            publicHeadersPath: "include", cSettings: c + [.headerSearchPath("../CHusk")]),
        .target(
            name: "CTLSPeer", path: "CSources/CTLSPeer", publicHeadersPath: "include", cSettings: c,
            linkerSettings: [.linkedLibrary("mbedtls"), .linkedLibrary("mbedx509"), .linkedLibrary("mbedcrypto")]),
        .target(
            name: "CHuskHost", dependencies: ["CHusk"], path: "CSources/CHuskHost", exclude: ["host.mk"],
            publicHeadersPath: "include", cSettings: c,
            linkerSettings: [.linkedLibrary("sodium"), .linkedLibrary("mbedcrypto"), .linkedLibrary("crypto")]),
        .target(name: "Husk", dependencies: ["CHusk"], swiftSettings: swift),
        .target(name: "HuskFoundation", dependencies: ["Husk"], swiftSettings: swift),
        .target(
            name: "HuskGateway",
            dependencies: [
                "Husk",
                .target(name: "CHuskHost", condition: gateway),
                .product(name: "GRDB", package: "GRDB.swift", condition: gateway),
                .product(name: "NIOCore", package: "swift-nio", condition: gateway),
                .product(name: "NIOPosix", package: "swift-nio", condition: gateway),
                .product(name: "Logging", package: "swift-log", condition: gateway),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: gateway),
            ],
            swiftSettings: swift),
        .executableTarget(
            name: "HuskCLI",
            dependencies: [
                "Husk", "CHusk",
                .target(name: "HuskGateway", condition: gateway),
                .target(name: "CTLSPeer", condition: gateway),
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: gateway),
                .product(name: "NIOCore", package: "swift-nio", condition: gateway),
                .product(name: "NIOPosix", package: "swift-nio", condition: gateway),
                .product(name: "Logging", package: "swift-log", condition: gateway),
                .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: gateway),
                .product(name: "SystemPackage", package: "swift-system", condition: gateway),
                .product(name: "Subprocess", package: "swift-subprocess", condition: gateway),
            ],
            swiftSettings: swift),
        // The gateway that the tutorial arrives at, which a test runs.
        .executableTarget(
            name: "TutorialGateway", dependencies: [.target(name: "HuskGateway", condition: gateway)],
            path: "Tests/tutorial", swiftSettings: swift),
        .testTarget(name: "HuskTests", dependencies: ["Husk", "CHusk", "HuskFoundation"], swiftSettings: swift),
        .testTarget(
            name: "HuskGatewayTests",
            dependencies: [
                "Husk", "CHusk", "HuskGateway",
                .target(name: "CHuskHost", condition: gateway),
                .product(name: "GRDB", package: "GRDB.swift", condition: gateway),
                .product(name: "NIOCore", package: "swift-nio", condition: gateway),
                .product(name: "NIOPosix", package: "swift-nio", condition: gateway),
                .product(name: "Logging", package: "swift-log", condition: gateway),
            ],
            swiftSettings: swift),
        .testTarget(name: "CTLSPeerTests", dependencies: ["CTLSPeer"], swiftSettings: swift),
        .testTarget(
            name: "HuskCLITests",
            dependencies: [
                "HuskCLI", "HuskGateway",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: gateway),
            ],
            swiftSettings: swift),
    ],
    cLanguageStandard: .c11
)

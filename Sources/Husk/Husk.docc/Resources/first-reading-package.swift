// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "home",
    dependencies: [.package(path: "../husk")],
    targets: [
        .executableTarget(name: "home", dependencies: [.product(name: "HuskGateway", package: "husk")])
    ]
)

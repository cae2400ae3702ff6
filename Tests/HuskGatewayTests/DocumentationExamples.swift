// The code blocks in the comments of the module HuskGateway: that they are compiled is the test (Tests/readme/readme.py
// compares them).
#if Gateway
import HuskGateway

private func gateway() async throws {
    let gateway = try await Gateway.start(credentials: try Credentials(path: "devices.json"))
    for await event in gateway.events() { print(event) }
}
#endif

// The code blocks in the comments of the module HuskGateway: that they are compiled is the test (Tests/readme/readme.py
// compares them).
#if Gateway
import HuskGateway

private func gateway() async throws {
    let gateway = try await Gateway.start(credentials: try Credentials(path: "devices.json"))
    for await event in gateway.events() { print(event) }
}

private func report(_ reading: [UInt8], with key: consuming PreSharedKey) async throws -> CoAPCode {
    let client = try await DeviceClient.connect(to: "gateway.local", key: key)
    let answer = try await client.request(.init(.post, "sensors/temperature", contentFormat: 110, payload: reading))
    return answer.code
}
#endif

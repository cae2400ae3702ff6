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

private func ask() async throws -> [UInt8] {
    let client = try await CoAPClient.connect(to: "sensor.local")
    let response = try await client.request(CoAPRequest(.get, "temperature"))
    return response.payload
}

private func serve() async throws {
    var resources = CoAPResources()
    resources.on(.get, "time") { _ in CoAPResponse(.content, payload: Array("noon".utf8)) }
    let server = try await CoAPServer.start(resources)
    try await server.run()
}
#endif

import HuskGateway

let devices = try Credentials(path: "credentials.json")
let gateway = try await Gateway.start(GatewayConfiguration(host: "127.0.0.1"), credentials: devices)
print("serving \(devices.deviceCount) device(s) on port \(gateway.port)")

import HuskGateway

let devices = try Credentials(path: "credentials.json")
let gateway = try await Gateway.start(GatewayConfiguration(host: "127.0.0.1"), credentials: devices)
print("serving \(devices.deviceCount) device(s) on port \(gateway.port)")

async let running: Void = gateway.run()
for await event in gateway.events() {
    switch event {
    case .authenticated(let device):
        print("\(device.device) authenticated")
    case .reading(let reading):
        print(reading.device, reading.path, String(decoding: reading.payload, as: UTF8.self))
    case .refused(let refusal):
        print("refused: \(refusal.reason)")
    default:
        break
    }
}
try await running

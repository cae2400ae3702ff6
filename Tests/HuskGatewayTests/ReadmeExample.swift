// The gateway of the README.
#if Gateway
import HuskGateway

/// Serves the devices of a credentials file (made by `husk psk new`), until its task is cancelled.
func serve(_ file: String, port: Int) async throws {
    let gateway = try await Gateway.start(
        GatewayConfiguration(host: "127.0.0.1", port: port), credentials: Credentials(path: file))
    async let running: Void = gateway.run()
    for await event in gateway.events() {
        switch event {
        case .authenticated(let device):
            print("\(device.device) authenticated with suite \(device.suite.id)")
        case .reading(let reading):
            print(reading.device, reading.path, String(decoding: reading.payload, as: UTF8.self))
        case .refused(let refusal):
            print("refused: \(refusal.reason)")
        case .envelope(let envelope):
            print("an envelope from \(envelope.device)")
        case .message:
            break  // every datagram, with its size
        }
    }
    try await running
}
#endif

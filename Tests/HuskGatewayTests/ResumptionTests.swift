// Resumption: the key that a session leaves for the next (draft-ietf-lake-edhoc-psk-08 section 6).
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct ResumptionTests {
    /// A device begins anew with what it remembers. True if message_3 named the 2-byte rKID and not the 1-byte kid.
    private func resumes(_ world: World, _ memory: DeviceMemory, combines: Bool) throws -> Bool {
        let sensor = try Sensor(0, combines: combines, memory: memory)
        try sensor.device.start(.init(.post, "sensors/x", payload: [1]))
        try world.run([sensor])
        #expect(sensor.responses.map(\.code) == [.changed])
        let bytes = try #require(try world.arrived.compactMap { try message3Bytes($0.bytes) }.last)
        #expect(bytes == 11 || bytes == 13)
        return bytes == 13
    }

    /// The length of message_3 in a datagram; nil if there is none.
    private func message3Bytes(_ datagram: [UInt8]) throws -> Int? {
        if let combined = try? CombinedRequest(splitting: datagram) {
            return combined.message3.count
        }
        let message = try CoAPMessage(decoding: datagram)
        guard message.path == ".well-known/edhoc", message.payload.first != 0xf5 else { return nil }
        var prefix = 0
        _ = try ConnectionIdentifier(reading: message.payload, length: &prefix)
        return message.payload.count - prefix
    }

    @Test(arguments: [false, true]) func everySessionLeavesAKeyForTheNext(combines: Bool) throws {
        let world = try World(credentials(1))
        let memory = DeviceMemory()
        #expect(!memory.hasResumptionKey)
        #expect(try !resumes(world, memory, combines: combines))
        for _ in 0..<4 {
            #expect(memory.hasResumptionKey)
            #expect(try resumes(world, memory, combines: combines))
        }
        #expect(world.counters.handshakesFailed == 0)
    }

    @Test func theExternalKeyIsTheWayBackIn() throws {
        let memory = DeviceMemory()
        #expect(try !resumes(World(credentials(1)), memory, combines: true))
        // A gateway that forgot everything refuses the rKID once, and then the ratchet starts anew.
        let world = try World(credentials(1))
        #expect(try !resumes(world, memory, combines: true))
        #expect(world.counters.handshakesFailed == 1)
        #expect(try resumes(world, memory, combines: true))
    }

    @Test(arguments: [false, true]) func aLostFourthMessageLocksNobodyOut(combines: Bool) throws {
        let world = try World(credentials(1))
        let memory = DeviceMemory()
        #expect(try !resumes(world, memory, combines: combines))
        for _ in 0..<3 {
            // The gateway gets as far as deriving the next key; the device never hears of it.
            let sensor = try Sensor(0, combines: combines, memory: memory)
            try sensor.device.start(.init(.post, "sensors/x", payload: [2]))
            let message1 = try #require(try sensor.device.transmit(now: 0).datagram)
            _ = try sensor.device.receive(try #require(world.send(message1, from: sensor.peer)), now: 0)
            let message3 = try #require(try sensor.device.transmit(now: 0).datagram)
            #expect(world.send(message3, from: sensor.peer) != nil)
        }
        #expect(world.counters.handshakesCompleted == 4)
        #expect(try resumes(world, memory, combines: combines))
    }

    @Test func peersThatDisagreeOnTheLengthGoOnWithTheExternalKey() throws {
        // The length is part of the derivation, so neither rPSK nor rKID need be the same: the device is refused, and
        // comes back with the external key.
        let world = try World(credentials(1), resumptionKeyBytes: 16)
        let memory = DeviceMemory()
        #expect(try !resumes(world, memory, combines: true))
        #expect(try !resumes(world, memory, combines: true))
        #expect(world.counters.handshakesFailed == 1 && world.counters.readings == 2)
        #expect(throws: HuskError.argument) { try World(credentials(1), resumptionKeyBytes: 15) }
        #expect(throws: HuskError.argument) { try World(credentials(1), resumptionKeyBytes: 33) }
    }

    @Test func keysThatShareAnIdentifierAreToldApart() throws {
        let known = try credentials(2)
        var table = ResumptionTable()
        let external = known.devices.map { PresentedKey($0, $0.key.copy()) }
        func next(_ device: Int, _ byte: UInt8) throws -> PreSharedKey {
            try PreSharedKey(
                key: [UInt8](repeating: byte, count: 32), kid: [1, 2], initiator: Identity("sensor-\(device)"),
                responder: Identity("gateway.example"))
        }
        table.advance(from: external[0], to: try next(0, 10))
        table.advance(from: external[1], to: try next(1, 11))
        #expect(table.keys([1, 2]).map(\.credential.device) == ["sensor-0", "sensor-1"])

        // The key before stays until the device has spoken, and goes with its device's word only.
        let first = try #require(table.keys([1, 2]).first)
        table.advance(from: first, to: try next(0, 12))
        #expect(table.keys([1, 2]).count == 3)
        table.confirm(known.devices[1])
        #expect(table.keys([1, 2]).count == 3)
        table.confirm(known.devices[0])
        #expect(table.keys([1, 2]).count == 2)
        #expect(!table.keys([1, 2]).contains { $0 === first })

        // A device that comes back with the key before: that stays, and the one it never heard of goes.
        let last = try #require(table.keys([1, 2]).first { $0.credential === known.devices[0] })
        table.advance(from: last, to: try next(0, 13))
        let unheard = try #require(table.keys([1, 2]).last)
        table.advance(from: last, to: try next(0, 14))
        #expect(table.keys([1, 2]).contains { $0 === last } && !table.keys([1, 2]).contains { $0 === unheard })
        #expect(table.keys([9, 9]).isEmpty)
    }
}
#endif

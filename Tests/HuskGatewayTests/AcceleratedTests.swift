// The suites of the gateway are those over CHuskHost, and a device with the core's own talks to them.
#if Gateway
import CHuskHost
import Testing

@testable import Husk
@testable import HuskGateway

@Suite struct AcceleratedTests {
    @Test func everySuiteHasTablesOfTheHost() {
        for suite in CipherSuite.all {
            let fast = suite.accelerated
            #expect(fast == suite)
            #expect(fast.algorithms.description == suite.algorithms.description)
            let tables = unsafe husk_host_suite(suite.id)!
            #expect(unsafe fast.table.pointee.ecdh == tables.pointee.ecdh)
            #expect(unsafe fast.table.pointee.hash == tables.pointee.hash)
            #expect(unsafe fast.table.pointee.app_aead == tables.pointee.app_aead)
            #expect(unsafe fast.table.pointee.hash != suite.table.pointee.hash)
            #expect(fast.accelerated == fast)
        }
    }

    @Test func theGatewayComputesWithThem() throws {
        let world = try World(credentials(1))
        for suite in world.engine.handshakeConfiguration.suites {
            #expect(unsafe suite.table.pointee.hash == husk_host_suite(suite.id).pointee.hash)
        }
    }

    @Test(arguments: CipherSuite.all)
    func aDeviceWithTheCoresOwnAuthenticates(_ suite: CipherSuite) throws {
        let world = try World(credentials(1))
        let sensor = try Sensor(0, suites: [suite])
        try sensor.device.start(.init(.post, "sensors/temperature", contentFormat: 60, payload: [1, 2, 3]))
        try world.run([sensor])
        #expect(sensor.authentications == 1)
        #expect(sensor.responses.map(\.code) == [.changed])
    }

    @Test func aStoredContextGoesOnWithThem() throws {
        let context = try unsafe SecurityContext(
            masterSecret: keyBytes(1).span.bytes, masterSalt: [UInt8]().span.bytes, senderID: ConnectionIdentifier([1]),
            recipientID: ConnectionIdentifier([2]), suite: .suite4)
        let restored = try context.withRecord { record in
            try SecurityContext(
                record: record, progress: context.progress, suites: CipherSuite.all.map(\.accelerated))
        }
        #expect(unsafe restored.pointer.pointee.aead == husk_host_suite(4).pointee.app_aead)
        let refused: HuskError? = context.withRecord { record in
            do throws(HuskError) {
                _ = try SecurityContext(record: record, progress: context.progress, suites: [.suite0])
                return nil
            } catch {
                return error
            }
        }
        #expect(refused == .format)
    }
}
#endif

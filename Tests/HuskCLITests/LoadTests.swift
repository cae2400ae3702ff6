// What `husk load` is made of: percentiles, who may be sent to, and devices that know when a session is gone.
#if Gateway
import Husk
import Testing

@testable import HuskCLI

struct LoadTests {
    @Test func percentilesAreOfTheNearestRank() throws {
        #expect(LatencyFigures(microseconds: []) == nil)
        let one = try #require(LatencyFigures(microseconds: [1500]))
        #expect(one.p50 == 1.5 && one.p90 == 1.5 && one.p99 == 1.5 && one.max == 1.5)
        let many = try #require(LatencyFigures(microseconds: (1...1000).map { UInt32($0 * 1000) }.shuffled()))
        #expect(many.p50 == 500 && many.p90 == 900 && many.p99 == 990 && many.max == 1000)
        let few = try #require(LatencyFigures(microseconds: [1000, 2000, 3000]))
        #expect(few.p50 == 2 && few.p90 == 3 && few.max == 3)
    }

    @Test func onlyThisMachineIsSentTo() {
        for host in ["127.0.0.1", "127.255.1.2"] {
            #expect(LoadSocket.loopback(host) != nil)
        }
        for host in ["10.0.0.1", "126.255.255.255", "128.0.0.1", "0.0.0.0", "::1", "localhost", "", "127.1"] {
            #expect(LoadSocket.loopback(host) == nil)
            #expect(throws: Failure.self) { _ = try LoadSocket(host: host, port: 5683) }
        }
    }

    @Test(arguments: LoadProfile.allCases) func devicesAndGatewayGetTheSameKeys(profile: LoadProfile) throws {
        let keys = LoadKeys(profile, count: 300)
        #expect(try keys.devices([.suite0]).count == 300)
        let text = String(decoding: keys.json, as: UTF8.self)
        #expect(text.split(separator: "\n").count == 302)
        #expect(Set(text.split(separator: "\n")).count == 302)
    }
}
#endif

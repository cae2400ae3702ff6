// The bounded tables by themselves.
#if Gateway
import Husk
import NIOCore
import Testing

@testable import HuskGateway

@Suite struct TableTests {
    @Test func identifiersAreUniqueAndTheShortestFirst() {
        var pool = IdentifierPool()
        let own = ConnectionIdentifier(UInt8(0x05))
        var all: [ConnectionIdentifier] = []
        for _ in 0..<1_000 {
            all.append(pool.allocate(avoiding: own)!)
        }
        #expect(Set(all).count == 1_000)
        #expect(!all.contains(own))
        #expect(all[..<47].allSatisfy { $0.encoded.count == 1 })
        #expect(all[47..<255].allSatisfy { $0.count == 1 && $0.encoded.count == 2 })
        #expect(all[255...].allSatisfy { $0.count == 2 })
        // What was given back is used again, but not at once.
        pool.release(all[3])
        pool.release(all[7])
        pool.release(all[3])
        let again = [pool.allocate(avoiding: own)!, pool.allocate(avoiding: own)!]
        #expect(Set(again) == Set([all[3], all[7]]))
        #expect(pool.allocate(avoiding: own)!.count == 2)
    }

    @Test func identifiersGoOnBeyondTwoBytes() {
        var pool = IdentifierPool()
        let own = ConnectionIdentifier(UInt8(0x05))
        var longest = 0
        for _ in 0..<(256 + 65_536 + 10) {
            longest = max(longest, pool.allocate(avoiding: own)!.count)
        }
        #expect(longest == 3)
    }

    @Test func exchangesAreBoundedInAllAndPerPeer() {
        var cache = ExchangeCache(limit: 100, limitPerPeer: 4, lifetime: 1_000)
        func bytes(_ value: Int) -> [UInt8] { Array("request \(value)".utf8) }
        for id in 0..<10 {
            cache.remember([UInt8(id)], to: bytes(id), messageID: UInt16(id), from: peer(0), now: 0)
        }
        #expect(cache.count == 4)
        #expect(cache.response(to: bytes(5), messageID: 5, from: peer(0)) == nil)
        #expect(cache.response(to: bytes(6), messageID: 6, from: peer(0)) == [6])
        #expect(cache.response(to: bytes(6), messageID: 6, from: peer(1)) == nil)
        #expect(cache.response(to: bytes(7), messageID: 6, from: peer(0)) == nil)
        for index in 0..<5_000 {
            cache.remember([1], to: bytes(index), messageID: 1, from: peer(1 + index % 300), now: UInt64(index / 50))
            #expect(cache.count <= 100)
        }
        #expect(cache.response(to: bytes(6), messageID: 6, from: peer(0)) == nil)
        cache.expire(now: 1_098)
        #expect(cache.count == 50)
        cache.expire(now: 1_099)
        #expect(cache.count == 0)
    }

    @Test func printablePaths() throws {
        func path(_ segments: [[UInt8]]) -> String? {
            CoAPMessage(
                type: .confirmable, code: .get, messageID: 0,
                options: segments.map { CoAPOption(number: CoAPOption.uriPath, value: $0) }
            ).printablePath
        }
        #expect(path([]) == "")
        #expect(path([Array("sensors".utf8), Array("wärme".utf8)]) == "sensors/wärme")
        #expect(path([Array("a/b".utf8)]) == nil)
        #expect(path([[0x1b, 0x5b]]) == nil)
        #expect(path([[0x0a]]) == nil)
        #expect(path([[0xff, 0xfe]]) == nil)
        #expect(path([Array("\u{202e}".utf8)]) == nil)
    }

    @Test func observersLoseTheOldestEvents() async {
        let observers = Observers(buffer: 3)
        let stream = observers.events()
        for index in 0..<10 {
            observers.emit(.reading(GatewayReading(device: "d", path: "\(index)", payload: [], contentFormat: nil)))
        }
        var paths: [String] = []
        for event in await collect(stream, observers) {
            if case .reading(let reading) = event {
                paths.append(reading.path)
            }
        }
        #expect(paths == ["7", "8", "9"])
        var late = observers.events().makeAsyncIterator()
        #expect(await late.next() == nil)
    }
}
#endif

// Bodies in blocks at the gateway, both directions: complete or refused, never a part taken for the whole.
#if Gateway
import Husk
import NIOCore
import Synchronization
import Testing

@testable import HuskGateway

private func body(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) &+ seed }
}

@Suite struct BlockTests {
    @Test(arguments: [0, 15, 16, 17, 1024, 1025, 5000, 65_536], [BlockSize.bytes16, .bytes64, .bytes1024])
    func aReadingInBlocksIsOneReading(count: Int, size: BlockSize) async throws {
        let world = try World(credentials(1))
        let events = world.observers.events()
        var client = try Client(world, 0)
        let sent = body(count)
        var upload = try BlockUpload(body: sent, size: size)
        var done = false
        var requests = 0
        while !done {
            let answer = try #require(try client.exchange(world, client.block(.post, "sensors/log", upload.next())))
            done = try upload.take(answer)
            requests += 1
            #expect(answer.code == (done ? .changed : .continue))
            #expect(world.counters.readings == (done ? 1 : 0))
        }
        #expect(requests == max(1, (count + size.count - 1) / size.count))
        let readings = await collect(events, world.observers).compactMap { event in
            if case .reading(let reading) = event { reading } else { nil }
        }
        #expect(readings.map(\.payload) == [sent])
    }

    @Test func aMissingBlockLeavesNoReading() throws {
        let world = try World(credentials(1))
        var client = try Client(world, 0)
        var upload = try BlockUpload(body: body(200), size: .bytes64)
        let first = try upload.next()
        #expect(try client.exchange(world, client.block(.post, "sensors/log", first))?.code == .continue)
        var third = CoAPOption(number: CoAPOption.block1, value: [0x2a])  // 2, more, 64 bytes
        var request = client.request(.post, "sensors/log", options: [third], payload: body(64))
        #expect(try client.exchange(world, request)?.code == .requestEntityIncomplete)
        // Nor does a second block of another resource fit.
        third = CoAPOption(number: CoAPOption.block1, value: [0x12])
        request = client.request(.post, "sensors/other", options: [third], payload: body(64))
        #expect(try client.exchange(world, request)?.code == .requestEntityIncomplete)
        #expect(world.counters.readings == 0)
    }

    @Test func aBodyBeyondTheLimitIsRefusedWithTheLimit() throws {
        var limits = GatewayLimits()
        limits.bodyBytes = 100
        let world = try World(credentials(1), limits: limits)
        var client = try Client(world, 0)
        var upload = try BlockUpload(body: body(200), size: .bytes64)
        #expect(try client.exchange(world, client.block(.post, "sensors/log", upload.next()))?.code == .continue)
        var options = [CoAPOption(number: CoAPOption.block1, value: [0x1a])]
        var request = client.request(.post, "sensors/log", options: options, payload: body(64))
        var answer = try client.exchange(world, request)
        #expect(answer?.code == .requestEntityTooLarge)
        #expect(answer?.option(CoAPOption.size1)?.uint == 100)
        // Told beforehand, the first block is refused.
        options = [CoAPOption(number: CoAPOption.block1, value: [0x0a]), CoAPOption(number: CoAPOption.size1, uint: 101)]
        request = client.request(.post, "sensors/log", options: options, payload: body(64))
        answer = try client.exchange(world, request)
        #expect(answer?.code == .requestEntityTooLarge)
    }

    @Test(arguments: [1025, 5000, 65_536], [BlockSize.bytes32, .bytes1024])
    func aLongAnswerComesInBlocks(count: Int, size: BlockSize) throws {
        var router = Router()
        let calls = Counter()
        router.on(.get, "firmware") { _ in
            calls.add()
            return GatewayResponse(.content, contentFormat: 42, payload: body(count))
        }
        let world = try World(credentials(1), router: router)
        var client = try Client(world, 0)
        #expect(try client.fetch(world, .get, "firmware", size: size) == body(count))
        #expect(calls.count == 1)
    }

    @Test func aPostWithALongAnswerIsDoneOnce() throws {
        var router = Router()
        let calls = Counter()
        router.on(.post, "report") { _ in
            calls.add()
            return GatewayResponse(.content, payload: body(3000, seed: UInt8(calls.count)))
        }
        let world = try World(credentials(1), router: router)
        var client = try Client(world, 0)
        #expect(try client.fetch(world, .post, "report") == body(3000, seed: 1))
        #expect(calls.count == 1)

        // Once the answer is forgotten its later blocks are not to be had, and nothing is done again.
        world.now += GatewayLimits().exchangeLifetimeMilliseconds
        world.engine.expire(now: world.now)
        let second = CoAPOption(number: CoAPOption.block2, value: [0x16])
        #expect(
            try client.exchange(world, client.request(.post, "report", options: [second]))?.code
                == .requestEntityIncomplete)
        #expect(calls.count == 1)
    }

    @Test func aResourceThatChangedInBetweenIsNoticed() throws {
        var router = Router()
        let calls = Counter()
        router.on(.get, "firmware") { _ in
            calls.add()
            return GatewayResponse(.content, payload: body(3000, seed: UInt8(calls.count)))
        }
        let world = try World(credentials(1), router: router)
        var client = try Client(world, 0)
        var download = try BlockDownload(limit: 10_000)
        let first = try #require(try client.exchange(world, client.request(.get, "firmware", options: [download.next])))
        #expect(try download.take(first) == nil)
        world.now += GatewayLimits().exchangeLifetimeMilliseconds
        world.engine.expire(now: world.now)
        let next = try #require(try client.exchange(world, client.request(.get, "firmware", options: [download.next])))
        #expect(throws: HuskError.changed) { try download.take(next) }
    }

    @Test func bodiesUnderWayAreBounded() throws {
        var limits = GatewayLimits()
        limits.bodies = 3
        let world = try World(credentials(5), limits: limits)
        for index in 0..<5 {
            var client = try Client(world, index)
            var upload = try BlockUpload(body: body(2000))
            world.now += 1
            #expect(try client.exchange(world, client.block(.post, "sensors/log", upload.next()))?.code == .continue)
            #expect(world.engine.bodies.count == min(index + 1, 3))
        }
        world.engine.expire(now: world.now + limits.exchangeLifetimeMilliseconds)
        #expect(world.engine.bodies.count == 0)
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}

extension Client {
    /// A request that carries one block.
    fileprivate mutating func block(_ code: CoAPCode, _ path: String, _ slice: BlockSlice) -> CoAPMessage {
        request(code, path, options: slice.block.map { [$0.option(CoAPOption.block1)] } ?? [], payload: slice.payload)
    }

    /// The whole answer.
    fileprivate mutating func fetch(
        _ world: World, _ code: CoAPCode, _ path: String, size: BlockSize = .bytes1024
    ) throws -> [UInt8] {
        var download = try BlockDownload(limit: 100_000, size: size)
        while true {
            let answer = try #require(try exchange(world, request(code, path, options: [download.next])))
            #expect(answer.code == .content)
            if let whole = try download.take(answer) {
                return whole
            }
        }
    }
}
#endif

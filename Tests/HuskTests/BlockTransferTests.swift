// Block-wise transfer through the Swift API: both bodies between two peers, what is refused, and how memory grows.
import Testing

@testable import Husk

@Suite struct BlockTransferTests {
    static func body(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    static func request(_ options: [CoAPOption], _ payload: [UInt8] = [], path: String = "firmware") -> CoAPMessage {
        let path = CoAPOption(number: CoAPOption.uriPath, value: Array(path.utf8))
        return CoAPMessage(
            type: .confirmable, code: .post, messageID: 1, options: [path] + options, payload: payload)
    }

    static func response(_ code: CoAPCode, _ options: [CoAPOption], _ payload: [UInt8] = []) -> CoAPMessage {
        CoAPMessage(type: .acknowledgement, code: code, messageID: 1, options: options, payload: payload)
    }

    @Test func optionValues() throws {
        // RFC 7959 section 3: 33 is 2/0/32, 59 is 3/1/128.
        #expect(Block(number: 2, size: .bytes32, more: false).option(CoAPOption.block2).value == [33])
        #expect(Block(number: 3, size: .bytes128, more: true).option(CoAPOption.block1).value == [59])
        for size in BlockSize.allCases {
            for number: UInt32 in [0, 1, 15, 16, 4095, 4096, 0xfffff] {
                let block = Block(number: number, size: size, more: number % 2 == 0)
                #expect(try Self.request([block.option(CoAPOption.block1)]).block(CoAPOption.block1) == block)
                #expect(block.offset == Int(number) * size.count)
            }
        }
        #expect(try Self.request([]).block(CoAPOption.block1) == nil)
        for (value, error) in [([7], HuskError.format), ([0, 0, 0, 8], .unsupported)] as [([UInt8], HuskError)] {
            let message = Self.request([CoAPOption(number: CoAPOption.block1, value: value)])
            #expect(failure { () throws(HuskError) in _ = try message.block(CoAPOption.block1) } == error)
        }
    }

    @Test(arguments: [0, 1, 64, 65, 1024, 3000, 20_000], BlockSize.allCases)
    func bothBodies(count: Int, serverSize: BlockSize) throws {
        let sent = Self.body(count)
        let answer = Self.body(count / 2 + 1)
        var upload = try BlockUpload(body: sent, size: .bytes256)
        var assembly = try BlockAssembly(limit: 20_000, size: serverSize)
        var download = try BlockDownload(limit: 20_000, size: .bytes512)
        let etag = CoAPOption(number: CoAPOption.etag, value: [1])

        var received: [UInt8]?
        var last: CoAPMessage?
        while last == nil {
            let slice = try upload.next()
            let request = Self.request([try #require(slice.block).option(CoAPOption.block1)], slice.payload)
            var message: CoAPMessage
            switch assembly.take(request) {
            case .code(let code, let options):
                message = Self.response(code, options)
            case .complete(let body, let options):
                received = body
                let first = try request.slice(of: answer, size: serverSize)
                let block2 = first.block.map { [etag, $0.option(CoAPOption.block2)] } ?? []
                message = Self.response(.changed, block2 + options, first.payload)
            }
            if try upload.take(message) {
                last = message
            }
        }
        #expect(received == sent)
        #expect(upload.isConcluded == true)
        #expect(assembly.count == 0)

        var collected = try download.take(#require(last))
        while collected == nil {
            let request = Self.request([download.next])
            let slice = try request.slice(of: answer, size: serverSize)
            let option = try #require(slice.block).option(CoAPOption.block2)
            collected = try download.take(Self.response(.changed, [etag, option], slice.payload))
        }
        #expect(collected == answer)
        #expect(failure { () throws(HuskError) in _ = try upload.next() } == .state)
    }

    @Test func refusalsHaveTheirCode() throws {
        var assembly = try BlockAssembly(limit: 100, optionsLimit: 64)
        func take(_ block: Block, _ count: Int, _ more: [CoAPOption] = []) -> BlockAssembly.Answer {
            assembly.take(Self.request([block.option(CoAPOption.block1)] + more, Self.body(count)))
        }
        let first = Block(number: 0, size: .bytes32, more: true)
        let limit = CoAPOption(number: CoAPOption.size1, uint: 100)
        #expect(take(Block(number: 1, size: .bytes32, more: true), 32) == .code(.requestEntityIncomplete, []))
        #expect(take(first, 31) == .code(.badRequest, []))
        let large = CoAPOption(number: CoAPOption.size1, uint: 101)
        #expect(take(first, 32, [large]) == .code(.requestEntityTooLarge, [limit]))
        #expect(take(first, 32) == .code(.continue, [first.option(CoAPOption.block1)]))
        let tag = CoAPOption(number: CoAPOption.requestTag, value: [])
        let second = Block(number: 1, size: .bytes32, more: false)
        #expect(take(second, 32, [tag]) == .code(.requestEntityIncomplete, []))
        #expect(take(Block(number: 2, size: .bytes32, more: false), 1) == .code(.requestEntityIncomplete, []))
        #expect(assembly.count == 32)
        let option = second.option(CoAPOption.block1)
        #expect(assembly.matches(Self.request([option])) == true)
        #expect(assembly.matches(Self.request([option], path: "other")) == false)
        #expect(assembly.take(Self.request([], [1, 2])) == .complete([1, 2], []))
        #expect(take(second, 7) == .complete(Self.body(32) + Self.body(7), [option]))
        let path = String(repeating: "x", count: 80)
        let long = Self.request([first.option(CoAPOption.block1)], Self.body(32), path: path)
        #expect(assembly.take(long) == .code(.requestEntityTooLarge, [limit]))
        let disordered = CoAPMessage(
            type: .confirmable, code: .post, messageID: 1,
            options: [CoAPOption(number: 27, value: []), CoAPOption(number: 11, value: [])])
        #expect(assembly.take(disordered) == .code(.badOption, []))
    }

    @Test func changedAndMissingBlocks() throws {
        var download = try BlockDownload(limit: 64, size: .bytes32)
        func take(_ number: UInt32, _ etag: UInt8, _ count: Int, more: Bool = true) throws(HuskError) -> [UInt8]? {
            let block = Block(number: number, size: .bytes32, more: more)
            let options = [CoAPOption(number: CoAPOption.etag, value: [etag]), block.option(CoAPOption.block2)]
            return try download.take(Self.response(.content, options, Self.body(count)))
        }
        #expect(try take(0, 1, 32) == nil)
        #expect(failure { () throws(HuskError) in _ = try take(1, 2, 32) } == .changed)
        #expect(failure { () throws(HuskError) in _ = try take(2, 1, 32) } == .order)
        #expect(failure { () throws(HuskError) in _ = try take(1, 1, 31) } == .format)
        #expect(try take(1, 1, 32) == nil)
        #expect(failure { () throws(HuskError) in _ = try take(2, 1, 1, more: false) } == .buffer)
        #expect(try take(2, 1, 0, more: false) == Self.body(32) + Self.body(32))
        #expect(failure { () throws(HuskError) in _ = try take(3, 1, 0) } == .state)
    }

    @Test func codesOfErrors() {
        #expect(HuskError.format.blockCode == .badRequest)
        #expect(HuskError.unsupported.blockCode == .badOption)
        #expect(HuskError.order.blockCode == .requestEntityIncomplete)
        #expect(HuskError.buffer.blockCode == .requestEntityTooLarge)
        #expect(HuskError.argument.blockCode == .internalServerError)
        let beyond = Self.request([Block(number: 5, size: .bytes16, more: false).option(CoAPOption.block2)])
        #expect(failure { () throws(HuskError) in _ = try beyond.slice(of: Self.body(80)) } == .format)
    }

    @Test func requestTags() throws {
        #expect(BlockUpload.chooseRequestTag(unconcluded: false, unique: 5) == nil)
        #expect(BlockUpload.chooseRequestTag(unconcluded: true, unique: 0) == [0])
        #expect(BlockUpload.chooseRequestTag(unconcluded: true, unique: 0x1234) == [0x12, 0x34])
        var upload = try BlockUpload(body: Self.body(5), requestTag: [1])
        #expect(upload.requestTag == [1])
        #expect(upload.isConcluded == true)
        _ = try upload.next()
        #expect(upload.isConcluded == false)
    }

    @Test func argumentsOutOfRange() {
        #expect(failure { () throws(HuskError) in _ = try BlockAssembly(limit: -1) } == .argument)
        #expect(failure { () throws(HuskError) in _ = try BlockAssembly(limit: (1 << 30) + 1) } == .argument)
        #expect(failure { () throws(HuskError) in _ = try BlockAssembly(limit: 1, optionsLimit: 65_536) } == .argument)
        #expect(failure { () throws(HuskError) in _ = try BlockAssembly(limit: 1, optionsLimit: -1) } == .argument)
        #expect(failure { () throws(HuskError) in _ = try BlockDownload(limit: -1) } == .argument)
        let tag = [UInt8](repeating: 0, count: 9)
        #expect(failure { () throws(HuskError) in _ = try BlockUpload(body: [], requestTag: tag) } == .argument)
    }
}

// One application from its first message to its last: what it does with envelopes that come, and how it sends its own.
#if Gateway
import Husk
import HuskGateway
import NIOCore
import NIOPosix

struct Application: Sendable {
    enum Outgoing: Sendable {
        case command(String, destination: String, lifetime: UInt32)
        case envelope([UInt8])
    }

    var credential: DeviceCredential
    /// Its ends of the keys that it shares with devices.
    var ends: [EnvelopeEnd]
    var host: String
    var port: Int
    var listens: Bool
    /// How many envelopes to open; nil: without end.
    var count: Int?
    var isJSON: Bool

    private static let textFormat: UInt16 = 0
    private static let coseEncrypt0: UInt32 = 16
    private static let coseEncrypt: UInt32 = 96
    /// As many bytes as a mailbox of the gateway holds.
    private static let longestEnvelope = 1 << 16
    private static let commandPriority: UInt8 = 7
    private static let commandTag = "access"
    /// How often to observe anew, since a gateway that fell silent is not noticed otherwise.
    private static let renewal = Duration.seconds(60)

    func run(_ first: [Outgoing], readsInput: Bool) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: MailboxHandler.Progress.self)
        let channel = try await connect(continuation)
        defer { channel.close(promise: nil) }
        try await withThrowingTaskGroup { group in
            group.addTask { try await serve(events, channel, first) }
            if listens {
                group.addTask {
                    while true {
                        channel.writeAndFlush(MailboxHandler.Work.observe, promise: nil)
                        try await Task.sleep(for: Self.renewal)
                    }
                }
            }
            if readsInput {
                Self.readInput(continuation)
            }
            // Whichever ends first ends all of it.
            try await group.next()
            group.cancelAll()
        }
    }

    private func connect(_ continuation: AsyncStream<MailboxHandler.Progress>.Continuation) async throws -> any Channel {
        do {
            return try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try MailboxHandler(device: Device(key: credential.key, bodyCapacity: Self.longestEnvelope), progress: continuation)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: host, port: port).get()
        } catch let error as HuskError {
            throw Failure(.badData, "the key cannot be used: \(error)")
        } catch {
            throw Failure(.unavailable, "no way to \(endpoint(host, port)): check --host and --port")
        }
    }

    /// Lines of standard input become progress, on a thread that may wait: it ends with the process.
    private static func readInput(_ continuation: AsyncStream<MailboxHandler.Progress>.Continuation) {
        NIOThreadPool.singleton.submit { state in
            guard case .active = state else { return }
            var input = InputLines()
            while let line = input.next() {
                continuation.yield(.typed(line))
            }
            continuation.yield(.typed(nil))
        }
    }

    private func serve(
        _ events: AsyncStream<MailboxHandler.Progress>, _ channel: any Channel, _ first: [Outgoing]
    ) async throws {
        var requests = Requests(channel: channel)
        var handled: UInt64?
        var opened = 0
        for outgoing in first {
            try send(outgoing, &requests)
        }
        for await event in events {
            switch event {
            case .mailbox(let letter):
                guard let identifier = letter.identifier, identifier != handled else { continue }
                opened += try take(letter.payload) ? 1 : 0
                // Once it was opened it will not open again, and what cannot be opened stays so.
                handled = identifier
                requests.delete(identifier)
            case .answered(let number, let code):
                guard let destination = requests.finish(number) else {
                    if opened == count { return }
                    continue
                }
                guard code.codeClass == 2 else {
                    throw Failure(.failed, "the gateway answered \(code) to an envelope for \(printable(destination))")
                }
                report(.left(destination: destination, code: code.dotted))
                if !listens && requests.isEmpty { return }
            case .typed(let line):
                guard let line else { return }
                guard let outgoing = Self.parse(line) else {
                    printError("husk: not a destination, a number of seconds and a text: \(printable(line))")
                    continue
                }
                try send(outgoing, &requests)
            case .refused(let code):
                throw Failure(.failed, "the gateway answered \(code) to the mailbox: is it a husk gateway?")
            case .unreachable:
                throw Failure(
                    .unavailable, "nothing listens on \(endpoint(host, port)): start 'husk gateway', or check --port")
            case .failed(.timeout, _):
                throw Failure(.unavailable, "no answer from \(endpoint(host, port)): check that a gateway is there")
            case .failed(let error, let refusal):
                let answer = refusal.map { "the gateway answered \($0): " } ?? ""
                throw Failure(.failed, "\(answer)\(error)")
            }
        }
        throw CancellationError()
    }

    /// `door 60 unlock the front door`.
    static func parse(_ line: String) -> Outgoing? {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let lifetime = UInt32(words[1]) else { return nil }
        return .command(String(words[2]), destination: String(words[0]), lifetime: lifetime)
    }

    // MARK: Sending

    private func send(_ outgoing: Outgoing, _ requests: inout Requests) throws {
        switch outgoing {
        case .command(let text, let destination, let lifetime):
            guard let end = ends.first(where: { $0.other == destination }) else {
                throw Failure(.badData, "no key shared with \(printable(destination)): name its file with --key")
            }
            let now = EnvelopeFiles.now
            let metadata = EnvelopeMetadata(
                source: end.own, destination: destination, contentFormat: Self.textFormat, time: now,
                deadline: now + UInt64(lifetime), priority: Self.commandPriority, tags: [Self.commandTag])
            let envelope = try seal(Array(text.utf8), metadata, end)
            report(.sealed(metadata, content: text, envelope: envelope))
            requests.leave(envelope, format: Self.coseEncrypt0, destination: destination)
        case .envelope(let bytes):
            do throws(HuskError) {
                let envelope = try Envelope(inspecting: bytes)
                requests.leave(
                    bytes, format: envelope.hasRecipientList ? Self.coseEncrypt : Self.coseEncrypt0,
                    destination: envelope.metadata.destination ?? "nobody")
            } catch {
                throw Failure(.badData, "not an envelope: \(error.reason)")
            }
        }
    }

    /// The number it takes is stored before anything leaves, beside the key file, which other commands may use too.
    private func seal(
        _ content: [UInt8], _ metadata: EnvelopeMetadata, _ end: EnvelopeEnd
    ) throws(Failure) -> [UInt8] {
        let state = end.state(sending: true, wraps: false)
        return try PrivateFile.locked(end.path) { () throws(Failure) in
            try EnvelopeFiles.failing("not sealed") {
                var sealer = try EnvelopeSealer(key: end.key(sending: true, wraps: false), record: state.load())
                let envelope = try sealer.seal(content, metadata) { (record) throws(Failure) in
                    try state.store(record)
                }
                try sealer.release { (record) throws(Failure) in try state.store(record) }
                return envelope
            }
        }
    }

    // MARK: Opening

    /// Opens an envelope and says so, or says why not. What was opened is stored before it is printed.
    private func take(_ bytes: [UInt8]) throws(Failure) -> Bool {
        let envelope: Envelope
        do throws(HuskError) {
            envelope = try Envelope(inspecting: bytes)
        } catch {
            report(.refused(source: nil, "\(error.reason)"))
            return false
        }
        // The source that it claims only serves to choose a key; the key is what proves it.
        let source = envelope.metadata.source
        var reason = "no key is shared with whom it says it is from"
        for end in ends where source == nil || source == end.other {
            switch try open(bytes, wraps: envelope.hasRecipientList, end) {
            case .success(let opened):
                report(.opened(opened, sender: end.other))
                return true
            case .failure(let error):
                reason = "\(error.reason)"
            }
        }
        report(.refused(source: source, reason))
        return false
    }

    private func open(
        _ bytes: [UInt8], wraps: Bool, _ end: EnvelopeEnd
    ) throws(Failure) -> Result<OpenedEnvelope, HuskError> {
        let state = end.state(sending: false, wraps: wraps)
        return try PrivateFile.locked(end.path) { () throws(Failure) in
            let record = try state.load()
            let key = try end.key(sending: false, wraps: wraps)
            do throws(HuskError) {
                var opener = try EnvelopeOpener(key: key, names: [end.own], record: record)
                return try .success(
                    opener.open(bytes, now: EnvelopeFiles.now) { (record) throws(Failure) in try state.store(record) })
            } catch .storage {
                throw Failure(.cannotOpen, "\(state.path) cannot be read or replaced: nothing was opened")
            } catch {
                return .failure(error)
            }
        }
    }

    private func report(_ line: ApplicationLine) {
        if isJSON {
            return printLine(JSONLine.text(line))
        }
        guard line.event != .refused else { return printError("husk: \(line.text)") }
        printLine(line.text)
    }

    /// Requests under way, by number: for whom an envelope was left, or nil for one that was deleted.
    private struct Requests {
        let channel: any Channel
        private var next = 0
        private var left: [Int: String] = [:]

        init(channel: any Channel) {
            self.channel = channel
        }

        var isEmpty: Bool { left.isEmpty }

        mutating func leave(_ envelope: [UInt8], format: UInt32, destination: String) {
            left[next] = destination
            send(.init(.post, MailboxHandler.path, contentFormat: format, payload: envelope))
        }

        mutating func delete(_ identifier: UInt64) {
            send(.init(.delete, "\(MailboxHandler.path)/\(identifier)"))
        }

        private mutating func send(_ request: Device.Request) {
            channel.writeAndFlush(MailboxHandler.Work.request(number: next, request), promise: nil)
            next += 1
        }

        mutating func finish(_ number: Int) -> String? { left.removeValue(forKey: number) }
    }
}

extension Device.Answer {
    /// What the gateway calls the envelope in it; nil if there is none.
    fileprivate var identifier: UInt64? {
        guard code.codeClass == 2, !payload.isEmpty, let etag = option(CoAPOption.etag) else { return nil }
        return etag.value.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
#endif

// Two ends of a link with a wire between them that loses and duplicates, and storage that outlives an end.
import Testing

@testable import Husk

/// Two ends, and what became of what they sent.
struct Wire: ~Copyable {
    var a: Link
    var b: Link
    var now: UInt32
    var sawA: [Link.Event] = []
    var sawB: [Link.Event] = []
    var frames: [[UInt8]] = []
    var dropped: [HuskError] = []

    init(_ a: consuming Link, _ b: consuming Link, now: UInt32 = 5) {
        self.a = a
        self.b = b
        self.now = now
    }

    var messagesA: [[UInt8]] { Self.messages(sawA) }
    var messagesB: [[UInt8]] { Self.messages(sawB) }

    static func messages(_ events: [Link.Event]) -> [[UInt8]] {
        events.compactMap {
            guard case .message(let message, _) = $0 else { return nil }
            return message.payload
        }
    }

    /// How often an end began a session.
    static func sessions(_ events: [Link.Event]) -> Int {
        events.count {
            switch $0 {
            case .authenticated, .message(_, beginsSession: true): true
            default: false
            }
        }
    }

    static func failures(_ events: [Link.Event]) -> [HuskError] {
        events.compactMap {
            guard case .failed(let error) = $0 else { return nil }
            return error
        }
    }

    /// Carries frames, and lets time pass, until nothing is left to happen. `copies` says how many of a frame arrive,
    /// by how many went before.
    mutating func settle(_ copies: (Int) -> Int = { _ in 1 }) {
        for _ in 0..<400 {
            let fromA = a.transmit(now: now)
            Self.see(fromA.event, &sawA)
            for frame in fromA.frames {
                frames.append(frame)
                for _ in 0..<copies(frames.count - 1) {
                    Self.deliver(frame, to: &b, &sawB, &dropped)
                }
            }
            let fromB = b.transmit(now: now)
            Self.see(fromB.event, &sawB)
            for frame in fromB.frames {
                frames.append(frame)
                for _ in 0..<copies(frames.count - 1) {
                    Self.deliver(frame, to: &a, &sawA, &dropped)
                }
            }
            guard fromA.frames.isEmpty && fromB.frames.isEmpty else { continue }
            let waits = [a.timeout(now: now), b.timeout(now: now)].compactMap { $0 }
            guard let wait = waits.min() else { return }
            now &+= wait
        }
        Issue.record("no end of it")
    }

    static func see(_ event: Link.Event, _ events: inout [Link.Event]) {
        if event != .none {
            events.append(event)
        }
    }

    static func deliver(
        _ frame: [UInt8], to end: inout Link, _ events: inout [Link.Event], _ dropped: inout [HuskError]
    ) {
        do throws(HuskError) {
            see(try end.receive(frame), &events)
        } catch {
            dropped.append(error)
        }
    }

    /// A message each way that nothing is left of before.
    mutating func exchange(_ message: [UInt8]) throws(HuskError) {
        sawA = []
        sawB = []
        try a.send(message)
        try b.send(message + [1])
        settle()
        #expect(messagesB == [message])
        #expect(messagesA == [message + [1]])
    }
}

/// What a process leaves behind.
final class SavedRecord: @unchecked Sendable {
    var record: [UInt8] = []
    var saves = 0
    var isFull = false

    struct Full: Error {}

    func memory() throws(HuskError) -> LinkMemory {
        try LinkMemory(record: record) { [self] bytes throws(Full) in
            guard !isFull else { throw Full() }
            record = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
            saves += 1
        }
    }
}

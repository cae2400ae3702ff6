// Plain CoAP with aiocoap, which nobody here wrote, on the other side: the client against its server, and the other way
// round. `make test-swift` names the Python that has it; without that, these do not run.
#if Gateway
import Foundation
import Husk
import Testing

@testable import HuskGateway

private let python = ProcessInfo.processInfo.environment["HUSK_AIOCOAP"]

/// `Tests/interop/aiocoap_peer.py`, which ends with its standard input.
private final class Peer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ arguments: [String]) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("interop/aiocoap_peer.py")
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = [script.path] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// The next line; empty at the end. Waits on a thread of its own.
    func line() async -> String {
        let handle = output.fileHandleForReading
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = ""
                while let byte = try? handle.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) {
                    text += String(decoding: byte, as: UTF8.self)
                }
                continuation.resume(returning: text)
            }
        }
    }

    func end() -> Int32 {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite(.enabled(if: python != nil)) struct CoAPInteropTests {
    @Test func aiocoapServes() async throws {
        let server = try Peer(["server"])
        let port = try #require(await Int(server.line()))
        let client = try await CoAPClient.connect(to: "127.0.0.1", port: port, logger: quiet)
        for size in [0, 1, 500, 1024, 1025, 5000] {
            let long = try await client.request(CoAPRequest(.get, "data", query: ["\(size)"]))
            #expect(long.code == .content && long.payload == coapBody(size), "GET of \(size) bytes")
            let back = try await client.request(CoAPRequest(.post, "reverse", payload: coapBody(size)))
            #expect(back.code == .changed && back.payload == coapBody(size).reversed(), "POST of \(size) bytes")
        }
        let slow = try await client.request(CoAPRequest(.get, "slow"))
        #expect(slow.contentFormat == 0 && slow.payload == Array("slow".utf8))
        #expect(try await client.request(CoAPRequest(.get, "nothing")).code == .notFound)
        #expect(try await client.request(CoAPRequest(.delete, "reverse")).code == .methodNotAllowed)
        var once = CoAPRequest(.get, "data", query: ["3"])
        once.isConfirmable = false
        #expect(try await client.request(once).payload == coapBody(3))
        var states: [Int] = []
        for try await state in try await client.observe(CoAPRequest(.get, "ticking")) {
            states.append(Int(String(decoding: state.payload, as: UTF8.self)) ?? -1)
            if states.count == 5 { break }
        }
        #expect(states.count == 5 && states == Set(states).sorted())
        // After the end of the observation is told.
        #expect(try await client.request(CoAPRequest(.get, "nothing")).code == .notFound)
        await client.shutdown()
        #expect(server.end() == 0)
    }

    @Test func aiocoapAsks() async throws {
        let server = try await coapServer()
        let client = try Peer(["client", "\(server.port)"])
        let changes = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(20))
                server.changed("state")
            }
        }
        defer { changes.cancel() }
        #expect(await client.line() == "ok")
        #expect(client.end() == 0)
        await server.shutdown()
    }
}
#endif

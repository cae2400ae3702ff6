// `husk envelope`: what is kept between runs, what is refused, and that nothing is written before it is stored.
#if Gateway
import ArgumentParser
import FoundationEssentials
import Glibc
import Testing

@testable import HuskCLI

struct EnvelopeCommandTests {
    private let folder: KeyTests.Folder
    private let key: String

    init() throws {
        folder = try KeyTests.Folder()
        key = folder.file("k.json")
        try run("key new kitchen climate -o \(key)")
    }

    private func run(_ line: String) throws {
        var command = try HuskCommand.parseAsRoot(
            ["envelope"] + line.split(separator: " ").map(String.init))
        try command.run()
    }

    private func failure(_ line: String) -> Failure? {
        do {
            try run(line)
            return nil
        } catch {
            return error as? Failure
        }
    }

    private func write(_ name: String, _ content: String) throws -> String {
        try PrivateFile.replace(folder.file(name), Array(content.utf8))
        return folder.file(name)
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try PrivateFile.read(folder.file(name)) ?? [], as: UTF8.self)
    }

    @Test func keysArePrivateAndOfTwoEnds() throws {
        var information = stat()
        try #require(unsafe stat(key, &information) == 0)
        #expect(information.st_mode & 0o7777 == 0o600)
        #expect(failure("key new a b -o \(key)")?.status == .cannotOpen)
        let input = try write("in", "x")
        #expect(failure("seal --key \(key) --as nobody \(input)")?.status == .badData)
        #expect(failure("seal --key \(folder.file("none")) --as kitchen \(input)")?.status == .cannotOpen)
        #expect(failure("seal --key \(input) --as kitchen \(input)")?.status == .badData)
        unsafe chmod(key, 0o644)
        #expect(failure("seal --key \(key) --as kitchen \(input)")?.message.contains("chmod 600") == true)
    }

    @Test func anEnvelopeOpensOnceAcrossRunsAndInAnyOrder() throws {
        let input = try write("in", "21.5")
        for number in 0..<5 {
            try run("seal --key \(key) --as kitchen \(input) -o \(folder.file("e\(number)"))")
            #expect(try text("k.json.kitchen.sealed") == "000000000\(number)\n")
        }
        for number in [3, 0, 4, 1, 2] {
            try run("open --key \(key) --as climate \(folder.file("e\(number)")) -o \(folder.file("out\(number)"))")
            #expect(try text("out\(number)") == "21.5")
        }
        for number in 0..<5 {
            let refused = failure(
                "open --key \(key) --as climate \(folder.file("e\(number)")) -o \(folder.file("again"))")
            #expect(refused?.status == .failed && refused?.message.contains("seen before") == true)
        }
        #expect(!folder.names.contains("again"))
        #expect(try text("k.json.climate.opened") == "0000000004000000000000001f\n")
    }

    @Test func commandsGoTheOtherWayAndEnd() throws {
        let input = try write("in", "unlock")
        let command = folder.file("command")
        try run("seal --key \(key) --as climate --deadline 0 \(input) -o \(command)")
        #expect(failure("open --key \(key) --as kitchen \(command)")?.message.contains("deadline") == true)
        try run("seal --key \(key) --as climate \(input) -o \(command)")
        #expect(failure("open --key \(key) --as kitchen --require-deadline \(command)")?.status == .failed)
        try run("seal --key \(key) --as climate --destination hall --deadline 1000 \(input) -o \(command)")
        #expect(failure("open --key \(key) --as kitchen \(command)")?.message.contains("destination") == true)
        #expect(failure("open --key \(key) --as climate \(command)")?.message.contains("destination") == true)
        try run("open --key \(key) --as kitchen --also hall --require-deadline \(command) -o \(folder.file("out"))")
        #expect(try text("out") == "unlock")
        try run("seal --key \(key) --as climate --destination climate \(input) -o \(command)")
        #expect(failure("open --key \(key) --as climate \(command)")?.message.contains("verify") == true)
        #expect(failure("open --key \(key) --as climate \(input)")?.message.contains("malformed") == true)
    }

    @Test func nothingIsWrittenThatWasNotStored() throws {
        let input = try write("in", "x")
        let envelope = folder.file("e")
        try run("seal --key \(key) --as kitchen \(input) -o \(envelope)")
        for (name, line) in [
            ("k.json.kitchen.sealed", "seal --key \(key) --as kitchen \(input)"),
            ("k.json.climate.opened", "open --key \(key) --as climate \(envelope)"),
        ] {
            for damage in ["", "00", "zz\n", "00000000000000\n"] {
                _ = try write(name, damage)
                let refused = failure("\(line) -o \(folder.file("out"))")
                #expect(refused?.status == .badData || refused?.status == .cannotOpen)
                #expect(!folder.names.contains("out"))
            }
            PrivateFile.remove(folder.file(name))
            // A directory in the place of the record, which cannot be replaced by a file.
            unsafe mkdir(folder.file(name), 0o700)
            #expect(failure("\(line) -o \(folder.file("out"))")?.status == .cannotOpen)
            #expect(!folder.names.contains("out"))
        }
    }

    @Test func severalRecipientsAndOtherLibraries() throws {
        let other = folder.file("other.json")
        try run("key new kitchen archive --kid 01 -o \(other)")
        let input = try write("in", "smoke")
        let envelope = folder.file("e")
        for number in 0..<2 {
            try run("seal --key \(key) --key \(other) --as kitchen \(input) -o \(envelope)")
            for (path, own) in [(key, "climate"), (other, "archive")] {
                try run("open --key \(path) --as \(own) \(envelope) -o \(folder.file("out"))")
                #expect(try text("out") == "smoke")
                #expect(failure("open --key \(path) --as \(own) \(envelope)")?.status == .failed)
            }
            #expect(try text("other.json.kitchen.sealed-many") == "000000000\(number)\n")
            #expect(try text("k.json.kitchen.sealed-many") == "000000000\(number)\n")
        }
        try run("key new kitchen alarm --algorithm chacha20-poly1305 -o \(folder.file("third.json"))")
        let mixed = failure("seal --key \(key) --key \(folder.file("third.json")) --as kitchen \(input)")
        #expect(mixed?.status == .failed)
    }

    @Test func inspectNeedsNoKey() throws {
        let input = try write("in", "x")
        let envelope = folder.file("e")
        try run("seal --key \(key) --as kitchen --no-time --priority 7 --tag a --tag b \(input) -o \(envelope)")
        try run("inspect \(envelope) -o \(folder.file("text"))")
        let report = try text("text")
        #expect(report.hasPrefix("not verified"))
        #expect(report.contains("destination     climate\n") && report.contains("priority        7\n"))
        #expect(report.contains("tag             a\ntag             b\n") && !report.contains("time"))
        try run("inspect --json \(envelope) -o \(folder.file("json"))")
        #expect(try text("json").contains("\"verified\" : false"))
        #expect(failure("inspect \(input)")?.status == .badData)
        #expect(failure("inspect \(folder.file("none"))")?.status == .cannotOpen)
    }
}
#endif

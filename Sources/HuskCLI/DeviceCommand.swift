// `husk device`: a device on this machine, the same endpoint that runs in firmware.
#if Gateway
import ArgumentParser
import Husk
import HuskGateway
import NIOCore
import NIOPosix

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Be a device: authenticate to a gateway and send readings.",
        discussion: """
            Authenticates over UDP with a key from a file that 'husk psk new' wrote, then sends simulated \
            temperatures to 'sensors/temperature', each protected and each answered. The first one goes out \
            together with the last message of the handshake, unless told --sequential.

            With --machine the device is the sensor firmware (Arm code) on a microcontroller that QEMU simulates; it \
            needs 'qemu-system-arm' and the images that 'make firmware' builds.

            EXAMPLES
              husk device --credentials kitchen.json
              husk device --credentials credentials.json --device kitchen --readings 10 --interval 1000
              husk device --credentials kitchen.json --machine microbit
              husk device --psk 000102030405060708090a0b0c0d0e0f --kid 00 --device kitchen

            A key given with --psk is visible to every user of this machine while the command runs: use it for \
            tests only.

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("A file with the device's key, mode 0600.", valueName: "file"))
    var credentials: String?

    @Option(
        help: ArgumentHelp("The key itself in hex, instead of a file; with --kid and --device.", valueName: "hex"))
    var psk: HexBytes?

    @Option(help: "Which device of the file, by its kid; with --psk, the kid.")
    var kid: HexBytes?

    @Option(help: ArgumentHelp("Which device of the file, by its name; with --psk, the name.", valueName: "name"))
    var device: String?

    @Option(help: ArgumentHelp("With --psk, the name of the gateway.", valueName: "name"))
    var gateway: String?

    @Option(help: ArgumentHelp("Address of the gateway.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("UDP port of the gateway.", valueName: "port"))
    var port = 5683

    @Option(help: ArgumentHelp("How many readings to send.", valueName: "count"))
    var readings = 3

    @Option(help: ArgumentHelp("Pause between readings in milliseconds.", valueName: "ms"))
    var interval = 0

    @Option(help: ArgumentHelp("Offer this cipher suite only, 0 to 5. Default: all.", valueName: "number"))
    var suite: Int?

    @Flag(help: "End the handshake before the first reading is sent.")
    var sequential = false

    @Option(help: "Be a simulated microcontroller: microbit (M0), mps2-an385 (M3) or mps2-an386 (M4).")
    var machine: Machine?

    @Option(help: ArgumentHelp("With --machine: where 'make firmware' put the images.", valueName: "directory"))
    var firmwareDir = "build"

    @Option(help: ArgumentHelp("With --machine: QEMU's program.", valueName: "program"))
    var qemu = "qemu-system-arm"

    func validate() throws {
        if machine != nil {
            try validateMachine()
        }
        if let suite, CipherSuite(number: Int32(clamping: suite)) == nil {
            throw ValidationError("a cipher suite is 0 to 5, not \(suite)")
        }
        guard (credentials == nil) != (psk == nil) else {
            throw ValidationError("name a key: either --credentials or --psk")
        }
        if psk != nil, kid == nil || device == nil {
            throw ValidationError("--psk needs --kid and --device too")
        }
        if psk == nil, gateway != nil {
            throw ValidationError("--gateway goes with --psk; a file names the gateway itself")
        }
        guard (1...65535).contains(port) else {
            throw ValidationError("a port is a number from 1 to 65535, not \(port)")
        }
        guard (0...1_000_000).contains(readings), (0...86_400_000).contains(interval) else {
            throw ValidationError("readings are 0 to 1000000, and the interval is at most a day")
        }
    }

    /// What goes into the firmware's provisioning.
    private func validateMachine() throws {
        guard psk == nil else {
            throw ValidationError("--machine needs a file: --credentials")
        }
        guard Provisioning.firmwareSuites.contains(suite ?? 0) else {
            throw ValidationError("the sensor firmware has suites 0, 2 and 4, not \(suite ?? 0)")
        }
        guard BoardRun.readings.contains(readings), BoardRun.intervalMilliseconds.contains(interval) else {
            throw ValidationError("with --machine, readings are 1 to 255 and the interval is at most 65535 ms")
        }
    }

    func run() async throws {
        if let machine {
            return try await runBoard(machine)
        }
        let credential = try credential()
        let (host, port, readings, interval, combines) = (host, port, readings, interval, !sequential)
        let suites = suite.flatMap { CipherSuite(number: Int32(clamping: $0)) }.map { [$0] } ?? CipherSuite.all
        try await supervised {
            try await DeviceRun(
                credential: credential, host: host, port: port, readings: readings,
                interval: .milliseconds(Int64(interval)), suites: suites, combines: combines
            ).run { printLine($0) }
        }
    }

    private func runBoard(_ machine: Machine) async throws {
        let record = try CredentialsFile(path: credentials ?? "").record(
            kid: kid?.bytes, device: device, options: ["--kid", "--device"])
        let board = BoardRun(
            machine: machine, qemu: qemu, firmwareDirectory: firmwareDir, record: record, host: host, port: port,
            readings: readings, intervalMilliseconds: interval, suite: suite ?? 0, isSequential: sequential)
        try await supervised { try await board.run { printLine($0) } }
    }

    /// The device that the options name.
    private func credential() throws(Failure) -> DeviceCredential {
        if let psk, let kid, let device {
            do throws(HuskError) {
                return try unsafe DeviceCredential(
                    key: psk.bytes.span.bytes, kid: kid.bytes, device: Identity(device),
                    gateway: Identity(gateway ?? "gateway"))
            } catch {
                throw Failure(
                    .badData,
                    "the key cannot be used: it needs 16 bytes or more, a kid of 1 to 24, and two different names")
            }
        }
        return try CredentialsFile(path: credentials ?? "").credential(
            kid: kid?.bytes, device: device, options: ["--kid", "--device"])
    }
}

/// One device from its first message to its last answer.
struct DeviceRun: Sendable {
    var credential: DeviceCredential
    var host: String
    var port: Int
    var readings: Int
    var interval: TimeAmount
    /// Most preferred first.
    var suites: [CipherSuite]
    /// Send message_3 and the first reading in one datagram.
    var combines: Bool

    /// Calls `report` with a line for each thing that happened.
    func run(report: @Sendable (String) -> Void) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: DeviceProgress.self)
        let channel: any Channel
        do {
            channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try DeviceHandler(
                            device: Device(key: credential.key, suites: suites, combinesFirstRequest: combines),
                            readings: readings, interval: interval,
                            progress: continuation)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: host, port: port).get()
        } catch let error as HuskError {
            throw Failure(.badData, "the key cannot be used: \(error)")
        } catch {
            throw Failure(.unavailable, "no way to \(endpoint(host, port)): check --host and --port")
        }
        defer { channel.close(promise: nil) }
        for await event in events {
            switch event {
            case .authenticated(let milliseconds):
                report("authenticated to \(endpoint(host, port)) in \(milliseconds) ms")
            case .answered(let number, let code):
                report("reading \(number) of \(readings) answered \(code)")
            case .refused(let code):
                throw Failure(.failed, "the gateway answered \(code): is it a husk gateway?")
            case .finished:
                return
            case .unreachable:
                throw Failure(
                    .unavailable,
                    "nothing listens on \(endpoint(host, port)): start 'husk gateway', or check --port")
            case .failed(.timeout, _):
                throw Failure(.unavailable, "no answer from \(endpoint(host, port)): check that a gateway is there")
            case .failed(let error, let refusal):
                let answer = refusal.map { "the gateway answered \($0): " } ?? ""
                throw Failure(.failed, "\(answer)\(error)")
            }
        }
        throw CancellationError()
    }
}

enum DeviceProgress: Sendable {
    case authenticated(milliseconds: UInt32)
    case answered(number: Int, code: CoAPCode)
    case refused(CoAPCode)
    case finished
    case unreachable
    /// The code is that of the gateway's refusal, if it sent one.
    case failed(HuskError, refusal: CoAPCode?)
}

/// The endpoint on an event loop: datagrams and timers in, datagrams and progress out.
private final class DeviceHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = ByteBuffer

    private var device: Device
    private let readings: Int
    private let interval: TimeAmount
    private let progress: AsyncStream<DeviceProgress>.Continuation
    private var sent = 0
    private var began: UInt32 = 0
    private var timer: Scheduled<Void>?
    private var isAnnounced = false
    private var isOver = false

    init(
        device: consuming Device, readings: Int, interval: TimeAmount,
        progress: AsyncStream<DeviceProgress>.Continuation
    ) {
        self.device = device
        self.readings = readings
        self.interval = interval
        self.progress = progress
    }

    private var now: UInt32 {
        UInt32(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = Array(unwrapInboundIn(data).data.readableBytesView)
        // A datagram that is not the awaited one is dropped, as on any open port.
        if let event = try? device.receive(datagram, now: now) {
            handle(event, context)
        }
        advance(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNREFUSED {
            return end(.unreachable)
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        progress.finish()
    }

    /// The next reading, or just authentication if none is to be sent.
    private func begin(_ context: ChannelHandlerContext) {
        began = now
        let request: Device.Request? =
            readings == 0
            ? nil : .init(.post, "sensors/temperature", contentFormat: 110, payload: simulatedReading(sent))
        do throws(HuskError) {
            try device.start(request)
        } catch {
            return end(.failed(error, refusal: nil))
        }
        advance(context)
    }

    /// Sends what is due and sets the alarm for what comes next.
    private func advance(_ context: ChannelHandlerContext) {
        timer?.cancel()
        while !isOver {
            do throws(HuskError) {
                let transmission = try device.transmit(now: now)
                handle(transmission.event, context)
                guard let datagram = transmission.datagram else { break }
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: datagram)), promise: nil)
            } catch {
                return end(.failed(error, refusal: nil))
            }
        }
        guard !isOver, let wait = device.timeout(now: now) else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(wait))) {
            self.advance(context)
        }
    }

    private func handle(_ event: Device.Event, _ context: ChannelHandlerContext) {
        switch event {
        case .none, .notification, .observationEnded, .observationFailed:
            return  // of an observation, which there is none
        case .authenticated:
            announceSession()
            if readings == 0 {
                end(.finished)
            }
        case .response(let answer):
            let code = answer.code
            announceSession()
            guard code.rawValue >> 5 == 2 else { return end(.refused(code)) }
            sent += 1
            progress.yield(.answered(number: sent, code: code))
            guard sent < readings else { return end(.finished) }
            context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.begin(context) }
        case .failed(let error, let refusal):
            end(.failed(error, refusal: refusal))
        }
    }

    /// The first proof that the gateway holds the key: message_4, or the response to a request that carried message_3.
    private func announceSession() {
        guard !isAnnounced else { return }
        isAnnounced = true
        progress.yield(.authenticated(milliseconds: now &- began))
    }

    private func end(_ last: DeviceProgress) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        progress.yield(last)
        progress.finish()
    }
}

/// What the firmware sends too: one SenML record (RFC 8428) of 32 bytes, of a day that grows warmer.
func simulatedReading(_ number: Int) -> [UInt8] {
    let thousandths = 21_500 + 125 * (number % 64)
    let fraction = String(thousandths % 1000 + 1000).dropFirst()
    return Array("[{\"n\":\"t\",\"u\":\"Cel\",\"v\":\(thousandths / 1000).\(fraction)}]".utf8)
}
#endif

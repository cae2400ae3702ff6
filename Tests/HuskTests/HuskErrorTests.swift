// HuskError: one case per meaning of the core, each with its advice.
import Testing

@testable import Husk

@Suite struct HuskErrorTests {
    static let all: [HuskError] = [
        .argument, .buffer, .state, .format, .unsupported, .authentication, .replay, .context, .freshness, .destination,
        .expired, .order, .changed, .method, .suite, .credential, .ead, .identifier, .publicKey, .peer, .random,
        .storage, .timeout, .clock, .full, .corrupt, .exhausted,
    ]

    @Test func everyCodeHasOneCase() {
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        for error in Self.all {
            #expect(HuskError(code: error.code) == error)
            #expect(error.code < 0)
        }
        // The ranges of base.h hold these and no others.
        let known = (-128...127).compactMap { HuskError(code: Int32($0)) }
        #expect(Set(known) == Set(Self.all))
    }

    @Test func descriptionSaysWhatToDo() {
        let texts = Self.all.map(\.description)
        #expect(Set(texts).count == texts.count)
        for (error, text) in zip(Self.all, texts) {
            #expect(text == "\(error.reason): \(error.advice)")
        }
    }

    @Test func statusOfTheCoreBecomesAnError() {
        #expect(failure { () throws(HuskError) in try check(0) } == nil)
        #expect(failure { () throws(HuskError) in try check(-18) } == .authentication)
        #expect(failure { () throws(HuskError) in try check(12345) } == .state)
    }
}

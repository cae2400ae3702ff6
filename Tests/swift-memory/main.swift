// Lives each life and looks for what it knew. The scan is proved first: it finds a secret that is there.
var passed = 0
var failed = 0

@MainActor func expect(_ fine: Bool, _ what: String) {
    passed += fine ? 1 : 0
    failed += fine ? 0 : 1
    if !fine {
        print("FAILED \(what)")
    }
}

do {
    let bytes = PinnedBytes(count: 32)
    fill(bytes)
    let needle = Needle(32) { bytes[$0] }
    expect(needle.occurrences() == 1, "the scan does not find what is there")
    withExtendedLifetime(bytes) {}
}

/// Its own frame, so that nothing of a life is left in a register or on the stack of the scan.
@inline(never) func needles(_ life: () throws(HuskError) -> [Needle]) throws(HuskError) -> [Needle] { try life() }

for (name, life) in lives {
    do throws(HuskError) {
        for needle in try needles(life) {
            let left = needle.occurrences()
            expect(left == 0, "\(name): a secret is in memory \(left) times after its life")
        }
    } catch {
        expect(false, "\(name): \(error)")
    }
}
print("\(passed) passed, \(failed) failed")

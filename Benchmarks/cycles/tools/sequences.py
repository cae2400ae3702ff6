"""Short sequences of instructions and the cycles they take by the manuals' tables, one or more for each class of
instruction. r4 and r5 point to words in RAM, r6 to a function that returns at once, r7 is 4."""

def cycles(m0, m0plus, m3, m4=None):
    """Expected cycles on each core; the M4 as the M3 unless told."""
    return dict(zip(("m0", "m0plus", "m3", "m4"), (m0, m0plus, m3, m3 if m4 is None else m4)))


def v7m(m3, m4=None):
    """Expected cycles of a sequence that only ARMv7-M cores have."""
    return {"m3": m3, "m4": m3 if m4 is None else m4}


# Name: assembly, expected cycles. P, the refill of the pipeline, is 3 on Cortex-M3 and M4.
SEQUENCES = {
    "nothing": ("", cycles(0, 0, 0)),
    "move": ("movs r0, #1\n mov r1, r0\n mov r8, r1", cycles(3, 3, 3)),
    "add, subtract": ("adds r0, r1, r2\n subs r0, #3\n adcs r0, r1\n sbcs r0, r1\n rsbs r0, r1, #0\n add r0, sp, #8",
                      cycles(6, 6, 6)),
    "stack pointer": ("sub sp, #16\n add sp, #16", cycles(2, 2, 2)),
    "compare": ("cmp r0, #1\n cmp r0, r1\n cmn r0, r1\n tst r0, r1\n cmp r8, r0", cycles(5, 5, 5)),
    "logic": ("ands r0, r1\n eors r0, r1\n orrs r0, r1\n bics r0, r1\n mvns r0, r1", cycles(5, 5, 5)),
    "shift": ("lsls r0, r1, #3\n lsrs r0, r1, #3\n asrs r0, r1, #3\n lsls r0, r2\n rors r0, r2", cycles(5, 5, 5)),
    "extend, reverse": ("sxtb r0, r1\n uxth r0, r1\n rev r0, r1\n rev16 r0, r1", cycles(4, 4, 4)),
    "multiply": ("muls r0, r1, r0\n muls r2, r1, r2", cycles(2, 2, 2)),
    "one load": ("ldr r0, [r4]\n movs r1, #0", cycles(3, 3, 3)),
    "loads, all widths": ("ldr r0, [r4]\n nop\n ldrh r0, [r4]\n nop\n ldrb r0, [r4, #1]\n nop\n ldrsh r0, [r4, r7]\n"
                          " nop\n ldrsb r0, [r4, r7]\n nop\n ldr r0, [sp, #4]\n nop\n ldr r0, =12345678\n nop",
                          cycles(21, 21, 21)),
    "two loads": ("ldr r0, [r4]\n ldr r1, [r5]", cycles(4, 4, 3)),
    "three loads": ("ldr r0, [r4, r7]\n ldr r1, [r5]\n ldr r2, [r4, #4]", cycles(6, 6, 4)),
    "load of what was loaded": ("ldr r0, [r5]\n ldr r1, [r0]", cycles(4, 4, 4)),
    "load, store, offset immediate": ("ldr r0, [r4, r7]\n str r0, [r4, #8]", cycles(4, 4, 3)),
    "load, store, offset in register": ("ldr r0, [r4, r7]\n str r1, [r4, r7]", cycles(4, 4, 3)),
    "stores": ("str r0, [r4]\n str r0, [r4, #4]\n strh r0, [r4]\n strb r0, [r4]", cycles(8, 8, 4)),
    "stores, offset in register": ("str r0, [r4, r7]\n strh r0, [r4, r7]\n strb r0, [r4, r7]", cycles(6, 6, 6)),
    "store, load": ("str r0, [r4]\n ldr r1, [r5]", cycles(4, 4, 3)),
    "address waits for a result": ("mov r0, r4\n ldr r1, [r0]", cycles(3, 3, 4)),
    "address does not wait": ("mov r0, r4\n nop\n ldr r1, [r0]", cycles(4, 4, 4)),
    "address waits for all kinds of results": (
        "adds r3, r4, #0\n ldr r0, [r3]\n mov r8, r4\n mov r3, r8\n ldr r0, [r3]\n movs r3, #4\n ldr r0, [r4, r3]\n"
        " rev r3, r4\n rev r3, r3\n ldr r0, [r3]\n add r3, sp, #8\n ldr r0, [r3]\n sub sp, #8\n ldr r0, [sp]\n"
        " add sp, #8",
        cycles(21, 21, 27)),
    "address does not wait for a comparison": (
        "cmp r4, #1\n ldr r0, [r4]\n cmp r4, r1\n ldr r0, [r4]\n tst r4, r1\n ldr r0, [r4]\n mov r8, r1\n cmp r4, r8\n"
        " ldr r0, [r4]", cycles(13, 13, 13)),
    "load multiple": ("mov r3, r4\n ldmia r3!, {r0, r1, r2}", cycles(5, 5, 5)),
    "store multiple": ("mov r3, r4\n stmia r3!, {r0, r1}", cycles(4, 4, 4)),
    "push, pop": ("push {r0, r1, r2}\n pop {r0, r1, r2}", cycles(8, 8, 8)),
    "branch": ("b 1f\n nop\n1:", cycles(3, 2, 4)),
    "branch on condition, taken": ("cmp r7, #4\n beq 1f\n nop\n1:", cycles(4, 3, 5)),
    "branch on condition, not taken": ("cmp r7, #4\n bne 1f\n nop\n1:", cycles(3, 3, 3)),
    "loop of ten": ("movs r0, #10\n1:\n subs r0, #1\n bne 1b", cycles(1 + 9 * 4 + 2, 1 + 9 * 3 + 2, 1 + 9 * 5 + 2)),
    "call and return": ("bl returns", cycles(4 + 3, 3 + 2, 4 + 4)),
    "call through a register": ("blx r6", cycles(3 + 3, 2 + 2, 4 + 4)),
    "call and pop pc": ("bl pops", cycles(4 + 3 + 6, 3 + 3 + 5, 4 + 3 + 6)),
    "tail call": ("bl tails", cycles(4 + 3 + 3, 3 + 2 + 2, 4 + 4 + 4)),
    "write to pc": ("ldr r0, =1f\n nop\n mov pc, r0\n .balign 4\n1:", cycles(6, 5, 7)),
    "branch to the next instruction": ("b 1f\n1:", cycles(3, 2, 4)),
    "special registers": ("mrs r0, primask\n msr primask, r0", cycles(8, 6, 4)),
    "change of state": ("cpsid i", cycles(1, 1, 1)),
    "hint": ("nop\n sev\n yield", cycles(3, 3, 3)),
    "the peer calls too": ("bl returns\n .inst.n 0xbf70\n bl returns\n .inst.n 0xbf80", cycles(4 + 3, 3 + 2, 4 + 4)),
    "paused": ("nop\n .inst.n 0xbf70\n muls r0, r1, r0\n bl returns\n .inst.n 0xbf80\n nop", cycles(2, 2, 2)),

    "32-bit computation": ("add.w r0, r1, r2, lsl #3\n movw r0, #4660\n movt r0, #4660\n ubfx r0, r1, #2, #3\n"
                           " ror.w r0, r1, #3\n clz r0, r1", v7m(6)),
    "multiply and add": ("mul r0, r1, r2\n mla r0, r1, r2, r3\n mls r0, r1, r2, r3", v7m(5, 3)),
    "long multiply": ("umull r0, r1, r2, r3\n smull r0, r1, r2, r3", v7m(10, 2)),
    "long multiply and add": ("umlal r0, r1, r2, r3\n smlal r0, r1, r2, r3", v7m(14, 2)),
    "divide": ("udiv r0, r1, r2\n sdiv r0, r1, r2", v7m(24)),
    "address waits for 32-bit results": ("add.w r3, r4, #0\n ldr r0, [r3]\n umull r3, r1, r4, r1\n ldr r0, [r3]\n"
                                         " bfc r3, #0, #1\n ldr r0, [r3]", v7m(4 + 8 + 4, 4 + 4 + 4)),
    "end of QEMU's page": ("b 4f\n .balign 1024\n .space 1018\n4:\n and.w r3, r4, r4\n ldr.w r0, [r3]", v7m(8)),
    "compare with zero, taken": ("cbnz r7, 1f\n nop\n1:", v7m(4)),
    "compare with zero, not taken": ("cbz r7, 1f\n nop\n1:", v7m(2)),
    "table branch": ("movs r0, #0\n tbb [pc, r0]\n .byte 1, 1\n1:", v7m(7)),
    "load of pc": ("ldr r0, =1f + 1\n str r0, [r4]\n ldr pc, [r4]\n .balign 4\n1:", v7m(8)),
    "load with writeback": ("mov r3, r4\n nop\n ldr r0, [r3], #4\n ldr r1, [r3, #4]!", v7m(5)),
    "load double": ("ldrd r0, r1, [r4]\n strd r0, r1, [r4]", v7m(6)),
    "load multiple, 32-bit": ("ldmia.w r4, {r0, r1, r8}\n stmdb sp, {r0, r8}", v7m(7)),
    "unaligned loads": ("ldr r0, [r4, #1]\n nop\n ldr r0, [r4, #2]\n nop\n ldrh r0, [r4, #1]\n nop\n"
                        " ldrh r0, [r4, #2]\n nop", v7m(12 + 2 + 1 + 1)),
    "conditional, done": ("cmp r7, #4\n itt eq\n ldreq r0, [r4]\n moveq r1, #0", v7m(5)),
    "conditional, skipped": ("cmp r7, #4\n itt ne\n ldrne r0, [r4]\n movne r1, #0", v7m(4)),
    "signed multiplication of halves": ("smulbb r0, r1, r2\n smlabb r0, r1, r2, r3\n umaal r0, r1, r2, r3", {"m4": 3}),
}

# Name: core, options of the model, cycles. Each sequence begins in the middle of a word of flash.
WITH_OPTIONS = {
    "multiply": ("m0plus", {"multiplier": 32}, 64),
    "move": ("m0plus", {"wait": 2}, 3 + 2 * 2),                       # two words of code
    "one load": ("m4", {"wait": 3}, 3 + 2 * 3),                       # two words of code; data in RAM
    "write to pc": ("m0plus", {"wait": 2}, 5 + 2 * 2 + 2),            # two words of code, one of data
    "shift": ("m0plus", {"wait": 2, "line": 16}, 5 + 2),              # one line of code
    "loop of ten": ("m3", {"wait": 1}, 1 + 9 * 5 + 2 + 10 * 1 + 1),   # the loop lies in one word, and fills it
}

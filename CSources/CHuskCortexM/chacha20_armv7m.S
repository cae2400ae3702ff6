/* One block of ChaCha20 (RFC 8439 section 2.3) on Cortex-M3, M4, M7 and M33.
 *
 * Implementation notes
 *
 * The rows a, b and d of the state are in registers, and two words of c; the other two are on the stack. Rotations are
 * not done but remembered, and go into the next instruction that reads the word: between quarter rounds b has to be
 * rotated right by 25 and d by 24. The order of the quarter rounds lets two words of c stay for the next ones. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 2

/* The frame; pushed before: where the block goes, and the state. */
#define C 0
#define COUNT 16
#define D2 20
#define FRAME 24
#define OUT 24
#define STATE 28

        .syntax unified
        .thumb

.macro quarter_round a, b, c, d
        add     \a, \a, \b, ror #25
        eor     \d, \a, \d, ror #24
        add     \c, \c, \d, ror #16
        eor     \b, \c, \b, ror #25
        add     \a, \a, \b, ror #20
        eor     \d, \a, \d, ror #16
        add     \c, \c, \d, ror #24
        eor     \b, \c, \b, ror #20
.endm

/* word = word rotated right by n, plus what is at r14 + `at`, to where r12 points */
.macro sum word, n, at
.if \n
        ror     \word, \word, #\n
.endif
        ldr     r10, [lr, #\at]
        add     \word, \word, r10
        str     \word, [r12, #\at]
.endm

/* void husk_cortex_m_chacha20_block(uint32_t out[16], const uint32_t state[16]): chacha20.c */
        .section .text.husk_cortex_m_chacha20_block, "ax", %progbits
        .balign 4
        .global husk_cortex_m_chacha20_block
        .type   husk_cortex_m_chacha20_block, %function
        .thumb_func
husk_cortex_m_chacha20_block:
        push    {r4-r11, lr}
        push    {r0, r1}
        sub     sp, sp, #FRAME
        mov     r12, #10
        str     r12, [sp, #COUNT]
        add     r12, r1, #32
        ldm     r12, {r4-r11}
        stm     sp, {r4-r7}
        ror     r8, r8, #8
        ror     r9, r9, #8
        ror     r10, r10, #8
        ror     r11, r11, #8
        ldm     r1, {r0-r7}
        ror     r4, r4, #7
        ror     r5, r5, #7
        ror     r6, r6, #7
        ror     r7, r7, #7
        ldr     r12, [sp, #C]
        ldr     lr, [sp, #C + 4]
1:      quarter_round r0, r4, r12, r8
        quarter_round r1, r5, lr, r9
        str     r12, [sp, #C]
        str     lr, [sp, #C + 4]
        ldr     r12, [sp, #C + 8]
        ldr     lr, [sp, #C + 12]
        quarter_round r2, r6, r12, r10
        quarter_round r3, r7, lr, r11
        quarter_round r0, r5, r12, r11
        quarter_round r1, r6, lr, r8
        str     r12, [sp, #C + 8]
        str     lr, [sp, #C + 12]
        ldr     r12, [sp, #C]
        ldr     lr, [sp, #C + 4]
        quarter_round r2, r7, r12, r9
        quarter_round r3, r4, lr, r10
        str     r12, [sp, #C]
        ldr     r12, [sp, #COUNT]
        subs    r12, r12, #1
        str     r12, [sp, #COUNT]
        ldr     r12, [sp, #C]
        bne     1b
        str     lr, [sp, #C + 4]
        str     r10, [sp, #D2]
        ldr     r12, [sp, #OUT]
        ldr     lr, [sp, #STATE]
        sum     r0, 0, 0
        sum     r1, 0, 4
        sum     r2, 0, 8
        sum     r3, 0, 12
        sum     r4, 25, 16
        sum     r5, 25, 20
        sum     r6, 25, 24
        sum     r7, 25, 28
        sum     r8, 24, 48
        sum     r9, 24, 52
        sum     r11, 24, 60
        ldm     sp, {r1-r4}
        ldr     r0, [sp, #D2]
        sum     r0, 24, 56
        sum     r1, 0, 32
        sum     r2, 0, 36
        sum     r3, 0, 40
        sum     r4, 0, 44
        mov     r0, #0
        mov     r1, r0
        mov     r2, r0
        mov     r3, r0
        mov     r12, r0
        stm     sp, {r0-r3}
        str     r0, [sp, #D2]
        add     sp, sp, #FRAME + 8
        pop     {r4-r11, pc}
        .size   husk_cortex_m_chacha20_block, . - husk_cortex_m_chacha20_block

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

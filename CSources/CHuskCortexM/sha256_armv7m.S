/* The compression function of SHA-256 (FIPS 180-4) on Cortex-M3, M4, M7 and M33.
 *
 * Implementation notes
 *
 * The eight working variables are in registers, which eight rounds rename once around. The sums of three rotations are
 * two nested ones, x ^ (x >>> i) ^ (x >>> j), with the third rotation where they are added. What Maj needs of b ^ c is
 * a ^ b of the round before. Every sixteen rounds the next words of the message schedule overwrite the last. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 2

/* The frame: the working variables while the schedule has their registers; pushed before: state and block. */
#define VARIABLES 0
#define STATE 32
#define BLOCK 36
#define FRAME 32

        .syntax unified
        .thumb

/* One round. `last` is b ^ c, and `next`, which is for the next round, becomes a ^ b. */
.macro round a, b, c, d, e, f, g, h, last, next
        ldr     r2, [r0], #4
        ldr     lr, [r1], #4
        add     \h, \h, r2
        add     \h, \h, lr
        eor     r2, \e, \e, ror #5
        eor     r2, r2, \e, ror #19
        add     \h, \h, r2, ror #6
        eor     r2, \f, \g
        and     r2, r2, \e
        eor     r2, r2, \g
        add     \h, \h, r2
        add     \d, \d, \h
        eor     r2, \a, \a, ror #11
        eor     r2, r2, \a, ror #20
        add     \h, \h, r2, ror #2
        eor     \next, \a, \b
        and     \last, \last, \next
        eor     \last, \last, \b
        add     \h, \h, \last
.endm

/* One word of the schedule, at r0 + `at`: `word` is what was there, `following` becomes what comes next and lies at
 * `half` + `next`, `before` is the new word two places back, and the word nine places on lies at `other` + `next`. */
.macro extend word, following, before, at, half, other, next
        ldr     \following, [\half, #\next]
        ldr     r12, [\other, #\next]
        add     \word, \word, r12
        eor     r12, \following, \following, ror #11
        lsr     lr, \following, #3
        eor     lr, lr, r12, ror #7
        add     \word, \word, lr
        eor     r12, \before, \before, ror #2
        lsr     lr, \before, #10
        eor     lr, lr, r12, ror #17
        add     \word, \word, lr
        str     \word, [r0, #\at]
.endm

/* void husk_cortex_m_sha256_compress(uint32_t state[8], uint32_t block[16]): sha256.c */
        .section .text.husk_cortex_m_sha256_compress, "ax", %progbits
        .balign 4
        .global husk_cortex_m_sha256_compress
        .type   husk_cortex_m_sha256_compress, %function
        .thumb_func
husk_cortex_m_sha256_compress:
        push    {r4-r11, lr}
        push    {r0, r1}
        sub     sp, sp, #FRAME
        add     r2, r1, #64
1:      ldr     r3, [r1]
        ldr     r4, [r1, #4]
        rev     r3, r3
        rev     r4, r4
        str     r3, [r1], #4
        str     r4, [r1], #4
        cmp     r1, r2
        bne     1b
        ldm     r0, {r4-r11}
        ldr     r1, =husk_sha256_constants

sixteen:
        ldr     r0, [sp, #BLOCK]
        eor     r12, r5, r6
eight:
        round   r4, r5, r6, r7, r8, r9, r10, r11, r12, r3
        round   r11, r4, r5, r6, r7, r8, r9, r10, r3, r12
        round   r10, r11, r4, r5, r6, r7, r8, r9, r12, r3
        round   r9, r10, r11, r4, r5, r6, r7, r8, r3, r12
        round   r8, r9, r10, r11, r4, r5, r6, r7, r12, r3
        round   r7, r8, r9, r10, r11, r4, r5, r6, r3, r12
        round   r6, r7, r8, r9, r10, r11, r4, r5, r12, r3
        round   r5, r6, r7, r8, r9, r10, r11, r4, r3, r12
        ldr     r2, [sp, #BLOCK]
        sub     r3, r0, r2
        cmp     r3, #64
        bne     eight
        ldr     r0, =husk_sha256_constants + 256
        cmp     r1, r0
        beq     done

        stm     sp, {r4-r11}
        mov     r0, r2
        add     r3, r2, #32
        ldr     r4, [r0]
        ldr     r6, [r0, #56]
        ldr     r7, [r0, #60]
2:      extend  r4, r5, r6, 0, r0, r3, 4
        extend  r5, r6, r7, 4, r0, r3, 8
        extend  r6, r7, r4, 8, r0, r3, 12
        extend  r7, r8, r5, 12, r0, r3, 16
        extend  r8, r9, r6, 16, r0, r3, 20
        extend  r9, r10, r7, 20, r0, r3, 24
        extend  r10, r11, r8, 24, r0, r3, 28
        extend  r11, r4, r9, 28, r3, r0, 0
        mov     r6, r10
        mov     r7, r11
        eor     r12, r0, r3
        eor     r0, r0, r12
        eor     r3, r3, r12
        cmp     r0, r2
        bne     2b
        ldm     sp, {r4-r11}
        b       sixteen

done:
        ldr     r0, [sp, #STATE]
.macro add_state at, register
        ldr     r2, [r0, #\at]
        add     r2, r2, \register
        str     r2, [r0, #\at]
.endm
        add_state 0, r4
        add_state 4, r5
        add_state 8, r6
        add_state 12, r7
        add_state 16, r8
        add_state 20, r9
        add_state 24, r10
        add_state 28, r11
        mov     r4, #0
        mov     r5, r4
        mov     r6, r4
        mov     r7, r4
        mov     r2, sp
        stm     r2!, {r4-r7}
        stm     r2!, {r4-r7}
        mov     r2, r4
        mov     r3, r4
        mov     r12, r4
        add     sp, sp, #FRAME + 8
        pop     {r4-r11, pc}
        .ltorg
        .size   husk_cortex_m_sha256_compress, . - husk_cortex_m_sha256_compress

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

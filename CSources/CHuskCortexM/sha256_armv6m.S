/* The compression function of SHA-256 (FIPS 180-4) on Cortex-M0 and M0+.
 *
 * Implementation notes
 *
 * The eight working variables are not moved from one to the next in each round: they lie in memory as a, b, ..., h, and
 * the next round finds them one word further down; every eight rounds all go back up. a and e are in registers too.
 * Rotations are nested, x ^ (x ^ (x >>> i)) >>> j, because every one of them overwrites what it rotates. Every sixteen
 * rounds the next words of the message schedule overwrite the last. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 1

/* The frame: working variables and the eight words they move down by; pushed before: state and block. */
#define VARIABLES 32
#define FRAME 64
#define STATE 64
#define BLOCK 68

        .syntax unified
        .thumb

/* x = x ^ ((x ^ (x >>> i)) >>> j), rotated by k; `from` is x, and `count` is lost. */
.macro nested x, from, i, j, k, count
        movs    \x, \from
        movs    \count, #\i
        rors    \x, \count
        eors    \x, \from
        movs    \count, #\j
        rors    \x, \count
        eors    \x, \from
        movs    \count, #\k
        rors    \x, \count
.endm

/* x = ((x ^ (x >>> i)) >>> j) ^ (x >> k); u and v are lost. */
.macro small x, i, j, k, u, v
        movs    \u, \x
        movs    \v, #\i
        rors    \u, \v
        eors    \u, \x
        movs    \v, #\j
        rors    \u, \v
        lsrs    \x, \x, #\k
        eors    \x, \u
.endm

/* One word of the schedule, 60 bytes behind r1, which moves on; where the words 1, 9 and 14 places later are, or those
 * they have overwritten. */
.macro extend one, nine, fourteen
        ldr     r4, [r1, #\one]
        small   r4, 11, 7, 3, r5, r6
        ldr     r3, [r1, #60]
        adds    r3, r3, r4
        ldr     r4, [r1, #\nine]
        adds    r3, r3, r4
        ldr     r4, [r1, #\fourteen]
        small   r4, 2, 17, 10, r5, r6
        adds    r3, r3, r4
        str     r3, [r1, #60]
        adds    r1, r1, #4
.endm

/* void husk_cortex_m_sha256_compress(uint32_t state[8], uint32_t block[16]): sha256.c */
        .section .text.husk_cortex_m_sha256_compress, "ax", %progbits
        .balign 4
        .global husk_cortex_m_sha256_compress
        .type   husk_cortex_m_sha256_compress, %function
        .thumb_func
husk_cortex_m_sha256_compress:
        push    {r4-r7, lr}
        push    {r0, r1}
        sub     sp, sp, #FRAME
        movs    r2, #8
1:      ldr     r3, [r1]
        ldr     r4, [r1, #4]
        rev     r3, r3
        rev     r4, r4
        stm     r1!, {r3, r4}
        subs    r2, r2, #1
        bne     1b
        subs    r1, r1, #64
        ldr     r2, =husk_sha256_constants
        b       eight

sixteen:
        subs    r1, r1, #124
.rept   2
        extend  64, 96, 116
.endr
        movs    r7, #5
2:      extend  64, 96, 52
        subs    r7, r7, #1
        bne     2b
        movs    r7, #8
3:      extend  64, 32, 52
        subs    r7, r7, #1
        bne     3b
        extend  0, 32, 52
        subs    r1, r1, #4
        mov     r0, sp

        /* Eight rounds. r0 is where the working variables are: in the state at first, then at the end of the frame. */
eight:
        add     r3, sp, #VARIABLES
.rept   2
        ldm     r0!, {r4-r7}
        stm     r3!, {r4-r7}
.endr
        add     r0, sp, #VARIABLES
        ldr     r3, [r0]
        ldr     r7, [r0, #16]
4:      ldr     r4, [r0, #28]
        ldm     r1!, {r5}
        ldm     r2!, {r6}
        adds    r4, r4, r5
        adds    r4, r4, r6
        nested  r5, r7, 14, 5, 6, r6
        adds    r4, r4, r5
        ldr     r5, [r0, #20]
        ldr     r6, [r0, #24]
        eors    r5, r6
        ands    r5, r7
        eors    r5, r6
        adds    r4, r4, r5
        ldr     r7, [r0, #12]
        adds    r7, r7, r4
        str     r7, [r0, #12]
        nested  r5, r3, 9, 11, 2, r6
        adds    r4, r4, r5
        ldr     r5, [r0, #4]
        ldr     r6, [r0, #8]
        eors    r6, r5
        eors    r3, r5
        ands    r3, r6
        eors    r3, r5
        adds    r3, r3, r4
        subs    r0, r0, #4
        str     r3, [r0]
        mov     r6, sp
        cmp     r0, r6
        bne     4b
        ldr     r4, [sp, #BLOCK]
        subs    r4, r1, r4
        cmp     r4, #64
        bne     eight
        ldr     r4, =husk_sha256_constants + 256
        cmp     r2, r4
        beq     done
        b       sixteen

done:
        ldr     r1, [sp, #STATE]
        movs    r4, #0
        movs    r5, #8
5:      ldr     r2, [r0]
        ldr     r3, [r1]
        adds    r3, r3, r2
        stm     r1!, {r3}
        str     r4, [r0, #32]
        stm     r0!, {r4}
        subs    r5, r5, #1
        bne     5b
        movs    r2, #0
        movs    r3, #0
        add     sp, sp, #FRAME + 8
        pop     {r4-r7, pc}
        .ltorg
        .size   husk_cortex_m_sha256_compress, . - husk_cortex_m_sha256_compress

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

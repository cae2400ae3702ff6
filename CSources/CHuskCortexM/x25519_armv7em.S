/* X25519's scalar multiplication on Cortex-M4 and M7, and M33 with the DSP extension: the Montgomery ladder on
 * Curve25519 (RFC 7748 section 5) and the division at its end, around UMAAL, which is a * b + c + d in one cycle.
 *
 * Implementation notes
 *
 * A field element is eight words, least significant first, and stands for its residue modulo p = 2^255 - 19. Products
 * and squares are below 2^255 + 2^231, which lets sums and differences of two of them have one carry or borrow of 2^256
 * = 38 and no second; those may be anything below 2^256, which products and squares accept.
 *
 * An element that was just computed is in r0 to r7, where the next operation wants its first operand. Both multiply
 * by words in registers with a carry register for each row, so that no partial sum is loaded or stored but once.
 *
 * No branch or address depends on the scalar. The step that RFC 7748 writes with two conditional swaps needs none: the
 * points P = x2 : z2 and Q = x3 : z3 enter their sum in (x3 - z3)(x2 + z2) and (x3 + z3)(x2 - z2), which trade places
 * when the points do, and of which only the sum and the square of the difference matter. What has to be chosen is which
 * point is doubled, by SEL, whose condition flags ADD, UMAAL and loads do not touch.
 *
 * All that is secret is in one frame on the stack, which is wiped at the end, and in registers. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_FEATURE_DSP)

/* The frame. PRODUCT and FACTOR are for multiply and square, T and U for what has no name. */
#define PRODUCT 0
#define FACTOR 32
#define RETURN 64
#define POINTER 68
#define BIT 72
#define SWAPPED 76
#define X1 80
#define X2 112
#define Z2 144
#define X3 176
#define Z3 208
#define T 240
#define U 272
#define FRAME 304
#define OUT 304 /* pushed before the frame was made */
#define SCALAR 308
#define POINT 312

        .syntax unified
        .thumb

/* r0 to r7 = the element at `slot`. */
.macro load slot
        add     r8, sp, #\slot
        ldm     r8, {r0-r7}
.endm

.macro store slot
        add     r8, sp, #\slot
        stm     r8, {r0-r7}
.endm

/* r0 to r7 += the element at `slot`, both below 2^255 + 2^231. */
.macro add_slot slot
        add     r8, sp, #\slot
        ldm     r8!, {r9-r12}
        adds    r0, r0, r9
        adcs    r1, r1, r10
        adcs    r2, r2, r11
        adcs    r3, r3, r12
        ldm     r8, {r9-r12}
        adcs    r4, r4, r9
        adcs    r5, r5, r10
        adcs    r6, r6, r11
        adcs    r7, r7, r12
        mov     r9, #38
        sbc     r8, r8, r8
        bic     r8, r9, r8
        adds    r0, r0, r8
        adcs    r1, r1, #0
        adcs    r2, r2, #0
        adcs    r3, r3, #0
        adcs    r4, r4, #0
        adcs    r5, r5, #0
        adcs    r6, r6, #0
        adc     r7, r7, #0
.endm

/* r0 to r7 -= the element at `slot`, both below 2^255 + 2^231. */
.macro subtract_slot slot
        add     r8, sp, #\slot
        ldm     r8!, {r9-r12}
        subs    r0, r0, r9
        sbcs    r1, r1, r10
        sbcs    r2, r2, r11
        sbcs    r3, r3, r12
        ldm     r8, {r9-r12}
        sbcs    r4, r4, r9
        sbcs    r5, r5, r10
        sbcs    r6, r6, r11
        sbcs    r7, r7, r12
        sbc     r8, r8, r8
        and     r8, r8, #38
        subs    r0, r0, r8
        sbcs    r1, r1, #0
        sbcs    r2, r2, #0
        sbcs    r3, r3, #0
        sbcs    r4, r4, #0
        sbcs    r5, r5, #0
        sbcs    r6, r6, #0
        sbc     r7, r7, #0
.endm

/* r0 to r7 = the element at `set` if the GE flags are set, else that at `clear`. */
.macro select_slot set, clear
        add     r8, sp, #\set
        ldm     r8, {r0-r7}
        add     r8, sp, #\clear
        ldm     r8!, {r9-r12}
        sel     r0, r0, r9
        sel     r1, r1, r10
        sel     r2, r2, r11
        sel     r3, r3, r12
        ldm     r8, {r9-r12}
        sel     r4, r4, r9
        sel     r5, r5, r10
        sel     r6, r6, r11
        sel     r7, r7, r12
.endm

/* r0 to r7 *= the element at `slot`. */
.macro multiply_slot slot
        add     r8, sp, #\slot
        bl      multiply
.endm

/* One row of a product: four words in r9 to r12 times one, added to four columns, with what comes in and goes out on
 * top in `carry`. The first column is done then. */
.macro row word, column0, column1, column2, column3, carry
        umaal   \column0, \carry, r9, \word
        umaal   \column1, \carry, r10, \word
        umaal   \column2, \carry, r11, \word
        umaal   \column3, \carry, r12, \word
.endm

        .section .text.husk_cortex_m_x25519_ladder, "ax", %progbits
        .balign 4

/* r0 to r7 = r0 to r7 times the element at r8. Any two elements below 2^256; the rest of the registers is lost. The
 * lower half of the second factor goes over all words of the first, then the upper half. */
        .type   multiply, %function
        .thumb_func
multiply:
        str     lr, [sp, #RETURN]
        str     r0, [sp, #FACTOR]
        str     r1, [sp, #FACTOR + 4]
        str     r2, [sp, #FACTOR + 8]
        str     r3, [sp, #FACTOR + 12]
        str     r4, [sp, #FACTOR + 16]
        str     r5, [sp, #FACTOR + 20]
        str     r6, [sp, #FACTOR + 24]
        str     r7, [sp, #FACTOR + 28]
        ldm     r8!, {r9-r12}
        str     r8, [sp, #POINTER]

        umull   r5, r6, r9, r0
        mov     r7, #0
        umaal   r7, r6, r10, r0
        mov     r8, #0
        umaal   r8, r6, r11, r0
        mov     lr, #0
        umaal   lr, r6, r12, r0
        str     r5, [sp, #PRODUCT]
        mov     r5, #0
        row     r1, r7, r8, lr, r6, r5
        str     r7, [sp, #PRODUCT + 4]
        mov     r7, #0
        row     r2, r8, lr, r6, r5, r7
        str     r8, [sp, #PRODUCT + 8]
        mov     r8, #0
        row     r3, lr, r6, r5, r7, r8
        str     lr, [sp, #PRODUCT + 12]
        mov     lr, #0
        row     r4, r6, r5, r7, r8, lr
        ldr     r0, [sp, #FACTOR + 20]
        ldr     r1, [sp, #FACTOR + 24]
        ldr     r2, [sp, #FACTOR + 28]
        mov     r3, #0
        row     r0, r5, r7, r8, lr, r3
        mov     r0, #0
        row     r1, r7, r8, lr, r3, r0
        mov     r1, #0
        row     r2, r8, lr, r3, r0, r1

        /* Columns 4 to 7 are in r6, r5, r7, r8; 8 to 11 in lr, r3, r0, r1. */
        ldr     r4, [sp, #POINTER]
        ldm     r4, {r9-r12}
        ldr     r4, [sp, #FACTOR]
        mov     r2, #0
        row     r4, r6, r5, r7, r8, r2
        str     r6, [sp, #PRODUCT + 16]
        ldr     r4, [sp, #FACTOR + 4]
        mov     r6, #0
        row     r4, r5, r7, r8, r2, r6
        str     r5, [sp, #PRODUCT + 20]
        ldr     r4, [sp, #FACTOR + 8]
        mov     r5, #0
        row     r4, r7, r8, r2, r6, r5
        str     r7, [sp, #PRODUCT + 24]
        ldr     r4, [sp, #FACTOR + 12]
        mov     r7, #0
        row     r4, r8, r2, r6, r5, r7
        str     r8, [sp, #PRODUCT + 28]
        ldr     r4, [sp, #FACTOR + 16]
        ldr     r8, [sp, #FACTOR + 20]
        row     r4, r2, r6, r5, r7, lr
        row     r8, r6, r5, r7, lr, r3
        ldr     r4, [sp, #FACTOR + 24]
        ldr     r8, [sp, #FACTOR + 28]
        row     r4, r5, r7, lr, r3, r0
        row     r8, r7, lr, r3, r0, r1

        /* 8 to 15 are in r2, r6, r5, r7, lr, r3, r0, r1. 2^256 is 38 and 2^255 is 19: first the top word, whose upper
         * part is known then and goes in at the bottom. */
        ldr     r9, [sp, #PRODUCT]
        ldr     r10, [sp, #PRODUCT + 4]
        ldr     r11, [sp, #PRODUCT + 8]
        ldr     r4, [sp, #PRODUCT + 28]
        mov     r12, #38
        mov     r8, #0
        umaal   r4, r8, r1, r12
        lsl     r8, r8, #1
        add     r8, r8, r4, lsr #31
        add     r1, r8, r8, lsl #3
        add     r8, r8, r1, lsl #1
        umaal   r9, r8, r2, r12
        umaal   r10, r8, r6, r12
        umaal   r11, r8, r5, r12
        bic     r1, r4, #0x80000000
        ldr     r2, [sp, #PRODUCT + 12]
        ldr     r4, [sp, #PRODUCT + 16]
        ldr     r5, [sp, #PRODUCT + 20]
        ldr     r6, [sp, #PRODUCT + 24]
        umaal   r2, r8, r7, r12
        umaal   r4, r8, lr, r12
        umaal   r5, r8, r3, r12
        umaal   r6, r8, r0, r12
        add     r7, r1, r8
        mov     r0, r9
        mov     r1, r10
        mov     r3, r2
        mov     r2, r11
        ldr     pc, [sp, #RETURN]
        .size   multiply, . - multiply

/* r0 to r7 = the square of r0 to r7, any element below 2^256; the rest of the registers is lost. Column by column: each
 * product of different words once, then doubled through the carry flag, then the square of a word, whose upper half
 * goes to the next column in r9. */
        .type   square, %function
        .thumb_func
square:
        str     lr, [sp, #RETURN]
        mov     r11, #0
        umull   r8, r9, r0, r0
        str     r8, [sp, #PRODUCT]

        umull   r8, r10, r0, r1
        adds    r8, r8, r8
        umaal   r8, r9, r11, r11
        str     r8, [sp, #PRODUCT + 4]

        mov     r8, #0
        umaal   r8, r10, r0, r2
        adcs    r8, r8, r8
        umaal   r8, r9, r1, r1
        str     r8, [sp, #PRODUCT + 8]

        umull   r8, r12, r1, r2
        umaal   r8, r10, r0, r3
        adcs    r8, r8, r8
        umaal   r8, r9, r11, r11
        str     r8, [sp, #PRODUCT + 12]

        mov     r8, #0
        umaal   r8, r10, r0, r4
        umaal   r8, r12, r1, r3
        adcs    r8, r8, r8
        umaal   r8, r9, r2, r2
        str     r8, [sp, #PRODUCT + 16]

        umull   r8, lr, r2, r3
        umaal   r8, r10, r0, r5
        umaal   r8, r12, r1, r4
        adcs    r8, r8, r8
        umaal   r8, r9, r11, r11
        str     r8, [sp, #PRODUCT + 20]

        mov     r8, #0
        umaal   r8, r10, r0, r6
        umaal   r8, r12, r1, r5
        umaal   r8, lr, r2, r4
        adcs    r8, r8, r8
        umaal   r8, r9, r3, r3
        str     r8, [sp, #PRODUCT + 24]

        umull   r8, r11, r3, r4
        umaal   r8, r10, r0, r7
        umaal   r8, r12, r1, r6
        umaal   r8, lr, r2, r5
        adcs    r8, r8, r8
        mov     r0, #0
        umaal   r8, r9, r0, r0
        str     r8, [sp, #PRODUCT + 28]

        umaal   r10, r12, r1, r7
        umaal   r10, lr, r2, r6
        umaal   r10, r11, r3, r5
        adcs    r10, r10, r10
        umaal   r10, r9, r4, r4

        mov     r8, #0
        umaal   r12, lr, r2, r7
        umaal   r12, r11, r3, r6
        umaal   r12, r8, r4, r5
        adcs    r12, r12, r12
        umaal   r12, r9, r0, r0

        umaal   lr, r11, r3, r7
        umaal   lr, r8, r4, r6
        adcs    lr, lr, lr
        umaal   lr, r9, r5, r5

        mov     r1, #0
        umaal   r11, r8, r4, r7
        umaal   r11, r1, r5, r6
        adcs    r11, r11, r11
        umaal   r11, r9, r0, r0

        umaal   r8, r1, r5, r7
        adcs    r8, r8, r8
        umaal   r8, r9, r6, r6

        mov     r2, #0
        umaal   r1, r2, r6, r7
        adcs    r1, r1, r1
        umaal   r1, r9, r0, r0

        adcs    r2, r2, r2
        umaal   r2, r9, r7, r7
        adc     r9, r9, #0

        /* Columns 8 to 15 are in r10, r12, lr, r11, r8, r1, r2, r9, which end as in `multiply`. */
        ldr     r7, [sp, #PRODUCT + 28]
        ldr     r0, [sp, #PRODUCT]
        ldr     r3, [sp, #PRODUCT + 4]
        mov     r5, #38
        mov     r4, #0
        umaal   r7, r4, r9, r5
        lsl     r4, r4, #1
        add     r4, r4, r7, lsr #31
        add     r9, r4, r4, lsl #3
        add     r4, r4, r9, lsl #1
        umaal   r0, r4, r10, r5
        umaal   r3, r4, r12, r5
        bic     r7, r7, #0x80000000
        ldr     r9, [sp, #PRODUCT + 8]
        ldr     r10, [sp, #PRODUCT + 12]
        ldr     r12, [sp, #PRODUCT + 16]
        ldr     r6, [sp, #PRODUCT + 24]
        umaal   r9, r4, lr, r5
        umaal   r10, r4, r11, r5
        ldr     lr, [sp, #PRODUCT + 20]
        umaal   r12, r4, r8, r5
        umaal   lr, r4, r1, r5
        umaal   r6, r4, r2, r5
        add     r7, r7, r4
        mov     r1, r3
        mov     r2, r9
        mov     r3, r10
        mov     r4, r12
        mov     r5, lr
        ldr     pc, [sp, #RETURN]
        .size   square, . - square

/* void husk_cortex_m_x25519_ladder(uint32_t x[8], const uint8_t scalar[32], const uint32_t point[8]): ladder.h */
        .global husk_cortex_m_x25519_ladder
        .type   husk_cortex_m_x25519_ladder, %function
        .thumb_func
husk_cortex_m_x25519_ladder:
        push    {r4-r11, lr}
        push    {r0-r2}
        sub     sp, sp, #FRAME
        mov     r0, #9
        mov     r1, #0
        mov     r3, #0
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        cbz     r2, 1f
        ldm     r2, {r0-r7}
        b       2f
1:      mov     r2, #0
2:      store   X1
        store   X3
        mov     r0, #1
        mov     r1, #0
        mov     r2, #0
        mov     r3, #0
        mov     r4, #0
        mov     r5, #0
        mov     r6, #0
        mov     r7, #0
        store   X2
        store   Z3
        mov     r0, #0
        store   Z2
        str     r0, [sp, #SWAPPED]
        mov     r11, #254

        /* x2 : z2 and x3 : z3 are the points of the ladder, swapped if the last bit was set. */
step:
        str     r11, [sp, #BIT]
        load    X2
        add_slot Z2
        store   T
        load    X2
        subtract_slot Z2
        store   Z2
        load    X3
        add_slot Z3
        store   X2
        load    X3
        subtract_slot Z3
        store   Z3
        multiply_slot T
        store   X3
        load    X2
        multiply_slot Z2
        store   U

        /* Bit 254 counts as set and bits 0 to 2 as clear. */
        ldr     r0, [sp, #BIT]
        ldr     r1, [sp, #SCALAR]
        lsr     r2, r0, #3
        ldrb    r1, [r1, r2]
        and     r2, r0, #7
        lsr     r1, r1, r2
        and     r1, r1, #1
        cmp     r0, #254
        it      eq
        moveq   r1, #1
        cmp     r0, #3
        it      lo
        movlo   r1, #0
        ldr     r2, [sp, #SWAPPED]
        str     r1, [sp, #SWAPPED]
        eor     r1, r1, r2
        rsb     r1, r1, #0
        uadd8   r1, r1, r1

        /* x2 = AA BB, z2 = E (BB + 121666 E) with E = AA - BB. */
        select_slot X2, T
        bl      square
        store   T
        select_slot Z3, Z2
        bl      square
        store   Z2
        multiply_slot T
        store   X2
        load    T
        subtract_slot Z2
        store   T
        movw    r8, #0xdb42
        movt    r8, #1
        mov     r9, #0
        add     lr, sp, #Z2
        ldm     lr!, {r10-r12}
        umaal   r10, r9, r0, r8
        umaal   r11, r9, r1, r8
        umaal   r12, r9, r2, r8
        mov     r0, r10
        mov     r1, r11
        mov     r2, r12
        ldm     lr!, {r10-r12}
        umaal   r10, r9, r3, r8
        umaal   r11, r9, r4, r8
        umaal   r12, r9, r5, r8
        mov     r3, r10
        mov     r4, r11
        mov     r5, r12
        ldm     lr, {r10-r11}
        umaal   r10, r9, r6, r8
        umaal   r11, r9, r7, r8
        lsl     r9, r9, #1
        add     r9, r9, r11, lsr #31
        bic     r7, r11, #0x80000000
        add     r12, r9, r9, lsl #3
        add     r9, r9, r12, lsl #1
        adds    r0, r0, r9
        adcs    r1, r1, #0
        adcs    r2, r2, #0
        adcs    r3, r3, #0
        adcs    r4, r4, #0
        adcs    r5, r5, #0
        adcs    r6, r10, #0
        adc     r7, r7, #0
        multiply_slot T
        store   Z2

        /* x3 = (DA + CB)^2, z3 = x1 (DA - CB)^2. */
        load    U
        subtract_slot X3
        bl      square
        ldr     r8, [sp, #POINT]
        cmp     r8, #0
        beq     nine
        multiply_slot X1
        store   Z3
new_x3:
        load    U
        add_slot X3
        bl      square
        store   X3
        ldr     r11, [sp, #BIT]
        subs    r11, r11, #1
        bpl     step
        b       divide

        /* z3 = 9 times r0 to r7, for the base point. */
nine:
        mov     r8, #9
        mov     r9, #0
        mov     r10, #0
        umaal   r10, r9, r7, r8
        lsl     r9, r9, #1
        add     r9, r9, r10, lsr #31
        bic     r7, r10, #0x80000000
        add     r10, r9, r9, lsl #3
        add     r9, r9, r10, lsl #1
        add     r10, sp, #Z3
.macro nine_word word
        mov     r11, #0
        umaal   r11, r9, \word, r8
        str     r11, [r10], #4
.endm
        nine_word r0
        nine_word r1
        nine_word r2
        nine_word r3
        nine_word r4
        nine_word r5
        nine_word r6
        add     r7, r7, r9
        str     r7, [r10]
        b       new_x3

        /* Bit 0 was clear: nothing is swapped. x2 / z2 is x2 * z2^(p - 2), by a chain of powers of z2, a^(2^n) * b,
         * which are rows of a table. */
divide:
        adr     r8, powers
power:
        str     r8, [sp, #BIT]
        ldrb    r9, [r8]
        add     r9, sp, r9, lsl #2
        ldm     r9, {r0-r7}
        ldr     r8, [sp, #BIT]
        ldrb    r8, [r8, #1]
        str     r8, [sp, #SWAPPED]
        cmp     r8, #0
        beq     2f
1:      bl      square
        ldr     r8, [sp, #SWAPPED]
        subs    r8, r8, #1
        str     r8, [sp, #SWAPPED]
        bne     1b
2:      ldr     r8, [sp, #BIT]
        ldrb    r8, [r8, #2]
        add     r8, sp, r8, lsl #2
        bl      multiply
        ldr     r8, [sp, #BIT]
        ldrb    r9, [r8, #3]
        add     r9, sp, r9, lsl #2
        stm     r9, {r0-r7}
        adds    r8, r8, #4
        adr     r9, powers_end
        cmp     r8, r9
        bne     power

        ldr     r8, [sp, #OUT]
        stm     r8, {r0-r7}
        mov     r0, #0
        mov     r1, sp
        add     r2, sp, #FRAME
3:      str     r0, [r1], #4
        cmp     r1, r2
        bne     3b
        mov     r1, r0
        mov     r3, r0
        mov     r12, r0
        add     sp, sp, #FRAME + 12
        pop     {r4-r11, pc}

/* a, n, b and where a^(2^n) * b goes; the comments give the exponent of z2. */
        .balign 4
powers:
        .byte   Z2 / 4, 1, Z2 / 4, X1 / 4    /* 3 */
        .byte   Z2 / 4, 3, X1 / 4, X3 / 4    /* 11 */
        .byte   X1 / 4, 2, X1 / 4, Z3 / 4    /* 2^4 - 1 */
        .byte   Z3 / 4, 1, Z2 / 4, X1 / 4    /* 2^5 - 1 */
        .byte   X1 / 4, 5, X1 / 4, Z3 / 4    /* 2^10 - 1 */
        .byte   Z3 / 4, 10, Z3 / 4, T / 4    /* 2^20 - 1 */
        .byte   T / 4, 20, T / 4, T / 4      /* 2^40 - 1 */
        .byte   T / 4, 10, Z3 / 4, T / 4     /* 2^50 - 1 */
        .byte   T / 4, 50, T / 4, Z3 / 4     /* 2^100 - 1 */
        .byte   Z3 / 4, 100, Z3 / 4, Z3 / 4  /* 2^200 - 1 */
        .byte   Z3 / 4, 50, T / 4, Z3 / 4    /* 2^250 - 1 */
        .byte   Z3 / 4, 5, X3 / 4, Z3 / 4    /* 2^255 - 32 + 11 = p - 2 */
        .byte   Z3 / 4, 0, X2 / 4, X2 / 4
powers_end:
        .size   husk_cortex_m_x25519_ladder, . - husk_cortex_m_x25519_ladder

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

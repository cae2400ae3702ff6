/* X25519's scalar multiplication on Cortex-M without the DSP extension: the Montgomery ladder on Curve25519 (RFC 7748
 * section 5) and the division at its end, in the instructions of ARMv6-M. Cortex-M0 and M0+ have no product longer than
 * 32 bits; that of the M3 takes a time that depends on the operands.
 *
 * Implementation notes
 *
 * A field element is eight words, least significant first, and stands for its residue modulo p = 2^255 - 19. Products
 * and squares are below 2^255 + 2^231, which lets sums and differences of two of them have one carry or borrow of 2^256
 * = 38 and no second; those may be anything below 2^256, which products and squares accept.
 *
 * A product is made of three products of halves, and each of them of three again (Karatsuba and Ofman):
 *
 *     (a0 + a1 B)(b0 + b1 B) = L + (L + H - D) B + H B^2,  L = a0 b0,  H = a1 b1,  D = (a0 - a1)(b0 - b1)
 *
 * where D is the product of the absolute values, and `sign` is a mask that says what is to be done with it: 0 to add,
 * -1 to subtract. Products of 64 bits are made of four of 32, and those of four of 16.
 *
 * No branch or address depends on the scalar. The step that RFC 7748 writes with two conditional swaps needs none: the
 * points P = x2 : z2 and Q = x3 : z3 enter their sum in (x3 - z3)(x2 + z2) and (x3 + z3)(x2 - z2), which trade places
 * when the points do, and of which only the sum and the square of the difference matter. What has to be chosen is which
 * point is doubled, by a mask.
 *
 * All that is secret is on the stack, whose depth is fixed and which is wiped at the end, and in registers. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(__ARM_FEATURE_DSP)

/* The ladder's frame; T and U are for what has no name. Z2, Z3 and T have to be near each other for `combine`. */
#define X1 0
#define X2 32
#define X3 64
#define U 96
#define Z2 128
#define Z3 160
#define T 192
#define BIT 224
#define SWAPPED 228
#define FRAME 232
#define OUT 232 /* pushed before the frame was made */
#define SCALAR 236
#define POINT 240

/* The frame of a product of 256 bits, and what was pushed before it. */
#define PRODUCT 0
#define DIFFERENCES 64
#define SIGN 96
#define PRODUCT_FRAME 100
#define PRODUCT_OUT 100
#define PRODUCT_A 104
#define PRODUCT_B 108

/* Of a product of 128 bits: D, and what was pushed before it. */
#define HALF_OUT 16
#define HALF_A 20
#define HALF_B 24

/* What all these, and the calls, take of the stack below the ladder's frame. */
#define BELOW (PRODUCT_FRAME + 16 + 16 + 16)

        .syntax unified
        .thumb

/* a : low = a * b; b, t and u are lost. */
.macro product_32 a, b, low, t, u
        uxth    \low, \a
        lsrs    \a, \a, #16
        lsrs    \t, \b, #16
        uxth    \b, \b
        movs    \u, \low
        muls    \low, \b, \low
        muls    \b, \a, \b
        muls    \a, \t, \a
        muls    \u, \t, \u
        lsls    \t, \b, #16
        lsrs    \b, \b, #16
        adds    \low, \low, \t
        adcs    \a, \b
        lsls    \t, \u, #16
        lsrs    \u, \u, #16
        adds    \low, \low, \t
        adcs    \a, \u
.endm

/* a : low = a * a; t and u are lost. */
.macro square_32 a, low, t, u
        uxth    \low, \a
        lsrs    \a, \a, #16
        movs    \t, \low
        muls    \low, \low, \low
        muls    \t, \a, \t
        muls    \a, \a, \a
        lsls    \u, \t, #17
        lsrs    \t, \t, #15
        adds    \low, \low, \u
        adcs    \a, \t
.endm

/* r3 : r2 : r1 : r0 = r9 : r8 times r11 : r10. r1 and r2 are r8 and r10 too. r4 to r7 and r12 are lost. */
.macro product_64
        product_32 r1, r2, r0, r3, r4
        mov     r12, r0
        mov     r2, r8
        mov     r3, r11
        product_32 r2, r3, r4, r5, r6
        adds    r1, r1, r4
        movs    r4, #0
        adcs    r2, r4
        mov     r3, r9
        mov     r4, r10
        product_32 r3, r4, r5, r6, r7
        adds    r1, r1, r5
        adcs    r2, r3
        movs    r3, #0
        adcs    r3, r3
        mov     r4, r9
        mov     r5, r11
        product_32 r4, r5, r6, r7, r0
        adds    r2, r2, r6
        adcs    r3, r4
        mov     r0, r12
.endm

/* r3 : r2 : r1 : r0 = the square of r4 : r1. r4 to r7, r8, r9 and r12 are lost. */
.macro square_64
        mov     r8, r1
        mov     r9, r4
        movs    r3, r4
        square_32 r1, r0, r2, r5
        square_32 r3, r2, r4, r5
        mov     r4, r8
        mov     r5, r9
        mov     r12, r0
        product_32 r4, r5, r6, r7, r0
        mov     r0, r12
        adds    r6, r6, r6
        adcs    r4, r4
        movs    r5, #0
        adcs    r5, r5
        adds    r1, r1, r6
        adcs    r2, r4
        adcs    r3, r5
.endm

        .section .text.husk_cortex_m_x25519_ladder, "ax", %progbits
        .balign 4

/* Eight words at r0 = four words at r1 times four at r2. r0 to r12 are lost. */
        .type   product_128, %function
        .thumb_func
product_128:
        push    {r0-r2, lr}
        ldm     r1!, {r4-r7}
        subs    r4, r4, r6
        sbcs    r5, r7
        sbcs    r0, r0
        eors    r4, r0
        eors    r5, r0
        subs    r4, r4, r0
        sbcs    r5, r0
        mov     r8, r4
        mov     r9, r5
        movs    r1, r4
        ldm     r2!, {r4-r7}
        subs    r6, r6, r4
        sbcs    r7, r5
        sbcs    r3, r3
        eors    r6, r3
        eors    r7, r3
        subs    r6, r6, r3
        sbcs    r7, r3
        mov     r10, r6
        mov     r11, r7
        movs    r2, r6
        eors    r0, r3
        mov     lr, r0
        product_64
        push    {r0-r3}
        ldr     r3, [sp, #HALF_A]
        ldr     r4, [sp, #HALF_B]
        ldm     r3!, {r1, r2}
        mov     r8, r1
        mov     r9, r2
        ldm     r4!, {r2, r3}
        mov     r10, r2
        mov     r11, r3
        product_64
        ldr     r4, [sp, #HALF_OUT]
        stm     r4!, {r0-r3}
        ldr     r3, [sp, #HALF_A]
        ldr     r4, [sp, #HALF_B]
        adds    r3, r3, #8
        adds    r4, r4, #8
        ldm     r3!, {r1, r2}
        mov     r8, r1
        mov     r9, r2
        ldm     r4!, {r2, r3}
        mov     r10, r2
        mov     r11, r3
        product_64

/* What is left for products and squares of 128 bits. H is in r0 to r3, L lies where the result goes, D on the stack,
 * and lr is the sign. */
finish_128:
        ldr     r7, [sp, #HALF_OUT]
        ldr     r4, [r7, #8]
        ldr     r5, [r7, #12]
        adds    r4, r4, r0
        adcs    r5, r1
        movs    r6, #0
        adcs    r6, r6
        mov     r8, r6
        ldm     r7!, {r0, r1}
        adds    r0, r0, r4
        adcs    r1, r5
        adcs    r4, r2
        adcs    r5, r3
        adcs    r2, r6
        movs    r6, #0
        adcs    r3, r6
        mov     r6, r8
        adds    r4, r4, r6
        movs    r6, #0
        adcs    r5, r6
        adcs    r2, r6
        adcs    r3, r6
        mov     r6, lr
        mov     r12, r7
        lsrs    r7, r6, #1
        ldr     r7, [sp]
        eors    r7, r6
        adcs    r0, r7
        ldr     r7, [sp, #4]
        eors    r7, r6
        adcs    r1, r7
        ldr     r7, [sp, #8]
        eors    r7, r6
        adcs    r4, r7
        ldr     r7, [sp, #12]
        eors    r7, r6
        adcs    r5, r7
        adcs    r2, r6
        adcs    r3, r6
        mov     r7, r12
        stm     r7!, {r0, r1, r4, r5}
        stm     r7!, {r2, r3}
        add     sp, sp, #28
        pop     {pc}
        .size   product_128, . - product_128

/* Eight words at r0 = the square of four at r1. */
        .type   square_128, %function
        .thumb_func
square_128:
        push    {r0-r2, lr}
        ldm     r1!, {r4-r7}
        subs    r4, r4, r6
        sbcs    r5, r7
        sbcs    r0, r0
        eors    r4, r0
        eors    r5, r0
        subs    r4, r4, r0
        sbcs    r5, r0
        movs    r1, r4
        movs    r4, r5
        square_64
        push    {r0-r3}
        ldr     r3, [sp, #HALF_A]
        ldr     r1, [r3]
        ldr     r4, [r3, #4]
        square_64
        ldr     r4, [sp, #HALF_OUT]
        stm     r4!, {r0-r3}
        ldr     r3, [sp, #HALF_A]
        ldr     r1, [r3, #8]
        ldr     r4, [r3, #12]
        square_64
        movs    r4, #0
        mvns    r4, r4
        mov     lr, r4
        b       finish_128
        .size   square_128, . - square_128

/* Four words at r0, which moves on, = |r3 to r6 minus the four words at r1|; r7 = -1 if that was negative, else 0. */
.macro difference_128
        ldr     r7, [r1]
        subs    r3, r3, r7
        ldr     r7, [r1, #4]
        sbcs    r4, r7
        ldr     r7, [r1, #8]
        sbcs    r5, r7
        ldr     r7, [r1, #12]
        sbcs    r6, r7
        sbcs    r7, r7
        eors    r3, r7
        eors    r4, r7
        eors    r5, r7
        eors    r6, r7
        subs    r3, r3, r7
        sbcs    r4, r7
        sbcs    r5, r7
        sbcs    r6, r7
        stm     r0!, {r3-r6}
.endm

/* word += r3 * factor + r2, and r2 = what is carried, for an r3 of 38 at most. r5, r6 and `factor` are lost. */
.macro fold_word word, factor
        uxth    r5, \factor
        lsrs    \factor, \factor, #16
        muls    r5, r3, r5
        muls    \factor, r3, \factor
        adds    r5, r5, r2
        lsls    r6, \factor, #16
        lsrs    r2, \factor, #16
        adds    \word, \word, r5
        movs    r5, #0
        adcs    r2, r5
        adds    \word, \word, r6
        adcs    r2, r5
.endm

/* The element at r0 = that at r1 times that at r2; they may be the same. Any two elements below 2^256. */
        .type   multiply, %function
        .thumb_func
multiply:
        push    {r0-r2, lr}
        sub     sp, sp, #PRODUCT_FRAME
        add     r0, sp, #PRODUCT + 32
        ldm     r1!, {r3-r6}
        difference_128
        mov     r8, r7
        movs    r1, r2
        ldm     r1!, {r3-r6}
        difference_128
        mov     r3, r8
        eors    r7, r3
        mvns    r7, r7
        str     r7, [sp, #SIGN]
        add     r0, sp, #DIFFERENCES
        add     r1, sp, #PRODUCT + 32
        add     r2, sp, #PRODUCT + 48
        bl      product_128
        add     r0, sp, #PRODUCT
        ldr     r1, [sp, #PRODUCT_A]
        ldr     r2, [sp, #PRODUCT_B]
        bl      product_128
        add     r0, sp, #PRODUCT + 32
        ldr     r1, [sp, #PRODUCT_A]
        ldr     r2, [sp, #PRODUCT_B]
        adds    r1, r1, #16
        adds    r2, r2, #16
        bl      product_128

/* What is left for products and squares of 256 bits. L is at PRODUCT, H behind it, D at DIFFERENCES. */
finish_256:
        add     r0, sp, #PRODUCT + 16
        ldm     r0!, {r4-r7}
        ldm     r0!, {r1-r3}
        adds    r4, r4, r1
        adcs    r5, r2
        adcs    r6, r3
        ldr     r1, [r0]
        adcs    r7, r1
        movs    r1, #0
        adcs    r1, r1
        mov     r8, r1
        add     r0, sp, #PRODUCT
        ldm     r0, {r0-r3}
        adds    r0, r0, r4
        adcs    r1, r5
        adcs    r2, r6
        adcs    r3, r7
        str     r0, [sp, #PRODUCT + 16]
        str     r1, [sp, #PRODUCT + 20]
        str     r2, [sp, #PRODUCT + 24]
        str     r3, [sp, #PRODUCT + 28]
        ldr     r0, [sp, #PRODUCT + 48]
        adcs    r4, r0
        ldr     r0, [sp, #PRODUCT + 52]
        adcs    r5, r0
        ldr     r0, [sp, #PRODUCT + 56]
        adcs    r6, r0
        ldr     r0, [sp, #PRODUCT + 60]
        adcs    r7, r0
        movs    r0, #0
        mov     r1, r8
        adcs    r1, r0
        mov     r2, r8
        adds    r4, r4, r2
        adcs    r5, r0
        adcs    r6, r0
        adcs    r7, r0
        adcs    r1, r0
        ldr     r2, [sp, #SIGN]
        lsrs    r0, r2, #1
.irp    at, 0, 4, 8, 12
        ldr     r0, [sp, #PRODUCT + 16 + \at]
        ldr     r3, [sp, #DIFFERENCES + \at]
        eors    r3, r2
        adcs    r0, r3
        str     r0, [sp, #PRODUCT + 16 + \at]
.endr
        ldr     r3, [sp, #DIFFERENCES + 16]
        eors    r3, r2
        adcs    r4, r3
        ldr     r3, [sp, #DIFFERENCES + 20]
        eors    r3, r2
        adcs    r5, r3
        ldr     r3, [sp, #DIFFERENCES + 24]
        eors    r3, r2
        adcs    r6, r3
        ldr     r3, [sp, #DIFFERENCES + 28]
        eors    r3, r2
        adcs    r7, r3
        adcs    r1, r2
        asrs    r2, r1, #31
        add     r3, sp, #PRODUCT + 32
        stm     r3!, {r4-r7}
        ldm     r3!, {r4-r7}
        adds    r4, r4, r1
        adcs    r5, r2
        adcs    r6, r2
        adcs    r7, r2

        /* 2^256 is 38 and 2^255 is 19: first the top word, whose upper part is known then and goes in at the bottom. */
        mov     r9, r4
        mov     r10, r5
        mov     r11, r6
        movs    r3, #38
        movs    r2, #0
        ldr     r0, [sp, #PRODUCT + 28]
        fold_word r0, r7
        lsls    r2, r2, #1
        lsrs    r1, r0, #31
        adds    r2, r2, r1
        movs    r1, #19
        muls    r2, r1, r2
        lsls    r0, r0, #1
        lsrs    r0, r0, #1
        mov     r12, r0
        ldr     r4, [sp, #PRODUCT_OUT]
.irp    at, 0, 8
        ldr     r0, [sp, #PRODUCT + \at]
        ldr     r1, [sp, #PRODUCT + 32 + \at]
        fold_word r0, r1
        ldr     r7, [sp, #PRODUCT + 4 + \at]
        ldr     r1, [sp, #PRODUCT + 36 + \at]
        fold_word r7, r1
        stm     r4!, {r0, r7}
.endr
        ldr     r0, [sp, #PRODUCT + 16]
        mov     r1, r9
        fold_word r0, r1
        ldr     r7, [sp, #PRODUCT + 20]
        mov     r1, r10
        fold_word r7, r1
        stm     r4!, {r0, r7}
        ldr     r0, [sp, #PRODUCT + 24]
        mov     r1, r11
        fold_word r0, r1
        mov     r7, r12
        adds    r7, r7, r2
        stm     r4!, {r0, r7}
        add     sp, sp, #PRODUCT_FRAME + 12
        pop     {pc}
        .size   multiply, . - multiply

/* The element at r0 = the square of that at r1, any element below 2^256. */
        .type   square, %function
        .thumb_func
square:
        push    {r0-r2, lr}
        sub     sp, sp, #PRODUCT_FRAME
        add     r0, sp, #PRODUCT + 32
        ldm     r1!, {r3-r6}
        difference_128
        movs    r7, #0
        mvns    r7, r7
        str     r7, [sp, #SIGN]
        add     r0, sp, #DIFFERENCES
        add     r1, sp, #PRODUCT + 32
        bl      square_128
        add     r0, sp, #PRODUCT
        ldr     r1, [sp, #PRODUCT_A]
        bl      square_128
        add     r0, sp, #PRODUCT + 32
        ldr     r1, [sp, #PRODUCT_A]
        adds    r1, r1, #16
        bl      square_128
        b       finish_256
        .size   square, . - square

/* The element at r0 = that at r1 plus that at r2, both below 2^255 + 2^231; they may be the same. */
        .type   plus, %function
        .thumb_func
plus:
        movs    r7, #0
        adds    r7, r7, r7
.rept   4
        ldm     r1!, {r3, r4}
        ldm     r2!, {r5, r6}
        adcs    r3, r5
        adcs    r4, r6
        stm     r0!, {r3, r4}
.endr
        movs    r2, #0
        movs    r7, #0
        adcs    r7, r2
        movs    r3, #38
        muls    r7, r3, r7
        subs    r0, #32
        movs    r1, r0
        ldm     r1!, {r3-r6}
        adds    r3, r3, r7
        adcs    r4, r2
        adcs    r5, r2
        adcs    r6, r2
        stm     r0!, {r3-r6}
        ldm     r1!, {r3-r6}
        adcs    r3, r2
        adcs    r4, r2
        adcs    r5, r2
        adcs    r6, r2
        stm     r0!, {r3-r6}
        bx      lr
        .size   plus, . - plus

/* The element at r0 = that at r1 minus that at r2, likewise. */
        .type   minus, %function
        .thumb_func
minus:
        cmp     r0, r0
.rept   4
        ldm     r1!, {r3, r4}
        ldm     r2!, {r5, r6}
        sbcs    r3, r5
        sbcs    r4, r6
        stm     r0!, {r3, r4}
.endr
        sbcs    r7, r7
        movs    r2, #38
        ands    r7, r2
        movs    r2, #0
        subs    r0, #32
        movs    r1, r0
        ldm     r1!, {r3-r6}
        subs    r3, r3, r7
        sbcs    r4, r2
        sbcs    r5, r2
        sbcs    r6, r2
        stm     r0!, {r3-r6}
        ldm     r1!, {r3-r6}
        sbcs    r3, r2
        sbcs    r4, r2
        sbcs    r5, r2
        sbcs    r6, r2
        stm     r0!, {r3-r6}
        bx      lr
        .size   minus, . - minus

/* The element at r0 = that at r1 if r2 is -1; it stays if r2 is 0. */
        .type   choose, %function
        .thumb_func
choose:
.rept   4
        ldr     r3, [r0]
        ldr     r4, [r0, #4]
        ldm     r1!, {r5, r6}
        eors    r5, r3
        eors    r6, r4
        ands    r5, r2
        ands    r6, r2
        eors    r3, r5
        eors    r4, r6
        stm     r0!, {r3, r4}
.endr
        bx      lr
        .size   choose, . - choose

/* r4 += 121666 * r3 + r2, and r2 = what is carried. r7 is 121666 - 2^16. r0, r3, r5 and r6 are lost. */
.macro multiple_word
        uxth    r5, r3
        lsrs    r6, r3, #16
        muls    r5, r7, r5
        muls    r6, r7, r6
        adds    r6, r6, r3
        movs    r3, #0
        adcs    r3, r3
        lsls    r3, r3, #16
        lsls    r0, r6, #16
        lsrs    r6, r6, #16
        adds    r6, r6, r3
        movs    r3, #0
        adds    r5, r5, r0
        adcs    r6, r3
        adds    r4, r4, r5
        adcs    r6, r3
        adds    r4, r4, r2
        adcs    r6, r3
        movs    r2, r6
.endm

/* The element 32 bytes behind r1 = that at r1 plus 121666 times that 64 bytes behind it. */
        .type   combine, %function
        .thumb_func
combine:
        movs    r7, #0xdb
        lsls    r7, r7, #8
        adds    r7, r7, #0x42
        movs    r2, #0
        ldr     r4, [r1, #28]
        ldr     r3, [r1, #64 + 28]
        multiple_word
        lsls    r2, r2, #1
        lsrs    r3, r4, #31
        adds    r2, r2, r3
        movs    r3, #19
        muls    r2, r3, r2
        lsls    r4, r4, #1
        lsrs    r4, r4, #1
        mov     r8, r4
        movs    r4, #28
        adds    r4, r4, r1
        mov     r9, r4
1:      ldr     r4, [r1]
        ldr     r3, [r1, #64]
        multiple_word
        str     r4, [r1, #32]
        adds    r1, r1, #4
        cmp     r1, r9
        bne     1b
        mov     r4, r8
        adds    r4, r4, r2
        str     r4, [r1, #32]
        bx      lr
        .size   combine, . - combine

/* The element at r0 times 9, for the base point. */
        .type   nine, %function
        .thumb_func
nine:
        movs    r3, #9
        movs    r2, #0
        movs    r4, #0
        ldr     r1, [r0, #28]
        fold_word r4, r1
        lsls    r2, r2, #1
        lsrs    r1, r4, #31
        adds    r2, r2, r1
        movs    r1, #19
        muls    r2, r1, r2
        lsls    r4, r4, #1
        lsrs    r4, r4, #1
        mov     r8, r4
        movs    r7, #7
1:      ldr     r1, [r0]
        movs    r4, #0
        fold_word r4, r1
        stm     r0!, {r4}
        subs    r7, r7, #1
        bne     1b
        mov     r4, r8
        adds    r4, r4, r2
        str     r4, [r0]
        bx      lr
        .size   nine, . - nine

/* Calls `function` for slots of the ladder's frame. */
.macro apply function, out, a, b
        add     r0, sp, #\out
        add     r1, sp, #\a
.ifnb   \b
        add     r2, sp, #\b
.endif
        bl      \function
.endm

/* void husk_cortex_m_x25519_ladder(uint32_t x[8], const uint8_t scalar[32], const uint32_t point[8]): ladder.h */
        .global husk_cortex_m_x25519_ladder
        .type   husk_cortex_m_x25519_ladder, %function
        .thumb_func
husk_cortex_m_x25519_ladder:
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        push    {r0-r2}
        sub     sp, sp, #FRAME
        add     r0, sp, #X1
        add     r3, sp, #X3
        cmp     r2, #0
        bne     1f
        adr     r2, base_point
1:
.rept   2
        ldm     r2!, {r4-r7}
        stm     r0!, {r4-r7}
        stm     r3!, {r4-r7}
.endr
        movs    r1, #1
        movs    r2, #0
        movs    r3, #0
        movs    r4, #0
        add     r0, sp, #X2
        add     r5, sp, #Z3
        add     r6, sp, #Z2
        stm     r0!, {r1-r4}
        stm     r5!, {r1-r4}
        movs    r1, #0
        stm     r0!, {r1-r4}
        stm     r5!, {r1-r4}
        stm     r6!, {r1-r4}
        stm     r6!, {r1-r4}
        str     r1, [sp, #SWAPPED]
        movs    r0, #254

        /* x2 : z2 and x3 : z3 are the points of the ladder, swapped if the last bit was set. */
step:
        str     r0, [sp, #BIT]
        apply   plus, T, X2, Z2
        apply   minus, Z2, X2, Z2
        apply   plus, X2, X3, Z3
        apply   minus, Z3, X3, Z3
        apply   multiply, X3, Z3, T
        apply   multiply, U, X2, Z2

        /* Bit 254 counts as set and bits 0 to 2 as clear. */
        ldr     r0, [sp, #BIT]
        movs    r2, #1
        cmp     r0, #254
        beq     1f
        movs    r2, #0
        cmp     r0, #3
        blo     1f
        ldr     r1, [sp, #SCALAR]
        lsrs    r2, r0, #3
        ldrb    r1, [r1, r2]
        movs    r2, #7
        ands    r0, r2
        lsrs    r1, r0
        movs    r2, #1
        ands    r2, r1
1:      ldr     r1, [sp, #SWAPPED]
        str     r2, [sp, #SWAPPED]
        eors    r2, r1
        rsbs    r2, r2, #0
        apply   choose, T, X2
        apply   choose, Z2, Z3

        /* x2 = AA BB, z2 = E (BB + 121666 E) with E = AA - BB. */
        apply   square, T, T
        apply   square, Z2, Z2
        apply   multiply, X2, T, Z2
        apply   minus, T, T, Z2
        add     r1, sp, #Z2
        bl      combine
        apply   multiply, Z2, T, Z3

        /* x3 = (DA + CB)^2, z3 = x1 (DA - CB)^2. */
        apply   minus, Z3, U, X3
        apply   plus, X3, U, X3
        apply   square, X3, X3
        apply   square, Z3, Z3
        add     r0, sp, #Z3
        ldr     r1, [sp, #POINT]
        cmp     r1, #0
        beq     1f
        mov     r1, r0
        add     r2, sp, #X1
        bl      multiply
        b       2f
1:      bl      nine
2:      ldr     r0, [sp, #BIT]
        subs    r0, r0, #1
        bmi     1f
        b       step
1:
        /* Bit 0 was clear: nothing is swapped. x2 / z2 is x2 * z2^(p - 2), by a chain of powers of z2, a^(2^n) * b,
         * which are rows of a table. U is a^2, a^4 and so on. */
        adr     r7, powers
power:
        str     r7, [sp, #BIT]
        ldrb    r1, [r7]
        ldrb    r6, [r7, #1]
1:      add     r1, sp
        cmp     r6, #0
        beq     2f
        str     r6, [sp, #SWAPPED]
        add     r0, sp, #U
        bl      square
        ldr     r6, [sp, #SWAPPED]
        subs    r6, r6, #1
        movs    r1, #U
        b       1b
2:      ldr     r7, [sp, #BIT]
        ldrb    r2, [r7, #2]
        add     r2, sp
        ldrb    r0, [r7, #3]
        add     r0, sp
        bl      multiply
        ldr     r7, [sp, #BIT]
        adds    r7, r7, #4
        adr     r0, powers_end
        cmp     r7, r0
        bne     power

        ldr     r0, [sp, #OUT]
        add     r1, sp, #X2
.rept   2
        ldm     r1!, {r4-r7}
        stm     r0!, {r4-r7}
.endr
        sub     sp, sp, #BELOW
        movs    r0, #0
        movs    r1, #0
        mov     r12, r0
        mov     r2, sp
        movs    r3, #(BELOW + FRAME) / 4
1:      stm     r2!, {r0}
        subs    r3, r3, #1
        bne     1b
        add     sp, sp, #BELOW + FRAME
        add     sp, sp, #12
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}

/* a, n, b and where a^(2^n) * b goes; the comments give the exponent of z2. */
        .balign 4
powers:
        .byte   Z2, 1, Z2, X1    /* 3 */
        .byte   Z2, 3, X1, X3    /* 11 */
        .byte   X1, 2, X1, Z3    /* 2^4 - 1 */
        .byte   Z3, 1, Z2, X1    /* 2^5 - 1 */
        .byte   X1, 5, X1, Z3    /* 2^10 - 1 */
        .byte   Z3, 10, Z3, T    /* 2^20 - 1 */
        .byte   T, 20, T, T      /* 2^40 - 1 */
        .byte   T, 10, Z3, T     /* 2^50 - 1 */
        .byte   T, 50, T, Z3     /* 2^100 - 1 */
        .byte   Z3, 100, Z3, Z3  /* 2^200 - 1 */
        .byte   Z3, 50, T, Z3    /* 2^250 - 1 */
        .byte   Z3, 5, X3, Z3    /* 2^255 - 32 + 11 = p - 2 */
        .byte   Z3, 0, X2, X2
powers_end:
base_point:
        .word   9, 0, 0, 0, 0, 0, 0, 0
        .size   husk_cortex_m_x25519_ladder, . - husk_cortex_m_x25519_ladder

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

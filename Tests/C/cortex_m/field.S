/* The ladders in assembly with their field operations, which are no functions of C, made ones for the tests. */
#include "x25519_armv7em.S"
#include "x25519_armv6m.S"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

#ifdef __ARM_FEATURE_DSP

/* void NAME(uint32_t out[8], const uint32_t a[8], const uint32_t b[8]), b in registers and a at r8 */
.macro exported name
        .section .text.\name, "ax", %progbits
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r4-r11, lr}
        push    {r0}
        sub     sp, sp, #FRAME
        mov     r8, r1
        ldm     r2, {r0-r7}
.endm

.macro returned
        ldr     r8, [sp, #FRAME]
        stm     r8, {r0-r7}
        add     sp, sp, #FRAME + 4
        pop     {r4-r11, pc}
.endm

        exported field_multiply
        bl      multiply
        returned

        exported field_square
        bl      square
        returned

        exported field_add
        add     r9, sp, #T
        ldm     r8!, {r10-r12}
        stm     r9!, {r10-r12}
        ldm     r8!, {r10-r12}
        stm     r9!, {r10-r12}
        ldm     r8!, {r10-r11}
        stm     r9!, {r10-r11}
        add_slot T
        returned

        exported field_subtract
        add     r9, sp, #T
        ldm     r8!, {r10-r12}
        stm     r9!, {r10-r12}
        ldm     r8!, {r10-r12}
        stm     r9!, {r10-r12}
        ldm     r8!, {r10-r11}
        stm     r9!, {r10-r11}
        subtract_slot T
        returned

#else

/* void NAME(uint32_t out[8], const uint32_t a[8], const uint32_t b[8]), which is what `function` takes; `first` and
 * `second` are where it takes a and b. */
.macro exported name, function
        .section .text.\name, "ax", %progbits
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        bl      \function
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
.endm

        exported field_multiply, multiply
        exported field_add, plus
        exported field_square, square_of_second
        exported field_subtract, second_minus_first

/* On the M4 these take the second operand as the first. */
square_of_second:
        mov     r1, r2
        b       square
second_minus_first:
        mov     r3, r1
        mov     r1, r2
        mov     r2, r3
        b       minus

#endif
#endif

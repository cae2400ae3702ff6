/* SubBytes of AES on bitsliced state for Cortex-M3, M4, M7 and M33: the circuit of primitive/aes128.c, its gates in an
 * order that a search found to need the fewest loads and stores. What goes to the stack is wiped. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 2

#define FRAME 56

        .syntax unified
        .thumb

/* void husk_cortex_m_aes128_sub_bytes(uint32_t q[8]): aes128.h. */
        .section .text.husk_cortex_m_aes128_sub_bytes, "ax", %progbits
        .balign 4
        .global husk_cortex_m_aes128_sub_bytes
        .type   husk_cortex_m_aes128_sub_bytes, %function
        .thumb_func
husk_cortex_m_aes128_sub_bytes:
        push    {r4-r11, lr}
        sub     sp, sp, #FRAME
        ldr     r1, [r0, #28]
        ldr     r2, [r0, #4]
        eor     r3, r1, r2
        ldr     r4, [r0, #24]
        ldr     r5, [r0, #20]
        eor     r5, r4, r5
        ldr     r6, [r0, #0]
        eor     r7, r5, r6
        ldr     r8, [r0, #16]
        ldr     r9, [r0, #8]
        eor     r10, r8, r9
        eor     r11, r3, r10
        ldr     r12, [r0, #12]
        eor     r12, r12, r11
        eor     r2, r7, r2
        eor     r4, r12, r4
        eor     lr, r1, r8
        eor     r12, r12, r9
        eor     r9, r1, r9
        str     r3, [sp, #0]
        eor     r3, r7, r1
        eor     r1, r4, lr
        str     r4, [sp, #4]
        and     r4, r11, r12
        str     r11, [sp, #8]
        eor     r11, r12, r5
        str     r3, [sp, #12]
        and     r3, r2, r7
        str     r3, [sp, #16]
        eor     r3, r12, r6
        str     r12, [sp, #20]
        eor     r12, r2, r9
        eor     r8, r7, r8
        str     r7, [sp, #24]
        and     r7, r12, r3
        str     r2, [sp, #28]
        and     r2, r8, r6
        str     r12, [sp, #32]
        and     r12, r9, r11
        str     r3, [sp, #36]
        and     r3, lr, r1
        eor     r7, r7, r4
        str     lr, [sp, #40]
        eor     lr, r6, r1
        eor     r4, r2, r4
        eor     r2, r11, r1
        and     r6, r10, r2
        eor     r12, r12, r3
        eor     r3, r6, r3
        eor     r5, r5, r1
        eor     r7, r7, r3
        ldr     r6, [sp, #0]
        str     r2, [sp, #44]
        eor     r2, r6, r5
        str     r10, [sp, #48]
        ldr     r10, [sp, #12]
        str     r1, [sp, #52]
        and     r1, r10, lr
        ldr     r10, [sp, #4]
        eor     r10, r7, r10
        and     r7, r6, r5
        eor     r4, r4, r12
        eor     r1, r1, r7
        ldr     r6, [sp, #16]
        eor     r6, r6, r7
        ldr     r7, [r0, #28]
        eor     r7, r7, r5
        eor     r1, r1, r12
        eor     r3, r6, r3
        eor     r6, r11, r9
        eor     r2, r3, r2
        eor     r6, r4, r6
        and     r4, r10, r2
        eor     r7, r1, r7
        eor     r1, r6, r4
        eor     r3, r2, r7
        and     r3, r1, r3
        eor     r3, r3, r7
        eor     r2, r2, r3
        and     r8, r3, r8
        eor     r4, r7, r4
        eor     r10, r10, r6
        and     r1, r10, r4
        eor     r1, r1, r6
        eor     r6, r4, r3
        and     r6, r7, r6
        eor     r4, r4, r6
        eor     r7, r1, r3
        and     r4, r1, r4
        eor     r4, r10, r4
        eor     r2, r6, r2
        ldr     r6, [sp, #12]
        and     r6, r1, r6
        ldr     r10, [sp, #36]
        and     r10, r2, r10
        eor     r12, r3, r2
        str     r8, [sp, #36]
        ldr     r8, [sp, #40]
        and     r8, r7, r8
        str     r6, [sp, #40]
        eor     r6, r4, r2
        str     r10, [sp, #12]
        eor     r10, r7, r6
        and     lr, r1, lr
        eor     r1, r1, r4
        and     r11, r6, r11
        and     r6, r6, r9
        ldr     r9, [sp, #52]
        and     r9, r7, r9
        ldr     r7, [sp, #48]
        and     r7, r10, r7
        and     r5, r1, r5
        str     lr, [sp, #48]
        ldr     lr, [sp, #44]
        and     lr, r10, lr
        eor     r6, r7, r6
        ldr     r10, [sp, #0]
        and     r10, r1, r10
        ldr     r1, [r0, #0]
        and     r3, r3, r1
        eor     r9, r5, r9
        ldr     r1, [sp, #32]
        and     r1, r2, r1
        ldr     r2, [sp, #28]
        and     r2, r4, r2
        eor     r9, r9, lr
        eor     r7, r8, r7
        ldr     r8, [sp, #20]
        and     r8, r12, r8
        eor     r11, lr, r11
        ldr     lr, [sp, #8]
        and     r12, r12, lr
        eor     r12, r12, r1
        ldr     lr, [sp, #24]
        and     lr, r4, lr
        ldr     r4, [sp, #48]
        eor     r2, r4, r2
        eor     r5, r8, r5
        eor     r4, r3, r4
        eor     r8, lr, r9
        eor     r3, r3, r10
        eor     lr, lr, r7
        eor     r10, r10, r2
        eor     r11, r11, lr
        eor     r12, r12, lr
        eor     r9, r9, r12
        str     r9, [r0, #28]
        eor     r3, r3, r5
        ldr     r9, [sp, #12]
        eor     r9, r9, r12
        eor     r2, r2, r7
        eor     r4, r4, r9
        str     r4, [r0, #12]
        eor     r10, r10, r11
        mvn     r10, r10
        str     r10, [r0, #4]
        eor     r5, r5, r9
        str     r5, [r0, #16]
        ldr     r9, [sp, #40]
        eor     r9, r9, r3
        eor     r11, r9, r11
        eor     r6, r6, r8
        eor     r6, r6, r11
        mvn     r6, r6
        str     r6, [r0, #20]
        ldr     r6, [sp, #36]
        eor     r1, r1, r6
        eor     r1, r1, r11
        str     r1, [r0, #8]
        eor     r5, r8, r5
        mvn     r5, r5
        str     r5, [r0, #24]
        eor     r2, r2, r3
        mvn     r2, r2
        str     r2, [r0, #0]
        mov     r1, #0
.irp    at, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52
        str     r1, [sp, #\at]
.endr
        add     sp, sp, #FRAME
        pop     {r4-r11, pc}
        .size   husk_cortex_m_aes128_sub_bytes, . - husk_cortex_m_aes128_sub_bytes

#endif

#if defined(__linux__) && defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif

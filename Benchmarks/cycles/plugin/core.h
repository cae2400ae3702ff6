/* The four processors, by what their Technical Reference Manuals say of instruction timing. */
#ifndef CYCLES_CORE_H
#define CYCLES_CORE_H

#include <stdbool.h>
#include <stdint.h>

/* Cycles of what differs between the cores. Where a manual gives a range, the greater number is charged and `_low` or
 * `_spread` says how far down the true one may lie. */
struct core {
    const char *name;
    bool pipelined;         /* ARMv7-M: single loads overlap, addresses wait for results, unaligned access */
    uint8_t refill;         /* added by a branch that is taken */
    uint8_t refill_low;
    uint8_t call;           /* BL, without the refill */
    uint8_t pop_pc;         /* POP with PC, without one cycle for each register and the refill */
    uint8_t multiply;       /* MUL */
    uint8_t multiply_add;   /* MLA, MLS */
    uint8_t multiply_long;  /* SMULL, UMULL */
    uint8_t multiply_long_spread;
    uint8_t multiply_long_add; /* SMLAL, UMLAL and the like */
    uint8_t multiply_long_add_spread;
    uint8_t divide;
    uint8_t divide_spread;
    uint8_t special;        /* MRS, MSR */
    uint8_t special_spread;
    uint8_t barrier;        /* DMB, DSB, ISB with nothing to wait for */
};

/* The core of that name (m0, m0plus, m3, m4), or NULL. */
const struct core *core_find(const char *name);

#endif

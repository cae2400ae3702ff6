/* An instruction as the model sees it, and the decoder that makes it of Thumb code. */
#ifndef CYCLES_INSN_H
#define CYCLES_INSN_H

#include "core.h"

#include <stdbool.h>
#include <stdint.h>

enum insn_kind {
    INSN_PLAIN,        /* its cycles do not depend on its neighbours, except where it goes next */
    INSN_COMPUTE,      /* the same, with a result that an address may have to wait for */
    INSN_LOAD,         /* one register */
    INSN_STORE,        /* one register, address with an immediate offset */
    INSN_STORE_OFFSET, /* one register, address with a register offset */
    INSN_IT,
    INSN_MARK,         /* one of the markers below */
    INSN_UNKNOWN,
};

/* Markers are hint instructions that no core has a use for: they do nothing. */
enum insn_mark { MARK_OPEN = 6, MARK_PAUSE, MARK_RESUME, MARK_CLOSE };

struct insn {
    uint32_t address;
    uint32_t code;
    uint8_t size;        /* 2 or 4 bytes */
    uint8_t kind;        /* INSN_* */
    uint8_t mark;        /* MARK_* */
    uint8_t cycles;      /* if no branch is taken, and without what neighbours change */
    uint8_t spread;      /* by which cycles may be less */
    uint8_t taken;       /* cycles more if it branches */
    uint8_t taken_spread;
    uint8_t it_length;   /* INSN_IT: number of instructions it makes conditional */
    bool conditional;    /* in an IT block */
    bool always;         /* branches without a condition, but for that of an IT block */
    bool accesses;       /* loads or stores */
    bool calls;          /* BL, BLX */
    bool jumps;          /* may go to an address in a register or from memory */
    uint16_t writes;     /* registers that hold its result: bit i for Ri */
    uint16_t addresses;  /* registers that its memory address is made of */
    int function;        /* index in the list of functions, or -1 */
};

/* Decodes the instruction at `address` whose first halfword is `first`; `second` counts for 32-bit ones. */
struct insn insn_decode(const struct core *core, uint32_t address, uint16_t first, uint16_t second);

#endif

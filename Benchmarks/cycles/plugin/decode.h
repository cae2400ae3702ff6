/* What the decoders of 16-bit and 32-bit instructions share: fields, and the kinds of timing an instruction may
 * have. */
#ifndef CYCLES_DECODE_H
#define CYCLES_DECODE_H

#include "insn.h"

#define SP 13
#define PC 15

static inline uint16_t reg(unsigned number)
{
    return (uint16_t)(1u << number);
}

static inline unsigned bits(uint32_t value, unsigned low, unsigned count)
{
    return (value >> low) & ((1u << count) - 1);
}

static inline unsigned count_registers(unsigned list)
{
    return (unsigned)__builtin_popcount(list);
}

/* One cycle, result in rd; PC stands for no result. */
void insn_set_compute(struct insn *insn, unsigned rd);

/* Cycles that depend on nothing but are possibly less. */
void insn_set_plain(struct insn *insn, unsigned cycles, unsigned spread);

/* A branch, taken or not; one that is always taken; one to an address that is not in the code. `cycles` are those
 * before the pipeline is filled again. */
void insn_set_branch_if(struct insn *insn, const struct core *core, unsigned cycles);
void insn_set_branch(struct insn *insn, const struct core *core, unsigned cycles);
void insn_set_jump(struct insn *insn, const struct core *core, unsigned cycles);

/* A load of one register, which may be the PC; a store of one, whose address has an `offset` in a register or not. */
void insn_set_load(struct insn *insn, const struct core *core, unsigned rt, uint16_t addresses);
void insn_set_store(struct insn *insn, const struct core *core, uint16_t addresses, bool offset);

/* Loads or stores of several registers; loads of a list that may hold the PC, and then take `with_pc` cycles besides
 * one for each register and the refill. */
void insn_set_access_many(struct insn *insn, unsigned count);
void insn_set_load_many(struct insn *insn, const struct core *core, unsigned list, unsigned with_pc);

void insn_decode_16(struct insn *insn, const struct core *core, unsigned code);
void insn_decode_32(struct insn *insn, const struct core *core, unsigned first, unsigned second);

#endif

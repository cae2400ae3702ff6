/* Decoder for Thumb code of ARMv6-M and ARMv7E-M (without floating point), down to what timing depends on: the kinds of
 * timing, and which decoder an instruction is for. */
#include "decode.h"

void insn_set_compute(struct insn *insn, unsigned rd)
{
    insn->kind = INSN_COMPUTE;
    insn->cycles = 1;
    insn->writes = rd == PC ? 0 : reg(rd);
}

void insn_set_plain(struct insn *insn, unsigned cycles, unsigned spread)
{
    insn->kind = INSN_PLAIN;
    insn->cycles = (uint8_t)cycles;
    insn->spread = (uint8_t)spread;
}

void insn_set_branch_if(struct insn *insn, const struct core *core, unsigned cycles)
{
    insn_set_plain(insn, cycles, 0);
    insn->taken = core->refill;
    insn->taken_spread = core->refill - core->refill_low;
}

void insn_set_branch(struct insn *insn, const struct core *core, unsigned cycles)
{
    insn_set_branch_if(insn, core, cycles);
    insn->always = true;
}

void insn_set_jump(struct insn *insn, const struct core *core, unsigned cycles)
{
    insn_set_branch(insn, core, cycles);
    insn->jumps = true;
}

void insn_set_load(struct insn *insn, const struct core *core, unsigned rt, uint16_t addresses)
{
    if (rt == PC) { /* never pipelined; the reload takes its full length */
        insn_set_jump(insn, core, 2);
        insn->taken_spread = 0;
    } else {
        insn->kind = INSN_LOAD;
        insn->cycles = 2;
        insn->writes = reg(rt);
    }
    insn->accesses = true;
    insn->addresses = addresses;
}

void insn_set_store(struct insn *insn, const struct core *core, uint16_t addresses, bool offset)
{
    insn->kind = offset ? INSN_STORE_OFFSET : INSN_STORE;
    insn->cycles = core->pipelined && !offset ? 1 : 2;
    insn->accesses = true;
    insn->addresses = addresses;
}

void insn_set_access_many(struct insn *insn, unsigned count)
{
    insn_set_plain(insn, 1 + count, 0);
    insn->accesses = true;
}

void insn_set_load_many(struct insn *insn, const struct core *core, unsigned list, unsigned with_pc)
{
    unsigned count = count_registers(list);
    if (list >> PC != 0) {
        insn_set_jump(insn, core, with_pc + count);
        insn->accesses = true;
        return;
    }
    insn_set_access_many(insn, count);
}

struct insn insn_decode(const struct core *core, uint32_t address, uint16_t first, uint16_t second)
{
    bool wide = first >> 11 >= 0x1d;
    struct insn insn = {.address = address, .size = wide ? 4 : 2, .kind = INSN_UNKNOWN, .cycles = 1, .function = -1};
    insn.code = wide ? (uint32_t)first << 16 | second : first;
    if (wide) {
        insn_decode_32(&insn, core, first, second);
    } else {
        insn_decode_16(&insn, core, first);
    }
    return insn;
}

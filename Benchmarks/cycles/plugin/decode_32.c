/* 32-bit Thumb instructions (ARMv7-M Architecture Reference Manual, section A5.3). */
#include "decode.h"

/* 11101 00: several registers, two registers, exclusive access, table branch. */
static void decode_32_multiple(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    bool loads = bits(first, 4, 1) != 0;
    uint16_t base = reg(bits(first, 0, 4));
    if (bits(first, 6, 1) == 0) {
        if (loads) {
            insn_set_load_many(insn, core, second, 1);
            return;
        }
        insn_set_access_many(insn, count_registers(second));
        return;
    }
    if (first >> 4 == 0xe8d && bits(second, 5, 3) == 0) {
        insn_set_jump(insn, core, 3); /* TBB, TBH: table 3-1 has 2, section 3.3.2 a cycle more for the addition */
        insn->jumps = false; /* stays in its function */
        insn->spread = 1;
        insn->accesses = true;
        return;
    }
    if (bits(first, 8, 1) == 0 && bits(first, 5, 1) == 0) { /* LDREX, STREX: like LDR */
        insn->kind = INSN_LOAD;
        insn->cycles = 2;
        insn->accesses = true;
        insn->addresses = base;
        insn->writes = loads ? reg(bits(second, 12, 4)) : 0;
        return;
    }
    insn_set_access_many(insn, 2);
}

/* 11111 00: one register. */
static void decode_32_single(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    unsigned rt = bits(second, 12, 4);
    unsigned rn = bits(first, 0, 4);
    uint16_t base = rn == PC ? 0 : reg(rn);
    bool offset = bits(first, 7, 1) == 0 && bits(second, 11, 1) == 0 && rn != PC;
    base |= offset ? reg(bits(second, 0, 4)) : 0;
    if (bits(first, 4, 1) == 0) {
        insn_set_store(insn, core, base, offset);
        return;
    }
    if (rt == PC && bits(first, 5, 2) != 2) {
        insn_set_plain(insn, 1, 0); /* PLD, PLI */
        return;
    }
    insn_set_load(insn, core, rt, base);
}

/* 11111 011: multiplication and division. */
static void decode_32_multiply(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    unsigned operation = bits(first, 4, 3);
    insn_set_compute(insn, bits(second, 8, 4));
    if (bits(first, 7, 1) == 0) {
        bool adds = bits(second, 12, 4) != PC || bits(second, 4, 2) != 0;
        insn->cycles = operation == 0 && !adds ? core->multiply : core->multiply_add;
        return;
    }
    if (operation == 1 || operation == 3) {
        insn->cycles = core->divide;
        insn->spread = core->divide_spread;
        return;
    }
    insn->writes |= reg(bits(second, 12, 4));
    bool adds = operation >= 4;
    insn->cycles = adds ? core->multiply_long_add : core->multiply_long;
    insn->spread = adds ? core->multiply_long_add_spread : core->multiply_long_spread;
}

/* 11110 with bit 15 of the second halfword: branches and system. */
static void decode_32_branch(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    bool links = bits(second, 14, 1) != 0;
    if (bits(second, 12, 1) != 0) {
        insn_set_branch(insn, core, links ? core->call : 1);
        insn->calls = links;
        return;
    }
    if (links) {
        return; /* BLX to Arm code: not on these cores */
    }
    if (bits(first, 7, 3) != 7) {
        insn_set_branch_if(insn, core, 1);
        return;
    }
    switch (first >> 4) {
    case 0xf38:
    case 0xf39:
    case 0xf3e:
    case 0xf3f:
        insn_set_plain(insn, core->special, core->special_spread);
        return;
    case 0xf3a:
        insn_set_plain(insn, 1, 0);
        return;
    case 0xf3b:
        insn_set_plain(insn, core->barrier, 0);
        return;
    default:
        return;
    }
}

void insn_decode_32(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    if (first >> 11 == 0x1e) {
        if (bits(second, 15, 1) != 0) {
            decode_32_branch(insn, core, first, second);
            return;
        }
        insn_set_compute(insn, bits(second, 8, 4));
        return;
    }
    switch (first >> 8) {
    case 0xe8:
    case 0xe9:
        decode_32_multiple(insn, core, first, second);
        return;
    case 0xea:
    case 0xeb:
    case 0xfa:
        insn_set_compute(insn, bits(second, 8, 4));
        return;
    case 0xf8:
    case 0xf9:
        decode_32_single(insn, core, first, second);
        return;
    case 0xfb:
        decode_32_multiply(insn, core, first, second);
        return;
    default:
        return; /* floating point and other coprocessors */
    }
}

/* Decoder for Thumb code of ARMv6-M and ARMv7E-M (without floating point), down to what timing depends on. Sections
 * A5.2 and A5.3 of the ARMv7-M Architecture Reference Manual. */
#include "insn.h"

#include <stddef.h>

#define SP 13
#define PC 15

static uint16_t reg(unsigned number)
{
    return (uint16_t)(1u << number);
}

static unsigned bits(uint32_t value, unsigned low, unsigned count)
{
    return (value >> low) & ((1u << count) - 1);
}

static unsigned count_registers(unsigned list)
{
    return (unsigned)__builtin_popcount(list);
}

static void compute(struct insn *insn, unsigned rd)
{
    insn->kind = INSN_COMPUTE;
    insn->cycles = 1;
    insn->writes = rd == PC ? 0 : reg(rd);
}

static void plain(struct insn *insn, unsigned cycles, unsigned spread)
{
    insn->kind = INSN_PLAIN;
    insn->cycles = (uint8_t)cycles;
    insn->spread = (uint8_t)spread;
}

/* A branch, taken or not: `cycles` before the pipeline is filled again. */
static void branch_if(struct insn *insn, const struct core *core, unsigned cycles)
{
    plain(insn, cycles, 0);
    insn->taken = core->refill;
    insn->taken_spread = core->refill - core->refill_low;
}

static void branch(struct insn *insn, const struct core *core, unsigned cycles)
{
    branch_if(insn, core, cycles);
    insn->always = true;
}

static void jump(struct insn *insn, const struct core *core, unsigned cycles)
{
    branch(insn, core, cycles);
    insn->jumps = true;
}

static void load(struct insn *insn, const struct core *core, unsigned rt, uint16_t addresses)
{
    if (rt == PC) { /* never pipelined; the reload takes its full length */
        jump(insn, core, 2);
        insn->taken_spread = 0;
    } else {
        insn->kind = INSN_LOAD;
        insn->cycles = 2;
        insn->writes = reg(rt);
    }
    insn->accesses = true;
    insn->addresses = addresses;
}

static void store(struct insn *insn, const struct core *core, uint16_t addresses, bool offset)
{
    insn->kind = offset ? INSN_STORE_OFFSET : INSN_STORE;
    insn->cycles = core->pipelined && !offset ? 1 : 2;
    insn->accesses = true;
    insn->addresses = addresses;
}

static void access_many(struct insn *insn, unsigned count)
{
    plain(insn, 1 + count, 0);
    insn->accesses = true;
}

static void load_many(struct insn *insn, const struct core *core, unsigned list, unsigned with_pc)
{
    unsigned count = count_registers(list);
    if (list >> PC != 0) {
        jump(insn, core, with_pc + count);
        insn->accesses = true;
        return;
    }
    access_many(insn, count);
}

/* 010000 and 010001: register operations, and branches to registers. */
static void decode_registers(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned low = bits(code, 0, 3);
    unsigned any = low | bits(code, 7, 1) << 3;
    unsigned operation = bits(code, 6, 4);
    if (bits(code, 10, 1) == 0) {
        bool compares = operation == 8 || operation == 10 || operation == 11;
        compute(insn, compares ? PC : low);
        insn->cycles = operation == 13 ? core->multiply : 1;
        return;
    }
    switch (bits(code, 8, 2)) {
    case 1:
        compute(insn, PC);
        return;
    case 3:
        jump(insn, core, 1);
        insn->calls = bits(code, 7, 1) != 0;
        return;
    default:
        if (any == PC) {
            jump(insn, core, 1);
            return;
        }
        compute(insn, any);
        return;
    }
}

/* 1011: what found no other place. */
static void decode_miscellaneous(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned list = bits(code, 0, 8);
    switch (bits(code, 8, 4)) {
    case 0x0:
        compute(insn, SP);
        return;
    case 0x1:
    case 0x3:
    case 0x9:
    case 0xb:
        branch_if(insn, core, 1); /* CBZ, CBNZ */
        return;
    case 0x2:
    case 0xa:
        compute(insn, bits(code, 0, 3));
        return;
    case 0x4:
    case 0x5:
        access_many(insn, count_registers(bits(code, 0, 9)));
        return;
    case 0x6:
        plain(insn, 1, 0); /* CPS */
        return;
    case 0xc:
    case 0xd:
        load_many(insn, core, list | bits(code, 8, 1) << PC, core->pop_pc);
        return;
    case 0xe:
        plain(insn, 1, 0); /* BKPT */
        return;
    case 0xf:
        break;
    default:
        return;
    }
    if (bits(code, 0, 4) != 0) {
        plain(insn, 1, core->pipelined ? 1 : 0); /* can be folded into the instruction before it */
        insn->kind = INSN_IT;
        insn->it_length = (uint8_t)(4 - __builtin_ctz(bits(code, 0, 4)));
        return;
    }
    unsigned hint = bits(code, 4, 4);
    plain(insn, hint == 2 || hint == 3 ? 2 : 1, 0);
    if (hint >= MARK_OPEN && hint <= MARK_CLOSE) {
        insn->kind = INSN_MARK;
        insn->mark = (uint8_t)hint;
    }
}

static void decode_16(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned rt_low = bits(code, 0, 3);
    unsigned rt_high = bits(code, 8, 3);
    uint16_t base = reg(bits(code, 3, 3));
    bool loads = bits(code, 11, 1) != 0;
    switch (code >> 12) {
    case 0x0:
    case 0x1:
        compute(insn, rt_low);
        return;
    case 0x2:
        compute(insn, loads ? PC : rt_high); /* MOV; CMP */
        return;
    case 0x3:
        compute(insn, rt_high);
        return;
    case 0x4:
        if (loads) {
            load(insn, core, rt_high, 0);
            return;
        }
        decode_registers(insn, core, code);
        return;
    case 0x5:
        base |= reg(bits(code, 6, 3));
        if (bits(code, 9, 3) >= 3) {
            load(insn, core, rt_low, base);
            return;
        }
        store(insn, core, base, true);
        return;
    case 0x6:
    case 0x7:
    case 0x8:
    case 0x9:
        if (code >> 12 == 9) {
            base = reg(SP);
            rt_low = rt_high;
        }
        if (loads) {
            load(insn, core, rt_low, base);
            return;
        }
        store(insn, core, base, false);
        return;
    case 0xa:
        compute(insn, rt_high);
        return;
    case 0xb:
        decode_miscellaneous(insn, core, code);
        return;
    case 0xc:
        if (loads) {
            load_many(insn, core, bits(code, 0, 8), 1);
            return;
        }
        access_many(insn, count_registers(bits(code, 0, 8)));
        return;
    case 0xd:
        if (bits(code, 8, 4) < 14) {
            branch_if(insn, core, 1);
        }
        return;
    default:
        branch(insn, core, 1);
        return;
    }
}

/* 11101 00: several registers, two registers, exclusive access, table branch. */
static void decode_32_multiple(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    bool loads = bits(first, 4, 1) != 0;
    uint16_t base = reg(bits(first, 0, 4));
    if (bits(first, 6, 1) == 0) {
        if (loads) {
            load_many(insn, core, second, 1);
            return;
        }
        access_many(insn, count_registers(second));
        return;
    }
    if (first >> 4 == 0xe8d && bits(second, 5, 3) == 0) {
        jump(insn, core, 3); /* TBB, TBH: table 3-1 has 2, section 3.3.2 a cycle more for the addition */
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
    access_many(insn, 2);
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
        store(insn, core, base, offset);
        return;
    }
    if (rt == PC && bits(first, 5, 2) != 2) {
        plain(insn, 1, 0); /* PLD, PLI */
        return;
    }
    load(insn, core, rt, base);
}

/* 11111 011: multiplication and division. */
static void decode_32_multiply(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    unsigned operation = bits(first, 4, 3);
    compute(insn, bits(second, 8, 4));
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
        branch(insn, core, links ? core->call : 1);
        insn->calls = links;
        return;
    }
    if (links) {
        return; /* BLX to Arm code: not on these cores */
    }
    if (bits(first, 7, 3) != 7) {
        branch_if(insn, core, 1);
        return;
    }
    switch (first >> 4) {
    case 0xf38:
    case 0xf39:
    case 0xf3e:
    case 0xf3f:
        plain(insn, core->special, core->special_spread);
        return;
    case 0xf3a:
        plain(insn, 1, 0);
        return;
    case 0xf3b:
        plain(insn, core->barrier, 0);
        return;
    default:
        return;
    }
}

static void decode_32(struct insn *insn, const struct core *core, unsigned first, unsigned second)
{
    if (first >> 11 == 0x1e) {
        if (bits(second, 15, 1) != 0) {
            decode_32_branch(insn, core, first, second);
            return;
        }
        compute(insn, bits(second, 8, 4));
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
        compute(insn, bits(second, 8, 4));
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

struct insn insn_decode(const struct core *core, uint32_t address, uint16_t first, uint16_t second)
{
    bool wide = first >> 11 >= 0x1d;
    struct insn insn = {.address = address, .size = wide ? 4 : 2, .kind = INSN_UNKNOWN, .cycles = 1, .function = -1};
    insn.code = wide ? (uint32_t)first << 16 | second : first;
    if (wide) {
        decode_32(&insn, core, first, second);
    } else {
        decode_16(&insn, core, first);
    }
    return insn;
}

/* 16-bit Thumb instructions (ARMv7-M Architecture Reference Manual, section A5.2). */
#include "decode.h"

/* 010000 and 010001: register operations, and branches to registers. */
static void decode_registers(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned low = bits(code, 0, 3);
    unsigned any = low | bits(code, 7, 1) << 3;
    unsigned operation = bits(code, 6, 4);
    if (bits(code, 10, 1) == 0) {
        bool compares = operation == 8 || operation == 10 || operation == 11;
        insn_set_compute(insn, compares ? PC : low);
        insn->cycles = operation == 13 ? core->multiply : 1;
        return;
    }
    switch (bits(code, 8, 2)) {
    case 1:
        insn_set_compute(insn, PC);
        return;
    case 3:
        insn_set_jump(insn, core, 1);
        insn->calls = bits(code, 7, 1) != 0;
        return;
    default:
        if (any == PC) {
            insn_set_jump(insn, core, 1);
            return;
        }
        insn_set_compute(insn, any);
        return;
    }
}

/* 1011: what found no other place. */
static void decode_miscellaneous(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned list = bits(code, 0, 8);
    switch (bits(code, 8, 4)) {
    case 0x0:
        insn_set_compute(insn, SP);
        return;
    case 0x1:
    case 0x3:
    case 0x9:
    case 0xb:
        insn_set_branch_if(insn, core, 1); /* CBZ, CBNZ */
        return;
    case 0x2:
    case 0xa:
        insn_set_compute(insn, bits(code, 0, 3));
        return;
    case 0x4:
    case 0x5:
        insn_set_access_many(insn, count_registers(bits(code, 0, 9)));
        return;
    case 0x6:
        insn_set_plain(insn, 1, 0); /* CPS */
        return;
    case 0xc:
    case 0xd:
        insn_set_load_many(insn, core, list | bits(code, 8, 1) << PC, core->pop_pc);
        return;
    case 0xe:
        insn_set_plain(insn, 1, 0); /* BKPT */
        return;
    case 0xf:
        break;
    default:
        return;
    }
    if (bits(code, 0, 4) != 0) {
        insn_set_plain(insn, 1, core->pipelined ? 1 : 0); /* can be folded into the instruction before it */
        insn->kind = INSN_IT;
        insn->it_length = (uint8_t)(4 - __builtin_ctz(bits(code, 0, 4)));
        return;
    }
    unsigned hint = bits(code, 4, 4);
    insn_set_plain(insn, hint == 2 || hint == 3 ? 2 : 1, 0);
    if (hint >= MARK_OPEN && hint <= MARK_CLOSE) {
        insn->kind = INSN_MARK;
        insn->mark = (uint8_t)hint;
    }
}

void insn_decode_16(struct insn *insn, const struct core *core, unsigned code)
{
    unsigned rt_low = bits(code, 0, 3);
    unsigned rt_high = bits(code, 8, 3);
    uint16_t base = reg(bits(code, 3, 3));
    bool loads = bits(code, 11, 1) != 0;
    switch (code >> 12) {
    case 0x0:
    case 0x1:
        insn_set_compute(insn, rt_low);
        return;
    case 0x2:
        insn_set_compute(insn, loads ? PC : rt_high); /* MOV; CMP */
        return;
    case 0x3:
        insn_set_compute(insn, rt_high);
        return;
    case 0x4:
        if (loads) {
            insn_set_load(insn, core, rt_high, 0);
            return;
        }
        decode_registers(insn, core, code);
        return;
    case 0x5:
        base |= reg(bits(code, 6, 3));
        if (bits(code, 9, 3) >= 3) {
            insn_set_load(insn, core, rt_low, base);
            return;
        }
        insn_set_store(insn, core, base, true);
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
            insn_set_load(insn, core, rt_low, base);
            return;
        }
        insn_set_store(insn, core, base, false);
        return;
    case 0xa:
        insn_set_compute(insn, rt_high);
        return;
    case 0xb:
        decode_miscellaneous(insn, core, code);
        return;
    case 0xc:
        if (loads) {
            insn_set_load_many(insn, core, bits(code, 0, 8), 1);
            return;
        }
        insn_set_access_many(insn, count_registers(bits(code, 0, 8)));
        return;
    case 0xd:
        if (bits(code, 8, 4) < 14) {
            insn_set_branch_if(insn, core, 1);
        }
        return;
    default:
        insn_set_branch(insn, core, 1);
        return;
    }
}

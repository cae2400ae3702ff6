/* The clock: charges each executed instruction by the tables of core.h, once it is known what came after it. */
#ifndef CYCLES_MODEL_H
#define CYCLES_MODEL_H

#include "insn.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct model_options {
    const struct core *core;
    unsigned wait;       /* wait states of flash: cycles that each new line of code, or word of data, takes longer */
    bool aligned;        /* an access costs the same at any address */
    unsigned line_bytes; /* bytes of code that one access to flash brings; a power of two, at least 4 */
};

void model_init(const struct model_options *options);

/* The instruction is about to be executed. */
void model_execute(const struct insn *insn);

/* The instruction executed last reads or writes 1 << size_shift bytes at `address`. */
void model_access(uint64_t address, unsigned size_shift);

/* Prints every region with its tree, and what could not be decoded. */
void model_print(FILE *file);

#endif

/* Who called whom: the tree of calls below each region, and the counts of each of its nodes. */
#ifndef CYCLES_CALLS_H
#define CYCLES_CALLS_H

#include "insn.h"

#include <stdint.h>
#include <stdio.h>

/* `cycles` is the model's figure and `low` what it may be at least, where a manual gives a range. */
struct counts {
    uint64_t cycles;
    uint64_t low;
    uint64_t instructions;
};

/* A function in the place it was called from; function -1 is code outside of the list of functions. */
struct node {
    int function;
    int parent; /* index, or -1 for the root of a region */
    int first_child;
    int next_sibling;
    uint64_t calls;
    struct counts self;
};

/* Begins a tree of its own with `insn` in its first function; returns the root. */
int calls_begin(const struct insn *insn);

/* Moves on from `last` to `next`; a call counts as one if `counting`. False if there are more calls than there is room
 * for. */
bool calls_follow(const struct insn *last, const struct insn *next, bool counting);

/* Counts of the node that the execution is in. */
struct counts *calls_here(void);

/* Prints `root` and the nodes below it, parents first. */
void calls_print(FILE *file, int root);

#endif

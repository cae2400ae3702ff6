/* counting: what stands in for main.c where instructions and allocations are counted and not seconds. Instructions are
 * callgrind's: each measurement is a dump of its own, of one run of the operation after another that is not counted. */
#ifndef BENCH_COUNTING_H
#define BENCH_COUNTING_H

#include <stddef.h>
#include <stdint.h>

/* Allocations since the start of the program, by malloc and its like, of all threads. */
uint64_t allocations_count(void);

/* Allocations of the last run of an operation, between start and stop. */
uint64_t counted_allocations(void);

/* Whether `measure` prints and dumps; else it does nothing, and operations are run by somebody else. */
void counting_begin(void);

#endif

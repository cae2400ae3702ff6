/* What scenarios are made of: regions that the cycle model counts, random bytes that are the same in every run, and
 * checks that what was measured did work. */
#ifndef BENCH_H
#define BENCH_H

#include "husk/husk.h"

/* A region begins with bench_name and BENCH_OPEN and ends with BENCH_CLOSE, in one function. What lies between
 * BENCH_PAUSE and BENCH_RESUME is the peer's work and is not counted. The markers are hint instructions that do nothing
 * (plugin/insn.h); the barriers keep the compiler from moving work across them. */
#define BENCH_MARK(code) __asm__ volatile(".inst.n " #code ::: "memory")
#define BENCH_OPEN() BENCH_MARK(0xbf60)
#define BENCH_PAUSE() BENCH_MARK(0xbf70)
#define BENCH_RESUME() BENCH_MARK(0xbf80)
#define BENCH_CLOSE() BENCH_MARK(0xbf90)

/* Prints "region NAME", where NAME is the parts joined by slashes; NULL parts are left out. */
void bench_name(const char *a, const char *b, const char *c, const char *d);

/* As a part of a name; good until the next call. */
const char *bench_number(size_t number);

/* Ends the program with an error if `condition` does not hold. */
void bench_check(bool condition, const char *what);
void bench_ok(husk_status status, const char *what);

/* Random bytes of a generator that begins with the same seed in every program. */
extern const husk_random bench_random;

#endif

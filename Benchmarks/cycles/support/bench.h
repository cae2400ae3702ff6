/* What scenarios are made of: regions whose cycles are counted (under QEMU by the cycle model, on the host by
 * callgrind) or whose stack is measured, messages whose bytes count, random bytes that are the same in every run, and
 * checks that what was measured did work. */
#ifndef BENCH_H
#define BENCH_H

#include "husk/husk.h"

/* A region begins with bench_name and BENCH_OPEN and ends with BENCH_CLOSE, in one function. What lies between
 * BENCH_PAUSE and BENCH_RESUME is the peer's work and is not counted. The markers are hint instructions that do nothing
 * (plugin/insn.h); the barriers keep the compiler from moving work across them. */
#if defined(BENCH_STACK)
/* The deepest of the stack below the function of the region; BENCH_CLOSE prints it. */
#include "image.h"
void bench_stack_begin(size_t used);
void bench_stack_end(bool last);
#define BENCH_OPEN() bench_stack_begin(stack_used())
#define BENCH_PAUSE() bench_stack_end(false)
#define BENCH_RESUME() bench_stack_begin(stack_used())
#define BENCH_CLOSE() bench_stack_end(true)
#elif defined(__arm__)
#define BENCH_MARK(code) __asm__ volatile(".inst.n " #code ::: "memory")
#define BENCH_OPEN() BENCH_MARK(0xbf60)
#define BENCH_PAUSE() BENCH_MARK(0xbf70)
#define BENCH_RESUME() BENCH_MARK(0xbf80)
#define BENCH_CLOSE() BENCH_MARK(0xbf90)
#else
/* Requests to callgrind, which does not collect at the start; nothing outside of it. */
#include <valgrind/callgrind.h>
#define BENCH_MARK() do { __asm__ volatile("" ::: "memory"); CALLGRIND_TOGGLE_COLLECT; } while (0)
#define BENCH_OPEN() BENCH_MARK()
#define BENCH_PAUSE() BENCH_MARK()
#define BENCH_RESUME() BENCH_MARK()
#define BENCH_CLOSE() do { BENCH_MARK(); CALLGRIND_DUMP_STATS; } while (0)
#endif

/* Prints "region NAME", where NAME is the parts joined by slashes; NULL parts are left out. */
void bench_name(const char *a, const char *b, const char *c, const char *d);

/* As a part of a name; good until the next call. */
const char *bench_number(size_t number);

/* Prints the size of a message of the scenario that was named last, for tools/exchanges.py. */
typedef struct bench_message {
    bool up;          /* from device to gateway */
    const char *name; /* without spaces */
    size_t security;  /* bytes there are for security's sake */
    size_t payload;   /* bytes that the application sends */
    size_t whole;     /* bytes of the datagram, or of the frame: all that UDP or the link carries */
} bench_message;
void bench_print_message(const bench_message *message);

/* Ends the program with an error if `condition` does not hold. */
void bench_check(bool condition, const char *what);
void bench_ok(husk_status status, const char *what);

/* Random bytes of a generator that begins with the same seed in every program, or from now on with this one (not 0). */
extern const husk_random bench_random;
void bench_seed(uint32_t seed);

#endif

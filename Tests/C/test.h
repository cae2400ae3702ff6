/* The test harness: the same test sources run on the host, under sanitizers and on Cortex-M under QEMU.
 *
 * A suite is one file `test_NAME.c` with one function `void suite_NAME(void)` that RUNs its tests, and one line
 * SUITE(NAME) in suites.h. A failed CHECK ends its test, prints where, and counts it as failed. */
#ifndef HUSK_TEST_H
#define HUSK_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "husk/husk.h"

/* Provided by the platform (host.c, or the board support under CSources/firmware). */
void test_print(const char *text);
void test_print_uint(uint64_t value);

extern jmp_buf test_jump;
void test_run(const char *suite, const char *name, void (*test)(void));
_Noreturn void test_fail(const char *file, int line, const char *what);
_Noreturn void test_fail_int(const char *file, int line, const char *what, int64_t actual, int64_t expected);
_Noreturn void test_fail_bytes(const char *file, int line, const char *what, const uint8_t *actual,
                               const uint8_t *expected, size_t len);

#define RUN(test) test_run(__FILE__, #test, test)

#define CHECK(condition)                                    \
    do {                                                    \
        if (!(condition)) {                                 \
            test_fail(__FILE__, __LINE__, #condition);      \
        }                                                   \
    } while (0)

#define CHECK_INT(actual, expected)                                                            \
    do {                                                                                       \
        int64_t check_a_ = (int64_t)(actual);                                                  \
        int64_t check_e_ = (int64_t)(expected);                                                \
        if (check_a_ != check_e_) {                                                            \
            test_fail_int(__FILE__, __LINE__, #actual " == " #expected, check_a_, check_e_);   \
        }                                                                                      \
    } while (0)

#define CHECK_OK(call) CHECK_INT(call, HUSK_OK)

/* Compares `len` bytes at `actual` with those at `expected`. */
#define CHECK_MEM(actual, expected, len)                                                                 \
    do {                                                                                                 \
        if (memcmp((actual), (expected), (len)) != 0) {                                                  \
            test_fail_bytes(__FILE__, __LINE__, #actual, (const uint8_t *)(actual),                      \
                            (const uint8_t *)(expected), (len));                                         \
        }                                                                                                \
    } while (0)

/* Compares with a vector in hex, length included. */
#define CHECK_HEX(actual, actual_len, hex)                                   \
    do {                                                                     \
        uint8_t check_buf_[1024];                                            \
        size_t check_len_ = unhex((hex), check_buf_, sizeof check_buf_);     \
        CHECK_INT((actual_len), check_len_);                                 \
        CHECK_MEM((actual), check_buf_, check_len_);                         \
    } while (0)

/* Decodes hex (spaces ignored) into out; returns the number of bytes; fails the test if malformed or too long. */
size_t unhex(const char *hex, uint8_t *out, size_t cap);

/* A vector as bytes: declares `uint8_t name[]` large enough and `size_t name_len`. */
#define HEX(name, hex)                                   \
    uint8_t name[sizeof(hex) / 2 + 1];                   \
    size_t name##_len = unhex((hex), name, sizeof name); \
    (void)name##_len

static inline husk_bytes bytes(const uint8_t *data, size_t len)
{
    return (husk_bytes){data, len};
}

#define NO_BYTES ((husk_bytes){NULL, 0})

/* Deterministic pseudorandom numbers for properties (xorshift64*): not for keys outside tests. */
typedef struct test_rng {
    uint64_t state;
} test_rng;

uint32_t test_rng_next(test_rng *rng);
void test_rng_fill(test_rng *rng, uint8_t *out, size_t len);

/* A random hook over it: `context` is a test_rng. */
husk_status test_random_fill(void *context, uint8_t *out, size_t len);

/* Runs all suites; prints "N passed, N failed"; returns the number of failures. `filter` NULL runs everything, else
 * only the suites whose name contains it. */
unsigned test_main(const char *filter);

#endif

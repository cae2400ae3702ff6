/* The harness behind test.h: counting, failing, hex, deterministic random numbers. No stdio: also runs on Cortex-M. */
#include "test.h"

#define SUITE(name) void suite_##name(void);
#include "suites.h"
#undef SUITE

jmp_buf test_jump;
static unsigned passed, failed;

void test_print_uint(uint64_t value)
{
    char text[21];
    size_t at = sizeof text - 1;
    text[at] = 0;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    test_print(text + at);
}

static void print_int(int64_t value)
{
    if (value < 0) {
        test_print("-");
        test_print_uint((uint64_t)0 - (uint64_t)value);
        return;
    }
    test_print_uint((uint64_t)value);
}

static void print_hex(const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        char pair[3] = {digits[data[i] >> 4], digits[data[i] & 15], 0};
        test_print(pair);
    }
}

static void print_place(const char *file, int line, const char *what)
{
    test_print("  ");
    test_print(file);
    test_print(":");
    print_int(line);
    test_print(": ");
    test_print(what);
}

void test_fail(const char *file, int line, const char *what)
{
    print_place(file, line, what);
    test_print("\n");
    longjmp(test_jump, 1);
}

void test_fail_int(const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    print_place(file, line, what);
    test_print(": ");
    print_int(actual);
    test_print(" is not ");
    print_int(expected);
    test_print("\n");
    longjmp(test_jump, 1);
}

void test_fail_bytes(const char *file, int line, const char *what, const uint8_t *actual, const uint8_t *expected,
                     size_t len)
{
    print_place(file, line, what);
    test_print("\n    is       ");
    print_hex(actual, len);
    test_print("\n    expected ");
    print_hex(expected, len);
    test_print("\n");
    longjmp(test_jump, 1);
}

void test_run(const char *suite, const char *name, void (*test)(void))
{
    if (setjmp(test_jump) == 0) {
        test();
        passed++;
        return;
    }
    failed++;
    test_print("FAILED ");
    test_print(suite);
    test_print(" ");
    test_print(name);
    test_print("\n");
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = 0;
    while (*hex != 0) {
        if (*hex == ' ' || *hex == '\n') {
            hex++;
            continue;
        }
        int high = nibble(hex[0]);
        int low = high < 0 ? -1 : nibble(hex[1]);
        if (low < 0 || len == cap) {
            test_fail(__FILE__, __LINE__, "bad or too long hex in a test");
        }
        out[len++] = (uint8_t)(high << 4 | low);
        hex += 2;
    }
    return len;
}

uint32_t test_rng_next(test_rng *rng)
{
    uint64_t x = rng->state != 0 ? rng->state : 0x9e3779b97f4a7c15u;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rng->state = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1du) >> 32);
}

void test_rng_fill(test_rng *rng, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)test_rng_next(rng);
    }
}

husk_status test_random_fill(void *context, uint8_t *out, size_t len)
{
    test_rng_fill(context, out, len);
    return HUSK_OK;
}

static bool contains(const char *text, const char *part)
{
    return part == NULL || strstr(text, part) != NULL;
}

unsigned test_main(const char *filter)
{
    passed = 0;
    failed = 0;
#define SUITE(name)                  \
    if (contains(#name, filter)) {   \
        suite_##name();              \
    }
#include "suites.h"
#undef SUITE
    test_print_uint(passed);
    test_print(" passed, ");
    test_print_uint(failed);
    test_print(" failed\n");
    return failed;
}

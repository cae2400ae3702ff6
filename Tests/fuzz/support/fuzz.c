/* What fuzz targets share: input, checks, goals, random numbers. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned long reached[FUZZ_GOALS_MAX];

void fuzz_reached(unsigned goal)
{
    reached[goal]++;
}

/* One line for the runner: how often each goal was reached. */
static void print_goals(void)
{
    const char *name = fuzz_goals;
    fprintf(stderr, "GOALS");
    for (unsigned i = 0; i < FUZZ_GOALS_MAX && *name != 0; i++) {
        size_t len = strcspn(name, ", ");
        fprintf(stderr, " %.*s=%lu", (int)len, name, reached[i]);
        name += len;
        name += strspn(name, ", ");
    }
    fprintf(stderr, "\n");
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_setup();
    atexit(print_goals);
    return 0;
}

void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "CHECK %s:%d: %s\n", file, line, what);
    abort();
}

void fuzz_check_inside(husk_bytes inner, const uint8_t *outer, size_t len)
{
    if (inner.len > 0) {
        FUZZ_CHECK(inner.data >= outer && inner.len <= len && inner.data <= outer + (len - inner.len));
    }
}

bool fuzz_same(husk_bytes a, husk_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

uint8_t fuzz_byte(fuzz_input *in)
{
    husk_bytes one = fuzz_take(in, 1);
    return one.len == 1 ? one.data[0] : 0;
}

husk_bytes fuzz_take(fuzz_input *in, size_t len)
{
    husk_bytes taken = {in->data, len < in->len ? len : in->len};
    if (taken.len > 0) {
        in->data += taken.len;
        in->len -= taken.len;
    }
    return taken;
}

husk_bytes fuzz_rest(fuzz_input *in)
{
    return fuzz_take(in, in->len);
}

#define COPIES_MAX 8192
static uint8_t *copies[COPIES_MAX];
static size_t copy_count;

uint8_t *fuzz_exact(const uint8_t *data, size_t len)
{
    FUZZ_CHECK(copy_count < COPIES_MAX);
    uint8_t *copy = malloc(len);
    FUZZ_CHECK(copy != NULL);
    copies[copy_count++] = copy;
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    while (copy_count > 0) {
        free(copies[--copy_count]);
    }
    fuzz_one((fuzz_input){data, size});
    return 0;
}

bool fuzz_patch(fuzz_input *in, uint8_t *message, size_t len)
{
    const uint8_t *before = fuzz_exact(message, len);
    while (in->len > 1 && len > 0) {
        size_t at = fuzz_byte(in) % len;
        message[at] ^= fuzz_byte(in);
    }
    return len > 0 && memcmp(before, message, len) != 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    FUZZ_CHECK(c >= 'a' && c <= 'f');
    return c - 'a' + 10;
}

size_t fuzz_unhex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (; hex[0] != 0; hex += 2) {
        FUZZ_CHECK(len < cap);
        out[len++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
    }
    return len;
}

uint64_t fuzz_random_state;

husk_status fuzz_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    for (size_t i = 0; i < len; i++) { /* splitmix64 */
        fuzz_random_state += 0x9e3779b97f4a7c15u;
        uint64_t x = (fuzz_random_state ^ fuzz_random_state >> 30) * 0xbf58476d1ce4e5b9u;
        x = (x ^ x >> 27) * 0x94d049bb133111ebu;
        out[i] = (uint8_t)(x >> 56);
    }
    return HUSK_OK;
}

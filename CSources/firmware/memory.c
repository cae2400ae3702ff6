/* The four functions of the C library that the core needs: small, and word by word where that is easy. Compiled
 * without the optimisation that would turn these loops into calls of themselves. */
#include <stddef.h>
#include <stdint.h>

/* A word of memory of whatever type. */
typedef uint32_t __attribute__((may_alias)) word;
#define WORD sizeof(word)

/* Can words be loaded and stored there? ARMv7-M does that at any address; the attribute says so to the compiler. */
#ifdef __ARM_FEATURE_UNALIGNED
typedef word __attribute__((aligned(1))) loose_word;
#define ALIGNED(address) 1
#else
typedef word loose_word;
#define ALIGNED(address) (((address) & (WORD - 1)) == 0)
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *at, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (ALIGNED((uintptr_t)out | (uintptr_t)in)) {
        for (; len >= WORD; len -= WORD, out += WORD, in += WORD) {
            *(loose_word *)out = *(const loose_word *)in;
        }
    }
    while (len-- > 0) {
        *out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (out > in) {
        while (len-- > 0) {
            out[len] = in[len];
        }
        return to;
    }
    while (len-- > 0) {
        *out++ = *in++;
    }
    return to;
}

void *memset(void *at, int value, size_t len)
{
    unsigned char *out = at;
    if (ALIGNED((uintptr_t)out)) {
        word all = (unsigned char)value * 0x01010101u;
        for (; len >= WORD; len -= WORD, out += WORD) {
            *(loose_word *)out = all;
        }
    }
    while (len-- > 0) {
        *out++ = (unsigned char)value;
    }
    return at;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (; len-- > 0; x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

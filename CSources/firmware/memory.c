/* The four functions of the C library that the core needs, as small as they get. Compiled without the optimisation
 * that would turn these loops into calls of themselves. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *at, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
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

/* SHA-256 on all messages of a CAVS response file. Usage: sha256_long Tests/vectors/SHA256LongMsg.rsp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "husk/primitive.h"

#define MAX_BYTES 8192

static int digit(char x)
{
    const char *digits = "0123456789abcdef";
    const char *at = x != 0 ? strchr(digits, x) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Decodes hex up to the end of the line; the number of bytes, or -1 if there is anything else. */
static long unhex(const char *hex, uint8_t *out)
{
    long len = 0;
    for (; *hex != 0 && *hex != '\r' && *hex != '\n'; hex += 2, len++) {
        int high = digit(hex[0]);
        int low = high < 0 ? -1 : digit(hex[1]);
        if (low < 0 || len == MAX_BYTES) {
            return -1;
        }
        out[len] = (uint8_t)(high << 4 | low);
    }
    return len;
}

int main(int argc, char **argv)
{
    static char line[2 * MAX_BYTES + 16];
    static uint8_t message[MAX_BYTES], expected[MAX_BYTES];
    unsigned passed = 0, failed = 0;
    long bits = -1, len = -1;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        fputs("usage: sha256_long FILE.rsp\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Len = ", 6) == 0) {
            bits = strtol(line + 6, NULL, 10);
        }
        if (strncmp(line, "Msg = ", 6) == 0) {
            len = unhex(line + 6, message);
        }
        if (strncmp(line, "MD = ", 5) == 0) {
            husk_sha256 sha;
            uint8_t digest[32];
            bool good = unhex(line + 5, expected) == 32 && bits >= 0 && len >= bits / 8;
            if (good) {
                husk_sha256_init(&sha);
                husk_sha256_update(&sha, message, (size_t)bits / 8);
                husk_sha256_final(&sha, digest);
                good = memcmp(digest, expected, 32) == 0;
            }
            passed += good;
            failed += !good;
            if (!good) {
                printf("FAILED Len = %ld\n", bits);
            }
        }
    }
    fclose(file);
    failed += passed + failed == 0;
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

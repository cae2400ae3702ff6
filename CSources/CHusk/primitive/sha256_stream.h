/* primitive/sha256_stream: what every SHA-256 does around its compression function. A file that includes this defines
 *
 *     static void compress(husk_sha256 *sha);
 *
 * which absorbs the full block, sixteen words in the byte order of the message, and leaves it unusable. */
#ifndef HUSK_PRIMITIVE_SHA256_STREAM_H
#define HUSK_PRIMITIVE_SHA256_STREAM_H

#include "husk/primitive.h"

#include <string.h>

#include "base/bytes.h"

static void compress(husk_sha256 *sha);

static inline void init(husk_sha256 *sha)
{
    static const uint32_t initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    sha->bytes = 0;
    memcpy(sha->state, initial, sizeof initial);
}

static inline void update(husk_sha256 *sha, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t used = (size_t)sha->bytes % HUSK_SHA256_BLOCK_BYTES;
        size_t count = HUSK_SHA256_BLOCK_BYTES - used;
        if (count > len) {
            count = len;
        }
        memcpy((uint8_t *)sha->block + used, data, count);
        sha->bytes += count;
        data += count;
        len -= count;
        if (used + count == HUSK_SHA256_BLOCK_BYTES) {
            compress(sha);
        }
    }
}

static inline void final(husk_sha256 *sha, uint8_t digest[HUSK_SHA256_DIGEST_BYTES])
{
    uint8_t *block = (uint8_t *)sha->block;
    size_t used = (size_t)sha->bytes % HUSK_SHA256_BLOCK_BYTES;

    block[used] = 0x80;
    used++;
    memset(block + used, 0, HUSK_SHA256_BLOCK_BYTES - used);
    if (used > HUSK_SHA256_BLOCK_BYTES - 8) {
        compress(sha);
        memset(block, 0, HUSK_SHA256_BLOCK_BYTES);
    }
    sha->block[14] = husk_swap_be32((uint32_t)(sha->bytes >> 29));
    sha->block[15] = husk_swap_be32((uint32_t)(sha->bytes << 3));
    compress(sha);
    for (unsigned i = 0; i < 8; i++) {
        husk_store_be32(digest + 4 * i, sha->state[i]);
    }
    husk_wipe(sha, sizeof *sha);
}

#endif

/* AES-CCM that watches what passes through it, and can be told to trust: see fuzz.h. */
#include "fuzz.h"

#define TEXT_MAX 4096
#define LENGTH_MAX ((size_t)1 << 24) /* no input is that long: a length that went below 0 */
#define SEALS_MAX 512
#define MASK 0xa5

static bool trust;
static unsigned opened;
static unsigned tried;
static struct {
    uint64_t pair;    /* key and nonce */
    uint64_t content; /* additional data and text */
} seals[SEALS_MAX];
static size_t seal_count;
static uint8_t plaintext[TEXT_MAX]; /* of the last open */
static size_t plaintext_len;
static const uint8_t *plaintext_at;

void fuzz_aead_begin(bool trusting)
{
    trust = trusting;
    opened = 0;
    tried = 0;
    seal_count = 0;
    plaintext_len = 0;
    plaintext_at = NULL;
}

void fuzz_aead_trust(bool trusting)
{
    trust = trusting;
}

unsigned fuzz_aead_opened(void)
{
    return opened;
}

unsigned fuzz_aead_tried(void)
{
    return tried;
}

void fuzz_conceal(uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text[i] ^= MASK;
    }
}

void fuzz_check_no_plaintext(void)
{
    uint8_t any = 0;
    for (size_t i = 0; i < plaintext_len; i++) {
        any |= plaintext[i];
    }
    /* Zeros are what is left after a wipe, and few bytes may be the same by chance. */
    if (any != 0 && plaintext_len >= 4) {
        FUZZ_CHECK(memcmp(plaintext_at, plaintext, plaintext_len) != 0);
    }
}

static uint64_t fingerprint(uint64_t hash, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ data[i]) * 0x100000001b3;
    }
    return (hash ^ len) * 0x100000001b3;
}

static const husk_aead *real(const husk_aead *aead)
{
    return aead->tag_bytes == 8 ? &husk_aead_aes_ccm_16_64_128 : &husk_aead_aes_ccm_16_128_128;
}

static uint64_t content_of(const husk_bytes *aad, size_t aad_count, const uint8_t *text, size_t len)
{
    uint64_t hash = 1;
    for (size_t i = 0; i < aad_count; i++) {
        hash = fingerprint(hash, aad[i].data, aad[i].len);
    }
    return fingerprint(hash, text, len);
}

static husk_status seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    uint64_t pair = fingerprint(fingerprint(0, key, aead->key_bytes), nonce, aead->nonce_bytes);
    uint64_t content = content_of(aad, aad_count, text, len);
    for (size_t i = 0; i < seal_count; i++) {
        FUZZ_CHECK(seals[i].pair != pair || seals[i].content == content);
    }
    if (seal_count < SEALS_MAX) {
        seals[seal_count].pair = pair;
        seals[seal_count++].content = content;
    }
    return real(aead)->seal(real(aead), key, nonce, aad, aad_count, text, len);
}

/* CTR mode decrypts as it encrypts, so the plaintext of any text is known, whether it verifies or not. */
static husk_status open_real(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                             size_t aad_count, uint8_t *text, size_t len)
{
    uint8_t copy[TEXT_MAX + HUSK_AEAD_TAG_MAX_BYTES];
    memcpy(copy, text, len);
    FUZZ_OK(real(aead)->seal(real(aead), key, nonce, NULL, 0, copy, len));
    memcpy(plaintext, copy, len);
    husk_status status = real(aead)->open(real(aead), key, nonce, aad, aad_count, text, len);
    if (status == HUSK_OK) {
        FUZZ_CHECK(memcmp(plaintext, text, len) == 0);
    }
    return status;
}

static husk_status open_trusting(const husk_aead *aead, uint8_t *text, size_t len)
{
    fuzz_conceal(text, len);
    memcpy(plaintext, text, len);
    if (text[len + aead->tag_bytes - 1] == 0xff) {
        memset(text, 0, len);
        return HUSK_ERR_AUTHENTICATION;
    }
    return HUSK_OK;
}

static husk_status open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    FUZZ_CHECK(len < LENGTH_MAX);
    tried++;
    if (len > TEXT_MAX) {
        return real(aead)->open(real(aead), key, nonce, aad, aad_count, text, len);
    }
    /* Everything is read, so that the sanitizer sees what is not there. */
    (void)content_of(aad, aad_count, text, len + aead->tag_bytes);
    husk_status status =
        trust ? open_trusting(aead, text, len) : open_real(aead, key, nonce, aad, aad_count, text, len);
    plaintext_at = text;
    plaintext_len = len;
    opened += status == HUSK_OK;
    if (status != HUSK_OK) {
        fuzz_check_no_plaintext();
    }
    return status;
}

const husk_aead fuzz_aead_8 = {
    .cose_alg = 10, .key_bytes = 16, .nonce_bytes = 13, .tag_bytes = 8, .seal = seal, .open = open};
const husk_aead fuzz_aead_16 = {
    .cose_alg = 30, .key_bytes = 16, .nonce_bytes = 13, .tag_bytes = 16, .seal = seal, .open = open};

/* Keys of envelopes: derived from a root key for one direction (RFC 9053 section 5.2), exported as COSE_Key. */
#include <string.h>

#include "base/secret.h"
#include "cose/envelope.h"

#define ROOT_KEY_MIN_BYTES 16
#define CBOR_NULL 22
#define COSE_KEY_KTY 1
#define COSE_KEY_KID 2
#define COSE_KEY_ALG 3
#define COSE_KEY_BASE_IV 5
#define COSE_KEY_K (-1)
#define KTY_SYMMETRIC 4

/* [ AlgorithmID, [sender, null, null], [recipient, null, null], [bits, h''] ], cut into slices at the names. */
#define PIECE_MAX_BYTES 12

static size_t key_bytes(const husk_envelope_key *key)
{
    return key->wraps ? HUSK_AES_KW_KEY_BYTES : key->aead->key_bytes;
}

static int32_t algorithm(const husk_envelope_key *key)
{
    return key->wraps ? HUSK_ALG_A128KW : key->aead->cose_alg;
}

static void write_nulls(husk_cbor_writer *w)
{
    husk_cbor_write_head(w, HUSK_CBOR_SIMPLE, CBOR_NULL);
    husk_cbor_write_head(w, HUSK_CBOR_SIMPLE, CBOR_NULL);
}

static void derive(const husk_hmac_key *prk, const husk_envelope_parameters *parameters, int32_t alg, uint8_t *out,
                   size_t len)
{
    uint8_t pieces[3][PIECE_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, pieces[0], PIECE_MAX_BYTES);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 4);
    husk_cbor_write_int(&w, alg);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 3);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, parameters->sender.len);
    husk_bytes info[5] = {
        {pieces[0], w.len}, parameters->sender, {pieces[1], 0}, parameters->recipient, {pieces[2], 0}};

    husk_cbor_writer_init(&w, pieces[1], PIECE_MAX_BYTES);
    write_nulls(&w);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 3);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, parameters->recipient.len);
    info[2].len = w.len;

    husk_cbor_writer_init(&w, pieces[2], PIECE_MAX_BYTES);
    write_nulls(&w);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 2);
    husk_cbor_write_head(&w, HUSK_CBOR_UINT, 8 * len);
    husk_cbor_write_bytes(&w, NULL, 0);
    info[4].len = w.len;

    (void)husk_hkdf_expand_xor(prk, info, 5, out, len); /* cannot fail: len <= 32 */
}

static bool name_is_valid(husk_bytes name)
{
    return name.len >= 1 && name.len <= HUSK_ENVELOPE_NAME_MAX_BYTES;
}

static bool same(husk_bytes a, husk_bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Everything but key and Base IV, which are zero. */
static husk_status describe(husk_envelope_key *key, const husk_aead *aead, bool wraps, husk_bytes kid)
{
    if (kid.len > HUSK_ENVELOPE_KID_MAX_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(key, 0, sizeof *key);
    key->aead = aead;
    key->wraps = wraps;
    key->kid_len = (uint8_t)kid.len;
    if (kid.len > 0) {
        memcpy(key->kid, kid.data, kid.len);
    }
    return HUSK_OK;
}

husk_status husk_envelope_key_derive(husk_envelope_key *key, const husk_envelope_parameters *parameters)
{
    if (parameters->root_key.len < ROOT_KEY_MIN_BYTES || !name_is_valid(parameters->sender) ||
        !name_is_valid(parameters->recipient) || same(parameters->sender, parameters->recipient)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = describe(key, parameters->aead, parameters->wraps, parameters->kid);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_hash *hash = parameters->hash;
    uint8_t prk[HUSK_HASH_MAX_BYTES];
    husk_hmac_key expand;
    husk_hkdf_extract(hash, (husk_bytes){NULL, 0}, parameters->root_key, prk);
    husk_hmac_key_init(&expand, hash, prk, hash->digest_bytes);
    husk_wipe(prk, sizeof prk);
    derive(&expand, parameters, algorithm(key), key->key, key_bytes(key));
    if (!key->wraps) {
        derive(&expand, parameters, HUSK_ALG_IV_GENERATION, key->base_iv, key->aead->nonce_bytes);
        /* A Base IV is no secret. Its first bit is 1 for the sake of libraries that compute the nonce with integers and
         * lose zeros in front. */
        HUSK_PUBLIC(key->base_iv, sizeof key->base_iv);
        key->base_iv[0] |= 0x80;
    }
    husk_wipe(&expand, sizeof expand);
    return HUSK_OK;
}

husk_status husk_envelope_key_set(husk_envelope_key *key, const husk_aead *aead, bool wraps, husk_bytes kid,
                                  husk_bytes bytes, husk_bytes base_iv)
{
    size_t len = wraps ? HUSK_AES_KW_KEY_BYTES : aead->key_bytes;
    if (bytes.len != len || (base_iv.len != 0 && base_iv.len != aead->nonce_bytes)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = describe(key, aead, wraps, kid);
    if (status != HUSK_OK) {
        return status;
    }
    memcpy(key->key, bytes.data, len);
    if (base_iv.len != 0) {
        memcpy(key->base_iv, base_iv.data, base_iv.len);
    }
    return HUSK_OK;
}

husk_status husk_envelope_key_export(const husk_envelope_key *key, uint8_t *out, size_t out_cap, size_t *out_len)
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_MAP, (uint64_t)3 + (key->kid_len != 0) + !key->wraps);
    husk_cbor_write_int(&w, COSE_KEY_KTY);
    husk_cbor_write_int(&w, KTY_SYMMETRIC);
    if (key->kid_len != 0) {
        husk_cbor_write_int(&w, COSE_KEY_KID);
        husk_cbor_write_bytes(&w, key->kid, key->kid_len);
    }
    husk_cbor_write_int(&w, COSE_KEY_ALG);
    husk_cbor_write_int(&w, algorithm(key));
    if (!key->wraps) {
        husk_cbor_write_int(&w, COSE_KEY_BASE_IV);
        husk_cbor_write_bytes(&w, key->base_iv, key->aead->nonce_bytes);
    }
    husk_cbor_write_int(&w, COSE_KEY_K);
    husk_cbor_write_bytes(&w, key->key, key_bytes(key));
    husk_status status = husk_cbor_writer_finish(&w, out_len);
    if (status != HUSK_OK && out_cap > 0) {
        husk_wipe(out, out_cap);
    }
    return status;
}

void husk_envelope_key_wipe(husk_envelope_key *key)
{
    husk_wipe(key, sizeof *key);
}

void husk_envelope_sequence_write(uint64_t sequence, uint8_t out[5])
{
    out[0] = (uint8_t)(sequence >> 32);
    uint32_t low = (uint32_t)sequence;
    for (unsigned i = 4; i > 0; i--) {
        out[i] = (uint8_t)low;
        low >>= 8;
    }
}

uint64_t husk_envelope_sequence_read(const uint8_t in[5])
{
    uint32_t low = 0;
    for (unsigned i = 1; i < 5; i++) {
        low = low << 8 | in[i];
    }
    return (uint64_t)in[0] << 32 | low;
}

void husk_envelope_nonce(const husk_envelope_key *key, uint64_t sequence, uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES])
{
    uint8_t number[5];
    husk_envelope_sequence_write(sequence, number);
    memcpy(nonce, key->base_iv, HUSK_AEAD_NONCE_MAX_BYTES);
    for (size_t i = 0; i < sizeof number; i++) {
        nonce[key->aead->nonce_bytes - sizeof number + i] ^= number[i];
    }
}

void husk_envelope_aad(bool many, husk_bytes protected_header, uint8_t head[HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES],
                       husk_bytes aad[3])
{
    static const uint8_t no_external_aad = 0x40;
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, head, HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 3);
    husk_cbor_write_text(&w, "Encrypt0", many ? 7 : 8);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, protected_header.len);
    aad[0] = (husk_bytes){head, w.len};
    aad[1] = protected_header;
    aad[2] = (husk_bytes){&no_external_aad, 1};
}

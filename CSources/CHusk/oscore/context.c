/* The security context: keys and Common IV derived from a Master Secret (RFC 8613 section 3.2.1). */
#include <string.h>

#include "husk/cbor.h"
#include "oscore/context.h"

#define MASTER_SECRET_MIN_BYTES 16
#define CBOR_NULL 22
#define COSE_CHACHA20_POLY1305 24

/* type: the texts of RFC 8613 are the ends of those of frames. */
#define FRAME_PREFIX_BYTES 6
static const char key_type[] = "Frame Key";
static const char iv_type[] = "Frame IV";

/* info = [ id, id_context, alg_aead, type, L ]: three heads, two identifiers, an int32, a text, and a length. */
#define INFO_MAX_BYTES \
    (1 + 1 + HUSK_OSCORE_ID_MAX_BYTES + 1 + HUSK_OSCORE_ID_CONTEXT_MAX_BYTES + 5 + sizeof key_type + 2)

/* What the keys of a context have in common. */
typedef struct derivation {
    const husk_oscore_parameters *parameters;
    husk_hmac_key prk;
    size_t skip; /* of the type */
} derivation;

/* A key for an ID, or the Common IV for NULL; into `out`, which is all zero. */
static void derive(const derivation *d, const husk_id *id, uint8_t *out)
{
    const husk_oscore_parameters *parameters = d->parameters;
    const husk_aead *aead = parameters->aead;
    size_t len = aead->nonce_bytes;
    const char *type = iv_type;
    size_t type_len = sizeof iv_type - 1;
    size_t id_len = 0;
    const uint8_t *id_bytes = NULL;
    if (id != NULL) {
        len = aead->key_bytes;
        type = key_type;
        type_len = sizeof key_type - 1;
        id_len = id->len;
        id_bytes = id->bytes;
    }
    uint8_t info[INFO_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, info, sizeof info);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 5);
    husk_cbor_write_bytes(&w, id_bytes, id_len);
    if (parameters->has_id_context) {
        husk_cbor_write_bytes(&w, parameters->id_context.data, parameters->id_context.len);
    } else {
        husk_cbor_write_head(&w, HUSK_CBOR_SIMPLE, CBOR_NULL);
    }
    husk_cbor_write_int(&w, aead->cose_alg);
    husk_cbor_write_text(&w, type + d->skip, type_len - d->skip);
    husk_cbor_write_head(&w, HUSK_CBOR_UINT, len);
    husk_bytes slice = {info, w.len};
    (void)husk_hkdf_expand_xor(&d->prk, &slice, 1, out, len); /* cannot fail: len <= 32 */
}

bool husk_oscore_parameters_are_valid(const husk_oscore_parameters *parameters)
{
    size_t id_max = (size_t)parameters->aead->nonce_bytes - 6;
    return parameters->master_secret.len >= MASTER_SECRET_MIN_BYTES &&
           parameters->id_context.len <= HUSK_OSCORE_ID_CONTEXT_MAX_BYTES && parameters->sender_id.len <= id_max &&
           parameters->recipient_id.len <= id_max &&
           !husk_id_equal(&parameters->sender_id, &parameters->recipient_id);
}

/* What draft-ietf-core-oscore-key-limits section 2.1.1 recommends. `l` is in blocks there: 2^8 or 2^10 of 16 or 64
 * bytes. */
void husk_oscore_limits_set(husk_oscore_context *context)
{
    const husk_aead *aead = context->aead;
    bool long_tag = aead->tag_bytes == HUSK_AEAD_TAG_MAX_BYTES;
    context->limit_q = (uint64_t)1 << 20;
    context->limit_v = (uint32_t)1 << (long_tag ? 20 : 14);
    context->limit_l = (uint32_t)1 << (long_tag ? 14 : 12);
    if (aead->cose_alg == COSE_CHACHA20_POLY1305) {
        context->limit_l = (uint32_t)1 << 16;
    }
}

husk_status husk_oscore_context_derive(husk_oscore_context *context, const husk_oscore_parameters *parameters,
                                       bool frame)
{
    if (!husk_oscore_parameters_are_valid(parameters)) {
        return HUSK_ERR_ARGUMENT;
    }
    const husk_aead *aead = parameters->aead;
    memset(context, 0, sizeof *context);
    context->aead = aead;
    context->sender_limit = HUSK_OSCORE_SEQUENCE_MAX + 1;
    husk_oscore_limits_set(context);
    context->sender_id = parameters->sender_id;
    context->recipient_id = parameters->recipient_id;
    context->has_id_context = parameters->has_id_context;
    if (parameters->has_id_context && parameters->id_context.len > 0) {
        memcpy(context->id_context, parameters->id_context.data, parameters->id_context.len);
        context->id_context_len = (uint8_t)parameters->id_context.len;
    }

    uint8_t prk[HUSK_HASH_MAX_BYTES];
    derivation d;
    d.parameters = parameters;
    d.skip = frame ? 0 : FRAME_PREFIX_BYTES;
    husk_hkdf_extract(parameters->hash, parameters->master_salt, parameters->master_secret, prk);
    husk_hmac_key_init(&d.prk, parameters->hash, prk, parameters->hash->digest_bytes);
    husk_wipe(prk, sizeof prk);
    derive(&d, &parameters->sender_id, context->sender_key);
    derive(&d, &parameters->recipient_id, context->recipient_key);
    derive(&d, NULL, context->common_iv);
    husk_wipe(&d, sizeof d);
    return HUSK_OK;
}

husk_status husk_oscore_context_init(husk_oscore_context *context, const husk_oscore_parameters *parameters)
{
    return husk_oscore_context_derive(context, parameters, false);
}

void husk_oscore_context_wipe(husk_oscore_context *context)
{
    husk_wipe(context, sizeof *context);
}

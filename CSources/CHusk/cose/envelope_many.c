/* Envelopes to several recipients: COSE_Encrypt with a content key that is wrapped for each (RFC 9052 section 5.1, RFC
 * 9053 section 6.2.1). */
#include <string.h>

#include "base/secret.h"
#include "cose/envelope.h"

#define WRAPPED_MAX_BYTES (HUSK_AEAD_KEY_MAX_BYTES + HUSK_AES_KW_OVERHEAD_BYTES)

/* Each recipient is [ h'', { 1: -3, 4: kid }, wrapped content key ]. Without a content key it only measures. */
static void write_recipients(husk_cbor_writer *w, const husk_envelope_sender_config *config, const uint8_t *content_key)
{
    size_t key_bytes = config->keys[0].aead->key_bytes;
    husk_cbor_write_head(w, HUSK_CBOR_ARRAY, config->key_count);
    for (size_t i = 0; i < config->key_count; i++) {
        const husk_envelope_key *key = &config->keys[i];
        uint8_t wrapped[WRAPPED_MAX_BYTES];
        if (content_key != NULL) {
            (void)husk_aes_kw_wrap(key->key, content_key, key_bytes, wrapped); /* cannot fail: 16 or 32 bytes */
        }
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, 3);
        husk_cbor_write_bytes(w, NULL, 0);
        husk_cbor_write_head(w, HUSK_CBOR_MAP, key->kid_len != 0 ? 2 : 1);
        husk_cbor_write_int(w, HUSK_HEADER_ALG);
        husk_cbor_write_int(w, HUSK_ALG_A128KW);
        if (key->kid_len != 0) {
            husk_cbor_write_int(w, HUSK_HEADER_KID);
            husk_cbor_write_bytes(w, key->kid, key->kid_len);
        }
        husk_cbor_write_bytes(w, wrapped, key_bytes + HUSK_AES_KW_OVERHEAD_BYTES);
    }
}

husk_status husk_envelope_seal_for_many(husk_envelope_sender *sender, const husk_envelope_metadata *metadata,
                                        husk_bytes content, uint8_t *out, size_t out_cap, size_t *out_len)
{
    const husk_envelope_sender_config *config = sender->config;
    if (config == NULL) {
        return HUSK_ERR_STATE;
    }
    const husk_aead *aead = config->keys[0].aead;
    const husk_random *random = &config->random;
    if (!config->keys[0].wraps || random->fill == NULL || content.len > SIZE_MAX - aead->tag_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = husk_envelope_metadata_check(metadata);
    if (status != HUSK_OK) {
        return status;
    }
    /* The key is new, so the IV need not be anything but the sequence number. */
    uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES];
    husk_bytes iv = {nonce, aead->nonce_bytes}, none = {NULL, 0};
    size_t sealed_len = content.len + aead->tag_bytes;
    husk_bytes protected_header;
    husk_cbor_writer w, recipients;
    husk_envelope_nonce(&config->keys[0], sender->sequence, nonce);
    husk_cbor_writer_init(&w, NULL, 0);
    husk_envelope_write_head(&w, aead, none, true, metadata, iv, none, sealed_len, &protected_header);
    size_t text_at = w.len;
    husk_cbor_writer_init(&recipients, NULL, 0);
    write_recipients(&recipients, config, NULL);
    size_t around = text_at + recipients.len;
    if (out_cap < around || out_cap - around < sealed_len) {
        return HUSK_ERR_BUFFER;
    }

    uint8_t content_key[HUSK_AEAD_KEY_MAX_BYTES];
    if (random->fill(random->context, content_key, aead->key_bytes) != HUSK_OK) {
        husk_wipe(content_key, sizeof content_key);
        return HUSK_ERR_RANDOM;
    }
    HUSK_SECRET(content_key, aead->key_bytes);
    uint64_t sequence;
    status = husk_envelope_sequence_next(sender, &sequence);
    if (status != HUSK_OK) {
        husk_wipe(content_key, sizeof content_key);
        return status;
    }
    if (content.len > 0) {
        memmove(out + text_at, content.data, content.len);
    }
    husk_cbor_writer_init(&w, out, text_at);
    husk_envelope_write_head(&w, aead, none, true, metadata, iv, none, sealed_len, &protected_header);
    uint8_t head[HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES];
    husk_bytes aad[3];
    husk_envelope_aad(true, protected_header, head, aad);
    status = aead->seal(aead, content_key, nonce, aad, 3, out + text_at, content.len);
    if (status != HUSK_ERR_ARGUMENT) {
        sender->sequence = sequence + 1;
    }
    if (status == HUSK_OK) {
        husk_cbor_writer_init(&recipients, out + text_at + sealed_len, recipients.len);
        write_recipients(&recipients, config, content_key);
        *out_len = around + sealed_len;
    } else {
        husk_wipe(out + text_at, sealed_len);
    }
    husk_wipe(content_key, sizeof content_key);
    return status;
}

/* A COSE_recipient, as far as A128KW goes; more than that, and the parameters of other algorithms, are skipped. */
typedef struct recipient {
    int64_t alg;
    husk_bytes protected_header;
    husk_bytes kid;
    husk_bytes wrapped;
} recipient;

static husk_status read_bucket(husk_cbor_reader *r, husk_envelope_labels *labels, recipient *found)
{
    size_t pairs;
    husk_status status = husk_cbor_read_map(r, &pairs);
    for (size_t i = 0; status == HUSK_OK && i < pairs; i++) {
        int32_t label;
        status = husk_envelope_label_next(labels, r, &label);
        if (status != HUSK_OK) {
            return status;
        }
        if (label == HUSK_HEADER_ALG && husk_cbor_peek(r) != HUSK_CBOR_TEXT) {
            status = husk_cbor_read_int(r, &found->alg);
        } else if (label == HUSK_HEADER_KID) {
            status = husk_cbor_read_bytes(r, &found->kid);
        } else {
            status = husk_cbor_skip(r, NULL);
        }
    }
    return status;
}

static husk_status read_recipient(husk_cbor_reader *r, recipient *found)
{
    husk_envelope_labels labels = {0};
    husk_cbor_reader inner;
    size_t items;
    memset(found, 0, sizeof *found);
    if (husk_cbor_read_array(r, &items) != HUSK_OK || items < 3 || items > 4 ||
        husk_cbor_read_bytes(r, &found->protected_header) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    husk_status status = HUSK_OK;
    if (found->protected_header.len != 0) {
        husk_cbor_reader_init(&inner, found->protected_header.data, found->protected_header.len);
        status = read_bucket(&inner, &labels, found);
        if (status == HUSK_OK && inner.left != 0) {
            status = HUSK_ERR_FORMAT;
        }
    }
    if (status == HUSK_OK) {
        status = read_bucket(r, &labels, found);
    }
    if (status != HUSK_OK) {
        return status;
    }
    if (husk_cbor_peek(r) == HUSK_CBOR_BYTES) {
        status = husk_cbor_read_bytes(r, &found->wrapped);
    } else {
        status = husk_cbor_skip(r, NULL); /* null: direct encryption */
    }
    return status == HUSK_OK && items == 4 ? husk_cbor_skip(r, NULL) : status;
}

/* The first recipient with the kid of `key`, all of them being well-formed. */
static husk_status find_recipient(const husk_envelope_view *view, const husk_envelope_key *key, husk_bytes *wrapped)
{
    husk_cbor_reader r;
    bool is_found = false;
    husk_cbor_reader_init(&r, view->recipients.data, view->recipients.len);
    for (size_t i = 0; i < view->recipient_count; i++) {
        recipient one;
        husk_status status = read_recipient(&r, &one);
        if (status != HUSK_OK) {
            return status;
        }
        bool ours = one.alg == HUSK_ALG_A128KW && one.kid.len == key->kid_len &&
                    (one.kid.len == 0 || memcmp(one.kid.data, key->kid, one.kid.len) == 0);
        if (ours && one.protected_header.len != 0) {
            return HUSK_ERR_FORMAT; /* AES Key Wrap authenticates no header */
        }
        if (ours && !is_found) {
            *wrapped = one.wrapped;
            is_found = true;
        }
    }
    return is_found ? HUSK_OK : HUSK_ERR_CONTEXT;
}

husk_status husk_envelope_open_one_of_many(husk_envelope_opener *opener, uint64_t now, uint8_t *data, size_t len,
                                           husk_envelope_view *view)
{
    memset(view, 0, sizeof *view);
    if (opener->config == NULL) {
        return HUSK_ERR_STATE;
    }
    const husk_envelope_key *key = opener->config->key;
    if (!key->wraps) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_bytes wrapped = {NULL, 0};
    husk_status status = husk_envelope_inspect(data, len, view);
    if (status == HUSK_OK) {
        status = view->recipient_count == 0 ? HUSK_ERR_UNSUPPORTED : find_recipient(view, key, &wrapped);
    }
    if (status == HUSK_OK) {
        status = husk_envelope_admit(opener, now, view);
    }
    size_t key_bytes = key->aead->key_bytes;
    if (status == HUSK_OK && wrapped.len != key_bytes + HUSK_AES_KW_OVERHEAD_BYTES) {
        status = HUSK_ERR_FORMAT;
    }
    uint8_t content_key[HUSK_AEAD_KEY_MAX_BYTES];
    if (status == HUSK_OK) {
        status = husk_aes_kw_unwrap(key->key, wrapped.data, wrapped.len, content_key);
    }
    if (status == HUSK_OK) {
        status = husk_envelope_release(opener, content_key, data, view);
        husk_wipe(content_key, sizeof content_key);
    }
    if (status != HUSK_OK) {
        memset(view, 0, sizeof *view);
    }
    return status;
}

/* Sealing for one recipient, and the sequence numbers of a sender. */
#include <string.h>

#include "cose/envelope.h"

static bool keys_fit(const husk_envelope_sender_config *config)
{
    const husk_envelope_key *keys = config->keys;
    if (config->key_count == 0 || (config->key_count > 1 && !keys[0].wraps)) {
        return false;
    }
    for (size_t i = 1; i < config->key_count; i++) {
        if (!keys[i].wraps || keys[i].aead != keys[0].aead) {
            return false;
        }
    }
    return true;
}

husk_status husk_envelope_sender_init(husk_envelope_sender *sender, const husk_envelope_sender_config *config)
{
    const husk_storage *storage = &config->storage;
    memset(sender, 0, sizeof *sender);
    if (!keys_fit(config) || storage->load == NULL || storage->store == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    uint8_t record[HUSK_ENVELOPE_SENDER_RECORD_BYTES];
    size_t len;
    if (storage->load(storage->context, config->record, record, sizeof record, &len) != HUSK_OK ||
        (len != 0 && len != sizeof record)) {
        return HUSK_ERR_STORAGE;
    }
    sender->config = config;
    if (len != 0) {
        sender->sequence = husk_envelope_sequence_read(record) + 1; /* the greatest that may have been used */
        sender->limit = sender->sequence;
    }
    return HUSK_OK;
}

/* Numbers up to this one may be used, or were. */
static husk_status store_last(husk_envelope_sender *sender, uint64_t last)
{
    const husk_storage *storage = &sender->config->storage;
    uint8_t record[HUSK_ENVELOPE_SENDER_RECORD_BYTES];
    husk_envelope_sequence_write(last, record);
    if (storage->store(storage->context, sender->config->record, record, sizeof record) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    sender->limit = last + 1;
    return HUSK_OK;
}

husk_status husk_envelope_sequence_next(husk_envelope_sender *sender, uint64_t *sequence)
{
    *sequence = sender->sequence;
    if (sender->config == NULL) {
        return HUSK_ERR_STATE;
    }
    if (*sequence > HUSK_ENVELOPE_SEQUENCE_MAX) {
        return HUSK_ERR_EXHAUSTED;
    }
    if (*sequence < sender->limit) {
        return HUSK_OK;
    }
    uint64_t last = *sequence + (HUSK_ENVELOPE_RESERVE - 1);
    return store_last(sender, last > HUSK_ENVELOPE_SEQUENCE_MAX ? HUSK_ENVELOPE_SEQUENCE_MAX : last);
}

husk_status husk_envelope_sender_release(husk_envelope_sender *sender)
{
    if (sender->config == NULL) {
        return HUSK_ERR_STATE;
    }
    if (sender->limit == sender->sequence || sender->sequence == 0) {
        return HUSK_OK;
    }
    /* Whatever becomes of the record: what comes next is reserved again. */
    sender->limit = sender->sequence;
    return store_last(sender, sender->sequence - 1);
}

static size_t partial_iv_start(const uint8_t number[5])
{
    size_t start = 0;
    while (start < 4 && number[start] == 0) {
        start++;
    }
    return start;
}

husk_status husk_envelope_seal(husk_envelope_sender *sender, const husk_envelope_metadata *metadata,
                               husk_bytes content, uint8_t *out, size_t out_cap, size_t *out_len)
{
    if (sender->config == NULL) {
        return HUSK_ERR_STATE;
    }
    const husk_envelope_key *key = sender->config->keys;
    const husk_aead *aead = key->aead;
    if (key->wraps || content.len > SIZE_MAX - aead->tag_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = husk_envelope_metadata_check(metadata);
    if (status != HUSK_OK) {
        return status;
    }
    /* The number is not spent before it is certain that all fits, and not reserved either. */
    uint64_t sequence = sender->sequence;
    uint8_t number[5], nonce[HUSK_AEAD_NONCE_MAX_BYTES];
    husk_envelope_sequence_write(sequence, number);
    husk_envelope_nonce(key, sequence, nonce);
    size_t start = partial_iv_start(number);
    husk_bytes iv = {nonce, sender->config->full_iv ? aead->nonce_bytes : 0};
    husk_bytes partial_iv = {number + start, sizeof number - start};
    husk_bytes kid = {key->kid, key->kid_len};
    size_t sealed_len = content.len + aead->tag_bytes;
    husk_bytes protected_header;
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, NULL, 0);
    husk_envelope_write_head(&w, aead, kid, false, metadata, iv, partial_iv, sealed_len, &protected_header);
    if (out_cap < w.len || out_cap - w.len < sealed_len) {
        return HUSK_ERR_BUFFER;
    }
    status = husk_envelope_sequence_next(sender, &sequence);
    if (status != HUSK_OK) {
        return status;
    }
    size_t text_at = w.len;
    if (content.len > 0) {
        memmove(out + text_at, content.data, content.len);
    }
    husk_cbor_writer_init(&w, out, out_cap);
    husk_envelope_write_head(&w, aead, kid, false, metadata, iv, partial_iv, sealed_len, &protected_header);

    uint8_t head[HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES];
    husk_bytes aad[3];
    husk_envelope_aad(false, protected_header, head, aad);
    status = aead->seal(aead, key->key, nonce, aad, 3, out + text_at, content.len);
    if (status != HUSK_ERR_ARGUMENT) {
        sender->sequence = sequence + 1;
    }
    if (status != HUSK_OK) {
        husk_wipe(out + text_at, sealed_len);
        return status;
    }
    *out_len = text_at + sealed_len;
    return HUSK_OK;
}

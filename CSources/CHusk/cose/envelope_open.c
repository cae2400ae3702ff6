/* Opening by the one recipient, and the replay window of an opener. */
#include <string.h>

#include "base/bytes.h"
#include "cose/envelope.h"

husk_status husk_envelope_opener_init(husk_envelope_opener *opener, const husk_envelope_opener_config *config)
{
    const husk_storage *storage = &config->storage;
    memset(opener, 0, sizeof *opener);
    if (config->key == NULL || storage->load == NULL || storage->store == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    uint8_t record[HUSK_ENVELOPE_OPENER_RECORD_BYTES];
    size_t len;
    if (storage->load(storage->context, config->record, record, sizeof record, &len) != HUSK_OK ||
        (len != 0 && len != sizeof record)) {
        return HUSK_ERR_STORAGE;
    }
    opener->config = config;
    if (len != 0) {
        opener->top = husk_envelope_sequence_read(record);
        opener->bits = husk_load_be64(record + 5);
    }
    return HUSK_OK;
}

static bool is_fresh(const husk_envelope_opener *opener, uint64_t sequence)
{
    if (opener->bits == 0 || sequence > opener->top) {
        return true;
    }
    uint64_t age = opener->top - sequence;
    return age < HUSK_ENVELOPE_WINDOW && (opener->bits >> (uint32_t)age & 1) == 0;
}

/* Moves the window on, in storage first. */
static husk_status accept(husk_envelope_opener *opener, uint64_t sequence)
{
    uint64_t top = opener->top, bits = opener->bits;
    if (bits != 0 && sequence <= top) {
        bits |= (uint64_t)1 << (uint32_t)(top - sequence);
    } else {
        uint64_t step = sequence - top;
        bits = (step < HUSK_ENVELOPE_WINDOW ? bits << (uint32_t)step : 0) | 1;
        top = sequence;
    }
    const husk_storage *storage = &opener->config->storage;
    uint8_t record[HUSK_ENVELOPE_OPENER_RECORD_BYTES];
    husk_envelope_sequence_write(top, record);
    husk_store_be64(record + 5, bits);
    if (storage->store(storage->context, opener->config->record, record, sizeof record) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    opener->top = top;
    opener->bits = bits;
    return HUSK_OK;
}

/* The nonce is Base IV xor number, so the number is IV xor Base IV, or the Partial IV; it has five bytes. */
static husk_status find_sequence(const husk_envelope_key *key, husk_envelope_view *view)
{
    size_t nonce_bytes = key->aead->nonce_bytes;
    uint8_t number[HUSK_AEAD_NONCE_MAX_BYTES] = {0};
    bool whole = view->iv.len != 0;
    husk_bytes given = whole ? view->iv : view->partial_iv;
    if (given.len > nonce_bytes || (whole && given.len != nonce_bytes)) {
        return HUSK_ERR_FORMAT;
    }
    memcpy(number + sizeof number - given.len, given.data, given.len);
    for (size_t i = 0; whole && i < nonce_bytes; i++) {
        number[sizeof number - nonce_bytes + i] ^= key->base_iv[i];
    }
    uint8_t high = 0;
    for (size_t i = 0; i < sizeof number - 5; i++) {
        high |= number[i];
    }
    view->sequence = husk_envelope_sequence_read(number + sizeof number - 5);
    return high == 0 ? HUSK_OK : HUSK_ERR_UNSUPPORTED; /* the window has no place for other nonces */
}

static bool is_for_us(const husk_envelope_opener_config *config, husk_bytes destination)
{
    for (size_t i = 0; i < config->name_count; i++) {
        if (destination.len == config->names[i].len &&
            memcmp(destination.data, config->names[i].data, destination.len) == 0) {
            return true;
        }
    }
    return destination.len == 0 || config->name_count == 0;
}

husk_status husk_envelope_admit(const husk_envelope_opener *opener, uint64_t now, husk_envelope_view *view)
{
    const husk_envelope_opener_config *config = opener->config;
    const husk_aead *aead = config->key->aead;
    if (view->alg != aead->cose_alg) {
        return HUSK_ERR_UNSUPPORTED;
    }
    if (view->ciphertext.len < aead->tag_bytes) {
        return HUSK_ERR_FORMAT;
    }
    husk_status status = find_sequence(config->key, view);
    if (status != HUSK_OK) {
        return status;
    }
    if (!is_for_us(config, view->metadata.destination)) {
        return HUSK_ERR_DESTINATION;
    }
    if (config->deadline_required && !view->metadata.has_deadline) {
        return HUSK_ERR_FORMAT;
    }
    if (view->metadata.has_deadline && now == HUSK_ENVELOPE_TIME_UNKNOWN) {
        return HUSK_ERR_CLOCK;
    }
    if (view->metadata.has_deadline && now >= view->metadata.deadline) {
        return HUSK_ERR_EXPIRED;
    }
    return is_fresh(opener, view->sequence) ? HUSK_OK : HUSK_ERR_REPLAY;
}

husk_status husk_envelope_release(husk_envelope_opener *opener, const uint8_t *key, uint8_t *data,
                                  husk_envelope_view *view)
{
    const husk_aead *aead = opener->config->key->aead;
    uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES];
    uint8_t head[HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES];
    husk_bytes aad[3];
    husk_envelope_nonce(opener->config->key, view->sequence, nonce);
    husk_envelope_aad(view->recipient_count != 0, view->protected_header, head, aad);
    uint8_t *text = data + (view->ciphertext.data - data);
    size_t len = view->ciphertext.len - aead->tag_bytes;
    husk_status status = aead->open(aead, key, nonce, aad, 3, text, len);
    if (status == HUSK_OK) {
        status = accept(opener, view->sequence);
    }
    if (status != HUSK_OK) {
        husk_wipe(text, len);
        return status == HUSK_ERR_ARGUMENT ? HUSK_ERR_FORMAT : status; /* longer than the AEAD allows */
    }
    view->content = (husk_bytes){text, len};
    return HUSK_OK;
}

husk_status husk_envelope_open(husk_envelope_opener *opener, uint64_t now, uint8_t *data, size_t len,
                               husk_envelope_view *view)
{
    memset(view, 0, sizeof *view);
    if (opener->config == NULL) {
        return HUSK_ERR_STATE;
    }
    const husk_envelope_key *key = opener->config->key;
    if (key->wraps) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = husk_envelope_inspect(data, len, view);
    if (status != HUSK_OK) {
        return status;
    }
    bool other_kid = view->kid.len != 0 &&
                     (view->kid.len != key->kid_len || memcmp(view->kid.data, key->kid, key->kid_len) != 0);
    if (view->recipient_count != 0) {
        status = HUSK_ERR_UNSUPPORTED;
    } else if (other_kid) {
        status = HUSK_ERR_CONTEXT;
    } else {
        status = husk_envelope_admit(opener, now, view);
    }
    if (status == HUSK_OK) {
        status = husk_envelope_release(opener, key->key, data, view);
    }
    if (status != HUSK_OK) {
        memset(view, 0, sizeof *view);
    }
    return status;
}

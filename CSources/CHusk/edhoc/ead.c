/* External Authorization Data: items inside EDHOC messages for other security applications (RFC 9528 section 3.8). */
#include "edhoc/ead.h"

void husk_edhoc_ead_write(husk_cbor_writer *w, uint16_t label, bool critical, husk_bytes value, bool has_value)
{
    husk_cbor_write_int(w, critical ? -(int64_t)label : label);
    if (has_value) {
        husk_cbor_write_bytes(w, value.data, value.len);
    }
}

husk_status husk_edhoc_ead_read(husk_cbor_reader *r, uint16_t *label, bool *critical, husk_bytes *value)
{
    husk_cbor_reader at = *r;
    int64_t number;
    husk_status status = husk_cbor_read_int(&at, &number);
    if (status != HUSK_OK) {
        return status;
    }
    if (number > UINT16_MAX || number < -(int64_t)UINT16_MAX) {
        return HUSK_ERR_FORMAT;
    }
    husk_bytes content = {NULL, 0};
    if (husk_cbor_peek(&at) == HUSK_CBOR_BYTES) {
        status = husk_cbor_read_bytes(&at, &content);
        if (status != HUSK_OK) {
            return status;
        }
    }
    *r = at;
    *critical = number < 0;
    *label = (uint16_t)(number < 0 ? -number : number);
    *value = content;
    return HUSK_OK;
}

static bool is_understood(const husk_edhoc_config *config, uint16_t label)
{
    for (size_t i = 0; i < config->ead_label_count; i++) {
        if (config->ead_labels[i] == label) {
            return true;
        }
    }
    return false;
}

/* With config NULL every label is acceptable. */
static husk_status walk(const husk_edhoc_config *config, husk_bytes ead)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, ead.data, ead.len);
    husk_status verdict = HUSK_OK;
    while (r.left > 0) {
        uint16_t label;
        bool critical;
        husk_bytes value;
        husk_status status = husk_edhoc_ead_read(&r, &label, &critical, &value);
        if (status != HUSK_OK) {
            return status;
        }
        if (config != NULL && critical && !is_understood(config, label)) {
            verdict = HUSK_ERR_EAD;
        }
    }
    return verdict;
}

husk_status husk_edhoc_ead_accept(const husk_edhoc_config *config, husk_bytes ead)
{
    return walk(config, ead);
}

husk_status husk_edhoc_ead_check(husk_bytes ead)
{
    return walk(NULL, ead) == HUSK_OK ? HUSK_OK : HUSK_ERR_ARGUMENT;
}

husk_bytes husk_edhoc_rest(const husk_cbor_reader *r)
{
    return (husk_bytes){r->next, r->left};
}

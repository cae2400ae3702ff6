/* Error messages: ( ERR_CODE, ERR_INFO ) (RFC 9528 section 6), and the choice of a suite after one. */
#include "edhoc/message.h"

/* Diagnostic text for people who debug, without detail that would help an attacker. */
static const char *diagnosis(husk_status why)
{
    switch (why) {
    case HUSK_ERR_METHOD:
        return "Method not supported";
    case HUSK_ERR_EAD:
        return "Critical EAD item not supported";
    case HUSK_ERR_IDENTIFIER:
        return "Connection identifiers are equal";
    case HUSK_ERR_UNSUPPORTED:
        return "Identifier not supported";
    case HUSK_ERR_FORMAT:
        return "Message malformed";
    default:
        return "Processing failed";
    }
}

static void write_suites_r(husk_cbor_writer *w, const husk_edhoc_config *config)
{
    if (config->suite_count != 1) {
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, config->suite_count);
    }
    for (size_t i = 0; i < config->suite_count; i++) {
        husk_cbor_write_int(w, config->suites[i]->id);
    }
}

husk_status husk_edhoc_error_compose(const husk_edhoc_config *config, husk_status why, uint8_t *out, size_t out_cap,
                                     size_t *out_len)
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, out_cap);
    if (why == HUSK_ERR_SUITE) {
        husk_cbor_write_int(&w, HUSK_EDHOC_ERROR_WRONG_SUITE);
        write_suites_r(&w, config);
        return husk_cbor_writer_finish(&w, out_len);
    }
    if (why == HUSK_ERR_CREDENTIAL) {
        husk_cbor_write_int(&w, HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL);
        husk_cbor_write_bool(&w, true);
        return husk_cbor_writer_finish(&w, out_len);
    }
    const char *text = diagnosis(why);
    size_t text_len = 0;
    while (text[text_len] != 0) {
        text_len++;
    }
    husk_cbor_write_int(&w, HUSK_EDHOC_ERROR_UNSPECIFIED);
    husk_cbor_write_text(&w, text, text_len);
    return husk_cbor_writer_finish(&w, out_len);
}

husk_status husk_edhoc_error_meaning(int64_t code)
{
    switch (code) {
    case HUSK_EDHOC_ERROR_WRONG_SUITE:
        return HUSK_ERR_SUITE;
    case HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL:
        return HUSK_ERR_CREDENTIAL;
    default:
        return HUSK_ERR_PEER;
    }
}

/* suites = [ 2* int ] / int: steps over one, and tells whether `id` is in it. */
static husk_status read_suites(husk_cbor_reader *r, int64_t id, bool *found)
{
    size_t count = 1;
    *found = false;
    if (husk_cbor_peek(r) == HUSK_CBOR_ARRAY && (husk_cbor_read_array(r, &count) != HUSK_OK || count < 2)) {
        return HUSK_ERR_FORMAT;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t suite;
        if (husk_cbor_read_int(r, &suite) != HUSK_OK) {
            return HUSK_ERR_FORMAT;
        }
        *found = *found || suite == id;
    }
    return HUSK_OK;
}

husk_status husk_edhoc_error_read(const uint8_t *message, size_t len, husk_edhoc_error *error)
{
    husk_edhoc_error found = {0};
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, message, len);
    if (husk_cbor_read_int(&r, &found.code) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    husk_cbor_reader info = r;
    husk_bytes item;
    if (husk_cbor_skip(&r, &item) != HUSK_OK || r.left != 0) {
        return HUSK_ERR_FORMAT;
    }
    if (found.code == HUSK_EDHOC_ERROR_UNSPECIFIED && husk_cbor_read_text(&info, &found.text) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    if (found.code == HUSK_EDHOC_ERROR_WRONG_SUITE) {
        bool ignored;
        if (read_suites(&info, 0, &ignored) != HUSK_OK) {
            return HUSK_ERR_FORMAT;
        }
        found.suites = item;
    }
    *error = found;
    return HUSK_OK;
}

husk_status husk_edhoc_suite_select(const husk_edhoc_config *config, husk_bytes suites_r, size_t *suite_index)
{
    for (size_t i = 0; i < config->suite_count; i++) {
        husk_cbor_reader r;
        bool found;
        husk_cbor_reader_init(&r, suites_r.data, suites_r.len);
        husk_status status = read_suites(&r, config->suites[i]->id, &found);
        if (status != HUSK_OK) {
            return status;
        }
        if (found) {
            *suite_index = i;
            return HUSK_OK;
        }
    }
    return HUSK_ERR_SUITE;
}

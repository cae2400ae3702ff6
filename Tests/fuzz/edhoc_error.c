/* EDHOC error messages (RFC 9528 section 6) and the choice of a suite from SUITES_R (section 6.3.1).
 *
 * seed: 0202
 * seed: {rfc9529.error}
 * seed: 02820602
 * seed: 028206381700
 * seed: 017150726f63657373696e67206661696c6564
 * seed: 03f5
 * seed: 0281ff
 * seed: 028102
 * seed: 0100
 * seed: 0203 */
#include "support/fuzz.h"

FUZZ_GOALS(TEXT, SUITES, CREDENTIAL, CHOSEN, NONE_IN_COMMON, MALFORMED);

static const husk_suite *const suites[] = {&husk_suite_0, &husk_suite_2};
static const husk_edhoc_config config = {.suites = suites, .suite_count = 2};

void fuzz_setup(void)
{
    uint8_t out[HUSK_EDHOC_ERROR_MAX_BYTES];
    size_t len;
    for (husk_status why = -64; why < 0; why++) {
        husk_edhoc_error error;
        FUZZ_OK(husk_edhoc_error_compose(&config, why, out, sizeof out, &len));
        FUZZ_OK(husk_edhoc_error_read(out, len, &error));
        FUZZ_CHECK(error.code >= 1 && error.code <= 3);
    }
}

static void check_suites(husk_bytes suites_r, const uint8_t *message, size_t len)
{
    fuzz_check_inside(suites_r, message, len);
    husk_cbor_reader r;
    size_t count = 1;
    int64_t suite;
    husk_cbor_reader_init(&r, suites_r.data, suites_r.len);
    if (husk_cbor_peek(&r) == HUSK_CBOR_ARRAY) { /* suites = [ 2* int ] / int */
        FUZZ_OK(husk_cbor_read_array(&r, &count));
        FUZZ_CHECK(count >= 2);
    }
    for (size_t i = 0; i < count; i++) {
        FUZZ_OK(husk_cbor_read_int(&r, &suite));
    }
    FUZZ_CHECK(r.left == 0);
    size_t index = SIZE_MAX;
    husk_status status = husk_edhoc_suite_select(&config, suites_r, &index);
    FUZZ_CHECK(status == HUSK_OK ? index < 2 : status == HUSK_ERR_SUITE);
    fuzz_reached(status == HUSK_OK ? CHOSEN : NONE_IN_COMMON);
    fuzz_reached(SUITES);
}

void fuzz_one(fuzz_input in)
{
    const uint8_t *message = fuzz_exact(in.data, in.len);
    husk_edhoc_error error = {.code = 77};
    husk_status status = husk_edhoc_error_read(message, in.len, &error);
    size_t index;
    /* SUITES_R is what a peer sent: any bytes. */
    husk_status selected = husk_edhoc_suite_select(&config, (husk_bytes){message, in.len}, &index);
    FUZZ_CHECK(selected == HUSK_OK || selected == HUSK_ERR_SUITE || selected == HUSK_ERR_FORMAT);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_FORMAT && error.code == 77);
        fuzz_reached(MALFORMED);
        return;
    }
    if (error.code == HUSK_EDHOC_ERROR_WRONG_SUITE) {
        check_suites(error.suites, message, in.len);
    }
    if (error.code == HUSK_EDHOC_ERROR_UNSPECIFIED) {
        fuzz_check_inside(error.text, message, in.len);
        uint8_t *again = fuzz_exact(message, in.len);
        husk_cbor_writer w;
        husk_cbor_writer_init(&w, again, in.len);
        husk_cbor_write_int(&w, error.code);
        husk_cbor_write_text(&w, (const char *)error.text.data, error.text.len);
        FUZZ_CHECK(w.len == in.len && memcmp(again, message, in.len) == 0);
        fuzz_reached(TEXT);
    }
    if (error.code == HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL) {
        fuzz_reached(CREDENTIAL);
    }
    /* Every message but the first is told apart from an error by its first item. */
    FUZZ_CHECK(message[0] >> 5 <= 1);
}

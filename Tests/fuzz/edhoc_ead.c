/* EAD items (RFC 9528 section 3.8) and byte string identifiers (section 3.3.2), inside EDHOC messages: what is read,
 * written again, is the same; and what the two readers of EAD accept is the same. The first byte is even for EAD, odd
 * for an identifier.
 *
 * seed: 00 01
 * seed: 00 20 4401020304
 * seed: 00 39fffe40 00 19ffff
 * seed: 00 39ffff
 * seed: 00 1a00010000
 * seed: 01 05
 * seed: 01 4105
 * seed: 01 4118
 * seed: 01 37
 * seed: 01 420010 */
#include "edhoc/ead.h"
#include "support/fuzz.h"

FUZZ_GOALS(ITEM, CRITICAL, ACCEPTED, NOT_UNDERSTOOD, MALFORMED, IDENTIFIER, NO_IDENTIFIER);

static const uint16_t labels[] = {0, 1, 255};
static const husk_edhoc_config config = {.ead_labels = labels, .ead_label_count = 3};

void fuzz_setup(void)
{
}

static bool is_understood(uint16_t label)
{
    return label == 0 || label == 1 || label == 255;
}

static husk_status walk(husk_bytes ead)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, ead.data, ead.len);
    husk_status verdict = HUSK_OK;
    while (r.left > 0) {
        const husk_cbor_reader before = r;
        uint16_t label;
        bool critical;
        husk_bytes value;
        husk_status status = husk_edhoc_ead_read(&r, &label, &critical, &value);
        if (status != HUSK_OK) {
            FUZZ_CHECK(status == HUSK_ERR_FORMAT && r.next == before.next && r.left == before.left);
            return status;
        }
        fuzz_check_inside(value, ead.data, ead.len);
        size_t taken = before.left - r.left;
        uint8_t *again = fuzz_exact(before.next, taken);
        husk_cbor_writer w;
        husk_cbor_writer_init(&w, again, taken);
        husk_edhoc_ead_write(&w, label, critical, value, value.data != NULL);
        FUZZ_CHECK(w.len == taken && memcmp(again, before.next, taken) == 0);
        if (critical && !is_understood(label)) {
            verdict = HUSK_ERR_EAD;
        }
        fuzz_reached(critical ? CRITICAL : ITEM);
    }
    return verdict;
}

static void check_ead(husk_bytes ead)
{
    husk_status expected = walk(ead);
    FUZZ_CHECK(husk_edhoc_ead_accept(&config, ead) == expected);
    FUZZ_CHECK(husk_edhoc_ead_check(ead) == (expected == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    fuzz_reached(expected == HUSK_OK ? ACCEPTED : expected == HUSK_ERR_EAD ? NOT_UNDERSTOOD : MALFORMED);
}

static void check_identifier(husk_bytes data)
{
    husk_cbor_reader r;
    husk_bytes identifier;
    husk_cbor_reader_init(&r, data.data, data.len);
    if (husk_edhoc_identifier_read(&r, &identifier) != HUSK_OK) {
        FUZZ_CHECK(r.next == data.data && r.left == data.len);
        fuzz_reached(NO_IDENTIFIER);
        return;
    }
    fuzz_check_inside(identifier, data.data, data.len);
    size_t taken = data.len - r.left;
    uint8_t *again = fuzz_exact(data.data, taken);
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, again, taken);
    husk_edhoc_identifier_write(&w, identifier);
    FUZZ_CHECK(w.len == taken && memcmp(again, data.data, taken) == 0);
    fuzz_reached(IDENTIFIER);
}

void fuzz_one(fuzz_input in)
{
    bool identifier = (fuzz_byte(&in) & 1) != 0;
    husk_bytes rest = fuzz_rest(&in);
    husk_bytes exact = {fuzz_exact(rest.data, rest.len), rest.len};
    if (identifier) {
        check_identifier(exact);
    } else {
        check_ead(exact);
    }
}

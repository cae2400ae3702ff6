/* CWT Claims Sets (RFC 8392) that name the parties of a pre-shared key. */
#include "husk/cbor.h"
#include "husk/cose.h"

/* The encoding around subject and kid: { 2 : subject, 8 : { 1 : { 1 : 4, 2 : kid } } }, that is sub, cnf (RFC 8747),
 * COSE_Key, kty symmetric, kid. */
static const uint8_t before_subject[] = {0xa2, 0x02};
static const uint8_t before_kid[] = {0x08, 0xa1, 0x01, 0xa2, 0x01, 0x04, 0x02};

static bool length_is_valid(husk_bytes value)
{
    return value.len >= 1 && value.len <= 255;
}

husk_status husk_cred_compose(husk_bytes subject, husk_bytes kid, uint8_t *out, size_t cap, size_t *len)
{
    if (!length_is_valid(subject) || !length_is_valid(kid)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, cap);
    husk_cbor_write_raw(&w, before_subject, sizeof before_subject);
    husk_cbor_write_head(&w, HUSK_CBOR_TEXT, subject.len);
    husk_cbor_write_raw(&w, subject.data, subject.len);
    husk_cbor_write_raw(&w, before_kid, sizeof before_kid);
    husk_cbor_write_bytes(&w, kid.data, kid.len);
    return husk_cbor_writer_finish(&w, len);
}

/* CWT Claims Sets (RFC 8392) that name the parties of a pre-shared key. */
#include "husk/cbor.h"
#include "husk/cose.h"

#define CLAIM_SUB 2
#define CLAIM_CNF 8 /* RFC 8747 */
#define CNF_COSE_KEY 1
#define KEY_KTY 1
#define KEY_KID 2
#define KTY_SYMMETRIC 4

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
    husk_cbor_write_head(&w, HUSK_CBOR_MAP, 2);
    husk_cbor_write_int(&w, CLAIM_SUB);
    husk_cbor_write_head(&w, HUSK_CBOR_TEXT, subject.len);
    husk_cbor_write_raw(&w, subject.data, subject.len);
    husk_cbor_write_int(&w, CLAIM_CNF);
    husk_cbor_write_head(&w, HUSK_CBOR_MAP, 1);
    husk_cbor_write_int(&w, CNF_COSE_KEY);
    husk_cbor_write_head(&w, HUSK_CBOR_MAP, 2);
    husk_cbor_write_int(&w, KEY_KTY);
    husk_cbor_write_int(&w, KTY_SYMMETRIC);
    husk_cbor_write_int(&w, KEY_KID);
    husk_cbor_write_bytes(&w, kid.data, kid.len);
    return husk_cbor_writer_finish(&w, len);
}

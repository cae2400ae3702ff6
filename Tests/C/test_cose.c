/* COSE: the Enc_structure, against the AADs printed in RFC 8613, and credentials, against
 * draft-ietf-lake-edhoc-psk-08. */
#include "test.h"

static void enc_structure(void)
{
    static const struct {
        size_t external_aad_len;
        const char *hex;
    } heads[] = {
        {8, "83 68 456e637279707430 40 48"}, /* RFC 8613 appendix C.4: AAD up to aad_array */
        {9, "83 68 456e637279707430 40 49"}, /* RFC 8613 section 5.4 */
        {0, "83 68 456e637279707430 40 40"},
        {23, "83 68 456e637279707430 40 57"},
        {24, "83 68 456e637279707430 40 5818"},
        {256, "83 68 456e637279707430 40 590100"},
        {65536, "83 68 456e637279707430 40 5a00010000"},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        uint8_t out[HUSK_COSE_ENC_HEAD_MAX_BYTES];
        size_t len = husk_cose_enc_head(out, heads[i].external_aad_len);
        CHECK_HEX(out, len, heads[i].hex);
    }
    uint8_t out[HUSK_COSE_ENC_HEAD_MAX_BYTES];
    CHECK(husk_cose_enc_head(out, SIZE_MAX) <= sizeof out);
}

/* draft-ietf-lake-edhoc-psk-08 section 3.1.2, whose examples are given in diagnostic notation. */
static void credential_of_the_draft(void)
{
    static const char subject[] = "42-50-31-FF-EF-37-32-39";
    static const uint8_t kid[] = {0x00, 0x10};
    uint8_t out[64];
    size_t len;
    husk_bytes sub = bytes((const uint8_t *)subject, sizeof subject - 1);
    CHECK_OK(husk_cred_compose(sub, bytes(kid, 2), out, sizeof out, &len));
    CHECK_HEX(out, len, "a2 02 77 34322d35302d33312d46462d45462d33372d33322d3339 08 a1 01 a2 01 04 02 42 0010");
}

static void credential_lengths(void)
{
    static const size_t lengths[] = {0, 1, 23, 24, 255, 256};
    uint8_t data[256], out[2 * 255 + HUSK_CRED_OVERHEAD_MAX_BYTES + 1];
    memset(data, 'x', sizeof data);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            size_t len;
            husk_bytes subject = bytes(data, lengths[i]), kid = bytes(data, lengths[j]);
            bool valid = i != 0 && j != 0 && i != 5 && j != 5;
            husk_status status = husk_cred_compose(subject, kid, out, sizeof out, &len);
            CHECK_INT(status, valid ? HUSK_OK : HUSK_ERR_ARGUMENT);
            if (!valid) {
                continue;
            }
            CHECK(len <= subject.len + kid.len + HUSK_CRED_OVERHEAD_MAX_BYTES);
            husk_cbor_reader r;
            husk_cbor_reader_init(&r, out, len);
            CHECK_OK(husk_cbor_skip(&r, NULL));
            CHECK_INT(r.left, 0);
            out[len - 1] = 0xee;
            size_t needed;
            CHECK_INT(husk_cred_compose(subject, kid, out, len - 1, &needed), HUSK_ERR_BUFFER);
            CHECK_INT(out[len - 1], 0xee);
        }
    }
}

void suite_cose(void)
{
    RUN(enc_structure);
    RUN(credential_of_the_draft);
    RUN(credential_lengths);
}

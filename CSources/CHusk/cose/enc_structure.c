/* The Enc_structure that an AEAD authenticates for COSE_Encrypt0 (RFC 9052 section 5.3). */
#include "husk/cbor.h"
#include "husk/cose.h"

size_t husk_cose_enc_head(uint8_t out[HUSK_COSE_ENC_HEAD_MAX_BYTES], size_t external_aad_len)
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, HUSK_COSE_ENC_HEAD_MAX_BYTES);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 3);
    husk_cbor_write_text(&w, "Encrypt0", 8);
    husk_cbor_write_bytes(&w, NULL, 0);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, external_aad_len);
    return w.len;
}

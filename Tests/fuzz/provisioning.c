/* The provisioning record in a device's flash. The first byte says whether the record's magic, version and CRC are
 * put right, so that the checks behind them are reached; what is accepted stays within the ranges of provisioning.h.
 *
 * seed: 00 4855534b02
 * seed: 01 00000000 00 01 10 10 11 00 0000 00 00 00 00 [348]
 * seed: 01 00000000 00 01 10 01 00 00 0000 00 04 01 00 01 [23] 02 [63] 03 [259]
 * seed: 01 00000000 00 00 10 10 11 00 0000 00 00 00 00 [348]
 * seed: 01 00000000 00 01 10 10 11 00 0000 06 00 00 00 [348]
 * seed: 01 00000000 00 01 10 10 11 00 0000 00 00 02 00 [348]
 * seed: 01 00000000 00 08 10 01 00 00 0000 00 04 01 00 [348] */
#include "provisioning.h"
#include "support/fuzz.h"

FUZZ_GOALS(EDHOC, KUDOS, REFUSED);

void fuzz_setup(void)
{
}

static void mend(provisioning *p)
{
    memcpy(p->magic, "HUSK", 4);
    p->version = PROVISIONING_VERSION;
    uint32_t crc = provisioning_crc((const uint8_t *)p, offsetof(provisioning, crc));
    for (unsigned i = 0; i < 4; i++) {
        p->crc[i] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

void fuzz_one(fuzz_input in)
{
    bool mended = (fuzz_byte(&in) & 1) != 0;
    static const provisioning empty;
    provisioning *p = (provisioning *)(void *)fuzz_exact((const uint8_t *)&empty, sizeof empty);
    husk_bytes content = fuzz_take(&in, sizeof *p);
    if (content.len > 0) {
        memcpy(p, content.data, content.len);
    }
    if (mended) {
        mend(p);
    }
    if (provisioning_check(p) != NULL) {
        fuzz_reached(REFUSED);
        return;
    }
    FUZZ_CHECK(memcmp(p->magic, "HUSK", 4) == 0 && p->version == PROVISIONING_VERSION);
    FUZZ_CHECK(p->key_len >= PROVISIONING_KEY_MIN_BYTES);
    FUZZ_CHECK(p->envelope_key_len <= sizeof p->envelope_key && p->envelope_kid_len <= sizeof p->envelope_kid);
    FUZZ_CHECK(p->device_len <= sizeof p->device && p->application_len <= sizeof p->application);
    if (p->profile == PROVISIONING_PROFILE_EDHOC_PSK) {
        FUZZ_CHECK(p->kid_len >= 1 && p->kid_len <= sizeof p->kid && p->key_len <= sizeof p->key);
        FUZZ_CHECK(p->cred_i_len >= 1 && p->cred_i_len <= sizeof p->cred_i);
        FUZZ_CHECK(p->cred_r_len >= 1 && p->cred_r_len <= sizeof p->cred_r);
        FUZZ_CHECK(p->suite <= PROVISIONING_SUITE_MAX && p->flags <= 3);
        fuzz_reached(EDHOC);
        return;
    }
    FUZZ_CHECK(p->profile == PROVISIONING_PROFILE_KUDOS && p->key_len <= PROVISIONING_SECRET_MAX_BYTES);
    FUZZ_CHECK(p->kid_len <= PROVISIONING_ID_MAX_BYTES && p->cred_i_len <= PROVISIONING_ID_MAX_BYTES);
    husk_oscore_context context;
    husk_oscore_parameters parameters = {
        .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256, .master_secret = {p->key, p->key_len}};
    FUZZ_OK(husk_id_set(&parameters.sender_id, p->kid, p->kid_len));
    FUZZ_OK(husk_id_set(&parameters.recipient_id, p->cred_i, p->cred_i_len));
    FUZZ_OK(husk_oscore_context_init(&context, &parameters));
    fuzz_reached(KUDOS);
}

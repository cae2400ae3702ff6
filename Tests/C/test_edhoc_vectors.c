/* EDHOC-PSK against draft-ietf-lake-edhoc-psk-08 appendix B (suite 2), every intermediate value, both roles. Given are
 * the private keys and the PSK with its credentials; everything else is computed. */
#include "edhoc/key_schedule.h"
#include "test.h"

#define X "09972dfef1eaab926ec96e8005fed29f70ffbf4e361c3a061a7acdb5170c10e5"
#define G_X "7ec68102940602aab548539bf42a35992d957249eb7f1888406d178a04c912db"
#define Y "1e1c8f2df1aa7110b39f33ba5ea8dccf31411eb33d4f9a094cf65192d335a7a3"
#define G_Y "ed156a6243e0afec9efbaabce8429d5ad5e4e1c432f76a6ede8f79247bb97d83"
#define G_XY "2f4a799a5ab0c567220cb67208e6cf8f4ca5fe385d1b11fd9a573d4160f3b0b2"
#define MESSAGE_1 "040258207ec68102940602aab548539bf42a35992d957249eb7f1888406d178a04c912db0a"
#define H_MESSAGE_1 "19cc2d2a957edd80109042fde6cc20c24b6a34bc21c6d49fea895d4c7592340e"
#define TH_2 "5b4834ae630a8a0ed0b0c6f36642604d016478c4bc8187bb764dd40f2bee3dde"
#define PRK_2E "d039d6c3cf35eca0cdf819e32579c77e1f303efcc43620509948a9fd47fbd929"
#define PLAINTEXT_2A "05"
#define KEYSTREAM_2A "ec"
#define MESSAGE_2 "5821ed156a6243e0afec9efbaabce8429d5ad5e4e1c432f76a6ede8f79247bb97d83e9"
#define TH_3 "386a9d052b255992eee5ffb594347d327418a2ea5183486c0c9e20426e0bca2f"
#define SALT_4E3M "ede07612148319eb725952712a542c2097610a139c4a141c8ec57a5f62e5e9dd"
#define PSK "50930ff462a77a3540cf546325dea214"
#define KID "0010"
#define ID_CRED_PSK "420010"
#define PRK_4E3M "c62cc04f55d008cfeb8a681e8463fddda2ff6ca84b9ed6116c865cd81e062460"
#define CRED_I "a20269696e69746961746f7208a101a3010402420010205050930ff462a77a3540cf546325dea214"
#define CRED_R "a20269726573706f6e64657208a101a3010402420010205050930ff462a77a3540cf546325dea214"
#define K_3 "966a579cea26ca3ceb442ac727eab232"
#define IV_3 "5bf1ad0e4ffb9676d78df23f6e"
#define CIPHERTEXT_3B "b174edbaa0647382"
#define KEYSTREAM_3A "51fc8a4b909f3703c2db83b7"
#define MESSAGE_3 "4c13fc9a0321ebdab962bff035"
#define TH_4 "bf4429c19bc6097c406b35705a285a16d033c0fcb3eda6552a2676bb5213c965"
#define K_4 "218f21287911fb2d187fb1abddbe8515"
#define IV_4 "eae7be0a1472291a5ae3406f74"
#define MESSAGE_4 "4880f14eb9a90f74ff"
#define PRK_OUT "608f6bc188afef95eb634c8b323ac23a361cbda817d1c1a689c723cda3b592b9"
#define PRK_EXPORTER "4eff8f02c24f1e42bc15ff1dc6dc4f27a88e7d179e516bd813f8ec4fc691471d"
#define RPSK "427c2392eac955f5d8562a1b3418e575"
#define RKID "88d8"
/* Not in the draft: computed from PRK_exporter with an independent implementation (RFC 9528 appendix A.1). */
#define OSCORE_MASTER_SECRET "6e15be88926cc47385a766e6517bb7e3"
#define OSCORE_MASTER_SALT "67da977dd01fe6c3"
#define RPSK_OF_HASH_LENGTH "270b3f609e15e9a6011aa228b2472319b265766c7ef3dd47c29fd8db34b68042"

static const husk_suite *const suites[] = {&husk_suite_2};

/* A random hook that gives the private key of the vectors; context is its hex. */
static husk_status vector_random(void *context, uint8_t *out, size_t len)
{
    unhex(context, out, len);
    return HUSK_OK;
}

static husk_edhoc_config config_with(char *private_key)
{
    return (husk_edhoc_config){
        .suites = suites,
        .suite_count = 1,
        .random = {vector_random, private_key},
    };
}

static char x_hex[] = X;
static char y_hex[] = Y;

typedef struct credentials {
    uint8_t key[16];
    uint8_t kid[2];
    uint8_t cred_i[64];
    uint8_t cred_r[64];
    husk_psk psk;
} credentials;

static void load_credentials(credentials *c)
{
    c->psk.key = bytes(c->key, unhex(PSK, c->key, sizeof c->key));
    c->psk.kid = bytes(c->kid, unhex(KID, c->kid, sizeof c->kid));
    c->psk.cred_i = bytes(c->cred_i, unhex(CRED_I, c->cred_i, sizeof c->cred_i));
    c->psk.cred_r = bytes(c->cred_r, unhex(CRED_R, c->cred_r, sizeof c->cred_r));
}

static void check_outputs(const husk_edhoc *session, const char *sender_id, const char *recipient_id)
{
    uint8_t out[32];
    CHECK_HEX(session->state.keyed.prk_exporter, 32, PRK_EXPORTER);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_RPSK, NO_BYTES, out, 16));
    CHECK_HEX(out, 16, RPSK);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_RPSK, NO_BYTES, out, 32));
    CHECK_HEX(out, 32, RPSK_OF_HASH_LENGTH);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_RKID, NO_BYTES, out, 2));
    CHECK_HEX(out, 2, RKID);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SECRET, NO_BYTES, out, 16));
    CHECK_HEX(out, 16, OSCORE_MASTER_SECRET);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SALT, NO_BYTES, out, 8));
    CHECK_HEX(out, 8, OSCORE_MASTER_SALT);

    husk_oscore_context derived;
    husk_oscore_context direct;
    HEX(secret, OSCORE_MASTER_SECRET);
    HEX(salt, OSCORE_MASTER_SALT);
    husk_oscore_parameters parameters = {
        .aead = &husk_aead_aes_ccm_16_64_128,
        .hash = &husk_hash_sha256,
        .master_secret = {secret, secret_len},
        .master_salt = {salt, salt_len},
    };
    uint8_t id[1];
    CHECK_OK(husk_id_set(&parameters.sender_id, id, unhex(sender_id, id, sizeof id)));
    CHECK_OK(husk_id_set(&parameters.recipient_id, id, unhex(recipient_id, id, sizeof id)));
    CHECK_OK(husk_oscore_context_init(&direct, &parameters));
    CHECK_OK(husk_edhoc_oscore_context(session, &derived));
    CHECK_MEM(derived.sender_key, direct.sender_key, sizeof direct.sender_key);
    CHECK_MEM(derived.recipient_key, direct.recipient_key, sizeof direct.recipient_key);
    CHECK_MEM(derived.common_iv, direct.common_iv, sizeof direct.common_iv);
    CHECK(husk_id_equal(&derived.sender_id, &parameters.sender_id));
    CHECK(husk_id_equal(&derived.recipient_id, &parameters.recipient_id));
}

static void initiator_reproduces_the_draft(void)
{
    credentials c;
    load_credentials(&c);
    husk_edhoc_config config = config_with(x_hex);
    husk_edhoc session;
    const husk_id c_i = {1, {0x0a}};
    uint8_t out[64];
    size_t len;
    CHECK_OK(husk_edhoc_initiator_init(&session, &config, 0, &c_i));
    CHECK_OK(husk_edhoc_message_1_compose(&session, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_1);
    CHECK_HEX(session.state.wait_2.h_message_1, 32, H_MESSAGE_1);

    HEX(message_2, MESSAGE_2);
    husk_bytes ead;
    CHECK_OK(husk_edhoc_message_2_process(&session, message_2, message_2_len, &ead));
    CHECK_INT(ead.len, 0);
    CHECK_HEX(session.c_r.bytes, session.c_r.len, PLAINTEXT_2A);
    CHECK_HEX(session.state.exchanged.prk_3e2m, 32, PRK_2E);
    CHECK_HEX(session.state.exchanged.th_3, 32, TH_3);

    CHECK_OK(husk_edhoc_message_3_compose(&session, &c.psk, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_3);
    CHECK_HEX(session.state.keyed.th_4, 32, TH_4);
    CHECK_HEX(session.state.keyed.k_4, 16, K_4);
    CHECK_HEX(session.state.keyed.iv_4, 13, IV_4);

    HEX(message_4, MESSAGE_4);
    CHECK_OK(husk_edhoc_message_4_process(&session, message_4, message_4_len, &ead));
    CHECK_INT(ead.len, 0);
    CHECK_INT(session.phase, HUSK_EDHOC_DONE);
    check_outputs(&session, "05", "0a");
}

static void responder_reproduces_the_draft(void)
{
    credentials c;
    load_credentials(&c);
    husk_edhoc_config config = config_with(y_hex);
    husk_edhoc session;
    const husk_id c_r = {1, {0x05}};
    uint8_t out[64];
    size_t len;
    HEX(message_1, MESSAGE_1);
    CHECK_OK(husk_edhoc_responder_init(&session, &config));
    CHECK_OK(husk_edhoc_message_1_process(&session, message_1, message_1_len, NULL));
    CHECK_HEX(session.c_i.bytes, session.c_i.len, "0a");
    CHECK_HEX(session.state.send_2.g_x, 32, G_X);
    CHECK_HEX(session.state.send_2.h_message_1, 32, H_MESSAGE_1);
    CHECK_OK(husk_edhoc_message_2_compose(&session, &c_r, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_2);
    CHECK_HEX(session.state.exchanged.prk_3e2m, 32, PRK_2E);
    CHECK_HEX(session.state.exchanged.th_3, 32, TH_3);

    HEX(message_3, MESSAGE_3);
    uint8_t kid[HUSK_KID_MAX_BYTES];
    CHECK_OK(husk_edhoc_message_3_identify(&session, message_3, message_3_len, kid, sizeof kid, &len));
    CHECK_HEX(kid, len, KID);
    CHECK_OK(husk_edhoc_message_3_process(&session, &c.psk, message_3, message_3_len, NULL));
    CHECK_HEX(session.state.keyed.th_4, 32, TH_4);
    CHECK_OK(husk_edhoc_message_4_compose(&session, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_4);
    CHECK_INT(session.phase, HUSK_EDHOC_DONE);
    check_outputs(&session, "0a", "05");
}

/* EDHOC_KDF( prk, label, context, as long as `expected` ). */
static void check_kdf(const char *prk_hex, uint32_t label, husk_bytes context, const char *expected)
{
    uint8_t prk[32];
    uint8_t out[32];
    size_t prk_len = unhex(prk_hex, prk, sizeof prk);
    size_t len = strlen(expected) / 2;
    husk_hmac_key key;
    husk_hmac_key_init(&key, &husk_hash_sha256, prk, prk_len);
    CHECK_OK(husk_edhoc_kdf(&key, label, context, out, len));
    CHECK_HEX(out, len, expected);
}

static void every_intermediate_value(void)
{
    const husk_hash *hash = &husk_hash_sha256;
    credentials c;
    load_credentials(&c);
    uint8_t out[32];
    HEX(x, X);
    HEX(y, Y);
    HEX(g_x, G_X);
    HEX(g_y, G_Y);
    HEX(g_xy, G_XY);
    HEX(h_message_1, H_MESSAGE_1);
    HEX(th_2, TH_2);
    HEX(th_3, TH_3);
    HEX(th_4, TH_4);
    HEX(plaintext_2a, PLAINTEXT_2A);
    HEX(id_cred_psk, ID_CRED_PSK);
    HEX(salt_4e3m, SALT_4E3M);
    husk_bytes context_2 = bytes(th_2, th_2_len);
    husk_bytes context_3 = bytes(th_3, th_3_len);
    husk_bytes context_4 = bytes(th_4, th_4_len);

    const husk_ecdh *ecdh = husk_suite_2.ecdh;
    CHECK_OK(ecdh->public_key(x, out));
    CHECK_MEM(out, g_x, 32);
    CHECK_OK(ecdh->public_key(y, out));
    CHECK_MEM(out, g_y, 32);
    CHECK_OK(ecdh->shared_secret(x, g_y, out));
    CHECK_MEM(out, g_xy, 32);
    CHECK_OK(ecdh->shared_secret(y, g_x, out));
    CHECK_MEM(out, g_xy, 32);
    husk_edhoc_th_2(hash, g_y, h_message_1, out);
    CHECK_HEX(out, 32, TH_2);
    husk_hkdf_extract(hash, context_2, bytes(g_xy, g_xy_len), out);
    CHECK_HEX(out, 32, PRK_2E);
    check_kdf(PRK_2E, HUSK_EDHOC_LABEL_KEYSTREAM_2, context_2, KEYSTREAM_2A);
    husk_edhoc_th_3(hash, th_2, bytes(plaintext_2a, plaintext_2a_len), NO_BYTES, out);
    CHECK_HEX(out, 32, TH_3);
    check_kdf(PRK_2E, HUSK_EDHOC_LABEL_SALT_4E3M, context_3, SALT_4E3M);
    husk_hkdf_extract(hash, bytes(salt_4e3m, salt_4e3m_len), c.psk.key, out);
    CHECK_HEX(out, 32, PRK_4E3M);
    check_kdf(PRK_4E3M, HUSK_EDHOC_LABEL_K_3, context_3, K_3);
    check_kdf(PRK_4E3M, HUSK_EDHOC_LABEL_IV_3, context_3, IV_3);
    check_kdf(PRK_2E, HUSK_EDHOC_LABEL_KEYSTREAM_3A, context_3, KEYSTREAM_3A);
    husk_edhoc_th_4(hash, context_3, bytes(id_cred_psk, id_cred_psk_len), NO_BYTES, &c.psk, out);
    CHECK_HEX(out, 32, TH_4);
    check_kdf(PRK_4E3M, HUSK_EDHOC_LABEL_PRK_OUT, context_4, PRK_OUT);
    check_kdf(PRK_4E3M, HUSK_EDHOC_LABEL_K_4, context_4, K_4);
    check_kdf(PRK_4E3M, HUSK_EDHOC_LABEL_IV_4, context_4, IV_4);
    check_kdf(PRK_OUT, HUSK_EDHOC_LABEL_PRK_EXPORTER, NO_BYTES, PRK_EXPORTER);

    husk_hmac_key prk;
    uint8_t tag[8];
    HEX(prk_4e3m, PRK_4E3M);
    husk_hmac_key_init(&prk, hash, prk_4e3m, prk_4e3m_len);
    CHECK_OK(husk_edhoc_ciphertext_3b(&husk_aead_aes_ccm_16_64_128, &prk, context_3,
                                      bytes(id_cred_psk, id_cred_psk_len), &c.psk, true, tag, 0));
    CHECK_HEX(tag, sizeof tag, CIPHERTEXT_3B);
}

void suite_edhoc_vectors(void)
{
    RUN(every_intermediate_value);
    RUN(initiator_reproduces_the_draft);
    RUN(responder_reproduces_the_draft);
}

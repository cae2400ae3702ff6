/* The published EDHOC traces as sessions to fuzz: see edhoc.h. */
#include "edhoc.h"

/* ---- Diffie-Hellman that remembers ---- */

#define KNOWN_MAX 32

static struct {
    uint8_t private_key[HUSK_ECDH_BYTES];
    uint8_t peer[HUSK_ECDH_BYTES]; /* zeros: `result` is the public key */
    uint8_t result[HUSK_ECDH_BYTES];
} known[KNOWN_MAX];
static size_t known_count;
static bool learning;

static bool recall(const uint8_t *private_key, const uint8_t *peer, uint8_t *result)
{
    for (size_t i = 0; i < known_count; i++) {
        if (memcmp(known[i].private_key, private_key, HUSK_ECDH_BYTES) == 0 &&
            memcmp(known[i].peer, peer, HUSK_ECDH_BYTES) == 0) {
            memcpy(result, known[i].result, HUSK_ECDH_BYTES);
            return true;
        }
    }
    return false;
}

static void learn(const uint8_t *private_key, const uint8_t *peer, const uint8_t *result)
{
    FUZZ_CHECK(known_count < KNOWN_MAX);
    memcpy(known[known_count].private_key, private_key, HUSK_ECDH_BYTES);
    memcpy(known[known_count].peer, peer, HUSK_ECDH_BYTES);
    memcpy(known[known_count++].result, result, HUSK_ECDH_BYTES);
}

static const uint8_t nobody[HUSK_ECDH_BYTES];

static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    if (recall(private_key, nobody, out)) {
        return HUSK_OK;
    }
    if (!learning) {
        memcpy(out, private_key, HUSK_ECDH_BYTES);
        return HUSK_OK;
    }
    FUZZ_OK(husk_ecdh_p256.public_key(private_key, out));
    learn(private_key, nobody, out);
    return HUSK_OK;
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer, uint8_t *secret)
{
    uint8_t result[HUSK_ECDH_BYTES];
    if (recall(private_key, peer, result)) {
        memcpy(secret, result, HUSK_ECDH_BYTES);
        return HUSK_OK;
    }
    if (learning) {
        FUZZ_OK(husk_ecdh_p256.shared_secret(private_key, peer, result));
        learn(private_key, peer, result);
        memcpy(secret, result, HUSK_ECDH_BYTES);
        return HUSK_OK;
    }
    if (peer[0] == 0xff) {
        memset(secret, 0, HUSK_ECDH_BYTES);
        return HUSK_ERR_PUBLIC_KEY;
    }
    for (size_t i = 0; i < HUSK_ECDH_BYTES; i++) {
        secret[i] = private_key[i] ^ peer[i];
    }
    return HUSK_OK;
}

const husk_ecdh fuzz_ecdh = {.cose_curve = 1, .public_key = public_key, .shared_secret = shared_secret};

const husk_suite fuzz_suite_2 = {.id = 2,
                                 .edhoc_aead = &fuzz_aead_8,
                                 .app_aead = &fuzz_aead_8,
                                 .hash = &husk_hash_sha256,
                                 .ecdh = &fuzz_ecdh,
                                 .mac_bytes = 8};
const husk_suite fuzz_suite_3 = {.id = 3,
                                 .edhoc_aead = &fuzz_aead_16,
                                 .app_aead = &fuzz_aead_8,
                                 .hash = &husk_hash_sha256,
                                 .ecdh = &fuzz_ecdh,
                                 .mac_bytes = 16};

const husk_suite fuzz_suite_5 = {.id = 5,
                                 .edhoc_aead = &husk_aead_chacha20_poly1305,
                                 .app_aead = &husk_aead_chacha20_poly1305,
                                 .hash = &husk_hash_sha256,
                                 .ecdh = &fuzz_ecdh,
                                 .mac_bytes = 16};

/* ---- The parties ---- */

fuzz_trace fuzz_psk_trace;
fuzz_trace fuzz_static_trace;
husk_psk fuzz_psk;
husk_static_credential fuzz_own_i;
husk_static_credential fuzz_own_r;
husk_static_credential fuzz_seen_i;
husk_static_credential fuzz_seen_r;

static const husk_suite suite_6 = {.id = 6}; /* only offered in the trace of RFC 9529 */
static const husk_suite *const all_suites[] = {&fuzz_suite_2, &fuzz_suite_3, &fuzz_suite_5};
static const husk_suite *const static_initiator_suites[] = {&suite_6, &fuzz_suite_2, &fuzz_suite_3};
static const uint16_t ead_labels[] = {1, 255};

/* A random hook that gives one private key. */
static husk_status fixed(void *context, uint8_t *out, size_t len)
{
    memcpy(out, context, len);
    return HUSK_OK;
}

/* A constant from hex, allocated for good. */
static husk_bytes constant(const char *hex)
{
    static uint8_t store[1024];
    static size_t used;
    uint8_t *at = store + used;
    size_t len = fuzz_unhex(hex, at, sizeof store - used);
    used += len;
    return (husk_bytes){at, len};
}

static husk_edhoc_config config_of(const char *private_key, const husk_suite *const *suites, uint8_t methods)
{
    return (husk_edhoc_config){.suites = suites,
                               .suite_count = 3,
                               .ead_labels = ead_labels,
                               .ead_label_count = 2,
                               .random = {fixed, (void *)(uintptr_t)constant(private_key).data},
                               .methods = methods};
}

static void load_parties(void)
{
    fuzz_psk = (husk_psk){
        .key = constant("50930ff462a77a3540cf546325dea214"),
        .kid = constant("0010"),
        .cred_i = constant("a20269696e69746961746f7208a101a3010402420010205050930ff462a77a3540cf546325dea214"),
        .cred_r = constant("a20269726573706f6e64657208a101a3010402420010205050930ff462a77a3540cf546325dea214"),
    };
    fuzz_own_i = (husk_static_credential){
        .kid = constant("2b"),
        .cred = constant("a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75e9ece3e5"
                         "0bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a8211334ac7d37ecb"
                         "52a387d257e6db3c2a93df21ff3affc8"),
        .private_key = constant("fb13adeb6518cee5f88417660841142e830a81fe334380a953406a1305e8706b").data,
    };
    fuzz_own_r = (husk_static_credential){
        .kid = constant("32"),
        .cred = constant("a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a234148ddc2"
                         "1791a12afbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51"
                         "eabf6072"),
        .private_key = constant("72cc4761dbd4c78f758931aa589d348d1ef874a7e303ede2f140dcf3e6aa4aac").data,
    };
    fuzz_seen_i = fuzz_own_i;
    fuzz_seen_i.private_key = NULL;
    fuzz_seen_i.public_key = constant("ac75e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb6").data;
    fuzz_seen_r = fuzz_own_r;
    fuzz_seen_r.private_key = NULL;
    fuzz_seen_r.public_key = constant("bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0").data;
}

/* ---- The traces ---- */

static void check_message(const fuzz_trace *t, unsigned number, const char *hex)
{
    uint8_t expected[64];
    size_t len = fuzz_unhex(hex, expected, sizeof expected);
    FUZZ_CHECK(fuzz_same((husk_bytes){t->message[number], t->message_len[number]}, (husk_bytes){expected, len}));
}

static void run_1(fuzz_trace *t, husk_edhoc *i, husk_edhoc *r)
{
    const husk_bytes none = {NULL, 0};
    FUZZ_OK(husk_edhoc_message_1_compose(i, none, t->message[1], 64, &t->message_len[1]));
    t->sent_1 = *i;
    FUZZ_OK(husk_edhoc_responder_init(r, &t->responder_config));
    t->start = *r;
    FUZZ_OK(husk_edhoc_message_1_process(r, t->message[1], t->message_len[1], NULL));
    t->got_1 = *r;
}

static void run_4(fuzz_trace *t, husk_edhoc *i, husk_edhoc *r)
{
    const husk_bytes none = {NULL, 0};
    uint8_t copy[64];
    t->sent_3 = *i;
    t->got_3 = *r;
    FUZZ_OK(husk_edhoc_message_4_compose(r, none, t->message[4], 64, &t->message_len[4]));
    memcpy(copy, t->message[4], sizeof copy);
    FUZZ_OK(husk_edhoc_message_4_process(i, copy, t->message_len[4], NULL));
}

static void run_psk(void)
{
    fuzz_trace *t = &fuzz_psk_trace;
    const husk_bytes none = {NULL, 0};
    husk_edhoc i;
    husk_edhoc r;
    uint8_t copy[64];
    t->c_i = (husk_id){1, {0x0a}};
    t->c_r = (husk_id){1, {0x05}};
    t->initiator_config =
        config_of("09972dfef1eaab926ec96e8005fed29f70ffbf4e361c3a061a7acdb5170c10e5", all_suites, 0);
    t->responder_config = config_of("1e1c8f2df1aa7110b39f33ba5ea8dccf31411eb33d4f9a094cf65192d335a7a3", all_suites,
                                    1 << HUSK_EDHOC_METHOD_PSK | 1 << HUSK_EDHOC_METHOD_STATIC);
    FUZZ_OK(husk_edhoc_initiator_init(&i, &t->initiator_config, 0, &t->c_i));
    run_1(t, &i, &r);
    check_message(t, 1, "040258207ec68102940602aab548539bf42a35992d957249eb7f1888406d178a04c912db0a");
    FUZZ_OK(husk_edhoc_message_2_compose(&r, &t->c_r, none, t->message[2], 64, &t->message_len[2]));
    t->sent_2 = r;
    memcpy(copy, t->message[2], sizeof copy);
    FUZZ_OK(husk_edhoc_message_2_process(&i, copy, t->message_len[2], NULL));
    t->got_2 = i;
    FUZZ_OK(husk_edhoc_message_3_compose(&i, &fuzz_psk, none, t->message[3], 64, &t->message_len[3]));
    memcpy(copy, t->message[3], sizeof copy);
    FUZZ_OK(husk_edhoc_message_3_process(&r, &fuzz_psk, copy, t->message_len[3], NULL));
    run_4(t, &i, &r);
    check_message(t, 4, "4880f14eb9a90f74ff");
}

static void run_static(void)
{
    fuzz_trace *t = &fuzz_static_trace;
    const husk_bytes none = {NULL, 0};
    husk_edhoc i;
    husk_edhoc r;
    uint8_t copy[64];
    husk_bytes plaintext_3;
    husk_bytes kid;
    t->c_i = (husk_id){1, {0x37}};
    t->c_r = (husk_id){1, {0x27}};
    t->initiator_config = config_of("368ec1f69aeb659ba37d5a8d45b21bdc0299dceaa8ef235f3ca42ce3530f9525",
                                    static_initiator_suites, 0);
    t->responder_config = config_of("e2f4126777205e853b437d6eaca1e1f753cdcc3e2c69fa884b0a1a640977e418", all_suites,
                                    1 << HUSK_EDHOC_METHOD_STATIC);
    FUZZ_OK(husk_edhoc_static_initiator_init(&i, &t->initiator_config, 1, &t->c_i));
    run_1(t, &i, &r);
    check_message(t, 1, "0382060258208af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b637");
    FUZZ_OK(husk_edhoc_static_message_2_compose(&r, &fuzz_own_r, &t->c_r, none, t->message[2], 64,
                                                &t->message_len[2]));
    t->sent_2 = r;
    memcpy(copy, t->message[2], sizeof copy);
    FUZZ_OK(husk_edhoc_static_message_2_process(&i, &fuzz_seen_r, 1, copy, t->message_len[2], NULL, NULL));
    t->got_2 = i;
    FUZZ_OK(husk_edhoc_static_message_3_compose(&i, &fuzz_own_i, none, t->message[3], 64, &t->message_len[3]));
    memcpy(copy, t->message[3], sizeof copy);
    FUZZ_OK(husk_edhoc_static_message_3_open(&r, copy, t->message_len[3], &plaintext_3, &kid));
    FUZZ_OK(husk_edhoc_static_message_3_process(&r, &fuzz_seen_i, plaintext_3, NULL));
    run_4(t, &i, &r);
    check_message(t, 4, "4828c966b7ca304f83");
}

void fuzz_edhoc_setup(void)
{
    load_parties();
    learning = true;
    fuzz_aead_begin(false);
    run_psk();
    run_static();
    learning = false;
}

husk_status fuzz_ead_verdict(husk_bytes ead)
{
    husk_cbor_reader r;
    husk_status verdict = HUSK_OK;
    husk_cbor_reader_init(&r, ead.data, ead.len);
    while (r.left > 0) {
        uint16_t label;
        bool critical;
        husk_bytes value;
        if (husk_edhoc_ead_read(&r, &label, &critical, &value) != HUSK_OK) {
            return HUSK_ERR_FORMAT;
        }
        if (critical && !FUZZ_EAD_UNDERSTOOD(label)) {
            verdict = HUSK_ERR_EAD;
        }
    }
    return verdict;
}

uint8_t *fuzz_wrap(const uint8_t *content, size_t len, size_t *message_len)
{
    static uint8_t room[FUZZ_MESSAGE_MAX];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, room, sizeof room);
    husk_cbor_write_bytes(&w, content, len);
    FUZZ_OK(husk_cbor_writer_finish(&w, message_len));
    return fuzz_exact(room, *message_len);
}

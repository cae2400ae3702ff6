/* KUDOS sides for fuzz targets: see kudos.h. */
#include "kudos.h"

#define TEXT_MAX 2048
#define SPARE_MAX 255

fuzz_moment fuzz_request_moments[FUZZ_REQUEST_MOMENTS];
fuzz_moment fuzz_response_moments[FUZZ_RESPONSE_MOMENTS];
bool fuzz_kudos_no_random;

static const uint8_t master_secret[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t bootstrap_secret[16] = {16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
static husk_kudos_config configs[2][2]; /* by side and capability */

static husk_status random_or_not(void *context, uint8_t *out, size_t len)
{
    return fuzz_kudos_no_random ? HUSK_ERR_RANDOM : fuzz_random(context, out, len);
}

static fuzz_side make_side(bool is_a, bool capable)
{
    fuzz_side side = {0};
    husk_kudos_config *config = &configs[is_a][capable];
    *config = (husk_kudos_config){.aead = &fuzz_aead_8,
                                  .hash = &husk_hash_sha256,
                                  .random = {random_or_not, NULL},
                                  .bootstrap_secret = {bootstrap_secret, sizeof bootstrap_secret},
                                  .sender_id = {is_a ? 0 : 1, {1}},
                                  .recipient_id = {is_a ? 1 : 0, {1}},
                                  .capable = capable};
    FUZZ_OK(husk_kudos_init(&side.kudos, config, (husk_bytes){master_secret, sizeof master_secret}));
    return side;
}

static void store(fuzz_side *side)
{
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    if (husk_kudos_must_store(&side->kudos)) {
        FUZZ_CHECK(husk_kudos_record_write(&side->kudos, record) <= sizeof record);
        husk_kudos_stored(&side->kudos);
    }
}

static const uint8_t token[] = {0x55};

static void ask(fuzz_side *side, uint8_t *out, size_t *len)
{
    const husk_coap_message plain = {
        .code = HUSK_COAP_GET, .token = {token, 1}, .options = {(const uint8_t *)"\xb1t", 2}};
    FUZZ_OK(husk_kudos_request_protect(&side->kudos, &side->context, &side->asked, &plain, out, 128, len));
}

static void answer(fuzz_side *side, uint8_t *out, size_t *len)
{
    const husk_coap_message plain = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .token = {token, 1}};
    FUZZ_OK(husk_kudos_response_protect(&side->kudos, &side->context, &side->served, &plain, out, 128, len));
}

/* An honest message arrives. */
static void hear(fuzz_side *side, bool request, const fuzz_moment *moment)
{
    uint8_t copy[128];
    uint8_t spare[SPARE_MAX];
    uint8_t event;
    husk_coap_message inner;
    memcpy(copy, moment->message, moment->message_len);
    fuzz_kudos_unprotect *unprotect = request ? husk_kudos_request_unprotect : husk_kudos_response_unprotect;
    FUZZ_OK(unprotect(&side->kudos, &side->context, request ? &side->served : &side->asked, copy, moment->message_len,
                      spare, sizeof spare, &inner, &event));
    FUZZ_CHECK(event == moment->event);
    store(side);
}

static void request_to(fuzz_moment *moment, fuzz_side *client, const fuzz_side *server, uint8_t event)
{
    ask(client, moment->message, &moment->message_len);
    moment->side = *server;
    moment->event = event;
}

static void response_to(fuzz_moment *moment, const fuzz_side *client, fuzz_side *server, uint8_t event)
{
    answer(server, moment->message, &moment->message_len);
    moment->side = *client;
    moment->event = event;
}

/* A whole execution begun by `a`, then one ordinary exchange begun by `a` to whose request `b` responds by beginning
 * another one. */
static void run_fs(void)
{
    fuzz_moment *q = fuzz_request_moments;
    fuzz_moment *r = fuzz_response_moments;
    fuzz_side a = make_side(true, true);
    fuzz_side b = make_side(false, true);
    FUZZ_OK(husk_kudos_start(&a.kudos));
    request_to(&q[0], &a, &b, HUSK_KUDOS_DIVERGENT);
    hear(&b, true, &q[0]);
    response_to(&r[0], &a, &b, HUSK_KUDOS_ESTABLISHED);
    fuzz_side late = b; /* gets the divergent message once more */
    q[3].side = late;
    q[3].event = HUSK_KUDOS_DIVERGENT;
    q[3].message_len = q[0].message_len;
    memcpy(q[3].message, q[0].message, sizeof q[0].message);
    hear(&a, false, &r[0]);
    request_to(&q[1], &a, &b, HUSK_KUDOS_CONFIRMED);
    hear(&b, true, &q[1]);
    response_to(&r[1], &a, &b, HUSK_KUDOS_PLAIN);
    hear(&a, false, &r[1]);
    request_to(&q[2], &a, &b, HUSK_KUDOS_PLAIN);
    hear(&b, true, &q[2]);
    FUZZ_OK(husk_kudos_start(&b.kudos));
    response_to(&r[2], &a, &b, HUSK_KUDOS_DIVERGENT);
    /* Both have begun. */
    FUZZ_OK(husk_kudos_start(&a.kudos));
    request_to(&q[4], &a, &b, HUSK_KUDOS_DIVERGENT);
}

static void run_no_fs(void)
{
    fuzz_side a = make_side(true, false);
    fuzz_side b = make_side(false, true);
    FUZZ_OK(husk_kudos_start(&a.kudos));
    request_to(&fuzz_request_moments[5], &a, &b, HUSK_KUDOS_DIVERGENT);
    hear(&b, true, &fuzz_request_moments[5]);
    response_to(&fuzz_response_moments[3], &a, &b, HUSK_KUDOS_ESTABLISHED);
}

void fuzz_kudos_setup(void)
{
    fuzz_aead_begin(false);
    run_fs();
    run_no_fs();
}

/* The state without what one call works with and the next one makes anew. */
static husk_kudos lasting(const husk_kudos *kudos)
{
    husk_kudos copy = *kudos;
    memset(&copy.work, 0, sizeof copy.work);
    memset(copy.work_secret, 0, sizeof copy.work_secret);
    copy.work_is_next = false;
    copy.own.bytes[0] = 0;
    return copy;
}

static void check_unchanged(const fuzz_side *side, const fuzz_side *before, husk_status status)
{
    husk_kudos now = lasting(&side->kudos);
    husk_kudos then = lasting(&before->kudos);
    FUZZ_CHECK(memcmp(&now, &then, sizeof now) == 0);
    fuzz_oscore_check_unchanged(&side->context, &before->context, status);
    FUZZ_CHECK(memcmp(&side->asked, &before->asked, sizeof side->asked) == 0);
    FUZZ_CHECK(memcmp(&side->served, &before->served, sizeof side->served) == 0);
}

static void check_storing(fuzz_side *side)
{
    if (!husk_kudos_must_store(&side->kudos)) {
        return;
    }
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    uint8_t again[HUSK_KUDOS_RECORD_MAX_BYTES];
    uint8_t out[128];
    size_t len = husk_kudos_record_write(&side->kudos, record);
    size_t out_len;
    husk_kudos fresh;
    husk_oscore_exchange exchange = {0};
    const husk_coap_message plain = {.code = HUSK_COAP_GET};
    FUZZ_CHECK(husk_kudos_request_protect(&side->kudos, &side->context, &exchange, &plain, out, sizeof out,
                                          &out_len) == HUSK_ERR_STATE);
    FUZZ_OK(husk_kudos_init(&fresh, side->kudos.config, (husk_bytes){master_secret, sizeof master_secret}));
    FUZZ_OK(husk_kudos_restore(&fresh, (husk_bytes){record, len}));
    FUZZ_CHECK(husk_kudos_record_write(&fresh, again) == len && memcmp(record, again, len) == 0);
    husk_kudos_stored(&side->kudos);
}

husk_status fuzz_kudos_receive(fuzz_side *side, bool request, fuzz_datagram datagram, size_t spare_cap,
                               husk_coap_message *inner, uint8_t *event)
{
    static const uint8_t zeros[SPARE_MAX];
    const fuzz_side before = *side;
    uint8_t *spare = fuzz_exact(zeros, spare_cap);
    unsigned opened = fuzz_aead_opened();
    fuzz_kudos_unprotect *unprotect = request ? husk_kudos_request_unprotect : husk_kudos_response_unprotect;
    husk_oscore_exchange *exchange = request ? &side->served : &side->asked;
    *event = 0xee;
    husk_status status =
        unprotect(&side->kudos, &side->context, exchange, datagram.data, datagram.len, spare, spare_cap, inner, event);
    if (status != HUSK_OK) {
        check_unchanged(side, &before, status);
        if ((fuzz_aead_opened() > opened && status == HUSK_ERR_FORMAT) || status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
        }
        return status;
    }
    FUZZ_CHECK(fuzz_aead_opened() == opened + 1 && *event <= HUSK_KUDOS_CONFIRMED);
    bool replaced = memcmp(side->context.sender_key, before.context.sender_key, HUSK_AEAD_KEY_MAX_BYTES) != 0;
    FUZZ_CHECK(replaced == (side->kudos.epoch != before.kudos.epoch));
    FUZZ_CHECK(*event != HUSK_KUDOS_DIVERGENT || husk_kudos_is_running(&side->kudos));
    FUZZ_CHECK(*event != HUSK_KUDOS_ESTABLISHED || !husk_kudos_is_running(&side->kudos));
    fuzz_check_inside(inner->token, datagram.data, datagram.len);
    fuzz_check_inside(inner->options, datagram.data, datagram.len);
    fuzz_check_inside(inner->payload, datagram.data, datagram.len);
    check_storing(side);
    return HUSK_OK;
}

fuzz_datagram fuzz_kudos_vouch(const fuzz_moment *moment, husk_bytes plaintext)
{
    static uint8_t out[FUZZ_DATAGRAM_MAX];
    husk_coap_message message;
    FUZZ_OK(husk_coap_decode(moment->message, moment->message_len, &message));
    size_t len = moment->message_len - message.payload.len;
    memcpy(out, moment->message, len);
    if (plaintext.len > 0) {
        memcpy(out + len, plaintext.data, plaintext.len);
    }
    fuzz_conceal(out + len, plaintext.len);
    len += plaintext.len;
    memset(out + len, 0, fuzz_aead_8.tag_bytes);
    len += fuzz_aead_8.tag_bytes;
    return (fuzz_datagram){fuzz_exact(out, len), len};
}

fuzz_datagram fuzz_kudos_make(const fuzz_moment *moment, bool request, fuzz_input *in, bool *changed)
{
    uint8_t mode = fuzz_byte(in) % 4;
    fuzz_datagram datagram;
    husk_bytes option;
    *changed = true;
    fuzz_aead_trust(mode == 1 || mode == 3);
    switch (mode) {
    case 0:
        option = fuzz_take(in, TEXT_MAX);
        return (fuzz_datagram){fuzz_exact(option.data, option.len), option.len};
    case 1:
        return fuzz_kudos_vouch(moment, fuzz_take(in, TEXT_MAX));
    case 2:
        datagram = (fuzz_datagram){fuzz_exact(moment->message, moment->message_len), moment->message_len};
        *changed = fuzz_patch(in, datagram.data, datagram.len);
        return datagram;
    default:
        option = fuzz_take(in, fuzz_byte(in));
        return fuzz_oscore_vouch(request ? HUSK_COAP_POST : HUSK_COAP_CHANGED, option, fuzz_take(in, TEXT_MAX));
    }
}

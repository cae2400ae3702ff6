/* Husk's gateway role: the Responder of EDHOC-PSK, the answering side of KUDOS, the server of OSCORE, one end of
 * frames, and the application at the ends of envelopes; over the core's own tables and over those of CHuskHost. */
#include "gateway.h"

#include <string.h>

#include "husk_host.h"

#define MESSAGE_CAP 96
#define DATAGRAM_CAP 160
#define RPSK_BYTES 32
#define RKID_BYTES 2

static const uint8_t psk_key[] = "0123456789abcdef";
static const uint8_t psk_kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_psk psk = {
    .key = {psk_key, 16}, .kid = {psk_kid, 1}, .cred_i = {cred_i, sizeof cred_i}, .cred_r = {cred_r, sizeof cred_r},
};
static const husk_bytes none = {NULL, 0};
static const uint8_t payload[PAYLOAD_BYTES] = "what a sensor has to say, at 32";

static void ok(husk_status status, const char *what)
{
    require(status == HUSK_OK, what);
}

/* MARK: EDHOC */

/* Both sides of handshakes, and the contexts of the last one. */
typedef struct handshakes {
    const husk_suite *suite;
    bool resumes;
    husk_edhoc_config config;
    husk_edhoc device, gateway;
    husk_oscore_context client, server;
} handshakes;

/* The device always computes with the fast tables: its work is not measured, and nothing shows which it uses. */
static size_t handshake(void *context, stopwatch *watch)
{
    handshakes *h = context;
    const husk_suite *fast = husk_host_suite(h->suite->id);
    const husk_edhoc_config config = {.suites = &fast, .suite_count = 1, .random = {cheap_random, NULL}};
    const husk_id c_i = {1, {0x01}}, c_r = {1, {0x02}};
    uint8_t up[MESSAGE_CAP], down[MESSAGE_CAP], kid[HUSK_KID_MAX_BYTES], rpsk[RPSK_BYTES], rkid[RKID_BYTES];
    size_t up_len, down_len, kid_len;
    husk_bytes ead;

    ok(husk_edhoc_initiator_init(&h->device, &config, 0, &c_i), "initiator");
    ok(husk_edhoc_message_1_compose(&h->device, none, up, sizeof up, &up_len), "message_1");

    stopwatch_start(watch);
    ok(husk_edhoc_responder_init(&h->gateway, &h->config), "responder");
    ok(husk_edhoc_message_1_process(&h->gateway, up, up_len, NULL), "message_1 at the gateway");
    ok(husk_edhoc_message_2_compose(&h->gateway, &c_r, none, down, sizeof down, &down_len), "message_2");
    stopwatch_stop(watch);

    ok(husk_edhoc_message_2_process(&h->device, down, down_len, &ead), "message_2 at the device");
    ok(husk_edhoc_message_3_compose(&h->device, &psk, none, up, sizeof up, &up_len), "message_3");

    stopwatch_start(watch);
    ok(husk_edhoc_message_3_identify(&h->gateway, up, up_len, kid, sizeof kid, &kid_len), "kid");
    ok(husk_edhoc_message_3_process(&h->gateway, &psk, up, up_len, NULL), "message_3 at the gateway");
    ok(husk_edhoc_message_4_compose(&h->gateway, none, down, sizeof down, &down_len), "message_4");
    ok(husk_edhoc_oscore_context(&h->gateway, &h->server), "context of the gateway");
    if (h->resumes) {
        ok(husk_edhoc_export(&h->gateway, HUSK_EDHOC_EXPORT_RPSK, none, rpsk, sizeof rpsk), "rPSK");
        ok(husk_edhoc_export(&h->gateway, HUSK_EDHOC_EXPORT_RKID, none, rkid, sizeof rkid), "rKID");
    }
    stopwatch_stop(watch);

    ok(husk_edhoc_message_4_process(&h->device, down, down_len, &ead), "message_4 at the device");
    ok(husk_edhoc_oscore_context(&h->device, &h->client), "context of the device");
    return 1;
}

static void edhoc(const husk_suite *suite, const char *implementation)
{
    static handshakes h;
    char scenario[48];
    for (unsigned resumes = 0; resumes < 2; resumes++) {
        memset(&h, 0, sizeof h);
        h.suite = suite;
        h.resumes = resumes == 1;
        h.config = (husk_edhoc_config){.suites = &h.suite, .suite_count = 1, .random = {cheap_random, NULL}};
        snprintf(scenario, sizeof scenario, "edhoc_psk/suite_%d/%s", (int)suite->id,
                 resumes == 1 ? "resumption" : "message_4");
        measure(scenario, implementation, handshake, &h);
    }
}

/* MARK: KUDOS */

typedef struct updates {
    husk_kudos_config device_config, gateway_config;
    husk_kudos device, gateway;
    husk_oscore_context client, server;
} updates;

static void store(husk_kudos *kudos, uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES])
{
    if (husk_kudos_must_store(kudos)) {
        (void)husk_kudos_record_write(kudos, record);
        husk_kudos_stored(kudos);
    }
}

/* The device begins, the gateway answers. In FS mode the record is written, not stored. */
static size_t update(void *context, stopwatch *watch)
{
    updates *u = context;
    uint8_t up[DATAGRAM_CAP], down[DATAGRAM_CAP], spare[DATAGRAM_CAP], record[HUSK_KUDOS_RECORD_MAX_BYTES], event;
    size_t up_len, down_len;
    husk_oscore_exchange asked, heard;
    husk_coap_message inner;
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 2};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .message_id = 2};

    ok(husk_kudos_start(&u->device), "kudos");
    store(&u->device, record);
    ok(husk_kudos_request_protect(&u->device, &u->client, &asked, &request, up, sizeof up, &up_len), "divergent");

    stopwatch_start(watch);
    ok(husk_kudos_request_unprotect(&u->gateway, &u->server, &heard, up, up_len, spare, sizeof spare, &inner, &event),
       "divergent at the gateway");
    store(&u->gateway, record);
    ok(husk_kudos_response_protect(&u->gateway, &u->server, &heard, &response, down, sizeof down, &down_len),
       "convergent");
    store(&u->gateway, record);
    stopwatch_stop(watch);

    ok(husk_kudos_response_unprotect(&u->device, &u->client, &asked, down, down_len, spare, sizeof spare, &inner,
                                     &event),
       "convergent at the device");
    store(&u->device, record);
    require(event == HUSK_KUDOS_ESTABLISHED, "new keys");

    /* The first message under the new keys confirms them. */
    ok(husk_kudos_request_protect(&u->device, &u->client, &asked, &request, up, sizeof up, &up_len), "request");
    ok(husk_kudos_request_unprotect(&u->gateway, &u->server, &heard, up, up_len, spare, sizeof spare, &inner, &event),
       "request at the gateway");
    store(&u->gateway, record);
    return 1;
}

static void kudos(const husk_suite *suite, const char *implementation, bool fs)
{
    static updates u;
    memset(&u, 0, sizeof u);
    u.device_config = (husk_kudos_config){
        .aead = suite->app_aead,
        .hash = suite->hash,
        .random = {cheap_random, NULL},
        .bootstrap_secret = {psk_key, 16},
        .sender_id = {1, {0}},
        .recipient_id = {1, {1}},
        .capable = fs,
        .peer = fs ? HUSK_KUDOS_CAPABLE : HUSK_KUDOS_NON_CAPABLE,
    };
    u.gateway_config = u.device_config;
    u.gateway_config.sender_id.bytes[0] = 1;
    u.gateway_config.recipient_id.bytes[0] = 0;
    ok(husk_kudos_init(&u.device, &u.device_config, u.device_config.bootstrap_secret), "device");
    ok(husk_kudos_init(&u.gateway, &u.gateway_config, u.gateway_config.bootstrap_secret), "gateway");
    measure(fs ? "kudos/fs" : "kudos/no_fs", implementation, update, &u);
}

/* MARK: messages */

typedef struct messages {
    husk_oscore_context client, server;
    husk_frame_context near, far;
    husk_envelope_key key;
    husk_envelope_sender_config sender_config;
    husk_envelope_opener_config opener_config;
    husk_envelope_sender sender;
    husk_envelope_opener opener;
    uint8_t datagrams[BATCH][DATAGRAM_CAP];
    size_t lens[BATCH];
} messages;

/* Requests arrive and are answered. */
static size_t requests(void *context, stopwatch *watch)
{
    messages *m = context;
    husk_oscore_exchange exchange;
    uint8_t out[DATAGRAM_CAP];
    size_t len;
    static const uint8_t token[] = {0x4a, 0x02};
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 2,
                                       .token = {token, 2}, .payload = {payload, PAYLOAD_BYTES}};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .message_id = 2,
                                        .token = {token, 2}, .payload = {payload, PAYLOAD_BYTES}};
    for (size_t i = 0; i < BATCH; i++) {
        memset(&exchange, 0, sizeof exchange);
        ok(husk_oscore_request_protect(&m->client, &exchange, &request, m->datagrams[i], DATAGRAM_CAP, &m->lens[i]),
           "request");
    }
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        husk_coap_message inner;
        memset(&exchange, 0, sizeof exchange);
        ok(husk_oscore_request_unprotect(&m->server, &exchange, m->datagrams[i], m->lens[i], &inner), "request opens");
        ok(husk_oscore_response_protect(&m->server, &exchange, false, &response, out, sizeof out, &len), "response");
    }
    stopwatch_stop(watch);
    return BATCH;
}

/* Frames arrive and are answered. */
static size_t frames(void *context, stopwatch *watch)
{
    messages *m = context;
    const husk_bytes content = {payload, PAYLOAD_BYTES};
    uint8_t out[DATAGRAM_CAP];
    size_t len;
    for (size_t i = 0; i < BATCH; i++) {
        ok(husk_frame_seal(&m->near, true, content, m->datagrams[i], DATAGRAM_CAP, &m->lens[i]), "frame");
    }
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        husk_frame_message message;
        ok(husk_frame_open(&m->far, m->datagrams[i], m->lens[i], &message), "frame opens");
        ok(husk_frame_seal(&m->far, true, content, out, sizeof out, &len), "frame back");
    }
    stopwatch_stop(watch);
    return BATCH;
}

static husk_status forget_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context, (void)record, (void)out, (void)cap;
    *len = 0;
    return HUSK_OK;
}

static husk_status forget_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context, (void)record, (void)data, (void)len;
    return HUSK_OK;
}

static const husk_envelope_metadata nothing = {.has_content_format = false};

/* The application opens envelopes; its storage costs nothing here. */
static size_t envelopes(void *context, stopwatch *watch)
{
    messages *m = context;
    for (size_t i = 0; i < BATCH; i++) {
        ok(husk_envelope_seal(&m->sender, &nothing, (husk_bytes){payload, PAYLOAD_BYTES}, m->datagrams[i], DATAGRAM_CAP,
                              &m->lens[i]), "envelope");
    }
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        husk_envelope_view view;
        ok(husk_envelope_open(&m->opener, HUSK_ENVELOPE_TIME_UNKNOWN, m->datagrams[i], m->lens[i], &view),
           "envelope opens");
    }
    stopwatch_stop(watch);
    return BATCH;
}

/* The application seals envelopes, such as commands; its storage costs nothing here. */
static size_t sealed_envelopes(void *context, stopwatch *watch)
{
    messages *m = context;
    const husk_bytes content = {payload, PAYLOAD_BYTES};
    uint8_t out[DATAGRAM_CAP];
    size_t len;
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        ok(husk_envelope_seal(&m->sender, &nothing, content, out, sizeof out, &len), "envelope");
    }
    stopwatch_stop(watch);
    return BATCH;
}

static void steady(const husk_suite *suite, const char *implementation)
{
    static messages m;
    const char *aead = suite->app_aead->nonce_bytes == 13 ? "aes_ccm" : "chacha20";
    char scenario[48];
    memset(&m, 0, sizeof m);
    husk_oscore_parameters parameters = {
        .aead = suite->app_aead,
        .hash = suite->hash,
        .master_secret = {psk_key, 16},
        .sender_id = {1, {1}},
        .recipient_id = {1, {2}},
    };
    ok(husk_oscore_context_init(&m.client, &parameters), "client");
    ok(husk_frame_context_init(&m.near, &parameters), "near end");
    parameters.sender_id.bytes[0] = 2;
    parameters.recipient_id.bytes[0] = 1;
    ok(husk_oscore_context_init(&m.server, &parameters), "server");
    ok(husk_frame_context_init(&m.far, &parameters), "far end");
    /* These keys protect nothing: they go on beyond the limits of real ones. */
    m.client.limit_q = m.server.limit_q = m.near.oscore.limit_q = m.far.oscore.limit_q = UINT64_MAX;

    const husk_envelope_parameters named = {
        .aead = suite->app_aead, .hash = suite->hash, .root_key = {psk_key, 16}, .sender = {cred_i, 4},
        .recipient = {cred_r, 4},
    };
    const husk_storage nowhere = {forget_load, forget_store, NULL};
    ok(husk_envelope_key_derive(&m.key, &named), "envelope key");
    m.sender_config = (husk_envelope_sender_config){.keys = &m.key, .key_count = 1, .storage = nowhere};
    m.opener_config = (husk_envelope_opener_config){.key = &m.key, .storage = nowhere};
    ok(husk_envelope_sender_init(&m.sender, &m.sender_config), "sender");
    ok(husk_envelope_opener_init(&m.opener, &m.opener_config), "opener");

    snprintf(scenario, sizeof scenario, "oscore/%s/answer/%d", aead, PAYLOAD_BYTES);
    measure(scenario, implementation, requests, &m);
    snprintf(scenario, sizeof scenario, "frame/%s/answer/%d", aead, PAYLOAD_BYTES);
    measure(scenario, implementation, frames, &m);
    snprintf(scenario, sizeof scenario, "envelope/%s/open/%d", aead, PAYLOAD_BYTES);
    measure(scenario, implementation, envelopes, &m);
    snprintf(scenario, sizeof scenario, "envelope/%s/seal/%d", aead, PAYLOAD_BYTES);
    measure(scenario, implementation, sealed_envelopes, &m);
}

void husk_gateway(void)
{
    static const struct {
        int32_t id;
        const husk_suite *core;
    } suites[] = {{0, &husk_suite_0}, {2, &husk_suite_2}, {4, &husk_suite_4}};
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        edhoc(suites[i].core, "husk_core");
        edhoc(husk_host_suite(suites[i].id), "husk_host");
    }
    for (unsigned fs = 0; fs < 2; fs++) {
        kudos(&husk_suite_0, "husk_core", fs == 1);
        kudos(husk_host_suite(0), "husk_host", fs == 1);
    }
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i += 2) {
        steady(suites[i].core, "husk_core");
        steady(husk_host_suite(suites[i].id), "husk_host");
    }
}

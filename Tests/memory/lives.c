/* The life of everything that holds secrets in the C API, one after the other; scan.py looks at RAM after each. */
#include <string.h>

#include "husk/husk.h"
#include "lives_gateway.h"
#include "memory_scan.h"

#define OK(call) memory_scan_expect((call) == HUSK_OK, #call)
#define SECRET(name, field) memory_scan_secret(name, field, sizeof(field))

static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_edhoc_config edhoc = {.suites = suites, .suite_count = 1, .random = {.fill = memory_scan_random}};
static const uint8_t kid[] = {0x01};
static uint8_t cred_i[48], cred_r[48];
static husk_psk psk = {.kid = {kid, sizeof kid}};
static const uint8_t *key;
static const husk_bytes none;
static const husk_id one = {1, {1}}, two = {1, {2}};

static void credentials(void)
{
    const husk_bytes device = {(const uint8_t *)LIVES_DEVICE, sizeof LIVES_DEVICE - 1};
    const husk_bytes gateway = {(const uint8_t *)LIVES_GATEWAY, sizeof LIVES_GATEWAY - 1};
    key = lives_key();
    psk.key = (husk_bytes){key, LIVES_KEY_BYTES};
    OK(husk_cred_compose(device, psk.kid, cred_i, sizeof cred_i, &psk.cred_i.len));
    OK(husk_cred_compose(gateway, psk.kid, cred_r, sizeof cred_r, &psk.cred_r.len));
    psk.cred_i.data = cred_i;
    psk.cred_r.data = cred_r;
}

/* A request from one context to the other, and the response. */
static void converse(husk_oscore_context *client, husk_oscore_context *server)
{
    uint8_t datagram[80];
    size_t len;
    husk_oscore_exchange asked = {0}, answered = {0};
    husk_coap_message inner;
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .payload = {kid, sizeof kid}};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED};
    OK(husk_oscore_request_protect(client, &asked, &request, datagram, sizeof datagram, &len));
    OK(husk_oscore_request_unprotect(server, &answered, datagram, len, &inner));
    OK(husk_oscore_response_protect(server, &answered, false, &response, datagram, sizeof datagram, &len));
    OK(husk_oscore_response_unprotect(client, &asked, datagram, len, &inner));
}

__attribute__((noinline)) static void handshake(void)
{
    uint8_t message[64], rpsk[32];
    size_t len;
    husk_edhoc device, gateway;
    husk_oscore_context device_context, gateway_context;
    memory_scan_secret("PSK", key, LIVES_KEY_BYTES);
    OK(husk_edhoc_initiator_init(&device, &edhoc, 0, &one));
    OK(husk_edhoc_responder_init(&gateway, &edhoc));
    OK(husk_edhoc_message_1_compose(&device, none, message, sizeof message, &len));
    SECRET("ephemeral key", device.state.wait_2.private_key);
    OK(husk_edhoc_message_1_process(&gateway, message, len, NULL));
    OK(husk_edhoc_message_2_compose(&gateway, &two, none, message, sizeof message, &len));
    OK(husk_edhoc_message_2_process(&device, message, len, NULL));
    SECRET("PRK_3e2m", device.state.exchanged.prk_3e2m);
    OK(husk_edhoc_message_3_compose(&device, &psk, none, message, sizeof message, &len));
    OK(husk_edhoc_message_3_process(&gateway, &psk, message, len, NULL));
    SECRET("K_4", gateway.state.keyed.k_4);
    OK(husk_edhoc_message_4_compose(&gateway, none, message, sizeof message, &len));
    OK(husk_edhoc_message_4_process(&device, message, len, NULL));
    SECRET("PRK_exporter", device.state.keyed.prk_exporter);
    OK(husk_edhoc_export(&device, HUSK_EDHOC_EXPORT_RPSK, none, rpsk, sizeof rpsk));
    SECRET("rPSK", rpsk);
    husk_wipe(rpsk, sizeof rpsk);
    OK(husk_edhoc_oscore_context(&device, &device_context));
    OK(husk_edhoc_oscore_context(&gateway, &gateway_context));
    SECRET("sender key", device_context.sender_key);
    SECRET("recipient key", device_context.recipient_key);
    husk_edhoc_wipe(&device);
    husk_edhoc_wipe(&gateway);
    converse(&device_context, &gateway_context);
    husk_oscore_context_wipe(&device_context);
    husk_oscore_context_wipe(&gateway_context);
}

static husk_oscore_parameters parameters(husk_id sender_id, husk_id recipient_id)
{
    return (husk_oscore_parameters){.aead = &husk_aead_aes_ccm_16_64_128,
                                    .hash = &husk_hash_sha256,
                                    .master_secret = {key, LIVES_KEY_BYTES},
                                    .sender_id = sender_id,
                                    .recipient_id = recipient_id};
}

__attribute__((noinline)) static void security_context(void)
{
    husk_oscore_context client, server;
    const husk_oscore_parameters of_client = parameters(one, two), of_server = parameters(two, one);
    memory_scan_secret("master secret", key, LIVES_KEY_BYTES);
    OK(husk_oscore_context_init(&client, &of_client));
    OK(husk_oscore_context_init(&server, &of_server));
    SECRET("sender key", client.sender_key);
    SECRET("recipient key", client.recipient_key);
    converse(&client, &server);
    husk_oscore_context_wipe(&client);
    husk_oscore_context_wipe(&server);
}

__attribute__((noinline)) static void frame_context(void)
{
    uint8_t frame[64];
    size_t len;
    husk_frame_context sender, recipient;
    husk_frame_message message;
    const husk_oscore_parameters of_sender = parameters(one, two), of_recipient = parameters(two, one);
    memory_scan_secret("master secret", key, LIVES_KEY_BYTES);
    OK(husk_frame_context_init(&sender, &of_sender));
    OK(husk_frame_context_init(&recipient, &of_recipient));
    SECRET("sender key", sender.oscore.sender_key);
    SECRET("recipient key", sender.oscore.recipient_key);
    OK(husk_frame_seal(&sender, true, psk.kid, frame, sizeof frame, &len));
    OK(husk_frame_open(&recipient, frame, len, &message));
    husk_frame_context_wipe(&sender);
    husk_frame_context_wipe(&recipient);
}

static husk_kudos_config updating(husk_id sender_id, husk_id recipient_id)
{
    return (husk_kudos_config){.aead = &husk_aead_aes_ccm_16_64_128,
                               .hash = &husk_hash_sha256,
                               .random = {.fill = memory_scan_random},
                               .sender_id = sender_id,
                               .recipient_id = recipient_id,
                               .capable = true};
}

/* Stores nothing, but says that it did. */
static void store(husk_kudos *kudos)
{
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    if (husk_kudos_must_store(kudos)) {
        (void)husk_kudos_record_write(kudos, record);
        husk_kudos_stored(kudos);
        husk_wipe(record, sizeof record);
    }
}

__attribute__((noinline)) static void key_update(void)
{
    uint8_t datagram[100], spare[100], event;
    size_t len;
    husk_kudos client, server;
    husk_oscore_context client_context = {0}, server_context = {0};
    husk_oscore_exchange asked = {0}, answered = {0};
    husk_coap_message inner;
    const husk_kudos_config of_client = updating(one, two), of_server = updating(two, one);
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED};
    memory_scan_secret("master secret", key, LIVES_KEY_BYTES);
    OK(husk_kudos_init(&client, &of_client, (husk_bytes){key, LIVES_KEY_BYTES}));
    OK(husk_kudos_init(&server, &of_server, (husk_bytes){key, LIVES_KEY_BYTES}));
    OK(husk_kudos_start(&client));
    store(&client);
    OK(husk_kudos_request_protect(&client, &client_context, &asked, &request, datagram, sizeof datagram, &len));
    OK(husk_kudos_request_unprotect(&server, &server_context, &answered, datagram, len, spare, sizeof spare, &inner,
                                    &event));
    store(&server);
    OK(husk_kudos_response_protect(&server, &server_context, &answered, &response, datagram, sizeof datagram, &len));
    OK(husk_kudos_response_unprotect(&client, &client_context, &asked, datagram, len, spare, sizeof spare, &inner,
                                     &event));
    store(&client);
    SECRET("new secret", client.secrets[0]);
    SECRET("sender key", client_context.sender_key);
    SECRET("recipient key", client_context.recipient_key);
    husk_kudos_wipe(&client);
    husk_kudos_wipe(&server);
    husk_oscore_context_wipe(&client_context);
    husk_oscore_context_wipe(&server_context);
}

static husk_status load_nothing(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context, (void)record, (void)out, (void)cap;
    *len = 0;
    return HUSK_OK;
}

static husk_status store_nothing(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context, (void)record, (void)data, (void)len;
    return HUSK_OK;
}

__attribute__((noinline)) static void envelope(void)
{
    uint8_t sealed[120];
    size_t len;
    husk_envelope_key derived;
    husk_envelope_sender sender;
    husk_envelope_opener opener;
    husk_envelope_view view;
    const husk_storage storage = {.load = load_nothing, .store = store_nothing};
    const husk_envelope_parameters from_root = {.aead = &husk_aead_aes_ccm_16_64_128,
                                                .hash = &husk_hash_sha256,
                                                .root_key = {key, LIVES_KEY_BYTES},
                                                .sender = {(const uint8_t *)"door", 4},
                                                .recipient = {(const uint8_t *)"home", 4}};
    const husk_envelope_metadata metadata = {0};
    const husk_envelope_sender_config of_sender = {.keys = &derived, .key_count = 1, .storage = storage};
    const husk_envelope_opener_config of_opener = {.key = &derived, .storage = storage};
    memory_scan_secret("root key", key, LIVES_KEY_BYTES);
    OK(husk_envelope_key_derive(&derived, &from_root));
    SECRET("envelope key", derived.key);
    OK(husk_envelope_sender_init(&sender, &of_sender));
    OK(husk_envelope_seal(&sender, &metadata, psk.kid, sealed, sizeof sealed, &len));
    OK(husk_envelope_opener_init(&opener, &of_opener));
    OK(husk_envelope_open(&opener, 0, sealed, len, &view));
    husk_envelope_key_wipe(&derived);
}

/* Takes a datagram to the gateway in the same image, and its answer back. */
static void deliver(husk_device *device, husk_event *event)
{
    uint8_t datagram[LIVES_DATAGRAM_BYTES];
    const uint8_t *out;
    size_t len;
    OK(husk_device_transmit(device, 0, &out, &len, event));
    memcpy(datagram, out, len);
    len = len > 0 ? lives_gateway_answer(datagram, len) : 0;
    if (len > 0) {
        OK(husk_device_receive(device, 0, datagram, len, event));
    }
}

static husk_device device;

__attribute__((noinline)) static void device_endpoint(void)
{
    const husk_device_config config = {.profile = &husk_profile_edhoc, .edhoc = edhoc, .psk = psk};
    const husk_device_request request = {HUSK_COAP_POST, "t", 1, HUSK_DEVICE_NO_FORMAT, {kid, sizeof kid}};
    husk_event event = {0};
    memory_scan_secret("PSK", key, LIVES_KEY_BYTES);
    lives_gateway_begin();
    OK(husk_device_init(&device, &config));
    OK(husk_device_start(&device, &request));
    while (event.kind != HUSK_EVENT_RESPONSE) {
        deliver(&device, &event);
        memory_scan_expect(event.kind != HUSK_EVENT_FAILED, "a reading");
    }
    SECRET("sender key", device.oscore.sender_key);
    SECRET("recipient key", device.oscore.recipient_key);
    husk_device_wipe(&device);
    lives_gateway_end();
}

int main(void)
{
    credentials();
    handshake();
    memory_scan_end_of("husk_edhoc");
    security_context();
    memory_scan_end_of("husk_oscore_context");
    frame_context();
    memory_scan_end_of("husk_frame_context");
    key_update();
    memory_scan_end_of("husk_kudos");
    envelope();
    memory_scan_end_of("husk_envelope_key");
    device_endpoint();
    memory_scan_end_of("husk_device");
    return 0;
}

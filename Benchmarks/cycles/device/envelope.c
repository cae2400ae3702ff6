/* Envelopes in steady state, device and application as ends. A reading says its key, destination, content format and
 * time; a command, which the device opens, the same and a deadline. */
#include "scenarios.h"

#include <string.h>

#define ENVELOPE_CAP (PAYLOAD_MAX_BYTES + 96)
#define NOW 1767225600 /* 2026-01-01 */
#define CONTENT_FORMAT 60 /* application/cbor */

static husk_envelope_key up, down;
static husk_envelope_sender device_sender, application_sender;
static husk_envelope_opener device_opener, application_opener;
static uint8_t sealed[ENVELOPE_CAP];
static size_t sealed_len;

/* Storage that is there at once: what writing to flash takes is not counted. */
typedef struct record {
    uint8_t data[HUSK_ENVELOPE_OPENER_RECORD_BYTES];
    size_t len;
} record;

static husk_status load(void *context, uint8_t name, uint8_t *out, size_t cap, size_t *len)
{
    const record *r = context;
    (void)name;
    if (r->len > cap) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(out, r->data, r->len);
    *len = r->len;
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t name, const uint8_t *data, size_t len)
{
    record *r = context;
    (void)name;
    if (len > sizeof r->data) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(r->data, data, len);
    r->len = len;
    return HUSK_OK;
}

static const uint8_t device_name[] = "kitchen";
static const uint8_t application_name[] = "climate";
static const husk_bytes device_names = {device_name, sizeof device_name - 1};
static const husk_bytes application_names = {application_name, sizeof application_name - 1};

static void make_end(husk_envelope_sender *sender, husk_envelope_opener *opener, const husk_envelope_key *sends,
                     const husk_envelope_key *receives, const husk_bytes *name, bool commands, unsigned which)
{
    static record records[4];
    static husk_envelope_sender_config sender_configs[2];
    static husk_envelope_opener_config opener_configs[2];
    records[2 * which] = (record){0};
    records[2 * which + 1] = (record){0};
    sender_configs[which] = (husk_envelope_sender_config){
        .keys = sends, .key_count = 1, .storage = {load, store, &records[2 * which]}};
    opener_configs[which] = (husk_envelope_opener_config){.key = receives,
                                                          .storage = {load, store, &records[2 * which + 1]},
                                                          .deadline_required = commands,
                                                          .names = name,
                                                          .name_count = 1};
    bench_ok(husk_envelope_sender_init(sender, &sender_configs[which]), "sender");
    bench_ok(husk_envelope_opener_init(opener, &opener_configs[which]), "opener");
}

static husk_envelope_metadata label(husk_bytes destination, bool command)
{
    return (husk_envelope_metadata){.destination = destination,
                                    .has_content_format = true,
                                    .content_format = CONTENT_FORMAT,
                                    .has_time = true,
                                    .time = NOW,
                                    .has_deadline = command,
                                    .deadline = NOW + 60};
}

static void make_ends(const husk_aead *aead)
{
    static const uint8_t root[16] = {11};
    static const uint8_t kid[] = {0x07};
    husk_envelope_parameters parameters = {
        .aead = aead,
        .hash = &husk_hash_sha256,
        .root_key = {root, sizeof root},
        .sender = device_names,
        .recipient = application_names,
        .kid = {kid, sizeof kid},
    };
    bench_ok(husk_envelope_key_derive(&up, &parameters), "key of readings");
    parameters.sender = application_names;
    parameters.recipient = device_names;
    bench_ok(husk_envelope_key_derive(&down, &parameters), "key of commands");
    make_end(&device_sender, &device_opener, &up, &down, &device_names, true, 0);
    make_end(&application_sender, &application_opener, &down, &up, &application_names, false, 1);
    /* Sequence numbers are reserved with the first envelope; those that are measured have theirs. */
    const husk_envelope_metadata first = label(application_names, false);
    bench_ok(husk_envelope_seal(&device_sender, &first, (husk_bytes){NULL, 0}, sealed, sizeof sealed, &sealed_len),
             "the first envelope");
}

static void print_message(bool is_up, size_t payload_len)
{
    bench_print_message(&(bench_message){.up = is_up, .name = "envelope", .security = sealed_len - payload_len,
                                         .payload = payload_len, .whole = sealed_len});
}

/* The device seals a reading, and opens a command. */
static void exchange(const char *aead, husk_bytes payload)
{
    husk_envelope_view view;
    const husk_envelope_metadata reading = label(application_names, false);
    const husk_envelope_metadata command = label(device_names, true);
    bench_name("envelope", aead, "seal", bench_number(payload.len));
    BENCH_OPEN();
    husk_status status = husk_envelope_seal(&device_sender, &reading, payload, sealed, sizeof sealed, &sealed_len);
    BENCH_CLOSE();
    bench_ok(status, "envelope: seal");
    print_message(true, payload.len);
    bench_ok(husk_envelope_open(&application_opener, NOW, sealed, sealed_len, &view), "application: open");
    bench_ok(husk_envelope_seal(&application_sender, &command, payload, sealed, sizeof sealed, &sealed_len),
             "application: seal");

    bench_name("envelope", aead, "open", bench_number(payload.len));
    BENCH_OPEN();
    status = husk_envelope_open(&device_opener, NOW, sealed, sealed_len, &view);
    BENCH_CLOSE();
    bench_ok(status, "envelope: open");
    print_message(false, payload.len);
    bench_check(view.content.len == payload.len && memcmp(view.content.data, payload.data, payload.len) == 0,
                "the content arrives as it was sealed");
}

void envelope(void)
{
    steady(make_ends, exchange);
}

/* Runs the C example of the README: what it makes is opened here, and by the Swift example (ReadmeTests.swift), which has
 * the same bytes. */
#include <stdio.h>
#include <string.h>

#include "husk/husk.h"

husk_status seal_reading(husk_envelope_sender *to_application, husk_frame_context *to_gateway, husk_bytes reading,
                         uint8_t *frame, size_t frame_cap, size_t *frame_len);

#define FRAME \
    "09000143c6be6ddaf1e2bc8a847518606a6d16e3dca2598c3b75e08895ce2f483b9cf7627403c305" \
    "80a4cdda3b6de9c1cf861bf3a29077d806531bb0"

static const uint8_t root_key[16] = "envelope root k";
static const uint8_t master_secret[16] = "frame secret  !";
static const uint8_t reading[] = {0xa1, 0x61, 't', 0x18, 0xd7}; /* {"t": 215} */

/* Each end has a store of one record. */
static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context, (void)record, (void)out, (void)cap;
    *len = 0;
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)record, (void)data;
    *(size_t *)context += len;
    return HUSK_OK;
}

static void derive(husk_envelope_key *key, husk_frame_context *device, husk_frame_context *gateway)
{
    const husk_envelope_parameters parameters = {
        .aead = husk_suite_0.app_aead,
        .hash = husk_suite_0.hash,
        .root_key = {root_key, sizeof root_key},
        .sender = {(const uint8_t *)"kitchen", 7},
        .recipient = {(const uint8_t *)"application", 11},
    };
    husk_oscore_parameters frames = {
        .aead = husk_suite_0.app_aead,
        .hash = husk_suite_0.hash,
        .master_secret = {master_secret, sizeof master_secret},
    };
    (void)husk_envelope_key_derive(key, &parameters);
    (void)husk_id_set(&frames.sender_id, (const uint8_t[]){1}, 1);
    (void)husk_id_set(&frames.recipient_id, (const uint8_t[]){2}, 1);
    (void)husk_frame_context_init(device, &frames);
    (void)husk_id_set(&frames.sender_id, (const uint8_t[]){2}, 1);
    (void)husk_id_set(&frames.recipient_id, (const uint8_t[]){1}, 1);
    (void)husk_frame_context_init(gateway, &frames);
}

static int run(void)
{
    husk_envelope_key key;
    husk_frame_context device, gateway;
    derive(&key, &device, &gateway);
    size_t stored = 0;
    const husk_storage storage = {.context = &stored, .load = load, .store = store};
    const husk_envelope_sender_config sealing = {.keys = &key, .key_count = 1, .storage = storage};
    const husk_envelope_opener_config opening = {.key = &key, .storage = storage};
    husk_envelope_sender sender;
    husk_envelope_opener opener;
    uint8_t frame[160];
    size_t len;
    if (husk_envelope_sender_init(&sender, &sealing) != HUSK_OK ||
        husk_envelope_opener_init(&opener, &opening) != HUSK_OK ||
        seal_reading(&sender, &device, (husk_bytes){reading, sizeof reading}, frame, sizeof frame, &len) != HUSK_OK ||
        stored == 0) {
        return 1;
    }
    char text[2 * sizeof frame + 1];
    for (size_t i = 0; i < len; i++) {
        snprintf(text + 2 * i, 3, "%02x", frame[i]);
    }
    if (strcmp(text, FRAME) != 0) {
        printf("the frame is %s\n", text);
        return 1;
    }
    husk_frame_message message;
    husk_envelope_view view;
    if (husk_frame_open(&gateway, frame, len, &message) != HUSK_OK ||
        husk_envelope_open(&opener, HUSK_ENVELOPE_TIME_UNKNOWN, (uint8_t *)(uintptr_t)message.payload.data,
                           message.payload.len, &view) != HUSK_OK) {
        return 1;
    }
    return view.content.len != sizeof reading || memcmp(view.content.data, reading, sizeof reading) != 0;
}

int main(void)
{
    int failed = run();
    if (failed != 0) {
        puts("FAILED README example in C: what it sealed");
    }
    printf("%d passed, %d failed\n", 1 - failed, failed);
    return failed;
}

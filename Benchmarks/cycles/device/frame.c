/* Frames in steady state, between two ends that say in each whom it is for, with an identifier of one byte. */
#include "scenarios.h"

#include <string.h>

#define FRAME_CAP (PAYLOAD_MAX_BYTES + HUSK_FRAME_OVERHEAD_MAX_BYTES)

static husk_frame_context device, gateway;
static uint8_t frame_bytes[FRAME_CAP];
static size_t frame_len;

static void make_contexts(const husk_aead *aead)
{
    static const uint8_t secret[16] = {9};
    static const uint8_t salt[8] = {10};
    husk_oscore_parameters parameters = {
        .aead = aead,
        .hash = &husk_hash_sha256,
        .master_secret = {secret, sizeof secret},
        .master_salt = {salt, sizeof salt},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
    };
    bench_ok(husk_frame_context_init(&device, &parameters), "device");
    parameters.sender_id.bytes[0] = 0x02;
    parameters.recipient_id.bytes[0] = 0x01;
    bench_ok(husk_frame_context_init(&gateway, &parameters), "gateway");
}

static void print_message(bool up, size_t payload_len)
{
    bench_print_message(&(bench_message){.up = up, .name = "frame", .security = frame_len - payload_len,
                                         .payload = payload_len, .whole = frame_len});
}

/* The device seals one frame, and opens another. */
static void exchange(const char *aead, husk_bytes payload)
{
    husk_frame_message message;
    bench_name("frame", aead, "seal", bench_number(payload.len));
    BENCH_OPEN();
    husk_status status = husk_frame_seal(&device, true, payload, frame_bytes, sizeof frame_bytes, &frame_len);
    BENCH_CLOSE();
    bench_ok(status, "frame: seal");
    print_message(true, payload.len);
    bench_ok(husk_frame_open(&gateway, frame_bytes, frame_len, &message), "gateway: open");
    bench_ok(husk_frame_seal(&gateway, true, payload, frame_bytes, sizeof frame_bytes, &frame_len), "gateway: seal");

    bench_name("frame", aead, "open", bench_number(payload.len));
    BENCH_OPEN();
    status = husk_frame_open(&device, frame_bytes, frame_len, &message);
    BENCH_CLOSE();
    bench_ok(status, "frame: open");
    print_message(false, payload.len);
    bench_check(message.payload.len == payload.len && memcmp(message.payload.data, payload.data, payload.len) == 0,
                "the payload arrives as it was sent");
}

void frame(void)
{
    steady(make_contexts, exchange);
}

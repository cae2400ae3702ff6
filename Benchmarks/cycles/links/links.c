/* EDHOC-PSK and KUDOS over frames: both ends of a link, all frames until both have keys and nothing more to say. With
 * identifiers in every frame, as where several devices share a link, and without, as on a point-to-point link. */
#include "both_sides.h"

#include <string.h>

#define FRAME_CAP 128
#define FRAMES_MAX 16

static const uint8_t secret[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

typedef struct end {
    husk_link link;
    husk_link_config config;
    husk_kudos kudos;
    husk_kudos_config kudos_config;
    memory flash;
    bool authenticated;
} end;

static end device, gateway;
static credentials secrets;

static void prepare(end *e, const husk_suite *const *suite, bool fs, bool point_to_point)
{
    memset(e, 0, sizeof *e);
    uint8_t own = e == &device ? 0 : 1;
    e->kudos_config = (husk_kudos_config){.aead = &husk_aead_aes_ccm_16_64_128,
                                          .hash = &husk_hash_sha256,
                                          .random = bench_random,
                                          .bootstrap_secret = {secret, sizeof secret},
                                          .sender_id = {1, {own}},
                                          .recipient_id = {1, {own ^ 1}},
                                          .capable = fs || e == &gateway,
                                          .frame = true};
    e->config = (husk_link_config){
        .profile = suite == NULL    ? &husk_link_kudos
                   : e == &device ? &husk_link_edhoc_initiator
                                  : &husk_link_edhoc_responder,
        .point_to_point = point_to_point,
        .edhoc = {.suites = suite, .suite_count = suite != NULL, .random = bench_random},
        .psks = &secrets.psk,
        .psk_count = 1,
        .id = {1, {own}},
        .kudos = &e->kudos,
        .kudos_config = &e->kudos_config,
        .storage = memory_storage(&e->flash),
    };
    bench_ok(husk_link_init(&e->link, &e->config), "an end");
}

/* Of an EDHOC frame the message; of others, which are there for new keys alone, everything. */
static void print(bool up, const uint8_t *frame, size_t len)
{
    static const char *const names[] = {"frame", "message_1", "message_2", "message_3", "message_4", "error", "kudos"};
    husk_frame_header header;
    bench_ok(husk_frame_header_read(frame, len, &header), "a frame");
    bool is_edhoc = header.kind >= HUSK_FRAME_EDHOC_MESSAGE_1 && header.kind <= HUSK_FRAME_EDHOC_MESSAGE_4;
    bench_print_message(&(bench_message){
        .up = up, .name = names[header.kind], .security = is_edhoc ? header.body.len : len, .whole = len});
}

static void handshake(const char *protocol, const char *what, const husk_suite *const *suite, bool fs,
                      bool point_to_point)
{
    uint8_t frame[FRAME_CAP];
    size_t len;
    husk_link_event event;
    unsigned frames = 0;
    prepare(&device, suite, fs, point_to_point);
    prepare(&gateway, suite, fs, point_to_point);
    bench_name("link", protocol, what, point_to_point ? "point_to_point" : "identified");
    BENCH_OPEN();
    husk_status status = husk_link_start(&device.link);
    for (;;) {
        husk_status transmitted = husk_link_transmit(&device.link, 0, frame, sizeof frame, &len, &event);
        BENCH_PAUSE();
        bench_ok(status, frames == 0 ? "start" : "receive");
        bench_ok(transmitted, "transmit");
        if (len > 0) {
            print(true, frame, len);
            bench_ok(husk_link_receive(&gateway.link, frame, len, &event), "gateway: receive");
            gateway.authenticated = gateway.authenticated || event.new_session;
        }
        bench_ok(husk_link_transmit(&gateway.link, 0, frame, sizeof frame, &len, &event), "gateway: transmit");
        if (len == 0) {
            break;
        }
        print(false, frame, len);
        bench_check(++frames < FRAMES_MAX, "there is an end of it");
        BENCH_RESUME();
        status = husk_link_receive(&device.link, frame, len, &event);
        device.authenticated = device.authenticated || event.new_session;
    }
    BENCH_RESUME();
    BENCH_CLOSE();
    bench_check(device.authenticated && gateway.authenticated, "both ends have keys");
}

int main(void)
{
    credentials_make(&secrets);
    for (size_t i = 0; i < sizeof named_suites / sizeof named_suites[0]; i++) {
        for (unsigned alone = 0; alone < 2; alone++) {
            handshake("edhoc_psk", named_suites[i].name, &named_suites[i].suite, false, alone);
        }
    }
    for (unsigned alone = 0; alone < 2; alone++) {
        handshake("kudos", "fs", NULL, true, alone);
        handshake("kudos", "no_fs", NULL, false, alone);
    }
    return 0;
}

/* EDHOC-PSK and KUDOS over frames: both ends of a link, all frames until both have keys and nothing more to say. With
 * identifiers in every frame, as where several devices share a link, and without, as on a point-to-point link. */
#include "exchanges.h"

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

/* One frame from an end to the other, if there is one. */
static bool pass(end *from, end *to)
{
    uint8_t frame[FRAME_CAP];
    size_t len;
    husk_link_event event;
    bench_ok(husk_link_transmit(&from->link, 0, frame, sizeof frame, &len, &event), "transmit");
    if (len == 0) {
        return false;
    }
    print(from == &device, frame, len);
    bench_ok(husk_link_receive(&to->link, frame, len, &event), "receive");
    to->authenticated = to->authenticated || event.new_session;
    return true;
}

static void handshake(const char *protocol, const char *what, const husk_suite *const *suite, bool fs)
{
    for (unsigned alone = 0; alone < 2; alone++) {
        prepare(&device, suite, fs, alone);
        prepare(&gateway, suite, fs, alone);
        bench_ok(husk_link_start(&device.link), "start");
        bench_name("link", protocol, what, alone ? "point_to_point" : "identified");
        unsigned frames = 0;
        while (pass(&device, &gateway) || pass(&gateway, &device)) {
            bench_check(++frames < FRAMES_MAX, "there is an end of it");
        }
        bench_check(device.authenticated && gateway.authenticated, "both ends have keys");
    }
}

void links(void)
{
    credentials_make(&secrets);
    for (size_t i = 0; i < sizeof named_suites / sizeof named_suites[0]; i++) {
        handshake("edhoc_psk", named_suites[i].name, &named_suites[i].suite, false);
    }
    handshake("kudos", "fs", NULL, true);
    handshake("kudos", "no_fs", NULL, false);
}

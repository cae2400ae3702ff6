/* A device endpoint and its gateway in one process, driven by the fuzzer's input: what is lost, delayed, repeated,
 * forged or patched, when time passes, who reboots, which hook fails. */
#ifndef HUSK_FUZZ_DEVICE_H
#define HUSK_FUZZ_DEVICE_H

#include "fuzz.h"

#define FUZZ_REPLY_MAX 200

/* The goals that every such target has, in this order: FUZZ_GOALS(FUZZ_DEVICE_GOALS). */
#define FUZZ_DEVICE_GOALS AUTHENTICATED, RESPONSE, FAILED, DROPPED, TRUSTED, TIMED_OUT, RECOVERED

typedef struct fuzz_world {
    husk_device device;
    husk_device_config config;

    /* Takes a datagram (in place), gives the length of the reply, 0 for none. A request is answered with 2.04 and the
     * payload it carried. */
    size_t (*gateway_receive)(uint8_t *datagram, size_t len, uint8_t *out);
    void (*gateway_reboot)(void);

    /* How many requests it has acted upon: without trust, a response without a request is a forgery. */
    unsigned (*gateway_requests)(void);
} fuzz_world;

/* Storage and random hooks of the device, which fail when the input says so; records survive its reboots. */
husk_status fuzz_device_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len);
husk_status fuzz_device_store(void *context, uint8_t record, const uint8_t *data, size_t len);
husk_status fuzz_device_random(void *context, uint8_t *out, size_t len);

/* Lets the input happen to a device of world->config, then lets everything be well: the device gets a response.
 *
 * Each byte of the input is a step, with what it needs in the bytes after it:
 *     0 LEN   that many seconds pass          5 LEN CODE BODY  an answer with the device's message ID and token
 *     1       transmit, and it arrives        6 LEN PLAINTEXT  a protected answer, which is trusted (see fuzz.h)
 *     2       transmit, and it is lost        7 A              start: a request, or authentication alone if A is odd
 *     3 N P   the last reply, N patches       8 A              reboot: of the device; if A is odd, of the gateway
 *     4 LEN D a datagram                      9 A              hooks that fail: 1 store, 2 load, 4 random */
void fuzz_world_run(fuzz_world *world, fuzz_input *in);

#endif

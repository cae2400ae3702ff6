/* Both ends of a link in one process, driven by the fuzzer's input: what is lost, delayed, repeated, forged or patched,
 * when time passes, who reboots, which hook fails. */
#ifndef HUSK_FUZZ_LINK_H
#define HUSK_FUZZ_LINK_H

#include "fuzz.h"

/* The goals that every such target has, in this order: FUZZ_GOALS(FUZZ_LINK_GOALS). */
#define FUZZ_LINK_GOALS AUTHENTICATED, MESSAGE, FAILED, DROPPED, TRUSTED, TIMED_OUT, RECOVERED

#define FUZZ_LINK_BUFFER 64 /* for the reassembly of messages */

typedef struct fuzz_end {
    husk_link link;
    husk_link_config config; /* profile, keys; the rest is fuzz_link_run's */
    husk_link_fragments fragments;
    husk_kudos kudos;
    husk_kudos_config kudos_config;
    uint8_t *reassembly;
} fuzz_end;

/* [0] begins and [1] answers; with KUDOS either may begin. */
extern fuzz_end fuzz_ends[2];

/* Random hook of both ends, which fails when the input says so. */
husk_status fuzz_link_random(void *context, uint8_t *out, size_t len);

/* Lets the input happen to both ends, then lets everything be well: new keys are agreed upon, and a message gets
 * through each way, unless `forgeable` and the input had frames trusted.
 *
 *     frame_bytes  0: frames of any length
 *     forgeable    who forges a frame can lock the ends out for good
 *
 * Each byte of the input is a step, with what it needs in the bytes after it; E is an end, by its lowest bit:
 *     0 N        N quarters of a second pass      5 E H N P  the frame before the last H, N patches, to E
 *     1 E        E transmits, and it arrives      6 E L D    a frame of L bytes, to E
 *     2 E        E transmits, and it is lost      7 E H L D  the header of that frame and a plaintext of L bytes, which
 *     3 E        E starts                                    is trusted (see fuzz.h), to E
 *     4 E L      E sends a message of L bytes     8 E        E reboots
 *                                                 9 A        hooks that fail: 1 store, 2 load, 4 random */
void fuzz_link_run(fuzz_input *in, size_t frame_bytes, bool forgeable);

#endif

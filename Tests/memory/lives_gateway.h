/* lives_gateway: the secret and the peer that lives in C and in Swift have in common. */
#ifndef LIVES_GATEWAY_H
#define LIVES_GATEWAY_H

#include <stddef.h>
#include <stdint.h>

#include "husk/husk.h"

#define LIVES_KEY_BYTES 32
#define LIVES_DATAGRAM_BYTES 160
#define LIVES_DEVICE "sensor-1"
#define LIVES_GATEWAY "gateway"

/* The secret from which all others come, in flash: where an image cannot wipe, and scan.py does not look. */
const uint8_t *lives_key(void);

/* A gateway that shares it with LIVES_DEVICE, under the kid 01. */
void lives_gateway_begin(void);

/* Takes datagram[0..len) and puts the answer in its place, at most LIVES_DATAGRAM_BYTES. Returns its length, or 0. */
size_t lives_gateway_answer(uint8_t *datagram, size_t len);

/* Where the ephemeral key of a device lies after message_1. */
static inline size_t husk_device_private_key_offset(void)
{
    return offsetof(husk_device, edhoc.state.wait_2.private_key);
}

/* Wipes it. */
void lives_gateway_end(void);

#endif

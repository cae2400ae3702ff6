/* provisioning: what a device is given before it is deployed, in a fixed place of its flash. Written by a host tool
 * (tools/provision.py, or `husk demo`), read once by the firmware. All fields are bytes: no padding, no byte order. */
#ifndef FIRMWARE_PROVISIONING_H
#define FIRMWARE_PROVISIONING_H

#include <stddef.h>
#include <stdint.h>

#define PROVISIONING_VERSION 3
#define PROVISIONING_KID_MAX_BYTES 24
#define PROVISIONING_KEY_MIN_BYTES 16
#define PROVISIONING_KEY_MAX_BYTES 64
#define PROVISIONING_CRED_MAX_BYTES 128
#define PROVISIONING_SUITE_MAX 5
#define PROVISIONING_ENVELOPE_KEY_MAX_BYTES 32
#define PROVISIONING_ENVELOPE_KID_MAX_BYTES 16
#define PROVISIONING_NAME_MAX_BYTES 32
#define PROVISIONING_BYTES 484

/* Bits of `flags`; the others are 0. */
#define PROVISIONING_SEQUENTIAL 1 /* wait for message 4 before the first request */
#define PROVISIONING_RESUME 2     /* authenticate with the key that the last session left, if there is one */
#define PROVISIONING_KUDOS_FS 4   /* KUDOS in FS mode, which stores its keys; else no-FS mode */

/* Values of `profile`. With KUDOS, `key` is the OSCORE Master Secret (16 to 32 bytes), `kid` the device's Sender ID and
 * `cred_i` the gateway's (0 to 7 bytes each, not the same); `cred_r`, `suite` and the other flags are 0. */
#define PROVISIONING_PROFILE_EDHOC_PSK 0
#define PROVISIONING_PROFILE_KUDOS 1
#define PROVISIONING_ID_MAX_BYTES 7
#define PROVISIONING_SECRET_MAX_BYTES 32

/* offset  bytes  field */
typedef struct provisioning {
    uint8_t magic[4];                            /*   0     4  "HUSK" */
    uint8_t version;                             /*   4     1  3 */
    uint8_t kid_len;                             /*   5     1  1 to 24 */
    uint8_t key_len;                             /*   6     1  16 to 64 */
    uint8_t cred_i_len;                          /*   7     1  1 to 128 */
    uint8_t cred_r_len;                          /*   8     1  1 to 128 */
    uint8_t readings;                            /*   9     1  how many to send; 0 means 3 */
    uint8_t interval_ms[2];                      /*  10     2  pause between readings, big-endian */
    uint8_t suite;                               /*  12     1  EDHOC cipher suite, 0 to 5 */
    uint8_t flags;                               /*  13     1  sum of PROVISIONING_SEQUENTIAL, _RESUME, _KUDOS_FS */
    uint8_t profile;                             /*  14     1  how to authenticate: PROVISIONING_PROFILE_* */
    uint8_t restarts;                            /*  15     1  after the readings: times to lose the session, as in a
                                                  *            reboot, and send one reading more; of the door: after
                                                  *            each of so many envelopes */
    uint8_t kid[PROVISIONING_KID_MAX_BYTES];     /*  16    24  zeros after kid_len */
    uint8_t key[PROVISIONING_KEY_MAX_BYTES];     /*  40    64  zeros after key_len */
    uint8_t cred_i[PROVISIONING_CRED_MAX_BYTES]; /* 104   128  CRED_I, CBOR; zeros after cred_i_len */
    uint8_t cred_r[PROVISIONING_CRED_MAX_BYTES]; /* 232   128  CRED_R */
    uint8_t envelope_key_len;                    /* 360     1  16 to 32; 0: no envelopes, and so are the next four */
    uint8_t envelope_kid_len;                    /* 361     1  0 to 16 */
    uint8_t device_len;                          /* 362     1  1 to 32 */
    uint8_t application_len;                     /* 363     1  1 to 32 */
    uint8_t commands;                            /* 364     1  envelopes to take before it ends; 0: without end */
    uint8_t unused[3];                           /* 365     3  zeros */
    uint8_t envelope_key[PROVISIONING_ENVELOPE_KEY_MAX_BYTES]; /* 368 32  root key shared with the application alone */
    uint8_t envelope_kid[PROVISIONING_ENVELOPE_KID_MAX_BYTES]; /* 400 16  its identifier */
    uint8_t device[PROVISIONING_NAME_MAX_BYTES];               /* 416 32  the two ends of envelopes, UTF-8 */
    uint8_t application[PROVISIONING_NAME_MAX_BYTES];          /* 448 32 */
    uint8_t crc[4];                              /* 480     4  CRC-32 (IEEE 802.3) of bytes 0 to 479, big-endian */
} provisioning;

_Static_assert(sizeof(provisioning) == PROVISIONING_BYTES, "the layout is fixed");

/* NULL if this is complete and intact, else what is wrong with it, as a sentence. */
const char *provisioning_check(const provisioning *p);

/* CRC-32 with the polynomial, initial value and final inversion of IEEE 802.3. */
uint32_t provisioning_crc(const uint8_t *data, size_t len);

#endif

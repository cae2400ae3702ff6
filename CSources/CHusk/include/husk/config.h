/* config: what a firmware may set at compile time (with -D), and the defaults. */
#ifndef HUSK_CONFIG_H
#define HUSK_CONFIG_H

/* Room for the message in flight of a device endpoint: the longest request it can send, protected. At least 96. */
#ifndef HUSK_DEVICE_BUFFER_BYTES
#define HUSK_DEVICE_BUFFER_BYTES 160
#endif

/* The longest Master Secret that KUDOS takes: 16 where all keys are of that length, which saves 64 bytes per peer. */
#ifndef HUSK_KUDOS_SECRET_MAX_BYTES
#define HUSK_KUDOS_SECRET_MAX_BYTES 32
#endif

/* How many sequence numbers the sender of envelopes reserves with one write to storage: as many are lost at most with
 * each restart. */
#ifndef HUSK_ENVELOPE_RESERVE
#define HUSK_ENVELOPE_RESERVE 64
#endif

/* Retransmission (RFC 7252 section 4.8), times in milliseconds. */
#ifndef HUSK_ACK_TIMEOUT_MS
#define HUSK_ACK_TIMEOUT_MS 2000
#endif
#ifndef HUSK_MAX_RETRANSMIT
#define HUSK_MAX_RETRANSMIT 4
#endif

/* How long a device waits for a separate response once its request was acknowledged. */
#ifndef HUSK_RESPONSE_TIMEOUT_MS
#define HUSK_RESPONSE_TIMEOUT_MS 30000
#endif

#endif

/* States and secrets of KUDOS. */
#ifndef HUSK_OSCORE_KUDOS_STATE_H
#define HUSK_OSCORE_KUDOS_STATE_H

/* The bits (c_tx, c_rx) of draft-ietf-core-oscore-key-update-14 section 4.3.2: own nonce offered, peer's received.
 * RECEIVED and OFFERED are what the draft calls BUSY. */
#define KUDOS_IDLE 0
#define KUDOS_RECEIVED 1
#define KUDOS_OFFERED 2
#define KUDOS_PENDING 3

/* Indexes of husk_kudos.secrets, and one more. */
#define KUDOS_CURRENT 0
#define KUDOS_PREVIOUS 1
#define KUDOS_NEXT 2
#define KUDOS_SECRETS 3
#define KUDOS_BOOTSTRAP 3

#endif

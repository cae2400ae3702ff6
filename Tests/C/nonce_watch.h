/* An AEAD table that watches for the one thing that must never happen: two different messages under the same key and
 * nonce. */
#ifndef HUSK_NONCE_WATCH_H
#define HUSK_NONCE_WATCH_H

#include "husk/husk.h"

/* AES-CCM-16-64-128, watched. Put it in a suite. */
extern const husk_aead nonce_watch_aead;

/* Forgets what was seen. */
void nonce_watch_reset(void);

/* Remembers what was seen so far, and goes back to having seen that much; the counts begin anew. */
unsigned nonce_watch_mark(void);
void nonce_watch_return(unsigned mark);

/* How many seals repeated a key and nonce, and how many there were; how many of them could not be remembered any
 * more. */
unsigned nonce_watch_repeats(void);
unsigned nonce_watch_seals(void);
unsigned nonce_watch_forgotten(void);

#endif

/* The replay window of a security context. */
#ifndef HUSK_OSCORE_REPLAY_H
#define HUSK_OSCORE_REPLAY_H

#include "husk/oscore.h"

/* True if the sequence number was not verified yet and is not older than the window. */
bool husk_oscore_replay_is_fresh(const husk_oscore_context *context, uint64_t sequence);

/* Marks a fresh sequence number as verified; the window moves up if it is the greatest so far. */
void husk_oscore_replay_accept(husk_oscore_context *context, uint64_t sequence);

/* Makes a number that was just accepted the lowest: no smaller one is fresh any more. */
void husk_oscore_replay_set_lowest(husk_oscore_context *context, uint64_t sequence);

#endif

/* The groups of scenarios of this image. Each prints and marks its regions (bench.h). */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "../support/bench.h"

/* Messages in steady state: under each AEAD `make` makes the contexts, and `exchange` is called with each payload, and
 * the AEAD as a part of names. */
#define PAYLOAD_MAX_BYTES 1024
void steady(void (*make)(const husk_aead *aead), void (*exchange)(const char *aead, husk_bytes payload));

void primitives(void);
void oscore(void);
void frame(void);
void envelope(void);
void kudos(void);
void edhoc(void);

#endif

/* The groups of scenarios of this image. Each prints and marks its regions (bench.h). */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "../support/bench.h"

void primitives(void);
void oscore(void);
void kudos(void);
void edhoc(void);

#endif

/* Handshakes of the device endpoint, whose messages are counted as they leave each side, against a gateway in the same
 * process. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "../cycles/links/both_sides.h"

void endpoint_edhoc(void);
void endpoint_kudos(void);

#endif

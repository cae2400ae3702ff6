/* The transport of the client: frames through two pipes of the host, by Arm semihosting. Its work is not counted. */
#ifndef TLS_LINK_H
#define TLS_LINK_H

#include "scenarios.h"

/* Opens the pipes; ends the program if they are not there. */
void link_open(void);

/* Begins a scenario; returns the seed of the client's random bytes. */
uint32_t link_begin(const char *name);

/* Begins a connection; says whether it is the measured one. */
void link_connect(bool measured);

/* While this holds, the callbacks below pause the region that is counted. */
void link_count(bool counted);

/* The scenario is over; true if it is to be run again with another seed. */
bool link_end(void);

/* Callbacks of mbedTLS; `context` is not used. */
int link_send(void *context, const unsigned char *bytes, size_t len);
int link_receive(void *context, unsigned char *out, size_t cap);

#endif

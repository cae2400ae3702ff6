/* gateway: what a server does for its peers, repeated and timed: its own work alone, on one core, in processor time. */
#ifndef BENCH_GATEWAY_H
#define BENCH_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "husk/husk.h"

/* Messages of this length, both ways. */
#define PAYLOAD_BYTES 32

/* How often a message is repeated in one reading of the clock: much longer than the reading takes. */
#define BATCH 256

/* Adds up processor time of this thread. */
typedef struct stopwatch {
    double seconds;
    double started;
} stopwatch;

void stopwatch_start(stopwatch *watch);
void stopwatch_stop(stopwatch *watch);

/* Does one operation or several, the server's share between start and stop; returns how many. What fails ends the
 * program with a name. */
typedef size_t (*operation)(void *context, stopwatch *watch);

/* Repeats an operation for a while, and prints `SCENARIO IMPLEMENTATION OPERATIONS SECONDS`. Scenarios that do not
 * contain the filter of the command line are not run. */
void measure(const char *scenario, const char *implementation, operation run, void *context);

/* Whether the filter lets this scenario run. */
bool is_wanted(const char *scenario);

/* Ends the program unless it holds. */
void require(bool holds, const char *what);

/* Random bytes that are drawn cheaply, so that drawing them is not measured; for measurement only. */
husk_status cheap_random(void *context, uint8_t *out, size_t len);

void husk_gateway(void);
void openssl_server(void);
void mbedtls_server(void);

#endif

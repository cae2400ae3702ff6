/* Times the gateway's work of Husk and of TLS servers in one process. Usage: gateway SECONDS [FILTER]: processor time
 * for each measurement, and a part of the scenario's name. Prints the libraries, then a line for each measurement. */
#define _POSIX_C_SOURCE 200809L
#include "gateway.h"

#include <string.h>
#include <time.h>

#include "husk_host.h"

static double duration;
static const char *filter;

static double now(void)
{
    struct timespec time;
    require(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0, "clock");
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void stopwatch_start(stopwatch *watch)
{
    watch->started = now();
}

void stopwatch_stop(stopwatch *watch)
{
    watch->seconds += now() - watch->started;
}

void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "gateway: %s\n", what);
        exit(1);
    }
}

husk_status cheap_random(void *context, uint8_t *out, size_t len)
{
    static uint64_t state = 1;
    (void)context;
    for (size_t i = 0; i < len; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(state >> 56);
    }
    return HUSK_OK;
}

bool is_wanted(const char *scenario)
{
    return filter == NULL || strstr(scenario, filter) != NULL;
}

void measure(const char *scenario, const char *implementation, operation run, void *context)
{
    if (!is_wanted(scenario)) {
        return;
    }
    stopwatch watch = {0, 0};
    size_t count = 0;
    (void)run(context, &watch); /* caches, lazy tables */
    watch.seconds = 0;
    double begin = now();
    /* Peers whose own work takes much longer do not hold up the rest. */
    while (watch.seconds < duration && now() - begin < 4 * duration) {
        count += run(context, &watch);
    }
    printf("%s\t%s\t%zu\t%.9f\n", scenario, implementation, count, watch.seconds);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char names[100];
    duration = argc > 1 ? strtod(argv[1], NULL) : 0.2;
    filter = argc > 2 ? argv[2] : NULL;
    require(husk_host_init() == HUSK_OK, "the libraries do not start");
    husk_host_libraries(names, sizeof names);
    printf("libraries\t%s\n", names);
    husk_gateway();
    openssl_server();
    mbedtls_server();
    return 0;
}

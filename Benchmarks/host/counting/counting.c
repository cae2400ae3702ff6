/* The clock of gateway.h, where it counts. */
#define _POSIX_C_SOURCE 200809L
#include "counting/counting.h"

#include <time.h>
#include <valgrind/callgrind.h>

#include "gateway.h"

static bool collects;
static uint64_t before, allocated;

static double now(void)
{
    struct timespec time = {0, 0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void stopwatch_start(stopwatch *watch)
{
    before = allocations_count();
    watch->started = now();
    if (collects) {
        CALLGRIND_TOGGLE_COLLECT;
    }
}

void stopwatch_stop(stopwatch *watch)
{
    if (collects) {
        CALLGRIND_TOGGLE_COLLECT;
    }
    watch->seconds += now() - watch->started;
    allocated += allocations_count() - before;
}

void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "counts: %s\n", what);
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
    (void)scenario;
    return true;
}

uint64_t counted_allocations(void)
{
    uint64_t count = allocated;
    allocated = 0;
    return count;
}

static bool counts;

void counting_begin(void)
{
    counts = true;
}

/* The libraries of the host take other ways on other processors: what they take is not counted. */
void measure(const char *scenario, const char *implementation, operation run, void *context)
{
    stopwatch watch = {0, 0};
    if (!counts || implementation[5] == 'h') {
        return;
    }
    (void)run(context, &watch);
    (void)counted_allocations();
    collects = true;
    size_t count = run(context, &watch);
    collects = false;
    printf("%s\t%s\t%zu\t%llu\n", scenario, implementation, count, (unsigned long long)counted_allocations());
    CALLGRIND_DUMP_STATS;
}

/* Names of regions, their stack, sizes of messages, checks, and random bytes that are the same in every run. */
#include "bench.h"

#include "board.h"
#include "text.h"

#define EXIT_FAILED 1

static void add_part(text *name, const char *part)
{
    if (part != NULL) {
        text_add(name, name->line[name->len - 1] == ' ' ? "" : "/");
        text_add(name, part);
    }
}

void bench_name(const char *a, const char *b, const char *c, const char *d)
{
    text name = {0};
    text_add(&name, "region ");
    add_part(&name, a);
    add_part(&name, b);
    add_part(&name, c);
    add_part(&name, d);
    text_add(&name, "\n");
    board_print(name.line);
}

const char *bench_number(size_t number)
{
    static text t;
    t = (text){0};
    text_add_int(&t, (int32_t)number);
    return t.line;
}

void bench_print_message(const bench_message *message)
{
    text line = {0};
    text_add(&line, message->up ? "message up " : "message down ");
    text_add(&line, message->name);
    text_add_field(&line, "security", message->security);
    text_add_field(&line, "payload", message->payload);
    text_add_field(&line, "whole", message->whole);
    text_add(&line, "\n");
    board_print(line.line);
}

#if defined(BENCH_STACK)
static size_t stack_before, stack_deepest;

void bench_stack_begin(size_t used)
{
    stack_before = used;
    stack_paint();
}

void bench_stack_end(bool last)
{
    size_t depth = stack_peak() - stack_before;
    stack_deepest = depth > stack_deepest ? depth : stack_deepest;
    if (last) {
        text line = {0};
        text_add(&line, "stack ");
        text_add_int(&line, (int32_t)stack_deepest);
        text_add(&line, "\n");
        board_print(line.line);
        stack_deepest = 0;
    }
}
#endif

void bench_check(bool condition, const char *what)
{
    if (!condition) {
        board_print("FAILED ");
        board_print(what);
        board_print("\n");
        board_exit(EXIT_FAILED);
    }
}

void bench_ok(husk_status status, const char *what)
{
    bench_check(status == HUSK_OK, what);
}

/* xorshift32 (Marsaglia 2003): not random, but the same everywhere, and cheap enough not to matter. */
static husk_status fill(void *context, uint8_t *out, size_t len)
{
    uint32_t *state = context;
    for (size_t i = 0; i < len; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        out[i] = (uint8_t)(*state >> 24);
    }
    return HUSK_OK;
}

static uint32_t random_state = 0x9e3779b9;
const husk_random bench_random = {fill, &random_state};

void bench_seed(uint32_t seed)
{
    random_state = seed;
}

/* memory_scan: see memory_scan.h. */
#include "memory_scan.h"

#include "board.h"

volatile memory_scan_request memory_scan_now;

/* Says that there is a request and waits until it is done, with next to no stack: a life may have left secrets there. */
static void ask(uint8_t kind)
{
    uint8_t byte;
    board_uart_write(kind);
    while (!board_uart_read(&byte)) {
    }
}

void memory_scan_secret(const char *name, const void *at, size_t len)
{
    memory_scan_now.name = name;
    memory_scan_now.at = at;
    memory_scan_now.len = len;
    ask('s');
}

void memory_scan_end_of(const char *name)
{
    memory_scan_now.name = name;
    ask('e');
}

int32_t memory_scan_random(void *context, uint8_t *out, size_t len)
{
    static uint32_t state = 1;
    (void)context;
    for (size_t i = 0; i < len; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator: predictable on purpose */
        out[i] = (uint8_t)(state >> 24);
    }
    return 0;
}

bool memory_scan_fill(uint8_t *out, size_t len)
{
    return memory_scan_random(NULL, out, len) == 0;
}

void *memory_scan_room(void)
{
    static uint64_t room[MEMORY_SCAN_ROOM_BYTES / sizeof(uint64_t)];
    return room;
}

/* Where Swift that is not optimised says why it stops. */
int putchar(int character);

int putchar(int character)
{
    const char text[2] = {(char)character, 0};
    board_print(text);
    return character;
}

void memory_scan_expect(bool good, const char *what)
{
    if (!good) {
        board_print("failed: ");
        board_print(what);
        board_print("\n");
        board_exit(2);
    }
}

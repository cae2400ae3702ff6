/* Printing, exit codes and (for simulation only) the time and random bytes, from the host by Arm semihosting. */
#include "semihosting.h"

#include "board.h"

#define SYS_OPEN 0x01
#define SYS_WRITE0 0x04
#define SYS_READ 0x06
#define SYS_TIME 0x11
#define SYS_EXIT_EXTENDED 0x20

#define OPEN_READ_BINARY 1
#define STOPPED_APPLICATION_EXIT 0x20026

static int32_t host_call(int32_t operation, const void *argument)
{
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *text)
{
    (void)host_call(SYS_WRITE0, text);
}

/* Stands in for a real-time clock with a battery. */
uint32_t board_time(void)
{
    int32_t seconds = host_call(SYS_TIME, NULL);
    return seconds == -1 ? 0 : (uint32_t)seconds;
}

_Noreturn void board_exit(int32_t code)
{
    const int32_t block[2] = {STOPPED_APPLICATION_EXIT, code};
    for (;;) {
        (void)host_call(SYS_EXIT_EXTENDED, block);
    }
}

bool semihosting_random(uint8_t *out, size_t len)
{
    static const char name[] = "/dev/urandom";
    static int32_t handle = -1;
    if (handle < 0) {
        const struct {
            const char *name;
            uint32_t mode;
            size_t len;
        } open = {name, OPEN_READ_BINARY, sizeof name - 1};
        handle = host_call(SYS_OPEN, &open);
    }
    if (handle < 0) {
        return false;
    }
    const struct {
        int32_t handle;
        uint8_t *out;
        size_t len;
    } read = {handle, out, len};
    return host_call(SYS_READ, &read) == 0; /* the number of bytes that are missing */
}

/* The transport of the client: frames through two pipes of the host, by Arm semihosting. Its work is not counted. */
#include "link.h"

#include "bench.h"

#include <string.h>

#define SYS_OPEN 0x01
#define SYS_WRITE 0x05
#define SYS_READ 0x06
#define OPEN_READ_BINARY 1
#define OPEN_WRITE_BINARY 5

static int32_t to_server, from_server;
static bool is_counted;

/* The frame received last, as far as it has not been read. */
static struct {
    uint8_t kind;
    uint8_t bytes[FRAME_BYTES_MAX];
    size_t len;
    size_t read;
} incoming;

static int32_t host_call(int32_t operation, const void *argument)
{
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int32_t open_pipe(const char *name, uint32_t mode)
{
    const struct {
        const char *name;
        uint32_t mode;
        size_t len;
    } block = {name, mode, strlen(name)};
    int32_t handle = host_call(SYS_OPEN, &block);
    bench_check(handle > 0, "the pipes to the server are there");
    return handle;
}

void link_open(void)
{
    to_server = open_pipe("to_server", OPEN_WRITE_BINARY);
    from_server = open_pipe("from_server", OPEN_READ_BINARY);
}

/* Both calls return the number of bytes that are missing. */
static void write_all(const void *bytes, size_t len)
{
    const struct {
        int32_t handle;
        const void *bytes;
        size_t len;
    } block = {to_server, bytes, len};
    bench_check(host_call(SYS_WRITE, &block) == 0, "the server takes what is sent");
}

static void read_all(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        const struct {
            int32_t handle;
            uint8_t *out;
            size_t len;
        } block = {from_server, at, len};
        size_t missing = (size_t)host_call(SYS_READ, &block);
        bench_check(missing < len, "the server answers");
        at += len - missing;
        len = missing;
    }
}

static void send_frame(uint8_t kind, const void *bytes, size_t len)
{
    const uint8_t header[FRAME_HEADER_BYTES] = {kind, (uint8_t)len, (uint8_t)(len >> 8)};
    bench_check(len <= FRAME_BYTES_MAX, "a frame is not too long");
    write_all(header, sizeof header);
    write_all(bytes, len);
}

static void receive_frame(void)
{
    uint8_t header[FRAME_HEADER_BYTES];
    read_all(header, sizeof header);
    incoming.kind = header[0];
    incoming.len = header[1] | (size_t)header[2] << 8;
    incoming.read = 0;
    bench_check(incoming.len <= FRAME_BYTES_MAX, "a frame is not too long");
    read_all(incoming.bytes, incoming.len);
}

/* Skips what a connection before has left. */
static void receive_answer(uint8_t kind)
{
    do {
        receive_frame();
    } while (incoming.kind != kind);
}

uint32_t link_begin(const char *name)
{
    send_frame(FRAME_SCENARIO, name, strlen(name));
    receive_answer(FRAME_SCENARIO);
    uint32_t seed;
    memcpy(&seed, incoming.bytes, sizeof seed);
    return seed;
}

void link_connect(bool measured)
{
    uint8_t flag = measured;
    send_frame(FRAME_CONNECT, &flag, sizeof flag);
    incoming.len = 0;
    incoming.read = 0;
}

void link_count(bool counted)
{
    is_counted = counted;
}

bool link_end(void)
{
    send_frame(FRAME_END, NULL, 0);
    receive_answer(FRAME_END);
    return incoming.bytes[0] != 0;
}

static void pause(void)
{
    if (is_counted) {
        BENCH_PAUSE();
    }
}

static void resume(void)
{
    if (is_counted) {
        BENCH_RESUME();
    }
}

int link_send(void *context, const unsigned char *bytes, size_t len)
{
    (void)context;
    pause();
    send_frame(FRAME_DATA, bytes, len);
    resume();
    return (int)len;
}

/* A stream is read in pieces, a datagram at once. */
int link_receive(void *context, unsigned char *out, size_t cap)
{
    (void)context;
    pause();
    if (incoming.read == incoming.len) {
        receive_frame();
        bench_check(incoming.kind == FRAME_DATA, "the server sends data");
    }
    size_t left = incoming.len - incoming.read;
    size_t len = left < cap ? left : cap;
    memcpy(out, incoming.bytes + incoming.read, len);
    incoming.read += len;
    resume();
    return (int)len;
}

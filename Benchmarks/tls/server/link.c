/* The server's end of the pipes. */
#include "link.h"

#include "record_names.h"

#include <mbedtls/ssl.h>
#include <stdio.h>
#include <string.h>

static FILE *from_client, *to_client;
static record_names names;
static bool is_logged, drops_change_cipher_spec;

static struct {
    bool is_there;
    uint8_t kind;
    uint8_t bytes[FRAME_BYTES_MAX];
    size_t len;
    size_t read;
} next;

/* In the order that the client opens them: each call waits for the other side. */
bool link_open(void)
{
    from_client = fopen("to_server", "rb");
    to_client = fopen("from_server", "wb");
    return from_client != NULL && to_client != NULL;
}

uint8_t link_next(void)
{
    if (next.is_there) {
        return next.kind;
    }
    uint8_t header[FRAME_HEADER_BYTES];
    if (fread(header, 1, sizeof header, from_client) != sizeof header) {
        return 0;
    }
    next.kind = header[0];
    next.len = header[1] | (size_t)header[2] << 8;
    next.read = 0;
    next.is_there = next.len <= sizeof next.bytes && fread(next.bytes, 1, next.len, from_client) == next.len;
    return next.is_there ? next.kind : 0;
}

const uint8_t *link_take(size_t *len)
{
    next.is_there = false;
    *len = next.len;
    return next.bytes;
}

void link_answer(uint8_t kind, const void *bytes, size_t len)
{
    const uint8_t header[FRAME_HEADER_BYTES] = {kind, (uint8_t)len, (uint8_t)(len >> 8)};
    fwrite(header, 1, sizeof header, to_client);
    fwrite(bytes, 1, len, to_client);
    fflush(to_client);
}

void link_log(const tls_scenario *scenario)
{
    is_logged = scenario != NULL;
    if (is_logged) {
        names = record_names_begin(scenario);
    }
}

void link_drop_change_cipher_spec(bool dropped)
{
    drops_change_cipher_spec = dropped;
}

static void log_message(bool is_up, const uint8_t *bytes, size_t len)
{
    if (is_logged) {
        printf("message %s %zu ", is_up ? "up" : "down", len);
        record_names_print(&names, is_up, bytes, len);
    }
}

int link_send(void *context, const unsigned char *bytes, size_t len)
{
    (void)context;
    if (drops_change_cipher_spec && bytes[0] == RECORD_CHANGE_CIPHER_SPEC) {
        return (int)len;
    }
    log_message(false, bytes, len);
    link_answer(FRAME_DATA, bytes, len);
    return (int)len;
}

/* A stream is read in pieces, a datagram at once. */
int link_receive(void *context, unsigned char *out, size_t cap)
{
    (void)context;
    if (link_next() != FRAME_DATA) {
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    if (next.read == 0) {
        log_message(true, next.bytes, next.len);
    }
    size_t left = next.len - next.read;
    size_t len = left < cap ? left : cap;
    memcpy(out, next.bytes + next.read, len);
    next.read += len;
    next.is_there = next.read < next.len;
    return (int)len;
}

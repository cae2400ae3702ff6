/* What libcoap_server.c and libcoap_client.c share: configuration, hexadecimal, and the loop that serves the network
 * and the commands on standard input. */
#ifndef LIBCOAP_COMMON_H
#define LIBCOAP_COMMON_H

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_MAX 8192

static inline void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* The whole payload, once all of its blocks are there. */
struct body {
    const uint8_t *data;
    size_t len;
};

static inline struct body body_of(const coap_pdu_t *pdu)
{
    struct body body = {0};
    size_t offset, total;
    if (!coap_get_data_large(pdu, &body.len, &body.data, &offset, &total)) {
        return (struct body){(const uint8_t *)"", 0};
    }
    if (offset != 0 || body.len != total || total > VALUE_MAX) {
        fail("not a whole body");
    }
    return body;
}

static inline size_t unhex(const char *text, uint8_t *out)
{
    size_t len = 0;
    for (unsigned byte; sscanf(text + 2 * len, "%2x", &byte) == 1; len++) {
        if (len == VALUE_MAX) {
            fail("too long");
        }
        out[len] = (uint8_t)byte;
    }
    return len;
}

static inline int keep_sequence(uint64_t sequence, void *context)
{
    (void)context;
    printf("sequence %llu\n", (unsigned long long)sequence);
    return 1;
}

static inline coap_oscore_conf_t *configuration(const char *path, const char *sequence)
{
    static char text[2048];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail("cannot open the configuration");
    }
    coap_str_const_t conf = {fread(text, 1, sizeof text, file), (const uint8_t *)text};
    fclose(file);
    coap_oscore_conf_t *parsed = coap_new_oscore_conf(conf, keep_sequence, NULL, strtoull(sequence, NULL, 10));
    if (parsed == NULL) {
        fail("configuration");
    }
    return parsed;
}

static inline coap_address_t loopback(uint16_t port)
{
    coap_address_t address;
    coap_address_init(&address);
    address.size = sizeof address.addr.sin;
    address.addr.sin.sin_family = AF_INET;
    address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.addr.sin.sin_port = htons(port);
    return address;
}

static inline void log_line(coap_log_t level, const char *line)
{
    fprintf(stderr, "%d %s", (int)level, line);
}

/* With the environment variable LIBCOAP_LOG, libcoap tells on standard error what it does. */
static inline coap_context_t *start(const char *block)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    coap_startup();
    coap_set_log_handler(log_line);
    coap_set_show_pdu_output(0);
    coap_set_log_level(getenv("LIBCOAP_LOG") != NULL ? COAP_LOG_OSCORE : COAP_LOG_EMERG);
    coap_context_t *context = coap_new_context(NULL);
    if (context == NULL) {
        fail("context");
    }
    coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    if (atoi(block) > 0 && !coap_context_set_max_block_size(context, (size_t)atoi(block))) {
        fail("block size");
    }
    return context;
}

/* Until standard input ends; `command` gets its lines. */
static inline int serve(coap_context_t *context, void (*command)(char *line))
{
    static char line[2 * VALUE_MAX + 128];
    size_t len = 0;
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = coap_context_get_coap_fd(context), .events = POLLIN}};
    for (;;) {
        coap_io_process(context, COAP_IO_NO_WAIT);
        if (poll(fds, 2, coap_io_pending(context) ? 10 : 100) <= 0 || (fds[0].revents & (POLLIN | POLLHUP)) == 0) {
            continue;
        }
        ssize_t got = read(STDIN_FILENO, line + len, sizeof line - 1 - len);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        line[len] = '\0';
        for (char *end; (end = strchr(line, '\n')) != NULL;) {
            *end = '\0';
            command(line);
            len -= (size_t)(end + 1 - line);
            memmove(line, end + 1, len + 1);
        }
    }
    /* Without coap_free_context, which frees security contexts before it uses them to cancel observations. */
    return 0;
}

#endif

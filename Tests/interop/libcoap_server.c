/* A server on libcoap, protected with OSCORE, for test_libcoap.py.
 *
 * usage: libcoap_server CONFIGURATION SEQUENCE BLOCK
 *     CONFIGURATION   file of coap-oscore-conf(5)
 *     SEQUENCE        Sender Sequence Number to start with
 *     BLOCK           greatest block size, or 0
 * Serves 127.0.0.1 on a port of the system's choice, and prints `port N`. Resources:
 *     POST reverse    the payload reversed
 *     GET value       the last value set, observable
 *     PUT value       sets it
 * Reads `set HEX` (sets the value) and `sync` (prints `synced`) on standard input, and ends with it. Prints
 * `sequence N` whenever the Sender Sequence Number is to be kept. */
#include "libcoap_common.h"

static struct {
    uint8_t bytes[VALUE_MAX];
    size_t len;
} value;
static coap_resource_t *value_resource;

static void release(coap_session_t *session, void *data)
{
    (void)session;
    free(data);
}

/* Answers with a copy of `data`, block by block where it does not fit. */
static void respond(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                    const coap_string_t *query, coap_pdu_t *response, coap_pdu_code_t code, const uint8_t *data,
                    size_t len)
{
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, len);
    coap_pdu_set_code(response, code);
    coap_add_data_large_response(resource, session, request, response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM,
                                 -1, 0, len, copy, release, copy);
}

static void reverse(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                    const coap_string_t *query, coap_pdu_t *response)
{
    static uint8_t reversed[VALUE_MAX];
    struct body body = body_of(request);
    for (size_t i = 0; i < body.len; i++) {
        reversed[i] = body.data[body.len - 1 - i];
    }
    respond(resource, session, request, query, response, COAP_RESPONSE_CODE_CHANGED, reversed, body.len);
}

static void get_value(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                      const coap_string_t *query, coap_pdu_t *response)
{
    respond(resource, session, request, query, response, COAP_RESPONSE_CODE_CONTENT, value.bytes, value.len);
}

static void set_value(const uint8_t *data, size_t len)
{
    memcpy(value.bytes, data, len);
    value.len = len;
    coap_resource_notify_observers(value_resource, NULL);
}

static void put_value(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                      const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource, (void)session, (void)query;
    struct body body = body_of(request);
    set_value(body.data, body.len);
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void command(char *line)
{
    static uint8_t bytes[VALUE_MAX];
    if (strcmp(line, "sync") == 0) {
        printf("synced\n");
        return;
    }
    if (strncmp(line, "set ", 4) != 0) {
        fail("unknown command");
    }
    set_value(bytes, unhex(line + 4, bytes));
}

static void add_resources(coap_context_t *context)
{
    coap_resource_t *reversing = coap_resource_init(coap_make_str_const("reverse"), 0);
    coap_register_request_handler(reversing, COAP_REQUEST_POST, reverse);
    coap_add_resource(context, reversing);
    value_resource = coap_resource_init(coap_make_str_const("value"), COAP_RESOURCE_FLAGS_NOTIFY_CON);
    coap_register_request_handler(value_resource, COAP_REQUEST_GET, get_value);
    coap_register_request_handler(value_resource, COAP_REQUEST_PUT, put_value);
    coap_resource_set_get_observable(value_resource, 1);
    coap_add_resource(context, value_resource);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fail("usage: libcoap_server CONFIGURATION SEQUENCE BLOCK");
    }
    coap_context_t *context = start(argv[3]);
    if (!coap_context_oscore_server(context, configuration(argv[1], argv[2]))) {
        fail("OSCORE");
    }
    coap_address_t address = loopback(0);
    coap_endpoint_t *endpoint = coap_new_endpoint(context, &address, COAP_PROTO_UDP);
    if (endpoint == NULL) {
        fail("endpoint");
    }
    add_resources(context);
    printf("port %d\n", atoi(strchr(coap_endpoint_str(endpoint), ':') + 1));
    return serve(context, command);
}

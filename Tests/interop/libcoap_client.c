/* A client on libcoap, protected with OSCORE, for test_libcoap.py.
 *
 * usage: libcoap_client CONFIGURATION SEQUENCE BLOCK PORT
 *     as for libcoap_server; PORT is the server's on 127.0.0.1
 * Commands on standard input, with whose end it ends:
 *     CODE PATH [HEX]   sends a request, its code as a number, with a payload if there is one
 *     observe PATH      registers for a resource
 *     cancel            ends that observation with a request
 * Prints `response CODE HEX` for each response, `notification HEX` for those with an Observe option, `failed REASON`
 * where there will be none, and `sequence N` as the server does. The value of Observe is not shown: libcoap makes it
 * from the Partial IV of the request, so that it is always the same. */
#include "libcoap_common.h"

static coap_session_t *session;
static struct {
    uint8_t bytes[8];
    size_t len;
} observed;

static void print_body(const coap_pdu_t *pdu)
{
    struct body body = body_of(pdu);
    for (size_t i = 0; i < body.len; i++) {
        printf("%02x", body.data[i]);
    }
    printf("\n");
}

static coap_response_t on_response(coap_session_t *from, const coap_pdu_t *sent, const coap_pdu_t *received,
                                   const coap_mid_t id)
{
    (void)from, (void)sent, (void)id;
    coap_opt_iterator_t walk;
    if (coap_check_option(received, COAP_OPTION_OBSERVE, &walk) != NULL) {
        printf("notification ");
        print_body(received);
        return COAP_RESPONSE_OK;
    }
    printf("response %d ", coap_pdu_get_code(received));
    print_body(received);
    return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *from, const coap_pdu_t *sent, const coap_nack_reason_t reason, const coap_mid_t id)
{
    (void)from, (void)sent, (void)id;
    printf("failed %d\n", (int)reason);
}

/* A request with a token of its own; options and payload are missing. */
static coap_pdu_t *request(int code, uint8_t token[8], size_t *token_len)
{
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, (coap_pdu_code_t)code, session);
    if (pdu == NULL) {
        fail("request");
    }
    coap_session_new_token(session, token_len, token);
    coap_add_token(pdu, *token_len, token);
    return pdu;
}

static void add_path(coap_pdu_t *pdu, char *path)
{
    for (char *part = strtok(path, "/"); part != NULL; part = strtok(NULL, "/")) {
        coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(part), (const uint8_t *)part);
    }
}

static void ask(int code, char *path, const char *hex)
{
    static uint8_t bytes[VALUE_MAX];
    uint8_t token[8];
    size_t token_len;
    coap_pdu_t *pdu = request(code, token, &token_len);
    add_path(pdu, path);
    size_t len = hex == NULL ? 0 : unhex(hex, bytes);
    if (len > 0) {
        coap_add_data_large_request(session, pdu, len, bytes, NULL, NULL);
    }
    coap_send(session, pdu);
}

static void observe(char *path)
{
    coap_pdu_t *pdu = request(COAP_REQUEST_CODE_GET, observed.bytes, &observed.len);
    coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
    add_path(pdu, path);
    coap_send(session, pdu);
}

static void cancel(void)
{
    coap_binary_t token = {observed.len, observed.bytes};
    if (!coap_cancel_observe(session, &token, COAP_MESSAGE_CON)) {
        printf("failed -1\n");
    }
}

static void command(char *line)
{
    char *first = line, *path, *hex = NULL;
    if (strcmp(line, "cancel") == 0) {
        cancel();
        return;
    }
    path = strchr(line, ' ');
    if (path == NULL) {
        fail("unknown command");
    }
    *path++ = '\0';
    hex = strchr(path, ' ');
    if (hex != NULL) {
        *hex++ = '\0';
    }
    if (strcmp(first, "observe") == 0) {
        observe(path);
        return;
    }
    ask(atoi(first), path, hex);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fail("usage: libcoap_client CONFIGURATION SEQUENCE BLOCK PORT");
    }
    coap_context_t *context = start(argv[3]);
    coap_address_t server = loopback((uint16_t)atoi(argv[4]));
    session = coap_new_client_session_oscore(context, NULL, &server, COAP_PROTO_UDP, configuration(argv[1], argv[2]));
    if (session == NULL) {
        fail("session");
    }
    coap_register_response_handler(context, on_response);
    coap_register_nack_handler(context, on_nack);
    return serve(context, command);
}

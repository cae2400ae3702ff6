/* Echo (RFC 9175): how a server that lost its replay window gets one again (RFC 8613 appendix B.1.2), and makes sure
 * that a request is not an old one. */
#include <string.h>

#include "oscore/message.h"

/* Option head with number and length extensions, and value. */
#define ECHO_OPTION_MAX_BYTES (3 + HUSK_OSCORE_ECHO_MAX_BYTES)

void husk_oscore_window_lost(husk_oscore_context *context, const uint8_t echo[HUSK_OSCORE_ECHO_BYTES])
{
    context->window_top = 0;
    context->window_bits = 0;
    context->window_lost = true;
    memcpy(context->echo, echo, HUSK_OSCORE_ECHO_BYTES);
}

bool husk_oscore_echo_matches(const husk_coap_message *inner, husk_bytes echo)
{
    husk_bytes value;
    return husk_coap_option_find(inner->options, HUSK_COAP_ECHO, &value) && value.len == echo.len &&
           husk_equal(value.data, echo.data, echo.len);
}

husk_status husk_oscore_challenge_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                          const husk_coap_message *reply, husk_bytes echo, uint8_t *out,
                                          size_t out_cap, size_t *out_len)
{
    if (echo.len == 0 && !context->window_lost) {
        return HUSK_ERR_STATE;
    }
    if (echo.len == 0) {
        echo = (husk_bytes){context->echo, sizeof context->echo};
    }
    if (echo.len > HUSK_OSCORE_ECHO_MAX_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    uint8_t options[ECHO_OPTION_MAX_BYTES];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_option(&w, HUSK_COAP_ECHO, echo.data, echo.len);
    husk_coap_message challenge = *reply;
    challenge.code = HUSK_COAP_UNAUTHORIZED;
    challenge.options = (husk_bytes){options, w.len};
    challenge.payload = (husk_bytes){NULL, 0};
    return husk_oscore_response_protect(context, exchange, true, &challenge, out, out_cap, out_len);
}

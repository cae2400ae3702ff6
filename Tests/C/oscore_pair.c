/* A client and a server that share a security context, for tests of OSCORE. */
#include "oscore_pair.h"

void oscore_pair_up(oscore_pair *pair, const husk_aead *aead)
{
    static const uint8_t secret[16] = {1, 2, 3};
    husk_oscore_parameters parameters = {.aead = aead, .hash = &husk_hash_sha256,
                                         .master_secret = {secret, sizeof secret}};
    memset(pair, 0, sizeof *pair);
    CHECK_OK(husk_id_set(&parameters.sender_id, (const uint8_t *)"c", 1));
    CHECK_OK(husk_id_set(&parameters.recipient_id, (const uint8_t *)"s", 1));
    CHECK_OK(husk_oscore_context_init(&pair->client, &parameters));
    CHECK_OK(husk_id_set(&parameters.sender_id, (const uint8_t *)"s", 1));
    CHECK_OK(husk_id_set(&parameters.recipient_id, (const uint8_t *)"c", 1));
    CHECK_OK(husk_oscore_context_init(&pair->server, &parameters));
}

husk_status oscore_pair_ask(oscore_pair *pair, const char *options, packet *out)
{
    uint8_t encoded[48];
    const husk_coap_message message = {HUSK_COAP_CON, HUSK_COAP_GET, 1, {(const uint8_t *)"t", 1},
                                       {encoded, unhex(options, encoded, sizeof encoded)}, NO_BYTES};
    return husk_oscore_request_protect(&pair->client, &pair->asked, &message, out->data, sizeof out->data,
                                       &out->len);
}

husk_status oscore_pair_answer(oscore_pair *pair, uint8_t code, const char *options, uint8_t payload,
                               bool own_partial_iv, packet *out)
{
    uint8_t encoded[48];
    const husk_coap_message message = {HUSK_COAP_NON, code, 9, {(const uint8_t *)"t", 1},
                                       {encoded, unhex(options, encoded, sizeof encoded)}, {&payload, 1}};
    return husk_oscore_response_protect(&pair->server, &pair->heard, own_partial_iv, &message, out->data,
                                        sizeof out->data, &out->len);
}

husk_status oscore_pair_hear(oscore_pair *pair, const packet *sent)
{
    pair->wire = *sent;
    return husk_oscore_request_unprotect(&pair->server, &pair->heard, pair->wire.data, pair->wire.len, &pair->inner);
}

husk_status oscore_pair_receive(oscore_pair *pair, const packet *sent)
{
    pair->wire = *sent;
    return husk_oscore_response_unprotect(&pair->client, &pair->asked, pair->wire.data, pair->wire.len,
                                          &pair->inner);
}

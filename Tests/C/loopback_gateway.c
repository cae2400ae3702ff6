/* A gateway for one device, for tests without a network. */
#include "loopback_gateway.h"

#include <string.h>

void loopback_gateway_init(loopback_gateway *gateway, const husk_edhoc_config *config, const husk_psk *psk)
{
    memset(gateway, 0, sizeof *gateway);
    gateway->config = *config;
    gateway->psk = *psk;
    gateway->next_c_r = 0x10;
    gateway->rpsk_bytes = 32;
}

void loopback_gateway_forget(loopback_gateway *gateway)
{
    gateway->has_context = false;
    gateway->remembered_count = 0;
    memset(gateway->rpsk_len, 0, sizeof gateway->rpsk_len);
    husk_edhoc_wipe(&gateway->session);
    husk_oscore_context_wipe(&gateway->context);
}

static const loopback_reply *find(const loopback_gateway *gateway, uint16_t message_id)
{
    unsigned count = gateway->remembered_count < LOOPBACK_REMEMBERED ? gateway->remembered_count : LOOPBACK_REMEMBERED;
    for (unsigned i = 0; i < count; i++) {
        if (gateway->remembered[i].message_id == message_id) {
            return &gateway->remembered[i];
        }
    }
    return NULL;
}

/* An unprotected answer; `edhoc` is the content of an EDHOC response. */
static size_t answer(const husk_coap_message *request, uint8_t code, husk_bytes edhoc, uint8_t *out)
{
    husk_coap_writer w;
    size_t len = 0;
    husk_coap_writer_init(&w, out, LOOPBACK_REPLY_MAX_BYTES, HUSK_COAP_ACK, code, request->message_id, request->token);
    if (edhoc.len > 0) {
        husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, HUSK_COAP_FORMAT_EDHOC);
        husk_coap_write_payload(&w, edhoc.data, edhoc.len);
    }
    return husk_coap_writer_finish(&w, &len) == HUSK_OK ? len : 0;
}

static size_t answer_error(loopback_gateway *gateway, const husk_coap_message *request, husk_status why, uint8_t *out)
{
    uint8_t error[HUSK_EDHOC_ERROR_MAX_BYTES];
    size_t len;
    husk_edhoc_wipe(&gateway->session);
    if (husk_edhoc_error_compose(&gateway->config, why, error, sizeof error, &len) != HUSK_OK) {
        return 0;
    }
    return answer(request, HUSK_COAP_BAD_REQUEST, (husk_bytes){error, len}, out);
}

static husk_status take_message_1(loopback_gateway *gateway, const uint8_t *message, size_t len, uint8_t *out,
                                  size_t *out_len)
{
    husk_id c_r = {1, {gateway->next_c_r}};
    husk_status status = husk_edhoc_responder_init(&gateway->session, &gateway->config);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_1_process(&gateway->session, message, len, NULL);
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_message_2_compose(&gateway->session, &c_r, (husk_bytes){NULL, 0}, out,
                                              HUSK_EDHOC_MESSAGE_2_MAX_BYTES, out_len);
    }
    gateway->next_c_r = gateway->next_c_r == 0x17 ? 0x10 : (uint8_t)(gateway->next_c_r + 1);
    return status;
}

#define RKID_BYTES 2

static husk_psk resumption(const loopback_gateway *gateway, unsigned which)
{
    husk_psk psk = gateway->psk;
    psk.kid = (husk_bytes){gateway->rpsk[which], RKID_BYTES};
    psk.key = (husk_bytes){gateway->rpsk[which] + RKID_BYTES, gateway->rpsk_len[which] - RKID_BYTES};
    return psk;
}

/* The key that message 3 names: the external one unless it is a resumption PSK we know. */
static husk_psk choose(loopback_gateway *gateway, husk_bytes kid)
{
    gateway->resumed = false;
    for (unsigned i = 0; i < 2; i++) {
        if (kid.len == RKID_BYTES && gateway->rpsk_len[i] > 0 && memcmp(kid.data, gateway->rpsk[i], RKID_BYTES) == 0) {
            gateway->resumed = true;
            return resumption(gateway, i);
        }
    }
    return gateway->psk;
}

/* Derives the next resumption PSK and keeps the one just used until the device speaks again (draft section 6). */
static void ratchet(loopback_gateway *gateway)
{
    const husk_bytes none = {NULL, 0};
    memcpy(gateway->rpsk[1], gateway->rpsk[0], sizeof gateway->rpsk[0]);
    gateway->rpsk_len[1] = gateway->rpsk_len[0];
    if (husk_edhoc_export(&gateway->session, HUSK_EDHOC_EXPORT_RKID, none, gateway->rpsk[0], RKID_BYTES) == HUSK_OK &&
        husk_edhoc_export(&gateway->session, HUSK_EDHOC_EXPORT_RPSK, none, gateway->rpsk[0] + RKID_BYTES,
                          gateway->rpsk_bytes) == HUSK_OK) {
        gateway->rpsk_len[0] = RKID_BYTES + gateway->rpsk_bytes;
    }
}

/* Verifies message 3 and enters the new context. */
static husk_status authenticate(loopback_gateway *gateway, uint8_t *message, size_t len)
{
    uint8_t kid[HUSK_KID_MAX_BYTES];
    size_t kid_len;
    husk_status status = husk_edhoc_message_3_identify(&gateway->session, message, len, kid, sizeof kid, &kid_len);
    if (status != HUSK_OK) {
        return status;
    }
    husk_psk psk = choose(gateway, (husk_bytes){kid, kid_len});
    status = husk_edhoc_message_3_process(&gateway->session, &psk, message, len, NULL);
    if (status == HUSK_OK) {
        ratchet(gateway);
        status = husk_edhoc_oscore_context(&gateway->session, &gateway->context);
        gateway->has_context = status == HUSK_OK;
        gateway->handshakes++;
    }
    return status;
}

static husk_status take_message_3(loopback_gateway *gateway, uint8_t *message, size_t len, uint8_t *out,
                                  size_t *out_len)
{
    husk_status status = authenticate(gateway, message, len);
    if (status != HUSK_OK) {
        return status;
    }
    return husk_edhoc_message_4_compose(&gateway->session, (husk_bytes){NULL, 0}, out,
                                        HUSK_EDHOC_MESSAGE_4_MAX_BYTES, out_len);
}

static bool is_session(const loopback_gateway *gateway, husk_bytes c_r)
{
    return gateway->session.phase == HUSK_EDHOC_RESPONDER_WAIT_3 && c_r.len == 1 &&
           c_r.data[0] == gateway->session.c_r.bytes[0];
}

static size_t take_edhoc(loopback_gateway *gateway, const husk_coap_message *request, uint8_t *payload, uint8_t *out)
{
    uint8_t message[HUSK_EDHOC_MESSAGE_2_MAX_BYTES];
    size_t message_len;
    husk_cbor_reader r;
    bool is_new;
    husk_status status;
    husk_cbor_reader_init(&r, payload, request->payload.len);
    if (husk_cbor_read_bool(&r, &is_new) == HUSK_OK) {
        status = is_new ? take_message_1(gateway, r.next, r.left, message, &message_len) : HUSK_ERR_FORMAT;
    } else {
        husk_bytes c_r;
        status = husk_edhoc_identifier_read(&r, &c_r);
        if (status == HUSK_OK && !is_session(gateway, c_r)) {
            status = HUSK_ERR_STATE;
        }
        if (status == HUSK_OK) {
            status = take_message_3(gateway, payload + (request->payload.len - r.left), r.left, message, &message_len);
        }
    }
    if (status != HUSK_OK) {
        return answer_error(gateway, request, status, out);
    }
    return answer(request, HUSK_COAP_CHANGED, (husk_bytes){message, message_len}, out);
}

/* A request, maybe in blocks, for the block of the response that it asks for. */
static void serve_blocks(loopback_gateway *gateway, const husk_coap_message *request, husk_coap_message *response,
                         uint8_t *options, size_t options_cap)
{
    husk_block1_answer answer = {0};
    husk_block_slice slice = {.is_block = false};
    husk_block wanted;
    bool asks = false;
    (void)husk_block_find(request->options, HUSK_COAP_BLOCK2, &wanted, &asks);
    bool rest = asks && wanted.num > 0;
    husk_bytes block1;
    if (rest && (request->payload.len > 0 || husk_coap_option_find(request->options, HUSK_COAP_BLOCK1, &block1))) {
        answer.code = HUSK_COAP_BAD_REQUEST; /* RFC 7959 section 2.7 */
    }
    if (!rest) {
        (void)husk_block1_server_take(gateway->assembly, request, &answer);
        if (answer.code == 0) {
            gateway->last_body = answer.body;
            gateway->bodies++;
        }
    }
    response->code = answer.code;
    if (answer.code == 0) {
        husk_status status = husk_block2_slice(gateway->response, gateway->szx, request, &slice);
        response->code = status == HUSK_OK ? HUSK_COAP_CHANGED : husk_block_error_code(status);
    }
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, options_cap);
    husk_coap_write_option(&w, HUSK_COAP_ETAG, &gateway->etag, 1);
    if (slice.is_block) {
        husk_block_write(&w, HUSK_COAP_BLOCK2, &slice.block);
    }
    if (answer.has_block) {
        husk_block_write(&w, HUSK_COAP_BLOCK1, &answer.block);
    }
    response->options = (husk_bytes){options, w.len};
    response->payload = slice.payload;
}

static size_t take_protected(loopback_gateway *gateway, const husk_coap_message *request, uint8_t *datagram, size_t len,
                             uint8_t *out)
{
    husk_oscore_exchange exchange = {0};
    husk_coap_message inner;
    husk_bytes option;
    if (husk_coap_option_find(request->options, HUSK_COAP_EDHOC, &option)) {
        uint8_t message_3[64];
        size_t message_3_len;
        husk_oscore_option oscore;
        if (gateway->no_combined) {
            return answer(request, HUSK_COAP_BAD_OPTION, (husk_bytes){NULL, 0}, out);
        }
        husk_status combined = husk_oscore_option_read(request, &oscore);
        if (combined == HUSK_OK && !is_session(gateway, oscore.kid)) {
            combined = HUSK_ERR_STATE;
        }
        if (combined == HUSK_OK) {
            combined = husk_edhoc_combined_split(datagram, &len, message_3, sizeof message_3, &message_3_len);
        }
        if (combined == HUSK_OK) {
            combined = authenticate(gateway, message_3, message_3_len);
        }
        if (combined != HUSK_OK) {
            return answer_error(gateway, request, combined, out);
        }
        (void)husk_edhoc_confirm(&gateway->session);
    }
    if (!gateway->has_context) {
        return answer(request, HUSK_COAP_UNAUTHORIZED, (husk_bytes){NULL, 0}, out);
    }
    static const uint8_t echo[] = {7, 7, 7};
    size_t out_len = 0;
    husk_status status = husk_oscore_request_unprotect(&gateway->context, &exchange, datagram, len, &inner);
    bool stale = gateway->challenge && status == HUSK_OK && !husk_oscore_echo_matches(&inner, (husk_bytes){echo, 3});
    if (status == HUSK_ERR_FRESHNESS || stale) {
        const husk_coap_message header = {
            .type = HUSK_COAP_ACK, .message_id = request->message_id, .token = request->token};
        gateway->challenges++;
        status = husk_oscore_challenge_protect(&gateway->context, &exchange, &header,
                                               (husk_bytes){echo, stale ? sizeof echo : 0}, out,
                                               LOOPBACK_REPLY_MAX_BYTES, &out_len);
        return status == HUSK_OK ? out_len : 0;
    }
    if (status != HUSK_OK) {
        return answer(request, status == HUSK_ERR_AUTHENTICATION ? HUSK_COAP_BAD_REQUEST : HUSK_COAP_UNAUTHORIZED,
                      (husk_bytes){NULL, 0}, out);
    }
    gateway->requests++;
    gateway->last_code = inner.code;
    gateway->last_payload_len =
        inner.payload.len < sizeof gateway->last_payload ? inner.payload.len : sizeof gateway->last_payload;
    if (gateway->last_payload_len > 0) {
        memcpy(gateway->last_payload, inner.payload.data, gateway->last_payload_len);
    }
    static const uint8_t observe[] = {0x60};
    bool observes = husk_oscore_exchange_observes(&exchange) && !gateway->unobservable;
    husk_bytes value;
    if (observes) {
        gateway->registrations++;
    } else if (husk_coap_option_find(inner.options, HUSK_COAP_OBSERVE, &value)) {
        gateway->cancellations += request->token.len == sizeof gateway->observed_token &&
                                  memcmp(request->token.data, gateway->observed_token, request->token.len) == 0;
        gateway->observed = (husk_oscore_exchange){0};
    }
    husk_coap_message response = {
        .type = HUSK_COAP_ACK,
        .code = observes ? HUSK_COAP_CONTENT : HUSK_COAP_CHANGED,
        .options = {observe, observes},
        .message_id = inner.message_id,
        .token = inner.token,
        .payload = {gateway->last_payload, gateway->silent ? 0 : gateway->last_payload_len},
    };
    uint8_t options[24];
    if (gateway->assembly != NULL) {
        serve_blocks(gateway, &inner, &response, options, sizeof options);
    }
    status = husk_oscore_response_protect(&gateway->context, &exchange, false, &response, out,
                                          LOOPBACK_REPLY_MAX_BYTES, &out_len);
    if (observes) {
        gateway->observed = exchange;
        memcpy(gateway->observed_token, request->token.data, sizeof gateway->observed_token);
    }
    return status == HUSK_OK ? out_len : 0;
}

loopback_reply loopback_gateway_notify(loopback_gateway *gateway, uint8_t type, uint8_t code, uint8_t payload)
{
    static const uint8_t observe[] = {0x60};
    const husk_coap_message notification = {
        .type = type,
        .code = code,
        .message_id = ++gateway->next_message_id,
        .token = {gateway->observed_token, sizeof gateway->observed_token},
        .options = {observe, code == HUSK_COAP_CONTENT},
        .payload = {&payload, 1},
    };
    loopback_reply out = {.message_id = notification.message_id};
    size_t len = 0;
    (void)husk_oscore_response_protect(&gateway->context, &gateway->observed, false, &notification, out.data,
                                       sizeof out.data, &len);
    out.len = (uint16_t)len;
    return out;
}

const loopback_reply *loopback_gateway_receive(loopback_gateway *gateway, uint8_t *datagram, size_t len)
{
    husk_coap_message request;
    if (husk_coap_decode(datagram, len, &request) != HUSK_OK || request.type != HUSK_COAP_CON ||
        request.code == HUSK_COAP_EMPTY) {
        return NULL;
    }
    const loopback_reply *known = find(gateway, request.message_id);
    if (known != NULL) {
        return known;
    }
    loopback_reply *reply = &gateway->remembered[gateway->remembered_count % LOOPBACK_REMEMBERED];
    husk_bytes option;
    size_t reply_len;
    if (husk_coap_option_find(request.options, HUSK_COAP_OSCORE, &option)) {
        reply_len = take_protected(gateway, &request, datagram, len, reply->data);
    } else {
        reply_len = take_edhoc(gateway, &request, datagram + (len - request.payload.len), reply->data);
    }
    reply->message_id = request.message_id;
    reply->len = (uint16_t)reply_len;
    gateway->remembered_count++;
    return reply_len > 0 ? reply : NULL;
}

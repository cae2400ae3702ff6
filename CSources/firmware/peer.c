/* peer: see peer.h. */
#include "peer.h"

#include <string.h>

static const husk_bytes nothing = {NULL, 0};

void peer_init(peer *p, const husk_edhoc_config *config, const husk_psk *psk)
{
    *p = (peer){.config = *config, .psk = *psk};
}

void peer_reboot(peer *p)
{
    husk_edhoc_wipe(&p->edhoc);
    husk_oscore_context_wipe(&p->oscore);
    p->has_context = false;
    p->has_answer = false;
}

/* Composes a piggybacked response. */
static size_t answer(peer *p, const husk_coap_message *request, uint8_t code, const uint8_t *payload, size_t len)
{
    husk_coap_writer w;
    husk_coap_writer_init(&w, p->answer, sizeof p->answer, HUSK_COAP_ACK, code, request->message_id, request->token);
    if (len > 0) {
        husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, HUSK_COAP_FORMAT_EDHOC);
    }
    husk_coap_write_payload(&w, payload, len);
    return husk_coap_writer_finish(&w, &p->answer_len) == HUSK_OK ? p->answer_len : 0;
}

static size_t refuse(peer *p, const husk_coap_message *request, husk_status why)
{
    uint8_t error[HUSK_EDHOC_ERROR_MAX_BYTES];
    size_t len;
    husk_edhoc_wipe(&p->edhoc);
    if (husk_edhoc_error_compose(&p->config, why, error, sizeof error, &len) != HUSK_OK) {
        return 0;
    }
    return answer(p, request, HUSK_COAP_BAD_REQUEST, error, len);
}

static husk_status exchange_1_2(peer *p, uint8_t *message, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    /* Another identifier than that of the session before. */
    const husk_id c_r = {.len = 1, .bytes = {p->has_context && p->oscore.recipient_id.bytes[0] == 2 ? 3 : 2}};
    p->edhoc_bytes[0] = len;
    husk_status status = husk_edhoc_responder_init(&p->edhoc, &p->config);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_1_process(&p->edhoc, message, len, NULL);
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_message_2_compose(&p->edhoc, &c_r, nothing, out, cap, out_len);
        p->edhoc_bytes[1] = *out_len;
    }
    return status;
}

static husk_status exchange_3_4(peer *p, uint8_t *message, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    uint8_t kid[HUSK_KID_MAX_BYTES];
    size_t kid_len;
    p->edhoc_bytes[2] = len;
    husk_status status = husk_edhoc_message_3_identify(&p->edhoc, message, len, kid, sizeof kid, &kid_len);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_3_process(&p->edhoc, &p->psk, message, len, NULL);
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_message_4_compose(&p->edhoc, nothing, out, cap, out_len);
        p->edhoc_bytes[3] = *out_len;
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_oscore_context(&p->edhoc, &p->oscore);
        p->has_context = status == HUSK_OK;
    }
    return status;
}

/* EDHOC over CoAP (RFC 9528 appendix A.2.1): `true` or C_R stands before the message. */
static size_t receive_edhoc(peer *p, const husk_coap_message *request, uint8_t *datagram, size_t len)
{
    husk_cbor_reader r;
    husk_bytes identifier;
    bool first = request->payload.len > 0 && request->payload.data[0] == 0xf5;
    husk_cbor_reader_init(&r, request->payload.data, request->payload.len);
    husk_status status = first ? husk_cbor_skip(&r, NULL) : husk_edhoc_identifier_read(&r, &identifier);
    uint8_t reply[64];
    size_t reply_len = 0;
    uint8_t *message = datagram + (len - r.left);
    if (status == HUSK_OK && first) {
        status = exchange_1_2(p, message, r.left, reply, sizeof reply, &reply_len);
    }
    if (status == HUSK_OK && !first) {
        status = exchange_3_4(p, message, r.left, reply, sizeof reply, &reply_len);
    }
    if (status != HUSK_OK) {
        return refuse(p, request, status);
    }
    return answer(p, request, HUSK_COAP_CHANGED, reply, reply_len);
}

static size_t receive_protected(peer *p, const husk_coap_message *request, uint8_t *datagram, size_t len)
{
    husk_oscore_exchange exchange = {0};
    husk_coap_message inner;
    if (!p->has_context ||
        husk_oscore_request_unprotect(&p->oscore, &exchange, datagram, len, &inner) == HUSK_ERR_CONTEXT) {
        return answer(p, request, HUSK_COAP_UNAUTHORIZED, NULL, 0);
    }
    if (exchange.phase == 0 || inner.payload.len > sizeof p->payload) {
        return answer(p, request, HUSK_COAP_BAD_REQUEST, NULL, 0);
    }
    p->requests++;
    p->payload_len = inner.payload.len;
    if (inner.payload.len > 0) {
        memcpy(p->payload, inner.payload.data, inner.payload.len);
    }
    const husk_coap_message response = {
        .type = HUSK_COAP_ACK,
        .code = HUSK_COAP_CHANGED,
        .message_id = request->message_id,
        .token = request->token,
    };
    husk_status status = husk_oscore_response_protect(&p->oscore, &exchange, false, &response, p->answer,
                                                      sizeof p->answer, &p->answer_len);
    return status == HUSK_OK ? p->answer_len : 0;
}

size_t peer_receive(peer *p, uint8_t *datagram, size_t len)
{
    husk_coap_message request;
    husk_bytes option;
    if (husk_coap_decode(datagram, len, &request) != HUSK_OK || request.type != HUSK_COAP_CON) {
        return 0;
    }
    if (p->has_answer && request.message_id == p->answered_id) {
        return p->answer_len;
    }
    p->answered_id = request.message_id;
    p->has_answer = true;
    if (husk_coap_option_find(request.options, HUSK_COAP_OSCORE, &option)) {
        return receive_protected(p, &request, datagram, len);
    }
    return receive_edhoc(p, &request, datagram, len);
}

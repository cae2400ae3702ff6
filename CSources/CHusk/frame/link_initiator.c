/* EDHOC-PSK over frames, the Initiator: messages 1 and 3, each sent again until it is answered. */
#include "edhoc/context.h"
#include "edhoc/message.h"
#include "frame/steps.h"

static husk_status open(husk_link *link)
{
    const husk_link_config *config = link->config;
    if (config->psk_count != 1 || config->edhoc.suite_count == 0) {
        return HUSK_ERR_ARGUMENT;
    }
    return husk_psk_check(config->psks);
}

static husk_status start(husk_link *link)
{
    size_t cap;
    size_t len;
    husk_status status = husk_edhoc_initiator_init(&link->edhoc, &link->config->edhoc, link->suite_index, &link->own);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t *out = husk_link_edhoc_begin(link, HUSK_FRAME_EDHOC_MESSAGE_1, false, &cap);
    status = husk_edhoc_message_1_compose(&link->edhoc, (husk_bytes){NULL, 0}, out, cap, &len);
    return status == HUSK_OK ? husk_link_flight(link, HUSK_LINK_WAIT_MESSAGE_2, len) : status;
}

static husk_status take_message_2(husk_link *link, uint8_t *message, size_t len, husk_link_event *event)
{
    size_t cap;
    husk_status status = husk_edhoc_message_2_process(&link->edhoc, message, len, NULL);
    if (status != HUSK_OK) {
        return status;
    }
    link->peer = link->edhoc.c_r;
    uint8_t *out = husk_link_edhoc_begin(link, HUSK_FRAME_EDHOC_MESSAGE_3, true, &cap);
    status = husk_edhoc_message_3_compose(&link->edhoc, link->config->psks, (husk_bytes){NULL, 0}, out, cap, &len);
    if (status == HUSK_OK) {
        status = husk_link_flight(link, HUSK_LINK_WAIT_MESSAGE_4, len);
    }
    if (status != HUSK_OK) {
        husk_link_fail(link, status, event);
    }
    return HUSK_OK;
}

static husk_status take_message_4(husk_link *link, uint8_t *message, size_t len, husk_link_event *event)
{
    husk_status status = husk_edhoc_message_4_process(&link->edhoc, message, len, NULL);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_edhoc_context_derive(&link->edhoc, &link->context.oscore, true);
    husk_edhoc_wipe(&link->edhoc);
    if (status != HUSK_OK) {
        link->has_session = false;
        husk_link_fail(link, status, event);
        return HUSK_OK;
    }
    link->phase = HUSK_LINK_IDLE;
    link->send_now = false;
    husk_link_begin_session(link, event);
    return HUSK_OK;
}

/* Unauthenticated, as all of EDHOC's errors are. One is no reason to give up: a suite that the peer has, once. */
static husk_status take_error(husk_link *link, const uint8_t *message, size_t len, husk_link_event *event)
{
    husk_edhoc_error error;
    husk_status status = husk_edhoc_error_read(message, len, &error);
    if (status != HUSK_OK) {
        return status;
    }
    size_t suite_index;
    status = husk_edhoc_error_meaning(error.code);
    if (status == HUSK_ERR_SUITE && link->phase == HUSK_LINK_WAIT_MESSAGE_2 && !link->renegotiated &&
        husk_edhoc_suite_select(&link->config->edhoc, error.suites, &suite_index) == HUSK_OK) {
        link->renegotiated = true;
        link->suite_index = (uint8_t)suite_index;
        status = start(link);
        if (status == HUSK_OK) {
            return HUSK_OK;
        }
    }
    husk_link_fail(link, status, event);
    return HUSK_OK;
}

static husk_status take(husk_link *link, uint8_t kind, uint8_t *message, size_t len, husk_link_event *event)
{
    if (link->phase == HUSK_LINK_IDLE) {
        return HUSK_ERR_REPLAY;
    }
    if (kind == HUSK_FRAME_EDHOC_ERROR) {
        return take_error(link, message, len, event);
    }
    if (kind == HUSK_FRAME_EDHOC_MESSAGE_2 && link->phase == HUSK_LINK_WAIT_MESSAGE_2) {
        return take_message_2(link, message, len, event);
    }
    if (kind == HUSK_FRAME_EDHOC_MESSAGE_4 && link->phase == HUSK_LINK_WAIT_MESSAGE_4) {
        return take_message_4(link, message, len, event);
    }
    return HUSK_ERR_REPLAY;
}

husk_status husk_link_edhoc_unprotect(husk_link *link, const husk_frame_header *header, uint8_t *frame, size_t len,
                                      husk_frame_message *message, husk_link_event *event)
{
    if (header->kind != HUSK_FRAME_DATA) {
        return HUSK_ERR_UNSUPPORTED;
    }
    if (!link->has_session) {
        return HUSK_ERR_CONTEXT;
    }
    husk_status status = husk_frame_open(&link->context, frame, len, message);
    return status == HUSK_OK ? husk_link_deliver(link, message, event) : status;
}

const husk_link_profile husk_link_edhoc_initiator = {
    .open = open,
    .start = start,
    .take = take,
    .unprotect = husk_link_edhoc_unprotect,
};

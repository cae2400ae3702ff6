/* EDHOC-PSK over frames, the Responder: messages 2 and 4, each sent again when what it answers comes again. The newest
 * message 1 counts: a device that rebooted gets in at once. */
#include <string.h>

#include "edhoc/context.h"
#include "frame/steps.h"

/* Flag byte and identifier of an EDHOC frame. */
#define HEADER_MAX_BYTES (1 + 1 + HUSK_OSCORE_ID_MAX_BYTES)
#define MARK_BYTES sizeof((husk_link *)0)->marks[0]

static husk_status open(husk_link *link)
{
    const husk_link_config *config = link->config;
    if (config->psk_count == 0 || config->psk_count > UINT8_MAX || config->edhoc.suite_count == 0) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = HUSK_OK;
    for (size_t i = 0; i < config->psk_count && status == HUSK_OK; i++) {
        status = husk_psk_check(&config->psks[i]);
    }
    return status;
}

/* What a message is known by. That a forger finds another one with the same mark gains him an answer he has seen. */
static void make_mark(const husk_link *link, const uint8_t *message, size_t len, uint8_t mark[MARK_BYTES])
{
    const husk_hash *hash = link->config->edhoc.suites[0]->hash;
    husk_hash_state state;
    uint8_t digest[HUSK_HASH_MAX_BYTES];
    hash->init(&state);
    hash->update(&state, message, len);
    hash->final(&state, digest);
    memcpy(mark, digest, MARK_BYTES);
}

static bool is_marked(const husk_link *link, size_t which, const uint8_t mark[MARK_BYTES])
{
    return memcmp(link->marks[which], mark, MARK_BYTES) == 0;
}

/* An error that the other end can do something about; the handshake is over. */
static husk_status refuse(husk_link *link, husk_status why)
{
    size_t cap;
    size_t len;
    uint8_t *out = husk_link_edhoc_begin(link, HUSK_FRAME_EDHOC_ERROR, link->edhoc.phase != HUSK_EDHOC_WIPED, &cap);
    husk_edhoc_wipe(&link->edhoc);
    memset(link->marks, 0, sizeof link->marks);
    if (husk_edhoc_error_compose(&link->config->edhoc, why, out, cap, &len) == HUSK_OK) {
        (void)husk_link_flight(link, HUSK_LINK_IDLE, len);
    }
    return why;
}

static husk_status take_message_1(husk_link *link, const uint8_t *message, size_t len)
{
    uint8_t mark[MARK_BYTES];
    make_mark(link, message, len, mark);
    if (is_marked(link, 0, mark)) {
        if (link->edhoc.phase != HUSK_EDHOC_RESPONDER_WAIT_3) {
            return HUSK_ERR_REPLAY;
        }
        link->send_now = true;
        return HUSK_OK;
    }
    husk_edhoc session;
    husk_status status = husk_edhoc_responder_init(&session, &link->config->edhoc);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_1_process(&session, message, len, NULL);
    }
    if (status == HUSK_ERR_SUITE || status == HUSK_ERR_METHOD) {
        husk_edhoc_wipe(&link->edhoc);
        return refuse(link, status);
    }
    if (status != HUSK_OK) {
        return status;
    }
    husk_id own = link->config->id;
    if (husk_id_equal(&own, &session.c_i)) {
        own.len = 1;
        own.bytes[0] = session.c_i.bytes[0] ^ 1;
    }
    /* Apart from what is in progress: anybody can send a message 1 that cannot be answered. */
    uint8_t message_2[HUSK_LINK_BUFFER_BYTES - HEADER_MAX_BYTES];
    size_t cap;
    size_t len_2;
    status = husk_edhoc_message_2_compose(&session, &own, (husk_bytes){NULL, 0}, message_2, sizeof message_2, &len_2);
    if (status != HUSK_OK) {
        husk_edhoc_wipe(&session);
        return status;
    }
    link->edhoc = session;
    husk_edhoc_wipe(&session);
    link->peer = link->edhoc.c_i;
    link->own = own;
    uint8_t *out = husk_link_edhoc_begin(link, HUSK_FRAME_EDHOC_MESSAGE_2, true, &cap);
    memcpy(out, message_2, len_2);
    memset(link->marks, 0, sizeof link->marks);
    memcpy(link->marks[0], mark, MARK_BYTES);
    return husk_link_flight(link, HUSK_LINK_IDLE, len_2);
}

/* The key that message 3 names. */
static husk_status find_psk(const husk_link *link, const uint8_t *message, size_t len, uint8_t *index)
{
    uint8_t kid[HUSK_KID_MAX_BYTES];
    size_t kid_len;
    husk_status status = husk_edhoc_message_3_identify(&link->edhoc, message, len, kid, sizeof kid, &kid_len);
    if (status != HUSK_OK) {
        return status;
    }
    for (size_t i = 0; i < link->config->psk_count; i++) {
        const husk_bytes *known = &link->config->psks[i].kid;
        if (known->len == kid_len && memcmp(known->data, kid, kid_len) == 0) {
            *index = (uint8_t)i;
            return HUSK_OK;
        }
    }
    return HUSK_ERR_CREDENTIAL;
}

static husk_status take_message_3(husk_link *link, uint8_t *message, size_t len, husk_link_event *event)
{
    uint8_t mark[MARK_BYTES];
    make_mark(link, message, len, mark);
    if (link->edhoc.phase != HUSK_EDHOC_RESPONDER_WAIT_3) {
        if (link->buffer_len == 0 || !is_marked(link, 1, mark)) {
            return HUSK_ERR_REPLAY;
        }
        link->send_now = true;
        return HUSK_OK;
    }
    uint8_t index;
    husk_status status = find_psk(link, message, len, &index);
    if (status == HUSK_ERR_CREDENTIAL) {
        return refuse(link, status);
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_message_3_process(&link->edhoc, &link->config->psks[index], message, len, NULL);
    }
    if (status != HUSK_OK) {
        return status; /* forged or damaged: the genuine one may still come */
    }
    size_t cap;
    uint8_t *out = husk_link_edhoc_begin(link, HUSK_FRAME_EDHOC_MESSAGE_4, true, &cap);
    status = husk_edhoc_context_derive(&link->edhoc, &link->context.oscore, true);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_4_compose(&link->edhoc, (husk_bytes){NULL, 0}, out, cap, &len);
    }
    husk_edhoc_wipe(&link->edhoc);
    if (status != HUSK_OK) {
        link->has_session = false;
        husk_link_fail(link, status, event);
        return HUSK_OK;
    }
    link->psk_index = index;
    memcpy(link->marks[1], mark, MARK_BYTES);
    (void)husk_link_flight(link, HUSK_LINK_IDLE, len); /* draws nothing */
    husk_link_begin_session(link, event);
    return HUSK_OK;
}

static husk_status take(husk_link *link, uint8_t kind, uint8_t *message, size_t len, husk_link_event *event)
{
    if (kind == HUSK_FRAME_EDHOC_MESSAGE_1) {
        return take_message_1(link, message, len);
    }
    if (kind == HUSK_FRAME_EDHOC_MESSAGE_3) {
        return take_message_3(link, message, len, event);
    }
    return HUSK_ERR_UNSUPPORTED;
}

const husk_link_profile husk_link_edhoc_responder = {
    .open = open,
    .take = take,
    .unprotect = husk_link_edhoc_unprotect,
};

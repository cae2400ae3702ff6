/* A link's life: init, start, send, receive, transmit. */
#include "husk/link.h"

#include <string.h>

#include "frame/steps.h"

husk_status husk_link_init(husk_link *link, const husk_link_config *config)
{
    memset(link, 0, sizeof *link);
    if (config->profile == NULL || config->edhoc.random.fill == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    link->config = config;
    link->own = config->id;
    husk_status status = config->profile->open(link);
    if (status != HUSK_OK) {
        husk_link_wipe(link);
    }
    return status;
}

void husk_link_wipe(husk_link *link)
{
    husk_wipe(link, sizeof *link);
}

bool husk_link_with_kid(const husk_link *link)
{
    return !link->config->point_to_point;
}

uint8_t *husk_link_edhoc_begin(husk_link *link, uint8_t kind, bool addressed, size_t *cap)
{
    const husk_id *kid = addressed && husk_link_with_kid(link) ? &link->peer : NULL;
    link->header_len = (uint8_t)husk_frame_edhoc_header(kind, false, kid, link->buffer);
    *cap = sizeof link->buffer - link->header_len;
    return link->buffer + link->header_len;
}

husk_status husk_link_flight(husk_link *link, uint8_t phase, size_t len)
{
    uint8_t draw = 0;
    const husk_random *random = &link->config->edhoc.random;
    if (phase != HUSK_LINK_IDLE && random->fill(random->context, &draw, 1) != HUSK_OK) {
        return HUSK_ERR_RANDOM;
    }
    /* The first wait is longer by up to a half, as in RFC 7252 section 4.2. */
    link->timeout = HUSK_ACK_TIMEOUT_MS + HUSK_ACK_TIMEOUT_MS / 2 * (uint32_t)draw / 255;
    link->phase = phase;
    link->buffer_len = (uint8_t)(len == 0 ? 0 : link->header_len + len);
    link->attempts = 0;
    link->send_now = true;
    if (link->config->fragments != NULL) {
        link->config->fragments->handshake_out = (husk_fragmenter){0};
    }
    return HUSK_OK;
}

void husk_link_begin_session(husk_link *link, husk_link_event *event)
{
    link->has_session = true;
    if (link->config->fragments != NULL) {
        husk_reassembly_reset(&link->config->fragments->in);
        if (link->sending && link->config->fragments->functions->start(link) != HUSK_OK) {
            link->sending = false;
        }
    }
    *event = (husk_link_event){.kind = HUSK_LINK_AUTHENTICATED, .new_session = true};
}

void husk_link_fail(husk_link *link, husk_status status, husk_link_event *event)
{
    link->phase = HUSK_LINK_IDLE;
    link->send_now = false;
    link->buffer_len = 0;
    husk_edhoc_wipe(&link->edhoc);
    husk_wipe(link->buffer, sizeof link->buffer);
    *event = (husk_link_event){.kind = HUSK_LINK_FAILED, .status = status};
}

static bool handshake_is_ours(const husk_link *link)
{
    return link->phase != HUSK_LINK_IDLE && link->phase != HUSK_LINK_WAIT_CONFIRMED;
}

husk_status husk_link_start(husk_link *link)
{
    if (link->config == NULL || link->config->profile->start == NULL || handshake_is_ours(link)) {
        return HUSK_ERR_STATE;
    }
    link->renegotiated = false;
    husk_status status = link->config->profile->start(link);
    if (status != HUSK_OK) {
        husk_link_event ignored;
        husk_link_fail(link, status, &ignored);
    }
    return status;
}

husk_status husk_link_send(husk_link *link, husk_bytes message)
{
    if (!link->has_session || link->sending || handshake_is_ours(link)) {
        return HUSK_ERR_STATE;
    }
    if (message.len == 0) {
        return HUSK_ERR_ARGUMENT;
    }
    link->message = message;
    husk_status status = HUSK_OK;
    if (link->config->fragments != NULL) {
        status = link->config->fragments->functions->start(link);
    }
    link->sending = status == HUSK_OK;
    return status;
}

husk_status husk_link_deliver(husk_link *link, const husk_frame_message *message, husk_link_event *event)
{
    husk_bytes whole = message->payload;
    if (whole.len == 0) {
        if (link->answers && link->phase == HUSK_LINK_IDLE) {
            (void)husk_link_flight(link, HUSK_LINK_IDLE, 0); /* draws nothing */
        }
        return HUSK_OK;
    }
    if (link->config->fragments != NULL) {
        husk_status status = link->config->fragments->functions->join(link, message->number, message->payload, &whole);
        if (status != HUSK_OK || whole.data == NULL) {
            return status;
        }
    }
    event->kind = HUSK_LINK_MESSAGE;
    event->payload = whole;
    event->number = message->number;
    return HUSK_OK;
}

/* An EDHOC message is for us if it names us, or if nobody has to be named. */
static bool is_for_us(const husk_link *link, const husk_frame_header *header)
{
    if (header->has_kid) {
        return husk_link_with_kid(link) && header->kid.len == link->own.len &&
               memcmp(header->kid.data, link->own.bytes, link->own.len) == 0;
    }
    return !husk_link_with_kid(link) || header->kind == HUSK_FRAME_EDHOC_MESSAGE_1 ||
           header->kind == HUSK_FRAME_EDHOC_ERROR;
}

husk_status husk_link_receive(husk_link *link, uint8_t *frame, size_t len, husk_link_event *event)
{
    *event = (husk_link_event){.kind = HUSK_LINK_NONE};
    husk_frame_header header;
    husk_status status = husk_frame_header_read(frame, len, &header);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_link_profile *profile = link->config->profile;
    if (header.kind == HUSK_FRAME_DATA || header.kind == HUSK_FRAME_KUDOS) {
        husk_frame_message message;
        return profile->unprotect(link, &header, frame, len, &message, event);
    }
    if (profile->take == NULL || (header.fragment && link->config->fragments == NULL)) {
        return HUSK_ERR_UNSUPPORTED;
    }
    if (!is_for_us(link, &header)) {
        return HUSK_ERR_CONTEXT;
    }
    uint8_t *message = frame + (len - header.body.len);
    size_t message_len = header.body.len;
    if (header.fragment) {
        status = link->config->fragments->functions->join_handshake(link, &header, &message, &message_len);
        if (status != HUSK_OK || message == NULL) {
            return status;
        }
    }
    return profile->take(link, header.kind, message, message_len, event);
}

/* Whether the moment `deadline` has come; right across the wrap of the millisecond counter. */
static bool is_due(uint32_t now_ms, uint32_t deadline)
{
    return (int32_t)(now_ms - deadline) >= 0;
}

/* No answer came in time: once more, or never mind. */
static void retransmit(husk_link *link, husk_link_event *event)
{
    husk_status status = HUSK_OK;
    if (link->attempts > HUSK_MAX_RETRANSMIT) {
        if (link->phase == HUSK_LINK_WAIT_CONFIRMED) {
            link->phase = HUSK_LINK_IDLE; /* whatever the peer says next tells */
            return;
        }
        husk_link_fail(link, HUSK_ERR_TIMEOUT, event);
        return;
    }
    link->timeout *= 2;
    if (link->config->profile->again != NULL && link->phase == HUSK_LINK_WAIT_UPDATE) {
        status = link->config->profile->again(link);
    }
    if (status != HUSK_OK) {
        husk_link_fail(link, status, event);
        return;
    }
    link->send_now = true;
}

/* The handshake frame in flight, or the next fragment of it. */
static husk_status transmit_handshake(husk_link *link, uint32_t now_ms, uint8_t *out, size_t out_cap, size_t *out_len)
{
    husk_link_fragments *fragments = link->config->fragments;
    husk_status status = HUSK_OK;
    if (link->buffer_len == 0) {
        link->send_now = false;
        const husk_bytes nothing = {NULL, 0};
        status = husk_frame_seal(&link->context, husk_link_with_kid(link), nothing, out, out_cap, out_len);
    } else if (fragments != NULL && link->buffer_len > fragments->frame_bytes) {
        status = fragments->functions->next_handshake(link, out, out_cap, out_len);
    } else {
        link->send_now = false;
        status = link->buffer_len <= out_cap ? HUSK_OK : HUSK_ERR_BUFFER;
        if (status == HUSK_OK) {
            *out_len = link->buffer_len;
            memcpy(out, link->buffer, link->buffer_len);
        }
    }
    if (status != HUSK_OK) {
        link->send_now = false;
    }
    if (!link->send_now) {
        link->attempts++;
        link->deadline = now_ms + link->timeout;
    }
    return status;
}

static husk_status transmit_message(husk_link *link, uint8_t *out, size_t out_cap, size_t *out_len)
{
    if (link->config->fragments != NULL) {
        return link->config->fragments->functions->next(link, out, out_cap, out_len);
    }
    link->sending = false;
    return husk_frame_seal(&link->context, husk_link_with_kid(link), link->message, out, out_cap, out_len);
}

/* An empty frame does not go between the fragments of a message, whose numbers have to follow one another. */
static bool may_interrupt(const husk_link *link)
{
    const husk_link_fragments *fragments = link->config->fragments;
    return link->buffer_len > 0 || !link->sending || fragments == NULL || fragments->out.index == 0;
}

husk_status husk_link_transmit(husk_link *link, uint32_t now_ms, uint8_t *out, size_t out_cap, size_t *out_len,
                               husk_link_event *event)
{
    *event = (husk_link_event){.kind = HUSK_LINK_NONE};
    *out_len = 0;
    husk_status status = HUSK_OK;
    if (link->phase != HUSK_LINK_IDLE && !link->send_now && is_due(now_ms, link->deadline)) {
        retransmit(link, event);
    }
    if (event->kind == HUSK_LINK_FAILED) {
        return HUSK_OK;
    }
    if (link->send_now && may_interrupt(link)) {
        status = transmit_handshake(link, now_ms, out, out_cap, out_len);
    } else if (link->sending) {
        status = transmit_message(link, out, out_cap, out_len);
        link->sending = link->sending && status == HUSK_OK;
    }
    if (status == HUSK_ERR_EXHAUSTED || status == HUSK_ERR_ARGUMENT) {
        *event = (husk_link_event){.kind = HUSK_LINK_FAILED, .status = status};
        status = HUSK_OK;
    }
    return status;
}

uint32_t husk_link_next_timeout(const husk_link *link, uint32_t now_ms)
{
    if (link->send_now || link->sending) {
        return 0;
    }
    if (link->phase == HUSK_LINK_IDLE) {
        return HUSK_LINK_NO_TIMEOUT;
    }
    return is_due(now_ms, link->deadline) ? 0 : link->deadline - now_ms;
}

/* KUDOS over frames: the end that begins sends its half until it is answered, then an empty frame until it has heard
 * the other end under the new keys. */
#include "frame/header.h"
#include "frame/steps.h"
#include "oscore/kudos.h"

/* Ciphertext and tag of a KUDOS message without payload, and short messages of the application. */
#define SPARE_BYTES 48

static husk_status save(const husk_link *link)
{
    return husk_kudos_save(link->config->kudos, &link->config->storage, HUSK_LINK_RECORD_KUDOS);
}

static husk_status open(husk_link *link)
{
    const husk_link_config *config = link->config;
    const husk_kudos_config *kudos = config->kudos_config;
    if (config->kudos == NULL || kudos == NULL || !kudos->frame) {
        return HUSK_ERR_ARGUMENT;
    }
    /* Its messages are not cut: flags, Partial IV, pair, identifier and tag have to fit. */
    size_t longest = (size_t)1 + 1 + 1 + 1 + HUSK_KUDOS_NONCE_BYTES + kudos->aead->tag_bytes;
    longest += config->point_to_point ? 0 : husk_frame_identifier_bytes(&kudos->sender_id);
    if (config->fragments != NULL && longest > config->fragments->frame_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    return husk_kudos_load(config->kudos, kudos, &config->storage, HUSK_LINK_RECORD_KUDOS);
}

/* The next KUDOS message into the buffer. */
static husk_status compose(husk_link *link, size_t *len)
{
    link->header_len = 0;
    husk_status status = save(link);
    return status != HUSK_OK ? status
                             : husk_frame_kudos_seal(link->config->kudos, &link->context, husk_link_with_kid(link),
                                                     (husk_bytes){NULL, 0}, link->buffer, sizeof link->buffer, len);
}

static husk_status start(husk_link *link)
{
    size_t len;
    husk_status status = husk_kudos_start(link->config->kudos);
    if (status == HUSK_OK) {
        status = compose(link, &len);
    }
    return status == HUSK_OK ? husk_link_flight(link, HUSK_LINK_WAIT_UPDATE, len) : status;
}

/* Another way each time: the peer may hold another secret than this side thinks. */
static husk_status again(husk_link *link)
{
    size_t len = 0;
    husk_status status = husk_kudos_start(link->config->kudos);
    if (status == HUSK_OK) {
        status = compose(link, &len);
    }
    link->buffer_len = (uint8_t)len;
    return status;
}

/* The new keys are not to be used. */
static void lose_session(husk_link *link, husk_status status, husk_link_event *event)
{
    link->has_session = false;
    husk_frame_context_wipe(&link->context);
    husk_link_fail(link, status, event);
}

/* The new keys are in use; or none are, if they were made before a reboot of ours, until the peer has our half. */
static void going_on(husk_link *link, husk_link_event *event)
{
    link->has_session = false;
    if (link->context.oscore.aead != NULL) {
        link->answers = true;
        husk_link_begin_session(link, event);
    }
}

/* The peer began: our half, once for each time it asks. A handshake of our own goes on waiting. */
static husk_status answer(husk_link *link, husk_link_event *event)
{
    size_t len;
    husk_status status = compose(link, &len);
    if (status != HUSK_OK && event->new_session) {
        lose_session(link, status, event);
        return HUSK_OK;
    }
    if (status != HUSK_OK) {
        husk_link_fail(link, status, event);
        return HUSK_OK;
    }
    if (link->phase == HUSK_LINK_WAIT_CONFIRMED) { /* no more: there will be other keys */
        link->phase = HUSK_LINK_IDLE;
    }
    link->buffer_len = (uint8_t)len;
    link->send_now = true;
    return HUSK_OK;
}

static husk_status unprotect(husk_link *link, const husk_frame_header *header, uint8_t *frame, size_t len,
                             husk_frame_message *message, husk_link_event *event)
{
    husk_kudos *kudos = link->config->kudos;
    uint8_t spare[SPARE_BYTES];
    uint8_t what;
    uint32_t epoch = kudos->epoch;
    bool pair = header->kind == HUSK_FRAME_KUDOS;
    husk_status status =
        husk_frame_kudos_open(kudos, &link->context, frame, len, spare, sizeof spare, message, &what);
    if (status != HUSK_OK) {
        return status;
    }
    if (what == HUSK_KUDOS_DIVERGENT) {
        if (kudos->epoch != epoch) { /* the peer goes on from the new keys, and so has confirmed them */
            going_on(link, event);
        }
        return answer(link, event);
    }
    if (what == HUSK_KUDOS_ESTABLISHED || what == HUSK_KUDOS_CONFIRMED) {
        link->answers = what == HUSK_KUDOS_CONFIRMED;
        status = save(link);
        if (status == HUSK_OK && !link->answers) {
            status = husk_link_flight(link, HUSK_LINK_WAIT_CONFIRMED, 0);
        }
        if (status != HUSK_OK) {
            lose_session(link, status, event);
            return HUSK_OK;
        }
        if (link->answers) {
            link->phase = HUSK_LINK_IDLE;
            link->send_now = false;
        }
        husk_link_begin_session(link, event);
        if (!pair || message->payload.len > 0) {
            (void)husk_link_deliver(link, message, event); /* the session has begun, whatever this was */
        }
        return HUSK_OK;
    }
    if (pair) { /* the peer's half once more: it has not heard us under the new keys yet */
        return link->phase == HUSK_LINK_WAIT_UPDATE ? HUSK_OK : husk_link_flight(link, HUSK_LINK_WAIT_CONFIRMED, 0);
    }
    if (link->phase == HUSK_LINK_WAIT_CONFIRMED) {
        link->phase = HUSK_LINK_IDLE;
        link->send_now = false;
    }
    return husk_link_deliver(link, message, event);
}

const husk_link_profile husk_link_kudos = {
    .open = open,
    .start = start,
    .again = again,
    .unprotect = unprotect,
};

/* KUDOS: the state of one side, and protection of the messages it sends and receives
 * (draft-ietf-core-oscore-key-update-14 sections 4.3 and 4.4). */
#include <string.h>

#include "oscore/kudos.h"
#include "oscore/kudos_state.h"
#include "oscore/message.h"

/* The state machine of section 4.3.3. Where the draft enters BUSY by receiving a divergent message, that is RECEIVED
 * until the convergent message was sent. Verified messages only; the two columns on the right are messages under the
 * new context. To start again is to go another way, see husk_kudos_start. */
enum { START, SEND, RECEIVE_DIVERGENT, RECEIVE_CONVERGENT, RECEIVE_PLAIN, EVENTS };

static const uint8_t transitions[4][EVENTS] = {
    /*              START           SEND            DIVERGENT        CONVERGENT   PLAIN */
    [KUDOS_IDLE] = {KUDOS_OFFERED, KUDOS_IDLE, KUDOS_RECEIVED, KUDOS_IDLE, KUDOS_IDLE},
    [KUDOS_RECEIVED] = {KUDOS_OFFERED, KUDOS_PENDING, KUDOS_RECEIVED, KUDOS_IDLE, KUDOS_IDLE},
    [KUDOS_OFFERED] = {KUDOS_OFFERED, KUDOS_OFFERED, KUDOS_RECEIVED, KUDOS_IDLE, KUDOS_IDLE},
    [KUDOS_PENDING] = {KUDOS_OFFERED, KUDOS_PENDING, KUDOS_RECEIVED, KUDOS_IDLE, KUDOS_IDLE},
};

static void step(husk_kudos *kudos, unsigned event)
{
    kudos->state = transitions[kudos->state][event];
}

static const uint8_t *secret_of(const husk_kudos *kudos, uint8_t base)
{
    return base == KUDOS_BOOTSTRAP ? kudos->config->bootstrap_secret.data : kudos->secrets[base];
}

static bool has_secret(const husk_kudos *kudos, uint8_t base)
{
    return (kudos->present >> base & 1) != 0;
}

static void put_secret(husk_kudos *kudos, uint8_t base, const uint8_t *secret)
{
    memmove(kudos->secrets[base], secret, kudos->secret_len);
    kudos->present |= (uint8_t)(1u << base);
    kudos->unsaved = kudos->config->capable;
}

static void drop_secret(husk_kudos *kudos, uint8_t base)
{
    if (has_secret(kudos, base)) {
        husk_wipe(kudos->secrets[base], HUSK_KUDOS_SECRET_MAX_BYTES);
        kudos->present ^= (uint8_t)(1u << base);
        kudos->unsaved = kudos->config->capable;
    }
}

/* The context of a secret, to be used by this side from the number on that its nonce has got to. */
static void load(husk_kudos *kudos, const uint8_t *secret, const husk_kudos_pair *input1,
                 const husk_kudos_pair *input2)
{
    kudos->work_is_next = false;
    husk_kudos_update_context(kudos, secret, input1, input2);
    kudos->work.sender_sequence = kudos->sequence;
    kudos->work.sender_limit = HUSK_KUDOS_NONCE_USES;
}

/* That of a secret updated from `base`, which is in work_secret then. */
static void load_update(husk_kudos *kudos, uint8_t base, const husk_kudos_pair *input1, const husk_kudos_pair *input2)
{
    husk_kudos_update_secret(kudos, secret_of(kudos, base), input1, input2, kudos->work_secret);
    load(kudos, kudos->work_secret, input1, input2);
}

/* That of CTX_NEW while it is not in use. */
static void load_next(husk_kudos *kudos)
{
    if (!kudos->work_is_next) {
        kudos->own.bytes[0] = kudos->next_x;
        load(kudos, kudos->secrets[KUDOS_NEXT], &kudos->own, &kudos->peer);
        kudos->work_is_next = true;
    }
}

/* What is left outside an execution is the secrets. */
static void wipe_work(husk_kudos *kudos)
{
    husk_wipe(&kudos->own, sizeof *kudos - offsetof(husk_kudos, own));
}

static void become_idle(husk_kudos *kudos, unsigned event)
{
    step(kudos, event);
    kudos->offered = false;
    kudos->next_live = false;
    kudos->work_is_next = false;
    wipe_work(kudos);
}

/* What a confirmed message says about the peer. */
static void learn(husk_kudos *kudos, uint8_t x)
{
    kudos->peer_capability = (x & HUSK_KUDOS_X_NO_FS) != 0 ? HUSK_KUDOS_NON_CAPABLE : HUSK_KUDOS_CAPABLE;
}

/* May the peer ask for this mode? Section 4.4.2. */
static bool mode_is_allowed(const husk_kudos *kudos, uint8_t x)
{
    bool downgrade = kudos->config->capable && kudos->peer_capability == HUSK_KUDOS_CAPABLE;
    return (x & HUSK_KUDOS_X_NO_FS) == 0 || (kudos->config->bootstrap_secret.len > 0 && !downgrade);
}

/* The mode this side asks for. */
static uint8_t own_mode(const husk_kudos *kudos)
{
    bool knows = kudos->config->bootstrap_secret.len > 0 && kudos->peer_capability == HUSK_KUDOS_NON_CAPABLE;
    return !kudos->config->capable || knows ? HUSK_KUDOS_X_NO_FS : 0;
}

husk_status husk_kudos_init(husk_kudos *kudos, const husk_kudos_config *config, husk_bytes master_secret)
{
    size_t bootstrap_len = config->bootstrap_secret.len;
    if (master_secret.len > HUSK_KUDOS_SECRET_MAX_BYTES || config->peer > HUSK_KUDOS_NON_CAPABLE ||
        (bootstrap_len == 0 ? !config->capable : bootstrap_len != master_secret.len) ||
        !husk_kudos_config_is_valid(config, master_secret)) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(kudos, 0, sizeof *kudos);
    kudos->config = config;
    kudos->secret_len = (uint8_t)master_secret.len;
    kudos->peer_capability = config->peer;
    put_secret(kudos, KUDOS_CURRENT, master_secret.data);
    kudos->unsaved = false;
    return HUSK_OK;
}

void husk_kudos_wipe(husk_kudos *kudos)
{
    husk_wipe(kudos, sizeof *kudos);
}

bool husk_kudos_is_running(const husk_kudos *kudos)
{
    return kudos->state != KUDOS_IDLE;
}

/* A new own nonce, with which everything made from the last one ends; a secret of CTX_NEW stays, since the peer may
 * have it. */
static void take_nonce(husk_kudos *kudos, const uint8_t nonce[HUSK_KUDOS_NONCE_BYTES])
{
    memcpy(kudos->own.bytes + 1, nonce, HUSK_KUDOS_NONCE_BYTES);
    kudos->own.len = 1 + HUSK_KUDOS_NONCE_BYTES;
    kudos->sequence = 0;
    kudos->offered = false;
    kudos->next_live = false;
    kudos->work_is_next = false;
}

static husk_status draw(const husk_kudos *kudos, uint8_t nonce[HUSK_KUDOS_NONCE_BYTES])
{
    const husk_random *random = &kudos->config->random;
    return random->fill(random->context, nonce, HUSK_KUDOS_NONCE_BYTES);
}

static bool needs_nonce(const husk_kudos *kudos)
{
    return kudos->state == KUDOS_IDLE || kudos->sequence >= HUSK_KUDOS_NONCE_USES;
}

husk_status husk_kudos_start(husk_kudos *kudos)
{
    if (needs_nonce(kudos)) {
        uint8_t nonce[HUSK_KUDOS_NONCE_BYTES];
        husk_status status = draw(kudos, nonce);
        if (status != HUSK_OK) {
            return status;
        }
        take_nonce(kudos, nonce);
    }
    uint8_t base = KUDOS_CURRENT;
    if (kudos->offered && kudos->state == KUDOS_OFFERED) { /* another way: the next secret, or CTX_NEW itself */
        base = kudos->offer_base;
        do {
            base++;
        } while (base < KUDOS_SECRETS && !has_secret(kudos, base));
        if (base >= KUDOS_SECRETS && kudos->next_live) {
            step(kudos, RECEIVE_DIVERGENT);
            return HUSK_OK;
        }
        if (base >= KUDOS_SECRETS) {
            base = KUDOS_CURRENT;
        }
    }
    kudos->offer_x = own_mode(kudos) | (HUSK_KUDOS_NONCE_BYTES - 1);
    kudos->offer_base = (kudos->offer_x & HUSK_KUDOS_X_NO_FS) != 0 ? KUDOS_BOOTSTRAP : base;
    kudos->offered = true;
    step(kudos, START);
    return HUSK_OK;
}

/* ---- Sending
 * -------------------------------------------------------------------------------------------------------- */

/* Loads the context of the next KUDOS message, and its x byte. */
static void prepare(husk_kudos *kudos)
{
    if (kudos->state == KUDOS_OFFERED) {
        kudos->own.bytes[0] = kudos->offer_x;
        load_update(kudos, kudos->offer_base, &kudos->own, &husk_kudos_no_pair);
        return;
    }
    load_next(kudos);
    kudos->own.bytes[0] = kudos->next_x | HUSK_KUDOS_X_CONVERGENT;
}

/* Leaves room for the extension. */
static size_t capacity(size_t out_cap)
{
    return out_cap > HUSK_KUDOS_OVERHEAD_BYTES ? out_cap - HUSK_KUDOS_OVERHEAD_BYTES : 0;
}

void husk_kudos_send_finish(husk_kudos *kudos, husk_status status)
{
    kudos->sequence = (uint16_t)kudos->work.sender_sequence;
    if (status == HUSK_OK) {
        step(kudos, SEND);
    }
}

static void finish(husk_kudos *kudos, husk_status status, size_t kid_len, uint8_t *out, size_t *out_len)
{
    husk_kudos_send_finish(kudos, status);
    if (status == HUSK_OK) {
        *out_len = husk_kudos_option_insert(out, *out_len, kid_len, &kudos->own);
    }
}

husk_status husk_kudos_send_prepare(husk_kudos *kudos, husk_oscore_context **context, bool *running)
{
    *running = kudos->state != KUDOS_IDLE;
    if (kudos->unsaved || (!*running && (*context)->aead == NULL)) {
        return HUSK_ERR_STATE;
    }
    if (*running) {
        prepare(kudos);
        *context = &kudos->work;
    }
    return HUSK_OK;
}

husk_status husk_kudos_request_protect(husk_kudos *kudos, husk_oscore_context *context,
                                       husk_oscore_exchange *exchange, const husk_coap_message *message,
                                       uint8_t *out, size_t out_cap, size_t *out_len)
{
    bool running;
    husk_status status = husk_kudos_send_prepare(kudos, &context, &running);
    if (status != HUSK_OK) {
        return status;
    }
    if (running) {
        out_cap = capacity(out_cap);
    }
    status = husk_oscore_request_protect(context, exchange, message, out, out_cap, out_len);
    if (running) {
        finish(kudos, status, context->sender_id.len, out, out_len);
    }
    if (status == HUSK_OK) {
        exchange->phase = running ? HUSK_OSCORE_CLIENT_KUDOS : HUSK_OSCORE_CLIENT_WAITS;
        exchange->epoch = kudos->epoch;
    }
    return status;
}

husk_status husk_kudos_response_protect(husk_kudos *kudos, husk_oscore_context *context,
                                        husk_oscore_exchange *exchange, const husk_coap_message *message,
                                        uint8_t *out, size_t out_cap, size_t *out_len)
{
    bool to_kudos = exchange->phase == HUSK_OSCORE_SERVER_KUDOS;
    bool kudos_message = kudos->state == KUDOS_OFFERED || (to_kudos && kudos->state != KUDOS_IDLE);
    if (kudos->unsaved || (!kudos_message && context->aead == NULL)) {
        return HUSK_ERR_STATE;
    }
    bool replaced = exchange->epoch != kudos->epoch;
    if ((kudos_message || to_kudos || replaced) && husk_oscore_observe(message) != HUSK_OSCORE_NO_OBSERVE) {
        return HUSK_ERR_STATE;
    }
    husk_oscore_exchange plain = *exchange;
    if (to_kudos) {
        plain.phase = HUSK_OSCORE_SERVER_ANSWERED;
    }
    if (kudos_message) {
        prepare(kudos);
        context = &kudos->work;
        out_cap = capacity(out_cap);
    }
    /* Under another key than the request, the request's nonce may be used already (section 3). */
    bool own_partial_iv = kudos_message || to_kudos || replaced;
    husk_status status = husk_oscore_response_protect(context, &plain, own_partial_iv, message, out, out_cap, out_len);
    if (kudos_message) {
        finish(kudos, status, 0, out, out_len);
    } else if (!to_kudos) {
        exchange->phase = plain.phase;
        exchange->observes = plain.observes;
    }
    return status;
}

/* ---- Receiving
 * ------------------------------------------------------------------------------------------------------ */

/* Kinds of candidates: the context in use; CTX_NEW while it is not; that of a divergent message; CTX_NEW that answers
 * an own offer. */
enum { IN_USE, NEXT, TEMPORARY, ANSWER };

static void add(husk_kudos_reception *r, uint8_t kind, uint8_t base, uint8_t x)
{
    r->list[r->count++] = (husk_kudos_candidate){kind, base, x};
}

/* Likeliest first. A divergent message is under a context of its own, made from any secret this side has. A convergent
 * one answers an own offer: as the message says, or as if the peer had offered before it answered; else it is one
 * whose sender still wants confirmation, an ordinary message here. */
static husk_status find_candidates(const husk_kudos *kudos, bool maybe_next, bool in_use, husk_kudos_reception *r)
{
    uint8_t x = r->pair.bytes[0];
    bool no_fs = (x & HUSK_KUDOS_X_NO_FS) != 0;
    r->count = 0;
    if (r->pair.len == 0) {
        if (maybe_next && kudos->next_live) {
            add(r, NEXT, 0, 0);
        }
    } else if ((x & HUSK_KUDOS_X_CONVERGENT) == 0) {
        if (!mode_is_allowed(kudos, x)) {
            return HUSK_ERR_UNSUPPORTED;
        }
        in_use = false;
        for (uint8_t base = KUDOS_CURRENT; base <= KUDOS_BOOTSTRAP; base++) {
            /* A peer that lost its record offers FS mode from the bootstrap secret, not knowing that this side runs
             * no-FS mode only, which starts from there anyway. */
            bool from_bootstrap = no_fs || !kudos->config->capable;
            if (base == KUDOS_BOOTSTRAP ? from_bootstrap : !no_fs && has_secret(kudos, base)) {
                add(r, TEMPORARY, base, 0);
            }
        }
    } else if (kudos->offered && mode_is_allowed(kudos, x) && (no_fs || (kudos->offer_x & HUSK_KUDOS_X_NO_FS) == 0)) {
        uint8_t base = no_fs ? KUDOS_BOOTSTRAP : kudos->offer_base;
        add(r, ANSWER, base, x);
        add(r, ANSWER, base, x ^ HUSK_KUDOS_X_CONVERGENT);
    }
    if (in_use) {
        add(r, IN_USE, 0, 0);
    }
    return r->count > 0 ? HUSK_OK : HUSK_ERR_CONTEXT;
}

static void load_candidate(husk_kudos *kudos, const husk_kudos_candidate *c, husk_kudos_pair *pair)
{
    if (c->kind == NEXT) {
        load_next(kudos);
    }
    if (c->kind == TEMPORARY) {
        load_update(kudos, c->base, &husk_kudos_no_pair, pair);
    }
    if (c->kind == ANSWER) {
        pair->bytes[0] = c->x;
        kudos->own.bytes[0] = kudos->offer_x;
        load_update(kudos, c->base, &kudos->own, pair);
    }
}

/* CTX_NEW comes into use; the peer has shown that it has it. */
static void replace_context(husk_kudos *kudos, husk_oscore_context *context, uint64_t sequence)
{
    *context = kudos->work;
    context->sender_sequence = sequence;
    context->sender_limit = HUSK_OSCORE_SEQUENCE_MAX + 1;
    kudos->epoch++;
}

/* As responder: the peer has used CTX_NEW, and keeps its secret for as long as this side could need it. */
static void confirm(husk_kudos *kudos, uint8_t peer_x)
{
    learn(kudos, peer_x);
    put_secret(kudos, KUDOS_CURRENT, kudos->secrets[KUDOS_NEXT]);
    drop_secret(kudos, KUDOS_PREVIOUS);
    drop_secret(kudos, KUDOS_NEXT);
    become_idle(kudos, RECEIVE_PLAIN);
}

/* As initiator: the peer has derived CTX_NEW = `work` from `base`, but until it has used it, it may replace it by what
 * it derives upon another divergent message, which might be a late one: the secret of `base` is the one both are sure
 * to have. (That of CTX_BOOTSTRAP always is.) */
static void establish(husk_kudos *kudos, husk_oscore_context *context, const husk_kudos_candidate *c)
{
    bool is_next = kudos->next_live &&
                   husk_equal(kudos->work_secret, kudos->secrets[KUDOS_NEXT], kudos->secret_len);
    replace_context(kudos, context, is_next ? kudos->sequence : 0);
    learn(kudos, c->x);
    if (c->base == KUDOS_BOOTSTRAP) {
        drop_secret(kudos, KUDOS_PREVIOUS);
    } else {
        put_secret(kudos, KUDOS_PREVIOUS, kudos->secrets[c->base]);
    }
    put_secret(kudos, KUDOS_CURRENT, kudos->work_secret);
    drop_secret(kudos, KUDOS_NEXT);
    become_idle(kudos, RECEIVE_CONVERGENT);
}

/* A verified divergent message. */
static husk_status respond(husk_kudos *kudos, husk_oscore_context *context, uint8_t base, const husk_kudos_pair *pair)
{
    if (kudos->next_live && kudos->sequence < HUSK_KUDOS_NONCE_USES && kudos->peer_base == base &&
        memcmp(&kudos->peer, pair, (size_t)1 + pair->len) == 0) { /* the same once more (section 4.3.4) */
        if (kudos->state != KUDOS_PENDING) {
            step(kudos, RECEIVE_DIVERGENT);
        }
        return HUSK_OK;
    }
    uint8_t nonce[HUSK_KUDOS_NONCE_BYTES];
    husk_status status = draw(kudos, nonce);
    if (status != HUSK_OK) {
        return status;
    }
    if (base == KUDOS_NEXT) { /* the peer has CTX_NEW, and goes on from there */
        husk_oscore_context_wipe(&kudos->work);
        if (kudos->next_live) {
            load_next(kudos);
        }
        replace_context(kudos, context, kudos->sequence);
        confirm(kudos, pair->bytes[0]);
        base = KUDOS_CURRENT;
    }
    if (needs_nonce(kudos) || !kudos->offered) {
        take_nonce(kudos, nonce);
    }
    step(kudos, RECEIVE_DIVERGENT);
    kudos->peer = *pair;
    kudos->peer_base = base;
    uint8_t mode = (pair->bytes[0] & HUSK_KUDOS_X_NO_FS) | (kudos->config->capable ? 0 : HUSK_KUDOS_X_NO_FS);
    kudos->next_x = mode | (HUSK_KUDOS_NONCE_BYTES - 1) | (kudos->offered ? 0 : HUSK_KUDOS_X_CONVERGENT);
    kudos->next_live = true;
    kudos->work_is_next = false;
    bool unsaved = kudos->unsaved;
    kudos->own.bytes[0] = kudos->next_x;
    husk_kudos_update_secret(kudos, secret_of(kudos, mode != 0 ? KUDOS_BOOTSTRAP : base), &kudos->own, &kudos->peer,
                             kudos->work_secret);
    put_secret(kudos, KUDOS_NEXT, kudos->work_secret);
    if (mode != 0) { /* both can make another one whatever happens: not to be stored */
        kudos->unsaved = unsaved;
    }
    return HUSK_OK;
}

/* What a verified message means for the state. */
static husk_status accept(husk_kudos *kudos, husk_oscore_context *context, const husk_kudos_candidate *c,
                          const husk_kudos_reception *r)
{
    *r->event = c->kind == TEMPORARY ? HUSK_KUDOS_DIVERGENT : HUSK_KUDOS_PLAIN;
    if (c->kind == TEMPORARY) {
        return respond(kudos, context, c->base, &r->pair);
    }
    if (c->kind == ANSWER) {
        *r->event = HUSK_KUDOS_ESTABLISHED;
        establish(kudos, context, c);
    }
    if (c->kind == NEXT) {
        *r->event = HUSK_KUDOS_CONFIRMED;
        replace_context(kudos, context, kudos->sequence);
        confirm(kudos, kudos->peer.bytes[0]);
    }
    if (c->kind == IN_USE && r->pair.len == 0) {
        drop_secret(kudos, KUDOS_PREVIOUS);
    }
    return HUSK_OK;
}

/* Opening a message with a wrong key destroys it, so the ciphertext is kept in `spare`. */
husk_status husk_kudos_receive(husk_kudos *kudos, husk_oscore_context *context, husk_oscore_exchange *exchange,
                               husk_kudos_reception *r, bool maybe_next, husk_kudos_unprotect *unprotect)
{
    husk_status status = find_candidates(kudos, maybe_next, context->aead != NULL, r);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t *text = r->datagram + r->len - r->text_len;
    size_t left = r->count;
    if (r->text_len > r->spare_cap) {
        left = 1;
    }
    if (left > 1) {
        memcpy(r->spare, text, r->text_len);
    }
    husk_oscore_exchange opened = *exchange;
    const husk_kudos_candidate *c = r->list;
    for (;; c++) {
        load_candidate(kudos, c, &r->pair);
        status = unprotect(c->kind == IN_USE ? context : &kudos->work, &opened, r->datagram, r->len, r->inner);
        left--;
        if (left == 0 || status != HUSK_ERR_AUTHENTICATION) {
            break;
        }
        memcpy(text, r->spare, r->text_len);
    }
    if (status == HUSK_OK) {
        status = accept(kudos, context, c, r);
    }
    if (status == HUSK_OK || status == HUSK_ERR_FRESHNESS) {
        opened.epoch = kudos->epoch;
        *exchange = opened;
    }
    if (kudos->state == KUDOS_IDLE) {
        wipe_work(kudos);
    }
    return status;
}

/* Takes the extension out of a CoAP message first. */
static husk_status receive(husk_kudos *kudos, husk_oscore_context *context, husk_oscore_exchange *exchange,
                           husk_kudos_reception *r, bool maybe_next, husk_kudos_unprotect *unprotect)
{
    husk_status status = husk_kudos_option_strip(r->datagram, &r->len, &r->pair, &r->text_len);
    if (status != HUSK_OK) {
        return status;
    }
    if (r->text_len == 0) {
        return HUSK_ERR_FORMAT;
    }
    return husk_kudos_receive(kudos, context, exchange, r, maybe_next, unprotect);
}

husk_status husk_kudos_request_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                         husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                                         uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                                         uint8_t *event)
{
    husk_kudos_reception r = {.datagram = datagram, .len = len, .spare = spare, .spare_cap = spare_cap,
                              .inner = inner, .event = event};
    husk_status status = receive(kudos, context, exchange, &r, true, husk_oscore_request_unprotect);
    if (status == HUSK_OK && *event == HUSK_KUDOS_DIVERGENT) {
        exchange->phase = HUSK_OSCORE_SERVER_KUDOS;
    }
    return status;
}

husk_status husk_kudos_response_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                          husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                                          uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                                          uint8_t *event)
{
    bool to_kudos = exchange->phase == HUSK_OSCORE_CLIENT_KUDOS;
    /* A response under a new context would fit an older request with the same Partial IV as well (section 4.3.7). */
    if (!(to_kudos || exchange->phase == HUSK_OSCORE_CLIENT_WAITS) || exchange->epoch != kudos->epoch) {
        return HUSK_ERR_STATE;
    }
    husk_kudos_reception r = {.datagram = datagram, .len = len, .spare = spare, .spare_cap = spare_cap,
                              .inner = inner, .event = event};
    uint32_t epoch = exchange->epoch;
    exchange->phase = HUSK_OSCORE_CLIENT_WAITS;
    husk_status status = receive(kudos, context, exchange, &r, to_kudos, husk_oscore_response_unprotect);
    if (status != HUSK_OK && to_kudos) {
        exchange->phase = HUSK_OSCORE_CLIENT_KUDOS;
    }
    if (exchange->epoch != epoch) { /* an observation ends with its context */
        *exchange = (husk_oscore_exchange){0};
    }
    return status;
}

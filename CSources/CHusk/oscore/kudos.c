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

static husk_bytes secret_of(const husk_kudos *kudos, uint8_t base)
{
    husk_bytes secret = {kudos->config->bootstrap_secret.data, kudos->secret_len};
    if (base != KUDOS_BOOTSTRAP) {
        secret.data = kudos->secrets[base];
    }
    return secret;
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
        husk_wipe(kudos->secrets[base], sizeof kudos->secrets[base]);
        kudos->present &= (uint8_t)~(1u << base);
        kudos->unsaved = kudos->config->capable;
    }
}

/* Own pair with the given x byte. */
static husk_bytes own_pair(husk_kudos *kudos, uint8_t x)
{
    kudos->own[0] = x;
    return (husk_bytes){kudos->own, sizeof kudos->own};
}

static void load(husk_kudos *kudos, husk_bytes secret, husk_bytes own, husk_bytes peer)
{
    kudos->work_is_next = false;
    (void)husk_kudos_update_context(kudos->config, secret, own, peer, &kudos->work); /* parameters checked by init */
    kudos->work.sender_sequence = kudos->sequence;
    kudos->work.sender_limit = HUSK_KUDOS_NONCE_USES;
}

/* Context of a secret updated from `base`, which goes to work_secret. */
static void load_update(husk_kudos *kudos, uint8_t base, husk_bytes own, husk_bytes peer)
{
    husk_kudos_update_secret(kudos->config, secret_of(kudos, base), own, peer, kudos->work_secret);
    load(kudos, (husk_bytes){kudos->work_secret, kudos->secret_len}, own, peer);
}

static void load_next(husk_kudos *kudos)
{
    if (!kudos->work_is_next) {
        husk_bytes peer = {kudos->peer, kudos->peer_len};
        load(kudos, secret_of(kudos, KUDOS_NEXT), own_pair(kudos, kudos->next_x), peer);
        kudos->work_is_next = true;
    }
    kudos->work.sender_sequence = kudos->sequence; /* own pair in another context may have counted on */
}

/* What is left once an execution ended is the secrets. */
static void become_idle(husk_kudos *kudos, unsigned event)
{
    step(kudos, event);
    kudos->offered = false;
    kudos->next_live = false;
    kudos->work_is_next = false;
    husk_wipe(&kudos->work, sizeof kudos->work);
    husk_wipe(kudos->work_secret, sizeof kudos->work_secret);
    husk_wipe(kudos->own, sizeof kudos->own);
    husk_wipe(kudos->peer, sizeof kudos->peer);
}

/* A side that stores cannot take its peer for another one than it has shown to be, except for a better one. */
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
        (bootstrap_len == 0 ? !config->capable : bootstrap_len != master_secret.len)) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(kudos, 0, sizeof *kudos);
    husk_bytes none = {NULL, 0};
    husk_status status = husk_kudos_update_context(config, master_secret, none, none, &kudos->work);
    husk_wipe(&kudos->work, sizeof kudos->work);
    if (status != HUSK_OK) {
        return status;
    }
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
    memcpy(kudos->own + 1, nonce, HUSK_KUDOS_NONCE_BYTES);
    kudos->sequence = 0;
    kudos->offered = false;
    kudos->next_live = false;
    kudos->work_is_next = false;
}

static bool needs_nonce(const husk_kudos *kudos)
{
    return kudos->state == KUDOS_IDLE || kudos->sequence >= HUSK_KUDOS_NONCE_USES;
}

husk_status husk_kudos_start(husk_kudos *kudos)
{
    if (needs_nonce(kudos)) {
        uint8_t nonce[HUSK_KUDOS_NONCE_BYTES];
        husk_status status = kudos->config->random.fill(kudos->config->random.context, nonce, sizeof nonce);
        if (status != HUSK_OK) {
            return status;
        }
        take_nonce(kudos, nonce);
    }
    uint8_t base = KUDOS_CURRENT;
    if (kudos->offered && kudos->state == KUDOS_OFFERED) {
        do {
            base = kudos->offer_base == KUDOS_BOOTSTRAP ? KUDOS_SECRETS : (uint8_t)(base + 1);
        } while (base < KUDOS_SECRETS && (base <= kudos->offer_base || !has_secret(kudos, base)));
        if (base >= KUDOS_SECRETS && kudos->next_live) {
            step(kudos, RECEIVE_DIVERGENT); /* once more the answer to the last one */
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

/* ---- Sending -----------------------------------------------------------------------------------------------------
 * */

/* Loads the context of the next KUDOS message; returns the pair that goes into it. */
static husk_bytes load_outgoing(husk_kudos *kudos)
{
    if (kudos->state == KUDOS_OFFERED) {
        husk_bytes own = own_pair(kudos, kudos->offer_x);
        load_update(kudos, kudos->offer_base, own, (husk_bytes){NULL, 0});
        return own;
    }
    load_next(kudos);
    return own_pair(kudos, kudos->next_x | HUSK_KUDOS_X_CONVERGENT);
}

/* Leaves room for the extension. */
static size_t capacity(size_t out_cap)
{
    return out_cap > HUSK_KUDOS_OVERHEAD_BYTES ? out_cap - HUSK_KUDOS_OVERHEAD_BYTES : 0;
}

static husk_status finish_outgoing(husk_kudos *kudos, husk_bytes pair, husk_status status, uint8_t *out,
                                   size_t *out_len)
{
    kudos->sequence = (uint16_t)kudos->work.sender_sequence;
    if (status == HUSK_OK) {
        *out_len = husk_kudos_option_insert(out, *out_len, pair);
        step(kudos, SEND);
    }
    return status;
}

husk_status husk_kudos_request_protect(husk_kudos *kudos, husk_oscore_context *context,
                                       husk_oscore_exchange *exchange, const husk_coap_message *message,
                                       uint8_t *out, size_t out_cap, size_t *out_len)
{
    if (kudos->unsaved || (kudos->state == KUDOS_IDLE && context->aead == NULL)) {
        return HUSK_ERR_STATE;
    }
    husk_status status;
    if (kudos->state == KUDOS_IDLE) {
        status = husk_oscore_request_protect(context, exchange, message, out, out_cap, out_len);
    } else {
        husk_bytes pair = load_outgoing(kudos);
        status = husk_oscore_request_protect(&kudos->work, exchange, message, out, capacity(out_cap), out_len);
        status = finish_outgoing(kudos, pair, status, out, out_len);
        if (status == HUSK_OK) {
            exchange->phase = HUSK_OSCORE_CLIENT_KUDOS;
        }
    }
    if (status == HUSK_OK) {
        exchange->epoch = kudos->epoch;
    }
    return status;
}

husk_status husk_kudos_response_protect(husk_kudos *kudos, husk_oscore_context *context,
                                        husk_oscore_exchange *exchange, const husk_coap_message *message,
                                        uint8_t *out, size_t out_cap, size_t *out_len)
{
    if (kudos->unsaved) {
        return HUSK_ERR_STATE;
    }
    husk_oscore_exchange plain = *exchange;
    bool to_kudos = exchange->phase == HUSK_OSCORE_SERVER_KUDOS;
    if (to_kudos) {
        plain.phase = HUSK_OSCORE_SERVER_ANSWERED;
    }
    if (kudos->state == KUDOS_OFFERED || (to_kudos && kudos->state != KUDOS_IDLE)) {
        husk_bytes pair = load_outgoing(kudos);
        husk_status status = husk_oscore_response_protect(&kudos->work, &plain, true, message, out, capacity(out_cap),
                                                          out_len);
        return finish_outgoing(kudos, pair, status, out, out_len);
    }
    if (context->aead == NULL) {
        return HUSK_ERR_STATE;
    }
    /* Under another key than the request, the request's nonce may be used already (section 3). */
    bool own_partial_iv = to_kudos || exchange->epoch != kudos->epoch;
    husk_status status = husk_oscore_response_protect(context, &plain, own_partial_iv, message, out, out_cap, out_len);
    if (!to_kudos) {
        exchange->phase = plain.phase;
    }
    return status;
}

/* ---- Receiving ---------------------------------------------------------------------------------------------------
 * */

/* A context that may be the one a message is protected with. */
enum { IN_USE, NEXT, TEMPORARY, ANSWER };

typedef struct candidate {
    uint8_t kind;
    uint8_t base; /* TEMPORARY, ANSWER: secret it is updated from */
    uint8_t x;    /* ANSWER: the peer's x byte in the derivation */
} candidate;

#define CANDIDATES_MAX 3

/* One received message. */
typedef struct reception {
    husk_kudos_fields fields;
    candidate list[CANDIDATES_MAX];
    uint8_t count;
} reception;

static void add(reception *r, uint8_t kind, uint8_t base, uint8_t x)
{
    r->list[r->count++] = (candidate){kind, base, x};
}

/* Likeliest first. A divergent message is under a context of its own, made from any secret this side has. A
 * convergent one answers an own offer: as the message says, or as if the peer had offered before it answered; else it
 * is one whose sender still wants confirmation, an ordinary message here. */
static void find_candidates(const husk_kudos *kudos, bool maybe_next, bool in_use, reception *r)
{
    uint8_t x = r->fields.pair[0];
    bool no_fs = (x & HUSK_KUDOS_X_NO_FS) != 0;
    r->count = 0;
    if (r->fields.pair_len == 0) {
        if (maybe_next && kudos->next_live) {
            add(r, NEXT, 0, 0);
        }
    } else if ((x & HUSK_KUDOS_X_CONVERGENT) == 0) {
        in_use = false;
        for (uint8_t base = no_fs ? KUDOS_BOOTSTRAP : 0; base <= (no_fs ? KUDOS_BOOTSTRAP : KUDOS_NEXT); base++) {
            if (no_fs || has_secret(kudos, base)) {
                add(r, TEMPORARY, base, 0);
            }
        }
    } else if (kudos->offered && mode_is_allowed(kudos, x) && (no_fs || (kudos->offer_x & HUSK_KUDOS_X_NO_FS) == 0)) {
        uint8_t base = no_fs ? KUDOS_BOOTSTRAP : kudos->offer_base;
        add(r, ANSWER, base, x);
        add(r, ANSWER, base, x & (uint8_t)~HUSK_KUDOS_X_CONVERGENT);
    }
    if (in_use) {
        add(r, IN_USE, 0, 0);
    }
}

static void load_candidate(husk_kudos *kudos, const candidate *c, husk_kudos_fields *fields)
{
    husk_bytes peer = {fields->pair, fields->pair_len};
    if (c->kind == NEXT) {
        load_next(kudos);
    }
    if (c->kind == TEMPORARY) {
        load_update(kudos, c->base, (husk_bytes){NULL, 0}, peer);
    }
    if (c->kind == ANSWER) {
        fields->pair[0] = c->x;
        load_update(kudos, c->base, own_pair(kudos, kudos->offer_x), peer);
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
static void confirm(husk_kudos *kudos, unsigned event)
{
    put_secret(kudos, KUDOS_CURRENT, kudos->secrets[KUDOS_NEXT]);
    drop_secret(kudos, KUDOS_PREVIOUS);
    drop_secret(kudos, KUDOS_NEXT);
    become_idle(kudos, event);
}

/* As initiator: the peer has derived CTX_NEW = `work` from `base`, but until it has used it, it may replace it by what
 * it derives upon another divergent message, which might be a late one: the secret of `base` is the one both are sure
 * to have. (That of CTX_BOOTSTRAP always is.) */
static void establish(husk_kudos *kudos, husk_oscore_context *context, const candidate *c)
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
static husk_status respond(husk_kudos *kudos, husk_oscore_context *context, const candidate *c,
                           const husk_kudos_fields *fields)
{
    bool same = kudos->next_live && kudos->sequence < HUSK_KUDOS_NONCE_USES && kudos->peer_base == c->base &&
                kudos->peer_len == fields->pair_len && memcmp(kudos->peer, fields->pair, fields->pair_len) == 0;
    if (same) { /* section 4.3.4 */
        if (kudos->state != KUDOS_PENDING) {
            step(kudos, RECEIVE_DIVERGENT);
        }
        return HUSK_OK;
    }
    uint8_t nonce[HUSK_KUDOS_NONCE_BYTES];
    husk_status status = kudos->config->random.fill(kudos->config->random.context, nonce, sizeof nonce);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t base = c->base;
    if (base == KUDOS_NEXT) { /* the peer has CTX_NEW, and goes on from there */
        if (kudos->next_live) {
            load_next(kudos);
            replace_context(kudos, context, kudos->sequence);
        } else {
            husk_oscore_context_wipe(context);
            kudos->epoch++;
        }
        learn(kudos, fields->pair[0]);
        confirm(kudos, RECEIVE_PLAIN);
        base = KUDOS_CURRENT;
    }
    if (needs_nonce(kudos) || !kudos->offered) {
        take_nonce(kudos, nonce);
    }
    step(kudos, RECEIVE_DIVERGENT);
    memcpy(kudos->peer, fields->pair, fields->pair_len);
    kudos->peer_len = fields->pair_len;
    kudos->peer_base = base;
    uint8_t mode = (fields->pair[0] & HUSK_KUDOS_X_NO_FS) | (kudos->config->capable ? 0 : HUSK_KUDOS_X_NO_FS);
    kudos->next_x = mode | (HUSK_KUDOS_NONCE_BYTES - 1) | (kudos->offered ? 0 : HUSK_KUDOS_X_CONVERGENT);
    kudos->next_live = true;
    kudos->work_is_next = false;
    bool unsaved = kudos->unsaved;
    husk_kudos_update_secret(kudos->config, secret_of(kudos, mode != 0 ? KUDOS_BOOTSTRAP : base),
                             own_pair(kudos, kudos->next_x), (husk_bytes){kudos->peer, kudos->peer_len},
                             kudos->work_secret);
    put_secret(kudos, KUDOS_NEXT, kudos->work_secret);
    if (mode != 0) { /* made from what both have anyway, and by anybody who recorded the message: not to be stored */
        kudos->unsaved = unsaved;
    }
    return HUSK_OK;
}

/* What a verified message means for the state. */
static husk_status accept(husk_kudos *kudos, husk_oscore_context *context, const candidate *c,
                          const husk_kudos_fields *fields, uint8_t *event)
{
    *event = HUSK_KUDOS_PLAIN;
    if (c->kind == TEMPORARY) {
        *event = HUSK_KUDOS_DIVERGENT;
        return respond(kudos, context, c, fields);
    }
    if (c->kind == ANSWER) {
        *event = HUSK_KUDOS_ESTABLISHED;
        establish(kudos, context, c);
    }
    if (c->kind == NEXT) {
        *event = HUSK_KUDOS_CONFIRMED;
        replace_context(kudos, context, kudos->sequence);
        learn(kudos, kudos->peer[0]);
        confirm(kudos, RECEIVE_PLAIN);
    }
    if (c->kind == IN_USE && fields->pair_len == 0) {
        drop_secret(kudos, KUDOS_PREVIOUS);
    }
    return HUSK_OK;
}

typedef husk_status unprotect_function(husk_oscore_context *context, husk_oscore_exchange *exchange, uint8_t *datagram,
                                       size_t len, husk_coap_message *inner);

/* Tries the candidates in turn. Opening a message with a wrong key destroys it, so the ciphertext is kept in `spare`.
 * */
static husk_status receive(husk_kudos *kudos, husk_oscore_context *context, husk_oscore_exchange *exchange,
                           uint8_t *datagram, size_t len, uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                           uint8_t *event, bool maybe_next, unprotect_function *unprotect)
{
    reception r;
    husk_status status = husk_kudos_option_strip(datagram, &len, &r.fields);
    if (status != HUSK_OK) {
        return status;
    }
    const uint8_t mode = HUSK_KUDOS_X_CONVERGENT | HUSK_KUDOS_X_NO_FS;
    if (r.fields.pair_len > 0 && (r.fields.pair[0] & mode) == HUSK_KUDOS_X_NO_FS &&
        !mode_is_allowed(kudos, r.fields.pair[0])) {
        return HUSK_ERR_UNSUPPORTED;
    }
    find_candidates(kudos, maybe_next, context->aead != NULL, &r);
    size_t text_len = r.fields.text_len;
    uint8_t *text = datagram + len - text_len;
    if (text_len == 0) {
        return HUSK_ERR_FORMAT;
    }
    if (r.count > 1 && text_len <= spare_cap) {
        memcpy(spare, text, text_len);
    } else if (r.count > 1) {
        r.count = 1;
    }
    husk_oscore_exchange opened = *exchange;
    status = HUSK_ERR_CONTEXT;
    for (size_t i = 0; i < r.count; i++) {
        if (i > 0) {
            memcpy(text, spare, text_len);
        }
        const candidate *c = &r.list[i];
        load_candidate(kudos, c, &r.fields);
        status = unprotect(c->kind == IN_USE ? context : &kudos->work, &opened, datagram, len, inner);
        if (status == HUSK_OK) {
            status = accept(kudos, context, c, &r.fields, event);
            break;
        }
        if (status != HUSK_ERR_AUTHENTICATION) {
            break;
        }
    }
    if (status == HUSK_OK) {
        opened.epoch = kudos->epoch;
        *exchange = opened;
    }
    return status;
}

husk_status husk_kudos_request_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                         husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                                         uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                                         uint8_t *event)
{
    husk_status status = receive(kudos, context, exchange, datagram, len, spare, spare_cap, inner, event, true,
                                 husk_oscore_request_unprotect);
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
    husk_oscore_exchange waiting = *exchange;
    if (to_kudos) {
        waiting.phase = HUSK_OSCORE_CLIENT_WAITS;
    }
    /* A response under a new context would fit an older request with the same Partial IV as well (section 4.3.7). */
    if (waiting.phase != HUSK_OSCORE_CLIENT_WAITS || waiting.epoch != kudos->epoch) {
        return HUSK_ERR_STATE;
    }
    husk_status status = receive(kudos, context, &waiting, datagram, len, spare, spare_cap, inner, event, to_kudos,
                                 husk_oscore_response_unprotect);
    if (status == HUSK_OK) {
        *exchange = waiting;
    }
    return status;
}

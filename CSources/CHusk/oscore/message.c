/* What protects requests and responses alike (RFC 8613 sections 4 to 6): the split into outer and inner options, the
 * AAD, the AEAD. */
#include <string.h>

#include "base/secret.h"
#include "coap/message.h"
#include "husk/cbor.h"
#include "husk/cose.h"
#include "oscore/message.h"
#include "oscore/nonce.h"
#include "oscore/option.h"

#define OSCORE_VERSION 1
#define PAYLOAD_MARKER 0xff
#define OBSERVE_MAX_BYTES 3 /* RFC 7641 section 2 */

/* aad_array = [ 1, [ alg_aead ], request_kid, request_piv, options ] */
#define AAD_ARRAY_MAX_BYTES \
    (1 + 1 + 1 + 5 + 1 + HUSK_OSCORE_ID_MAX_BYTES + 1 + HUSK_OSCORE_PARTIAL_IV_MAX_BYTES + 2)

/* Where an option goes. The outer ones stand before or after the OSCORE option, as their numbers demand. */
#define REFUSED 0
#define INNER 1
#define OUTER_BEFORE 2
#define OUTER_AFTER 4

static unsigned places_of(uint32_t number)
{
    switch (number) {
    case HUSK_COAP_OBSERVE: /* for the endpoint, and for proxies (RFC 8613 section 4.1.3.5) */
        return INNER | OUTER_BEFORE;
    case HUSK_COAP_URI_HOST:
    case HUSK_COAP_URI_PORT:
        return OUTER_BEFORE;
    case HUSK_COAP_HOP_LIMIT:
    case HUSK_COAP_EDHOC:
    case HUSK_COAP_PROXY_SCHEME:
        return OUTER_AFTER;
    case HUSK_COAP_OSCORE:
    case HUSK_COAP_PROXY_URI:
        return REFUSED;
    default:
        return INNER;
    }
}

uint32_t husk_oscore_observe(const husk_coap_message *message)
{
    husk_bytes option;
    uint32_t value;
    bool readable = husk_coap_option_find(message->options, HUSK_COAP_OBSERVE, &option) && option.len <= OBSERVE_MAX_BYTES &&
                    husk_coap_option_uint(option, &value) == HUSK_OK;
    return readable ? value : HUSK_OSCORE_NO_OBSERVE;
}

/* Writes those options of the message that go to `place`. What must not be in it shows in the writer's status. */
static void write_options(husk_coap_writer *w, const husk_coap_message *message, unsigned place)
{
    husk_coap_options walk;
    husk_coap_options_init(&walk, message->options);
    uint32_t number;
    husk_bytes value;
    while (husk_coap_option_next(&walk, &number, &value)) {
        unsigned places = places_of(number);
        if (places == REFUSED) {
            w->status = HUSK_ERR_UNSUPPORTED;
        }
        if ((places & place) == 0) {
            continue;
        }
        if (number == HUSK_COAP_OBSERVE) {
            if (w->number == number || value.len > OBSERVE_MAX_BYTES) { /* not repeatable (RFC 7641 section 2) */
                w->status = HUSK_ERR_ARGUMENT;
            }
            if (place == INNER && !husk_coap_code_is_request(message->code)) {
                value.len = 0; /* the order of notifications is that of their Partial IVs (section 4.1.3.5.2) */
            }
        }
        husk_coap_write_option(w, number, value.data, value.len);
    }
    if (walk.left > 0) {
        w->status = HUSK_ERR_ARGUMENT;
    }
}

/* Returns where the plaintext begins. */
static size_t write_message(husk_coap_writer *w, const husk_oscore_draft *draft, husk_bytes option, uint8_t *out,
                            size_t cap)
{
    const husk_coap_message *message = draft->message;
    husk_coap_writer_init(w, out, cap, message->type, draft->outer_code, message->message_id, message->token);
    write_options(w, message, OUTER_BEFORE);
    husk_coap_write_option(w, HUSK_COAP_OSCORE, option.data, option.len);
    write_options(w, message, OUTER_AFTER);
    uint8_t start[2] = {PAYLOAD_MARKER, message->code};
    husk_coap_write_raw(w, start, sizeof start);
    size_t text_at = w->len - 1;
    w->number = 0;
    write_options(w, message, INNER);
    husk_coap_write_payload(w, message->payload.data, message->payload.len);
    return text_at;
}

uint64_t husk_oscore_count_q(const husk_oscore_context *context)
{
    return context->sender_sequence + (context->window_bits != 0 ? context->window_top + 1 : 0);
}

bool husk_oscore_is_exhausted(const husk_oscore_context *context)
{
    return context->sender_sequence > HUSK_OSCORE_SEQUENCE_MAX || husk_oscore_count_q(context) >= context->limit_q ||
           context->count_v >= context->limit_v;
}

husk_status husk_oscore_sequence_next(const husk_oscore_context *context, uint64_t *sequence)
{
    *sequence = context->sender_sequence;
    if (*sequence >= context->sender_limit || *sequence > HUSK_OSCORE_SEQUENCE_MAX) {
        return HUSK_ERR_EXHAUSTED;
    }
    return HUSK_OK;
}

/* Nonce and AAD of an AEAD operation, and the operation. */
static husk_status run_aead(const husk_oscore_context *context, const husk_oscore_binding *binding, bool seal,
                            const husk_oscore_text *text)
{
    uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    size_t partial_iv_len = husk_oscore_partial_iv_write(binding->request_sequence, partial_iv);
    uint8_t array[AAD_ARRAY_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, array, sizeof array);
    static const uint8_t front[] = {HUSK_CBOR_ARRAY << 5 | 5, OSCORE_VERSION, HUSK_CBOR_ARRAY << 5 | 1};
    husk_cbor_write_raw(&w, front, sizeof front);
    husk_cbor_write_int(&w, context->aead->cose_alg);
    husk_cbor_write_bytes(&w, binding->request_kid->bytes, binding->request_kid->len);
    husk_cbor_write_bytes(&w, partial_iv, partial_iv_len);
    husk_cbor_write_bytes(&w, binding->options.data, binding->options.len);

    uint8_t head[HUSK_COSE_ENC_HEAD_MAX_BYTES];
    husk_bytes aad[2] = {{head, husk_cose_enc_head(head, w.len)}, {array, w.len}};
    uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES];
    husk_oscore_nonce(context, binding->nonce_id, binding->nonce_sequence, nonce);
    const husk_aead *aead = context->aead;
    if (seal) {
        return aead->seal(aead, context->sender_key, nonce, aad, 2, text->data, text->len);
    }
    return aead->open(aead, context->recipient_key, nonce, aad, 2, text->data, text->len);
}

husk_status husk_oscore_message_seal(const husk_oscore_context *context, const husk_oscore_binding *binding,
                                     const husk_oscore_text *text)
{
    husk_status status = run_aead(context, binding, true, text);
    if (status != HUSK_OK) {
        husk_wipe(text->data, text->len + context->aead->tag_bytes);
    }
    return status;
}

husk_status husk_oscore_draft_seal(husk_oscore_context *context, husk_oscore_draft *draft, uint8_t *out, size_t out_cap,
                                   size_t *out_len)
{
    husk_oscore_option *option = &draft->option;
    const uint64_t sequence = draft->binding.nonce_sequence;
    uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    if (option->has_partial_iv) {
        option->partial_iv = (husk_bytes){partial_iv, husk_oscore_partial_iv_write(sequence, partial_iv)};
    }
    uint8_t value[HUSK_OSCORE_OPTION_MAX_BYTES];
    husk_bytes encoded = {value, husk_oscore_option_encode(option, value)};
    husk_coap_writer w;
    size_t text_at = write_message(&w, draft, encoded, NULL, 0); /* measures */
    if (w.status != HUSK_OK) {
        return w.status;
    }
    /* A response with the nonce of its request is among those counted. */
    if (husk_oscore_count_q(context) + option->has_partial_iv > context->limit_q) {
        return HUSK_ERR_EXHAUSTED;
    }
    size_t tag_len = context->aead->tag_bytes;
    if (out_cap < tag_len || w.len > out_cap - tag_len) {
        return HUSK_ERR_BUFFER;
    }
    if (w.len - text_at > context->limit_l - tag_len) {
        return HUSK_ERR_ARGUMENT;
    }
    (void)write_message(&w, draft, encoded, out, out_cap);
    const husk_oscore_text text = {out + text_at, w.len - text_at};
    *out_len = w.len + tag_len;
    husk_status status = husk_oscore_message_seal(context, &draft->binding, &text);
    draft->spent = status != HUSK_ERR_ARGUMENT;
    if (draft->spent && option->has_partial_iv) {
        context->sender_sequence = sequence + 1;
    }
    return status;
}

static bool names(husk_bytes name, const uint8_t *own, size_t own_len)
{
    return name.len == own_len && memcmp(name.data, own, own_len) == 0;
}

husk_status husk_oscore_message_decode(const husk_oscore_context *context, uint8_t *datagram, size_t len,
                                       husk_coap_message *message, husk_oscore_option *option,
                                       husk_oscore_text *text)
{
    husk_status status = husk_coap_decode(datagram, len, message);
    if (status == HUSK_OK) {
        status = husk_oscore_option_read(message, option);
    }
    if (status != HUSK_OK) {
        return status;
    }
    if (message->payload.len <= context->aead->tag_bytes || /* not even a code in it */
        message->payload.len > context->limit_l) {
        return HUSK_ERR_FORMAT;
    }
    text->len = message->payload.len - context->aead->tag_bytes;
    text->data = datagram + len - message->payload.len;
    if (option->has_kid && !names(option->kid, context->recipient_id.bytes, context->recipient_id.len)) {
        return HUSK_ERR_CONTEXT;
    }
    if (option->has_kid_context &&
        !(context->has_id_context && names(option->kid_context, context->id_context, context->id_context_len))) {
        return HUSK_ERR_CONTEXT;
    }
    return HUSK_OK;
}

husk_status husk_oscore_message_open(husk_oscore_context *context, const husk_oscore_binding *binding,
                                     const husk_oscore_text *text)
{
    if (context->count_v >= context->limit_v) {
        return HUSK_ERR_EXHAUSTED;
    }
    husk_status status = run_aead(context, binding, false, text);
    if (status == HUSK_ERR_AUTHENTICATION) {
        context->count_v++;
    }
    return status == HUSK_ERR_ARGUMENT ? HUSK_ERR_FORMAT : status; /* longer than the AEAD allows */
}

husk_status husk_oscore_message_reveal(const husk_oscore_text *text, husk_coap_message *message)
{
    HUSK_PUBLIC(text->data, text->len); /* verified: from here on code and options steer what happens */
    message->code = text->data[0];
    return husk_coap_body_decode(text->data + 1, text->len - 1, message);
}

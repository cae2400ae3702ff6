/* Taking an envelope apart: the two header buckets and the CWT claims in them, without any key. */
#include <string.h>

#include "cose/envelope.h"

#define TAGS_MAX 255

static bool equal(husk_bytes a, husk_bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

husk_status husk_envelope_label_next(husk_envelope_labels *labels, husk_cbor_reader *r, int32_t *label)
{
    int type = husk_cbor_peek(r);
    husk_bytes item;
    if ((type != HUSK_CBOR_UINT && type != HUSK_CBOR_NINT && type != HUSK_CBOR_TEXT) ||
        husk_cbor_skip(r, &item) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    for (size_t i = 0; i < labels->count; i++) {
        if (equal(labels->items[i], item)) {
            return HUSK_ERR_FORMAT;
        }
    }
    if (labels->count == HUSK_ENVELOPE_LABELS_MAX) {
        return HUSK_ERR_UNSUPPORTED;
    }
    labels->items[labels->count++] = item;
    husk_cbor_reader value;
    husk_cbor_reader_init(&value, item.data, item.len);
    int64_t number;
    bool ours = husk_cbor_read_int(&value, &number) == HUSK_OK && (int32_t)number == number;
    *label = ours ? (int32_t)number : HUSK_LABEL_OTHER;
    return HUSK_OK;
}

/* Strings that say nothing when they are empty. */
static husk_status read_string(husk_cbor_reader *r, bool text, husk_bytes *value)
{
    husk_status status = text ? husk_cbor_read_text(r, value) : husk_cbor_read_bytes(r, value);
    return status == HUSK_OK && value->len == 0 ? HUSK_ERR_FORMAT : status;
}

/* HUSK_ERR_FORMAT above `limit`. */
static husk_status read_small(husk_cbor_reader *r, uint32_t limit, uint32_t *value)
{
    uint64_t read;
    if (husk_cbor_read_uint(r, &read) != HUSK_OK || (uint32_t)(read >> 32) != 0 || (uint32_t)read > limit) {
        return HUSK_ERR_FORMAT;
    }
    *value = (uint32_t)read;
    return HUSK_OK;
}

/* NumericDate (RFC 8392 section 2), which may be a float. */
static husk_status read_time(husk_cbor_reader *r, uint64_t *time)
{
    return husk_cbor_peek(r) == HUSK_CBOR_SIMPLE ? HUSK_ERR_UNSUPPORTED : husk_cbor_read_uint(r, time);
}

static husk_status read_alg(husk_cbor_reader *r, int32_t *alg)
{
    int64_t value;
    if (husk_cbor_peek(r) == HUSK_CBOR_TEXT) {
        return HUSK_ERR_UNSUPPORTED;
    }
    husk_status status = husk_cbor_read_int(r, &value);
    if (status == HUSK_OK && (int32_t)value != value) {
        return HUSK_ERR_UNSUPPORTED;
    }
    *alg = (int32_t)value;
    return status;
}

static husk_status read_content_type(husk_cbor_reader *r, husk_envelope_view *view)
{
    if (husk_cbor_peek(r) == HUSK_CBOR_TEXT) {
        return read_string(r, true, &view->media_type);
    }
    uint32_t value;
    if (read_small(r, UINT16_MAX, &value) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    view->metadata.has_content_format = true;
    view->metadata.content_format = (uint16_t)value;
    return HUSK_OK;
}

static husk_status read_priority(husk_cbor_reader *r, husk_envelope_metadata *metadata)
{
    uint32_t value;
    if (read_small(r, UINT8_MAX, &value) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    metadata->has_priority = true;
    metadata->priority = (uint8_t)value;
    return HUSK_OK;
}

static husk_status read_tags(husk_cbor_reader *r, husk_envelope_metadata *metadata)
{
    husk_status status = husk_cbor_read_array(r, &metadata->tag_count);
    if (status != HUSK_OK || metadata->tag_count > TAGS_MAX) {
        return HUSK_ERR_FORMAT;
    }
    metadata->tags.data = r->next;
    for (size_t i = 0; i < metadata->tag_count; i++) {
        husk_bytes text;
        status = husk_cbor_read_text(r, &text);
        if (status != HUSK_OK) {
            return status;
        }
    }
    metadata->tags.len = (size_t)(r->next - metadata->tags.data);
    return HUSK_OK;
}

static husk_status read_name(husk_cbor_reader *r, husk_bytes *name)
{
    husk_status status = read_string(r, true, name);
    return status == HUSK_OK && name->len > HUSK_ENVELOPE_NAME_MAX_BYTES ? HUSK_ERR_FORMAT : status;
}

static husk_status read_claim(husk_cbor_reader *r, int32_t label, husk_envelope_metadata *metadata)
{
    switch (label) {
    case HUSK_CLAIM_ISS:
        return read_name(r, &metadata->source);
    case HUSK_CLAIM_AUD:
        return read_name(r, &metadata->destination);
    case HUSK_CLAIM_EXP:
        metadata->has_deadline = true;
        return read_time(r, &metadata->deadline);
    case HUSK_CLAIM_IAT:
        metadata->has_time = true;
        return read_time(r, &metadata->time);
    case HUSK_CLAIM_NBF:
        return HUSK_ERR_UNSUPPORTED; /* to skip it would be to break it */
    default:
        return husk_cbor_skip(r, NULL);
    }
}

static husk_status read_claims(husk_bytes claims, husk_envelope_metadata *metadata)
{
    husk_envelope_labels labels = {0};
    husk_cbor_reader r;
    size_t pairs;
    husk_cbor_reader_init(&r, claims.data, claims.len);
    husk_status status = husk_cbor_read_map(&r, &pairs);
    for (size_t i = 0; status == HUSK_OK && i < pairs; i++) {
        int32_t label;
        status = husk_envelope_label_next(&labels, &r, &label);
        if (status == HUSK_OK) {
            status = read_claim(&r, label, metadata);
        }
    }
    return status;
}

/* What a header says beside what goes into the view. */
typedef struct header {
    husk_envelope_labels labels; /* of both buckets */
    husk_bytes crit;
    husk_bytes claims;
} header;

/* A parameter that counts in the protected bucket only. */
static husk_status read_protected(husk_cbor_reader *r, int32_t label, header *h, husk_envelope_view *view)
{
    switch (label) {
    case HUSK_HEADER_ALG:
        return read_alg(r, &view->alg);
    case HUSK_HEADER_CRIT:
        return husk_cbor_skip(r, &h->crit);
    case HUSK_HEADER_CONTENT_TYPE:
        return read_content_type(r, view);
    case HUSK_HEADER_CWT_CLAIMS:
        return husk_cbor_skip(r, &h->claims);
    case HUSK_ENVELOPE_LABEL_PRIORITY:
        return read_priority(r, &view->metadata);
    case HUSK_ENVELOPE_LABEL_TAGS:
        return read_tags(r, &view->metadata);
    default:
        return husk_cbor_skip(r, NULL);
    }
}

static husk_status read_parameter(husk_cbor_reader *r, int32_t label, bool is_protected, header *h,
                                  husk_envelope_view *view)
{
    switch (label) {
    case HUSK_HEADER_KID:
        return read_string(r, false, &view->kid);
    case HUSK_HEADER_IV:
        return read_string(r, false, &view->iv);
    case HUSK_HEADER_PARTIAL_IV:
        return read_string(r, false, &view->partial_iv);
    default:
        break;
    }
    if (is_protected) {
        return read_protected(r, label, h, view);
    }
    /* crit must be protected (RFC 9052 section 3.1). */
    return label == HUSK_HEADER_CRIT ? HUSK_ERR_FORMAT : husk_cbor_skip(r, NULL);
}

static husk_status read_bucket(husk_cbor_reader *r, bool is_protected, header *h, husk_envelope_view *view)
{
    size_t pairs;
    husk_status status = husk_cbor_read_map(r, &pairs);
    for (size_t i = 0; status == HUSK_OK && i < pairs; i++) {
        int32_t label;
        status = husk_envelope_label_next(&h->labels, r, &label);
        if (status == HUSK_OK) {
            status = read_parameter(r, label, is_protected, h, view);
        }
    }
    return status;
}

static bool is_understood(int32_t label)
{
    return (label >= HUSK_HEADER_ALG && label <= HUSK_HEADER_PARTIAL_IV && label != HUSK_HEADER_CRIT) ||
           label == HUSK_HEADER_CWT_CLAIMS || label == HUSK_ENVELOPE_LABEL_PRIORITY ||
           label == HUSK_ENVELOPE_LABEL_TAGS;
}

/* crit is a list of labels in the protected bucket, which is all that was read so far. */
static husk_status check_crit(const header *h)
{
    husk_cbor_reader r;
    size_t count;
    husk_cbor_reader_init(&r, h->crit.data, h->crit.len);
    if (husk_cbor_read_array(&r, &count) != HUSK_OK || count == 0) {
        return HUSK_ERR_FORMAT;
    }
    husk_status result = HUSK_OK;
    for (size_t i = 0; i < count; i++) {
        husk_envelope_labels one = {0};
        int32_t label;
        husk_status status = husk_envelope_label_next(&one, &r, &label);
        if (status != HUSK_OK) {
            return status;
        }
        size_t at = 0;
        while (at < h->labels.count && !equal(h->labels.items[at], one.items[0])) {
            at++;
        }
        if (at == h->labels.count) {
            return HUSK_ERR_FORMAT;
        }
        if (!is_understood(label)) {
            result = HUSK_ERR_UNSUPPORTED;
        }
    }
    return result;
}

static husk_status read_headers(husk_cbor_reader *r, husk_envelope_view *view)
{
    header h = {0};
    husk_cbor_reader inner;
    husk_status status = husk_cbor_read_bytes(r, &view->protected_header);
    if (status != HUSK_OK) {
        return status;
    }
    husk_cbor_reader_init(&inner, view->protected_header.data, view->protected_header.len);
    status = read_bucket(&inner, true, &h, view);
    if (status == HUSK_OK && inner.left != 0) {
        status = HUSK_ERR_FORMAT;
    }
    if (status == HUSK_OK && h.crit.len != 0) {
        status = check_crit(&h);
    }
    /* alg must be authenticated where it can be: here (RFC 9052 section 3.1). 0 is no algorithm. */
    if (status == HUSK_OK && view->alg == 0) {
        status = HUSK_ERR_FORMAT;
    }
    if (status == HUSK_OK) {
        status = read_bucket(r, false, &h, view);
    }
    if (status == HUSK_OK && (view->iv.len != 0) == (view->partial_iv.len != 0)) {
        status = HUSK_ERR_FORMAT;
    }
    if (status == HUSK_OK && h.claims.len != 0) {
        status = read_claims(h.claims, &view->metadata);
    }
    return status;
}

static husk_status read_body(husk_cbor_reader *r, bool many, husk_envelope_view *view)
{
    husk_status status = read_headers(r, view);
    if (status != HUSK_OK) {
        return status;
    }
    if (husk_cbor_peek(r) == HUSK_CBOR_SIMPLE) {
        return HUSK_ERR_UNSUPPORTED;
    }
    status = husk_cbor_read_bytes(r, &view->ciphertext);
    if (status != HUSK_OK || !many) {
        return status;
    }
    status = husk_cbor_read_array(r, &view->recipient_count);
    if (status != HUSK_OK || view->recipient_count == 0) {
        return HUSK_ERR_FORMAT;
    }
    view->recipients.data = r->next;
    for (size_t i = 0; status == HUSK_OK && i < view->recipient_count; i++) {
        status = husk_cbor_skip(r, NULL);
    }
    view->recipients.len = (size_t)(r->next - view->recipients.data);
    return status;
}

husk_status husk_envelope_inspect(const uint8_t *data, size_t len, husk_envelope_view *view)
{
    husk_cbor_reader r;
    uint64_t tag = 0;
    size_t items;
    memset(view, 0, sizeof *view);
    husk_cbor_reader_init(&r, data, len);
    if (husk_cbor_peek(&r) == HUSK_CBOR_TAG) {
        uint8_t major;
        if (husk_cbor_read_head(&r, &major, &tag) != HUSK_OK || (tag != HUSK_TAG_ENCRYPT0 && tag != HUSK_TAG_ENCRYPT)) {
            return HUSK_ERR_FORMAT;
        }
    }
    if (husk_cbor_read_array(&r, &items) != HUSK_OK || items < 3 || items > 4) {
        return HUSK_ERR_FORMAT;
    }
    bool many = items == 4;
    if (tag != 0 && tag != (many ? HUSK_TAG_ENCRYPT : HUSK_TAG_ENCRYPT0)) {
        return HUSK_ERR_FORMAT;
    }
    husk_status status = read_body(&r, many, view);
    if (status == HUSK_OK && r.left != 0) {
        status = HUSK_ERR_FORMAT;
    }
    if (status != HUSK_OK) {
        memset(view, 0, sizeof *view);
    }
    return status;
}

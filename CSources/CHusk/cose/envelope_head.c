/* Writing an envelope's headers: deterministic CBOR, map keys in bytewise order (RFC 8949 section 4.2.1). */
#include "cose/envelope.h"

#define TAGS_MAX 255

husk_status husk_envelope_metadata_check(const husk_envelope_metadata *metadata)
{
    husk_cbor_reader r;
    husk_bytes text;
    husk_cbor_reader_init(&r, metadata->tags.data, metadata->tags.len);
    for (size_t i = 0; i < metadata->tag_count; i++) {
        if (husk_cbor_read_text(&r, &text) != HUSK_OK) {
            return HUSK_ERR_ARGUMENT;
        }
    }
    bool valid = r.left == 0 && metadata->tag_count <= TAGS_MAX &&
                 metadata->source.len <= HUSK_ENVELOPE_NAME_MAX_BYTES &&
                 metadata->destination.len <= HUSK_ENVELOPE_NAME_MAX_BYTES;
    return valid ? HUSK_OK : HUSK_ERR_ARGUMENT;
}

static void write_name(husk_cbor_writer *w, int64_t label, husk_bytes name)
{
    if (name.len == 0) {
        return;
    }
    husk_cbor_write_int(w, label);
    husk_cbor_write_head(w, HUSK_CBOR_TEXT, name.len);
    husk_cbor_write_raw(w, name.data, name.len);
}

static void write_time(husk_cbor_writer *w, int64_t label, bool there, uint64_t time)
{
    if (there) {
        husk_cbor_write_int(w, label);
        husk_cbor_write_head(w, HUSK_CBOR_UINT, time);
    }
}

static void write_protected(husk_cbor_writer *w, const husk_aead *aead, husk_bytes kid,
                            const husk_envelope_metadata *m)
{
    unsigned claims = (unsigned)(m->source.len != 0) + (m->destination.len != 0) + m->has_deadline + m->has_time;
    unsigned parameters = (unsigned)1 + m->has_deadline + m->has_content_format + (kid.len != 0) + (claims != 0) +
                          m->has_priority + (m->tag_count != 0);
    husk_cbor_write_head(w, HUSK_CBOR_MAP, parameters);
    husk_cbor_write_int(w, HUSK_HEADER_ALG);
    husk_cbor_write_int(w, aead->cose_alg);
    if (m->has_deadline) {
        /* A library that does not know what a deadline is must not open it. */
        husk_cbor_write_int(w, HUSK_HEADER_CRIT);
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, 1);
        husk_cbor_write_int(w, HUSK_HEADER_CWT_CLAIMS);
    }
    if (m->has_content_format) {
        husk_cbor_write_int(w, HUSK_HEADER_CONTENT_TYPE);
        husk_cbor_write_int(w, m->content_format);
    }
    if (kid.len != 0) {
        husk_cbor_write_int(w, HUSK_HEADER_KID);
        husk_cbor_write_bytes(w, kid.data, kid.len);
    }
    if (claims != 0) {
        husk_cbor_write_int(w, HUSK_HEADER_CWT_CLAIMS);
        husk_cbor_write_head(w, HUSK_CBOR_MAP, claims);
        write_name(w, HUSK_CLAIM_ISS, m->source);
        write_name(w, HUSK_CLAIM_AUD, m->destination);
        write_time(w, HUSK_CLAIM_EXP, m->has_deadline, m->deadline);
        write_time(w, HUSK_CLAIM_IAT, m->has_time, m->time);
    }
    if (m->has_priority) {
        husk_cbor_write_int(w, HUSK_ENVELOPE_LABEL_PRIORITY);
        husk_cbor_write_int(w, m->priority);
    }
    if (m->tag_count != 0) {
        husk_cbor_write_int(w, HUSK_ENVELOPE_LABEL_TAGS);
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, m->tag_count);
        husk_cbor_write_raw(w, m->tags.data, m->tags.len);
    }
}

void husk_envelope_write_head(husk_cbor_writer *w, const husk_aead *aead, husk_bytes kid, bool many,
                              const husk_envelope_metadata *metadata, husk_bytes iv, husk_bytes partial_iv,
                              size_t ciphertext_len, husk_bytes *protected_header)
{
    husk_cbor_writer measure;
    husk_cbor_writer_init(&measure, NULL, 0);
    write_protected(&measure, aead, kid, metadata);

    husk_cbor_write_head(w, HUSK_CBOR_TAG, many ? HUSK_TAG_ENCRYPT : HUSK_TAG_ENCRYPT0);
    husk_cbor_write_head(w, HUSK_CBOR_ARRAY, many ? 4 : 3);
    husk_cbor_write_head(w, HUSK_CBOR_BYTES, measure.len);
    *protected_header = (husk_bytes){w->out == NULL ? NULL : w->out + w->len, measure.len};
    write_protected(w, aead, kid, metadata);
    husk_cbor_write_head(w, HUSK_CBOR_MAP, 1);
    husk_cbor_write_int(w, iv.len != 0 ? HUSK_HEADER_IV : HUSK_HEADER_PARTIAL_IV);
    husk_bytes value = iv.len != 0 ? iv : partial_iv;
    husk_cbor_write_bytes(w, value.data, value.len);
    husk_cbor_write_head(w, HUSK_CBOR_BYTES, ciphertext_len);
}

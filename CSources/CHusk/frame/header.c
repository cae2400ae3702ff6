/* What a frame says before it is decrypted: flags, Partial IV, identifier. One encoding for each meaning; everything
 * else is refused. */
#include <string.h>

#include "frame/header.h"
#include "husk/cbor.h"
#include "husk/edhoc.h"
#include "oscore/kudos.h"

#define PARTIAL_IV_LENGTH 0x07
#define FLAGS_RESERVED 0x70 /* kid context, and two bits without a meaning */
#define FLAGS_2_NONCE 0x01

/* A Partial IV length that RFC 8613 reserves: here EDHOC, with the number of the message in the bits above. */
#define EDHOC 0x07
#define EDHOC_KIND_SHIFT 4
#define EDHOC_KIND 0x07
#define EDHOC_FRAGMENT 0x80

static bool take(husk_cbor_reader *rest, size_t len, husk_bytes *field)
{
    if (len > rest->left) {
        return false;
    }
    *field = (husk_bytes){rest->next, len};
    rest->next += len;
    rest->left -= len;
    return true;
}

static husk_status read_protected(uint8_t flags, husk_cbor_reader *rest, husk_frame_header *header)
{
    husk_bytes field;
    if ((flags & FLAGS_RESERVED) != 0) {
        return HUSK_ERR_UNSUPPORTED;
    }
    header->kind = HUSK_FRAME_DATA;
    if ((flags & HUSK_FRAME_FLAG_KUDOS) != 0) {
        header->kind = HUSK_FRAME_KUDOS;
        if (!take(rest, 1, &field)) {
            return HUSK_ERR_FORMAT;
        }
        if (field.data[0] != FLAGS_2_NONCE) {
            return HUSK_ERR_UNSUPPORTED;
        }
    }
    size_t partial_iv_len = flags & PARTIAL_IV_LENGTH;
    if (partial_iv_len == 0 || partial_iv_len > HUSK_OSCORE_PARTIAL_IV_MAX_BYTES ||
        !take(rest, partial_iv_len, &header->partial_iv) ||
        (partial_iv_len > 1 && header->partial_iv.data[0] == 0)) {
        return HUSK_ERR_FORMAT;
    }
    if (header->kind == HUSK_FRAME_KUDOS) {
        if (rest->left == 0 || (rest->next[0] & HUSK_KUDOS_X_RESERVED) != 0 ||
            !take(rest, (size_t)2 + (rest->next[0] & HUSK_KUDOS_X_LENGTH), &header->pair)) {
            return HUSK_ERR_FORMAT;
        }
    }
    return HUSK_OK;
}

husk_status husk_frame_header_read(const uint8_t *frame, size_t len, husk_frame_header *header)
{
    husk_cbor_reader rest;
    husk_bytes first;
    husk_frame_header found = {0};
    husk_cbor_reader_init(&rest, frame, len);
    if (!take(&rest, 1, &first)) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t flags = first.data[0];
    if ((flags & PARTIAL_IV_LENGTH) == EDHOC) {
        found.kind = flags >> EDHOC_KIND_SHIFT & EDHOC_KIND;
        found.fragment = (flags & EDHOC_FRAGMENT) != 0;
        if (found.kind == HUSK_FRAME_DATA || found.kind > HUSK_FRAME_EDHOC_ERROR) {
            return HUSK_ERR_UNSUPPORTED;
        }
    } else {
        husk_status status = read_protected(flags, &rest, &found);
        if (status != HUSK_OK) {
            return status;
        }
    }
    found.has_kid = (flags & HUSK_FRAME_FLAG_KID) != 0;
    if (found.has_kid && husk_edhoc_identifier_read(&rest, &found.kid) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    if (rest.left == 0) {
        return HUSK_ERR_FORMAT;
    }
    found.body = (husk_bytes){rest.next, rest.left};
    *header = found;
    return HUSK_OK;
}

size_t husk_frame_identifier_bytes(const husk_id *id)
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, NULL, 0);
    husk_edhoc_identifier_write(&w, (husk_bytes){id->bytes, id->len});
    return w.len;
}

size_t husk_frame_edhoc_header(uint8_t kind, bool fragment, const husk_id *kid,
                               uint8_t out[1 + 1 + HUSK_OSCORE_ID_MAX_BYTES])
{
    out[0] = (uint8_t)(kind << EDHOC_KIND_SHIFT | EDHOC | (fragment ? EDHOC_FRAGMENT : 0));
    if (kid == NULL) {
        return 1;
    }
    husk_cbor_writer w;
    out[0] |= HUSK_FRAME_FLAG_KID;
    husk_cbor_writer_init(&w, out + 1, 1 + HUSK_OSCORE_ID_MAX_BYTES);
    husk_edhoc_identifier_write(&w, (husk_bytes){kid->bytes, kid->len});
    return 1 + w.len;
}

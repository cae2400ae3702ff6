/* Byte string identifiers: connection identifiers and kid values on the wire (RFC 9528 section 3.3.2). */
#include "husk/edhoc.h"

/* One byte that is the encoding of an integer: 0x00..0x17 (0..23) or 0x20..0x37 (-1..-24). */
static bool is_integer(uint8_t byte)
{
    return (byte & 0xdf) <= 0x17;
}

void husk_edhoc_identifier_write(husk_cbor_writer *w, husk_bytes identifier)
{
    if (identifier.len == 1 && is_integer(identifier.data[0])) {
        husk_cbor_write_raw(w, identifier.data, 1);
        return;
    }
    husk_cbor_write_bytes(w, identifier.data, identifier.len);
}

husk_status husk_edhoc_identifier_read(husk_cbor_reader *r, husk_bytes *identifier)
{
    if (r->left == 0) {
        return HUSK_ERR_FORMAT;
    }
    if (is_integer(r->next[0])) {
        *identifier = (husk_bytes){r->next, 1};
        r->next++;
        r->left--;
        return HUSK_OK;
    }
    husk_cbor_reader at = *r;
    husk_bytes value;
    husk_status status = husk_cbor_read_bytes(&at, &value);
    if (status != HUSK_OK) {
        return status;
    }
    if (value.len == 1 && is_integer(value.data[0])) {
        return HUSK_ERR_FORMAT;
    }
    *r = at;
    *identifier = value;
    return HUSK_OK;
}

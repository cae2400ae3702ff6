/* CBOR reader: zero copy, strict (shortest heads, definite lengths), without recursion. A local copy of the reader
 * walks ahead and replaces the caller's once the read has succeeded. */
#include "husk/cbor.h"

void husk_cbor_reader_init(husk_cbor_reader *r, const uint8_t *data, size_t len)
{
    r->next = data;
    r->left = len;
}

int husk_cbor_peek(const husk_cbor_reader *r)
{
    return r->left == 0 ? -1 : r->next[0] >> 5;
}

husk_status husk_cbor_read_head(husk_cbor_reader *r, uint8_t *major, uint64_t *argument)
{
    if (r->left == 0) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t type = r->next[0] >> 5;
    uint8_t info = r->next[0] & 31;
    size_t len = 1;
    uint32_t high = 0;
    uint32_t low = info;
    if (info >= 24) {
        if (info > 27) { /* reserved, or indefinite length */
            return HUSK_ERR_FORMAT;
        }
        len += (size_t)1 << (info - 24);
        if (r->left < len) {
            return HUSK_ERR_FORMAT;
        }
        low = 0;
        uint8_t upper_half = 0;
        for (size_t i = 1; i < len; i++) {
            if (i <= len / 2) {
                upper_half |= r->next[i];
            }
            high = high << 8 | low >> 24;
            low = low << 8 | r->next[i];
        }
        bool shortest = upper_half != 0 || type == HUSK_CBOR_SIMPLE; /* the width of a float is part of its value */
        if (info == 24) {
            shortest = low >= (type == HUSK_CBOR_SIMPLE ? 32 : 24);
        }
        if (!shortest) {
            return HUSK_ERR_FORMAT;
        }
    }
    if ((type == HUSK_CBOR_BYTES || type == HUSK_CBOR_TEXT) && (high != 0 || low > r->left - len)) {
        return HUSK_ERR_FORMAT;
    }
    r->next += len;
    r->left -= len;
    *major = type;
    *argument = (uint64_t)high << 32 | low;
    return HUSK_OK;
}

/* Reads a head that must have this major type and an argument that is a size. */
static husk_status read_size(husk_cbor_reader *r, uint8_t major, size_t *size)
{
    husk_cbor_reader ahead = *r;
    uint8_t actual;
    uint64_t argument;
    husk_status status = husk_cbor_read_head(&ahead, &actual, &argument);
    if (status != HUSK_OK || actual != major || argument > SIZE_MAX) {
        return HUSK_ERR_FORMAT;
    }
    *size = (size_t)argument;
    *r = ahead;
    return HUSK_OK;
}

husk_status husk_cbor_read_uint(husk_cbor_reader *r, uint64_t *value)
{
    husk_cbor_reader ahead = *r;
    uint8_t major;
    uint64_t argument;
    if (husk_cbor_read_head(&ahead, &major, &argument) != HUSK_OK || major != HUSK_CBOR_UINT) {
        return HUSK_ERR_FORMAT;
    }
    *value = argument;
    *r = ahead;
    return HUSK_OK;
}

husk_status husk_cbor_read_int(husk_cbor_reader *r, int64_t *value)
{
    husk_cbor_reader ahead = *r;
    uint8_t major;
    uint64_t argument;
    if (husk_cbor_read_head(&ahead, &major, &argument) != HUSK_OK || argument > INT64_MAX ||
        (major != HUSK_CBOR_UINT && major != HUSK_CBOR_NINT)) {
        return HUSK_ERR_FORMAT;
    }
    *value = major == HUSK_CBOR_NINT ? -1 - (int64_t)argument : (int64_t)argument;
    *r = ahead;
    return HUSK_OK;
}

static husk_status read_string(husk_cbor_reader *r, uint8_t major, husk_bytes *value)
{
    size_t len;
    husk_status status = read_size(r, major, &len);
    if (status != HUSK_OK) {
        return status;
    }
    value->data = r->next;
    value->len = len;
    r->next += len;
    r->left -= len;
    return HUSK_OK;
}

husk_status husk_cbor_read_bytes(husk_cbor_reader *r, husk_bytes *value)
{
    return read_string(r, HUSK_CBOR_BYTES, value);
}

husk_status husk_cbor_read_text(husk_cbor_reader *r, husk_bytes *value)
{
    return read_string(r, HUSK_CBOR_TEXT, value);
}

/* Every item takes at least one byte, so a count that exceeds the bytes left cannot be true; and a pair takes two. */
static husk_status read_count(husk_cbor_reader *r, uint8_t major, size_t *count)
{
    husk_cbor_reader ahead = *r;
    size_t stated;
    husk_status status = read_size(&ahead, major, &stated);
    if (status != HUSK_OK || stated > ahead.left >> (major == HUSK_CBOR_MAP)) {
        return HUSK_ERR_FORMAT;
    }
    *count = stated;
    *r = ahead;
    return HUSK_OK;
}

husk_status husk_cbor_read_array(husk_cbor_reader *r, size_t *count)
{
    return read_count(r, HUSK_CBOR_ARRAY, count);
}

husk_status husk_cbor_read_map(husk_cbor_reader *r, size_t *pairs)
{
    return read_count(r, HUSK_CBOR_MAP, pairs);
}

husk_status husk_cbor_read_bool(husk_cbor_reader *r, bool *value)
{
    if (r->left == 0 || (r->next[0] & 0xfe) != 0xf4) { /* the heads of false and true */
        return HUSK_ERR_FORMAT;
    }
    *value = (r->next[0] & 1) != 0;
    r->next++;
    r->left--;
    return HUSK_OK;
}

husk_status husk_cbor_skip(husk_cbor_reader *r, husk_bytes *item)
{
    husk_cbor_reader ahead = *r;
    /* Items still to come, over all levels of nesting: never more than the bytes left, so it cannot overflow. */
    size_t pending = 1;
    do {
        uint8_t major;
        uint64_t argument;
        if (husk_cbor_read_head(&ahead, &major, &argument) != HUSK_OK) {
            return HUSK_ERR_FORMAT;
        }
        pending--;
        if (major == HUSK_CBOR_BYTES || major == HUSK_CBOR_TEXT) {
            ahead.next += (size_t)argument;
            ahead.left -= (size_t)argument;
        }
        if (pending > ahead.left) {
            return HUSK_ERR_FORMAT;
        }
        if (major == HUSK_CBOR_TAG) {
            argument = 1;
        }
        if (major == HUSK_CBOR_ARRAY || major == HUSK_CBOR_MAP || major == HUSK_CBOR_TAG) {
            const unsigned pairs = major == HUSK_CBOR_MAP;
            if (argument > (ahead.left - pending) >> pairs) {
                return HUSK_ERR_FORMAT;
            }
            pending += (size_t)argument << pairs;
        }
    } while (pending > 0);
    if (item != NULL) {
        item->data = r->next;
        item->len = (size_t)(ahead.next - r->next);
    }
    *r = ahead;
    return HUSK_OK;
}

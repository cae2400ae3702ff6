/* What all block-wise transfers share: the Block options (RFC 7959 section 2.2) and the codes that answer errors. */
#include "coap/block.h"

#define OPTION_MAX_BYTES 3
#define SZX_RESERVED 7
#define MORE_BIT 8

husk_status husk_block_find(husk_bytes options, uint32_t number, husk_block *block, bool *found)
{
    husk_coap_options walk;
    husk_coap_options_init(&walk, options);
    uint32_t actual;
    husk_bytes value;
    husk_bytes option = {NULL, 0};
    unsigned count = 0;
    while (husk_coap_option_next(&walk, &actual, &value)) {
        if (actual == number) {
            option = value;
            count++;
        }
    }
    *found = count > 0;
    if (count > 1 || option.len > OPTION_MAX_BYTES) {
        return HUSK_ERR_UNSUPPORTED;
    }
    uint32_t packed = 0;
    (void)husk_coap_option_uint(option, &packed);
    block->szx = packed & 7;
    block->more = (packed & MORE_BIT) != 0;
    block->num = packed >> 4;
    return block->szx == SZX_RESERVED ? HUSK_ERR_FORMAT : HUSK_OK;
}

void husk_block_write(husk_coap_writer *w, uint32_t number, const husk_block *block)
{
    if (block->num > HUSK_BLOCK_NUM_MAX || block->szx > HUSK_BLOCK_SZX_MAX) {
        w->status = HUSK_ERR_ARGUMENT;
        return;
    }
    husk_coap_write_option_uint(w, number, block->num << 4 | (block->more ? MORE_BIT : 0u) | block->szx);
}

husk_status husk_block_find_payload(const husk_coap_message *message, uint32_t number, husk_block *block, bool *found)
{
    husk_status status = husk_block_find(message->options, number, block, found);
    if (status != HUSK_OK || !*found) {
        return status;
    }
    size_t size = HUSK_BLOCK_BYTES(block->szx);
    bool fits = block->more ? message->payload.len == size : message->payload.len <= size;
    return fits ? HUSK_OK : HUSK_ERR_FORMAT;
}

uint32_t husk_block_uint(husk_bytes options, uint32_t number)
{
    husk_bytes value;
    uint32_t found;
    if (!husk_coap_option_find(options, number, &value) || husk_coap_option_uint(value, &found) != HUSK_OK) {
        return HUSK_BLOCK_NONE;
    }
    return found < HUSK_BLOCK_NONE ? found : HUSK_BLOCK_NONE - 1;
}

uint8_t husk_block_error_code(husk_status status)
{
    switch (status) {
    case HUSK_ERR_FORMAT:
        return HUSK_COAP_BAD_REQUEST;
    case HUSK_ERR_UNSUPPORTED:
        return HUSK_COAP_BAD_OPTION;
    case HUSK_ERR_ORDER:
        return HUSK_COAP_REQUEST_ENTITY_INCOMPLETE;
    case HUSK_ERR_BUFFER:
        return HUSK_COAP_REQUEST_ENTITY_TOO_LARGE;
    default:
        return HUSK_COAP_INTERNAL_SERVER_ERROR;
    }
}

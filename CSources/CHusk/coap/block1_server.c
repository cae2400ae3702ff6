/* Request bodies as the server assembles them (RFC 7959 section 2.5), each from the blocks of one operation alone
 * (RFC 9175 section 3.3). */
#include <string.h>

#include "coap/block.h"
#include "coap/message.h"

_Static_assert(sizeof(husk_block1_server) <= 2 * sizeof(void *) + 16, "a small state");

#define CAP_MAX ((size_t)1 << 30)

/* Options that may differ between the requests of one operation: the Block options, elective ones that are no part of
 * the cache key (Size1, Size2 and Echo among them), and If-None-Match, which stands in the first request alone
 * (RFC 7959 section 2.10). */
static bool is_in_key(uint32_t number)
{
    bool no_cache_key = (number & 0x1f) == 0x1c; /* RFC 7252 section 5.4.6, and even */
    return !no_cache_key && number != HUSK_COAP_BLOCK1 && number != HUSK_COAP_BLOCK2 &&
           number != HUSK_COAP_IF_NONE_MATCH;
}

static bool next_in_key(husk_coap_options *walk, uint32_t *number, husk_bytes *value)
{
    while (husk_coap_option_next(walk, number, value)) {
        if (is_in_key(*number)) {
            return true;
        }
    }
    return false;
}

/* Method and options of the operation that this request belongs to. The length may be beyond what fits. */
static size_t write_key(const husk_coap_message *request, uint8_t *out, size_t cap)
{
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, out, cap);
    husk_coap_write_raw(&w, &request->code, 1);
    husk_coap_options walk;
    husk_coap_options_init(&walk, request->options);
    uint32_t number;
    husk_bytes value;
    while (next_in_key(&walk, &number, &value)) {
        husk_coap_write_option(&w, number, value.data, value.len);
    }
    return w.len;
}

bool husk_block1_server_matches(const husk_block1_server *server, const husk_coap_message *request)
{
    if (server->key_len == 0 || server->key[0] != request->code) {
        return false;
    }
    husk_coap_options own;
    husk_coap_options other;
    husk_coap_options_init(&own, (husk_bytes){server->key + 1, server->key_len - 1u});
    husk_coap_options_init(&other, request->options);
    uint32_t number;
    uint32_t other_number;
    husk_bytes value;
    husk_bytes other_value;
    while (husk_coap_option_next(&own, &number, &value)) {
        if (!next_in_key(&other, &other_number, &other_value) || number != other_number ||
            value.len != other_value.len || !husk_equal(value.data, other_value.data, value.len)) {
            return false;
        }
    }
    return !next_in_key(&other, &other_number, &other_value);
}

husk_status husk_block1_server_init(husk_block1_server *server, uint8_t *body, size_t body_cap, uint8_t *key,
                                    size_t key_cap, uint8_t szx)
{
    if (szx > HUSK_BLOCK_SZX_MAX || body_cap > CAP_MAX || key_cap > UINT16_MAX) {
        return HUSK_ERR_ARGUMENT;
    }
    *server = (husk_block1_server){
        .body = body, .key = key, .body_cap = (uint32_t)body_cap, .key_cap = (uint16_t)key_cap, .szx = szx};
    return HUSK_OK;
}

void husk_block1_server_drop(husk_block1_server *server)
{
    server->key_len = 0;
    server->len = 0;
}

/* Whether the block has a place in an operation and in the memory; nothing is changed. */
static husk_status check(const husk_block1_server *server, const husk_coap_message *request, const husk_block *block,
                         size_t *key_len)
{
    size_t at = 0;
    if (block->num > 0) {
        at = block->num * HUSK_BLOCK_BYTES(block->szx); /* at most 2^30 */
        if (at != server->len || !husk_block1_server_matches(server, request)) {
            return HUSK_ERR_ORDER;
        }
    } else {
        uint32_t size = husk_block_uint(request->options, HUSK_COAP_SIZE1);
        *key_len = write_key(request, NULL, 0);
        if (*key_len > server->key_cap || (size != HUSK_BLOCK_NONE && size > server->body_cap)) {
            return HUSK_ERR_BUFFER;
        }
    }
    return request->payload.len <= server->body_cap - at ? HUSK_OK : HUSK_ERR_BUFFER;
}

static void store(husk_block1_server *server, const husk_coap_message *request, const husk_block *block, size_t key_len)
{
    if (block->num == 0) {
        (void)write_key(request, server->key, server->key_cap);
        server->key_len = (uint16_t)key_len;
        server->len = 0;
    }
    if (request->payload.len > 0) {
        memcpy(server->body + server->len, request->payload.data, request->payload.len);
        server->len += (uint32_t)request->payload.len;
    }
}

husk_status husk_block1_server_take(husk_block1_server *server, const husk_coap_message *request,
                                    husk_block1_answer *answer)
{
    *answer = (husk_block1_answer){0};
    husk_block block;
    size_t key_len = 0;
    husk_status status = husk_block_find_payload(request, HUSK_COAP_BLOCK1, &block, &answer->has_block);
    if (status == HUSK_OK && !answer->has_block) {
        answer->body = request->payload;
        return HUSK_OK;
    }
    if (status == HUSK_OK) {
        status = check(server, request, &block, &key_len);
    }
    if (status != HUSK_OK) {
        answer->code = husk_block_error_code(status);
        answer->has_block = false;
        answer->has_size = status == HUSK_ERR_BUFFER;
        answer->size = server->body_cap;
        return status;
    }
    store(server, request, &block, key_len);
    answer->block = block;
    answer->block.szx = husk_block_smaller(block.szx, server->szx);
    if (block.more) {
        answer->code = HUSK_COAP_CONTINUE;
        return HUSK_OK;
    }
    answer->body = (husk_bytes){server->body, server->len};
    husk_block1_server_drop(server);
    return HUSK_OK;
}

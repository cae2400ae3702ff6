/* Response bodies (RFC 7959 section 2.4): the block a server answers with, and the client's assembly of them. */
#include <string.h>

#include "coap/block.h"

_Static_assert(sizeof(husk_block2_client) <= sizeof(void *) + 32, "a small state");

#define CAP_MAX ((size_t)1 << 30)

husk_status husk_block2_slice(husk_bytes body, uint8_t szx, const husk_coap_message *request, husk_block_slice *slice)
{
    if (szx > HUSK_BLOCK_SZX_MAX || body.len > HUSK_BLOCK_BODY_MAX_BYTES(szx)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_block wanted;
    bool found;
    husk_status status = husk_block_find(request->options, HUSK_COAP_BLOCK2, &wanted, &found);
    if (status != HUSK_OK) {
        return status;
    }
    size_t at = 0;
    if (found) {
        at = wanted.num * HUSK_BLOCK_BYTES(wanted.szx); /* below 2^30 */
        szx = husk_block_smaller(szx, wanted.szx);
    }
    if (at > 0 && at >= body.len) {
        return HUSK_ERR_FORMAT;
    }
    size_t left = body.len - at;
    size_t size = HUSK_BLOCK_BYTES(szx);
    bool more = left > size;
    slice->is_block = found || more;
    slice->block.num = (uint32_t)(at / size);
    slice->block.szx = szx;
    slice->block.more = more;
    slice->payload.data = left > 0 ? body.data + at : NULL;
    slice->payload.len = more ? size : left;
    return HUSK_OK;
}

husk_status husk_block2_client_init(husk_block2_client *client, uint8_t *body, size_t body_cap, uint8_t szx)
{
    if (szx > HUSK_BLOCK_SZX_MAX || body_cap > CAP_MAX) {
        return HUSK_ERR_ARGUMENT;
    }
    *client = (husk_block2_client){.body = body, .body_cap = (uint32_t)body_cap, .szx = szx};
    return HUSK_OK;
}

void husk_block2_client_next(const husk_block2_client *client, husk_block *block)
{
    block->num = (uint32_t)(client->len / HUSK_BLOCK_BYTES(client->szx));
    block->szx = client->szx;
    block->more = false;
}

/* What the responses of one body have in common. */
typedef struct identity {
    husk_bytes etag;
    uint32_t format;
    uint32_t size;
} identity;

static identity identify(const husk_coap_message *response)
{
    identity own = {.etag = {NULL, 0}};
    husk_bytes etag;
    if (husk_coap_option_find(response->options, HUSK_COAP_ETAG, &etag)) {
        own.etag = etag;
    }
    own.format = husk_block_uint(response->options, HUSK_COAP_CONTENT_FORMAT);
    own.size = husk_block_uint(response->options, HUSK_COAP_SIZE2);
    return own;
}

/* Size2 is an estimate (RFC 7959 section 4): it is held against the server only where there is no ETag to go by. */
static bool is_same_body(const husk_block2_client *client, const husk_coap_message *response, const identity *other)
{
    bool other_size = client->size != HUSK_BLOCK_NONE && other->size != HUSK_BLOCK_NONE && client->size != other->size;
    return response->code == client->code && other->format == client->format &&
           other->etag.len == client->etag_len && husk_equal(other->etag.data, client->etag, client->etag_len) &&
           !(client->etag_len == 0 && other_size);
}

static husk_status check(const husk_block2_client *client, const husk_coap_message *response, const husk_block *block,
                         const identity *other)
{
    if (other->etag.len > HUSK_ETAG_MAX_BYTES) {
        return HUSK_ERR_FORMAT;
    }
    if (client->begun && !is_same_body(client, response, other)) {
        return HUSK_ERR_CHANGED;
    }
    if (client->begun && block->szx > client->szx) {
        return HUSK_ERR_FORMAT;
    }
    if (block->num * HUSK_BLOCK_BYTES(block->szx) != client->len) {
        return HUSK_ERR_ORDER;
    }
    bool size_fits = other->size == HUSK_BLOCK_NONE || other->size <= client->body_cap;
    if (!size_fits || response->payload.len > client->body_cap - client->len) {
        return HUSK_ERR_BUFFER;
    }
    size_t size = HUSK_BLOCK_BYTES(husk_block_smaller(client->szx, block->szx));
    bool next_has_number = (client->len + response->payload.len) / size <= HUSK_BLOCK_NUM_MAX;
    return next_has_number || !block->more ? HUSK_OK : HUSK_ERR_BUFFER;
}

static void store(husk_block2_client *client, const husk_coap_message *response, const husk_block *block,
                  const identity *other)
{
    if (!client->begun) {
        client->begun = true;
        client->code = response->code;
        client->format = other->format;
        client->size = HUSK_BLOCK_NONE;
        client->etag_len = (uint8_t)other->etag.len;
        if (other->etag.len > 0) {
            memcpy(client->etag, other->etag.data, other->etag.len);
        }
    }
    if (other->size != HUSK_BLOCK_NONE) {
        client->size = other->size;
    }
    if (response->payload.len > 0) {
        memcpy(client->body + client->len, response->payload.data, response->payload.len);
        client->len += (uint32_t)response->payload.len;
    }
    client->szx = husk_block_smaller(client->szx, block->szx);
    client->done = !block->more;
}

husk_status husk_block2_client_take(husk_block2_client *client, const husk_coap_message *response, bool *done)
{
    if (client->done) {
        return HUSK_ERR_STATE;
    }
    husk_block block;
    bool found;
    husk_status status = husk_block_find_payload(response, HUSK_COAP_BLOCK2, &block, &found);
    if (status != HUSK_OK) {
        return status;
    }
    if (!found && client->begun) {
        return HUSK_ERR_CHANGED;
    }
    const identity other = identify(response);
    status = check(client, response, &block, &other);
    if (status != HUSK_OK) {
        return status;
    }
    store(client, response, &block, &other);
    *done = client->done;
    return HUSK_OK;
}

/* Request bodies as the client sends them (RFC 7959 section 2.5), and the choice of their Request-Tag (RFC 9175 section
 * 3). */
#include "coap/block.h"

_Static_assert(sizeof(husk_block1_client) <= 4 * sizeof(void *), "a small state");

#define CODE_CLASS(code) ((code) >> 5)

void husk_request_tag_choose(husk_request_tag *tag, bool unconcluded, uint64_t unique)
{
    *tag = (husk_request_tag){.present = unconcluded};
    if (!unconcluded) {
        return;
    }
    uint8_t len = 1;
    while (len < HUSK_REQUEST_TAG_MAX_BYTES && unique >> (8 * len) != 0) {
        len++;
    }
    tag->len = len;
    for (uint8_t i = len; i > 0; i--) {
        tag->bytes[i - 1] = (uint8_t)unique;
        unique >>= 8;
    }
}

/* The block at client->offset, which is a multiple of the block size: offsets grow by whole blocks, and sizes only
 * shrink. */
static void cut(const husk_block1_client *client, husk_block_slice *slice)
{
    size_t left = client->body.len - client->offset;
    size_t size = HUSK_BLOCK_BYTES(client->szx);
    bool more = left > size;
    slice->is_block = true;
    slice->block.num = (uint32_t)(client->offset / size);
    slice->block.szx = client->szx;
    slice->block.more = more;
    slice->payload.data = left > 0 ? client->body.data + client->offset : NULL;
    slice->payload.len = more ? size : left;
}

husk_status husk_block1_client_init(husk_block1_client *client, husk_bytes body, uint8_t szx)
{
    if (szx > HUSK_BLOCK_SZX_MAX || body.len > HUSK_BLOCK_BODY_MAX_BYTES(szx)) {
        return HUSK_ERR_ARGUMENT;
    }
    *client = (husk_block1_client){.body = body, .szx = szx};
    return HUSK_OK;
}

husk_status husk_block1_client_next(husk_block1_client *client, husk_block_slice *slice)
{
    if (client->done) {
        return HUSK_ERR_STATE;
    }
    cut(client, slice);
    client->outstanding = (uint8_t)(client->outstanding + (client->outstanding < UINT8_MAX ? 1 : 0));
    return HUSK_OK;
}

/* Smaller blocks, if they can number the body. */
static void reduce(husk_block1_client *client, uint8_t szx)
{
    if (szx < client->szx && client->body.len <= HUSK_BLOCK_BODY_MAX_BYTES(szx)) {
        client->szx = szx;
    }
}

/* What an answer means for the transfer: *accepted, the server has the block and wants the next one; or *again, it may
 * want the body in smaller blocks; else this is the end. */
static husk_status judge(const husk_block1_client *client, const husk_coap_message *response, husk_block *block,
                         bool *accepted, bool *again)
{
    bool found;
    husk_status status = husk_block_find(response->options, HUSK_COAP_BLOCK1, block, &found);
    if (status != HUSK_OK) {
        return status;
    }
    husk_block_slice sent;
    cut(client, &sent);
    bool success = CODE_CLASS(response->code) == 2;
    if (success && found && block->num != sent.block.num) {
        return HUSK_ERR_ORDER;
    }
    /* To a block in the middle a server that acts on each one says 2.04 and the like (RFC 7959 figure 8). */
    bool contradictory = sent.block.more ? success && !found : response->code == HUSK_COAP_CONTINUE;
    if (contradictory) {
        return HUSK_ERR_FORMAT;
    }
    *accepted = success && sent.block.more;
    *again = response->code == HUSK_COAP_REQUEST_ENTITY_TOO_LARGE && found && block->szx < client->szx &&
             client->body.len <= HUSK_BLOCK_BODY_MAX_BYTES(block->szx);
    return HUSK_OK;
}

husk_status husk_block1_client_take(husk_block1_client *client, const husk_coap_message *response, bool *done)
{
    if (client->done || client->outstanding == 0) {
        return HUSK_ERR_STATE;
    }
    husk_block block;
    bool accepted;
    bool again;
    husk_status status = judge(client, response, &block, &accepted, &again);
    if (status != HUSK_OK) {
        return status;
    }
    if (client->outstanding < UINT8_MAX) {
        client->outstanding--;
    }
    if (accepted) {
        client->offset += (uint32_t)HUSK_BLOCK_BYTES(client->szx);
        reduce(client, block.szx);
    } else if (again) {
        client->offset = 0;
        reduce(client, block.szx);
    } else {
        client->done = true;
    }
    *done = client->done;
    return HUSK_OK;
}

bool husk_block1_client_is_concluded(const husk_block1_client *client)
{
    return client->outstanding == 0;
}

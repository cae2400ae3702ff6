/* Block-wise transfer at the endpoint (RFC 7959): a request goes out block by block, its response comes in block by
 * block, each under OSCORE on its own. */
#include <string.h>

#include "device/steps.h"

/* The options of a block at most: Block1 with Size1, or with another number but then alone; an Echo as Husk's gateway
 * asks for; the Request-Tag, which is a sequence number. */
#define SIZE_END ((size_t)1 << 24) /* longer bodies go without Size1, which is a hint */
#define OPTIONS_MAX_BYTES (3 + 5 + 2 + HUSK_OSCORE_ECHO_BYTES + 2 + HUSK_OSCORE_PARTIAL_IV_MAX_BYTES)

/* The request, from its beginning. */
static husk_status restart(husk_device *device, const husk_device_request *request)
{
    husk_device_blocks *blocks = device->config->blocks;
    blocks->upload = (husk_block1_client){.done = true};
    blocks->slice.is_block = false;
    blocks->tag.present = false;
    blocks->uploading = false;
    husk_status status = husk_block2_client_init(&blocks->download, blocks->body, blocks->body_cap, blocks->szx);
    if (status == HUSK_OK) {
        status = husk_device_check_request(device, request, 0);
    }
    if (status != HUSK_ERR_BUFFER || device->about_observation) {
        return status;
    }
    /* The largest blocks that the buffer has room for. */
    husk_device_request one = *request;
    for (uint8_t szx = HUSK_BLOCK_SZX_MAX + 1; szx > 0; szx--) {
        one.payload.len = HUSK_BLOCK_BYTES(szx - 1);
        if (husk_device_check_request(device, &one, OPTIONS_MAX_BYTES) == HUSK_OK) {
            status = husk_block1_client_init(&blocks->upload, request->payload, (uint8_t)(szx - 1));
            blocks->uploading = status == HUSK_OK;
            return status;
        }
    }
    return HUSK_ERR_BUFFER;
}

static husk_status begin(husk_device *device, const husk_device_request *request)
{
    husk_device_blocks *blocks = device->config->blocks;
    blocks->clean = blocks->clean && husk_block1_client_is_concluded(&blocks->upload);
    return restart(device, request);
}

/* Notices that the context is another one than that of the last message: the request then begins anew. */
static husk_status follow_context(husk_device *device)
{
    husk_device_blocks *blocks = device->config->blocks;
    const husk_oscore_context *context = &device->oscore;
    if (memcmp(blocks->context_mark, context->common_iv, sizeof blocks->context_mark) == 0) {
        return HUSK_OK;
    }
    memcpy(blocks->context_mark, context->common_iv, sizeof blocks->context_mark);
    blocks->clean = context->sender_sequence == 0; /* otherwise it is not known what went out under it */
    return restart(device, device->request);
}

static husk_status next(husk_device *device, husk_bytes *payload)
{
    husk_device_blocks *blocks = device->config->blocks;
    husk_status status = follow_context(device);
    if (status == HUSK_OK && blocks->uploading) {
        if (blocks->upload.offset == 0) {
            husk_request_tag_choose(&blocks->tag, !blocks->clean, device->oscore.sender_sequence);
        }
        status = husk_block1_client_next(&blocks->upload, &blocks->slice);
        *payload = blocks->slice.payload;
        return status;
    }
    blocks->slice.is_block = false;
    if (blocks->download.begun) {
        *payload = (husk_bytes){NULL, 0};
    }
    return status;
}

static void write_options(const husk_device *device, husk_coap_writer *w, const husk_bytes *echo)
{
    const husk_device_blocks *blocks = device->config->blocks;
    const husk_block_slice *slice = &blocks->slice;
    bool last = !slice->is_block || !slice->block.more;
    if (blocks->download.begun || (blocks->propose && last)) {
        husk_block wanted;
        husk_block2_client_next(&blocks->download, &wanted);
        husk_block_write(w, HUSK_COAP_BLOCK2, &wanted);
    }
    if (slice->is_block) {
        husk_block_write(w, HUSK_COAP_BLOCK1, &slice->block);
        if (slice->block.num == 0 && blocks->upload.body.len < SIZE_END) {
            husk_coap_write_option_uint(w, HUSK_COAP_SIZE1, (uint32_t)blocks->upload.body.len);
        }
    }
    if (echo != NULL) {
        husk_coap_write_option(w, HUSK_COAP_ECHO, echo->data, echo->len);
    }
    if (blocks->tag.present) {
        husk_coap_write_option(w, HUSK_COAP_REQUEST_TAG, blocks->tag.bytes, blocks->tag.len);
    }
}

/* The next message of the request. If the key is used up, under the next one. */
static husk_status go_on(husk_device *device)
{
    husk_status status = husk_device_send_request(device, NULL, HUSK_DEVICE_WAIT_RESPONSE);
    if (status == HUSK_ERR_EXHAUSTED && husk_oscore_is_exhausted(&device->oscore) && !device->reauthenticated) {
        device->reauthenticated = true;
        status = device->config->profile->authenticate(device);
    }
    return status;
}

/* *done: this was the last response; its payload is made that of all blocks. */
static husk_status take_body(husk_device_blocks *blocks, husk_coap_message *response, bool *done)
{
    husk_block block;
    bool found;
    husk_status status = husk_block_find(response->options, HUSK_COAP_BLOCK2, &block, &found);
    bool whole = !found || (block.num == 0 && !block.more);
    if (status != HUSK_OK || (whole && !blocks->download.begun)) {
        return status;
    }
    status = husk_block2_client_take(&blocks->download, response, done);
    response->payload = (husk_bytes){blocks->body, blocks->download.len};
    return status;
}

static bool take(husk_device *device, husk_coap_message *response, husk_event *event)
{
    husk_device_blocks *blocks = device->config->blocks;
    bool done = true;
    husk_status status = HUSK_OK;
    if (blocks->uploading) {
        status = husk_block1_client_take(&blocks->upload, response, &done);
        blocks->uploading = !done;
    }
    if (status == HUSK_OK && done) {
        status = take_body(blocks, response, &done);
    }
    if (status == HUSK_OK && !done) {
        status = go_on(device);
    }
    if (status != HUSK_OK) {
        husk_device_fail(device, status, response->code, event);
        return true;
    }
    return !done;
}

const husk_blockwise_functions husk_blockwise = {
    .begin = begin,
    .next = next,
    .write_options = write_options,
    .take = take,
};

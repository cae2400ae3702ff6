/* Block-wise transfers (RFC 7959), as requests and responses arrive that were verified, or not protected at all. The
 * first byte chooses: 0 requests at a server that assembles their body; 1 responses at a client that does; 2 requests
 * for blocks of a response body; 3 answers to a client that sends a body. Each message that follows is its length and
 * the message from its code on.
 *
 * seed: 00 17 03 d10e08 ff 30313233343536373839303132333435 08 03 d10e10 ff 363738
 * seed: 00 06 03 d10e07 ff 31
 * seed: 00 05 03 d10e0f ff 31 04 03 d10e20
 * seed: 00 29 03 bd05 [18] d10308 ff 30313233343536373839303132333435
 * seed: 01 17 45 d10a08 ff 30313233343536373839303132333435 08 45 d10a10 ff 363738
 * seed: 01 05 45 d10a07 ff 31
 * seed: 01 03 45 ff31
 * seed: 02 04 01 d10a10 04 01 d10a03 01 01 04 01 d10af0
 * seed: 03 04 5f d10e08 04 5f d10e18 04 44 d10e20
 * seed: 03 04 8d d10e01 01 8d */
#include "husk/block.h"
#include "support/fuzz.h"

FUZZ_GOALS(ASSEMBLED, RECEIVED, SLICED, SENT, REFUSED);

#define BODY_MAX 64
#define KEY_MAX 16

static const uint8_t body_out[100];

void fuzz_setup(void)
{
}

/* The next message; false at the end. One that is not CoAP is passed over. */
static bool next(fuzz_input *in, husk_coap_message *message)
{
    while (in->len > 0) {
        husk_bytes content = fuzz_take(in, fuzz_byte(in));
        static uint8_t datagram[4 + 256];
        memcpy(datagram, "\x40\x00\x00\x00", 4);
        if (content.len > 0) {
            datagram[1] = content.data[0];
            memcpy(datagram + 4, content.data + 1, content.len - 1);
        }
        size_t len = content.len > 0 ? content.len + 3 : 4;
        if (husk_coap_decode(fuzz_exact(datagram, len), len, message) == HUSK_OK) {
            return true;
        }
    }
    return false;
}

static void serve(fuzz_input *in)
{
    husk_block1_server server;
    husk_block1_answer answer;
    husk_coap_message request;
    uint8_t *body = fuzz_exact(body_out, BODY_MAX);
    uint8_t *key = fuzz_exact(body_out, KEY_MAX);
    FUZZ_OK(husk_block1_server_init(&server, body, BODY_MAX, key, KEY_MAX, 2));
    while (next(in, &request)) {
        const husk_block1_server before = server;
        husk_status status = husk_block1_server_take(&server, &request, &answer);
        FUZZ_CHECK(server.len <= BODY_MAX && server.key_len <= KEY_MAX);
        if (status != HUSK_OK) {
            FUZZ_CHECK(memcmp(&server, &before, sizeof server) == 0 && answer.code >= HUSK_COAP_BAD_REQUEST);
            fuzz_reached(REFUSED);
            continue;
        }
        if (answer.code == 0) {
            FUZZ_CHECK(answer.body.len <= BODY_MAX || answer.body.data == request.payload.data);
            fuzz_reached(ASSEMBLED);
        }
    }
}

static void fetch(fuzz_input *in)
{
    husk_block2_client client;
    husk_coap_message response;
    husk_block block;
    bool done = false;
    FUZZ_OK(husk_block2_client_init(&client, fuzz_exact(body_out, BODY_MAX), BODY_MAX, 2));
    while (next(in, &response)) {
        const husk_block2_client before = client;
        husk_block2_client_next(&client, &block);
        FUZZ_CHECK(block.szx <= 2);
        husk_status status = husk_block2_client_take(&client, &response, &done);
        FUZZ_CHECK(client.len <= BODY_MAX);
        if (status != HUSK_OK) {
            FUZZ_CHECK(memcmp(&client, &before, sizeof client) == 0);
            fuzz_reached(REFUSED);
            continue;
        }
        FUZZ_CHECK(!before.done && client.len >= before.len);
        if (done) {
            fuzz_reached(RECEIVED);
        }
    }
}

static void slice_out(fuzz_input *in)
{
    husk_coap_message request;
    husk_block_slice slice;
    while (next(in, &request)) {
        if (husk_block2_slice((husk_bytes){body_out, sizeof body_out}, 2, &request, &slice) != HUSK_OK) {
            fuzz_reached(REFUSED);
            continue;
        }
        fuzz_check_inside(slice.payload, body_out, sizeof body_out);
        FUZZ_CHECK(slice.payload.len <= HUSK_BLOCK_BYTES(slice.block.szx) && slice.block.szx <= 2);
        size_t end = slice.block.num * HUSK_BLOCK_BYTES(slice.block.szx) + slice.payload.len;
        FUZZ_CHECK(slice.block.more == (end < sizeof body_out));
        fuzz_reached(SLICED);
    }
}

static void send_out(fuzz_input *in)
{
    husk_block1_client client;
    husk_block_slice slice;
    husk_coap_message response;
    bool done = false;
    FUZZ_OK(husk_block1_client_init(&client, (husk_bytes){body_out, sizeof body_out}, 2));
    while (!done && next(in, &response)) {
        FUZZ_OK(husk_block1_client_next(&client, &slice));
        fuzz_check_inside(slice.payload, body_out, sizeof body_out);
        const husk_block1_client before = client;
        husk_status status = husk_block1_client_take(&client, &response, &done);
        if (status != HUSK_OK) {
            FUZZ_CHECK(memcmp(&client, &before, sizeof client) == 0 && !done);
            fuzz_reached(REFUSED);
            continue;
        }
        FUZZ_CHECK(client.szx <= before.szx);
        fuzz_reached(SENT);
    }
}

void fuzz_one(fuzz_input in)
{
    switch (fuzz_byte(&in) % 4) {
    case 0:
        serve(&in);
        return;
    case 1:
        fetch(&in);
        return;
    case 2:
        slice_out(&in);
        return;
    default:
        send_out(&in);
    }
}

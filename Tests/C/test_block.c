/* Block-wise transfer: the exchanges of RFC 7959 section 3, transfers of any size between peers of any block size,
 * hostile blocks, and blocks of two operations mixed, with and without the Request-Tag of RFC 9175. */
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef TEST_SLOW
#define BODY_MAX 5000
#define ROUNDS(slow, quick) (slow)
#else
#define BODY_MAX 1100
#define ROUNDS(slow, quick) (quick)
#endif

static size_t write_block(uint8_t *out, size_t cap, const husk_block *block, husk_status expected)
{
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init_options(&w, out, cap);
    husk_block_write(&w, HUSK_COAP_BLOCK1, block);
    CHECK_INT(husk_coap_writer_finish(&w, &len), expected);
    return len;
}

/* RFC 7959 section 3: "a Block2 Option value of 33 would be shown as 2:2/0/32, and a Block1 Option value of 59 would be
 * shown as 1:3/1/128"; the rest from section 2.2: the fewest bytes that hold NUM, M and SZX. */
static void option_both_ways(void)
{
    static const struct {
        uint32_t num;
        bool more;
        uint16_t size;
        const char *hex;
    } values[] = {
        {2, false, 32, "d1 0e 21"},      {3, true, 128, "d1 0e 3b"},           {0, false, 16, "d0 0e"},
        {0, true, 16, "d1 0e 08"},       {0, false, 1024, "d1 0e 06"},         {15, true, 1024, "d1 0e fe"},
        {16, false, 16, "d2 0e 0100"},   {4095, true, 512, "d2 0e fffd"},      {4096, false, 16, "d3 0e 010000"},
        {0xfffff, true, 1024, "d3 0e fffffe"},
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        uint8_t szx = 0;
        while (HUSK_BLOCK_BYTES(szx) != values[i].size) {
            szx++;
        }
        const husk_block block = {values[i].num, szx, values[i].more};
        uint8_t out[8];
        size_t len = write_block(out, sizeof out, &block, HUSK_OK);
        CHECK_HEX(out, len, values[i].hex);
        husk_block read;
        bool found;
        CHECK_OK(husk_block_find(bytes(out, len), HUSK_COAP_BLOCK1, &read, &found));
        CHECK(found && read.num == block.num && read.szx == szx && read.more == block.more);
        CHECK_OK(husk_block_find(bytes(out, len), HUSK_COAP_BLOCK2, &read, &found));
        CHECK(!found);
    }
    uint8_t out[8];
    write_block(out, sizeof out, &(husk_block){HUSK_BLOCK_NUM_MAX + 1, 0, false}, HUSK_ERR_ARGUMENT);
    write_block(out, sizeof out, &(husk_block){0, 7, false}, HUSK_ERR_ARGUMENT);
    write_block(out, sizeof out, &(husk_block){0, 255, true}, HUSK_ERR_ARGUMENT);
    CHECK(HUSK_BLOCK_BODY_MAX_BYTES(0) == 16777216 && HUSK_BLOCK_BODY_MAX_BYTES(6) == 1073741824);
}

static void option_refusals(void)
{
    static const struct {
        husk_status status;
        const char *hex;
    } bad[] = {
        {HUSK_ERR_FORMAT, "d1 0e 07"}, /* SZX 7 */
        {HUSK_ERR_FORMAT, "d1 0e 0f"},
        {HUSK_ERR_FORMAT, "d3 0e ffffff"},
        {HUSK_ERR_UNSUPPORTED, "d4 0e 00000008"}, /* longer than 3 bytes */
        {HUSK_ERR_UNSUPPORTED, "d8 0e 0000000000000008"},
        {HUSK_ERR_UNSUPPORTED, "d1 0e 08 01 08"}, /* twice */
        {HUSK_ERR_UNSUPPORTED, "d1 0e 08 00"},
        {HUSK_OK, "d3 0e 000008"}, /* leading zeros are allowed to a recipient */
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t options[16];
        size_t len = unhex(bad[i].hex, options, sizeof options);
        husk_block block;
        bool found;
        CHECK_INT(husk_block_find(bytes(options, len), HUSK_COAP_BLOCK1, &block, &found), bad[i].status);
        CHECK(found);
    }
    CHECK_INT(husk_block_error_code(HUSK_ERR_FORMAT), HUSK_COAP_CODE(4, 0));
    CHECK_INT(husk_block_error_code(HUSK_ERR_UNSUPPORTED), HUSK_COAP_CODE(4, 2));
    CHECK_INT(husk_block_error_code(HUSK_ERR_ORDER), HUSK_COAP_CODE(4, 8));
    CHECK_INT(husk_block_error_code(HUSK_ERR_BUFFER), HUSK_COAP_CODE(4, 13));
    CHECK_INT(husk_block_error_code(HUSK_ERR_CHANGED), HUSK_COAP_CODE(5, 0));
}

/* What goes from client to server and back; bodies of any length up to BODY_MAX. */
static uint8_t sent_body[BODY_MAX], taken_body[BODY_MAX], answer_body[BODY_MAX], got_body[BODY_MAX];
static uint8_t datagram[1200], key[64];

/* How the peers are set up. */
typedef struct setting {
    uint8_t method;
    size_t request_len;
    size_t response_len;
    uint8_t client_szx; /* of both bodies */
    uint8_t server_szx1;
    uint8_t server_szx2;
    bool in_blocks;     /* the request body goes out in blocks */
    bool early;         /* the client proposes a size for the response body */
    bool stateless;     /* the server acts on each block (RFC 7959 figure 8) */
    size_t server_cap;
    const char *etag;
} setting;

static struct {
    setting how;
    husk_block1_client upload;
    husk_block1_server assembly;
    husk_block2_client download;
    husk_request_tag tag;
    bool uploaded, finished;
    uint8_t final_code;
    char text[1400]; /* the transcript */
} world;

static void say(const char *text)
{
    size_t at = strlen(world.text);
    size_t len = strlen(text);
    CHECK(at + len < sizeof world.text);
    memcpy(world.text + at, text, len + 1);
}

static void say_number(size_t number)
{
    char digits[12];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(digits + at);
}

/* As the RFC writes it: 1:3/1/128. */
static void say_block(husk_bytes options, uint32_t number)
{
    husk_block block;
    bool found;
    CHECK_OK(husk_block_find(options, number, &block, &found));
    if (found) {
        say(number == HUSK_COAP_BLOCK1 ? " 1:" : " 2:");
        say_number(block.num);
        say(block.more ? "/1/" : "/0/");
        say_number(HUSK_BLOCK_BYTES(block.szx));
    }
}

static void begin(setting how)
{
    memset(&world, 0, sizeof world);
    world.how = how;
    test_rng rng = {7 + how.request_len * 31 + how.response_len};
    test_rng_fill(&rng, sent_body, how.request_len);
    test_rng_fill(&rng, answer_body, how.response_len);
    memset(taken_body, 0xee, sizeof taken_body);
    memset(got_body, 0xee, sizeof got_body);
    CHECK_OK(husk_block1_client_init(&world.upload, bytes(sent_body, how.request_len), how.client_szx));
    CHECK_OK(husk_block1_server_init(&world.assembly, taken_body, how.server_cap > 0 ? how.server_cap : BODY_MAX, key,
                                     sizeof key, how.server_szx1));
    CHECK_OK(husk_block2_client_init(&world.download, got_body, BODY_MAX, how.client_szx));
}

static husk_coap_message finish(const husk_coap_writer *w)
{
    size_t len;
    husk_coap_message message;
    CHECK_OK(husk_coap_writer_finish(w, &len));
    CHECK_OK(husk_coap_decode(datagram, len, &message));
    return message;
}

/* The client's next request. */
static husk_coap_message ask(void)
{
    husk_block_slice slice = {.is_block = false};
    bool last = true;
    if (world.how.in_blocks && !world.uploaded) {
        CHECK_OK(husk_block1_client_next(&world.upload, &slice));
        last = !slice.block.more;
    }
    husk_coap_writer w;
    husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_CON, world.how.method, 1, NO_BYTES);
    husk_coap_write_path(&w, "status", 6);
    if (world.download.begun || (world.how.early && last)) {
        husk_block wanted;
        husk_block2_client_next(&world.download, &wanted);
        husk_block_write(&w, HUSK_COAP_BLOCK2, &wanted);
    }
    if (slice.is_block) {
        husk_block_write(&w, HUSK_COAP_BLOCK1, &slice.block);
        if (slice.block.num == 0) {
            husk_coap_write_option_uint(&w, HUSK_COAP_SIZE1, (uint32_t)world.how.request_len);
        }
    }
    if (world.tag.present) {
        husk_coap_write_option(&w, HUSK_COAP_REQUEST_TAG, world.tag.bytes, world.tag.len);
    }
    husk_coap_write_payload(&w, slice.payload.data, slice.payload.len);
    husk_coap_message request = finish(&w);
    say_block(request.options, HUSK_COAP_BLOCK1);
    say_block(request.options, HUSK_COAP_BLOCK2);
    return request;
}

static uint8_t success_code(void)
{
    return world.how.method == HUSK_COAP_GET ? HUSK_COAP_CONTENT : HUSK_COAP_CHANGED;
}

static bool asks_for_rest(const husk_coap_message *request)
{
    husk_block block;
    bool found;
    CHECK_OK(husk_block_find(request->options, HUSK_COAP_BLOCK2, &block, &found));
    return found && block.num > 0;
}

/* A server that changes its resource with every block: it needs no state. */
static void act_on_each_block(const husk_coap_message *request, husk_block1_answer *answer)
{
    CHECK_OK(husk_block_find(request->options, HUSK_COAP_BLOCK1, &answer->block, &answer->has_block));
    size_t at = answer->block.num * HUSK_BLOCK_BYTES(answer->block.szx);
    CHECK(at + request->payload.len <= BODY_MAX);
    memcpy(taken_body + at, request->payload.data, request->payload.len);
    answer->block.more = false;
}

/* The server's response, in the same buffer. */
static husk_coap_message respond(const husk_coap_message *request)
{
    husk_block1_answer answer = {0};
    husk_block_slice slice = {.is_block = false};
    if (world.how.stateless) {
        act_on_each_block(request, &answer);
    } else if (!asks_for_rest(request)) {
        (void)husk_block1_server_take(&world.assembly, request, &answer);
    }
    if (answer.code == 0) {
        CHECK_OK(husk_block2_slice(bytes(answer_body, world.how.response_len), world.how.server_szx2, request, &slice));
        answer.code = success_code();
    }
    husk_coap_writer w;
    husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_ACK, answer.code, 1, NO_BYTES);
    if (slice.is_block && world.how.etag != NULL) {
        uint8_t etag[HUSK_ETAG_MAX_BYTES];
        husk_coap_write_option(&w, HUSK_COAP_ETAG, etag, unhex(world.how.etag, etag, sizeof etag));
    }
    if (slice.is_block) {
        husk_block_write(&w, HUSK_COAP_BLOCK2, &slice.block);
    }
    if (answer.has_block) {
        husk_block_write(&w, HUSK_COAP_BLOCK1, &answer.block);
    }
    if (slice.is_block && slice.block.num == 0) {
        husk_coap_write_option_uint(&w, HUSK_COAP_SIZE2, (uint32_t)world.how.response_len);
    }
    if (answer.has_size) {
        husk_coap_write_option_uint(&w, HUSK_COAP_SIZE1, answer.size);
    }
    husk_coap_write_payload(&w, slice.payload.data, slice.payload.len);
    return finish(&w);
}

static void take(const husk_coap_message *response)
{
    bool done = true;
    if (world.how.in_blocks && !world.uploaded) {
        CHECK_OK(husk_block1_client_take(&world.upload, response, &done));
        world.uploaded = done;
    }
    if (done) {
        CHECK_OK(husk_block2_client_take(&world.download, response, &done));
        world.finished = done;
        world.final_code = response->code;
    }
}

static void exchange(void)
{
    husk_coap_message request = ask();
    husk_coap_message response = respond(&request);
    say(" -> ");
    say_number(response.code >> 5);
    say(response.code % 32 < 10 ? ".0" : ".");
    say_number(response.code % 32);
    say_block(response.options, HUSK_COAP_BLOCK1);
    say_block(response.options, HUSK_COAP_BLOCK2);
    say("\n");
    take(&response);
}

static void check_bodies(void)
{
    CHECK_INT(world.final_code, success_code());
    CHECK_MEM(taken_body, sent_body, world.how.request_len);
    CHECK(world.how.request_len == BODY_MAX || taken_body[world.how.request_len] == 0xee);
    CHECK_INT(world.download.len, world.how.response_len);
    CHECK_MEM(got_body, answer_body, world.how.response_len);
    CHECK(world.how.response_len == BODY_MAX || got_body[world.how.response_len] == 0xee);
}

/* The figures, each line a request and its response; only the Block options and the code of the response, and Block1
 * before Block2. Figure 9 numbers its later acknowledgements wrongly; that is not part of it here. The figures leave
 * body lengths open between the last block and one more; figures 12 and 13 give the last block 53 bytes. */
static const struct {
    const char *name;
    setting how;
    const char *transcript;
} figures[] = {
    {"figure 2", {.method = HUSK_COAP_GET, .response_len = 300, .client_szx = 6, .server_szx2 = 3, .etag = "01"},
     " -> 2.05 2:0/1/128\n 2:1/0/128 -> 2.05 2:1/1/128\n 2:2/0/128 -> 2.05 2:2/0/128\n"},
    {"figure 3",
     {.method = HUSK_COAP_GET, .response_len = 384, .client_szx = 2, .server_szx2 = 3, .early = true, .etag = "01"},
     " 2:0/0/64 -> 2.05 2:0/1/64\n 2:1/0/64 -> 2.05 2:1/1/64\n 2:2/0/64 -> 2.05 2:2/1/64\n"
     " 2:3/0/64 -> 2.05 2:3/1/64\n 2:4/0/64 -> 2.05 2:4/1/64\n 2:5/0/64 -> 2.05 2:5/0/64\n"},
    {"figure 4", {.method = HUSK_COAP_GET, .response_len = 321, .client_szx = 2, .server_szx2 = 3, .etag = "01"},
     " -> 2.05 2:0/1/128\n 2:2/0/64 -> 2.05 2:2/1/64\n 2:3/0/64 -> 2.05 2:3/1/64\n 2:4/0/64 -> 2.05 2:4/1/64\n"
     " 2:5/0/64 -> 2.05 2:5/0/64\n"},
    {"figure 7", {.method = HUSK_COAP_PUT, .request_len = 257, .in_blocks = true, .client_szx = 3, .server_szx1 = 6},
     " 1:0/1/128 -> 2.31 1:0/1/128\n 1:1/1/128 -> 2.31 1:1/1/128\n 1:2/0/128 -> 2.04 1:2/0/128\n"},
    {"figure 8", {.method = HUSK_COAP_PUT, .request_len = 384, .in_blocks = true, .client_szx = 3, .stateless = true},
     " 1:0/1/128 -> 2.04 1:0/0/128\n 1:1/1/128 -> 2.04 1:1/0/128\n 1:2/0/128 -> 2.04 1:2/0/128\n"},
    {"figure 9", {.method = HUSK_COAP_PUT, .request_len = 200, .in_blocks = true, .client_szx = 3, .server_szx1 = 1},
     " 1:0/1/128 -> 2.31 1:0/1/32\n 1:4/1/32 -> 2.31 1:4/1/32\n 1:5/1/32 -> 2.31 1:5/1/32\n"
     " 1:6/0/32 -> 2.04 1:6/0/32\n"},
    {"figure 10",
     {.method = HUSK_COAP_POST, .request_len = 300, .response_len = 500, .in_blocks = true, .client_szx = 3,
      .server_szx1 = 3, .server_szx2 = 3, .etag = "01"},
     " 1:0/1/128 -> 2.31 1:0/1/128\n 1:1/1/128 -> 2.31 1:1/1/128\n 1:2/0/128 -> 2.04 1:2/0/128 2:0/1/128\n"
     " 2:1/0/128 -> 2.04 2:1/1/128\n 2:2/0/128 -> 2.04 2:2/1/128\n 2:3/0/128 -> 2.04 2:3/0/128\n"},
    {"figure 12", {.method = HUSK_COAP_GET, .response_len = 309, .client_szx = 6, .server_szx2 = 3, .etag = "6f00f392"},
     " -> 2.05 2:0/1/128\n 2:1/0/128 -> 2.05 2:1/1/128\n 2:2/0/128 -> 2.05 2:2/0/128\n"},
    {"figure 13",
     {.method = HUSK_COAP_GET, .response_len = 309, .client_szx = 2, .server_szx2 = 6, .early = true,
      .etag = "6f00f392"},
     " 2:0/0/64 -> 2.05 2:0/1/64\n 2:1/0/64 -> 2.05 2:1/1/64\n 2:2/0/64 -> 2.05 2:2/1/64\n"
     " 2:3/0/64 -> 2.05 2:3/1/64\n 2:4/0/64 -> 2.05 2:4/0/64\n"},
};

static void check_transcript(const char *expected)
{
    CHECK_INT(strlen(world.text), strlen(expected));
    CHECK_MEM(world.text, expected, strlen(expected));
}

static void rfc_7959_figures(void)
{
    for (size_t i = 0; i < COUNT(figures); i++) {
        begin(figures[i].how);
        while (!world.finished) {
            exchange();
        }
        check_transcript(figures[i].transcript);
        check_bodies();
    }
}

/* Figure 11: two sizes in one exchange, so the client's are set apart. */
static void rfc_7959_figure_11(void)
{
    begin((setting){.method = HUSK_COAP_POST, .request_len = 384, .response_len = 256, .in_blocks = true, .early = true,
                    .client_szx = 3, .server_szx1 = 3, .server_szx2 = 6, .etag = "01"});
    world.download.szx = 2;
    while (!world.finished) {
        exchange();
    }
    check_transcript(" 1:0/1/128 -> 2.31 1:0/1/128\n 1:1/1/128 -> 2.31 1:1/1/128\n"
                     " 1:2/0/128 2:0/0/64 -> 2.04 1:2/0/128 2:0/1/64\n 2:1/0/64 -> 2.04 2:1/1/64\n"
                     " 2:2/0/64 -> 2.04 2:2/1/64\n 2:3/0/64 -> 2.04 2:3/0/64\n");
    check_bodies();
}

/* Figures 5 and 6: a lost request, and a lost response to one, repeated by the message layer. What repeats is the same
 * datagram; the server of Block2 gives the same answer to it again. */
static void rfc_7959_figures_5_and_6(void)
{
    begin((setting){.method = HUSK_COAP_GET, .response_len = 321, .client_szx = 2, .server_szx2 = 3, .etag = "01"});
    exchange();
    husk_coap_message request = ask();
    static uint8_t again[64];
    CHECK(request.options.len <= sizeof again);
    memcpy(again, request.options.data, request.options.len);
    request.options.data = again;
    (void)respond(&request); /* lost */
    husk_coap_message response = respond(&request);
    take(&response);
    while (!world.finished) {
        exchange();
    }
    check_bodies();
}

static const uint16_t lengths[] = {0,   1,   15,  16,  17,  31,  32,  33,  63,  64,   65,   127,  128,
                                   129, 255, 256, 257, 511, 512, 513, 900, 1023, 1024, 1025, 1100};

/* The client's size against the server's, both bodies, with and without an early proposal. */
static void any_body_between_any_peers(void)
{
    test_rng rng = {1};
    for (unsigned sizes = 0; sizes < 7 * 7; sizes++) {
        for (size_t i = 0; i < COUNT(lengths); i++) {
            size_t response_len = lengths[test_rng_next(&rng) % COUNT(lengths)];
            begin((setting){.method = HUSK_COAP_POST, .request_len = lengths[i], .response_len = response_len,
                            .in_blocks = true, .early = test_rng_next(&rng) % 2 == 0,
                            .client_szx = (uint8_t)(sizes % 7), .server_szx1 = (uint8_t)(sizes / 7), .server_szx2 = (uint8_t)(sizes / 7), .etag = "05"});
            unsigned count = 0;
            while (!world.finished) {
                world.text[0] = 0;
                exchange();
                CHECK(++count <= 2 + (lengths[i] + response_len) / 16);
            }
            check_bodies();
            CHECK(husk_block1_client_is_concluded(&world.upload));
        }
    }
}

#ifdef TEST_SLOW
static void long_bodies(void)
{
    test_rng rng = {2};
    for (unsigned round = 0; round < 2000; round++) {
        begin((setting){.method = HUSK_COAP_POST, .request_len = test_rng_next(&rng) % (BODY_MAX + 1),
                        .response_len = test_rng_next(&rng) % (BODY_MAX + 1), .in_blocks = true,
                        .client_szx = (uint8_t)(test_rng_next(&rng) % 7),
                        .server_szx1 = (uint8_t)(test_rng_next(&rng) % 7),
                        .server_szx2 = (uint8_t)(test_rng_next(&rng) % 7), .etag = "0102030405060708"});
        while (!world.finished) {
            world.text[0] = 0;
            exchange();
        }
        check_bodies();
    }
}
#endif

/* No message layer below that repeats what was lost: the client asks for the same block again, and begins anew when the
 * server had it already and says 4.08. Both bodies arrive whole, and an upload with a loss in it is never concluded. */
static void losses_without_a_message_layer(void)
{
    test_rng rng = {3};
    unsigned begun_anew = 0;
    for (unsigned round = 0; round < ROUNDS(2000, 50); round++) {
        begin((setting){.method = HUSK_COAP_POST, .request_len = test_rng_next(&rng) % 400,
                        .response_len = test_rng_next(&rng) % 400, .in_blocks = true, .client_szx = 2, .server_szx1 = 1,
                        .server_szx2 = 3, .etag = "09"});
        bool lost = false;
        while (!world.finished) {
            world.text[0] = 0;
            husk_coap_message request = ask();
            if (test_rng_next(&rng) % 8 == 0) {
                lost |= !world.uploaded;
                continue;
            }
            husk_coap_message response = respond(&request);
            if (test_rng_next(&rng) % 8 == 0) {
                lost |= !world.uploaded;
                continue;
            }
            bool was_uploading = !world.uploaded;
            take(&response);
            if (was_uploading && world.finished && world.final_code == HUSK_COAP_REQUEST_ENTITY_INCOMPLETE) {
                CHECK(lost);
                begun_anew++;
                world.uploaded = world.finished = false;
                CHECK_OK(husk_block1_client_init(&world.upload, bytes(sent_body, world.how.request_len), 2));
                CHECK_OK(husk_block2_client_init(&world.download, got_body, BODY_MAX, 2));
                lost = false;
            }
        }
        check_bodies();
        CHECK(husk_block1_client_is_concluded(&world.upload) == !lost);
    }
    CHECK(begun_anew > 0);
}

/* A request without Block1 passes through, and leaves a transfer in progress alone. */
static void small_requests_pass_through(void)
{
    begin((setting){.method = HUSK_COAP_POST, .request_len = 64, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    exchange();
    const husk_coap_message small = {.code = HUSK_COAP_POST, .payload = bytes(sent_body, 5)};
    husk_block1_answer answer;
    CHECK_OK(husk_block1_server_take(&world.assembly, &small, &answer));
    CHECK(answer.code == 0 && !answer.has_block && answer.body.data == sent_body && answer.body.len == 5);
    exchange();
    CHECK(world.finished);
    check_bodies();
}

/* By Size1 in the first request, or without it by the block that does not fit; Size1 of the answer says what would. */
static void too_large_for_the_server(void)
{
    for (size_t cap = 0; cap < 200; cap += 13) {
        begin((setting){.method = HUSK_COAP_PUT, .request_len = cap + 1, .in_blocks = true, .client_szx = 1,
                        .server_szx1 = 6});
        world.assembly.body_cap = (uint32_t)cap;
        exchange();
        CHECK(world.finished && world.final_code == HUSK_COAP_CODE(4, 13));
        CHECK_INT(taken_body[0], 0xee);

        begin((setting){.method = HUSK_COAP_PUT, .request_len = cap, .in_blocks = true, .client_szx = 1,
                        .server_szx1 = 6});
        world.assembly.body_cap = (uint32_t)cap;
        while (!world.finished) {
            exchange();
        }
        check_bodies();
    }
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 100, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    world.assembly.body_cap = 70;
    husk_block_slice slice;
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(husk_block1_client_next(&world.upload, &slice));
        uint8_t options[8];
        husk_coap_message request = {.code = HUSK_COAP_PUT, .payload = slice.payload};
        request.options = bytes(options, write_block(options, sizeof options, &slice.block, HUSK_OK));
        husk_block1_answer answer;
        CHECK_INT(husk_block1_server_take(&world.assembly, &request, &answer), i < 2 ? HUSK_OK : HUSK_ERR_BUFFER);
        CHECK_INT(answer.code, i < 2 ? HUSK_COAP_CONTINUE : HUSK_COAP_CODE(4, 13));
        CHECK(answer.has_size == (i == 2) && (i < 2 || answer.size == 70));
        world.upload.offset = 32 * (i + 1);
    }
    CHECK_INT(taken_body[70], 0xee);
    CHECK_INT(world.assembly.len, 64);
}

/* 4.13 with a smaller size in its Block1 begins anew with that (RFC 7959 section 2.9.3); without one it is the end. */
static void begins_anew_with_smaller_blocks(void)
{
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 200, .in_blocks = true, .client_szx = 6, .server_szx1 = 2});
    for (uint8_t szx = 5; szx < 6; szx--) {
        husk_block_slice slice;
        uint8_t options[8];
        bool done;
        CHECK_OK(husk_block1_client_next(&world.upload, &slice));
        CHECK(slice.block.num == 0 && slice.block.szx == szx + 1);
        const husk_block smaller = {0, szx, true};
        husk_coap_message refusal = {.code = HUSK_COAP_REQUEST_ENTITY_TOO_LARGE};
        refusal.options = bytes(options, write_block(options, sizeof options, &smaller, HUSK_OK));
        CHECK_OK(husk_block1_client_take(&world.upload, &refusal, &done));
        CHECK(!done);
        CHECK_OK(husk_block1_client_next(&world.upload, &slice));
        CHECK(slice.block.num == 0 && slice.block.szx == szx);
        if (szx == 0) { /* nothing smaller is left */
            CHECK_OK(husk_block1_client_take(&world.upload, &refusal, &done));
            CHECK(done);
            CHECK_INT(husk_block1_client_next(&world.upload, &slice), HUSK_ERR_STATE);
            CHECK_INT(husk_block1_client_take(&world.upload, &refusal, &done), HUSK_ERR_STATE);
            return;
        }
        world.upload.outstanding--;
    }
}

/* And so it does in the middle, from the first block on. */
static void begins_anew_in_the_middle(void)
{
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 200, .in_blocks = true, .client_szx = 2, .server_szx1 = 6});
    exchange();
    exchange();
    husk_block_slice slice;
    uint8_t options[8];
    bool done;
    CHECK_OK(husk_block1_client_next(&world.upload, &slice));
    husk_coap_message refusal = {.code = HUSK_COAP_REQUEST_ENTITY_TOO_LARGE};
    refusal.options = bytes(options, write_block(options, sizeof options, &(husk_block){2, 1, true}, HUSK_OK));
    CHECK_OK(husk_block1_client_take(&world.upload, &refusal, &done));
    CHECK(!done && husk_block1_client_is_concluded(&world.upload));
    memset(taken_body, 0xee, sizeof taken_body);
    world.text[0] = 0;
    exchange();
    check_transcript(" 1:0/1/32 -> 2.31 1:0/1/32\n");
    while (!world.finished) {
        exchange();
    }
    check_bodies();
}

/* A smaller size that could not number the body is not taken up. */
static void blocks_too_small_for_the_body(void)
{
    husk_block1_client client;
    husk_block_slice slice;
    bool done;
    uint8_t options[8];
    static const uint8_t some[1];
    husk_bytes huge = {some, HUSK_BLOCK_BODY_MAX_BYTES(1)}; /* nothing is read of it here */
    CHECK_INT(husk_block1_client_init(&client, huge, 0), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_block1_client_init(&client, huge, 1));
    CHECK_OK(husk_block1_client_next(&client, &slice));
    CHECK_INT(slice.payload.len, 32);
    husk_coap_message answer = {.code = HUSK_COAP_CONTINUE};
    answer.options = bytes(options, write_block(options, sizeof options, &(husk_block){0, 0, true}, HUSK_OK));
    CHECK_OK(husk_block1_client_take(&client, &answer, &done));
    CHECK_OK(husk_block1_client_next(&client, &slice));
    CHECK(slice.block.num == 1 && slice.block.szx == 1);
    client.offset = (uint32_t)(huge.len - 32);
    CHECK_OK(husk_block1_client_next(&client, &slice));
    CHECK(slice.block.num == HUSK_BLOCK_NUM_MAX && !slice.block.more && slice.payload.len == 32);

    huge.len++;
    CHECK_INT(husk_block1_client_init(&client, huge, 1), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block1_client_init(&client, huge, 7), HUSK_ERR_ARGUMENT);
    const husk_coap_message get = {.code = HUSK_COAP_GET};
    CHECK_INT(husk_block2_slice(huge, 1, &get, &slice), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block2_slice(huge, 7, &get, &slice), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_block2_slice(huge, 2, &get, &slice));

    /* The server's blocks are so small that the next one has no number. */
    static uint8_t body[1];
    CHECK_OK(husk_block2_client_init(&world.download, body, (size_t)1 << 30, 0));
    world.download.begun = true;
    world.download.code = HUSK_COAP_CONTENT;
    world.download.format = world.download.size = HUSK_BLOCK_NONE;
    world.download.len = HUSK_BLOCK_NUM_MAX * 16;
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_block_write(&w, HUSK_COAP_BLOCK2, &(husk_block){HUSK_BLOCK_NUM_MAX, 0, true});
    const husk_coap_message last = {
        .code = HUSK_COAP_CONTENT, .options = bytes(options, w.len), .payload = bytes(datagram, 16)};
    CHECK_INT(husk_block2_client_take(&world.download, &last, &done), HUSK_ERR_BUFFER);
}

static void capacities(void)
{
    husk_block1_server server;
    husk_block2_client client;
    CHECK_INT(husk_block1_server_init(&server, NULL, 0, NULL, 0, 7), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block1_server_init(&server, NULL, ((size_t)1 << 30) + 1, NULL, 0, 6), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block1_server_init(&server, NULL, 0, NULL, 65536, 6), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block2_client_init(&client, NULL, 0, 7), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_block2_client_init(&client, NULL, ((size_t)1 << 30) + 1, 6), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_block1_server_init(&server, NULL, 0, NULL, 0, 6));
    CHECK_OK(husk_block2_client_init(&client, NULL, 0, 6));
    const husk_coap_message empty = {.code = HUSK_COAP_CONTENT};
    bool done;
    CHECK(!husk_block1_server_matches(&server, &empty));
    CHECK_OK(husk_block2_client_take(&client, &empty, &done));
    CHECK(done);
    CHECK_INT(husk_block2_client_take(&client, &empty, &done), HUSK_ERR_STATE);
}

static uint8_t crafted_options[96], crafted_payload[1040];

static husk_coap_message craft(uint8_t code, const char *options, size_t payload_len)
{
    size_t len = unhex(options, crafted_options, sizeof crafted_options);
    return (husk_coap_message){
        .code = code, .options = bytes(crafted_options, len), .payload = bytes(crafted_payload, payload_len)};
}

/* A transfer that has two blocks of 32 bytes, and expects the third. */
static void begin_upload_in_the_middle(void)
{
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 90, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    exchange();
    exchange();
}

/* Every refusal leaves server and memory as they were; the transfer goes on after it. */
static void hostile_requests(void)
{
    /* Uri-Path "status" and Block1, which has number 27. */
    static const struct {
        husk_status status;
        size_t payload_len;
        const char *options;
        uint8_t code;
    } bad[] = {
        {HUSK_ERR_FORMAT, 26, "b6 737461747573 d1 03 27", HUSK_COAP_PUT},           /* SZX 7 */
        {HUSK_ERR_UNSUPPORTED, 26, "b6 737461747573 d4 03 00000021", HUSK_COAP_PUT}, /* 4 bytes */
        {HUSK_ERR_UNSUPPORTED, 26, "b6 737461747573 d1 03 21 01 21", HUSK_COAP_PUT}, /* twice */
        {HUSK_ERR_FORMAT, 26, "b6 737461747573 d1 03 29", HUSK_COAP_PUT},           /* M, and less than a block */
        {HUSK_ERR_FORMAT, 0, "b6 737461747573 d1 03 29", HUSK_COAP_PUT},
        {HUSK_ERR_FORMAT, 33, "b6 737461747573 d1 03 29", HUSK_COAP_PUT},
        {HUSK_ERR_FORMAT, 33, "b6 737461747573 d1 03 21", HUSK_COAP_PUT},           /* more than a block */
        {HUSK_ERR_FORMAT, 1040, "b6 737461747573 d1 03 0e", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d1 03 31", HUSK_COAP_PUT},            /* a block too far */
        {HUSK_ERR_ORDER, 32, "b6 737461747573 d1 03 19", HUSK_COAP_PUT},            /* again */
        {HUSK_ERR_ORDER, 10, "b6 737461747573 d1 03 20", HUSK_COAP_PUT},            /* counted in other sizes */
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d1 03 22", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d3 03 fffff1", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d3 03 fffff6", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d1 03 21", HUSK_COAP_POST},           /* other operations */
        {HUSK_ERR_ORDER, 26, "b6 737461747574 d1 03 21", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b5 7374617475 d1 03 21", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b7 73746174757373 d1 03 21", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "d6 02 737461747573 c1 21", HUSK_COAP_PUT},            /* Uri-Query */
        {HUSK_ERR_ORDER, 26, "d1 0e 21", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 00 d1 03 21", HUSK_COAP_PUT},
        {HUSK_ERR_ORDER, 26, "b6 737461747573 11 3c d1 02 21", HUSK_COAP_PUT},      /* Content-Format */
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d1 03 21 d0 fc", HUSK_COAP_PUT},      /* Request-Tags: none is another */
        {HUSK_ERR_ORDER, 26, "b6 737461747573 d1 03 21 d1 fc 00", HUSK_COAP_PUT},
        {HUSK_ERR_BUFFER, 32, "b6 737461747573 d1 03 09 d4 14 ffffffff", HUSK_COAP_PUT}, /* first block, absurd Size1 */
        {HUSK_ERR_BUFFER, 32, "b6 737461747573 d1 03 09 d8 fc 0102030405060708 08 0102030405060708 08 0102030405060708"
                              " 08 0102030405060708 08 0102030405060708 08 0102030405060708 00",
         HUSK_COAP_PUT}, /* more options than the key holds */
    };
    begin_upload_in_the_middle();
    static uint8_t before[BODY_MAX];
    husk_block1_server server = world.assembly;
    memcpy(before, taken_body, sizeof before);
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t key_before[sizeof key];
        memcpy(key_before, key, sizeof key);
        husk_coap_message request = craft(bad[i].code, bad[i].options, bad[i].payload_len);
        husk_block1_answer answer;
        CHECK_INT(husk_block1_server_take(&world.assembly, &request, &answer), bad[i].status);
        CHECK_INT(answer.code, husk_block_error_code(bad[i].status));
        CHECK(!answer.has_block && answer.body.data == NULL);
        CHECK_MEM(&world.assembly, &server, sizeof server);
        CHECK_MEM(taken_body, before, sizeof before);
        CHECK_MEM(key, key_before, sizeof key);
    }
    exchange();
    CHECK(world.finished);
    check_bodies();
}

/* What does not tell operations apart: Size1, Size2, Echo, an early Block2, and If-None-Match on the first block. */
static void options_beside_the_key(void)
{
    begin((setting){.method = HUSK_COAP_PUT, .server_szx1 = 6});
    husk_block1_answer answer;
    husk_coap_message first = craft(HUSK_COAP_PUT, "50 66 737461747573 d1 03 08 d1 14 20", 16);
    CHECK_OK(husk_block1_server_take(&world.assembly, &first, &answer));
    CHECK_INT(answer.code, HUSK_COAP_CONTINUE);
    husk_coap_message last = craft(HUSK_COAP_PUT, "b6 737461747573 c0 41 10 10 d1 13 00 d8 b3 0102030405060708", 16);
    CHECK(husk_block1_server_matches(&world.assembly, &last));
    CHECK_OK(husk_block1_server_take(&world.assembly, &last, &answer));
    CHECK_INT(answer.body.len, 32);
    CHECK(!husk_block1_server_matches(&world.assembly, &last));
    CHECK_INT(husk_block1_server_take(&world.assembly, &last, &answer), HUSK_ERR_ORDER); /* complete: not taken twice */
}

/* Nothing to go on with: none begun, dropped, or complete. A first block replaces what was in progress. */
static void operations_begin_with_their_first_block(void)
{
    begin_upload_in_the_middle();
    husk_block1_server_drop(&world.assembly);
    exchange();
    CHECK(world.finished && world.final_code == HUSK_COAP_CODE(4, 8));
    begin_upload_in_the_middle();
    CHECK_OK(husk_block1_client_init(&world.upload, bytes(sent_body, world.how.request_len), 0));
    while (!world.finished) {
        exchange();
    }
    check_bodies();
}

static void hostile_answers(void)
{
    static const struct {
        husk_status status;
        uint8_t code;
        const char *options;
    } bad[] = {
        {HUSK_ERR_FORMAT, HUSK_COAP_CONTINUE, ""},                /* without Block1 */
        {HUSK_ERR_FORMAT, HUSK_COAP_CHANGED, ""},                 /* success before the end of the body */
        {HUSK_ERR_ORDER, HUSK_COAP_CONTINUE, "d1 0e 09"},         /* other blocks than the one sent, 1/1/32 */
        {HUSK_ERR_ORDER, HUSK_COAP_CONTINUE, "d1 0e 29"},
        {HUSK_ERR_ORDER, HUSK_COAP_CHANGED, "d1 0e 21"},
        {HUSK_ERR_ORDER, HUSK_COAP_CONTINUE, "d3 0e fffff9"},
        {HUSK_ERR_FORMAT, HUSK_COAP_CONTINUE, "d1 0e 1f"},        /* SZX 7 */
        {HUSK_ERR_UNSUPPORTED, HUSK_COAP_CONTINUE, "d4 0e 00000019"},
        {HUSK_ERR_UNSUPPORTED, HUSK_COAP_CONTINUE, "d1 0e 19 01 19"},
    };
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 90, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    bool done;
    husk_coap_message early = craft(HUSK_COAP_CONTINUE, "d1 0e 09", 0);
    CHECK_INT(husk_block1_client_take(&world.upload, &early, &done), HUSK_ERR_STATE);
    exchange();
    husk_coap_message request = ask();
    husk_block1_client before = world.upload;
    for (size_t i = 0; i < COUNT(bad); i++) {
        husk_coap_message response = craft(bad[i].code, bad[i].options, 0);
        CHECK_INT(husk_block1_client_take(&world.upload, &response, &done), bad[i].status);
        CHECK_MEM(&world.upload, &before, sizeof before);
    }
    husk_coap_message larger = craft(HUSK_COAP_CONTINUE, "d1 0e 1e", 0); /* a larger size is no reason to use it */
    husk_block1_client copy = world.upload;
    CHECK_OK(husk_block1_client_take(&copy, &larger, &done));
    CHECK_INT(copy.szx, 1);
    husk_coap_message response = respond(&request);
    take(&response);
    request = ask();
    husk_coap_message on = craft(HUSK_COAP_CONTINUE, "d1 0e 29", 0); /* nothing is left to go on with */
    CHECK_INT(husk_block1_client_take(&world.upload, &on, &done), HUSK_ERR_FORMAT);
    response = respond(&request);
    take(&response);
    CHECK(world.finished);
    check_bodies();
}

/* Each of these comes where 1/1/32 of a body with ETag 05, Content-Format 60 and Size2 100 was asked for. */
static void hostile_responses(void)
{
    static const struct {
        husk_status status;
        size_t payload_len;
        const char *options;
        uint8_t code;
    } bad[] = {
        {HUSK_ERR_CHANGED, 32, "41 06 81 3c b1 19", HUSK_COAP_CONTENT}, /* ETag */
        {HUSK_ERR_CHANGED, 32, "42 0500 81 3c b1 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_CHANGED, 32, "c1 3c b1 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_CHANGED, 32, "41 05 81 3d b1 19", HUSK_COAP_CONTENT}, /* Content-Format */
        {HUSK_ERR_CHANGED, 32, "41 05 d1 06 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_CHANGED, 32, "41 05 81 3c b1 19", HUSK_COAP_CHANGED}, /* code */
        {HUSK_ERR_CHANGED, 32, "41 05 81 3c b1 19", HUSK_COAP_NOT_FOUND},
        {HUSK_ERR_CHANGED, 32, "41 05 81 3c", HUSK_COAP_CONTENT}, /* no Block2 any more */
        {HUSK_ERR_FORMAT, 32, "49 050505050505050505 81 3c b1 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_FORMAT, 32, "41 05 81 3c b1 1f", HUSK_COAP_CONTENT}, /* SZX 7 */
        {HUSK_ERR_UNSUPPORTED, 32, "41 05 81 3c b4 00000019", HUSK_COAP_CONTENT},
        {HUSK_ERR_UNSUPPORTED, 32, "41 05 81 3c b1 19 01 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_FORMAT, 31, "41 05 81 3c b1 19", HUSK_COAP_CONTENT}, /* M, and not a block */
        {HUSK_ERR_FORMAT, 0, "41 05 81 3c b1 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_FORMAT, 33, "41 05 81 3c b1 19", HUSK_COAP_CONTENT},
        {HUSK_ERR_FORMAT, 33, "41 05 81 3c b1 11", HUSK_COAP_CONTENT},
        {HUSK_ERR_FORMAT, 64, "41 05 81 3c b1 0a", HUSK_COAP_CONTENT}, /* larger blocks than asked for */
        {HUSK_ERR_ORDER, 32, "41 05 81 3c b1 29", HUSK_COAP_CONTENT},  /* a gap, an overlap, far away */
        {HUSK_ERR_ORDER, 32, "41 05 81 3c b1 09", HUSK_COAP_CONTENT},
        {HUSK_ERR_ORDER, 16, "41 05 81 3c b1 18", HUSK_COAP_CONTENT},
        {HUSK_ERR_ORDER, 32, "41 05 81 3c b3 fffff9", HUSK_COAP_CONTENT},
        {HUSK_ERR_BUFFER, 32, "41 05 81 3c b1 19 54 ffffffff", HUSK_COAP_CONTENT}, /* Size2 */
        {HUSK_ERR_BUFFER, 32, "41 05 81 3c b1 19 51 65", HUSK_COAP_CONTENT},
    };
    bool done;
    begin((setting){.method = HUSK_COAP_GET, .client_szx = 1});
    husk_coap_message middle = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 19", 32);
    CHECK_INT(husk_block2_client_take(&world.download, &middle, &done), HUSK_ERR_ORDER);
    husk_coap_message huge = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 09 54 40000001", 32);
    CHECK_INT(husk_block2_client_take(&world.download, &huge, &done), HUSK_ERR_BUFFER);
    world.download.body_cap = 100;
    husk_coap_message first = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 09 51 64", 32);
    CHECK_OK(husk_block2_client_take(&world.download, &first, &done));
    husk_block2_client before = world.download;
    for (size_t i = 0; i < COUNT(bad); i++) {
        husk_coap_message response = craft(bad[i].code, bad[i].options, bad[i].payload_len);
        CHECK_INT(husk_block2_client_take(&world.download, &response, &done), bad[i].status);
        CHECK_MEM(&world.download, &before, sizeof before);
        CHECK_INT(got_body[32], 0xee);
    }
    /* With an ETag to go by, an estimate may be mended (RFC 7959 section 4). Smaller blocks are the server's choice. */
    husk_coap_message good = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 28 51 50", 16);
    CHECK_OK(husk_block2_client_take(&world.download, &good, &done));
    husk_block next;
    husk_block2_client_next(&world.download, &next);
    CHECK(!done && next.num == 3 && next.szx == 0);
    for (unsigned num = 3; num < 6; num++) {
        husk_coap_message more = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 38", 16);
        crafted_options[5] = (uint8_t)(num << 4 | 8);
        CHECK_OK(husk_block2_client_take(&world.download, &more, &done));
    }
    husk_coap_message over = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 60", 5); /* 96 + 5 */
    CHECK_INT(husk_block2_client_take(&world.download, &over, &done), HUSK_ERR_BUFFER);
    husk_coap_message last = craft(HUSK_COAP_CONTENT, "41 05 81 3c b1 60", 4);
    CHECK_OK(husk_block2_client_take(&world.download, &last, &done));
    CHECK(done && world.download.len == 100 && got_body[100] == 0xee);
}

/* Without ETags another Size2 is the only sign that the body is another. */
static void size_without_etag(void)
{
    bool done;
    begin((setting){.method = HUSK_COAP_GET, .client_szx = 0});
    husk_coap_message first = craft(HUSK_COAP_CONTENT, "d1 0a 08 51 30", 16);
    CHECK_OK(husk_block2_client_take(&world.download, &first, &done));
    husk_coap_message other = craft(HUSK_COAP_CONTENT, "d1 0a 18 51 31", 16);
    CHECK_INT(husk_block2_client_take(&world.download, &other, &done), HUSK_ERR_CHANGED);
    husk_coap_message silent = craft(HUSK_COAP_CONTENT, "d1 0a 18", 16);
    CHECK_OK(husk_block2_client_take(&world.download, &silent, &done));
    husk_coap_message same = craft(HUSK_COAP_CONTENT, "d1 0a 20 51 30", 16);
    CHECK_OK(husk_block2_client_take(&world.download, &same, &done));
    CHECK(done && world.download.len == 48);
}

static void requests_for_blocks(void)
{
    static const struct {
        husk_status status;
        const char *options;
        uint32_t num;
        uint8_t szx;
        bool more, is_block;
        size_t at, len;
    } asked[] = {
        {HUSK_OK, "", 0, 1, true, true, 0, 32},
        {HUSK_OK, "d0 0a", 0, 0, true, true, 0, 16},
        {HUSK_OK, "d1 0a 0e", 0, 1, true, true, 0, 32}, /* M means nothing in a request */
        {HUSK_OK, "d1 0a 12", 2, 1, true, true, 64, 32}, /* larger than the server's: numbered anew */
        {HUSK_OK, "d1 0a 31", 3, 1, false, true, 96, 4},
        {HUSK_OK, "d1 0a 60", 6, 0, false, true, 96, 4},
        {HUSK_ERR_FORMAT, "d1 0a 70", 0, 0, false, false, 0, 0},
        {HUSK_ERR_FORMAT, "d1 0a 16", 0, 0, false, false, 0, 0},
        {HUSK_ERR_FORMAT, "d3 0a fffff6", 0, 0, false, false, 0, 0},
        {HUSK_ERR_FORMAT, "d1 0a 07", 0, 0, false, false, 0, 0},
        {HUSK_ERR_UNSUPPORTED, "d4 0a 00000001", 0, 0, false, false, 0, 0},
    };
    for (size_t i = 0; i < COUNT(asked); i++) {
        husk_coap_message request = craft(HUSK_COAP_GET, asked[i].options, 0);
        husk_block_slice slice;
        CHECK_INT(husk_block2_slice(bytes(answer_body, 100), 1, &request, &slice), asked[i].status);
        if (asked[i].status == HUSK_OK) {
            CHECK(slice.is_block == asked[i].is_block && slice.block.num == asked[i].num);
            CHECK(slice.block.szx == asked[i].szx && slice.block.more == asked[i].more);
            CHECK(slice.payload.data == answer_body + asked[i].at && slice.payload.len == asked[i].len);
        }
    }
    husk_block_slice slice;
    husk_coap_message plain = craft(HUSK_COAP_GET, "", 0);
    CHECK_OK(husk_block2_slice(NO_BYTES, 6, &plain, &slice));
    CHECK(!slice.is_block && slice.payload.len == 0);
    CHECK_OK(husk_block2_slice(bytes(answer_body, 32), 1, &plain, &slice));
    CHECK(!slice.is_block && slice.payload.len == 32);
    husk_coap_message second = craft(HUSK_COAP_GET, "d1 0a 10", 0);
    CHECK_INT(husk_block2_slice(NO_BYTES, 6, &second, &slice), HUSK_ERR_FORMAT);
    CHECK_INT(husk_block2_slice(bytes(answer_body, 16), 6, &second, &slice), HUSK_ERR_FORMAT);
    CHECK_OK(husk_block2_slice(bytes(answer_body, 17), 6, &second, &slice));
    CHECK(slice.block.num == 1 && slice.payload.len == 1);
}

/* Random options and payloads at every taker: nothing is written outside the memory, and nothing is taken that is not
 * the next block. */
static void random_messages(void)
{
    test_rng rng = {11};
    static const uint8_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33};
    for (unsigned round = 0; round < ROUNDS(200000, 2000); round++) {
        if (round % 50 == 0) {
            begin_upload_in_the_middle();
            world.assembly.body_cap = 200;
            world.download.body_cap = 200;
        }
        uint8_t options[40];
        husk_coap_writer w;
        husk_coap_writer_init_options(&w, options, sizeof options);
        husk_coap_write_path(&w, "status", 6);
        uint8_t value[5];
        test_rng_fill(&rng, value, sizeof value);
        value[0] = (uint8_t)(test_rng_next(&rng) % 4 == 0 ? value[0] : value[0] % 64);
        static const uint8_t likely[] = {1, 1, 1, 0, 2, 3, 4, 5};
        husk_coap_write_option(&w, HUSK_COAP_BLOCK2, value, likely[test_rng_next(&rng) % COUNT(likely)]);
        husk_coap_write_option(&w, HUSK_COAP_BLOCK1, value, likely[test_rng_next(&rng) % COUNT(likely)]);
        const husk_coap_message message = {
            .code = test_rng_next(&rng) % 8 == 0 ? HUSK_COAP_CHANGED : HUSK_COAP_PUT,
            .options = bytes(options, w.len),
            .payload = bytes(crafted_payload, sizes[test_rng_next(&rng) % COUNT(sizes)]),
        };
        husk_block1_answer answer;
        husk_block_slice slice;
        bool done;
        uint32_t was = world.download.len;
        husk_status status = husk_block1_server_take(&world.assembly, &message, &answer);
        CHECK(world.assembly.len <= 200);
        CHECK(status == HUSK_OK || answer.code >= HUSK_COAP_BAD_REQUEST);
        status = husk_block2_client_take(&world.download, &message, &done);
        CHECK(world.download.len == was + (status == HUSK_OK ? message.payload.len : 0));
        (void)husk_block2_slice(bytes(answer_body, 90), 2, &message, &slice);
        (void)husk_block1_client_take(&world.upload, &message, &done);
        CHECK(world.upload.offset <= world.how.request_len);
        CHECK(taken_body[200] == 0xee && got_body[200] == 0xee);
    }
}

static void request_tags(void)
{
    static const struct {
        uint64_t unique;
        const char *hex;
    } tags[] = {{0, "00"}, {1, "01"}, {255, "ff"}, {256, "0100"}, {0xffffffffff, "ffffffffff"},
                {UINT64_MAX, "ffffffffffffffff"}};
    husk_request_tag tag;
    for (size_t i = 0; i < COUNT(tags); i++) {
        husk_request_tag_choose(&tag, true, tags[i].unique);
        CHECK(tag.present);
        CHECK_HEX(tag.bytes, tag.len, tags[i].hex);
        husk_request_tag_choose(&tag, false, tags[i].unique);
        CHECK(!tag.present && tag.len == 0);
    }
}

/* A block that was given up and sent again leaves one request open for ever; an answer to each concludes. */
static void what_concludes_an_operation(void)
{
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 60, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    CHECK(husk_block1_client_is_concluded(&world.upload));
    (void)ask();
    CHECK(!husk_block1_client_is_concluded(&world.upload));
    exchange();
    CHECK(!husk_block1_client_is_concluded(&world.upload));
    exchange();
    CHECK(world.finished && !husk_block1_client_is_concluded(&world.upload));
    check_bodies();
    begin((setting){.method = HUSK_COAP_PUT, .request_len = 60, .in_blocks = true, .client_szx = 1, .server_szx1 = 6});
    for (unsigned i = 0; i < 300; i++) { /* more than are counted: how many stay open is not known any more */
        husk_block_slice slice;
        CHECK_OK(husk_block1_client_next(&world.upload, &slice));
    }
    exchange();
    exchange();
    CHECK(world.finished && world.upload.outstanding == UINT8_MAX);
    CHECK(!husk_block1_client_is_concluded(&world.upload));
}

/* Several operations at once, each with a tag of its own, their blocks in any order, old blocks in between: each server
 * state takes the blocks of its own operation alone. */
static void interleaved_operations(void)
{
    enum { OPERATIONS = 3, LENGTH = 300 };
    static uint8_t bodies[OPERATIONS][LENGTH], memory[OPERATIONS][LENGTH], keys[OPERATIONS][32];
    husk_block1_client clients[OPERATIONS];
    husk_block1_server servers[OPERATIONS];
    test_rng rng = {5};
    for (unsigned round = 0; round < ROUNDS(500, 10); round++) {
        bool done[OPERATIONS] = {false, false, false};
        for (unsigned i = 0; i < OPERATIONS; i++) {
            test_rng_fill(&rng, bodies[i], LENGTH);
            CHECK_OK(husk_block1_client_init(&clients[i], bytes(bodies[i], LENGTH), (uint8_t)(round % 3)));
            CHECK_OK(husk_block1_server_init(&servers[i], memory[i], LENGTH, keys[i], sizeof keys[i], 6));
        }
        while (!done[0] || !done[1] || !done[2]) {
            unsigned i = test_rng_next(&rng) % OPERATIONS;
            if (done[i]) {
                continue;
            }
            husk_block_slice slice;
            husk_block1_client again = clients[i]; /* an old block of this operation, the first one excepted */
            bool old = again.offset > 64 && test_rng_next(&rng) % 3 == 0;
            again.offset -= old ? 16u << again.szx : 0;
            CHECK_OK(husk_block1_client_next(old ? &again : &clients[i], &slice));
            husk_request_tag tag;
            husk_request_tag_choose(&tag, i > 0, i);
            husk_coap_writer w;
            husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_CON, HUSK_COAP_POST, 1, NO_BYTES);
            husk_coap_write_path(&w, "status", 6);
            husk_block_write(&w, HUSK_COAP_BLOCK1, &slice.block);
            if (tag.present) {
                husk_coap_write_option(&w, HUSK_COAP_REQUEST_TAG, tag.bytes, tag.len);
            }
            husk_coap_write_payload(&w, slice.payload.data, slice.payload.len);
            const husk_coap_message request = finish(&w);
            husk_block1_answer answer;
            unsigned matching = 0;
            for (unsigned j = 0; j < OPERATIONS; j++) {
                bool matches = husk_block1_server_matches(&servers[j], &request);
                CHECK(!matches || j == i);
                matching += matches;
            }
            CHECK(matching == (slice.block.num > 0 ? 1 : 0));
            CHECK_INT(husk_block1_server_take(&servers[i], &request, &answer), old ? HUSK_ERR_ORDER : HUSK_OK);
            if (old) {
                continue;
            }
            uint8_t options[8];
            const husk_coap_message response = {
                .code = answer.code == 0 ? HUSK_COAP_CHANGED : answer.code,
                .options = bytes(options, write_block(options, sizeof options, &answer.block, HUSK_OK)),
            };
            CHECK_OK(husk_block1_client_take(&clients[i], &response, &done[i]));
            if (done[i]) {
                CHECK(answer.body.len == LENGTH && answer.body.data == memory[i]);
                CHECK_MEM(answer.body.data, bodies[i], LENGTH);
            }
        }
    }
}

/* An OSCORE session, and what an attacker on the path can do with it: hold messages back, and let them go later. */
static struct {
    husk_oscore_context client, server;
    husk_oscore_exchange asked, heard;
    bool unconcluded;
} session;

static void open_session(void)
{
    static const uint8_t secret[16] = {1, 2, 3};
    husk_oscore_parameters parameters = {.aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256,
                                         .master_secret = bytes(secret, 16), .sender_id = {1, {1}},
                                         .recipient_id = {1, {2}}};
    CHECK_OK(husk_oscore_context_init(&session.client, &parameters));
    parameters.sender_id = (husk_id){1, {2}};
    parameters.recipient_id = (husk_id){1, {1}};
    CHECK_OK(husk_oscore_context_init(&session.server, &parameters));
    session.unconcluded = false;
}

/* A message like "unlock the front door" in blocks of 16 bytes. */
static void begin_command(const char *text, bool follow_the_rule)
{
    husk_request_tag_choose(&world.tag, session.unconcluded && follow_the_rule, session.client.sender_sequence);
    CHECK_OK(husk_block1_client_init(&world.upload, bytes((const uint8_t *)text, strlen(text)), 0));
}

/* The next block, protected, in `out`. */
static size_t protect_block(uint8_t *out, size_t cap)
{
    husk_block_slice slice;
    size_t len;
    uint8_t options[32];
    CHECK_OK(husk_block1_client_next(&world.upload, &slice));
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, "door", 4);
    husk_block_write(&w, HUSK_COAP_BLOCK1, &slice.block);
    if (world.tag.present) {
        husk_coap_write_option(&w, HUSK_COAP_REQUEST_TAG, world.tag.bytes, world.tag.len);
    }
    const husk_coap_message plain = {
        .code = HUSK_COAP_POST, .options = bytes(options, w.len), .payload = slice.payload};
    session.asked = (husk_oscore_exchange){0};
    CHECK_OK(husk_oscore_request_protect(&session.client, &session.asked, &plain, out, cap, &len));
    return len;
}

/* What the server makes of a datagram. */
static husk_status deliver(uint8_t *data, size_t len, husk_block1_answer *answer)
{
    husk_coap_message inner;
    session.heard = (husk_oscore_exchange){0};
    CHECK_OK(husk_oscore_request_unprotect(&session.server, &session.heard, data, len, &inner));
    return husk_block1_server_take(&world.assembly, &inner, answer);
}

/* The server's answer on its way to the client. */
static void answer_client(const husk_block1_answer *answer)
{
    uint8_t options[8], out[64];
    size_t len;
    bool done;
    husk_coap_message inner;
    const husk_coap_message response = {
        .type = HUSK_COAP_ACK,
        .code = answer->code == 0 ? HUSK_COAP_CHANGED : answer->code,
        .options = bytes(options, write_block(options, sizeof options, &answer->block, HUSK_OK)),
    };
    CHECK_OK(husk_oscore_response_protect(&session.server, &session.heard, false, &response, out, sizeof out, &len));
    CHECK_OK(husk_oscore_response_unprotect(&session.client, &session.asked, out, len, &inner));
    CHECK_OK(husk_block1_client_take(&world.upload, &inner, &done));
}

/* Blocks of two operations to one resource: the attacker holds back the second block of the first operation, which the
 * client gives up, and lets it go in the middle of the second one. It is authentic and was never seen before. Returns
 * whether the server then took it for a block of the second operation. */
static bool mixes_operations(bool follow_the_rule)
{
    static const char first[] = "front door: keepit unlocked now", second[] = "front door: keepit shut for good";
    uint8_t held[96], out[96];
    size_t held_len, len;
    husk_block1_answer answer;
    begin((setting){.method = HUSK_COAP_POST, .server_szx1 = 6});
    open_session();

    begin_command(first, follow_the_rule);
    CHECK(!world.tag.present);
    len = protect_block(out, sizeof out);
    CHECK_OK(deliver(out, len, &answer));
    answer_client(&answer);
    held_len = protect_block(held, sizeof held);
    session.unconcluded |= !husk_block1_client_is_concluded(&world.upload);
    CHECK(session.unconcluded);

    begin_command(second, follow_the_rule);
    len = protect_block(out, sizeof out);
    CHECK_OK(deliver(out, len, &answer));
    CHECK_INT(answer.code, HUSK_COAP_CONTINUE);
    husk_block1_answer mixed;
    husk_oscore_exchange heard = session.heard;
    husk_status status = deliver(held, held_len, &mixed);
    if (status == HUSK_OK) {
        CHECK(mixed.code == 0 && mixed.body.len == strlen(first));
        CHECK_MEM(mixed.body.data, first, strlen(first));
        return true;
    }
    CHECK_INT(status, HUSK_ERR_ORDER);
    session.heard = heard;
    answer_client(&answer);
    len = protect_block(out, sizeof out);
    CHECK_OK(deliver(out, len, &answer));
    CHECK(answer.code == 0 && answer.body.len == strlen(second));
    CHECK_MEM(answer.body.data, second, strlen(second));
    answer_client(&answer);
    return false;
}

static void held_back_blocks_do_not_fit_another_operation(void)
{
    CHECK(mixes_operations(false)); /* the attack is real, without Request-Tag */
    CHECK(!mixes_operations(true));
}

void suite_block(void)
{
    RUN(option_both_ways);
    RUN(option_refusals);
    RUN(rfc_7959_figures);
    RUN(rfc_7959_figure_11);
    RUN(rfc_7959_figures_5_and_6);
    RUN(any_body_between_any_peers);
#ifdef TEST_SLOW
    RUN(long_bodies);
#endif
    RUN(losses_without_a_message_layer);
    RUN(small_requests_pass_through);
    RUN(too_large_for_the_server);
    RUN(begins_anew_with_smaller_blocks);
    RUN(begins_anew_in_the_middle);
    RUN(blocks_too_small_for_the_body);
    RUN(capacities);
    RUN(hostile_requests);
    RUN(options_beside_the_key);
    RUN(operations_begin_with_their_first_block);
    RUN(hostile_answers);
    RUN(hostile_responses);
    RUN(size_without_etag);
    RUN(requests_for_blocks);
    RUN(random_messages);
    RUN(request_tags);
    RUN(what_concludes_an_operation);
    RUN(interleaved_operations);
    RUN(held_back_blocks_do_not_fit_another_operation);
}

/* OSCORE through CoAP proxies that know nothing of it (RFC 8613 sections 4.1.3 and 10): a model of one that changes all
 * that is outside, loses, copies and reorders. What is inside arrives as it was sent, once, or not at all. */
#include "oscore_pair.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPTIONS_MAX 12

static oscore_pair pair;

/* A message taken apart, so that options can be added anywhere. */
typedef struct parts {
    husk_coap_message message;
    size_t count;
    uint32_t numbers[OPTIONS_MAX];
    husk_bytes values[OPTIONS_MAX];
} parts;

static parts take_apart(const packet *in)
{
    parts p = {.count = 0};
    CHECK_OK(husk_coap_decode(in->data, in->len, &p.message));
    husk_coap_options walk;
    husk_coap_options_init(&walk, p.message.options);
    while (husk_coap_option_next(&walk, &p.numbers[p.count], &p.values[p.count])) {
        p.count++;
        CHECK(p.count < OPTIONS_MAX);
    }
    return p;
}

static void drop(parts *p, uint32_t number)
{
    for (size_t i = 0; i < p->count;) {
        if (p->numbers[i] != number) {
            i++;
            continue;
        }
        p->count--;
        memmove(p->numbers + i, p->numbers + i + 1, (p->count - i) * sizeof p->numbers[0]);
        memmove(p->values + i, p->values + i + 1, (p->count - i) * sizeof p->values[0]);
    }
}

static void insert(parts *p, uint32_t number, husk_bytes value)
{
    CHECK(p->count < OPTIONS_MAX);
    size_t at = p->count++;
    for (; at > 0 && p->numbers[at - 1] > number; at--) {
        p->numbers[at] = p->numbers[at - 1];
        p->values[at] = p->values[at - 1];
    }
    p->numbers[at] = number;
    p->values[at] = value;
}

static packet put_together(const parts *p)
{
    packet out;
    husk_coap_writer w;
    husk_coap_writer_init(&w, out.data, sizeof out.data, p->message.type, p->message.code, p->message.message_id,
                          p->message.token);
    for (size_t i = 0; i < p->count; i++) {
        husk_coap_write_option(&w, p->numbers[i], p->values[i].data, p->values[i].len);
    }
    husk_coap_write_payload(&w, p->message.payload.data, p->message.payload.len);
    CHECK_OK(husk_coap_writer_finish(&w, &out.len));
    return out;
}

/* The proxy. Another token, message ID and type; Proxy-Scheme and Uri-Host taken away (forward) or Uri-Host added
 * (reverse); Observe, Max-Age, Hop-Limit, ETag, Echo, Size1 and unknown options added or taken away; the first and only
 * block of an outer Block-wise transfer; another code of the same class. */
static packet forward(test_rng *rng, const packet *in)
{
    static const uint32_t adds[] = {HUSK_COAP_ETAG,   HUSK_COAP_OBSERVE, HUSK_COAP_MAX_AGE, HUSK_COAP_HOP_LIMIT,
                                    HUSK_COAP_BLOCK2, HUSK_COAP_BLOCK1,  60,                HUSK_COAP_ECHO,
                                    2048};
    static const uint32_t drops[] = {HUSK_COAP_OBSERVE, HUSK_COAP_PROXY_SCHEME, HUSK_COAP_URI_HOST};
    static uint8_t token[8], value[4];
    parts p = take_apart(in);
    test_rng_fill(rng, token, sizeof token);
    test_rng_fill(rng, value, sizeof value);
    p.message.token = bytes(token, test_rng_next(rng) % 9);
    p.message.message_id = (uint16_t)test_rng_next(rng);
    p.message.type = (uint8_t)(test_rng_next(rng) % 3);
    for (size_t i = 0; i < COUNT(drops); i++) {
        if (test_rng_next(rng) % 2 == 0) {
            drop(&p, drops[i]);
        }
    }
    for (size_t i = 0; i < COUNT(adds); i++) {
        if (test_rng_next(rng) % 4 == 0) {
            static const uint8_t only_block[] = {6};
            bool block = adds[i] == HUSK_COAP_BLOCK1 || adds[i] == HUSK_COAP_BLOCK2;
            insert(&p, adds[i], block ? bytes(only_block, 1) : bytes(value, test_rng_next(rng) % 4));
        }
    }
    if (test_rng_next(rng) % 4 == 0) {
        p.message.code = p.message.code < HUSK_COAP_CODE(1, 0) ? (uint8_t)(1 + test_rng_next(rng) % 7)
                                                               : (uint8_t)(0x41 + test_rng_next(rng) % 5);
    }
    return put_together(&p);
}

/* Plain options of the request, and what of them is inside. */
static const struct {
    const char *plain, *inside;
} requests[] = {
    {"b1 61", "b1 61"},
    {"60 51 61 d1 0f 63", "60 51 61"},          /* Observe, Uri-Path, Proxy-Scheme "c" */
    {"33 676174 81 61 41 62", "b1 61 41 62"},   /* Uri-Host, Uri-Path, Uri-Query */
    {"61 01 51 61 51 10 c1 0b", "61 01 51 61 d1 04 0b"}, /* cancellation, Uri-Path, Hop-Limit, 28 */
};

static void check_inner(uint8_t code, const char *options)
{
    CHECK_INT(pair.inner.code, code);
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, options);
}

/* Several proxies in a row, both ways; notifications in any order, some lost, some twice. */
static void whatever_proxies_do(void)
{
    test_rng rng = {51};
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    for (unsigned round = 0; round < 120; round++) {
        size_t which = round % COUNT(requests);
        packet request, wire;
        CHECK_OK(oscore_pair_ask(&pair, requests[which].plain, &request));
        unsigned heard = 0;
        for (unsigned copy = 0; copy < 2; copy++) {
            wire = request;
            for (unsigned hops = test_rng_next(&rng) % 3; hops-- > 0;) {
                wire = forward(&rng, &wire);
            }
            husk_oscore_exchange kept = pair.heard;
            husk_status status = oscore_pair_hear(&pair, &wire);
            CHECK_INT(status, copy == 0 ? HUSK_OK : HUSK_ERR_REPLAY);
            if (status == HUSK_OK) {
                heard++;
                check_inner(HUSK_COAP_GET, requests[which].inside);
                CHECK_INT(husk_oscore_exchange_observes(&pair.heard), which == 1);
            } else {
                CHECK(memcmp(&kept.request_sequence, &pair.heard.request_sequence, sizeof kept.request_sequence) == 0);
            }
        }
        CHECK_INT(heard, 1);
        if (which != 1) {
            CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_NOT_FOUND, "d1 01 05", (uint8_t)round, round % 3 == 0, &request));
            wire = forward(&rng, &request);
            wire = forward(&rng, &wire);
            CHECK_OK(oscore_pair_receive(&pair, &wire));
            check_inner(HUSK_COAP_NOT_FOUND, "d1 01 05"); /* the server's Max-Age, whatever proxies say */
            CHECK_INT(pair.inner.payload.data[0], round);
            CHECK_INT(oscore_pair_receive(&pair, &wire), HUSK_ERR_STATE);
            continue;
        }
        packet sent[6];
        for (uint8_t i = 0; i < COUNT(sent); i++) {
            CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "61 07", i, false, &sent[i]));
        }
        int newest = -1;
        for (unsigned i = 0; i < 8; i++) {
            int pick = (int)(test_rng_next(&rng) % COUNT(sent));
            wire = forward(&rng, &sent[pick]);
            CHECK_INT(oscore_pair_receive(&pair, &wire), pick > newest ? HUSK_OK : HUSK_ERR_REPLAY);
            if (pick > newest) {
                check_inner(HUSK_COAP_CONTENT, "60");
                CHECK_INT(pair.inner.payload.data[0], pick);
                newest = pick;
            }
        }
    }
    CHECK_INT(pair.client.count_v, 0);
    CHECK_INT(pair.server.count_v, 0);
}

/* What proxies make of it that is not the message any more: fragments, another OSCORE option, none, an error of their
 * own, another client's response. */
static void what_is_refused(void)
{
    static const struct {
        uint32_t number;
        const char *value;
        husk_status status;
    } fragments[] = {
        {HUSK_COAP_BLOCK1, "0e", HUSK_ERR_UNSUPPORTED},   /* the first of several */
        {HUSK_COAP_BLOCK1, "16", HUSK_ERR_UNSUPPORTED},   /* the second and last */
        {HUSK_COAP_BLOCK1, "0106", HUSK_ERR_UNSUPPORTED}, /* the seventeenth */
        {HUSK_COAP_BLOCK2, "0e", HUSK_ERR_UNSUPPORTED},
        {HUSK_COAP_BLOCK2, "000016", HUSK_ERR_UNSUPPORTED},
        {HUSK_COAP_BLOCK1, "06", HUSK_OK},
        {HUSK_COAP_BLOCK2, "", HUSK_OK},
    };
    packet request, reply, wire;
    for (size_t i = 0; i < COUNT(fragments); i++) {
        for (unsigned response = 0; response < 2; response++) {
            oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
            CHECK_OK(oscore_pair_ask(&pair, "b1 61", &request));
            if (response) {
                CHECK_OK(oscore_pair_hear(&pair, &request));
                CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply));
            }
            const packet *whole = response ? &reply : &request;
            uint8_t value[4];
            parts p = take_apart(whole);
            insert(&p, fragments[i].number, bytes(value, unhex(fragments[i].value, value, sizeof value)));
            wire = put_together(&p);
            CHECK_INT(response ? oscore_pair_receive(&pair, &wire) : oscore_pair_hear(&pair, &wire),
                      fragments[i].status);
            if (fragments[i].status != HUSK_OK) { /* the whole of it is still good */
                CHECK_OK(response ? oscore_pair_receive(&pair, whole) : oscore_pair_hear(&pair, whole));
            }
        }
    }
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &request));
    parts p = take_apart(&request);
    insert(&p, HUSK_COAP_OSCORE, p.values[0]); /* twice */
    wire = put_together(&p);
    CHECK_INT(oscore_pair_hear(&pair, &wire), HUSK_ERR_FORMAT);
    drop(&p, HUSK_COAP_OSCORE);
    wire = put_together(&p);
    CHECK_INT(oscore_pair_hear(&pair, &wire), HUSK_ERR_FORMAT);
    CHECK_OK(oscore_pair_hear(&pair, &request));

    /* A cache that answers another request with what it kept. */
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply));
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &request));
    CHECK_INT(oscore_pair_receive(&pair, &reply), HUSK_ERR_AUTHENTICATION);
    /* A timeout of the proxy's own is not the server's word. */
    static const packet timeout = {{0x51, 0xa4, 0, 9, 't'}, 5};
    CHECK_INT(oscore_pair_receive(&pair, &timeout), HUSK_ERR_FORMAT);
    CHECK_OK(oscore_pair_hear(&pair, &request));
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 2, false, &reply));
    CHECK_OK(oscore_pair_receive(&pair, &reply));
}

/* The options of class U are outside, for the proxy, and it alone has them. */
static void what_a_proxy_sees(void)
{
    packet request;
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    /* Uri-Host, Observe, Uri-Port, Uri-Path, Uri-Query, Hop-Limit, Proxy-Scheme */
    CHECK_OK(oscore_pair_ask(&pair, "33 676174 30 12 1633 41 61 41 71 11 10 d4 0a 636f6170", &request));
    static const uint32_t seen[] = {HUSK_COAP_URI_HOST, HUSK_COAP_OBSERVE,   HUSK_COAP_URI_PORT,
                                    HUSK_COAP_OSCORE,   HUSK_COAP_HOP_LIMIT, HUSK_COAP_PROXY_SCHEME};
    parts p = take_apart(&request);
    CHECK_INT(p.count, COUNT(seen));
    for (size_t i = 0; i < COUNT(seen); i++) {
        CHECK_INT(p.numbers[i], seen[i]);
    }
    CHECK_OK(oscore_pair_hear(&pair, &request));
    check_inner(HUSK_COAP_GET, "60 51 61 41 71");
}

void suite_proxy(void)
{
    RUN(whatever_proxies_do);
    RUN(what_is_refused);
    RUN(what_a_proxy_sees);
}

/* Frames: the worked example of their article, and what must hold for every frame. Overhead, round trips, tampering,
 * truncation, canonical encoding, replay, and that a frame is never an OSCORE message nor the reverse. */
#include "nonce_watch.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef TEST_SLOW
#define ROUNDS(slow, quick) (slow)
#else
#define ROUNDS(slow, quick) (quick)
#endif

static husk_frame_context alice, bob, before;
static uint8_t frame[160], other[160], payload[96];

static husk_oscore_parameters parameters_of(const uint8_t *secret, const uint8_t *salt, const husk_aead *aead,
                                            husk_id sender, husk_id recipient)
{
    return (husk_oscore_parameters){.aead = aead, .hash = &husk_hash_sha256, .master_secret = bytes(secret, 16),
                                    .master_salt = bytes(salt, 8), .sender_id = sender, .recipient_id = recipient};
}

/* Contexts of random secrets; identifiers of these lengths, not both 0. */
static void pair_up(test_rng *rng, const husk_aead *aead, size_t alice_len, size_t bob_len)
{
    uint8_t secret[16], salt[8], name[15];
    test_rng_fill(rng, secret, sizeof secret);
    test_rng_fill(rng, salt, sizeof salt);
    test_rng_fill(rng, name, sizeof name);
    name[7] = (uint8_t)(name[0] + 1);
    husk_id a, b;
    CHECK_OK(husk_id_set(&a, name, alice_len));
    CHECK_OK(husk_id_set(&b, name + 7, bob_len));
    husk_oscore_parameters parameters = parameters_of(secret, salt, aead, a, b);
    CHECK_OK(husk_frame_context_init(&alice, &parameters));
    parameters = parameters_of(secret, salt, aead, b, a);
    CHECK_OK(husk_frame_context_init(&bob, &parameters));
}

static husk_status refuse(husk_frame_context *context, uint8_t *data, size_t len)
{
    husk_frame_message message;
    before = *context;
    husk_status status = husk_frame_open(context, data, len, &message);
    before.oscore.count_v += status == HUSK_ERR_AUTHENTICATION;
    CHECK(status == HUSK_OK || memcmp(&before, context, sizeof before) == 0);
    return status;
}

/* The worked example of Frames.md, whose test recomputes it in Python too. */
static void worked_example(void)
{
    HEX(secret, "0102030405060708090a0b0c0d0e0f10");
    HEX(salt, "9e7ca92223786340");
    husk_oscore_parameters parameters = parameters_of(secret, salt, &husk_aead_aes_ccm_16_64_128,
                                                      (husk_id){1, {0x01}}, (husk_id){1, {0x02}});
    CHECK_OK(husk_frame_context_init(&alice, &parameters));
    CHECK_HEX(alice.oscore.sender_key, 16, "d55c744801e7eee454594b1099038926");
    CHECK_HEX(alice.oscore.recipient_key, 16, "38e4bd55509968c7464948e52832b372");
    CHECK_HEX(alice.oscore.common_iv, 13, "b4777e8baf4b116db5266ca249");
    const husk_bytes text = bytes((const uint8_t *)"{\"t\":21.5}", 10);
    size_t len;
    alice.oscore.sender_sequence = 20;
    CHECK_OK(husk_frame_seal(&alice, true, text, frame, sizeof frame, &len));
    CHECK_HEX(frame, len, "091401 e369918443d342375dc8 609470e8bff0b033");
    alice.oscore.sender_sequence = 20; /* an example: never twice with the same number */
    CHECK_OK(husk_frame_seal(&alice, false, text, frame, sizeof frame, &len));
    CHECK_HEX(frame, len, "0114 e369918443d342375dc8 73ab12a75ff9ca0c");
    alice.oscore.sender_sequence = 20;
    CHECK_OK(husk_frame_seal(&alice, true, NO_BYTES, frame, sizeof frame, &len));
    CHECK_HEX(frame, len, "091401 227d32ced6176d13");
}

/* 11 bytes with an identifier, 10 without; one more for each further byte of the number. */
static void overhead(void)
{
    static const struct {
        uint64_t number;
        size_t more;
    } cases[] = {{0, 0}, {255, 0}, {256, 1}, {65535, 1}, {65536, 2}, {0xffffff, 2}, {0x1000000, 3},
                 {0xffffffff, 3}, {0x100000000, 4}, {HUSK_OSCORE_SEQUENCE_MAX, 4}};
    test_rng rng = {2};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    alice.oscore.sender_id.bytes[0] = bob.oscore.recipient_id.bytes[0] = 5;
    alice.oscore.limit_q = UINT64_MAX;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int with_kid = 0; with_kid <= 1; with_kid++) {
            size_t len;
            alice.oscore.sender_sequence = cases[i].number;
            CHECK_INT(husk_frame_next_number(&alice), cases[i].number);
            CHECK_OK(husk_frame_seal(&alice, with_kid != 0, bytes(payload, 32), frame, sizeof frame, &len));
            CHECK_INT(len, 32 + 10 + (size_t)with_kid + cases[i].more);
        }
    }
    CHECK_INT(alice.oscore.sender_sequence, HUSK_OSCORE_SEQUENCE_MAX + 1);
    size_t len;
    CHECK_INT(husk_frame_seal(&alice, true, NO_BYTES, frame, sizeof frame, &len), HUSK_ERR_EXHAUSTED);
}

static void round_trips(void)
{
    static const husk_aead *const aeads[] = {&husk_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_128_128,
                                             &husk_aead_chacha20_poly1305};
    test_rng rng = {3};
    for (unsigned round = 0; round < ROUNDS(3000, 60); round++) {
        const husk_aead *aead = aeads[round % 3];
        size_t most = (size_t)aead->nonce_bytes - 6;
        pair_up(&rng, aead, round / 3 % (most + 1), round / 24 % most + 1);
        alice.oscore.limit_q = UINT64_MAX;
        alice.oscore.sender_sequence = round % 5 == 0 ? 0 : ((uint64_t)test_rng_next(&rng) << 8) >> (round % 40);
        size_t len = 0;
        uint8_t text[64];
        size_t text_len = test_rng_next(&rng) % (sizeof text + 1);
        test_rng_fill(&rng, text, text_len);
        for (int again = 0; again < 3; again++) {
            uint64_t number = husk_frame_next_number(&alice);
            husk_bytes source = bytes(text, text_len);
            if (again == 2) { /* the payload may lie in the output */
                size_t at = test_rng_next(&rng) % 32;
                memcpy(frame + at, text, text_len);
                source.data = frame + at;
            }
            CHECK_OK(husk_frame_seal(&alice, again != 1, source, frame, sizeof frame, &len));
            CHECK(len <= text_len + HUSK_FRAME_OVERHEAD_MAX_BYTES);
            husk_frame_header header;
            CHECK_OK(husk_frame_header_read(frame, len, &header));
            CHECK_INT(header.kind, HUSK_FRAME_DATA);
            CHECK_INT(header.has_kid, again != 1);
            CHECK(!header.has_kid || header.kid.len == alice.oscore.sender_id.len);
            CHECK(header.kid.len == 0 || memcmp(header.kid.data, alice.oscore.sender_id.bytes, header.kid.len) == 0);
            CHECK_INT(header.body.len, text_len + aead->tag_bytes);
            husk_frame_message message;
            CHECK_OK(husk_frame_open(&bob, frame, len, &message));
            CHECK_INT(message.number, number);
            CHECK_INT(message.payload.len, text_len);
            CHECK_MEM(message.payload.data, text, text_len);
        }
    }
}

/* Every single bit counts, those of the header too; so does every byte, and everything that is added. */
static void tampering(void)
{
    test_rng rng = {4};
    for (unsigned round = 0; round < ROUNDS(40, 3); round++) {
        pair_up(&rng, round % 2 != 0 ? &husk_aead_aes_ccm_16_128_128 : &husk_aead_aes_ccm_16_64_128, 1 + round % 7,
                round % 5);
        alice.oscore.limit_q = UINT64_MAX;
    alice.oscore.sender_sequence = round % 3 == 0 ? 7 : test_rng_next(&rng) >> (round % 32);
        size_t len;
        test_rng_fill(&rng, payload, sizeof payload);
        CHECK_OK(husk_frame_seal(&alice, round % 4 != 3, bytes(payload, round % 20), frame, sizeof frame, &len));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            memcpy(other, frame, len);
            other[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(refuse(&bob, other, len) != HUSK_OK);
            if (bit >= 8 * (len - bob.oscore.aead->tag_bytes - round % 20)) {
                for (size_t i = 0; i < round % 20; i++) { /* nothing is released */
                    CHECK_INT(other[len - bob.oscore.aead->tag_bytes - round % 20 + i], 0);
                }
            }
        }
        for (size_t short_len = 0; short_len < len; short_len++) {
            memcpy(other, frame, len);
            CHECK(refuse(&bob, other, short_len) != HUSK_OK);
        }
        for (unsigned more = 1; more < 30; more++) {
            test_rng_fill(&rng, other, sizeof other);
            memcpy(other, frame, len);
            CHECK(refuse(&bob, other, len + more) != HUSK_OK);
        }
        memcpy(other, frame, len);
        CHECK_OK(refuse(&bob, other, len));
        CHECK_INT(refuse(&bob, frame, len), HUSK_ERR_REPLAY);
    }
}

/* The identifier is on the wire or not: neither can be made of the other, and no flag can be added. */
static void identifier_is_not_to_be_stripped(void)
{
    test_rng rng = {5};
    size_t len;
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    alice.oscore.sender_id.bytes[0] = bob.oscore.recipient_id.bytes[0] = 0x07;
    CHECK_OK(husk_frame_seal(&alice, true, bytes(payload, 8), frame, sizeof frame, &len));
    frame[2] = frame[1];
    frame[1] = 0x01;
    CHECK_INT(refuse(&bob, frame + 1, len - 1), HUSK_ERR_AUTHENTICATION);
    CHECK_OK(husk_frame_seal(&alice, false, bytes(payload, 8), frame + 1, sizeof frame - 1, &len));
    frame[0] = 0x09;
    frame[1] = frame[2];
    frame[2] = 0x07;
    CHECK_INT(refuse(&bob, frame, len + 1), HUSK_ERR_AUTHENTICATION);
}

static husk_status read_hex(const char *hex)
{
    husk_frame_header header;
    uint8_t data[32];
    return husk_frame_header_read(data, unhex(hex, data, sizeof data), &header);
}

/* One encoding for each meaning. */
static void canonical_encoding(void)
{
    static const struct {
        const char *hex;
        husk_status status;
    } cases[] = {
        {"0100aa", HUSK_OK},
        {"", HUSK_ERR_FORMAT},
        {"01", HUSK_ERR_FORMAT},
        {"0100", HUSK_ERR_FORMAT},                                  /* nothing behind the header */
        {"00aabb", HUSK_ERR_FORMAT},                                /* no Partial IV */
        {"0800aabb", HUSK_ERR_FORMAT},
        {"0601020304050607", HUSK_ERR_FORMAT},                      /* one of 6 bytes */
        {"020014aa", HUSK_ERR_FORMAT},                              /* a longer form of 20 */
        {"05000000ff00aa", HUSK_ERR_FORMAT},
        {"0214ffaa", HUSK_OK},
        {"05ff000000ffaa", HUSK_OK},
        {"1114aa00bb", HUSK_ERR_UNSUPPORTED},                       /* kid context */
        {"2114aabb", HUSK_ERR_UNSUPPORTED},
        {"4114aabb", HUSK_ERR_UNSUPPORTED},
        {"091400aa", HUSK_OK},                                      /* identifier 0 */
        {"091437aa", HUSK_OK},                                      /* -24 */
        {"09144100aa", HUSK_ERR_FORMAT},                            /* 0 as a byte string */
        {"09144137aa", HUSK_ERR_FORMAT},
        {"09144118aa", HUSK_OK},                                    /* 18: not an integer of one byte */
        {"091418aa", HUSK_ERR_FORMAT},
        {"09145801aabb", HUSK_ERR_FORMAT},                          /* a longer head */
        {"09145fff", HUSK_ERR_FORMAT},                              /* indefinite length */
        {"091440aa", HUSK_OK},                                      /* the empty one */
        {"09144701020304050607aa", HUSK_OK},
        {"0914480102030405060708aa", HUSK_OK},                      /* no context has it */
        {"09145bffffffffffffffffaa", HUSK_ERR_FORMAT},              /* absurd */
        {"09145affffffffaa", HUSK_ERR_FORMAT},
        {"091442aa", HUSK_ERR_FORMAT},
        {"09141903e8aa", HUSK_ERR_FORMAT},                          /* an integer of more bytes */
        {"09146161aa", HUSK_ERR_FORMAT},                            /* text */
        {"17aa", HUSK_OK},                                          /* EDHOC */
        {"27aa", HUSK_OK},
        {"37aa", HUSK_OK},
        {"47aa", HUSK_OK},
        {"57aa", HUSK_OK},
        {"07aa", HUSK_ERR_UNSUPPORTED},
        {"67aa", HUSK_ERR_UNSUPPORTED},
        {"77aa", HUSK_ERR_UNSUPPORTED},
        {"17", HUSK_ERR_FORMAT},
        {"3f05aa", HUSK_OK},
        {"3f05", HUSK_ERR_FORMAT},
        {"97aa", HUSK_OK},                                          /* a fragment */
        {"8101000700010203040506 07aa", HUSK_OK},                   /* KUDOS */
        {"8100000700010203040506 07aa", HUSK_ERR_UNSUPPORTED},      /* second flag byte */
        {"8103000700010203040506 07aa", HUSK_ERR_UNSUPPORTED},
        {"8101008700010203040506 07aa", HUSK_ERR_FORMAT},           /* reserved bit of x */
        {"81010007000102030405 06", HUSK_ERR_FORMAT},               /* nonce too short */
        {"8101000f00010203040506 07aa", HUSK_ERR_FORMAT},
        {"8101", HUSK_ERR_FORMAT},
        {"81", HUSK_ERR_FORMAT},
        {"8001070001020304050607aa", HUSK_ERR_FORMAT},              /* no Partial IV */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_INT(read_hex(cases[i].hex), cases[i].status);
    }
    /* Any three bytes: what is read is what would be written. */
    for (uint32_t i = 0; i < ROUNDS(0x1000000, 0x10000); i += ROUNDS(1, 7)) {
        const uint8_t data[5] = {(uint8_t)(i >> ROUNDS(16, 8)), (uint8_t)(i >> ROUNDS(8, 0)), (uint8_t)i, 0x55, 0x55};
        husk_frame_header h;
        if (husk_frame_header_read(data, sizeof data, &h) != HUSK_OK || h.kind == HUSK_FRAME_KUDOS) {
            continue;
        }
        uint8_t out[9];
        husk_id kid;
        CHECK_OK(husk_id_set(&kid, h.kid.data, h.kid.len));
        size_t len = husk_frame_edhoc_header(h.kind, h.fragment, h.has_kid ? &kid : NULL, out);
        if (h.kind != HUSK_FRAME_DATA) {
            CHECK_INT(len + h.body.len, sizeof data);
            CHECK_MEM(out, data, len);
            continue;
        }
        CHECK_INT(data[0], h.partial_iv.len | (h.has_kid ? 8 : 0));
        CHECK_INT(len + h.partial_iv.len + h.body.len, sizeof data);
    }
}

static void other_identifiers(void)
{
    test_rng rng = {6};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 2, 1);
    size_t len;
    CHECK_OK(husk_frame_seal(&alice, true, bytes(payload, 8), frame, sizeof frame, &len));
    CHECK_INT(refuse(&alice, frame, len), HUSK_ERR_CONTEXT); /* reflected */
    bob.oscore.recipient_id.bytes[1] ^= 1;
    CHECK_INT(refuse(&bob, frame, len), HUSK_ERR_CONTEXT);
    bob.oscore.recipient_id.len = 1;
    CHECK_INT(refuse(&bob, frame, len), HUSK_ERR_CONTEXT);
    CHECK_OK(husk_frame_seal(&alice, false, bytes(payload, 8), frame, sizeof frame, &len));
    CHECK_INT(refuse(&alice, frame, len), HUSK_ERR_AUTHENTICATION); /* reflected without identifier */
}

static void replay_window(void)
{
    test_rng rng = {7};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    uint64_t seen = 0, top = 0;
    bool any = false;
    for (unsigned i = 0; i < ROUNDS(4000, 150); i++) {
        uint64_t number = test_rng_next(&rng) % (40 + i);
        size_t len;
        alice.oscore.sender_sequence = number;
        CHECK_OK(husk_frame_seal(&alice, i % 2 != 0, bytes(payload, 4), frame, sizeof frame, &len));
        bool fresh = !any || number > top || (top - number < HUSK_OSCORE_WINDOW && (seen >> (top - number) & 1) == 0);
        CHECK_INT(refuse(&bob, frame, len), fresh ? HUSK_OK : HUSK_ERR_REPLAY);
        if (fresh && (!any || number > top)) {
            seen = any && number - top < 64 ? seen << (number - top) : 0;
            seen |= 1;
            top = number;
            any = true;
        } else if (fresh) {
            seen |= (uint64_t)1 << (top - number);
        }
    }
}

/* A forged frame with a number far ahead moves nothing. */
static void forgeries_move_nothing(void)
{
    test_rng rng = {8};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    for (unsigned i = 0; i < ROUNDS(20000, 100); i++) {
        size_t len = test_rng_next(&rng) % 48;
        test_rng_fill(&rng, frame, len);
        if (len > 2 && i % 2 == 0) {
            frame[0] = 0x01;
        }
        CHECK(refuse(&bob, frame, len) != HUSK_OK);
    }
    size_t len;
    CHECK_OK(husk_frame_seal(&alice, true, bytes(payload, 4), frame, sizeof frame, &len));
    CHECK_OK(refuse(&bob, frame, len));
}

static void buffers_and_lengths(void)
{
    test_rng rng = {9};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 3, 1);
    for (size_t cap = 0; cap < 40; cap++) {
        size_t len = 99;
        memset(frame, 0xee, sizeof frame);
        before = alice;
        husk_status status = husk_frame_seal(&alice, true, bytes(payload, 16), frame, cap, &len);
        if (cap < 16 + 1 + 1 + 4 + 8) {
            CHECK_INT(status, HUSK_ERR_BUFFER);
            CHECK(memcmp(&before, &alice, sizeof before) == 0);
            CHECK_INT(frame[0], 0xee);
            continue;
        }
        CHECK_OK(status);
        CHECK_INT(len, 30);
        CHECK_INT(frame[30], 0xee);
    }
    size_t len;
    before = alice;
    CHECK_INT(husk_frame_seal(&alice, true, bytes(payload, SIZE_MAX), frame, sizeof frame, &len), HUSK_ERR_ARGUMENT);
    alice.oscore.limit_l = UINT32_MAX;
    CHECK_INT(husk_frame_seal(&alice, true, bytes(payload, UINT32_MAX - 8), frame, sizeof frame, &len),
              HUSK_ERR_BUFFER);
    alice.oscore.sender_limit = alice.oscore.sender_sequence;
    before = alice;
    CHECK_INT(husk_frame_seal(&alice, true, bytes(payload, 4), frame, sizeof frame, &len), HUSK_ERR_EXHAUSTED);
    CHECK(memcmp(&before, &alice, sizeof before) == 0);
}

/* The limits of husk_oscore_context, each at its edge. */
static void usage_limits(void)
{
    test_rng rng = {13};
    size_t len;
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    CHECK_INT(alice.oscore.limit_q, 1 << 20);
    CHECK_INT(alice.oscore.limit_v, 1 << 14);
    alice.oscore.sender_sequence = alice.oscore.limit_q - 1;
    CHECK(!husk_frame_is_exhausted(&alice));
    CHECK_OK(husk_frame_seal(&alice, true, NO_BYTES, frame, sizeof frame, &len));
    CHECK(husk_frame_is_exhausted(&alice));
    CHECK_INT(husk_frame_seal(&alice, true, NO_BYTES, frame, sizeof frame, &len), HUSK_ERR_EXHAUSTED);

    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    alice.oscore.limit_l = bob.oscore.limit_l = 20;
    CHECK_INT(husk_frame_seal(&alice, true, bytes(payload, 13), frame, sizeof frame, &len), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_frame_seal(&alice, true, bytes(payload, 12), frame, sizeof frame, &len));
    memcpy(other, frame, len);
    CHECK_INT(refuse(&bob, other, len + 1), HUSK_ERR_FORMAT);
    bob.oscore.limit_v = 2;
    for (unsigned i = 0; i < 2; i++) {
        CHECK(!husk_frame_is_exhausted(&bob));
        memcpy(other, frame, len);
        other[len - 1] ^= 1;
        CHECK_INT(refuse(&bob, other, len), HUSK_ERR_AUTHENTICATION);
    }
    CHECK(husk_frame_is_exhausted(&bob));
    CHECK_INT(refuse(&bob, frame, len), HUSK_ERR_EXHAUSTED);
}

#ifdef TEST_SLOW
/* AES-CCM takes texts below 2^16 bytes. */
static void too_long_for_the_aead(void)
{
    static uint8_t big[1 << 17];
    test_rng rng = {10};
    pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 1, 1);
    alice.oscore.limit_l = bob.oscore.limit_l = UINT32_MAX;
    size_t len;
    before = alice;
    CHECK_INT(husk_frame_seal(&alice, true, bytes(big + 20, 65536), big, sizeof big, &len), HUSK_ERR_ARGUMENT);
    CHECK(memcmp(&before, &alice, sizeof before) == 0);
    CHECK_OK(husk_frame_seal(&alice, false, bytes(big + 20, 65535), big, sizeof big, &len));
    CHECK_INT(refuse(&bob, big, sizeof big), HUSK_ERR_FORMAT);
    CHECK_OK(refuse(&bob, big, len));
}
#endif

/* ---- Frames and OSCORE messages ---- */

/* From the same secret and for the same IDs, no key, IV or nonce is common. */
static void keys_of_their_own(void)
{
    test_rng rng = {11};
    for (unsigned round = 0; round < ROUNDS(500, 20); round++) {
        uint8_t secret[16], salt[8], name[14];
        test_rng_fill(&rng, secret, sizeof secret);
        test_rng_fill(&rng, salt, sizeof salt);
        test_rng_fill(&rng, name, sizeof name);
        husk_id a, b;
        CHECK_OK(husk_id_set(&a, name, round % 8));
        CHECK_OK(husk_id_set(&b, name + 7, round % 7 + 1));
        if (husk_id_equal(&a, &b)) {
            continue;
        }
        const husk_oscore_parameters parameters = parameters_of(secret, salt, &husk_aead_aes_ccm_16_64_128, a, b);
        husk_oscore_context oscore;
        CHECK_OK(husk_oscore_context_init(&oscore, &parameters));
        CHECK_OK(husk_frame_context_init(&alice, &parameters));
        CHECK(memcmp(oscore.sender_key, alice.oscore.sender_key, 16) != 0);
        CHECK(memcmp(oscore.recipient_key, alice.oscore.recipient_key, 16) != 0);
        CHECK(memcmp(oscore.sender_key, alice.oscore.recipient_key, 16) != 0);
        CHECK(memcmp(oscore.recipient_key, alice.oscore.sender_key, 16) != 0);
        CHECK(memcmp(oscore.common_iv, alice.oscore.common_iv, 13) != 0);
    }
}

/* Ciphertext, number and identifier of one repacked as the other. */
static void frames_and_oscore_are_not_confused(void)
{
    HEX(secret, "0102030405060708090a0b0c0d0e0f10");
    HEX(salt, "9e7ca92223786340");
    const husk_oscore_parameters at_alice = parameters_of(secret, salt, &husk_aead_aes_ccm_16_64_128,
                                                          (husk_id){1, {0x01}}, (husk_id){1, {0x02}});
    const husk_oscore_parameters at_bob = parameters_of(secret, salt, &husk_aead_aes_ccm_16_64_128,
                                                        (husk_id){1, {0x02}}, (husk_id){1, {0x01}});
    husk_oscore_context oscore_alice, oscore_bob;
    husk_oscore_exchange asked = {0}, heard = {0};
    CHECK_OK(husk_oscore_context_init(&oscore_alice, &at_alice));
    CHECK_OK(husk_oscore_context_init(&oscore_bob, &at_bob));
    CHECK_OK(husk_frame_context_init(&alice, &at_alice));
    CHECK_OK(husk_frame_context_init(&bob, &at_bob));

    /* OSCORE as a frame */
    const husk_coap_message request = {.code = HUSK_COAP_POST, .payload = {payload, 16}};
    husk_coap_message inner;
    size_t len;
    CHECK_OK(husk_oscore_request_protect(&oscore_alice, &asked, &request, other, sizeof other, &len));
    husk_coap_message outer;
    husk_oscore_option option;
    CHECK_OK(husk_coap_decode(other, len, &outer));
    CHECK_OK(husk_oscore_option_read(&outer, &option));
    for (int with_kid = 0; with_kid <= 1; with_kid++) {
        size_t at = 0;
        frame[at++] = with_kid != 0 ? 0x09 : 0x01;
        frame[at++] = option.partial_iv.data[0];
        if (with_kid != 0) {
            frame[at++] = option.kid.data[0];
        }
        memcpy(frame + at, outer.payload.data, outer.payload.len);
        CHECK_INT(refuse(&bob, frame, at + outer.payload.len), HUSK_ERR_AUTHENTICATION);
    }
    CHECK(refuse(&bob, other, len) != HUSK_OK); /* the datagram as it is */

    /* a frame as OSCORE */
    const uint8_t plain[] = {HUSK_COAP_POST, 0xff, 'x'};
    CHECK_OK(husk_frame_seal(&alice, true, bytes(plain, sizeof plain), frame, sizeof frame, &len));
    CHECK(husk_oscore_request_unprotect(&oscore_bob, &heard, frame, len, &inner) != HUSK_OK);
    CHECK_OK(husk_frame_seal(&alice, true, bytes(plain, sizeof plain), frame, sizeof frame, &len));
    husk_coap_writer w;
    husk_coap_writer_init(&w, other, sizeof other, HUSK_COAP_CON, HUSK_COAP_POST, 1, NO_BYTES);
    husk_coap_write_option(&w, HUSK_COAP_OSCORE, frame, 3);
    husk_coap_write_payload(&w, frame + 3, len - 3);
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_INT(husk_oscore_request_unprotect(&oscore_bob, &heard, other, len, &inner), HUSK_ERR_AUTHENTICATION);

    /* With the same keys, were they ever confused, the flag byte in the AAD would still keep them apart. */
    bob.oscore = oscore_bob;
    CHECK_OK(husk_oscore_request_protect(&oscore_alice, &asked, &request, other, sizeof other, &len));
    CHECK_OK(husk_coap_decode(other, len, &outer));
    CHECK_OK(husk_oscore_option_read(&outer, &option));
    frame[0] = 0x09;
    frame[1] = option.partial_iv.data[0];
    frame[2] = option.kid.data[0];
    memcpy(frame + 3, outer.payload.data, outer.payload.len);
    CHECK_INT(refuse(&bob, frame, 3 + outer.payload.len), HUSK_ERR_AUTHENTICATION);
}

static void numbers_are_spent_once(void)
{
    test_rng rng = {12};
    nonce_watch_reset();
    pair_up(&rng, &nonce_watch_aead, 1, 1);
    for (unsigned i = 0; i < ROUNDS(600, 60); i++) {
        size_t len;
        husk_frame_context *sender = i % 2 == 0 ? &alice : &bob;
        (void)husk_frame_seal(sender, i % 3 != 0, bytes(payload, i % 8), frame, i % 5 == 0 ? 12 : 40, &len);
    }
    CHECK(nonce_watch_seals() > ROUNDS(400, 40));
    CHECK_INT(nonce_watch_repeats(), 0);
    CHECK_INT(nonce_watch_forgotten(), 0);
}

static void bad_parameters(void)
{
    HEX(secret, "0102030405060708090a0b0c0d0e0f10");
    HEX(salt, "9e7ca92223786340");
    husk_oscore_parameters p = parameters_of(secret, salt, &husk_aead_aes_ccm_16_64_128, (husk_id){1, {0x01}},
                                             (husk_id){1, {0x01}});
    CHECK_INT(husk_frame_context_init(&alice, &p), HUSK_ERR_ARGUMENT);
    p.recipient_id.bytes[0] = 2;
    p.master_secret.len = 15;
    CHECK_INT(husk_frame_context_init(&alice, &p), HUSK_ERR_ARGUMENT);
}

void suite_frame(void)
{
    RUN(worked_example);
    RUN(overhead);
    RUN(round_trips);
    RUN(tampering);
    RUN(identifier_is_not_to_be_stripped);
    RUN(canonical_encoding);
    RUN(other_identifiers);
    RUN(replay_window);
    RUN(forgeries_move_nothing);
    RUN(buffers_and_lengths);
    RUN(usage_limits);
#ifdef TEST_SLOW
    RUN(too_long_for_the_aead);
#endif
    RUN(keys_of_their_own);
    RUN(frames_and_oscore_are_not_confused);
    RUN(numbers_are_spent_once);
    RUN(bad_parameters);
}

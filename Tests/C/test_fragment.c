/* Fragments: messages of any length over frames of 20 bytes and more, in any order, with losses and copies; and a flood
 * of forged fragments, of which each costs at most itself. */
#include "test.h"

#ifdef TEST_SLOW
#define ROUNDS(slow, quick) (slow)
#define MESSAGE_MAX 1200
#else
#define ROUNDS(slow, quick) (quick)
#define MESSAGE_MAX 300
#endif
#define FRAMES_MAX HUSK_FRAGMENTS_MAX

static husk_frame_context sender, receiver, context_before;
static husk_reassembly reassembly, reassembly_before;
static uint8_t message[MESSAGE_MAX], buffer[MESSAGE_MAX], buffer_before[MESSAGE_MAX];

#define FRAME_CAP 40
static struct {
    uint8_t data[FRAME_CAP];
    size_t len;
} frames[ROUNDS(FRAMES_MAX, 40)];
static size_t frame_count;

static void begin(test_rng *rng)
{
    uint8_t secret[16];
    test_rng_fill(rng, secret, sizeof secret);
    husk_oscore_parameters parameters = {.aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256,
                                         .master_secret = bytes(secret, sizeof secret), .sender_id = {1, {1}},
                                         .recipient_id = {1, {2}}};
    CHECK_OK(husk_frame_context_init(&sender, &parameters));
    parameters.sender_id.bytes[0] = 2;
    parameters.recipient_id.bytes[0] = 1;
    CHECK_OK(husk_frame_context_init(&receiver, &parameters));
    husk_reassembly_init(&reassembly, buffer, sizeof buffer);
}

/* Seals message[0..len) into frames of at most `mtu` bytes. */
static void send(size_t len, size_t mtu, bool with_kid)
{
    husk_fragmenter fragmenter;
    uint8_t fragment[FRAME_CAP];
    CHECK(mtu <= FRAME_CAP);
    size_t room = husk_frame_payload_max(&sender, with_kid, mtu);
    CHECK_OK(husk_fragmenter_init(&fragmenter, bytes(message, len), room));
    frame_count = 0;
    for (;;) {
        size_t fragment_len = husk_fragmenter_next(&fragmenter, fragment);
        if (fragment_len == 0) {
            break;
        }
        CHECK(frame_count < sizeof frames / sizeof frames[0]);
        CHECK(fragment_len <= room);
        CHECK_OK(husk_frame_seal(&sender, with_kid, bytes(fragment, fragment_len), frames[frame_count].data,
                                 sizeof frames[0].data, &frames[frame_count].len));
        CHECK(frames[frame_count].len <= mtu);
        frame_count++;
    }
}

/* What a receiver does with a frame. A copy, because opening happens in place. */
static husk_status receive(const uint8_t *data, size_t len, husk_bytes *whole)
{
    static uint8_t copy[64];
    husk_frame_message opened;
    *whole = NO_BYTES;
    memcpy(copy, data, len);
    husk_status status = husk_frame_open(&receiver, copy, len, &opened);
    return status == HUSK_OK ? husk_reassembly_take(&reassembly, opened.number, opened.payload, whole) : status;
}

static void check_whole(husk_bytes whole, size_t len)
{
    CHECK(whole.data != NULL);
    CHECK_INT(whole.len, len);
    CHECK_MEM(whole.data, message, len);
}

static void all_lengths_in_order(void)
{
    test_rng rng = {1};
    begin(&rng);
    for (size_t len = 0; len <= 200; len += ROUNDS(1, 23)) {
        test_rng_fill(&rng, message, len);
        size_t mtu = 20 + len % 21;
        send(len, mtu, len % 2 != 0);
        for (size_t i = 0; i < frame_count; i++) {
            husk_bytes whole;
            CHECK_OK(receive(frames[i].data, frames[i].len, &whole));
            CHECK_INT(whole.data != NULL, i + 1 == frame_count);
            if (i + 1 == frame_count) {
                check_whole(whole, len);
            }
        }
    }
}

/* On frames of 20 bytes a piece has 9 bytes on a point-to-point link, 8 with an identifier. */
static void pieces_of_small_frames(void)
{
    test_rng rng = {2};
    begin(&rng);
    CHECK_INT(husk_frame_payload_max(&sender, false, 20), 10);
    CHECK_INT(husk_frame_payload_max(&sender, true, 20), 9);
    CHECK_INT(husk_frame_payload_max(&sender, true, 11), 0);
    CHECK_INT(husk_frame_payload_max(&sender, true, 0), 0);
    sender.oscore.sender_sequence = 128;
    CHECK_INT(husk_frame_payload_max(&sender, false, 20), 10);
    sender.oscore.sender_sequence = 129; /* the 128th frame from here has two bytes of Partial IV */
    CHECK_INT(husk_frame_payload_max(&sender, false, 20), 9);
    sender.oscore.sender_id = (husk_id){1, {0x30 + 8}};
    CHECK_INT(husk_frame_payload_max(&sender, true, 20), 7); /* an identifier of two bytes on the wire */
    husk_fragmenter fragmenter;
    CHECK_INT(husk_fragmenter_init(&fragmenter, bytes(message, 1), 1), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_fragmenter_init(&fragmenter, bytes(message, 1), 0), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_fragmenter_init(&fragmenter, bytes(message, 129), 2), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_fragmenter_init(&fragmenter, bytes(message, 128), 2));
    CHECK_INT(husk_fragmenter_init(&fragmenter, bytes(message, SIZE_MAX), 10), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_fragmenter_init(&fragmenter, bytes(message, sizeof message), SIZE_MAX));
}

/* Within the replay window of 32 numbers. */
static void any_order_with_copies(void)
{
    test_rng rng = {3};
    for (unsigned round = 0; round < ROUNDS(3000, 40); round++) {
        if (round % 20 == 0) {
            begin(&rng);
        }
        size_t len = 10 + test_rng_next(&rng) % 160;
        test_rng_fill(&rng, message, len);
        send(len, 20, false);
        husk_bytes whole = NO_BYTES;
        size_t arrived = 0;
        while (arrived < frame_count) {
            size_t i = test_rng_next(&rng) % frame_count;
            husk_status status = receive(frames[i].data, frames[i].len, &whole);
            CHECK(status == HUSK_OK || status == HUSK_ERR_REPLAY);
            arrived += status == HUSK_OK;
            CHECK_INT(whole.data != NULL, arrived == frame_count && status == HUSK_OK);
        }
        check_whole(whole, len);
    }
}

/* A lost fragment costs its message and nothing else. */
static void losses(void)
{
    test_rng rng = {4};
    unsigned complete = 0;
    begin(&rng);
    for (unsigned round = 0; round < ROUNDS(2000, 60); round++) {
        size_t len = 1 + test_rng_next(&rng) % 60;
        test_rng_fill(&rng, message, len);
        send(len, 20, true);
        bool lost = false;
        husk_bytes whole = NO_BYTES;
        for (size_t i = 0; i < frame_count; i++) {
            bool drop = test_rng_next(&rng) % 10 == 0;
            lost = lost || drop;
            if (!drop) {
                CHECK_OK(receive(frames[i].data, frames[i].len, &whole));
            }
        }
        CHECK_INT(whole.data != NULL, !lost);
        if (!lost) {
            check_whole(whole, len);
            complete++;
        }
    }
    CHECK(complete > ROUNDS(500, 15));
}

/* The property that fragments exist with: whatever is injected between the fragments of a good message, as much of it
 * as one likes, is refused and leaves context, reassembly and buffer as they were; the message arrives. */
static void flood_of_forged_fragments(void)
{
    test_rng rng = {5};
    static uint8_t forged[64];
    unsigned injected = 0;
    begin(&rng);
    for (unsigned round = 0; round < ROUNDS(100, 4); round++) {
        size_t len = 100 + test_rng_next(&rng) % 100;
        test_rng_fill(&rng, message, len);
        send(len, 20 + round % 3, round % 2 != 0);
        husk_bytes whole = NO_BYTES;
        for (size_t i = 0; i < frame_count; i++) {
            for (unsigned flood = 0; flood < 50; flood++) {
                size_t forged_len = frames[i].len;
                size_t from = test_rng_next(&rng) % frame_count; /* this one, an earlier or a later one, changed */
                forged_len = frames[from].len;
                memcpy(forged, frames[from].data, forged_len);
                switch (flood % 4) {
                case 0:
                    forged[test_rng_next(&rng) % forged_len] ^= (uint8_t)(1u << test_rng_next(&rng) % 8);
                    break;
                case 1: /* the right header, all else random */
                    test_rng_fill(&rng, forged + 3, forged_len - 3);
                    break;
                case 2: /* numbers to come */
                    forged[1] = (uint8_t)(forged[1] + 1 + test_rng_next(&rng) % 200);
                    break;
                default:
                    forged_len = test_rng_next(&rng) % sizeof forged;
                    test_rng_fill(&rng, forged, forged_len);
                }
                context_before = receiver;
                reassembly_before = reassembly;
                memcpy(buffer_before, buffer, sizeof buffer);
                CHECK(receive(forged, forged_len, &whole) != HUSK_OK);
                CHECK(whole.data == NULL);
                receiver.oscore.count_v = context_before.oscore.count_v; /* the limit of forgeries is another matter */
                CHECK(memcmp(&context_before, &receiver, sizeof receiver) == 0);
                CHECK(memcmp(&reassembly_before, &reassembly, sizeof reassembly) == 0);
                CHECK_MEM(buffer, buffer_before, sizeof buffer);
                injected++;
            }
            CHECK_OK(receive(frames[i].data, frames[i].len, &whole));
        }
        check_whole(whole, len);
    }
    CHECK(injected > ROUNDS(40000, 1000));
}

/* ---- What a peer that holds the key, but not the rules, may send ---- */

static husk_status take(uint64_t number, const char *hex, husk_bytes *whole)
{
    static uint8_t data[64];
    size_t len = unhex(hex, data, sizeof data);
    reassembly_before = reassembly;
    husk_status status = husk_reassembly_take(&reassembly, number, bytes(data, len), whole);
    CHECK(status == HUSK_OK || memcmp(&reassembly_before, &reassembly, sizeof reassembly) == 0);
    CHECK(status == HUSK_OK || whole->data == NULL);
    return status;
}

static void contradictions(void)
{
    husk_bytes whole;
    husk_reassembly_init(&reassembly, buffer, 64);
    CHECK_INT(take(9, "", &whole), HUSK_ERR_FORMAT);
    CHECK_INT(take(9, "00", &whole), HUSK_ERR_FORMAT);     /* empty piece */
    CHECK_INT(take(9, "81", &whole), HUSK_ERR_FORMAT);
    CHECK_INT(take(9, "0aaabb", &whole), HUSK_ERR_FORMAT); /* began before number 0 */
    CHECK_INT(take(900, "7faabb", &whole), HUSK_ERR_FORMAT); /* one more than there can be */
    CHECK_OK(take(10, "01aabb", &whole));
    CHECK_INT(take(10, "01aabb", &whole), HUSK_ERR_REPLAY);
    CHECK_INT(take(9, "00aa", &whole), HUSK_ERR_FORMAT);       /* another length */
    CHECK_INT(take(11, "82aabbcc", &whole), HUSK_ERR_FORMAT);  /* a last one that is longer */
    CHECK_INT(take(9, "80aa", &whole), HUSK_ERR_FORMAT);       /* whole, and yet one of several */
    CHECK_OK(take(12, "83aa", &whole));
    CHECK_INT(take(13, "84aa", &whole), HUSK_ERR_FORMAT);      /* two last ones */
    CHECK_INT(take(13, "04aabb", &whole), HUSK_ERR_FORMAT);    /* behind the last one */
    CHECK_OK(take(11, "02ccdd", &whole));
    CHECK_OK(take(9, "00eeff", &whole));
    CHECK_HEX(whole.data, whole.len, "eeffaabbccddaa");
    CHECK_INT(take(9, "00eeff", &whole), HUSK_ERR_REPLAY);
    CHECK_INT(take(14, "05eeff", &whole), HUSK_ERR_FORMAT);
    CHECK_INT(take(8, "80eeff", &whole), HUSK_ERR_REPLAY);     /* an older message */
    CHECK_OK(take(20, "80eeff", &whole));
    CHECK_HEX(whole.data, whole.len, "eeff");
    CHECK_INT(take(20, "80eeff", &whole), HUSK_ERR_REPLAY);
    CHECK_INT(take(21, "81eeff", &whole), HUSK_ERR_FORMAT);
    CHECK_OK(take(22, "80", &whole)); /* the empty message */
    CHECK(whole.data != NULL);
    CHECK_INT(whole.len, 0);
    CHECK_INT(take(3, "80aa", &whole), HUSK_ERR_REPLAY);
    husk_reassembly_reset(&reassembly);
    CHECK_OK(take(3, "80aa", &whole));
}

/* The last one first: where it goes shows with the next. */
static void last_one_first(void)
{
    husk_bytes whole;
    husk_reassembly_init(&reassembly, buffer, 8);
    CHECK_OK(take(12, "82aabb", &whole));
    CHECK_INT(take(11, "01cc", &whole), HUSK_ERR_FORMAT);         /* shorter than the last */
    CHECK_INT(take(11, "01ccccdddd", &whole), HUSK_ERR_BUFFER);   /* 4 + 4 + 2 */
    CHECK_OK(take(11, "01ccccdd", &whole));
    CHECK_OK(take(10, "00eeeeff", &whole));
    CHECK_HEX(whole.data, whole.len, "eeeeffccccddaabb");
    husk_reassembly_init(&reassembly, buffer, 8);
    CHECK_INT(take(12, "83aabbcc", &whole), HUSK_ERR_BUFFER);     /* at least 12 bytes */
    CHECK_INT(take(12, "80112233445566778899", &whole), HUSK_OK); /* needs no buffer */
    husk_reassembly_init(&reassembly, buffer, 8);
    CHECK_INT(take(12, "02aabbcc", &whole), HUSK_ERR_BUFFER);
    CHECK_OK(take(12, "01aabbcc", &whole));
    CHECK_INT(take(13, "82aabbcc", &whole), HUSK_ERR_BUFFER);
    CHECK_OK(take(13, "82aabb", &whole));
    husk_reassembly_init(&reassembly, NULL, 0);
    CHECK_INT(take(12, "01aa", &whole), HUSK_ERR_BUFFER);
    CHECK_INT(take(12, "82aa", &whole), HUSK_ERR_BUFFER);
    CHECK_OK(take(12, "80aa", &whole));
}

/* Random fragments from a peer gone mad stay within the buffer, and messages are as long as it. */
static void nonsense(void)
{
    test_rng rng = {6};
    static uint8_t guarded[80], fragment[40];
    memset(guarded, 0x5a, sizeof guarded);
    husk_reassembly_init(&reassembly, guarded + 8, 64);
    for (unsigned i = 0; i < ROUNDS(300000, 3000); i++) {
        size_t len = test_rng_next(&rng) % 12;
        test_rng_fill(&rng, fragment, len);
        if (len > 0 && i % 8 != 0) {
            fragment[0] &= 0x87;
        }
        husk_bytes whole;
        (void)husk_reassembly_take(&reassembly, 10 + i / 16 + test_rng_next(&rng) % 8, bytes(fragment, len), &whole);
        CHECK(whole.len <= 64);
        for (size_t k = 0; k < 8; k++) {
            CHECK_INT(guarded[k], 0x5a);
            CHECK_INT(guarded[72 + k], 0x5a);
        }
    }
}

void suite_fragment(void)
{
    RUN(all_lengths_in_order);
    RUN(pieces_of_small_frames);
    RUN(any_order_with_copies);
    RUN(losses);
    RUN(flood_of_forged_fragments);
    RUN(contradictions);
    RUN(last_one_first);
    RUN(nonsense);
}

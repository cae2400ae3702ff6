/* Frames as they arrive (frame.h). The first byte chooses the identifiers (modulo 4: 0, 1 and 7 bytes, and one byte
 * that is written as a string), the second what follows: 0 a frame; 1 one that is trusted (see fuzz.h), its header
 * (length first) and its plaintext; 2 a payload that the peer seals, after its number (one less than its length
 * first) and whether it has an identifier; 3 patches for a frame of the peer's, sealed with an identifier if the byte
 * before them is odd; 4 numbers of frames that all verify; 5 patches for the ciphertext of OSCORE behind the header of
 * a frame under the same secrets, and for the reverse.
 *
 * seed: 01 00 091400 0102030405060708
 * seed: 01 00 170401
 * seed: 00 00 1f400102
 * seed: 02 00 af4700010203040506 8001
 * seed: 00 00 70
 * seed: 02 00 8101141700010203040506070841ff
 * seed: 00 01 02 0114 61626364
 * seed: 03 01 05 0911411720 61626364
 * seed: 00 01 03 020014 61626364
 * seed: 00 01 02 0114 6162 ff [7]
 * seed: 01 02 00 00 01 48656c6c6f
 * seed: 02 02 02 07ffff 00 ff
 * seed: 02 02 04 ffffffffff 01
 * seed: 02 02 00 00 00 [300]
 * seed: 00 03 00
 * seed: 01 03 01 0108
 * seed: 00 04 0001 0103 0102 0301 0103 2010 0120 0000
 * seed: 01 05
 * seed: 01 05 0001 */
#include "support/oscore.h"

#include "oscore/nonce.h"

FUZZ_GOALS(DATA, KUDOS, EDHOC, FRAGMENT, NOT_A_FRAME, OPENED, NOT_VERIFIED, OTHER_CONTEXT, ROUND_TRIP, FRESH, REPLAYED,
           STALE, NOT_OSCORE);

#define FRAME_MAX 2048
#define NUMBERS_MAX 256

static const uint8_t secret[16] = {3, 1, 4, 1, 5, 9, 2, 6};
static const husk_id ids[4][2] = {
    {{0, {0}}, {1, {0x17}}},
    {{1, {0x00}}, {1, {0x37}}},
    {{7, {0, 1, 2, 3, 4, 5, 6}}, {7, {9}}},
    {{1, {0x20}}, {1, {0x18}}},
};
static husk_frame_context ours[4];
static husk_frame_context peers[4];
static husk_oscore_context oscore_clients[4];
static husk_oscore_context oscore_servers[4];

void fuzz_setup(void)
{
    for (unsigned i = 0; i < 4; i++) {
        husk_oscore_parameters parameters = {.aead = &fuzz_aead_8,
                                             .hash = &husk_hash_sha256,
                                             .master_secret = {secret, sizeof secret},
                                             .sender_id = ids[i][0],
                                             .recipient_id = ids[i][1]};
        FUZZ_OK(husk_frame_context_init(&ours[i], &parameters));
        FUZZ_OK(husk_oscore_context_init(&oscore_servers[i], &parameters));
        parameters.sender_id = ids[i][1];
        parameters.recipient_id = ids[i][0];
        FUZZ_OK(husk_frame_context_init(&peers[i], &parameters));
        FUZZ_OK(husk_oscore_context_init(&oscore_clients[i], &parameters));
    }
}

static size_t append(uint8_t *out, size_t len, husk_bytes piece)
{
    if (piece.len > 0) {
        memcpy(out + len, piece.data, piece.len);
    }
    return len + piece.len;
}

/* RFC 9528 section 3.3.2, written down once more: an integer of one byte stands for itself. */
static size_t append_identifier(uint8_t *out, size_t len, husk_bytes id)
{
    if (id.len == 1 && (id.data[0] <= 0x17 || (id.data[0] >= 0x20 && id.data[0] <= 0x37))) {
        return append(out, len, id);
    }
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out + len, HUSK_CBOR_HEAD_MAX_BYTES);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, id.len);
    return append(out, len + w.len, id);
}

/* What was accepted is the one encoding of what it says. */
static void check_canonical(const husk_frame_header *h, const uint8_t *frame, size_t len)
{
    static uint8_t out[FRAME_MAX + 16];
    size_t at = 1;
    bool edhoc = h->kind >= HUSK_FRAME_EDHOC_MESSAGE_1 && h->kind <= HUSK_FRAME_EDHOC_ERROR;
    FUZZ_CHECK(edhoc || h->kind == HUSK_FRAME_DATA || h->kind == HUSK_FRAME_KUDOS);
    FUZZ_CHECK(edhoc ? h->partial_iv.len == 0 : !h->fragment && h->partial_iv.len >= 1 && h->partial_iv.len <= 5);
    FUZZ_CHECK(h->partial_iv.len < 2 || h->partial_iv.data[0] != 0);
    FUZZ_CHECK((h->pair.len > 0) == (h->kind == HUSK_FRAME_KUDOS) && h->body.len > 0);
    out[0] = edhoc ? (uint8_t)(7 | h->kind << 4 | (h->fragment ? 0x80 : 0)) : (uint8_t)h->partial_iv.len;
    out[0] |= h->has_kid ? 8 : 0;
    if (h->kind == HUSK_FRAME_KUDOS) {
        FUZZ_CHECK(h->pair.len == (size_t)2 + (h->pair.data[0] & 15));
        out[0] |= 0x80;
        out[at++] = 1;
    }
    at = append(out, at, h->partial_iv);
    at = append(out, at, h->pair);
    if (h->has_kid) {
        at = append_identifier(out, at, h->kid);
    }
    at = append(out, at, h->body);
    FUZZ_CHECK(fuzz_same((husk_bytes){out, at}, (husk_bytes){frame, len}));
    if (edhoc && h->kid.len <= HUSK_OSCORE_ID_MAX_BYTES) {
        uint8_t head[1 + 1 + HUSK_OSCORE_ID_MAX_BYTES];
        husk_id kid = {(uint8_t)h->kid.len, {0}};
        (void)append(kid.bytes, 0, h->kid);
        size_t head_len = husk_frame_edhoc_header(h->kind, h->fragment, h->has_kid ? &kid : NULL, head);
        FUZZ_CHECK(fuzz_same((husk_bytes){head, head_len}, (husk_bytes){frame, len - h->body.len}));
    }
}

static husk_status read_header(const uint8_t *frame, size_t len, husk_frame_header *header)
{
    husk_status status = husk_frame_header_read(frame, len, header);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_FORMAT || status == HUSK_ERR_UNSUPPORTED);
        fuzz_reached(NOT_A_FRAME);
        return status;
    }
    fuzz_check_inside(header->partial_iv, frame, len);
    fuzz_check_inside(header->pair, frame, len);
    fuzz_check_inside(header->kid, frame, len);
    fuzz_check_inside(header->body, frame, len);
    check_canonical(header, frame, len);
    fuzz_reached(header->kind == HUSK_FRAME_DATA ? DATA : header->kind == HUSK_FRAME_KUDOS ? KUDOS : EDHOC);
    if (header->fragment) {
        fuzz_reached(FRAGMENT);
    }
    return HUSK_OK;
}

/* An error changes nothing but count_v. */
static void check_unchanged(const husk_frame_context *context, const husk_frame_context *before, husk_status status)
{
    husk_frame_context now = *context;
    now.oscore.count_v -= status == HUSK_ERR_AUTHENTICATION;
    FUZZ_CHECK(memcmp(&now, before, sizeof now) == 0);
}

static husk_status receive(husk_frame_context *context, const uint8_t *data, size_t len, husk_frame_message *message)
{
    const husk_frame_context before = *context;
    uint8_t *frame = fuzz_exact(data, len);
    uint8_t *again = fuzz_exact(data, len);
    husk_frame_header header;
    husk_frame_message ignored;
    husk_status readable = read_header(frame, len, &header);
    unsigned opened = fuzz_aead_opened();
    husk_status status = husk_frame_open(context, frame, len, message);
    if (status != HUSK_OK) {
        check_unchanged(context, &before, status);
        FUZZ_CHECK(readable == HUSK_OK || status == readable);
        FUZZ_CHECK(fuzz_aead_opened() == opened);
        if (status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
            fuzz_reached(NOT_VERIFIED);
        }
        if (status == HUSK_ERR_CONTEXT) {
            fuzz_reached(OTHER_CONTEXT);
        }
        return status;
    }
    const husk_id *id = &context->oscore.recipient_id;
    FUZZ_CHECK(readable == HUSK_OK && header.kind == HUSK_FRAME_DATA && fuzz_aead_opened() == opened + 1);
    FUZZ_CHECK(!header.has_kid || fuzz_same(header.kid, (husk_bytes){id->bytes, id->len}));
    FUZZ_CHECK(message->payload.len + fuzz_aead_8.tag_bytes == header.body.len);
    FUZZ_CHECK(message->number == husk_oscore_partial_iv_read(header.partial_iv));
    fuzz_check_inside(message->payload, frame, len);
    const husk_frame_context after = *context;
    FUZZ_CHECK(husk_frame_open(context, again, len, &ignored) == HUSK_ERR_REPLAY);
    FUZZ_CHECK(memcmp(context, &after, sizeof after) == 0);
    fuzz_reached(OPENED);
    return HUSK_OK;
}

/* A frame of this header, whose plaintext is trusted. */
static size_t vouch(husk_bytes header, husk_bytes plaintext, uint8_t out[FRAME_MAX])
{
    size_t at = append(out, append(out, 0, header), plaintext);
    FUZZ_CHECK(at + fuzz_aead_8.tag_bytes <= FRAME_MAX);
    fuzz_conceal(out + header.len, plaintext.len);
    memset(out + at, 0, fuzz_aead_8.tag_bytes);
    return at + fuzz_aead_8.tag_bytes;
}

static void trusted(husk_frame_context *context, fuzz_input *in)
{
    uint8_t frame[FRAME_MAX];
    husk_frame_message message;
    husk_bytes header = fuzz_take(in, fuzz_byte(in));
    husk_bytes plaintext = fuzz_take(in, FRAME_MAX - 512);
    fuzz_aead_trust(true);
    (void)receive(context, frame, vouch(header, plaintext, frame), &message);
}

static void round_trip(husk_frame_context *peer, husk_frame_context *context, fuzz_input *in)
{
    uint8_t frame[FRAME_MAX];
    size_t len;
    size_t again_len;
    husk_frame_message message;
    size_t number_len = (size_t)1 + fuzz_byte(in) % 5;
    uint64_t number = husk_oscore_partial_iv_read(fuzz_take(in, number_len));
    bool with_kid = (fuzz_byte(in) & 1) != 0;
    husk_bytes payload = fuzz_take(in, FRAME_MAX - HUSK_FRAME_OVERHEAD_MAX_BYTES);
    peer->oscore.sender_sequence = number;
    husk_frame_context twin = *peer;
    husk_status status = husk_frame_seal(peer, with_kid, payload, frame,
                                         payload.len + HUSK_FRAME_OVERHEAD_MAX_BYTES, &len);
    if (status != HUSK_OK) {
        FUZZ_CHECK((status == HUSK_ERR_EXHAUSTED && number >= twin.oscore.limit_q) ||
                   (status == HUSK_ERR_ARGUMENT && payload.len > twin.oscore.limit_l - fuzz_aead_8.tag_bytes));
        FUZZ_CHECK(memcmp(peer, &twin, sizeof twin) == 0);
        return;
    }
    uint8_t *exact = fuzz_exact(frame, len);
    FUZZ_CHECK(husk_frame_seal(&twin, with_kid, payload, exact, len - 1, &again_len) == HUSK_ERR_BUFFER);
    FUZZ_CHECK(twin.oscore.sender_sequence == number);
    FUZZ_OK(husk_frame_seal(&twin, with_kid, payload, exact, len, &again_len));
    FUZZ_CHECK(fuzz_same((husk_bytes){exact, again_len}, (husk_bytes){frame, len}));
    FUZZ_CHECK(husk_frame_next_number(peer) == number + 1);
    FUZZ_OK(receive(context, frame, len, &message));
    FUZZ_CHECK(message.number == number && fuzz_same(message.payload, payload));
    fuzz_reached(ROUND_TRIP);
}

/* Every bit of a frame is authenticated. */
static void patched(husk_frame_context *peer, husk_frame_context *context, fuzz_input *in)
{
    uint8_t frame[64];
    size_t len;
    husk_frame_message message;
    bool with_kid = (fuzz_byte(in) & 1) != 0;
    FUZZ_OK(husk_frame_seal(peer, with_kid, (husk_bytes){(const uint8_t *)"payload", 7}, frame, sizeof frame, &len));
    bool changed = fuzz_patch(in, frame, len);
    FUZZ_CHECK((receive(context, frame, len, &message) == HUSK_OK) == !changed);
}

/* Numbers of 16 bits, against a window that remembers every one. */
static void window(husk_frame_context *context, fuzz_input *in)
{
    uint64_t seen[NUMBERS_MAX];
    size_t count = 0;
    int64_t top = -1;
    fuzz_aead_trust(true);
    while (in->len > 0 && count < NUMBERS_MAX) {
        uint8_t frame[FRAME_MAX];
        uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
        uint64_t number = (uint64_t)fuzz_byte(in) << 4;
        number += fuzz_byte(in);
        bool known = false;
        for (size_t i = 0; i < count; i++) {
            known |= seen[i] == number;
        }
        bool fresh = !known && (int64_t)number > top - HUSK_OSCORE_WINDOW;
        uint8_t header[6] = {(uint8_t)husk_oscore_partial_iv_write(number, partial_iv)};
        memcpy(header + 1, partial_iv, header[0]);
        size_t len = vouch((husk_bytes){header, (size_t)1 + header[0]}, (husk_bytes){NULL, 0}, frame);
        husk_frame_message message;
        const husk_frame_context before = *context;
        husk_status status = husk_frame_open(context, frame, len, &message);
        FUZZ_CHECK(status == (fresh ? HUSK_OK : HUSK_ERR_REPLAY));
        FUZZ_CHECK(fresh || memcmp(context, &before, sizeof before) == 0);
        if (fresh) {
            seen[count++] = number;
            top = (int64_t)number > top ? (int64_t)number : top;
        }
        fuzz_reached(fresh ? FRESH : known ? REPLAYED : STALE);
    }
}

/* The same secrets, identifiers and numbers, and still each is nothing to the other. */
static void confused(unsigned which, fuzz_input *in)
{
    uint8_t datagram[64];
    uint8_t frame[64];
    size_t datagram_len;
    size_t frame_len;
    husk_frame_message message;
    husk_coap_message decoded;
    husk_frame_context peer = peers[which];
    husk_frame_context context = ours[which];
    husk_oscore_context client = oscore_clients[which];
    husk_oscore_context server = oscore_servers[which];
    husk_oscore_exchange asked = {0};
    husk_oscore_exchange heard = {0};
    const husk_bytes content = {(const uint8_t *)"\x01\xb1t", 3};
    const husk_coap_message plain = {.code = HUSK_COAP_GET, .options = {content.data + 1, 2}};
    FUZZ_OK(husk_oscore_request_protect(&client, &asked, &plain, datagram, sizeof datagram, &datagram_len));
    FUZZ_OK(husk_frame_seal(&peer, true, content, frame, sizeof frame, &frame_len));
    FUZZ_OK(husk_coap_decode(datagram, datagram_len, &decoded));

    /* Header of the one, ciphertext of the other, both of the same length. */
    uint8_t as_frame[64];
    uint8_t as_datagram[64];
    size_t head_len = frame_len - content.len - fuzz_aead_8.tag_bytes;
    size_t outer_len = datagram_len - decoded.payload.len;
    FUZZ_CHECK(frame_len - head_len == decoded.payload.len);
    size_t as_frame_len = append(as_frame, append(as_frame, 0, (husk_bytes){frame, head_len}), decoded.payload);
    size_t as_datagram_len = append(as_datagram, append(as_datagram, 0, (husk_bytes){datagram, outer_len}),
                                    (husk_bytes){frame + head_len, frame_len - head_len});
    fuzz_input patches = *in;
    (void)fuzz_patch(&patches, as_frame, as_frame_len);
    patches = *in;
    (void)fuzz_patch(&patches, as_datagram, as_datagram_len);
    FUZZ_CHECK(receive(&context, as_frame, as_frame_len, &message) != HUSK_OK);
    FUZZ_CHECK(receive(&context, datagram, datagram_len, &message) != HUSK_OK);
    FUZZ_CHECK(husk_oscore_request_unprotect(&server, &heard, fuzz_exact(as_datagram, as_datagram_len),
                                             as_datagram_len, &decoded) != HUSK_OK);
    FUZZ_CHECK(husk_oscore_request_unprotect(&server, &heard, fuzz_exact(frame, frame_len), frame_len, &decoded) !=
               HUSK_OK);
    fuzz_reached(NOT_OSCORE);
}

void fuzz_one(fuzz_input in)
{
    unsigned which = fuzz_byte(&in) % 4;
    uint8_t mode = fuzz_byte(&in) % 6;
    husk_frame_context peer = peers[which];
    husk_frame_context context = ours[which];
    husk_frame_message message;
    husk_bytes rest;
    fuzz_aead_begin(false);
    switch (mode) {
    case 0:
        rest = fuzz_take(&in, FRAME_MAX);
        (void)receive(&context, rest.data, rest.len, &message);
        return;
    case 1:
        trusted(&context, &in);
        return;
    case 2:
        round_trip(&peer, &context, &in);
        return;
    case 3:
        patched(&peer, &context, &in);
        return;
    case 4:
        window(&context, &in);
        return;
    default:
        confused(which, &in);
    }
}

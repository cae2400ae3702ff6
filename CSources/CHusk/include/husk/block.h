/* block: bodies larger than a message, in blocks (RFC 7959), and the Request-Tag that keeps the blocks of two request
 * bodies apart (RFC 9175 section 3).
 *
 * Sans-I/O: a transfer says what the next message carries, and takes what arrived. The body's memory is the caller's;
 * a transfer never needs more than its struct. The four roles:
 *
 *     request body:   client  husk_block1_client   cuts a body into blocks, one request each
 *                     server  husk_block1_server   assembles them, and hands over a complete body only
 *     response body:  server  husk_block2_slice    gives the block that a request asks for; keeps no state
 *                     client  husk_block2_client   asks for block after block and assembles them
 *
 * Blocks go in order, one at a time. Under OSCORE the options below are inner ones and each block is a message of its
 * own (RFC 8613 section 4.1.3.4): call these functions with the plain messages, before protecting and after verifying.
 * Functions that take a message change nothing if they return an error. */
#ifndef HUSK_BLOCK_H
#define HUSK_BLOCK_H

#include "husk/base.h"
#include "husk/coap.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_BLOCK_SZX_MAX 6         /* 1,024 bytes; 7 is reserved */
#define HUSK_BLOCK_NUM_MAX 0xfffffu  /* 20 bits */
#define HUSK_BLOCK_BYTES(szx) ((size_t)16 << (szx))

/* The longest body that blocks of this size can number. */
#define HUSK_BLOCK_BODY_MAX_BYTES(szx) (HUSK_BLOCK_BYTES(szx) << 20)

/* The value of a Block1 or Block2 option (RFC 7959 section 2.2). */
typedef struct husk_block {
    uint32_t num; /* which block, counted in blocks of this size */
    uint8_t szx;  /* its size is HUSK_BLOCK_BYTES(szx) */
    bool more;    /* further blocks follow */
} husk_block;

/* Reads option `number` (HUSK_COAP_BLOCK1 or _BLOCK2); *found false if there is none. HUSK_ERR_FORMAT for the reserved
 * SZX 7; HUSK_ERR_UNSUPPORTED if it is longer than 3 bytes or there twice, and so counts as an option that is not
 * understood (RFC 7252 sections 5.4.3 and 5.4.5). */
husk_status husk_block_find(husk_bytes options, uint32_t number, husk_block *block, bool *found);

/* Adds option `number`. HUSK_ERR_ARGUMENT (at finish) for a num or szx out of range. */
void husk_block_write(husk_coap_writer *w, uint32_t number, const husk_block *block);

/* The response code that tells the client of an error of husk_block1_server_take or husk_block2_slice:
 * 4.00 for HUSK_ERR_FORMAT, 4.02 for _UNSUPPORTED, 4.08 for _ORDER, 4.13 for _BUFFER; 5.00 for any other. */
uint8_t husk_block_error_code(husk_status status);

/* One block to send. */
typedef struct husk_block_slice {
    husk_block block;
    bool is_block;      /* false: the body fits one message, no Block option is needed */
    husk_bytes payload; /* a part of the body */
} husk_block_slice;

/* ---- Request-Tag --------------------------------------------------------------------------------------------------- */

#define HUSK_REQUEST_TAG_MAX_BYTES 8

/* The Request-Tag of an operation: in every request of it, or in none. */
typedef struct husk_request_tag {
    bool present;
    uint8_t len; /* 0 is a value too */
    uint8_t bytes[HUSK_REQUEST_TAG_MAX_BYTES];
} husk_request_tag;

/* Chooses the tag of a new operation (RFC 9175 section 3.5.1). What an attacker held back of an earlier operation must
 * not fit into this one.
 *     unconcluded   some earlier operation under the same security context was not concluded, or may not have been, as
 *                   after a reboot that kept the context. If false, the operation needs no tag.
 *     unique        a number that no other operation under this context has, such as the Partial IV that its first
 *                   request will use */
void husk_request_tag_choose(husk_request_tag *tag, bool unconcluded, uint64_t unique);

/* A request body on its way out. Borrows the body. Private:
 *     offset        everything before it was answered; the next block begins here
 *     outstanding   requests handed out and not answered (stops counting at 255) */
typedef struct husk_block1_client {
    husk_bytes body;
    uint32_t offset;
    uint8_t szx;
    uint8_t outstanding;
    bool done;
} husk_block1_client;

/* Prepares the transfer with blocks of HUSK_BLOCK_BYTES(szx). HUSK_ERR_ARGUMENT for an szx above 6 or a body longer
 * than HUSK_BLOCK_BODY_MAX_BYTES(szx). */
husk_status husk_block1_client_init(husk_block1_client *client, husk_bytes body, uint8_t szx);

/* What the next request carries: the payload, the option Block1, and with num 0 it may carry the body's length as
 * Size1. All other options are those of the operation, with its Request-Tag. HUSK_ERR_STATE once the transfer is over.
 * Calling it again before an answer gives the same block: for a request that was given up, not for a retransmission,
 * which is the message layer's. */
husk_status husk_block1_client_next(husk_block1_client *client, husk_block_slice *slice);

/* Takes the answer to the request last handed out. *done false: go on with husk_block1_client_next. *done true: this is
 * the answer to the whole request, good or bad; with 4.13 its Size1, if any, is what the server would take, and with
 * 4.08 the transfer may be begun anew. Smaller blocks are used from here on if the server asks for them, and the
 * transfer begins anew by itself if a 4.13 proposes them (RFC 7959 section 2.9.3).
 * HUSK_ERR_STATE if nothing is outstanding; HUSK_ERR_ORDER if it answers another block; HUSK_ERR_FORMAT if it promises
 * to go on where nothing is left, or claims success for a body it has not; and as husk_block_find. */
husk_status husk_block1_client_take(husk_block1_client *client, const husk_coap_message *response, bool *done);

/* True if every request handed out was answered, so that none of them can be taken a second time by a server with
 * replay protection: the next operation may do without a Request-Tag (RFC 9175 section 3.5.1). */
bool husk_block1_client_is_concluded(const husk_block1_client *client);

/* A request body on its way in. Body and key are memory of the caller. Private:
 *     key    what tells the operation apart: method and options but for block and size (RFC 9175 section 3.3)
 *     len    bytes of the body so far */
typedef struct husk_block1_server {
    uint8_t *body;
    uint8_t *key;
    uint32_t body_cap;
    uint32_t len;
    uint16_t key_cap;
    uint16_t key_len; /* 0: no operation */
    uint8_t szx;
} husk_block1_server;

/* How to answer a request. */
typedef struct husk_block1_answer {
    uint8_t code;     /* 2.31 or an error; 0: the body is complete and the application answers */
    bool has_block;   /* the answer carries `block` as Block1 */
    bool has_size;    /* and `size` as Size1: the longest body that is taken */
    husk_block block;
    uint32_t size;
    husk_bytes body;  /* complete: the body, valid until the next call */
} husk_block1_answer;

/* Prepares a server for one operation at a time, of one client (which the caller knows from its security context).
 *     body, body_cap   the longest body it takes; at most 2^30 bytes
 *     key, key_cap     room for the options of an operation: path, query, Content-Format, Request-Tag; at most 2^16 - 1
 *     szx              the block size it prefers
 * HUSK_ERR_ARGUMENT for one out of range. */
husk_status husk_block1_server_init(husk_block1_server *server, uint8_t *body, size_t body_cap, uint8_t *key,
                                    size_t key_cap, uint8_t szx);

/* Takes a request. HUSK_OK: answer 2.31 and wait for more, or the body is complete: that of the transfer, or the
 * payload of a request that has no Block1 option (in the request's own memory; a transfer in progress goes on). A first
 * block replaces an operation in progress. Errors, with the code to answer in answer->code:
 *     HUSK_ERR_FORMAT        reserved SZX; payload that is not as long as the option says
 *     HUSK_ERR_UNSUPPORTED   as husk_block_find
 *     HUSK_ERR_ORDER         not the next block of the operation in progress; nor of any, or of another one
 *     HUSK_ERR_BUFFER        longer than body_cap, by its Size1 or by its blocks; or its options than key_cap */
husk_status husk_block1_server_take(husk_block1_server *server, const husk_coap_message *request,
                                    husk_block1_answer *answer);

/* True if a request with these options and code goes on with the operation in progress, for a caller with several. */
bool husk_block1_server_matches(const husk_block1_server *server, const husk_coap_message *request);

/* Forgets the operation in progress, as after EXCHANGE_LIFETIME without a block (RFC 7959 section 2.5). The memory is
 * the caller's to wipe. */
void husk_block1_server_drop(husk_block1_server *server);

/* Gives the block of a response body that a request asks for, or the first one; `szx` is the block size the server
 * prefers, a smaller one is used if the client asks for it. The response carries slice->payload, Block2 if
 * slice->is_block, and an ETag that no other body of this resource has, so that the client can tell when the body
 * changed between two requests (RFC 9175 section 3.8); with num 0 it may carry the body's length as Size2.
 * HUSK_ERR_FORMAT for the reserved SZX or a block beyond the end; HUSK_ERR_UNSUPPORTED as husk_block_find;
 * HUSK_ERR_ARGUMENT for an szx above 6 or a body longer than HUSK_BLOCK_BODY_MAX_BYTES(szx). */
husk_status husk_block2_slice(husk_bytes body, uint8_t szx, const husk_coap_message *request, husk_block_slice *slice);

#define HUSK_ETAG_MAX_BYTES 8
#define HUSK_BLOCK_NONE UINT32_MAX

/* A response body on its way in. The memory is the caller's. Private:
 *     len      bytes so far
 *     size     what the last Size2 said, or HUSK_BLOCK_NONE
 *     format   the Content-Format, or HUSK_BLOCK_NONE */
typedef struct husk_block2_client {
    uint8_t *body;
    uint32_t body_cap;
    uint32_t len;
    uint32_t size;
    uint32_t format;
    uint8_t etag[HUSK_ETAG_MAX_BYTES];
    uint8_t etag_len;
    uint8_t code;
    uint8_t szx;
    bool begun;
    bool done;
} husk_block2_client;

/* Prepares the transfer; blocks will not be larger than HUSK_BLOCK_BYTES(szx). HUSK_ERR_ARGUMENT for an szx above 6 or
 * a capacity of more than 2^30 bytes. */
husk_status husk_block2_client_init(husk_block2_client *client, uint8_t *body, size_t body_cap, uint8_t szx);

/* The Block2 option of the next request, which has the options of the first one but for Block1, and no payload. In the
 * first one it is optional: it proposes the block size early. */
void husk_block2_client_next(const husk_block2_client *client, husk_block *block);

/* Takes a response. *done true: body[0..len) is complete, from its blocks or from one response without Block2.
 * HUSK_ERR_STATE after that. Errors, after which the same block may be asked for again or
 * the transfer given up:
 *     HUSK_ERR_FORMAT        reserved SZX; payload that is not as long as the option says; larger blocks than asked for
 *     HUSK_ERR_UNSUPPORTED   as husk_block_find
 *     HUSK_ERR_ORDER         not the block that was asked for
 *     HUSK_ERR_CHANGED       other ETag, Content-Format or response code than the first block; or no ETags at all, and
 *                            another Size2
 *     HUSK_ERR_BUFFER        longer than body_cap, by its Size2 or by its blocks; or than such blocks can number */
husk_status husk_block2_client_take(husk_block2_client *client, const husk_coap_message *response, bool *done);

#ifdef __cplusplus
}
#endif
#endif

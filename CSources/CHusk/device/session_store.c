/* Keeps the session in storage, so that a reboot does not end it: the security context when it is new, and before its
 * sequence numbers are used, that they will be (RFC 8613 appendix B.1.1). Two records: what happens often is short. */
#include <string.h>

#include "base/bytes.h"
#include "device/steps.h"

/* RESERVED: which session (2 bytes), count_v (3), first number that is not reserved (5). SESSION: layout, the same,
 * then the context: algorithm, Sender ID, Recipient ID and ID Context each with a length in front (0xff: no ID
 * Context), Sender Key, Recipient Key, Common IV. A session has its first numbers from SESSION, the next ones from a
 * RESERVED that names it. */
#define LAYOUT 1
#define RESERVED_BYTES 10
#define NO_ID_CONTEXT 0xff

static void write_reserved(const husk_device *device, uint64_t limit, uint8_t out[RESERVED_BYTES])
{
    husk_store_be16(out, device->session_number);
    husk_store_be32(out + 1, device->oscore.count_v);
    out[1] = (uint8_t)device->session_number;
    out[5] = (uint8_t)(limit >> 32);
    husk_store_be32(out + 6, (uint32_t)limit);
}

static uint64_t read_limit(const uint8_t reserved[RESERVED_BYTES])
{
    return (uint64_t)reserved[5] << 32 | husk_load_be32(reserved + 6);
}

static uint32_t read_count_v(const uint8_t reserved[RESERVED_BYTES])
{
    return husk_load_be32(reserved + 1) & 0xffffff;
}

/* A cursor over the record, for writing and reading alike. */
typedef struct cursor {
    uint8_t *at;
    size_t left;
    bool failed;
} cursor;

static uint8_t *advance(cursor *c, size_t len)
{
    uint8_t *at = c->at;
    c->failed = c->failed || c->left < len;
    if (c->failed) {
        return NULL;
    }
    c->at += len;
    c->left -= len;
    return at;
}

static void put(cursor *c, const uint8_t *data, size_t len)
{
    uint8_t *at = advance(c, len);
    if (at != NULL) {
        memcpy(at, data, len);
    }
}

static void get(cursor *c, uint8_t *data, size_t len)
{
    const uint8_t *at = advance(c, len);
    if (at != NULL) {
        memcpy(data, at, len);
    }
}

static void get_id(cursor *c, husk_id *id)
{
    get(c, &id->len, 1);
    c->failed = c->failed || id->len > HUSK_OSCORE_ID_MAX_BYTES;
    get(c, id->bytes, c->failed ? 0 : id->len);
}

static husk_status store_session(husk_device *device, uint64_t limit)
{
    const husk_storage *storage = &device->config->storage;
    const husk_oscore_context *context = &device->oscore;
    const husk_aead *aead = context->aead;
    uint8_t record[HUSK_DEVICE_SESSION_BYTES];
    cursor c = {record, sizeof record, false};
    uint8_t head[1 + RESERVED_BYTES + 1] = {LAYOUT};
    device->session_number++;
    write_reserved(device, limit, head + 1);
    head[sizeof head - 1] = (uint8_t)aead->cose_alg;
    put(&c, head, sizeof head);
    put(&c, &context->sender_id.len, 1);
    put(&c, context->sender_id.bytes, context->sender_id.len);
    put(&c, &context->recipient_id.len, 1);
    put(&c, context->recipient_id.bytes, context->recipient_id.len);
    uint8_t id_context_len = context->has_id_context ? context->id_context_len : NO_ID_CONTEXT;
    put(&c, &id_context_len, 1);
    put(&c, context->id_context, context->has_id_context ? context->id_context_len : 0);
    put(&c, context->sender_key, aead->key_bytes);
    put(&c, context->recipient_key, aead->key_bytes);
    put(&c, context->common_iv, aead->nonce_bytes);
    husk_status status =
        storage->store(storage->context, HUSK_DEVICE_RECORD_SESSION, record, sizeof record - c.left);
    husk_wipe(record, sizeof record);
    return status;
}

static husk_status store_reserved(husk_device *device, uint64_t limit)
{
    const husk_storage *storage = &device->config->storage;
    uint8_t record[RESERVED_BYTES];
    write_reserved(device, limit, record);
    return storage->store(storage->context, HUSK_DEVICE_RECORD_RESERVED, record, sizeof record);
}

static husk_status reserve(husk_device *device)
{
    husk_oscore_context *context = &device->oscore;
    bool is_new = device->session_state != HUSK_DEVICE_SESSION_CURRENT;
    if (!is_new && context->sender_sequence < context->sender_limit) {
        return HUSK_OK;
    }
    uint32_t block = device->config->reserve != 0 ? device->config->reserve : HUSK_DEVICE_RESERVE;
    uint64_t limit = context->sender_sequence + block;
    if (limit > HUSK_OSCORE_SEQUENCE_MAX) {
        limit = HUSK_OSCORE_SEQUENCE_MAX + 1;
    }
    if ((is_new ? store_session(device, limit) : store_reserved(device, limit)) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    device->session_state = HUSK_DEVICE_SESSION_CURRENT;
    context->sender_limit = limit;
    return HUSK_OK;
}

static husk_status drop(husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    if (device->session_state == HUSK_DEVICE_SESSION_NONE) {
        return HUSK_OK;
    }
    if (storage->store(storage->context, HUSK_DEVICE_RECORD_SESSION, NULL, 0) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    device->session_state = HUSK_DEVICE_SESSION_NONE;
    return HUSK_OK;
}

/* The AEAD of the session, which is one that the configuration has. */
static const husk_aead *find_aead(const husk_device_config *config, uint8_t alg)
{
    if (config->kudos_config != NULL && (uint8_t)config->kudos_config->aead->cose_alg == alg) {
        return config->kudos_config->aead;
    }
    for (size_t i = 0; i < config->edhoc.suite_count; i++) {
        if ((uint8_t)config->edhoc.suites[i]->app_aead->cose_alg == alg) {
            return config->edhoc.suites[i]->app_aead;
        }
    }
    return NULL;
}

/* Takes the context from the record; false if it is not one. */
static bool read_session(husk_device *device, uint8_t *record, size_t len)
{
    husk_oscore_context *context = &device->oscore;
    cursor c = {record, len, false};
    uint8_t head[1 + RESERVED_BYTES + 1] = {0};
    uint8_t id_context_len = 0;
    get(&c, head, sizeof head);
    const husk_aead *aead = find_aead(device->config, head[sizeof head - 1]);
    if (c.failed || head[0] != LAYOUT || aead == NULL) {
        return false;
    }
    context->aead = aead;
    device->session_number = husk_load_be16(head + 1);
    context->count_v = read_count_v(head + 1);
    context->sender_sequence = read_limit(head + 1);
    get_id(&c, &context->sender_id);
    get_id(&c, &context->recipient_id);
    get(&c, &id_context_len, 1);
    context->has_id_context = id_context_len != NO_ID_CONTEXT;
    context->id_context_len = context->has_id_context ? id_context_len : 0;
    if (context->id_context_len > HUSK_OSCORE_ID_CONTEXT_MAX_BYTES) {
        return false;
    }
    get(&c, context->id_context, context->id_context_len);
    get(&c, context->sender_key, aead->key_bytes);
    get(&c, context->recipient_key, aead->key_bytes);
    get(&c, context->common_iv, aead->nonce_bytes);
    husk_oscore_limits_set(context);
    return !c.failed && c.left == 0;
}

/* Goes on after the numbers that were reserved last. Without that record it is not known which they were. */
static bool take_reserved(husk_device *device, uint16_t *number)
{
    const husk_storage *storage = &device->config->storage;
    uint8_t record[RESERVED_BYTES];
    size_t len = 0;
    if (storage->load(storage->context, HUSK_DEVICE_RECORD_RESERVED, record, sizeof record, &len) != HUSK_OK ||
        (len != 0 && len != sizeof record)) {
        return false;
    }
    *number = len != 0 ? husk_load_be16(record) : device->session_number;
    if (len != 0 && *number == device->session_number) {
        device->oscore.sender_sequence = read_limit(record);
        device->oscore.count_v = read_count_v(record);
    }
    return true;
}

/* Storage that does not give the session back is a reason to authenticate, not to give up. */
static husk_status open(husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    uint8_t record[HUSK_DEVICE_SESSION_BYTES];
    size_t len = 0;
    if (storage->load == NULL || storage->store == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status =
        storage->load(storage->context, HUSK_DEVICE_RECORD_SESSION, record, sizeof record, &len);
    device->has_context = status == HUSK_OK && read_session(device, record, len);
    husk_wipe(record, sizeof record);
    bool has_session = device->has_context;
    uint16_t number = 0;
    device->has_context = take_reserved(device, &number) && has_session;
    if (device->has_context) {
        device->oscore.sender_limit = device->oscore.sender_sequence;
        device->session_state = HUSK_DEVICE_SESSION_CURRENT;
        device->session_way = HUSK_WAY_CONTINUED;
        return HUSK_OK;
    }
    bool damaged = status != HUSK_OK || len > 0;
    husk_wipe(&device->oscore, sizeof device->oscore);
    device->session_state = damaged ? HUSK_DEVICE_SESSION_STALE : HUSK_DEVICE_SESSION_NONE;
    device->session_number = has_session ? device->session_number : number;
    device->way.why = damaged ? HUSK_WHY_STORAGE : HUSK_WHY_NONE_KEPT;
    return HUSK_OK;
}

const husk_keeper husk_keeper_storage = {
    .open = open,
    .reserve = reserve,
    .drop = drop,
};

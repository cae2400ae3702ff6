/* Storage, credentials and suites of both sides. */
#include "both_sides.h"

#include <string.h>

static husk_status load(void *context, uint8_t name, uint8_t *out, size_t cap, size_t *len)
{
    const memory *m = context;
    if (name >= MEMORY_RECORDS || m->records[name].len > cap) {
        return HUSK_ERR_STORAGE;
    }
    *len = m->records[name].len;
    memcpy(out, m->records[name].data, *len);
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t name, const uint8_t *data, size_t len)
{
    memory *m = context;
    if (name >= MEMORY_RECORDS || len > sizeof m->records[name].data) {
        return HUSK_ERR_STORAGE;
    }
    m->records[name].len = len;
    if (len > 0) {
        memcpy(m->records[name].data, data, len);
    }
    return HUSK_OK;
}

husk_storage memory_storage(memory *m)
{
    return (husk_storage){load, store, m};
}

void credentials_make(credentials *c)
{
    static const uint8_t key[16] = {0x50, 0x93, 0x0f, 0xf4, 0x62, 0xa7, 0x7a, 0x35,
                                    0x40, 0xcf, 0x54, 0x63, 0x25, 0xde, 0xa2, 0x14};
    static const uint8_t kid[] = {0x01};
    static const husk_bytes sensor = {(const uint8_t *)"sensor-1", 8};
    static const husk_bytes office = {(const uint8_t *)"gateway", 7};
    c->psk = (husk_psk){{key, sizeof key}, {kid, sizeof kid}, {c->cred_i, 0}, {c->cred_r, 0}};
    bench_ok(husk_cred_compose(sensor, c->psk.kid, c->cred_i, sizeof c->cred_i, &c->psk.cred_i.len), "CRED_I");
    bench_ok(husk_cred_compose(office, c->psk.kid, c->cred_r, sizeof c->cred_r, &c->psk.cred_r.len), "CRED_R");
}

const named_suite named_suites[3] = {
    {"suite_0", &husk_suite_0}, {"suite_2", &husk_suite_2}, {"suite_4", &husk_suite_4}};

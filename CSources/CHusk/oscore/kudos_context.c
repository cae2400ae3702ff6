/* updateCtx: how KUDOS makes a new security context from an old one (draft-ietf-core-oscore-key-update-14 section
 * 4.2). */
#include <string.h>

#include "husk/cbor.h"
#include "oscore/kudos.h"

#define X_N_MAX_BYTES (2 * (1 + HUSK_KUDOS_PAIR_MAX_BYTES))

/* Both inputs as CBOR byte strings in lexicographic order of their encodings. These begin with the length, so the
 * shorter one comes first. Returns the length. */
static size_t write_x_n(husk_bytes input1, husk_bytes input2, uint8_t x_n[X_N_MAX_BYTES])
{
    if (input2.len < input1.len ||
        (input2.len == input1.len && input1.len > 0 && memcmp(input2.data, input1.data, input1.len) < 0)) {
        husk_bytes first = input2;
        input2 = input1;
        input1 = first;
    }
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, x_n, X_N_MAX_BYTES);
    husk_cbor_write_bytes(&w, input1.data, input1.len);
    husk_cbor_write_bytes(&w, input2.data, input2.len);
    return w.len;
}

void husk_kudos_update_secret(const husk_kudos_config *config, husk_bytes secret, husk_bytes input1, husk_bytes input2,
                              uint8_t *out)
{
    uint8_t x_n[X_N_MAX_BYTES];
    size_t x_n_len = write_x_n(input1, input2, x_n);
    /* ExpandLabel: uint16 length, label and context with their lengths in front */
    uint8_t head[] = "\0\0\x11oscore key update";
    head[1] = (uint8_t)secret.len;
    head[sizeof head - 1] = (uint8_t)x_n_len;
    const husk_bytes info[2] = {{head, sizeof head}, {x_n, x_n_len}};
    husk_hmac_key key;
    husk_hmac_key_init(&key, config->hash, secret.data, secret.len);
    memset(out, 0, secret.len);
    (void)husk_hkdf_expand_xor(&key, info, 2, out, secret.len); /* cannot fail: at most 32 bytes */
    husk_wipe(&key, sizeof key);
}

husk_status husk_kudos_update_context(const husk_kudos_config *config, husk_bytes new_secret, husk_bytes input1,
                                      husk_bytes input2, husk_oscore_context *context)
{
    uint8_t x_n[X_N_MAX_BYTES];
    const husk_oscore_parameters parameters = {
        .aead = config->aead,
        .hash = config->hash,
        .master_secret = new_secret,
        .master_salt = {x_n, write_x_n(input1, input2, x_n)},
        .has_id_context = config->has_id_context,
        .id_context = config->id_context,
        .sender_id = config->sender_id,
        .recipient_id = config->recipient_id,
    };
    return husk_oscore_context_init(context, &parameters);
}

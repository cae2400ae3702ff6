/* updateCtx: how KUDOS makes a new security context from an old one (draft-ietf-core-oscore-key-update-14 section
 * 4.2). */
#include <string.h>

#include "husk/cbor.h"
#include "oscore/context.h"
#include "oscore/kudos.h"

#define X_N_MAX_BYTES (2 * (1 + HUSK_KUDOS_PAIR_MAX_BYTES))

const husk_kudos_pair husk_kudos_no_pair = {0, {0}};

/* Both inputs as CBOR byte strings in lexicographic order of their encodings. These begin with the length, so the
 * order is that of (length, bytes). Returns the length. */
static size_t write_x_n(const husk_kudos_pair *input1, const husk_kudos_pair *input2, uint8_t x_n[X_N_MAX_BYTES])
{
    if (memcmp(input2, input1, (size_t)1 + input2->len) < 0) {
        const husk_kudos_pair *first = input2;
        input2 = input1;
        input1 = first;
    }
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, x_n, X_N_MAX_BYTES);
    husk_cbor_write_bytes(&w, input1->bytes, input1->len);
    husk_cbor_write_bytes(&w, input2->bytes, input2->len);
    return w.len;
}

void husk_kudos_update_secret(const husk_kudos *kudos, const uint8_t *secret, const husk_kudos_pair *input1,
                              const husk_kudos_pair *input2, uint8_t *out)
{
    uint8_t x_n[X_N_MAX_BYTES];
    size_t x_n_len = write_x_n(input1, input2, x_n);
    /* ExpandLabel: uint16 length, label and context with their lengths in front */
    uint8_t head[] = "\0\0\x11oscore key update";
    size_t secret_len = kudos->secret_len;
    head[1] = (uint8_t)secret_len;
    head[sizeof head - 1] = (uint8_t)x_n_len;
    const husk_bytes info[2] = {{head, sizeof head}, {x_n, x_n_len}};
    husk_hmac_key key;
    husk_hmac_key_init(&key, kudos->config->hash, secret, secret_len);
    memset(out, 0, secret_len);
    (void)husk_hkdf_expand_xor(&key, info, 2, out, secret_len); /* cannot fail: at most 32 bytes */
    husk_wipe(&key, sizeof key);
}

static husk_oscore_parameters parameters_of(const husk_kudos_config *config, husk_bytes secret, husk_bytes salt)
{
    return (husk_oscore_parameters){
        .aead = config->aead,
        .hash = config->hash,
        .master_secret = secret,
        .master_salt = salt,
        .has_id_context = config->has_id_context,
        .id_context = config->id_context,
        .sender_id = config->sender_id,
        .recipient_id = config->recipient_id,
    };
}

bool husk_kudos_config_is_valid(const husk_kudos_config *config, husk_bytes master_secret)
{
    const husk_oscore_parameters parameters = parameters_of(config, master_secret, (husk_bytes){NULL, 0});
    return husk_oscore_parameters_are_valid(&parameters);
}

void husk_kudos_update_context(husk_kudos *kudos, const uint8_t *new_secret, const husk_kudos_pair *input1,
                               const husk_kudos_pair *input2)
{
    uint8_t x_n[X_N_MAX_BYTES];
    const husk_kudos_config *config = kudos->config;
    const husk_oscore_parameters parameters =
        parameters_of(config, (husk_bytes){new_secret, kudos->secret_len},
                      (husk_bytes){x_n, write_x_n(input1, input2, x_n)});
    (void)husk_oscore_context_derive(&kudos->work, &parameters, config->frame); /* parameters were checked by init */
}

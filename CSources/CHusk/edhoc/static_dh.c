/* Authentication with static Diffie-Hellman keys: the MACs that messages 2 and 3 carry (RFC 9528 sections 5.3.2,
 * 5.4.2). */
#include "edhoc/static_dh.h"

#include <string.h>

husk_status husk_edhoc_static_check(const husk_static_credential *credential, bool own)
{
    if (credential->kid.len == 0 || credential->kid.len > HUSK_KID_MAX_BYTES || credential->cred.len == 0 ||
        (own ? credential->private_key : credential->public_key) == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    return HUSK_OK;
}

void husk_edhoc_static_mac(const husk_hmac_key *prk, uint32_t label, husk_bytes front,
                           const husk_static_credential *credential, husk_bytes th, husk_bytes ead, uint8_t *mac,
                           size_t len)
{
    uint8_t id_head[2 + HUSK_CBOR_HEAD_MAX_BYTES];
    uint8_t th_head[HUSK_CBOR_HEAD_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, id_head, sizeof id_head);
    husk_cbor_write_head(&w, HUSK_CBOR_MAP, 1);
    husk_cbor_write_int(&w, 4); /* kid */
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, credential->kid.len);
    size_t id_head_len = w.len;
    husk_cbor_writer_init(&w, th_head, sizeof th_head);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, th.len);
    size_t th_head_len = w.len;
    size_t context_len = front.len + id_head_len + credential->kid.len + th_head_len + th.len + credential->cred.len +
                         ead.len;
    uint8_t info_front[HUSK_EDHOC_INFO_FRONT_BYTES];
    uint8_t info_back[HUSK_EDHOC_INFO_BACK_BYTES];
    const husk_bytes info[9] = {
        {info_front, husk_edhoc_info_front(label, context_len, info_front)},
        front,
        {id_head, id_head_len},
        credential->kid,
        {th_head, th_head_len},
        th,
        credential->cred,
        ead,
        {info_back, husk_edhoc_info_back(len, info_back)},
    };
    memset(mac, 0, len);
    (void)husk_hkdf_expand_xor(prk, info, 9, mac, len);
}

husk_status husk_edhoc_static_initiator_init(husk_edhoc *session, const husk_edhoc_config *config, size_t suite_index,
                                             const husk_id *c_i)
{
    husk_status status = husk_edhoc_initiator_init(session, config, suite_index, c_i);
    if (status == HUSK_OK) {
        session->method = HUSK_EDHOC_METHOD_STATIC;
    }
    return status;
}

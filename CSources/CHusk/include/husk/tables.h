/* tables: the constant tables as pointers, for languages that cannot take the address of a C constant. A program holds
 * the tables whose function it calls, and nothing of the others. */
#ifndef HUSK_TABLES_H
#define HUSK_TABLES_H

#include "husk/block.h"
#include "husk/crypto.h"
#include "husk/device.h"
#include "husk/link.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline const husk_suite *husk_suite_0_table(void) { return &husk_suite_0; }
static inline const husk_suite *husk_suite_1_table(void) { return &husk_suite_1; }
static inline const husk_suite *husk_suite_2_table(void) { return &husk_suite_2; }
static inline const husk_suite *husk_suite_3_table(void) { return &husk_suite_3; }
static inline const husk_suite *husk_suite_4_table(void) { return &husk_suite_4; }
static inline const husk_suite *husk_suite_5_table(void) { return &husk_suite_5; }

static inline const husk_aead *husk_aead_aes_ccm_16_64_128_table(void) { return &husk_aead_aes_ccm_16_64_128; }
static inline const husk_aead *husk_aead_aes_ccm_16_128_128_table(void) { return &husk_aead_aes_ccm_16_128_128; }
static inline const husk_aead *husk_aead_chacha20_poly1305_table(void) { return &husk_aead_chacha20_poly1305; }
static inline const husk_hash *husk_hash_sha256_table(void) { return &husk_hash_sha256; }

static inline const husk_profile *husk_profile_edhoc_table(void) { return &husk_profile_edhoc; }
static inline const husk_profile *husk_profile_kudos_table(void) { return &husk_profile_kudos; }
static inline const husk_blockwise_functions *husk_blockwise_table(void) { return &husk_blockwise; }
static inline const husk_keeper *husk_keeper_storage_table(void) { return &husk_keeper_storage; }

static inline const husk_link_profile *husk_link_edhoc_initiator_table(void) { return &husk_link_edhoc_initiator; }
static inline const husk_link_profile *husk_link_edhoc_responder_table(void) { return &husk_link_edhoc_responder; }
static inline const husk_link_profile *husk_link_kudos_table(void) { return &husk_link_kudos; }

#ifdef __cplusplus
}
#endif
#endif

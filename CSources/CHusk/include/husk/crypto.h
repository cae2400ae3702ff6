/* crypto: the seam between protocols and primitives. An EDHOC cipher suite (RFC 9528 section 3.6) is a table of an
 * AEAD, a hash and an ECDH function. A program passes the suites it wants and the linker drops the rest; a
 * microcontroller with an AES peripheral, or a host with a faster library, passes a table of its own. */
#ifndef HUSK_CRYPTO_H
#define HUSK_CRYPTO_H

#include "husk/base.h"
#include "husk/primitive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Upper bounds over all tables, own ones included. */
#define HUSK_AEAD_KEY_MAX_BYTES 32
#define HUSK_AEAD_NONCE_MAX_BYTES 13
#define HUSK_AEAD_TAG_MAX_BYTES 16
#define HUSK_HASH_MAX_BYTES 32
#define HUSK_HASH_BLOCK_MAX_BYTES 64
#define HUSK_ECDH_BYTES 32

/* An AEAD. `aad` is a list of `aad_count` slices that are authenticated as if they stood one after the other. */
typedef struct husk_aead husk_aead;
struct husk_aead {
    int32_t cose_alg;    /* COSE algorithm identifier (RFC 9053): 10, 30 or 24 */
    uint8_t key_bytes;   /* 16 or 32 */
    uint8_t nonce_bytes; /* 13 or 12 */
    uint8_t tag_bytes;   /* 8 or 16 */

    /* Encrypts text[0..len) in place and writes the tag to text[len..len + tag_bytes). HUSK_ERR_ARGUMENT, and nothing
     * is written, if `len` or the AAD is longer than the algorithm allows (AES-CCM here: len < 2^16, AAD < 2^16 -
     * 2^8; ChaCha20-Poly1305: len < 2^38 - 2^6, AAD < 2^64). */
    husk_status (*seal)(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len);

    /* Verifies the tag at text[len..len + tag_bytes) and decrypts text[0..len) in place. HUSK_ERR_AUTHENTICATION, and
     * text[0..len) is wiped, if the tag does not verify. */
    husk_status (*open)(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len);
};

/* Room for the running state of a hash function: of ours, or of any other that fits. */
typedef union husk_hash_state {
    husk_sha256 sha256;
    uint64_t words[13];
} husk_hash_state;

/* What counts of a state once it has absorbed whole blocks only: its first bytes. */
#define HUSK_HASH_MIDSTATE_BYTES 40

/* A hash function with streaming state; `final` wipes the state. A state that has absorbed a number of whole blocks
 * MUST be able to go on as a copy of its first HUSK_HASH_MIDSTATE_BYTES. */
typedef struct husk_hash {
    uint8_t digest_bytes; /* at most HUSK_HASH_MAX_BYTES */
    uint8_t block_bytes;  /* at most HUSK_HASH_BLOCK_MAX_BYTES */
    void (*init)(husk_hash_state *state);
    void (*update)(husk_hash_state *state, const uint8_t *data, size_t len);
    void (*final)(husk_hash_state *state, uint8_t *digest);
} husk_hash;

/* Ephemeral Diffie-Hellman; private keys, public keys (x-coordinate) and secrets are HUSK_ECDH_BYTES each. */
typedef struct husk_ecdh {
    int32_t cose_curve; /* COSE elliptic curve (RFC 9053): 4 is X25519, 1 is P-256 */

    /* Public key of a private key made of random bytes. HUSK_ERR_RANDOM if these bytes are not a valid private key on
     * this curve: draw again. */
    husk_status (*public_key)(const uint8_t *private_key, uint8_t *public_key);

    /* Shared secret; `secret` may be `private_key`. HUSK_ERR_PUBLIC_KEY, and secret is zero, if the peer's key is not
     * on the curve or gives the zero secret. HUSK_ERR_RANDOM, and secret is zero, if the private key is not valid. */
    husk_status (*shared_secret)(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret);
} husk_ecdh;

/* A cipher suite: what EDHOC uses, and the AEAD and hash of the application (OSCORE) afterwards. */
typedef struct husk_suite {
    int32_t id;                   /* EDHOC cipher suite number */
    const husk_aead *edhoc_aead;  /* protects messages 3 and 4 */
    const husk_aead *app_aead;    /* protects application messages */
    const husk_hash *hash;        /* of EDHOC and of the application */
    const husk_ecdh *ecdh;
    uint8_t mac_bytes;            /* EDHOC MAC length, 8 or 16: of MAC_2 and MAC_3 with static Diffie-Hellman keys */
} husk_suite;

extern const husk_aead husk_aead_aes_ccm_16_64_128;  /* COSE 10: 13-byte nonce, 8-byte tag */
extern const husk_aead husk_aead_aes_ccm_16_128_128; /* COSE 30: 13-byte nonce, 16-byte tag */
extern const husk_aead husk_aead_chacha20_poly1305;  /* COSE 24: 32-byte key, 12-byte nonce, 16-byte tag */
extern const husk_hash husk_hash_sha256;
extern const husk_ecdh husk_ecdh_x25519;
extern const husk_ecdh husk_ecdh_p256;

extern const husk_suite husk_suite_0; /* AES-CCM-16-64-128, SHA-256, X25519; application AES-CCM-16-64-128 */
extern const husk_suite husk_suite_1; /* AES-CCM-16-128-128, SHA-256, X25519; application AES-CCM-16-64-128 */
extern const husk_suite husk_suite_2; /* AES-CCM-16-64-128, SHA-256, P-256; application AES-CCM-16-64-128 */
extern const husk_suite husk_suite_3; /* AES-CCM-16-128-128, SHA-256, P-256; application AES-CCM-16-64-128 */
extern const husk_suite husk_suite_4; /* ChaCha20/Poly1305, SHA-256, X25519; application ChaCha20/Poly1305 */
extern const husk_suite husk_suite_5; /* ChaCha20/Poly1305, SHA-256, P-256; application ChaCha20/Poly1305 */

/* A key of HMAC (RFC 2104) with its inner and outer block already absorbed, for keys used more than once. Secret. */
typedef struct husk_hmac_key {
    const husk_hash *hash;
    uint8_t inner[HUSK_HASH_MIDSTATE_BYTES];
    uint8_t outer[HUSK_HASH_MIDSTATE_BYTES];
} husk_hmac_key;

/* Prepares a key of any length. */
void husk_hmac_key_init(husk_hmac_key *key, const husk_hash *hash, const uint8_t *bytes, size_t len);

/* mac[digest_bytes] = HMAC(key, parts[0] | parts[1] | ...). `mac` may lie inside a part. */
void husk_hmac(const husk_hmac_key *key, const husk_bytes *parts, size_t count, uint8_t *mac);

/* prk[digest_bytes] = HKDF-Extract(salt, ikm) (RFC 5869 section 2.2). `prk` may be `salt.data` or `ikm.data`. */
void husk_hkdf_extract(const husk_hash *hash, husk_bytes salt, husk_bytes ikm, uint8_t *prk);

/* out[0..len) ^= HKDF-Expand(prk, info parts one after the other, len) (RFC 5869 section 2.3): zero `out` first to get
 * the keying material itself. HUSK_ERR_ARGUMENT, and nothing is written, if len > 255 * digest_bytes. */
husk_status husk_hkdf_expand_xor(const husk_hmac_key *prk, const husk_bytes *info, size_t count, uint8_t *out,
                                 size_t len);

/* AES Key Wrap with a 128-bit key (RFC 3394), which COSE calls A128KW: for keys of 16 to 64 bytes, in steps of 8. */
#define HUSK_AES_KW_KEY_BYTES 16
#define HUSK_AES_KW_OVERHEAD_BYTES 8

/* out[0..len + 8) = `key[0..len)` wrapped. `key` may be out or out + 8. HUSK_ERR_ARGUMENT if `len` is out of range. */
husk_status husk_aes_kw_wrap(const uint8_t kek[HUSK_AES_KW_KEY_BYTES], const uint8_t *key, size_t len, uint8_t *out);

/* key[0..len - 8) = `wrapped[0..len)` unwrapped. `key` may be wrapped or wrapped + 8. HUSK_ERR_ARGUMENT if `len` is out
 * of range; HUSK_ERR_AUTHENTICATION, and key is zero, if it does not verify. */
husk_status husk_aes_kw_unwrap(const uint8_t kek[HUSK_AES_KW_KEY_BYTES], const uint8_t *wrapped, size_t len,
                               uint8_t *key);

#ifdef __cplusplus
}
#endif
#endif

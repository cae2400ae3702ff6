/* Lengths of the signatures that mbedTLS makes and verifies. The linker (--wrap) puts the functions __wrap_NAME between
 * the library's NAME and those who call it, and calls that __real_NAME. */
#include "signatures.h"

#include <mbedtls/pk.h>

typedef int random_function(void *context, unsigned char *out, size_t len);
typedef const unsigned char *bytes;
typedef mbedtls_pk_context *pk_key;

int __real_mbedtls_pk_sign(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, unsigned char *out,
                           size_t cap, size_t *len, random_function *random, void *context);
int __wrap_mbedtls_pk_sign(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, unsigned char *out,
                           size_t cap, size_t *len, random_function *random, void *context);
int __real_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, pk_key key, mbedtls_md_type_t hash, bytes digest,
                               size_t digest_len, unsigned char *out, size_t cap, size_t *len,
                               random_function *random, void *context);
int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, pk_key key, mbedtls_md_type_t hash, bytes digest,
                               size_t digest_len, unsigned char *out, size_t cap, size_t *len,
                               random_function *random, void *context);
int __real_mbedtls_pk_verify(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, bytes signature,
                             size_t len);
int __wrap_mbedtls_pk_verify(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, bytes signature,
                             size_t len);
int __real_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, pk_key key, mbedtls_md_type_t hash,
                                 bytes digest, size_t digest_len, bytes signature, size_t len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, pk_key key, mbedtls_md_type_t hash,
                                 bytes digest, size_t digest_len, bytes signature, size_t len);

static size_t made, verified;

size_t signature_made(void)
{
    return made;
}

size_t signature_verified(void)
{
    return verified;
}

int __wrap_mbedtls_pk_sign(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, unsigned char *out,
                           size_t cap, size_t *len, random_function *random, void *context)
{
    int error = __real_mbedtls_pk_sign(key, hash, digest, digest_len, out, cap, len, random, context);
    made = *len;
    return error;
}

int __wrap_mbedtls_pk_sign_ext(mbedtls_pk_type_t type, pk_key key, mbedtls_md_type_t hash, bytes digest,
                               size_t digest_len, unsigned char *out, size_t cap, size_t *len,
                               random_function *random, void *context)
{
    int error = __real_mbedtls_pk_sign_ext(type, key, hash, digest, digest_len, out, cap, len, random, context);
    made = *len;
    return error;
}

int __wrap_mbedtls_pk_verify(pk_key key, mbedtls_md_type_t hash, bytes digest, size_t digest_len, bytes signature,
                             size_t len)
{
    verified = len;
    return __real_mbedtls_pk_verify(key, hash, digest, digest_len, signature, len);
}

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options, pk_key key, mbedtls_md_type_t hash,
                                 bytes digest, size_t digest_len, bytes signature, size_t len)
{
    verified = len;
    return __real_mbedtls_pk_verify_ext(type, options, key, hash, digest, digest_len, signature, len);
}

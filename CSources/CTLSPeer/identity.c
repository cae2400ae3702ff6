/* identity: a key pair with the certificate chain that vouches for it, made in memory from a seed. */
#include "identity.h"

#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>

#define NOT_BEFORE "20200101000000"
#define CERTIFICATE_MAX_BYTES 1024

void peer_identity_init(peer_identity *identity)
{
    mbedtls_pk_init(&identity->key);
    mbedtls_x509_crt_init(&identity->certificate);
    identity->bytes = 0;
}

void peer_identity_free(peer_identity *identity)
{
    mbedtls_x509_crt_free(&identity->certificate);
    mbedtls_pk_free(&identity->key);
}

/* 16 bytes with the top bit clear and no leading zero byte, as authorities issue them. */
static int set_serial(mbedtls_x509write_cert *writer, uint8_t last)
{
    unsigned char serial[16] = {0x4a, 0x1f, 0x07, 0xb3, 0xc8, 0x52, 0x9e, 0x61,
                                0x0d, 0xf4, 0x36, 0xa5, 0x7b, 0x18, 0xe2, 0x00};
    serial[15] = last;
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    return mbedtls_x509write_crt_set_serial_raw(writer, serial, sizeof serial);
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    int error = mbedtls_mpi_read_binary(&number, serial, sizeof serial);
    if (error == 0) {
        error = mbedtls_x509write_crt_set_serial(writer, &number);
    }
    mbedtls_mpi_free(&number);
    return error;
#endif
}

/* ExtKeyUsageSyntax with one KeyPurposeId: id-kp-serverAuth or id-kp-clientAuth. */
static int set_purpose(mbedtls_x509write_cert *writer, bool is_server)
{
    unsigned char value[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
    if (is_server) {
        value[sizeof value - 1] = 0x01;
    }
    size_t oid_len = MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE);
    return mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_EXTENDED_KEY_USAGE, oid_len, 0, value,
                                               sizeof value);
}

/* GeneralNames with one dNSName. */
static int set_dns_name(mbedtls_x509write_cert *writer, const char *dns_name)
{
    unsigned char value[64];
    size_t len = strlen(dns_name);
    if (len > sizeof value - 4) {
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    }
    value[0] = 0x30;
    value[1] = (unsigned char)(len + 2);
    value[2] = 0x82;
    value[3] = (unsigned char)len;
    memcpy(value + 4, dns_name, len);
    return mbedtls_x509write_crt_set_extension(writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                               MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, value, len + 4);
}

/* The extensions that RFC 5280 section 4.2 and RFC 7925 section 4.4 ask for. */
static int set_extensions(mbedtls_x509write_cert *writer, const peer_subject *subject)
{
    int error = mbedtls_x509write_crt_set_subject_key_identifier(writer);
    if (error == 0) {
        error = mbedtls_x509write_crt_set_authority_key_identifier(writer);
    }
    if (error == 0 && subject->is_authority) {
        error = mbedtls_x509write_crt_set_basic_constraints(writer, 1, subject->path_len);
    }
    if (error == 0) {
        error = mbedtls_x509write_crt_set_key_usage(writer, subject->is_authority ? MBEDTLS_X509_KU_KEY_CERT_SIGN
                                                                                  : MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    }
    if (error == 0 && !subject->is_authority) {
        error = set_purpose(writer, subject->is_server);
    }
    if (error == 0 && subject->dns_name != NULL) {
        error = set_dns_name(writer, subject->dns_name);
    }
    return error;
}

static int make_key(mbedtls_pk_context *key, mbedtls_hmac_drbg_context *random)
{
    int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (error != 0) {
        return error;
    }
    return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_hmac_drbg_random, random);
}

int peer_identity_make(peer_identity *identity, const peer_subject *subject, peer_identity *issuer,
                       const char *issuer_name, mbedtls_hmac_drbg_context *random)
{
    int error = make_key(&identity->key, random);
    if (error != 0) {
        return error;
    }

    mbedtls_x509write_cert writer;
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &identity->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, issuer == NULL ? &identity->key : &issuer->key);

    error = set_serial(&writer, subject->serial);
    if (error == 0) {
        error = mbedtls_x509write_crt_set_validity(&writer, NOT_BEFORE, subject->not_after);
    }
    if (error == 0) {
        error = mbedtls_x509write_crt_set_subject_name(&writer, subject->name);
    }
    if (error == 0) {
        error = mbedtls_x509write_crt_set_issuer_name(&writer, issuer == NULL ? subject->name : issuer_name);
    }
    if (error == 0) {
        error = set_extensions(&writer, subject);
    }

    /* The writer fills the buffer from its end. */
    unsigned char der[CERTIFICATE_MAX_BYTES];
    if (error == 0) {
        int len = mbedtls_x509write_crt_der(&writer, der, sizeof der, mbedtls_hmac_drbg_random, random);
        error = len < 0 ? len : 0;
        identity->bytes = len < 0 ? 0 : (size_t)len;
    }
    if (error == 0) {
        error = mbedtls_x509_crt_parse_der(&identity->certificate, der + sizeof der - identity->bytes, identity->bytes);
    }
    mbedtls_x509write_crt_free(&writer);
    return error;
}

int peer_identity_append(peer_identity *identity, const peer_identity *issuer)
{
    return mbedtls_x509_crt_parse_der(&identity->certificate, issuer->certificate.raw.p, issuer->certificate.raw.len);
}

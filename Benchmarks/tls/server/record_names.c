/* Names of what is in a write to the transport, for the report. */
#include "record_names.h"

#include <stdio.h>

#define RECORD_HANDSHAKE 22
#define RECORD_DATA 23
#define RECORD_WITH_CID 25

/* What is sent encrypted, in this order (RFC 8446 section 2): all but the hellos in TLS 1.3, Finished in TLS 1.2. */
static const char *const client_without[] = {"Finished", NULL};
static const char *const client_with[] = {"Certificate", "CertificateVerify", "Finished", NULL};
static const char *const server_without[] = {"EncryptedExtensions", "Finished", NULL};
static const char *const server_with[] = {"EncryptedExtensions", "CertificateRequest", "Certificate",
                                          "CertificateVerify",   "Finished",           NULL};

record_names record_names_begin(const tls_scenario *scenario)
{
    bool has_certificates = scenario->is_tls13 && scenario->chain > 0 && !scenario->has_tickets;
    return (record_names){
        .scenario = scenario,
        .encrypted_up = has_certificates ? client_with : client_without,
        .encrypted_down = !scenario->is_tls13 ? client_without : has_certificates ? server_with : server_without,
    };
}

/* Handshake messages by their number (RFC 5246 section 7.4, RFC 6347 section 4.2.2, RFC 8446 section 4); NULL for
 * others, Finished among them, which is always encrypted. */
static const char *message_name(uint8_t type)
{
    switch (type) {
    case 1:
        return "ClientHello";
    case 2:
        return "ServerHello";
    case 3:
        return "HelloVerifyRequest";
    case 4:
        return "NewSessionTicket";
    case 11:
        return "Certificate";
    case 12:
        return "ServerKeyExchange";
    case 13:
        return "CertificateRequest";
    case 14:
        return "ServerHelloDone";
    case 15:
        return "CertificateVerify";
    case 16:
        return "ClientKeyExchange";
    default:
        return NULL;
    }
}

static const char *encrypted_name(record_names *names, bool is_up)
{
    const char *const **next = is_up ? &names->encrypted_up : &names->encrypted_down;
    return **next == NULL ? "data" : *(*next)++;
}

static bool is_encrypted(const tls_scenario *scenario, const uint8_t *record)
{
    bool has_keys = scenario->is_dtls && (record[3] | record[4]) != 0; /* the epoch */
    bool is_finished = !scenario->is_dtls && record[0] == RECORD_HANDSHAKE && message_name(record[5]) == NULL;
    return record[0] == RECORD_DATA || record[0] == RECORD_WITH_CID || has_keys || is_finished;
}

static const char *record_name(record_names *names, bool is_up, const uint8_t *record, size_t header)
{
    if (is_encrypted(names->scenario, record)) {
        return encrypted_name(names, is_up);
    }
    if (record[0] == RECORD_CHANGE_CIPHER_SPEC) {
        return "ChangeCipherSpec";
    }
    return record[0] == RECORD_HANDSHAKE ? message_name(record[header]) : "Alert";
}

void record_names_print(record_names *names, bool is_up, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const uint8_t *record = bytes + at;
        size_t header = !names->scenario->is_dtls ? 5 : 13 + (record[0] == RECORD_WITH_CID ? sizeof tls_server_cid : 0);
        printf("%s%s", at > 0 ? " + " : "", record_name(names, is_up, record, header));
        at += header + ((size_t)record[header - 2] << 8 | record[header - 1]);
    }
    printf("\n");
}

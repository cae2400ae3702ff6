/* provisioning: checks what a host tool wrote to flash before anything relies on it. */
#include "provisioning.h"

#include <stdbool.h>
#include <string.h>

uint32_t provisioning_crc(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

static bool crc_matches(const provisioning *p)
{
    uint32_t stated = (uint32_t)p->crc[0] << 24 | (uint32_t)p->crc[1] << 16 | (uint32_t)p->crc[2] << 8 | p->crc[3];
    return stated == provisioning_crc((const uint8_t *)p, offsetof(provisioning, crc));
}

static bool within(size_t len, size_t least, size_t most)
{
    return len >= least && len <= most;
}

static const char *check_edhoc(const provisioning *p)
{
    if (!within(p->kid_len, 1, sizeof p->kid)) {
        return "the provisioned kid is not 1 to 24 bytes long";
    }
    if (!within(p->key_len, PROVISIONING_KEY_MIN_BYTES, sizeof p->key)) {
        return "the provisioned key is not 16 to 64 bytes long";
    }
    if (!within(p->cred_i_len, 1, sizeof p->cred_i) || !within(p->cred_r_len, 1, sizeof p->cred_r)) {
        return "a provisioned credential is not 1 to 128 bytes long";
    }
    if (p->suite > PROVISIONING_SUITE_MAX) {
        return "the provisioned cipher suite is not 0 to 5";
    }
    if ((p->flags & ~(PROVISIONING_SEQUENTIAL | PROVISIONING_RESUME)) != 0) {
        return "the provisioning has flags that this firmware does not know";
    }
    return NULL;
}

static const char *check_kudos(const provisioning *p)
{
    if (p->kid_len > PROVISIONING_ID_MAX_BYTES || p->cred_i_len > PROVISIONING_ID_MAX_BYTES) {
        return "a provisioned OSCORE identifier is longer than 7 bytes";
    }
    if (p->kid_len == p->cred_i_len && memcmp(p->kid, p->cred_i, p->kid_len) == 0) {
        return "the provisioned OSCORE identifiers are the same";
    }
    if (!within(p->key_len, PROVISIONING_KEY_MIN_BYTES, PROVISIONING_SECRET_MAX_BYTES)) {
        return "the provisioned Master Secret is not 16 to 32 bytes long";
    }
    if (p->cred_r_len != 0 || p->suite != 0 || (p->flags & ~PROVISIONING_KUDOS_FS) != 0) {
        return "the provisioning asks for what the KUDOS profile does not have";
    }
    return NULL;
}

static const char *check_envelopes(const provisioning *p)
{
    if (p->envelope_key_len == 0) {
        bool none = p->envelope_kid_len == 0 && p->device_len == 0 && p->application_len == 0 && p->commands == 0;
        return none ? NULL : "the provisioning is for envelopes, and has no key of them";
    }
    if (!within(p->envelope_key_len, PROVISIONING_KEY_MIN_BYTES, sizeof p->envelope_key)) {
        return "the provisioned key of envelopes is not 16 to 32 bytes long";
    }
    if (p->envelope_kid_len > sizeof p->envelope_kid) {
        return "the provisioned kid of envelopes is longer than 16 bytes";
    }
    if (!within(p->device_len, 1, sizeof p->device) || !within(p->application_len, 1, sizeof p->application)) {
        return "a provisioned name is not 1 to 32 bytes long";
    }
    return NULL;
}

const char *provisioning_check(const provisioning *p)
{
    if (memcmp(p->magic, "HUSK", 4) != 0) {
        return "nothing is provisioned: load a file made by tools/provision.py at husk_provisioning";
    }
    if (p->version != PROVISIONING_VERSION) {
        return "the provisioning is of another version than 3";
    }
    if (!crc_matches(p)) {
        return "the provisioning is damaged: its CRC does not match";
    }
    const char *wrong = check_envelopes(p);
    if (wrong != NULL) {
        return wrong;
    }
    switch (p->profile) {
    case PROVISIONING_PROFILE_EDHOC_PSK:
        return check_edhoc(p);
    case PROVISIONING_PROFILE_KUDOS:
        return check_kudos(p);
    default:
        return "the provisioning asks for a profile that this firmware does not have";
    }
}

/* provisioning: what the firmware accepts as its key and identities, and each reason to refuse. */
#include "provisioning.h"
#include "test.h"

static void sign(provisioning *p)
{
    uint32_t crc = provisioning_crc((const uint8_t *)p, offsetof(provisioning, crc));
    for (unsigned i = 0; i < 4; i++) {
        p->crc[i] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

static provisioning example(void)
{
    provisioning p = {.magic = {'H', 'U', 'S', 'K'}, .version = 3};
    p.kid_len = 1;
    p.key_len = 16;
    p.cred_i_len = 20;
    p.cred_r_len = 21;
    sign(&p);
    return p;
}

/* The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms. */
static void crc_check_value(void)
{
    CHECK_INT(provisioning_crc((const uint8_t *)"123456789", 9), 0xcbf43926);
    CHECK_INT(provisioning_crc(NULL, 0), 0);
}

static void complete_is_accepted(void)
{
    provisioning p = example();
    CHECK(provisioning_check(&p) == NULL);
}

static void empty_flash_is_refused(void)
{
    provisioning p;
    memset(&p, 0xff, sizeof p);
    CHECK(provisioning_check(&p) != NULL);
    memset(&p, 0, sizeof p);
    CHECK(provisioning_check(&p) != NULL);
}

static void any_flipped_bit_is_refused(void)
{
    provisioning p = example();
    uint8_t *at = (uint8_t *)&p;
    for (size_t i = 0; i < 8 * sizeof p; i++) {
        at[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK(provisioning_check(&p) != NULL);
        at[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CHECK(provisioning_check(&p) == NULL);
}

/* Byte offsets of the four lengths in the struct, and the range of each. */
static void lengths_out_of_range_are_refused(void)
{
    static const struct {
        size_t offset;
        uint8_t least, most;
    } lengths[] = {
        {offsetof(provisioning, kid_len), 1, 24},
        {offsetof(provisioning, key_len), 16, 64},
        {offsetof(provisioning, cred_i_len), 1, 128},
        {offsetof(provisioning, cred_r_len), 1, 128},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (unsigned len = 0; len < 256; len++) {
            provisioning p = example();
            ((uint8_t *)&p)[lengths[i].offset] = (uint8_t)len;
            sign(&p);
            bool good = len >= lengths[i].least && len <= lengths[i].most;
            CHECK_INT(provisioning_check(&p) == NULL, good);
        }
    }
}

static void another_version_is_refused(void)
{
    provisioning p = example();
    p.version = 1;
    sign(&p);
    CHECK(provisioning_check(&p) != NULL);
}

/* Every value of the bytes that say how to authenticate, and how many of them are accepted. */
static void what_is_unknown_is_refused(void)
{
    static const struct {
        size_t offset;
        uint8_t most;
    } fields[] = {
        {offsetof(provisioning, suite), 5},
        {offsetof(provisioning, flags), PROVISIONING_SEQUENTIAL | PROVISIONING_RESUME},
        {offsetof(provisioning, profile), PROVISIONING_PROFILE_EDHOC_PSK},
        {offsetof(provisioning, restarts), 255},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned value = 0; value < 256; value++) {
            provisioning p = example();
            ((uint8_t *)&p)[fields[i].offset] = (uint8_t)value;
            sign(&p);
            CHECK_INT(provisioning_check(&p) == NULL, value <= fields[i].most);
        }
    }
}

/* Envelopes are optional; a key of them brings the names of both ends. */
static void envelopes(void)
{
    static const struct {
        size_t offset;
        uint8_t least, most;
    } fields[] = {
        {offsetof(provisioning, envelope_key_len), 16, 32},
        {offsetof(provisioning, envelope_kid_len), 0, 16},
        {offsetof(provisioning, device_len), 1, 32},
        {offsetof(provisioning, application_len), 1, 32},
        {offsetof(provisioning, commands), 0, 255},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned value = 0; value < 256; value++) {
            provisioning p = example();
            ((uint8_t *)&p)[fields[i].offset] = (uint8_t)value;
            sign(&p);
            CHECK_INT(provisioning_check(&p) == NULL, value == 0); /* without a key, or with nothing but one */

            p = example();
            p.envelope_key_len = 16;
            p.device_len = 4;
            p.application_len = 4;
            ((uint8_t *)&p)[fields[i].offset] = (uint8_t)value;
            sign(&p);
            CHECK_INT(provisioning_check(&p) == NULL, value >= fields[i].least && value <= fields[i].most);
        }
    }
}

static provisioning kudos_example(void)
{
    provisioning p = {.magic = {'H', 'U', 'S', 'K'}, .version = 3, .profile = PROVISIONING_PROFILE_KUDOS};
    p.kid_len = 1;
    p.kid[0] = 1;
    p.key_len = 16;
    p.cred_i_len = 1;
    p.cred_i[0] = 2;
    sign(&p);
    return p;
}

/* Every value of every byte that matters to the KUDOS profile. */
static void kudos_profile(void)
{
    static const struct {
        size_t offset;
        uint8_t least, most;
        uint8_t also; /* accepted beside the range */
    } fields[] = {
        {offsetof(provisioning, kid_len), 0, 7, 0},
        {offsetof(provisioning, cred_i_len), 0, 7, 0},
        {offsetof(provisioning, key_len), 16, 32, 16},
        {offsetof(provisioning, cred_r_len), 0, 0, 0},
        {offsetof(provisioning, suite), 0, 0, 0},
        {offsetof(provisioning, flags), 0, 0, PROVISIONING_KUDOS_FS},
        {offsetof(provisioning, restarts), 0, 255, 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned value = 0; value < 256; value++) {
            provisioning p = kudos_example();
            ((uint8_t *)&p)[fields[i].offset] = (uint8_t)value;
            sign(&p);
            bool good = (value >= fields[i].least && value <= fields[i].most) || value == fields[i].also;
            CHECK_INT(provisioning_check(&p) == NULL, good);
        }
    }
    provisioning same = kudos_example();
    same.cred_i[0] = same.kid[0];
    sign(&same);
    CHECK(provisioning_check(&same) != NULL);
    same.kid_len = same.cred_i_len = 0;
    sign(&same);
    CHECK(provisioning_check(&same) != NULL);
}

void suite_provisioning(void);

void suite_provisioning(void)
{
    RUN(crc_check_value);
    RUN(complete_is_accepted);
    RUN(empty_flash_is_refused);
    RUN(any_flipped_bit_is_refused);
    RUN(lengths_out_of_range_are_refused);
    RUN(another_version_is_refused);
    RUN(what_is_unknown_is_refused);
    RUN(kudos_profile);
    RUN(envelopes);
}

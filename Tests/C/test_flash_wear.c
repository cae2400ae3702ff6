/* How the flash of a device wears: what an endpoint stores while it sends readings, over journals of usual parts.
 * Prints the figures of the README. */
#include "loopback_gateway.h"
#include "nor_flash.h"
#include "toy_suite.h"

#ifdef TEST_SLOW
#define READINGS 60000
#else
#define READINGS 600
#endif
#define CYCLES 10000
#define MINUTES_PER_YEAR (365u * 24 * 60 + 6 * 60)

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_suite *const suites[] = {&toy_suite_0};

static nor_flash nor;
static husk_journal journal;
static husk_device device;
static loopback_gateway gateway;
static test_rng rng;
static husk_device_config config;

static void exchange(const husk_device_request *request)
{
    husk_event event = {0};
    CHECK_OK(husk_device_start(&device, request));
    while (event.kind != HUSK_EVENT_RESPONSE) {
        uint8_t copy[LOOPBACK_REPLY_MAX_BYTES];
        const uint8_t *datagram;
        size_t len;
        CHECK_OK(husk_device_transmit(&device, 0, &datagram, &len, &event));
        memcpy(copy, datagram, len);
        const loopback_reply *reply = loopback_gateway_receive(&gateway, copy, len);
        CHECK(reply != NULL);
        memcpy(copy, reply->data, reply->len);
        CHECK_OK(husk_device_receive(&device, 0, copy, reply->len, &event));
    }
}

static void boot(void)
{
    CHECK_OK(husk_journal_mount(&journal, &nor.hooks));
    CHECK_OK(husk_device_init(&device, &config));
    gateway.remembered_count = 0; /* no message ID is taken for that of a message before the reboot */
}

/* A count per 1,000 readings, with two digits after the point. */
static void print_rate(uint64_t count, const char *what)
{
    uint64_t hundredths = (count * 1000 * 100 + READINGS / 2) / READINGS;
    test_print_uint(hundredths / 100);
    test_print(".");
    test_print_uint(hundredths / 10 % 10);
    test_print_uint(hundredths % 10);
    test_print(what);
}

/* A life at one reading a minute, with a reboot each `reboot` readings (0: never). */
static uint64_t wear(uint8_t unit, uint16_t page_bytes, uint8_t pages, unsigned reboot)
{
    const husk_device_request request = {HUSK_COAP_POST, "r", 1, HUSK_DEVICE_NO_FORMAT, {key, 4}};
    rng.state = 1;
    nor_init(&nor, unit, page_bytes, pages);
    config = (husk_device_config){
        .profile = &husk_profile_edhoc,
        .edhoc = {.suites = suites, .suite_count = 1, .random = {test_random_fill, &rng}},
        .psk = {{key, 16}, {kid, sizeof kid}, {cred_i, sizeof cred_i}, {cred_r, sizeof cred_r}},
        .storage = {husk_journal_load, husk_journal_store, &journal},
        .resume = true,
        .keep = &husk_keeper_storage,
    };
    loopback_gateway_init(&gateway, &config.edhoc, &config.psk);
    boot();
    exchange(&request); /* the handshake */
    uint32_t programs = nor.programs;
    uint32_t bytes_programmed = nor.programmed_bytes;
    uint32_t erases = nor_erases(&nor);
    for (unsigned i = 1; i <= READINGS; i++) {
        exchange(&request);
        if (reboot != 0 && i % reboot == 0) {
            boot();
        }
    }
    programs = nor.programs - programs;
    bytes_programmed = nor.programmed_bytes - bytes_programmed;
    erases = nor_erases(&nor) - erases;
    if (erases == 0) { /* too few readings to say */
        return UINT64_MAX;
    }
    uint64_t years = (uint64_t)READINGS * CYCLES * pages / erases / MINUTES_PER_YEAR;
    test_print("  flash wear, ");
    test_print_uint(pages);
    test_print(" pages of ");
    test_print_uint(page_bytes);
    test_print(", units of ");
    test_print_uint(unit);
    if (reboot != 0) {
        test_print(", a reboot each ");
        test_print_uint(reboot);
        test_print(" readings");
    }
    test_print(": per 1,000 readings ");
    print_rate(programs, " programs, ");
    print_rate(bytes_programmed, " bytes, ");
    print_rate(erases, " erases; ");
    test_print_uint(years);
    test_print(" years at one a minute\n");
    return years;
}

#ifdef TEST_SLOW

/* More than a device lives, unless it reboots all the time. */
static void years_of_life(void)
{
    uint64_t usual = wear(4, 1024, 2, 0);
    uint64_t small = wear(8, 2048, 2, 0);
    CHECK(usual > 100 && small > 100);
    CHECK(wear(4, 1024, 2, 60) > 20);
    CHECK(wear(4, 1024, 2, 1) >= 1);
}

#else

static void years_of_life(void)
{
    CHECK(wear(4, 512, 2, 0) > 100);
}

#endif

void suite_flash_wear(void)
{
    RUN(years_of_life);
}

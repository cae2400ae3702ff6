/* The sensor firmware, all but how it gets its keys (sensor.h): authenticates to the gateway behind the UART with what is
 * provisioned in flash, sends readings, reports what that took of stack and memory, and ends. README.md describes how to
 * run it. */
#include "board.h"
#include "endpoint.h"
#include "image.h"
#include "reading.h"
#include "text.h"

#define DEFAULT_READINGS 3

__attribute__((noinline)) static void say_answered(uint32_t number, uint8_t code)
{
    text t = {0};
    text_add(&t, "reading ");
    text_add_int(&t, (int32_t)number + 1);
    text_add(&t, " answered ");
    text_add_int(&t, code >> 5);
    text_add(&t, (code & 31) < 10 ? ".0" : ".");
    text_add_int(&t, code & 31);
    endpoint_say(&t);
}

static void send_reading(uint32_t number)
{
    uint8_t payload[READING_BYTES];
    reading_compose(payload, reading_simulated(number));
    const husk_device_request request = {
        .code = HUSK_COAP_POST,
        .path = READING_PATH,
        .path_len = sizeof READING_PATH - 1,
        .content_format = READING_CONTENT_FORMAT,
        .payload = {payload, sizeof payload},
    };
    uint32_t begin = board_millis();
    husk_status status = husk_device_start(&endpoint_device, &request);
    if (status != HUSK_OK) {
        endpoint_give_up("the reading could not be sent", status, EXIT_FAILED);
    }
    for (;;) {
        husk_event event = endpoint_next_event();
        if (event.kind == HUSK_EVENT_FAILED) {
            endpoint_give_up("no protected answer from the gateway", event.status, EXIT_FAILED);
        }
        if (event.new_session) {
            endpoint_say_authenticated(begin);
        }
        if (event.kind == HUSK_EVENT_RESPONSE) {
            say_answered(number, event.code);
            if (event.code >> 5 != 2) {
                endpoint_give_up("the gateway did not accept the reading", HUSK_OK, EXIT_FAILED);
            }
            return;
        }
    }
}

/* Keeps answering the gateway, but starts nothing. */
static void pause_ms(uint32_t duration)
{
    uint32_t begin = board_millis();
    uint32_t passed = 0;
    do {
        (void)endpoint_step(duration - passed);
        passed = board_millis() - begin;
    } while (passed < duration);
}

int main(void)
{
    const provisioning *p = (const provisioning *)(const void *)husk_provisioning;
    endpoint_configure(p, NULL);
    endpoint_start();
    uint32_t readings = p->readings != 0 ? p->readings : DEFAULT_READINGS;
    for (uint32_t i = 0; i < readings; i++) {
        send_reading(i);
        pause_ms((uint32_t)p->interval_ms[0] << 8 | p->interval_ms[1]);
    }
    for (uint32_t i = 0; i < p->restarts; i++) {
        husk_device_wipe(&endpoint_device);
        endpoint_start();
        send_reading(readings + i);
    }
    endpoint_report();
    endpoint_end();
    return 0;
}

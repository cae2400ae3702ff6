/* The sensor firmware, all but how it gets its keys (sensor.h): authenticates to the gateway behind the UART with what is provisioned in flash, sends readings,
 * reports what that took of stack and memory, and ends. README.md describes how to run it. */
#include "board.h"
#include "husk/husk.h"
#include "image.h"
#include "provisioning.h"
#include "reading.h"
#include "sensor.h"
#include "slip.h"
#include "text.h"

#define DEFAULT_READINGS 3

static husk_device device;
static husk_device_config config;
static slip_decoder uart;
static uint8_t packet[HUSK_DEVICE_BUFFER_BYTES];
static uint32_t retransmissions;

/* Stands in for flash: what the endpoint stores survives its restart, but not the end of the simulation. */
static struct {
    uint8_t data[HUSK_DEVICE_RECORD_MAX_BYTES];
    size_t len;
} records[HUSK_DEVICE_RECORD_KUDOS];

/* Lines are put together in functions of their own, so that they do not lie on the stack under the device's calls. */
#define OWN_FRAME __attribute__((noinline))

static void say(const text *t)
{
    slip_encode_diagnostic(board_uart_write, t->line);
}

/* Ends with a reason, on the UART and on QEMU's standard error. */
OWN_FRAME void sensor_give_up(const char *why, husk_status status, int32_t code)
{
    text t = {0};
    text_add(&t, "failed: ");
    text_add(&t, why);
    if (status != HUSK_OK) {
        text_add(&t, ", status ");
        text_add_int(&t, status);
    }
    say(&t);
    text_add(&t, "\n");
    board_print(t.line);
    board_exit(code);
}

static husk_status fill_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    return board_random(out, len) ? HUSK_OK : HUSK_ERR_RANDOM;
}

static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = from[i];
    }
}

static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    if (record < 1 || record > HUSK_DEVICE_RECORD_KUDOS) {
        return HUSK_ERR_STORAGE;
    }
    *len = records[record - 1].len;
    if (*len > cap) {
        return HUSK_ERR_BUFFER;
    }
    copy(out, records[record - 1].data, *len);
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context;
    if (record < 1 || record > HUSK_DEVICE_RECORD_KUDOS || len > HUSK_DEVICE_RECORD_MAX_BYTES) {
        return HUSK_ERR_STORAGE;
    }
    copy(records[record - 1].data, data, len);
    records[record - 1].len = len;
    return HUSK_OK;
}

/* A confirmable message with the Message ID of the last one is that one again. */
static void count_retransmission(const uint8_t *datagram, size_t len)
{
    static uint16_t last;
    static bool any;
    husk_coap_message message;
    if (husk_coap_decode(datagram, len, &message) != HUSK_OK || message.type != HUSK_COAP_CON) {
        return;
    }
    if (any && message.message_id == last) {
        retransmissions++;
    }
    last = message.message_id;
    any = true;
}

static void transmit(husk_event *event)
{
    const uint8_t *datagram;
    size_t len;
    if (husk_device_transmit(&device, board_millis(), &datagram, &len, event) != HUSK_OK || len == 0) {
        return;
    }
    count_retransmission(datagram, len);
    slip_encode(board_uart_write, datagram, len);
}

static void receive(husk_event *event)
{
    uint8_t byte;
    while (board_uart_read(&byte)) {
        size_t len = slip_decode(&uart, byte);
        if (len > 0) {
            (void)husk_device_receive(&device, board_millis(), packet, len, event);
            return;
        }
    }
}

/* Sends what is due, sleeps until there is something to do, at most `ms`, and takes what has come. */
static husk_event step(uint32_t ms)
{
    husk_event event = {0};
    transmit(&event);
    if (event.kind != HUSK_EVENT_NONE) {
        return event;
    }
    uint32_t timeout = husk_device_next_timeout(&device, board_millis());
    board_wait(timeout < ms ? timeout : ms);
    receive(&event);
    return event;
}

static husk_event next_event(void)
{
    husk_event event;
    do {
        event = step(UINT32_MAX);
    } while (event.kind == HUSK_EVENT_NONE);
    return event;
}

OWN_FRAME static void say_authenticated(uint32_t since)
{
    text t = {0};
    text_add(&t, "authenticated in ");
    text_add_int(&t, (int32_t)(board_millis() - since));
    text_add(&t, " ms");
    say(&t);
}

OWN_FRAME static void say_answered(uint32_t number, uint8_t code)
{
    text t = {0};
    text_add(&t, "reading ");
    text_add_int(&t, (int32_t)number + 1);
    text_add(&t, " answered ");
    text_add_int(&t, code >> 5);
    text_add(&t, (code & 31) < 10 ? ".0" : ".");
    text_add_int(&t, code & 31);
    say(&t);
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
    husk_status status = husk_device_start(&device, &request);
    if (status != HUSK_OK) {
        sensor_give_up("the reading could not be sent", status, EXIT_FAILED);
    }
    for (;;) {
        husk_event event = next_event();
        if (event.kind == HUSK_EVENT_FAILED) {
            sensor_give_up("no protected answer from the gateway", event.status, EXIT_FAILED);
        }
        if (event.new_session) {
            say_authenticated(begin);
        }
        if (event.kind == HUSK_EVENT_RESPONSE) {
            say_answered(number, event.code);
            if (event.code >> 5 != 2) {
                sensor_give_up("the gateway did not accept the reading", HUSK_OK, EXIT_FAILED);
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
        (void)step(duration - passed);
        passed = board_millis() - begin;
    } while (passed < duration);
}

OWN_FRAME static void report(void)
{
    text t = {0};
    text_add(&t, "report machine=");
    text_add(&t, board_name);
    text_add_field(&t, "stack", stack_peak());
    text_add_field(&t, "state", (uint32_t)(sizeof device + sensor_state_bytes));
    text_add_field(&t, "text", image_text_bytes());
    text_add_field(&t, "data", image_data_bytes());
    text_add_field(&t, "bss", image_bss_bytes());
    text_add_field(&t, "retransmissions", retransmissions);
    say(&t);
}

/* An endpoint without a session: keeps what it stored, as after a reboot. */
static void start_device(void)
{
    husk_status status = husk_device_init(&device, &config);
    if (status != HUSK_OK) {
        sensor_give_up("the provisioned key or credentials cannot be used", status, EXIT_NOT_PROVISIONED);
    }
}

int main(void)
{
    const provisioning *p = (const provisioning *)(const void *)husk_provisioning;
    const char *missing = provisioning_check(p);
    if (missing != NULL) {
        sensor_give_up(missing, HUSK_OK, EXIT_NOT_PROVISIONED);
    }
    config = sensor_configure(p);
    config.edhoc.random = (husk_random){.fill = fill_random};
    config.storage = (husk_storage){.load = load, .store = store};
    slip_decoder_init(&uart, packet, sizeof packet);
    start_device();
    uint32_t readings = p->readings != 0 ? p->readings : DEFAULT_READINGS;
    for (uint32_t i = 0; i < readings; i++) {
        send_reading(i);
        pause_ms((uint32_t)p->interval_ms[0] << 8 | p->interval_ms[1]);
    }
    for (uint32_t i = 0; i < p->restarts; i++) {
        husk_device_wipe(&device);
        start_device();
        send_reading(readings + i);
    }
    report();
    husk_device_wipe(&device);
    sensor_wipe();
    husk_wipe(records, sizeof records);
    if (stack_overflowed()) {
        sensor_give_up("the stack reached the data below it", HUSK_OK, EXIT_STACK);
    }
    return 0;
}

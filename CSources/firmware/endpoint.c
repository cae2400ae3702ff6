/* endpoint: see endpoint.h. Lines are put together in functions of their own, so that they do not lie on the stack under
 * the device's calls. */
#include "endpoint.h"

#include "board.h"
#include "image.h"
#include "sensor.h"
#include "slip.h"

husk_device endpoint_device;
static husk_device_config config;
static slip_decoder uart;
static uint8_t packet[HUSK_DEVICE_BUFFER_BYTES];
uint32_t endpoint_retransmissions;

/* Stands in for flash: what is stored survives a restart of the endpoint, but not the end of the simulation. */
static struct {
    uint8_t data[HUSK_DEVICE_RECORD_MAX_BYTES];
    size_t len;
} records[5];

void endpoint_say(const text *t)
{
    slip_encode_diagnostic(board_uart_write, t->line);
}

/* Ends with a reason, on the UART and on QEMU's standard error. */
__attribute__((noinline)) void endpoint_give_up(const char *why, husk_status status, int32_t code)
{
    text t = {0};
    text_add(&t, "failed: ");
    text_add(&t, why);
    if (status != HUSK_OK) {
        text_add(&t, ", status ");
        text_add_int(&t, status);
    }
    endpoint_say(&t);
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

/* The place of a record, or as many as there are: those of a session that is kept across reboots have none here. */
static size_t place(uint8_t record)
{
    switch (record) {
    case HUSK_DEVICE_RECORD_SUITE:
        return 0;
    case HUSK_DEVICE_RECORD_RESUMPTION:
        return 1;
    case HUSK_DEVICE_RECORD_KUDOS:
        return 2;
    case ENDPOINT_RECORD_SENDER:
        return 3;
    case ENDPOINT_RECORD_OPENER:
        return 4;
    default:
        return sizeof records / sizeof records[0];
    }
}

static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    const size_t at = place(record);
    if (at == sizeof records / sizeof records[0]) {
        return HUSK_ERR_STORAGE;
    }
    *len = records[at].len;
    if (*len > cap) {
        return HUSK_ERR_BUFFER;
    }
    copy(out, records[at].data, *len);
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context;
    const size_t at = place(record);
    if (at == sizeof records / sizeof records[0] || len > sizeof records[0].data) {
        return HUSK_ERR_STORAGE;
    }
    copy(records[at].data, data, len);
    records[at].len = len;
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
        endpoint_retransmissions++;
    }
    last = message.message_id;
    any = true;
}

static void transmit(husk_event *event)
{
    const uint8_t *datagram;
    size_t len;
    if (husk_device_transmit(&endpoint_device, board_millis(), &datagram, &len, event) != HUSK_OK || len == 0) {
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
            (void)husk_device_receive(&endpoint_device, board_millis(), packet, len, event);
            return;
        }
    }
}

husk_event endpoint_step(uint32_t ms)
{
    husk_event event = {0};
    transmit(&event);
    if (event.kind != HUSK_EVENT_NONE) {
        return event;
    }
    uint32_t timeout = husk_device_next_timeout(&endpoint_device, board_millis());
    board_wait(timeout < ms ? timeout : ms);
    receive(&event);
    return event;
}

husk_event endpoint_next_event(void)
{
    husk_event event;
    do {
        event = endpoint_step(UINT32_MAX);
    } while (event.kind == HUSK_EVENT_NONE);
    return event;
}

__attribute__((noinline)) void endpoint_say_authenticated(uint32_t since)
{
    text t = {0};
    text_add(&t, "authenticated in ");
    text_add_int(&t, (int32_t)(board_millis() - since));
    text_add(&t, " ms");
    endpoint_say(&t);
}

const husk_storage endpoint_storage = {.load = load, .store = store};

void endpoint_configure(const provisioning *p, husk_device_blocks *blocks)
{
    const char *missing = provisioning_check(p);
    if (missing != NULL) {
        endpoint_give_up(missing, HUSK_OK, EXIT_NOT_PROVISIONED);
    }
    config = sensor_configure(p);
    config.edhoc.random = (husk_random){.fill = fill_random};
    config.storage = endpoint_storage;
    config.blocks = blocks;
    slip_decoder_init(&uart, packet, sizeof packet);
}

void endpoint_start(void)
{
    husk_status status = husk_device_init(&endpoint_device, &config);
    if (status != HUSK_OK) {
        endpoint_give_up("the provisioned key or credentials cannot be used", status, EXIT_NOT_PROVISIONED);
    }
}

__attribute__((noinline)) void endpoint_report(void)
{
    text t = {0};
    text_add(&t, "report machine=");
    text_add(&t, board_name);
    text_add_field(&t, "stack", stack_peak());
    text_add_field(&t, "state", (uint32_t)(sizeof endpoint_device + sensor_state_bytes));
    text_add_field(&t, "text", image_text_bytes());
    text_add_field(&t, "data", image_data_bytes());
    text_add_field(&t, "bss", image_bss_bytes());
    text_add_field(&t, "retransmissions", endpoint_retransmissions);
    endpoint_say(&t);
}

void endpoint_end(void)
{
    husk_device_wipe(&endpoint_device);
    sensor_wipe();
    husk_wipe(records, sizeof records);
    if (stack_overflowed()) {
        endpoint_give_up("the stack reached the data below it", HUSK_OK, EXIT_STACK);
    }
}

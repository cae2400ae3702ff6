/* The door: a thermometer and a lock whose readings and commands travel in envelopes (husk/envelope.h) that the gateway
 * cannot open. It seals a reading for its application, leaves it at the gateway, observes its own mailbox there, acts
 * upon the commands it opens, answers each with its state, and ends after as many envelopes as provisioned. */
#include "board.h"
#include "endpoint.h"
#include "image.h"
#include "reading.h"

#include <string.h>

#define OWN_FRAME __attribute__((noinline))

#define MAILBOX "mailbox"
#define ENVELOPE_MAX_BYTES 256
#define ENVELOPE_FORMAT 16 /* application/cose; cose-type="cose-encrypt0" */
#define UNLOCK "unlock the front door"
#define LOCK "lock the front door"

/* Tags for the outside, as CBOR: short, so that with short names an envelope fits into one message. */
static const uint8_t air[] = {0x63, 'a', 'i', 'r'};
static const uint8_t door[] = {0x64, 'd', 'o', 'o', 'r'};
#define READING_PRIORITY 2
#define STATE_PRIORITY 5

static const provisioning *provisioned;
static husk_envelope_key to_application, to_here;
static husk_envelope_sender_config sender_config;
static husk_envelope_opener_config opener_config;
static husk_envelope_sender sender;
static husk_envelope_opener opener;
static husk_bytes own_name;
static husk_device_observation observation;
static bool unlocked;

/* An envelope with long names goes out in blocks. */
static husk_device_blocks blocks = {.functions = &husk_blockwise};

/* The envelope that lies in the mailbox, as the gateway told last; nothing if it is empty. */
static struct {
    uint64_t etag;
    size_t len;
    uint8_t bytes[HUSK_DEVICE_BUFFER_BYTES];
} letter;

/* ---- What it says on the UART ---- */

OWN_FRAME static void say(const char *line)
{
    text t = {0};
    text_add(&t, line);
    endpoint_say(&t);
}

/* `what` was done with an envelope. Its number is in the Partial IV, of which four bytes are shown. */
OWN_FRAME static void say_envelope(const char *what, const husk_envelope_view *view, husk_bytes content)
{
    uint32_t sequence = 0;
    for (size_t i = 0; i < view->partial_iv.len; i++) {
        sequence = sequence << 8 | view->partial_iv.data[i];
    }
    text t = {0};
    text_add(&t, what);
    text_add_field(&t, "sequence", sequence);
    text_add(&t, " source=");
    text_add_bytes(&t, view->metadata.source.data, view->metadata.source.len);
    text_add(&t, " content=");
    text_add_bytes(&t, content.data, content.len);
    endpoint_say(&t);
}

static const char *name_of(husk_status status)
{
    switch (status) {
    case HUSK_ERR_FORMAT:
        return "HUSK_ERR_FORMAT";
    case HUSK_ERR_UNSUPPORTED:
        return "HUSK_ERR_UNSUPPORTED";
    case HUSK_ERR_AUTHENTICATION:
        return "HUSK_ERR_AUTHENTICATION";
    case HUSK_ERR_REPLAY:
        return "HUSK_ERR_REPLAY";
    case HUSK_ERR_CONTEXT:
        return "HUSK_ERR_CONTEXT";
    case HUSK_ERR_DESTINATION:
        return "HUSK_ERR_DESTINATION";
    case HUSK_ERR_EXPIRED:
        return "HUSK_ERR_EXPIRED";
    case HUSK_ERR_CLOCK:
        return "HUSK_ERR_CLOCK";
    default:
        return "HUSK_ERR";
    }
}

OWN_FRAME static void say_refused(husk_status status)
{
    text t = {0};
    text_add(&t, "refused ");
    text_add(&t, name_of(status));
    text_add(&t, " status=");
    text_add_int(&t, status);
    endpoint_say(&t);
}

/* ---- The mailbox ---- */

static void keep_letter(const husk_event *event)
{
    husk_bytes etag;
    letter.len = 0;
    if (event->code >> 5 != 2 || event->payload.len == 0 || event->payload.len > sizeof letter.bytes ||
        !husk_coap_option_find(event->options, HUSK_COAP_ETAG, &etag)) {
        return;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < etag.len; i++) {
        number = number << 8 | etag.data[i];
    }
    if (number == letter.etag) {
        return; /* it was dealt with already, and is about to be deleted */
    }
    letter.etag = number;
    letter.len = event->payload.len;
    memcpy(letter.bytes, event->payload.data, event->payload.len);
}

/* The next event, after the mailbox was looked after. */
static husk_event next(uint32_t since)
{
    husk_event event = endpoint_next_event();
    if (event.kind == HUSK_EVENT_FAILED) {
        endpoint_give_up("no protected answer from the gateway", event.status, EXIT_FAILED);
    }
    if (event.new_session) {
        endpoint_say_authenticated(since);
    }
    if (event.kind == HUSK_EVENT_NOTIFICATION) {
        keep_letter(&event);
    }
    if (event.observation) {
        endpoint_give_up("the gateway does not tell of its mailbox", HUSK_OK, EXIT_FAILED);
    }
    return event;
}

static void request(const husk_device_request *request)
{
    uint32_t begin = board_millis();
    husk_status status = husk_device_start(&endpoint_device, request);
    if (status != HUSK_OK) {
        endpoint_give_up("a request could not be sent", status, EXIT_FAILED);
    }
    husk_event event;
    do {
        event = next(begin);
    } while (event.kind != HUSK_EVENT_RESPONSE);
    if (event.code >> 5 != 2) {
        endpoint_give_up("the gateway refused a request", HUSK_OK, EXIT_FAILED);
    }
}

/* DELETE mailbox/<ETag as a decimal number>. */
static void delete_letter(void)
{
    char path[sizeof MAILBOX + 20];
    size_t at = sizeof path;
    uint64_t rest = letter.etag;
    do {
        path[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    at -= sizeof MAILBOX;
    memcpy(path + at, MAILBOX "/", sizeof MAILBOX);
    letter.len = 0;
    const husk_device_request delete = {
        .code = HUSK_COAP_DELETE,
        .path = path + at,
        .path_len = sizeof path - at,
        .content_format = HUSK_DEVICE_NO_FORMAT,
    };
    request(&delete);
}

/* ---- Envelopes ---- */

/* Seals one SenML record (RFC 8428) for the application and leaves it at the gateway. */
static void tell(husk_bytes content, uint8_t priority, husk_bytes tag)
{
    static uint8_t sealed[ENVELOPE_MAX_BYTES];
    const uint32_t now = board_time();
    const husk_envelope_metadata metadata = {
        .source = own_name,
        .destination = {provisioned->application, provisioned->application_len},
        .has_content_format = true,
        .content_format = READING_CONTENT_FORMAT,
        .has_time = now != HUSK_ENVELOPE_TIME_UNKNOWN,
        .time = now,
        .has_priority = true,
        .priority = priority,
        .tag_count = 1,
        .tags = tag,
    };
    size_t len;
    husk_status status = husk_envelope_seal(&sender, &metadata, content, sealed, sizeof sealed, &len);
    husk_envelope_view view;
    if (status == HUSK_OK) {
        status = husk_envelope_inspect(sealed, len, &view);
    }
    if (status != HUSK_OK) {
        endpoint_give_up("an envelope could not be sealed", status, EXIT_FAILED);
    }
    say_envelope("sealed", &view, content);
    const husk_device_request post = {
        .code = HUSK_COAP_POST,
        .path = MAILBOX,
        .path_len = sizeof MAILBOX - 1,
        .content_format = ENVELOPE_FORMAT,
        .payload = {sealed, len},
    };
    request(&post);
}

static bool is(husk_bytes content, const char *command, size_t len)
{
    return content.len == len && husk_equal(content.data, (const uint8_t *)command, len);
}

static void act(husk_bytes command)
{
    if (is(command, UNLOCK, sizeof UNLOCK - 1)) {
        unlocked = true;
        say("door unlocked");
        return;
    }
    if (is(command, LOCK, sizeof LOCK - 1)) {
        unlocked = false;
        say("door locked");
        return;
    }
    say("unknown command");
}

/* Opens what is in the mailbox: once it did, it will not do so again, so the envelope is deleted whatever it was. Only
 * a command that was carried out, or at least understood to be genuine, is answered. */
static void take_letter(void)
{
    husk_envelope_view view;
    husk_status status = husk_envelope_open(&opener, board_time(), letter.bytes, letter.len, &view);
    if (status == HUSK_ERR_STORAGE) {
        endpoint_give_up("what was opened could not be stored", status, EXIT_FAILED);
    }
    if (status != HUSK_OK) {
        say_refused(status);
        delete_letter();
        return;
    }
    say_envelope("opened", &view, view.content);
    act(view.content);
    husk_wipe(letter.bytes, sizeof letter.bytes);
    delete_letter();
    static const char open_state[] = "[{\"n\":\"lock\",\"vs\":\"unlocked\"}]";
    static const char shut_state[] = "[{\"n\":\"lock\",\"vs\":\"locked\"}]";
    const husk_bytes tag = {door, sizeof door};
    if (unlocked) {
        tell((husk_bytes){(const uint8_t *)open_state, sizeof open_state - 1}, STATE_PRIORITY, tag);
        return;
    }
    tell((husk_bytes){(const uint8_t *)shut_state, sizeof shut_state - 1}, STATE_PRIORITY, tag);
}

static husk_status derive(husk_envelope_key *key, husk_bytes from, husk_bytes to)
{
    const husk_envelope_parameters parameters = {
        .aead = &husk_aead_aes_ccm_16_64_128,
        .hash = &husk_hash_sha256,
        .root_key = {provisioned->envelope_key, provisioned->envelope_key_len},
        .sender = from,
        .recipient = to,
        .kid = {provisioned->envelope_kid, provisioned->envelope_kid_len},
    };
    return husk_envelope_key_derive(key, &parameters);
}

/* Keys for both directions, and what the flash remembers of each. */
static void prepare_envelopes(void)
{
    if (provisioned->envelope_key_len == 0) {
        endpoint_give_up("no key of envelopes is provisioned", HUSK_OK, EXIT_NOT_PROVISIONED);
    }
    const husk_bytes application = {provisioned->application, provisioned->application_len};
    own_name = (husk_bytes){provisioned->device, provisioned->device_len};
    sender_config = (husk_envelope_sender_config){
        .keys = &to_application, .key_count = 1, .storage = endpoint_storage, .record = ENDPOINT_RECORD_SENDER};
    opener_config = (husk_envelope_opener_config){.key = &to_here,
                                                  .storage = endpoint_storage,
                                                  .record = ENDPOINT_RECORD_OPENER,
                                                  .deadline_required = true,
                                                  .names = &own_name,
                                                  .name_count = 1};
    husk_status status = derive(&to_application, own_name, application);
    status = status == HUSK_OK ? derive(&to_here, application, own_name) : status;
    status = status == HUSK_OK ? husk_envelope_sender_init(&sender, &sender_config) : status;
    status = status == HUSK_OK ? husk_envelope_opener_init(&opener, &opener_config) : status;
    if (status != HUSK_OK) {
        endpoint_give_up("the provisioned key of envelopes cannot be used", status, EXIT_NOT_PROVISIONED);
    }
}

static void observe_mailbox(void)
{
    static const husk_device_request get = {.code = HUSK_COAP_GET,
                                            .path = MAILBOX,
                                            .path_len = sizeof MAILBOX - 1,
                                            .content_format = HUSK_DEVICE_NO_FORMAT};
    uint32_t begin = board_millis();
    husk_status status = husk_device_observe(&endpoint_device, &observation, &get);
    if (status != HUSK_OK) {
        endpoint_give_up("the mailbox could not be observed", status, EXIT_FAILED);
    }
    while (next(begin).kind != HUSK_EVENT_NOTIFICATION) {
    }
    say("observing " MAILBOX);
}

/* Loses everything that is not in flash. */
static void restart(void)
{
    husk_device_wipe(&endpoint_device);
    husk_wipe(&to_application, sizeof to_application);
    husk_wipe(&to_here, sizeof to_here);
    husk_wipe(&sender, sizeof sender);
    husk_wipe(&opener, sizeof opener);
    husk_wipe(&letter, sizeof letter);
    blocks = (husk_device_blocks){.functions = &husk_blockwise};
    unlocked = false;
    say("restarted");
    prepare_envelopes();
    endpoint_start();
    observe_mailbox();
}

int main(void)
{
    provisioned = (const provisioning *)(const void *)husk_provisioning;
    endpoint_configure(provisioned, &blocks);
    prepare_envelopes();
    endpoint_start();
    uint8_t reading[READING_BYTES];
    reading_compose(reading, reading_simulated(0));
    tell((husk_bytes){reading, sizeof reading}, READING_PRIORITY, (husk_bytes){air, sizeof air});
    observe_mailbox();
    for (uint32_t taken = 0; provisioned->commands == 0 || taken < provisioned->commands;) {
        if (letter.len == 0) {
            (void)next(board_millis());
            continue;
        }
        take_letter();
        taken++;
        if (taken <= provisioned->restarts) {
            restart();
        }
    }
    endpoint_report();
    husk_envelope_key_wipe(&to_application);
    husk_envelope_key_wipe(&to_here);
    endpoint_end();
    return 0;
}

/* The table of scenarios. */
#include "scenarios.h"

const tls_scenario tls_scenarios[] = {
    {.name = "tls13/psk", .is_tls13 = true, .has_records = true},
    {.name = "tls13/psk_ecdhe", .is_tls13 = true, .has_ecdhe = true},
    {.name = "tls13/psk_ecdhe_x25519", .is_tls13 = true, .has_ecdhe = true, .has_x25519 = true},
    {.name = "tls13/certificates/leaf", .is_tls13 = true, .chain = 1},
    {.name = "tls13/certificates/leaf_intermediate", .is_tls13 = true, .chain = 2},
    {.name = "tls13/certificates/leaf_2_intermediates", .is_tls13 = true, .chain = 3},
    {.name = "tls13/certificates_x25519/leaf_intermediate", .is_tls13 = true, .chain = 2, .has_x25519 = true},
    {.name = "tls13/ticket", .is_tls13 = true, .chain = 1, .has_ecdhe = true, .has_tickets = true},
    {.name = "tls13/ticket_no_ecdhe", .is_tls13 = true, .chain = 1, .has_tickets = true},
    {.name = "tls12/psk", .has_records = true},
    {.name = "tls12/certificates/leaf", .chain = 1},
    {.name = "tls12/certificates/leaf_intermediate", .chain = 2},
    {.name = "tls12/certificates/leaf_2_intermediates", .chain = 3},
    {.name = "tls12/session_id", .chain = 1, .has_session_id = true},
    {.name = "tls12/ticket", .chain = 1, .has_tickets = true},
    {.name = "dtls12/cid/psk", .is_dtls = true, .has_records = true},
    {.name = "dtls12/cid/certificates/leaf_intermediate", .is_dtls = true, .chain = 2},
};
const size_t tls_scenario_count = sizeof tls_scenarios / sizeof tls_scenarios[0];

const size_t tls_payloads[] = {1, 16, 32, 64, 256, 1024};
const size_t tls_payload_count = sizeof tls_payloads / sizeof tls_payloads[0];

const uint8_t tls_psk[16] = {0x50, 0x93, 0x0f, 0xf4, 0x62, 0xa7, 0x7a, 0x35,
                             0x40, 0xcf, 0x54, 0x63, 0x25, 0xde, 0xa2, 0x14};
const uint8_t tls_psk_identity[1] = {0x10};
const uint8_t tls_server_cid[1] = {0x01};

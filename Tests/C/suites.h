/* The list of test suites, in the order they run. */
SUITE(cbor)
SUITE(slip)
SUITE(provisioning)

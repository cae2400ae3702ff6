"""Message 3 together with the first OSCORE request (RFC 9668): the core against aiocoap's contexts with lakers inside,
and against peer/edhoc_psk.py with peer/oscore.py; both roles. The OSCORE response stands in for message 4."""

import logging

import aiocoap
import aiocoap.edhoc
from aiocoap.message import Direction

import husk_core as core
from harness import Run, equal, raises
from peer import coap, oscore
from test_edhoc_psk import Session as PskSession, to_core
from test_lakers import SUITE, Session as LakersSession
from test_oscore import AiocoapContext, random_message

LOG = logging.getLogger("aiocoap")
LOG.setLevel(logging.CRITICAL)


def requests(rng, with_option):
    request, response = random_message(rng, True), random_message(rng, False)
    request.options = [option for option in request.options if option[0] != coap.URI_HOST]
    plain = coap.encode(request)
    if with_option:
        request.options.append((coap.EDHOC, b""))
    return plain, coap.encode(request), coap.encode(response)


# ---- aiocoap ---------------------------------------------------------------------------------------------------------

def to_server(context, datagram):
    """aiocoap as server unprotects a datagram."""
    inner, exchange = context.unprotect(aiocoap.Message.decode(datagram))
    outer = coap.decode(datagram)
    inner.mid, inner.token, inner.mtype = outer.message_id, outer.token, aiocoap.Type(outer.type)
    inner.direction = Direction.OUTGOING
    return inner.encode(), exchange


class Credentials:
    """What aiocoap asks for the credential that an ID_CRED names."""

    def __init__(self, party):
        self.party = party

    def find_edhoc_by_id_cred_peer(self, _id_cred):
        return self.party.cred, []


def aiocoap_client(rng):
    session = LakersSession(rng, False, False)
    session.messages_1_and_2()
    peer = aiocoap.edhoc.EdhocInitiatorContext(session.peer, session.c_i, session.c_r,
                                               aiocoap.edhoc.OwnCredStyle.ByKeyId, LOG)
    peer.complete_without_message_4()
    context = None
    for number in range(3):
        plain, _, response = requests(rng, False)
        datagram, exchange = AiocoapContext.protect_datagram(peer, plain)
        equal(coap.decode(datagram).option(coap.EDHOC), b"" if number == 0 else None, "EDHOC option")
        if number == 0:
            message_3, datagram = core.combined_split(datagram)
            equal(oscore.Option.decode(coap.decode(datagram).option(coap.OSCORE)).kid, session.c_r, "kid")
            equal(session.core.static_message_3_process(session.find, message_3), b"", "EAD_3")
            session.core.confirm()
            context = session.core.oscore_context()
        inner, mine = context.unprotect_request(datagram)
        equal(inner, plain, "request at the core")
        protected = context.protect_response(mine, response)
        equal(AiocoapContext.unprotect_datagram(peer, protected, exchange)[0], response, "response at aiocoap")


def aiocoap_server(rng):
    session = LakersSession(rng, True, False)
    session.messages_1_and_2()
    peer = aiocoap.edhoc.EdhocResponderContext(session.peer, session.c_i, session.c_r, Credentials(session.i), LOG)
    message_3 = session.core.static_message_3_compose(session.i.own())
    context = session.core.oscore_context()
    for number in range(3):
        plain, request, response = requests(rng, number == 0)
        datagram, mine = context.protect_request(request)
        if number == 0:
            datagram = core.combined_insert(message_3, datagram)
        inner, exchange = to_server(peer, datagram)
        equal(inner, plain, "request at aiocoap")
        protected, _ = AiocoapContext.protect_datagram(peer, response, exchange)
        equal(context.unprotect_response(mine, protected), response, "response at the core")
        if number == 0:
            session.core.confirm()


# ---- EDHOC-PSK -------------------------------------------------------------------------------------------------------

def peer_client(rng, suite):
    session = PskSession(rng, suite, False).until(2)
    message_3 = session.peer.message_3()
    peer = oscore.Context(*session.peer.oscore_master(), session.c_r, session.c_i,
                          session.peer.suite.app_aead.cose_alg)
    plain, request, response = requests(rng, True)
    protected, exchange = peer.protect_request(coap.decode(request))
    protected.payload = message_3 + protected.payload
    datagram = coap.encode(protected)
    raises("BUFFER", core.combined_split, datagram, len(message_3) - 1)
    got, rest = core.combined_split(datagram)
    equal(got, message_3, "message 3")
    session.core_process_3(got)
    session.core.confirm()
    context = session.core.oscore_context()
    inner, mine = context.unprotect_request(rest)
    equal(inner, plain, "request at the core")
    answer = peer.unprotect_response(coap.decode(context.protect_response(mine, response)), exchange)
    equal(coap.encode(answer), response, "response at the peer")


def peer_server(rng, suite):
    session = PskSession(rng, suite, True).until(2)
    message_3 = session.core.message_3_compose(to_core(session.psk))
    context = session.core.oscore_context()
    plain, request, response = requests(rng, True)
    datagram, mine = context.protect_request(request)
    message = coap.decode(core.combined_insert(message_3, datagram))
    equal(message.option(coap.EDHOC), b"", "EDHOC option")
    equal(message.payload[:len(message_3)], message_3, "message 3")
    session.peer.process_message_3(message_3)
    peer = oscore.Context(*session.peer.oscore_master(), session.c_i, session.c_r,
                          session.peer.suite.app_aead.cose_alg)
    message.payload = message.payload[len(message_3):]
    inner, exchange = peer.unprotect_request(message)
    equal(coap.encode(inner), plain, "request at the peer")
    answer = coap.encode(peer.protect_response(coap.decode(response), exchange))
    equal(context.unprotect_response(mine, answer), response, "response at the core")
    session.core.confirm()


def without_parts(rng, suite):
    """What is no combined request."""
    session = PskSession(rng, suite, False).until(2)
    message_3 = session.peer.message_3()
    whole = [(coap.OSCORE, b"\x09\x00\x05"), (coap.EDHOC, b"")]
    for options, payload in ((whole[:1], message_3 + bytes(20)), (whole[1:], message_3 + bytes(20)), (whole, b""),
                             (whole, b"\x01" + bytes(20)), (whole, b"\x58\xff" + bytes(20))):
        raises("FORMAT", core.combined_split, coap.encode(coap.Message(coap.POST, options, payload)))


def main():
    run = Run(__doc__)
    for number in range(run.count):
        for scenario in (aiocoap_client, aiocoap_server):
            with run.case(scenario.__name__, number):
                if SUITE not in core.SUITE_IDS:
                    raise AssertionError(f"the core lacks suite {SUITE}")
                scenario(run.random(scenario.__name__, number))
    for suite in core.SUITE_IDS:
        for number in range(max(1, run.count // 4)):
            for scenario in (peer_client, peer_server, without_parts):
                with run.case(scenario.__name__, "suite", suite, number):
                    scenario(run.random(scenario.__name__, suite, number), suite)
    run.finish()


if __name__ == "__main__":
    main()

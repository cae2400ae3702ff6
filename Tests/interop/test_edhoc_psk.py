"""EDHOC-PSK of the core against peer/edhoc_psk.py: random sessions in both directions, then everything that has to be
refused. Sessions end in OSCORE messages under the keys that came out."""

from types import SimpleNamespace

import cbor2

import husk_core as core
from harness import Run, equal, raises
from peer import coap, oscore
from peer.edhoc_psk import EdhocError, Initiator, Psk, Responder, ccs, encode_ead, encode_identifier
from peer.suites import SUITES, X25519

KNOWN_LABELS = [1, 7, 300, 65535]
APPENDIX_B = SimpleNamespace(  # draft-ietf-lake-edhoc-psk-08, appendix B: checks the peer, not the core
    x="09972DFEF1EAAB926EC96E8005FED29F70FFBF4E361C3A061A7ACDB5170C10E5",
    y="1E1C8F2DF1AA7110B39F33BA5EA8DCCF31411EB33D4F9A094CF65192D335A7A3",
    psk="50930FF462A77A3540CF546325DEA214",
    cred_i="A20269696E69746961746F7208A101A301040242001020 50 50930FF462A77A3540CF546325DEA214",
    cred_r="A20269726573706F6E64657208A101A301040242001020 50 50930FF462A77A3540CF546325DEA214",
    message_3="4C13FC9A0321EBDAB962BFF035", message_4="4880F14EB9A90F74FF",
    prk_exporter="4EFF8F02C24F1E42BC15FF1DC6DC4F27A88E7D179E516BD813F8EC4FC691471D",
    rkid="88D8", rpsk="427C2392EAC955F5D8562A1B3418E575")


# ---- Random material -------------------------------------------------------------------------------------------------

def identifier(rng, longest):
    """One byte most often, where the integer and the byte string encodings meet."""
    return rng.randbytes(1 if rng.random() < 0.5 else rng.randint(0, longest))


def identifiers(rng, longest=7):
    c_i = identifier(rng, longest)
    while (c_r := identifier(rng, longest)) == c_i:
        pass
    return c_i, c_r


def random_kid(rng):
    return identifier(rng, 24) or b"\x10"


def random_psk(rng, kid=None):
    kid = kid or random_kid(rng)
    if rng.random() < 0.5:
        creds = [ccs(f"device {rng.randrange(10 ** 6)}", kid), ccs("gateway " * rng.randint(1, 20), kid)]
    else:
        creds = [cbor2.dumps([side, rng.randbytes(rng.randint(0, 400))]) for side in range(2)]
    return Psk(kid, rng.randbytes(rng.choice([16, 16, 17, 32, 64, 65, 100])), *creds)


def random_ead(rng):
    if rng.random() < 0.4:
        return []
    items = []
    for _ in range(rng.randint(1, 3)):
        label = rng.choice([0, 0, rng.choice(KNOWN_LABELS), -rng.choice(KNOWN_LABELS), rng.randint(0, 65535)])
        value = None if rng.random() < 0.3 else rng.randbytes(rng.choice([0, 1, 5, 23, 24, 90, 255, 256, 600]))
        items.append((label, value))
    return items


def to_core(psk):
    return core.Psk(psk.kid, psk.key, psk.cred_i, psk.cred_r)


# ---- A session with the core on one side -----------------------------------------------------------------------------

class Session:
    """Core and peer with the roles given; each step checks that the receiver saw the EAD that was sent."""

    def __init__(self, rng, suite, core_initiates, psk=None, kid=None, foreign=False):
        self.rng = rng
        self.core_initiates = core_initiates
        self.psk = psk or random_psk(rng, kid)
        # As Sender IDs of OSCORE they have to fit the nonce (RFC 8613 section 3.3).
        self.c_i, self.c_r = identifiers(rng, SUITES[suite].app_aead.nonce_bytes - 6)
        if core_initiates:
            self.core = core.Edhoc(rng.randbytes, [suite], "initiator", self.c_i, ead_labels=KNOWN_LABELS,
                                   foreign=foreign)
            self.peer = Responder(rng.randbytes, [suite], self.c_r, self.lookup, KNOWN_LABELS)
        else:
            self.core = core.Edhoc(rng.randbytes, [suite], "responder", ead_labels=KNOWN_LABELS, foreign=foreign)
            self.peer = Initiator(rng.randbytes, [suite], self.c_i, self.psk, KNOWN_LABELS)

    def lookup(self, kid):
        return self.psk if kid == self.psk.kid else None

    def ead(self):
        items = random_ead(self.rng)
        encoded = encode_ead(items)
        equal(core.ead_encode(items), encoded, "EAD encoding")
        return items, encoded

    def to_peer(self, compose, process):
        items, encoded = self.ead()
        equal(process(compose(encoded)), items, "EAD at the peer")

    def to_core(self, compose, process):
        items, encoded = self.ead()
        equal(process(compose(items)), encoded, "EAD at the core")

    def until(self, last):
        """Messages 1 to `last`."""
        core_, peer, psk = self.core, self.peer, to_core(self.psk)
        if self.core_initiates:
            steps = [
                lambda: self.to_peer(core_.message_1_compose, peer.process_message_1),
                lambda: self.to_core(peer.message_2, core_.message_2_process),
                lambda: self.to_peer(lambda ead: core_.message_3_compose(psk, ead), peer.process_message_3),
                lambda: self.to_core(peer.message_4, core_.message_4_process)]
        else:
            steps = [
                lambda: self.to_core(peer.message_1, core_.message_1_process),
                lambda: self.to_peer(lambda ead: core_.message_2_compose(self.c_r, ead), peer.process_message_2),
                lambda: self.to_core(peer.message_3, self.core_process_3),
                lambda: self.to_peer(core_.message_4_compose, peer.process_message_4)]
        for step in steps[:last]:
            step()
        return self

    def core_process_3(self, message):
        before = self.core.snapshot
        equal(self.core.message_3_identify(message), self.psk.kid, "kid")
        equal(self.core.snapshot, before, "session after identify")
        return self.core.message_3_process(to_core(self.psk), message)

    def compare_exports(self):
        equal(self.core.identifier("c_i"), self.peer.c_i, "C_I")
        equal(self.core.identifier("c_r"), self.peer.c_r, "C_R")
        rkid, rpsk = self.peer.resumption()
        equal(self.core.export(core.C["HUSK_EDHOC_EXPORT_RKID"], b"", 2), rkid, "rKID")
        equal(self.core.export(core.C["HUSK_EDHOC_EXPORT_RPSK"], b"", 32), rpsk, "rPSK")
        for length in (0, 1, 16, 32, 33, self.rng.randint(34, 1000)):
            label = self.rng.choice([0, 1, 23, 24, 32768, 65535])
            context = self.rng.randbytes(self.rng.choice([0, 1, 24, 300]))
            equal(self.core.export(label, context, length), self.peer.exporter(label, context, length), "export")

    def compare_oscore(self):
        secret, salt = self.peer.oscore_master()
        mine, theirs = (self.c_r, self.c_i) if not self.core_initiates else (self.c_i, self.c_r)
        # A party's Recipient ID is the identifier it chose.
        peer = oscore.Context(secret, salt, mine, theirs, self.peer.suite.app_aead.cose_alg)
        exchange_messages(self.rng, self.core.oscore_context(), peer)


def exchange_messages(rng, context, peer, rounds=1):
    """Requests and responses both ways."""
    for _ in range(rounds):
        request, response = random_message(rng, True), random_message(rng, False)
        protected, mine = context.protect_request(coap.encode(request))
        inner, theirs = peer.unprotect_request(coap.decode(protected))
        equal(coap.encode(inner), coap.encode(request), "request at the peer")
        own = rng.random() < 0.5
        inner = context.unprotect_response(mine, coap.encode(peer.protect_response(response, theirs, own)))
        equal(inner, coap.encode(response), "response at the core")

        request, response = random_message(rng, True), random_message(rng, False)
        protected, theirs = peer.protect_request(request)
        inner, mine = context.unprotect_request(coap.encode(protected))
        equal(inner, coap.encode(request), "request at the core")
        datagram = context.protect_response(mine, coap.encode(response), rng.random() < 0.5)
        equal(coap.encode(peer.unprotect_response(coap.decode(datagram), theirs)), coap.encode(response),
              "response at the peer")


def random_message(rng, request):
    options = []
    if request:
        options = [(coap.URI_PATH, rng.randbytes(rng.randint(0, 20))) for _ in range(rng.randint(0, 3))]
        options += [(coap.URI_QUERY, rng.randbytes(rng.choice([1, 12, 13, 14, 255]))) for _ in range(rng.randint(0, 1))]
    options += [(coap.CONTENT_FORMAT, b"\x3c")] * rng.randint(0, 1) + [(2049, rng.randbytes(3))] * rng.randint(0, 1)
    code = rng.choice([1, 2, 3, 4, 5]) if request else rng.choice([0x41, 0x44, 0x45, 0x84, 0xa0])
    return coap.Message(code, sorted(options, key=lambda option: option[0]), rng.randbytes(rng.randint(0, 200)),
                        rng.randint(0, 1), rng.randrange(65536), rng.randbytes(rng.randint(0, 8)))


# ---- Random sessions -------------------------------------------------------------------------------------------------

def sessions(run):
    for suite in core.SUITE_IDS:
        for core_initiates in (True, False):
            for number in range(run.count):
                role = "initiator" if core_initiates else "responder"
                with run.case("session: suite", suite, "core as", role, number):
                    rng = run.random("session", suite, role, number)
                    session = Session(rng, suite, core_initiates).until(4)
                    session.compare_exports()
                    session.compare_oscore()
                    equal(session.core.phase, core.C["HUSK_EDHOC_DONE"], "phase")
                    if number % 5 == 0:
                        resume(rng, suite, session)


def foreign_sessions(run):
    """The same with tables of foreign primitives, for all suites."""
    for suite in SUITES:
        for number in range(max(1, run.count // 5)):
            with run.case("session on foreign primitives: suite", suite, number):
                rng = run.random("foreign", suite, number)
                session = Session(rng, suite, number % 2 == 0, foreign=True).until(4)
                session.compare_exports()
                session.compare_oscore()


def resume(rng, suite, session):
    """Twice more, each time with the key that the last session left, in either direction."""
    for _ in range(2):
        rkid, rpsk = session.peer.resumption()
        psk = Psk(rkid, rpsk, session.psk.cred_i, session.psk.cred_r)
        session = Session(rng, suite, rng.random() < 0.5, psk).until(4)
        session.compare_exports()


def credentials(run):
    with run.case("peer: appendix B"):
        values = {name: bytes.fromhex(value) for name, value in vars(APPENDIX_B).items()}
        psk = Psk(b"\x00\x10", values["psk"], values["cred_i"], values["cred_r"])

        def fixed(key):  # P256.generate takes 1 + its 40 random bytes
            return lambda count: (int.from_bytes(key, "big") - 1).to_bytes(count, "big")

        initiator = Initiator(fixed(values["x"]), [2], b"\x0a", psk)
        responder = Responder(fixed(values["y"]), [2], b"\x05", lambda kid: psk)
        responder.process_message_1(initiator.message_1())
        initiator.process_message_2(responder.message_2())
        message_3 = initiator.message_3()
        equal(message_3, values["message_3"], "message_3")
        responder.process_message_3(message_3)
        equal(responder.message_4(), values["message_4"], "message_4")
        equal(initiator.prk_exporter, values["prk_exporter"], "PRK_exporter")
        equal(responder.resumption(2, 16), (values["rkid"], values["rpsk"]), "rKID, rPSK")
    for number in range(run.count):
        with run.case("credential", number):
            rng = run.random("credential", number)
            kid = rng.randbytes(rng.randint(1, 255))
            subject = "".join(rng.choice("abcäß€-0") for _ in range(rng.randint(1, 80)))
            equal(core.cred_compose(subject.encode(), kid), ccs(subject, kid), "CCS")


# ---- What has to be refused ------------------------------------------------------------------------------------------

def expect_error(code, call, *arguments):
    """The peer has to end with an EDHOC error, which the core reads."""
    try:
        call(*arguments)
    except EdhocError as error:
        equal(error.code, code, "ERR_CODE")
        return error
    raise AssertionError(f"the peer accepted, expected ERR_CODE {code}")


def core_error(session, why, code):
    """The error message that the core sends for a refusal, as the peer reads it."""
    message = session.core.error_compose(why.status)
    decoded = [cbor2.loads(message[:1]), cbor2.loads(message[1:])]
    equal(decoded[0], code, "ERR_CODE")
    equal(type(decoded[1]), {1: str, 3: bool}.get(code, type(decoded[1])), "type of ERR_INFO")
    return decoded[1]


def core_refuses(session, name, code, call, *arguments):
    before = session.core.snapshot
    why = raises(name, call, *arguments)
    equal(session.core.snapshot, before, "session after a refusal")
    return core_error(session, why, code)


def wrong_key(rng, suite):
    session = Session(rng, suite, False).until(2)
    right = session.psk
    for wrong in (Psk(right.kid, rng.randbytes(32), right.cred_i, right.cred_r),
                  Psk(right.kid, right.key, right.cred_r, right.cred_i),
                  Psk(right.kid, right.key, right.cred_i, ccs("another", right.kid))):
        session.peer.psk = wrong
        core_refuses(session, "AUTHENTICATION", 1, session.core_process_3, session.peer.message_3())
    session.peer.psk = right
    session.core_process_3(session.peer.message_3())
    session.compare_exports()

    session = Session(rng, suite, True).until(2)
    wrong = Psk(session.psk.kid, rng.randbytes(32), session.psk.cred_i, session.psk.cred_r)
    error = expect_error(1, session.peer.process_message_3, session.core.message_3_compose(to_core(wrong)))
    raises("PEER", session.core.message_4_process, error.message)
    code, text, _ = session.core.error_read(error.message)
    equal((code, text.decode()), (1, error.info), "error as the core reads it")


def wrong_responder(rng, suite):
    """A Responder that does not hold the key, but answers with a message 4."""
    session = Session(rng, suite, True).until(3)
    message = session.peer.message_4()
    session.peer.k_4 = rng.randbytes(len(session.peer.k_4))
    core_refuses(session, "AUTHENTICATION", 1, session.core.message_4_process, session.peer.message_4())
    equal(session.core.message_4_process(message), b"", "EAD_4")


def unknown_kid(rng, suite):
    session = Session(rng, suite, False).until(2)
    session.peer.psk = Psk(session.psk.kid + b"\x01", session.psk.key, session.psk.cred_i, session.psk.cred_r)
    message = session.peer.message_3()
    if len(session.peer.psk.kid) <= core.C["HUSK_KID_MAX_BYTES"]:
        equal(session.core.message_3_identify(message), session.peer.psk.kid, "kid")
    else:
        core_refuses(session, "UNSUPPORTED", 1, session.core.message_3_identify, message)
    equal(core_refuses(session, "CREDENTIAL", 3, session.core.message_3_process, to_core(session.psk), message), True,
          "ERR_INFO")

    session = Session(rng, suite, True).until(2)
    other = Psk(rng.randbytes(9), session.psk.key, session.psk.cred_i, session.psk.cred_r)
    error = expect_error(3, session.peer.process_message_3, session.core.message_3_compose(to_core(other)))
    raises("PEER", session.core.message_4_process, error.message)
    equal(session.core.error_read(error.message)[0], 3, "ERR_CODE at the core")


def critical_ead(rng, suite):
    item = [(-rng.choice([2, 24, 256, 65534]), None if rng.random() < 0.5 else rng.randbytes(4))]
    for message in (1, 2, 3, 4):
        core_sends = rng.random() < 0.5
        session = Session(rng, suite, core_sends == (message % 2 == 1)).until(message - 1)
        psk = to_core(session.psk)
        if core_sends:
            encoded = core.ead_encode(item)
            compose = {1: lambda: session.core.message_1_compose(encoded),
                       2: lambda: session.core.message_2_compose(session.c_r, encoded),
                       3: lambda: session.core.message_3_compose(psk, encoded),
                       4: lambda: session.core.message_4_compose(encoded)}
            expect_error(1, getattr(session.peer, f"process_message_{message}"), compose[message]())
            continue
        process = {1: session.core.message_1_process, 2: session.core.message_2_process,
                   3: session.core_process_3, 4: session.core.message_4_process}[message]
        core_refuses(session, "EAD", 1, process, getattr(session.peer, f"message_{message}")(item))


def wrong_method(rng, suite):
    for method in (0, 1, 2, 3, 5, 24, -1):
        session = Session(rng, suite, False)
        session.peer.method = method
        core_refuses(session, "METHOD", 1, session.core.message_1_process, session.peer.message_1())


def same_identifier(rng, suite):
    session = Session(rng, suite, True)
    session.peer.process_message_1(session.core.message_1_compose())
    session.peer.c_r, session.peer.c_i = session.c_i, None
    core_refuses(session, "IDENTIFIER", 1, session.core.message_2_process, session.peer.message_2())

    session = Session(rng, suite, False).until(1)
    raises("IDENTIFIER", session.core.message_2_compose, session.c_i)


def bad_public_key(rng, suite):
    """Points of low order (RFC 7748 section 6.1), and x-coordinates that are on no point of P-256."""
    if SUITES[suite].ecdh is X25519:
        bad = [bytes(32), b"\x01" + bytes(31), bytes.fromhex(
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"), bytes.fromhex(
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    else:
        prime = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
        b = 41058363725152142129326129780047268409114441015993725554835256314039467401291
        off = next(x for x in iter(lambda: rng.randrange(prime), None)
                   if pow(x ** 3 - 3 * x + b, (prime - 1) // 2, prime) == prime - 1)
        bad = [off.to_bytes(32, "big"), prime.to_bytes(32, "big"), b"\xff" * 32, (prime + 5).to_bytes(32, "big")]
    for key in bad:
        session = Session(rng, suite, False)
        message = session.peer.message_1().replace(session.peer.g_x, key)
        try:  # the key may be noticed at once or when it is used
            session.core.message_1_process(message)
        except core.HuskError as why:
            equal(why.name, "HUSK_ERR_PUBLIC_KEY", "status")
        else:
            core_refuses(session, "PUBLIC_KEY", 1, session.core.message_2_compose, session.c_r)

        session = Session(rng, suite, True).until(1)
        message = session.peer.message_2()
        core_refuses(session, "PUBLIC_KEY", 1, session.core.message_2_process, message[:2] + key + message[34:])


def tampering(rng, suite):
    """A flipped bit or a cut in messages 3 and 4 is refused and changes nothing."""
    for core_initiates, last in ((False, 2), (True, 3)):
        session = Session(rng, suite, core_initiates).until(last)
        psk = to_core(session.psk)
        if core_initiates:
            message = session.peer.message_4(random_ead(rng))
            process = session.core.message_4_process
        else:
            message = session.peer.message_3(random_ead(rng))

            def process(data, core_=session.core, psk=psk):
                return core_.message_3_process(psk, data)
        before = session.core.snapshot
        for _ in range(20):
            flipped = bytearray(message)
            flipped[rng.randrange(len(message))] ^= 1 << rng.randrange(8)
            for bad in (bytes(flipped), message[:rng.randrange(len(message))], message + b"\x00"):
                try:
                    process(bad)
                except core.HuskError:
                    equal(session.core.snapshot, before, "session after a refusal")
                else:
                    raise AssertionError("a changed message was accepted")
        process(message)
        session.compare_exports()


def tampered_early(rng, suite):
    """A change to messages 1 or 2 is noticed by message 4 at the latest."""
    for which in (1, 2):
        session = Session(rng, suite, True)
        psk = to_core(session.psk)

        def tamper(message):
            changed = bytearray(message)
            changed[rng.randrange(len(message))] ^= 1 << rng.randrange(8)
            return bytes(changed)

        try:
            message_1 = session.core.message_1_compose()
            session.peer.process_message_1(tamper(message_1) if which == 1 else message_1)
            message_2 = session.peer.message_2()
            session.core.message_2_process(tamper(message_2) if which == 2 else message_2)
            session.peer.process_message_3(session.core.message_3_compose(psk))
        except (EdhocError, core.HuskError):
            continue
        raise AssertionError(f"a changed message {which} went unnoticed")


def suite_negotiation(rng, _suite):
    """The Initiator starts with its favourite and follows the error message; both ends have to arrive at the suite that
    the Initiator likes best among those both have, or find that there is none."""
    has = core.SUITE_IDS
    psk = random_psk(rng)
    c_i, c_r = identifiers(rng, 6)  # that any suite takes

    def some(of):
        return rng.sample(of, rng.randint(1, len(of)))

    prefers, supports = some(has), some([0, 1, 2, 3, 4, 5])  # core initiates
    best = next((suite for suite in prefers if suite in supports), None)
    index = 0
    for attempt in range(2):
        initiator = core.Edhoc(rng.randbytes, prefers, "initiator", c_i, index)
        responder = Responder(rng.randbytes, supports, c_r, lambda kid: psk)
        message_1 = initiator.message_1_compose()
        if prefers[index] == best:
            responder.process_message_1(message_1)
            equal(responder.suite.id, best, "suite at the peer")
            break
        error = expect_error(2, responder.process_message_1, message_1)
        raises("PEER", initiator.message_2_process, error.message)
        code, _, suites_r = initiator.error_read(error.message)
        equal(code, 2, "ERR_CODE at the core")
        if best is None:
            raises("SUITE", initiator.suite_select, suites_r)
            break
        index = initiator.suite_select(suites_r)
        equal((attempt, prefers[index]), (0, best), "suite selected")

    prefers, supports = some([0, 1, 2, 3, 4, 5, 6, 24, 25, -24, -25]), some(has)  # peer initiates
    usable = [suite for suite in prefers if suite in SUITES]
    best = next((suite for suite in prefers if suite in supports), None)
    for selected in usable:
        responder = core.Edhoc(rng.randbytes, supports, "responder")
        initiator = Initiator(rng.randbytes, [s for s in prefers[:prefers.index(selected) + 1]], c_i, psk)
        message_1 = initiator.message_1()
        if selected == best:
            responder.message_1_process(message_1)
            initiator.process_message_2(responder.message_2_compose(c_r))
            responder.message_3_process(to_core(psk), initiator.message_3())
            continue
        why = raises("SUITE", responder.message_1_process, message_1)
        message = responder.error_compose(why.status)
        equal(message[0], 2, "ERR_CODE")
        suites_r = cbor2.loads(message[1:])
        suites_r = suites_r if isinstance(suites_r, list) else [suites_r]
        among = next((suite for suite in initiator.suites_i if suite in supports), None)
        if among is not None and among not in suites_r:
            raise AssertionError(f"SUITES_R {suites_r} lacks {among}")
        if not suites_r or not set(suites_r) <= set(supports):
            raise AssertionError(f"SUITES_R {suites_r} names more than {supports}")


def long_identifiers(rng, suite):
    """Longer than the OSCORE IDs of the suite may be (RFC 8613 section 3.3)."""
    longest = SUITES[suite].app_aead.nonce_bytes - 6
    session = Session(rng, suite, False)
    session.peer.c_i = rng.randbytes(longest + 1)
    core_refuses(session, "UNSUPPORTED", 1, session.core.message_1_process, session.peer.message_1())

    session = Session(rng, suite, True)
    session.peer.process_message_1(session.core.message_1_compose())
    session.peer.c_r = rng.randbytes(longest + 1)
    core_refuses(session, "UNSUPPORTED", 1, session.core.message_2_process, session.peer.message_2())

    session = Session(rng, suite, True)
    session.peer.process_message_1(session.core.message_1_compose())
    session.peer.c_r = rng.randbytes(longest)
    session.core.message_2_process(session.peer.message_2())


def identifier_forms(rng, suite):
    """Every identifier of one byte, each in the form of RFC 9528 section 3.3.2; the longer form is refused."""
    for value in range(256):
        c_i = bytes([value])
        initiator = core.Edhoc(rng.randbytes, [suite], "initiator", c_i)
        message_1 = initiator.message_1_compose()
        equal(message_1[-len(encode_identifier(c_i)):], encode_identifier(c_i), "C_I")
        responder = core.Edhoc(rng.randbytes, [suite], "responder")
        responder.message_1_process(message_1)
        equal(responder.identifier("c_i"), c_i, "C_I read")
        if len(encode_identifier(c_i)) == 1:
            responder = core.Edhoc(rng.randbytes, [suite], "responder")
            raises("FORMAT", responder.message_1_process, message_1[:-1] + cbor2.dumps(c_i))


def psk_rules(rng, suite):
    session = Session(rng, suite, True).until(2)
    good = session.psk
    raises("CREDENTIAL", session.core.message_3_compose,
           core.Psk(good.kid, good.key, good.cred_i, good.cred_i))
    raises("ARGUMENT", session.core.message_3_compose,
           core.Psk(good.kid, good.key[:15], good.cred_i, good.cred_r))
    raises("ARGUMENT", session.core.message_3_compose, core.Psk(b"", good.key, good.cred_i, good.cred_r))
    raises("ARGUMENT", session.core.message_3_compose,
           core.Psk(bytes(25), good.key, good.cred_i, good.cred_r))
    session.until(0)
    session.peer.process_message_3(session.core.message_3_compose(to_core(good)))


REFUSALS = [wrong_key, wrong_responder, unknown_kid, critical_ead, wrong_method, same_identifier, bad_public_key,
            tampering, tampered_early, suite_negotiation, long_identifiers, psk_rules]


def refusals(run):
    for suite in core.SUITE_IDS:
        with run.case("identifiers of one byte: suite", suite):
            identifier_forms(run.random("identifiers", suite), suite)
        for refusal in REFUSALS:
            for number in range(max(1, run.count // 10)):
                with run.case(refusal.__name__, "suite", suite, number):
                    refusal(run.random(refusal.__name__, suite, number), suite)


def main():
    run = Run(__doc__)
    for suite in core.SUITE_IDS:
        with run.case("suite", suite, "is linked and says its own number"):
            equal(core.suite(suite).id, suite, "id")
    credentials(run)
    sessions(run)
    foreign_sessions(run)
    refusals(run)
    run.finish()


if __name__ == "__main__":
    main()

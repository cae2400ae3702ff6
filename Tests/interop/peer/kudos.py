"""KUDOS, key update for OSCORE (draft-ietf-core-oscore-key-update-14): updateCtx, the states IDLE, BUSY and PENDING,
divergent and convergent messages as requests or responses, FS and no-FS mode, from the draft's text.

The text leaves one thing open: which x byte a peer puts into CTX_NEW when it has sent a divergent message (z = 0) and
then also has to send a convergent one (z = 1), as both do in appendix A.6. Here a peer's contribution is the x of the
message by which its nonce was first offered under CTX_IN ("a pair (X, nonce) offered by a peer is bound to CTX_OLD, and
is reused as much as possible", section 4.3.1), and the z bit on the wire is left out of account after that: so both
agree in A.6, and A.1 and A.2 are as written."""

import cbor2

from . import coap, oscore
from .suites import Refused, hkdf_expand

Z, B, P = 0x40, 0x20, 0x10
IDLE, BUSY, PENDING = "IDLE", "BUSY", "PENDING"
WELL_KNOWN = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"kudos")]


def expand_label(master_secret, x_n, length):
    """KUDOS_Expand_Label (section 4.2, figure 2) for the label "key update"; vectors with a length in front, as in the
    presentation language of TLS."""
    label = b"oscore key update"
    info = length.to_bytes(2, "big") + bytes([len(label)]) + label + bytes([len(x_n)]) + x_n
    return hkdf_expand(master_secret, info, length)


def update_ctx(input_1, input_2, context):
    """The context CTX_OUT, for frames if the one that goes in is (peer/frame.py)."""
    x_n = b"".join(sorted((cbor2.dumps(input_1), cbor2.dumps(input_2))))
    secret = expand_label(context.master_secret, x_n, len(context.master_secret))
    return type(context)(secret, x_n, context.sender_id, context.recipient_id, context.aead.cose_alg,
                          context.id_context)


class Ignored(Exception):
    """A KUDOS message that is none for this peer: the wrong mode (section 4.4.2)."""


class Kudos:
    """One peer. `latest` and `bootstrap` are contexts or None; `capable` says whether it can write to its memory;
    `peer_capable` what it knows of the other (None: nothing)."""

    def __init__(self, rng, latest, bootstrap=None, capable=True, peer_capable=None, nonce_bytes=8):
        self.rng, self.nonce_bytes = rng, nonce_bytes
        self.old, self.bootstrap = latest, bootstrap
        self.capable, self.peer_capable = capable, peer_capable
        self.new = None
        self.state = IDLE
        self._forget()

    def _forget(self):
        self.own = None      # (x, nonce) of this peer, as contributed to CTX_NEW
        self.theirs = None
        self.no_fs = False
        self.temp_own = self.temp_theirs = None

    # What the two parts of the x byte mean, and which context they select.

    def _input_context(self, no_fs):
        context = self.bootstrap if no_fs else self.old
        if context is None:
            raise Refused("no context for this mode")
        return context

    def _offer(self, z):
        if self.own is None:
            no_fs = self.no_fs or not self.capable or self.peer_capable is False
            x = (self.nonce_bytes - 1) | (P if no_fs else 0) | z
            self.own = (x, self.rng(self.nonce_bytes))
        return (self.own[0] & ~Z | z, self.own[1])

    @staticmethod
    def _bytes(pair):
        return bytes([pair[0]]) + pair[1]

    def _derive_new(self):
        no_fs = bool((self.own[0] | self.theirs[0]) & P)
        self.new = update_ctx(self._bytes(self.own), self._bytes(self.theirs), self._input_context(no_fs))

    def _accept_mode(self, x):
        if x & P and self.capable and self.peer_capable:
            raise Ignored("no-FS mode asked for by a peer that is capable of FS")

    # Sending.

    def divergent(self):
        """Context to protect with, and the pair for the option."""
        pair = self._offer(0)
        if self.temp_own is None:
            self.temp_own = update_ctx(self._bytes(pair), b"", self._input_context(bool(pair[0] & P)))
        if self.state == IDLE:
            self.state = BUSY
        return self.temp_own, pair

    def convergent(self):
        if self.theirs is None:
            raise Refused("nothing to converge to")
        if self.theirs[0] & P:
            self.no_fs = True
        pair = self._offer(Z)
        if self.new is None:
            self._derive_new()
        self.state = PENDING
        return self.new, pair

    # Receiving: `open_with(context)` unprotects the message or raises Refused.

    def receive(self, pair, open_with):
        if pair is None:
            return self._receive_plain(open_with)
        x = pair[0]
        self._accept_mode(x)
        if x & Z:
            return self._receive_convergent(pair, open_with)
        return self._receive_divergent(pair, open_with)

    def _receive_plain(self, open_with):
        if self.state == PENDING:
            result = open_with(self.new)
            self._settle()
            return result
        return open_with(self.old)

    def _receive_divergent(self, pair, open_with):
        no_fs = bool(pair[0] & P)
        if self.state == PENDING:
            return self._divergent_while_pending(pair, no_fs, open_with)
        if self.temp_theirs is None or self.theirs != pair:
            self.temp_theirs = update_ctx(self._bytes(pair), b"", self._input_context(no_fs))
        result = open_with(self.temp_theirs)
        self.theirs = pair
        self.new = None
        self.state = BUSY
        return result

    def _divergent_while_pending(self, pair, no_fs, open_with):
        if pair == self.theirs:  # section 4.3.4: stay
            return open_with(self.temp_theirs)
        try:
            temp = update_ctx(self._bytes(pair), b"", self._input_context(no_fs))
            result = open_with(temp)
        except Refused:
            temp = update_ctx(self._bytes(pair), b"", self.new)
            result = open_with(temp)
            self.old = self.new
        self._forget()
        self.new, self.theirs, self.temp_theirs, self.state = None, pair, temp, BUSY
        return result

    def _receive_convergent(self, pair, open_with):
        if self.state == IDLE:
            return open_with(self.old)
        if self.own is None:
            raise Refused("convergent, but nothing was offered")
        if self.theirs is None:
            result = self._first_convergent(pair, open_with)
        else:
            if self.new is None:
                self._derive_new()
            result = open_with(self.new)
        self._settle()
        return result

    def _first_convergent(self, pair, open_with):
        """The other side's nonce arrives in a convergent message: as its first offer, or because the divergent message
        that offered it was lost."""
        for self.theirs in (pair, (pair[0] & ~Z, pair[1])):
            self._derive_new()
            try:
                return open_with(self.new)
            except Refused:
                pass
        self.theirs = self.new = None
        raise Refused("convergent message does not verify")

    def _settle(self):
        """Key confirmation, then the Pre-IDLE stage."""
        self.peer_capable = not self.theirs[0] & P
        self.old, self.new, self.state = self.new, None, IDLE
        self._forget()

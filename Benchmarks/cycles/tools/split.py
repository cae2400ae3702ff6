"""What the cycles of a region went to: public-key operations, hashing, authenticated encryption, and the rest."""
import images

KINDS = ("public_key", "hash", "aead", "rest")

# Source files whose functions, with all they call, are of a kind. The first that matches counts; functions of other
# files (copying, wiping, the compiler's helpers) are of their caller's kind. A comparison with other people's code adds
# its files here.
RULES = (
    ("public_key", ("/primitive/x25519.c", "/primitive/p256.c", "/crypto/ecdh_", "/CHuskCortexM/x25519")),
    ("hash", ("/primitive/sha256", "/crypto/hash_", "/crypto/hmac.c", "/crypto/hkdf.c", "/CHuskCortexM/sha256")),
    ("aead", ("/primitive/aes128.c", "/primitive/chacha20.c", "/primitive/poly1305.c", "/crypto/ccm_mode.h",
              "/crypto/aes_ccm.c", "/crypto/chacha20_", "/CHuskCortexM/aes", "/CHuskCortexM/chacha20")),
    # mbedTLS, whose functions are found under the name of their header where an image has little debug information
    ("public_key", ("/ecp.", "/ecp_", "/ecdh.", "/ecdsa.", "/bignum", "/bn_mul.", "/psa_crypto_ecp.", "/p256-m")),
    ("hash", ("/sha256.", "/md.", "/hkdf.", "/hmac_drbg.", "/psa_crypto_hash.", "/psa_crypto_mac.")),
    ("aead", ("/aes.", "/ccm.", "/cipher.", "/cipher_", "/block_cipher", "/psa_crypto_aead.", "/psa_crypto_cipher.")),
)


def kind_of(function):
    """The kind of a function by its source file, or None."""
    for kind, files in RULES:
        if any(file in function.file for file in files):
            return kind
    return None


def split(root):
    """Cycles of each kind in a region."""
    sums = dict.fromkeys(KINDS, 0)

    def add(node, kind):
        kind = kind_of(node.function) or kind
        sums[kind] += node.own.cycles
        for child in node.children:
            add(child, kind)

    add(root, "rest")
    return sums


def by_function(root):
    """Own counts, counts with everything called, and calls of each function in a region, by name."""
    found = {}
    for node in root.walk():
        own, total, calls = found.get(node.function.name, (images.Counts(), images.Counts(), 0))
        found[node.function.name] = own + node.own, total + node.total(), calls + node.calls
    return found

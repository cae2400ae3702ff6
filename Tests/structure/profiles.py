"""Profiles and parts: an image holds what its profile names and nothing of the parts it does without, so that each
optional part costs nothing when it is unused. Looks at symbols, and at the object files whose sections were kept."""
import pathlib
import re
import sys

import symbols

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "CSources" / "firmware" / "tools"))
import size  # noqa: E402  (needs the path above)

CURVES = r"ecdh|x25519|p256"
CHACHA = r"chacha|poly1305"
STATIC = r"static_dh|static_message|edhoc_static"
RESPONDER = r"responder|message_1_process|message_2_compose|message_3_(identify|process)|message_4_compose"
OTHER_SUITES = r"suite_[1-5]"

# Profile: what it must contain, and what it must not.
RULES = {
    "frame": (["frame_seal", "frame_open", "aes_ccm", "sha256", "hkdf"],
              [CURVES, CHACHA, "coap", "kudos", "device", "suite_", "request", "response", "edhoc_message", "link"]),
    "oscore": (["oscore_request_protect", "aes_ccm", "sha256", "hkdf"],
               [CURVES, CHACHA, "edhoc", "kudos", "device", "suite_"]),
    "symmetric": (["oscore_request_protect", "aes_ccm", "sha256", "hkdf", "kudos_start"],
                  [CURVES, CHACHA, "edhoc", "device", "suite_"]),
    "edhoc_psk": (["oscore_request_protect", "message_3_compose", "x25519"],
                  ["p256", CHACHA, STATIC, RESPONDER, OTHER_SUITES, "kudos", "combined", "device"]),
    "endpoint_kudos": (["device_start", "kudos_start", "aes_ccm"], [CURVES, CHACHA, "edhoc", "suite_"]),
    "endpoint": (["device_start", "message_3_compose", "x25519"],
                 ["p256", CHACHA, STATIC, RESPONDER, OTHER_SUITES, "kudos"]),
    "link": (["link_start", "link_fragments", "frame_open", "message_3_compose", "x25519"],
             ["p256", CHACHA, STATIC, RESPONDER, OTHER_SUITES, "kudos", "coap", "device", "request", "response"]),
    "everything": (["p256", "x25519", "chacha20", "poly1305", "static_message_3", "message_2_compose", "combined_split",
                    "kudos_start", "device_start", "block1_server_take"], []),
}


def kept_files(map_file):
    """Object files of the core of which the linker kept code or constants."""
    sections = size.linked_sections(pathlib.Path(map_file).read_text())
    return {file[file.index("CHusk/"):] for name, length, file in sections
            if length > 0 and "CHusk/" in file and size.is_in(name, size.FLASH)}


def judge(profile, names):
    """What is wrong with the names of symbols and files in an image of this profile."""
    needed, forbidden = RULES[profile]
    found = [f"without {word}" for word in needed if not any(word in name for name in names)]
    return found + [f"contains {name}" for name in sorted(names)
                    if any(re.search(pattern, name) for pattern in forbidden)]


def judge_part(name, names, names_without):
    """What is wrong with a part, from the names in its image and in that of the profile it is added to."""
    profile, pattern, _ = size.PARTS[name]
    found = [f"{profile} contains {other}" for other in sorted(names_without) if re.search(pattern, other)]
    return found + ([] if any(re.search(pattern, other) for other in names) else [f"nothing matches {pattern}"])


def list_violations(firmware):
    """Profiles without rules, rules without a profile, profiles and parts that the size report leaves out."""
    found = []
    for folder, lists in {"profiles": (set(RULES), set(size.PROFILES)), "parts": (set(size.PARTS),)}.items():
        present = {file.stem for file in (pathlib.Path(firmware) / folder).glob("*.c")}
        found += [f"{firmware}/{folder}/{name}.c: not in all of its directory, RULES and size.py"
                  for name in sorted(set().union(*(present ^ names for names in lists)))]
    return found


def names_in(nm, image):
    """Symbols and object files in an image, whose map lies beside it."""
    return symbols.defined(nm, str(image)) | kept_files(image.with_suffix(".map"))


def violations(nm, image):
    """What is wrong with the image of a profile, whose name is that of the profile."""
    return [f"{image}: {line}" for line in judge(image.stem, names_in(nm, image))]


def part_violations(nm, image):
    """What is wrong with the image of a part; that of its profile is in the folder beside."""
    without = image.parent.parent / "profiles" / f"{size.PARTS[image.stem][0]}.elf"
    return [f"{image}: {line}" for line in judge_part(image.stem, names_in(nm, image), names_in(nm, without))]

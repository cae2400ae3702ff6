"""Instructions: an image for Cortex-M3 has none that only a Cortex-M4 has. Swift firmware for the M3 is compiled with a
module that the toolchain made for the M4, of which no machine code may come (CSources/firmware/tools/embedded_swift.py).
"""
import re

import symbols

# What ARMv7E-M has beyond ARMv7-M (DSP extension), and floating point, in the disassembler's spelling.
BEYOND_M3 = re.compile(
    r"^(pkh(bt|tb)|[su]xta[bh](16)?|[su]xtb16|(q|s|sh|u|uh|uq)((add|sub)(8|16)|asx|sax)|qd?(add|sub)|sel"
    r"|smlal?([bt][bt]|dx?)|smlaw[bt]|smlsl?dx?|smm(la|ls|ul)r?|smu[as]dx?|smul[bt][bt]|smulw[bt]"
    r"|[su]sat16|umaal|usada?8|v[a-z0-9]+(\.\w+)*)"
    r"(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?(\.[wn])?$")


def mnemonics(objdump, file):
    """Address and name of every instruction."""
    for line in symbols.run(objdump, "-d", file).splitlines():
        fields = line.split("\t")
        if len(fields) > 2:
            yield fields[0].strip(" :"), fields[2].strip()


def m3_violations(objdump, file):
    """Instructions of an image that a Cortex-M3 does not have."""
    return [f"{file}: {name} at {address}" for address, name in mnemonics(objdump, file) if BEYOND_M3.match(name)]

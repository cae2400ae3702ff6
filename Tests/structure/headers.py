"""Headers: every public header compiles alone, as C11 and as C++."""
import pathlib
import subprocess

LANGUAGES = {"C11": ("c", "c11"), "C++17": ("c++", "c++17")}


def complaint(compiler, include, header, language, standard):
    """The first line the compiler says about a file that includes nothing but `header`, or None."""
    command = [compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
               f"-I{include}", "-fsyntax-only", "-"]
    source = f'#include "husk/{header.name}"\n'
    result = subprocess.run(command, input=source, capture_output=True, text=True)
    if result.returncode == 0:
        return None
    lines = [line for line in result.stderr.splitlines() if "error" in line]
    return lines[0] if lines else f"{compiler} failed"


def violations(include, name, compiler="gcc"):
    """One line for each public header that does not compile alone in the language `name`."""
    language, standard = LANGUAGES[name]
    found = []
    for header in sorted((pathlib.Path(include) / "husk").glob("*.h")):
        why = complaint(compiler, include, header, language, standard)
        if why:
            found.append(f"{header} as {name}: {why}")
    return found

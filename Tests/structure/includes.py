"""Include direction: a file of the core includes its own room or rooms above it, and nothing else of the project."""
import pathlib
import re

ROOMS = ["base", "journal", "primitive", "crypto", "cbor", "cose", "coap", "oscore", "edhoc", "frame", "device"]
PUBLIC_ROOM = {room + ".h": room for room in ROOMS} | {
    "config.h": "base", "block.h": "coap", "kudos.h": "oscore", "envelope.h": "cose", "fragment.h": "frame",
    "link.h": "frame", "tables.h": "device"}
UMBRELLA = "husk.h"
STANDARD = {"stdbool.h", "stddef.h", "stdint.h", "string.h"}
# Only in builds for a checker of constant time, never in one that runs on a device.
CHECKERS = {"secret.h": {"valgrind/memcheck.h", "sanitizer/msan_interface.h"}}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of_include(name):
    """The room that an include line such as "room/file.h" or "husk/room.h" leads to, or None."""
    folder, _, file = name.partition("/")
    if folder == "husk":
        return PUBLIC_ROOM.get(file)
    return folder if folder in ROOMS and file else None


def judge(file, own, bracket, name):
    """Why a file of room `own` must not include `name`, or None."""
    if bracket == "<":
        return None if name in STANDARD | CHECKERS.get(file, set()) else f"includes <{name}>, which is not freestanding"
    room = room_of_include(name)
    if room is None:
        return f'includes "{name}", which belongs to no room'
    if ROOMS.index(room) > ROOMS.index(own):
        return f'is in {own} and includes "{name}" of {room}, which is below it'
    return None


def files_with_rooms(core):
    """Every source and header of the core except the umbrella, with its room."""
    for file in sorted(core.glob("*/*.[ch]")):
        yield file, file.parent.name
    for file in sorted((core / "include" / "husk").glob("*.h")):
        if file.name != UMBRELLA:
            yield file, PUBLIC_ROOM.get(file.name)


def violations(core):
    """One line for each include that points the wrong way."""
    found = []
    for file, own in files_with_rooms(pathlib.Path(core)):
        if own not in ROOMS:
            found.append(f"{file}: is in no room")
            continue
        for bracket, name in INCLUDE.findall(file.read_text()):
            why = judge(file.name, own, bracket, name)
            if why:
                found.append(f"{file}: {why}")
    return found

#!/usr/bin/env python3
"""Builds the documentation of the Swift modules and checks it; ends with `N passed, N failed`.

    docs.py SWIFT SCRATCH

SWIFT is the toolchain's `swift`, SCRATCH where it built the package (build/swift). What is checked:
    every public symbol says what it is;
    every link of the documentation, to symbols, articles and tutorials, leads somewhere (DocC's warnings are errors);
    every link from a Markdown file to another file of the project does too.
The result is build/docs/all: a static web site, which any web server can serve.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "docs"
MODULES = ["Husk", "HuskGateway"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"```.*?```", re.DOTALL)


def module_maps(scratch):
    """Those of all C modules that the Swift modules import, however indirectly."""
    found = [*scratch.glob("debug/*.build/module.modulemap"), *(ROOT / "CSources").glob("*/include/module.modulemap")]
    found += scratch.glob("checkouts/*/Sources/*/module.modulemap")
    found += scratch.glob("checkouts/*/Sources/*/include/module.modulemap")
    return sorted(path for path in found if "GRDBSQLCipher" not in path.parts)


def triple(swift):
    info = subprocess.run([swift, "-print-target-info"], capture_output=True, text=True, check=True).stdout
    return json.loads(info)["target"]["unversionedTriple"]


def symbol_graph(swift, scratch, module):
    """The public symbols of a module, into build/docs/symbols/MODULE; returns the folder."""
    out = OUT / "symbols" / module
    out.mkdir(parents=True, exist_ok=True)
    maps = [word for path in module_maps(scratch) for word in ("-Xcc", f"-fmodule-map-file={path}")]
    maps += [word for folder in (ROOT / "CSources").glob("*/include") for word in ("-I", folder)]
    subprocess.run(
        [swift, "symbolgraph-extract", "-module-name", module, "-target", triple(swift), "-I",
         scratch / "debug" / "Modules", *maps,
         "-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", out], check=True)
    return out


def undocumented(folder, module):
    """Symbols of the module without a word about them; what the compiler derives needs none."""
    graph = json.loads((folder / f"{module}.symbols.json").read_text())
    for symbol in graph["symbols"]:
        name = ".".join(symbol["pathComponents"])
        says = any(line["text"].strip() for line in symbol.get("docComment", {}).get("lines", []))
        if not says and "location" in symbol:
            place = symbol["location"]
            file = pathlib.Path(place["uri"].removeprefix("file://"))
            file = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            yield f"{file}:{place['position']['line'] + 1}: {module}.{name} is not documented"


def convert(module, folder, others):
    """The module's archive, whose links may lead into those of `others`; and what DocC says against it."""
    catalogue = ROOT / "Sources" / module / f"{module}.docc"
    archive = OUT / f"{module}.doccarchive"
    done = subprocess.run(
        ["docc", "convert", catalogue, "--additional-symbol-graph-dir", folder, "--output-path", archive,
         "--fallback-display-name", module, "--fallback-bundle-identifier", f"husk.{module}",
         "--enable-experimental-external-link-support", *(word for other in others for word in ("--dependency", other)),
         "--warnings-as-errors", "--ide-console-output"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    problems = [line.replace(f"{ROOT}/", "") for line in done.stdout.splitlines() if re.search(r"(error|warning): ", line)]
    if done.returncode != 0 and not problems:
        problems = [f"docc convert ended with {done.returncode}: {done.stdout.strip()[-500:]}"]
    return archive, problems


def documents():
    """The project's; templates have links for where their text is put."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md", ":!*.template.md"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines() if (ROOT / name).exists()]


def dead_links(document):
    """Links to files that are not there."""
    for target in LINK.findall(FENCED.sub("", document.read_text())):
        path = target.split("#")[0]
        if "://" in target or target.startswith("doc:") or not path:
            continue
        if not (document.parent / path).exists():
            yield f"{document.relative_to(ROOT)}: the link to {path} leads nowhere"


def main():
    swift, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(OUT, ignore_errors=True)
    passed, problems, archives = 0, [], []
    for module in MODULES:
        folder = symbol_graph(swift, scratch, module)
        found = list(undocumented(folder, module))
        total = len(json.loads((folder / f"{module}.symbols.json").read_text())["symbols"])
        passed += total - len(found)
        archive, said = convert(module, folder, archives)
        archives.append(archive)
        passed += not said
        problems += found + said
    for document in documents():
        dead = list(dead_links(document))
        passed += not dead
        problems += dead
    for problem in problems:
        print(f"FAILED {problem}")
    if not problems:
        combined = OUT / "all"
        subprocess.run(["docc", "merge", *archives, "--output-path", combined], check=True)
        print(f"documentation: {combined.relative_to(ROOT)}")
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Cycles of every scenario on every core and optimisation.

    measure.py BUILD IMAGE... [--json FILE]      measures, prints a table, writes the results
    measure.py BUILD IMAGE... --check FOLDER     fails if a figure is more than 1 % above the threshold in
                                                 FOLDER/COMPILER.json
    measure.py BUILD IMAGE... --accept FOLDER    makes what is measured now the thresholds of this compiler; writes the
                                                 results too if told where

BUILD is where make builds; IMAGE the names of images there (BUILD/CORE/bench/IMAGE.elf). --wait and --multiplier pass
options to the model.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

import images
import split

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import result_files  # noqa: E402
import thresholds  # noqa: E402

SCHEMA = 1
CORES = ("m0plus", "m3", "m4")
# Flags of a result, with the ends of the names of its build and of its image. The second pair has the tables of
# CHuskCortexM.
FLAGS = {"-Os": ("", ""), "-O2": ("-O2", ""), "-Os cortex_m": ("", "-cortex_m"), "-O2 cortex_m": ("-O2", "-cortex_m")}
TOLERANCE = 0.01
NAMES = {"m0plus": "M0+", "m3": "M3", "m4": "M4"}
# How far the model was from other people's measurements of their code, in percent: see README.md.
ERROR_PERCENT = {"m0plus": [0.0, 0.0], "m3": [-2.3, 3.9], "m4": [-2.5, 0.5]}


def compiler():
    """Name and version of the compiler, as thresholds are filed."""
    out = subprocess.run(["arm-none-eabi-gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout
    return f"arm-none-eabi-gcc-{out.strip()}"


def measure_image(build, name, core, flags, options):
    """Results of all regions of one image."""
    of_build, of_image = FLAGS[flags]
    image = build / f"{core}{of_build}" / "bench" / f"{name}{of_image}.elf"
    lines, roots = images.run(build / "cycles" / "cycles.so", image, core, **options)
    scenarios = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    if len(scenarios) != len(roots) or len(set(scenarios)) != len(scenarios):
        raise RuntimeError(f"{image}: {len(scenarios)} names for {len(roots)} regions, or a name twice")
    return [{"scenario": scenario, "core": core, "flags": flags, "cycles": (total := root.total()).cycles,
             "cycles_low": total.low, "instructions": total.instructions, "split": split.split(root)}
            for scenario, root in zip(scenarios, roots)]


def measure(build, names, wait, multiplier):
    """Results of all images; shows which are done."""
    jobs = [(name, core, flags) for name in names for core in CORES for flags in FLAGS]
    results = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        def run(job):
            name, core, flags = job
            options = {"wait": wait} | ({"multiplier": multiplier} if core == "m0plus" else {})
            return measure_image(build, name, core, flags, options)
        for job, found in zip(jobs, pool.map(run, jobs)):
            print(f"measured {' '.join(job)}", file=sys.stderr)
            results += found
    return results


def document(results, wait, multiplier):
    """What is written to results/cycles.json; README.md says what each field means."""
    return {"schema": SCHEMA, "compiler": compiler(),
            "model": {"manuals": {core: images.MANUALS[core] for core in CORES}, "wait_states": wait,
                      "m0plus_multiplier": multiplier, "error_percent": ERROR_PERCENT},
            "results": results}


def key(result):
    """What a threshold is filed under."""
    return f"{result['scenario']} {result['core']} {result['flags']}"


def table(results):
    """Prints cycles by scenario, a column for each core and optimisation, then what they went to."""
    cells = {(result["scenario"], result["core"], result["flags"]): result for result in results}
    scenarios = list(dict.fromkeys(result["scenario"] for result in results))
    width = max(map(len, scenarios)) + 2
    for title, of_image in (("cycles", ""), ("cycles, with CHuskCortexM", "-cortex_m")):
        columns = [(core, flags) for core in CORES for flags in FLAGS if FLAGS[flags][1] == of_image]
        print(f"{title:{width}}" + "".join(f"{NAMES[core] + ' ' + flags.split()[0]:>13}" for core, flags in columns))
        for scenario in scenarios:
            print(f"{scenario:{width}}" + "".join(f"{cells[scenario, *column]['cycles']:13,}" for column in columns))
        print()
    print(f"{'split, percent of cycles, -Os':{width}}" + "".join(f"{NAMES[core]:^28}" for core in CORES))
    print(" " * width + "public   hash   aead   rest ".rjust(28) * len(CORES))
    for scenario in scenarios:
        shares = (share for core in CORES for share in percentages(cells[scenario, core, "-Os"]))
        print(f"{scenario:{width}}" + "".join(f"{share:6.1f} " for share in shares))
    errors = ", ".join((f"{low:+.1f} to {high:+.1f}" if low != high else f"{low:.1f}") + f" % ({NAMES[core]})"
                       for core, (low, high) in ERROR_PERCENT.items())
    ranges = " and ".join(f"{spread(results, core):.0f} % ({NAMES[core]})" for core in ("m3", "m4"))
    print(f"\nNo wait states. Error against other people's measurements of their code: {errors}.\n"
          f"Below these figures the manuals leave room for up to {ranges}: Benchmarks/README.md says why.")


def percentages(result):
    """Share of each kind in the cycles of a result."""
    return [100 * cycles / result["cycles"] for cycles in result["split"].values()]


def spread(results, core):
    """The widest range of a figure, in percent below it."""
    return max(100 * (1 - result["cycles_low"] / result["cycles"]) for result in results if result["core"] == core)


def cycles_by_name(results):
    """As thresholds are filed."""
    return {key(result): result["cycles"] for result in results}


def threshold_file(folder):
    """Where the thresholds of this compiler are."""
    return pathlib.Path(folder, compiler() + ".json")


def check(results, folder):
    """Compares with the thresholds of this compiler."""
    return thresholds.check(cycles_by_name(results), threshold_file(folder), TOLERANCE, "cycles", "cycles")


def accept(results, folder):
    """Writes the thresholds of this compiler."""
    thresholds.accept(cycles_by_name(results), threshold_file(folder))


def write(results, file, wait, multiplier):
    """Writes the results."""
    content = document(results, wait, multiplier)
    result_files.write(file, {name: content[name] for name in content if name != "results"},
                       {"results": content["results"]})


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("images", nargs="+")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check")
    parser.add_argument("--accept")
    parser.add_argument("--wait", type=int, default=0, help="wait states of flash")
    parser.add_argument("--multiplier", type=int, choices=(1, 32), default=1, help="cycles of MULS on Cortex-M0+")
    arguments = parser.parse_args()
    results = measure(arguments.build, arguments.images, arguments.wait, arguments.multiplier)
    if arguments.check:
        return check(results, arguments.check)
    if arguments.accept:
        accept(results, arguments.accept)
    if not arguments.accept:
        table(results)
    if arguments.json:
        write(results, arguments.json, arguments.wait, arguments.multiplier)
    return 0


if __name__ == "__main__":
    sys.exit(main())

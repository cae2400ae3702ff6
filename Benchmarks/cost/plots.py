"""The plots of the report, as SVG and PNG: the same files in every run. Hatches tell bars apart without colour."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from data import CORES

# From dark to light, so that they differ in grey too.
COLOURS = ("#1d3557", "#e07a1f", "#8ecae6", "#e9e4d4")
HATCHES = ("", "////", "....", "xx")
LEFT_OUT = "not measured"


def setup():
    """Fonts and whatever else would differ from machine to machine."""
    plt.rcdefaults()
    plt.rcParams.update({"svg.hashsalt": "husk", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9,
                         "hatch.linewidth": 0.6, "axes.spines.top": False, "axes.spines.right": False,
                         "figure.dpi": 100, "axes.axisbelow": True})


def save(figure, folder, name):
    """Writes a figure without dates or versions in it."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    figure.savefig(folder / f"{name}.png", metadata={"Software": None}, dpi=130, bbox_inches="tight")
    plt.close(figure)


def legend_above(figure, axes):
    """A legend that no bar can run into."""
    handles, labels = axes.get_legend_handles_labels()
    figure.tight_layout()
    figure.legend(handles, labels, loc="lower center", ncol=len(handles), frameon=False, bbox_to_anchor=(0.5, 1))


def thousands(axis):
    """Numbers along an axis as 1,000."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))


def stacked(axes, names, parts, labels=None):
    """Horizontal bars of parts, the first name on top; the sum beside each if `labels` turns it into text."""
    rows = range(len(names))
    left = [0.0] * len(names)
    for (title, values), colour, hatch in zip(parts.items(), COLOURS, HATCHES):
        axes.barh(rows, values, left=left, color=colour, hatch=hatch, edgecolor="black", linewidth=0.5, label=title,
                  height=0.7)
        left = [a + b for a, b in zip(left, values)]
    axes.set_yticks(list(rows), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="x", linewidth=0.4, color="0.8")
    if labels:
        for row, total in zip(rows, left):
            axes.annotate(labels(total), (total, row), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=8)
        axes.margins(x=0.14)


def handshake_bytes(rows):
    """rows: (name, bytes up, bytes down)."""
    figure, axes = plt.subplots(figsize=(8, 0.32 * len(rows) + 1.2))
    stacked(axes, [row[0] for row in rows],
            {"from the device": [row[1] for row in rows], "to the device": [row[2] for row in rows]},
            lambda total: f"{total:,.0f}")
    axes.set_xlabel("bytes of a handshake, handed to UDP, TCP or the link")
    thousands(axes.xaxis)
    legend_above(figure, axes)
    return figure


def handshake_cycles(rows):
    """rows: (name, {core: cycles or None})."""
    figure, axes = plt.subplots(figsize=(8, 0.62 * len(rows) + 1.2))
    height = 0.26
    for index, (core, colour, hatch) in enumerate(zip(CORES, COLOURS, HATCHES)):
        places = [row + (index - 1) * height for row in range(len(rows))]
        values = [cycles.get(core) for _, cycles in rows]
        axes.barh(places, [value or 0 for value in values], height=height, color=colour, hatch=hatch,
                  edgecolor="black", linewidth=0.5, label=CORES[core])
        for place, value in zip(places, values):
            text = f"{value / 1e6:.3g} M" if value else LEFT_OUT
            axes.annotate(text, (value or axes_floor(rows), place), xytext=(4, 0), textcoords="offset points",
                          va="center", fontsize=7)
    axes.set_xscale("log")
    axes.set_xlim(left=axes_floor(rows))
    axes.set_xlim(right=axes.get_xlim()[1] * 2.5)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("processor cycles of the device for a handshake (logarithmic)")
    axes.xaxis.set_major_locator(LogLocator(base=10))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(
        lambda value, _: f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k"))
    axes.grid(axis="x", linewidth=0.4, color="0.8")
    legend_above(figure, axes)
    return figure


def axes_floor(rows):
    """Where a logarithmic axis begins: the power of ten below all values."""
    least = min(value for _, cycles in rows for value in cycles.values() if value)
    return 10 ** (len(str(int(least))) - 1)


def energy_per_day(cases, names):
    """cases: (title, [(handshake, readings, wake-ups, sleep) in mJ, or None, for each name])."""
    columns = 2
    lines = (len(cases) + 1) // columns
    figure, grid = plt.subplots(lines, columns, figsize=(11, lines * (0.3 * len(names) + 1.1)), squeeze=False)
    for axes, (title, values) in zip(grid.flat, cases):
        values = [value or (0, 0, 0, 0) for value in values]
        parts = {part: [value[index] / 1000 for value in values]
                 for index, part in enumerate(("handshakes", "readings", "wake-ups of the radio", "sleep"))}
        stacked(axes, names, parts, lambda total: f"{total:.3g}" if total else LEFT_OUT)
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel("joules a day")
        if axes not in grid[:, 0]:
            axes.set_yticklabels([])
    for axes in list(grid.flat)[len(cases):]:
        axes.remove()
    legend_above(figure, grid[0][0])
    return figure


def memory(rows):
    """rows: (name, flash, {kind of RAM: bytes})."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 0.36 * len(rows) + 1.3))
    names = [row[0] for row in rows]
    stacked(left, names, {"flash": [row[1] / 1024 for row in rows]}, lambda total: f"{total:.1f}")
    left.set_xlabel("KB of flash")
    parts = {kind: [row[2][kind] / 1024 for row in rows] for kind in rows[0][2]}
    stacked(right, names, parts, lambda total: f"{total:.1f}")
    right.set_yticklabels([])
    right.set_xlabel("KB of RAM at the peak")
    right.legend(loc="lower center", ncol=len(parts), frameon=False, bbox_to_anchor=(0.5, 1))
    figure.tight_layout()
    return figure


def chain_length(series, levels):
    """series: [(title of panel, unit, {name: [value for 1, 2, 3 certificates]})]; levels: {panel: {name: value}}."""
    figure, panels = plt.subplots(1, len(series), figsize=(3.9 * len(series), 3.6))
    styles = (("o", "-"), ("s", "--"), ("^", "-."))
    level_styles = (":", (0, (5, 1)))
    for axes, (title, unit, lines) in zip(panels, series):
        for (name, values), colour, (marker, dash) in zip(lines.items(), ("#1d3557", "#e07a1f", "#5f8f3f"), styles):
            axes.plot(range(1, len(values) + 1), values, marker=marker, linestyle=dash, color=colour, label=name)
        for (name, value), dash in zip(levels[title].items(), level_styles):
            axes.axhline(value, color="black", linestyle=dash, linewidth=1.2, label=name)
        axes.set_xticks([1, 2, 3])
        axes.set_xlim(0.8, 3.2)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("certificates that each side sends")
        axes.set_ylabel(unit)
        axes.set_title(title, fontsize=9, loc="left")
        thousands(axes.yaxis)
        axes.grid(linewidth=0.4, color="0.8")
    legend_above(figure, panels[0])
    return figure

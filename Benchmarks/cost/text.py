"""Numbers, tables and paragraphs as the report has them."""
import textwrap

COLUMNS = 118


def number(value):
    """Three significant digits, or all of the integer part; a dash for what was not measured."""
    if value is None:
        return "not measured"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 99.95:
        return f"{value:,.0f}"
    if value == 0:
        return "0"
    text = f"{value:.3g}"
    return f"{float(text):.6f}".rstrip("0").rstrip(".") if "e" in text else text


def million(cycles):
    """Cycles in millions."""
    return "not measured" if cycles is None else number(cycles / 1e6)


def kilo(cycles):
    """Cycles in thousands."""
    return "not measured" if cycles is None else number(cycles / 1e3)


def duration(seconds):
    """A time in the unit that suits it."""
    if seconds is None:
        return "not measured"
    for limit, factor, unit in ((1, 1e3, "ms"), (120, 1, "s"), (7200, 1 / 60, "min"), (float("inf"), 1 / 3600, "h")):
        if seconds < limit:
            return f"{number(seconds * factor)} {unit}"
    return ""


def life(years, shelf=10):
    """Battery life; a maker promises no more than the shelf life."""
    if years is None:
        return "not measured"
    return f"over {shelf} years" if years > shelf else f"{number(years)} years" if years >= 1 \
        else f"{number(years * 365.25)} days"


def table(header, rows):
    """A Markdown table; all columns but the first to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def wrapped(markdown):
    """Markdown whose paragraphs and items are cut into lines; tables, code, headings and pictures stay as they are."""
    blocks = []
    for line in markdown.split("\n"):
        is_item = line.startswith("- ")
        is_text = is_item or line.strip() and not line.startswith(("#", "|", "!", "<", "    "))
        if is_text and not is_item and blocks and blocks[-1][0]:
            blocks[-1][1] += " " + line.strip()
        else:
            blocks.append([bool(is_text), line])
    lines = []
    for is_text, text in blocks:
        indent = "  " if text.startswith("- ") else ""
        lines += textwrap.wrap(text, COLUMNS, subsequent_indent=indent, break_long_words=False,
                               break_on_hyphens=False) if is_text else [text]
    return "\n".join(lines)

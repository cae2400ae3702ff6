"""Draws the tree of a region as a flame graph: a box for each call path, as wide as its share of the cycles, above the
box of its caller. Hovering over a box shows its name and cycles."""
import xml.sax.saxutils

import split

WIDTH, ROW, FONT, MARGIN = 1200, 18, 11, 24
NARROWEST = 0.5    # pixels; narrower boxes are left out
LETTER = 6.6       # pixels that a letter takes
COLOURS = {"public_key": "#e07b39", "hash": "#7fb3e6", "aead": "#b5dfb0", "rest": "#e6e9eb"}


def depth(node):
    """Levels of a tree."""
    return 1 + max(map(depth, node.children), default=0)


def boxes(node, left, level, scale, kind):
    """Position, width, name, cycles and kind of every box that is wide enough."""
    kind = split.kind_of(node.function) or kind
    cycles = node.total().cycles
    width = cycles * scale
    if width < NARROWEST:
        return
    yield left, level, width, node.function.name, cycles, kind
    for child in sorted(node.children, key=lambda one: one.function.name):
        yield from boxes(child, left, level + 1, scale, kind)
        left += child.total().cycles * scale


def box(left, top, width, name, cycles, whole, kind):
    """One box with its title and as much of its name as fits."""
    letters = int((width - 6) / LETTER)
    label = name if len(name) <= letters else name[:letters - 2] + ".." if letters > 4 else ""
    title = xml.sax.saxutils.escape(f"{name}: {cycles:,} cycles, {100 * cycles / whole:.1f} %")
    return (f'<g><title>{title}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}" '
            f'fill="{COLOURS[kind]}" stroke="#808080" stroke-width="0.3"/>'
            f'<text x="{left + 3:.1f}" y="{top + ROW - 6}">{xml.sax.saxutils.escape(label)}</text></g>\n')


def legend_entry(left, top, kind):
    """What a colour stands for."""
    return (f'<rect x="{left}" y="{top}" width="12" height="12" fill="{COLOURS[kind]}"/>'
            f'<text x="{left + 17}" y="{top + 10}">{kind.replace("_", "-")}</text>')


def draw(root, title):
    """The SVG."""
    whole = root.total().cycles
    rows = depth(root)
    height = rows * ROW + 3 * MARGIN
    drawn = "".join(box(MARGIN + left, height - MARGIN - (level + 1) * ROW, width, name, cycles, whole, kind)
                    for left, level, width, name, cycles, kind
                    in boxes(root, 0, 0, (WIDTH - 2 * MARGIN) / whole, "rest"))
    legend = "".join(legend_entry(MARGIN + 110 * index, height - MARGIN + 6, kind)
                     for index, kind in enumerate(COLOURS))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="monospace" font-size="{FONT}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
            f'<text x="{MARGIN}" y="{MARGIN - 6}" font-size="14">'
            f'{xml.sax.saxutils.escape(title)}: {whole:,} cycles</text>\n{drawn}{legend}\n</svg>\n')

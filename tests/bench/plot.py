"""Draws time and memory of every contender against the size of a history, as SVG without a library."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#999999", "#d55e00", "#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#e69f00", "#000000", "#8c564b")
ACROSS = (
    ("bytes of packs", lambda history: history.pack),
    ("objects", lambda history: history.objects),
    ("commits", lambda history: history.commits),
)
UP = (
    ("seconds", lambda racer: racer.median("wall")),
    ("peak memory, bytes", lambda racer: racer.median("rss")),
    ("anonymous memory, bytes", lambda racer: racer.median("own")),
)
WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 220, 70, 70, 70


def write(path, results):
    """Draws `results`, pairs of a history and its contenders. Axes are logarithmic: a slope of one is linear."""
    names = list(dict.fromkeys(racer.name for _, racers in results for racer in racers))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    width = LEFT + len(ACROSS) * (WIDTH + GAP) + 130
    height = TOP + len(UP) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        label(LEFT, 24, "Auditing whole histories", 'font-size="16"'),
        label(LEFT, 42, "Dots on a line: the generated history at 1×, 4×, 16×, 64× the commits. Rings: real ones. Dashes: linear."),
    ]
    for row, (up, measure) in enumerate(UP):
        for column, (across, size) in enumerate(ACROSS):
            points = {name: points_of(name, results, size, measure) for name in names}
            left, top = LEFT + column * (WIDTH + GAP), TOP + row * (HEIGHT + GAP)
            parts += panel(left, top, across, up, points, colours)
    for number, name in enumerate(names):
        y = TOP + 10 + number * 18
        parts.append(f'<rect x="{width - 175}" y="{y - 9}" width="10" height="10" fill="{colours[name]}"/>')
        parts.append(label(width - 160, y, name))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*parts, "</svg>", ""]))


def points_of(name, results, size, measure):
    """The contender's values for the histories that it completed. Zero cannot be drawn on a logarithmic axis."""
    found = []
    for history, racers in results:
        racer = next((racer for racer in racers if racer.name == name and racer.measured), None)
        if racer and measure(racer) > 0 and not racer.trouble():
            found.append((max(size(history), 1), measure(racer), history))
    return sorted(found, key=lambda point: point[0])


def panel(left, top, across, up, points, colours):
    """One diagram: frame, ticks, a line of slope one, and the points of every contender."""
    flat = [point for found in points.values() for point in found]
    if not flat:
        return []
    x_range, y_range = decades(point[0] for point in flat), decades(point[1] for point in flat)
    to_x = lambda value: left + WIDTH * share(value, x_range)
    to_y = lambda value: top + HEIGHT * (1 - share(value, y_range))
    parts = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#444"/>']
    for power in range(x_range[0], x_range[1] + 1):
        parts.append(stroke(to_x(10**power), top, to_x(10**power), top + HEIGHT, "#ddd"))
        parts.append(label(to_x(10**power), top + HEIGHT + 14, readable(power), 'text-anchor="middle"'))
    for power in range(y_range[0], y_range[1] + 1):
        parts.append(stroke(left, to_y(10**power), left + WIDTH, to_y(10**power), "#ddd"))
        parts.append(label(left - 5, to_y(10**power) + 4, readable(power), 'text-anchor="end"'))
    parts.append(label(left + WIDTH / 2, top + HEIGHT + 30, across, 'text-anchor="middle"'))
    parts.append(label(left, top - 5, up))
    reach = min(x_range[1] - x_range[0], y_range[1] - y_range[0])
    end = (to_x(10 ** (x_range[0] + reach)), to_y(10 ** (y_range[0] + reach)))
    parts.append(stroke(left, top + HEIGHT, *end, "#aaa", 'stroke-dasharray="4 4"'))
    for name, found in points.items():
        generated = [(to_x(x), to_y(y)) for x, y, history in found if history.generated]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in generated)
        if line:
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="1.5"/>')
        for x, y, history in found:
            fill = colours[name] if history.generated else "white"
            parts.append(
                f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="3.5" fill="{fill}" stroke="{colours[name]}" '
                f'stroke-width="1.5"><title>{escape(f"{name}, {history.name}: {y:,.4g}")}</title></circle>'
            )
    return parts


def decades(values):
    """The powers of ten that enclose the values."""
    values = list(values)
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def share(value, range_):
    """The position of a value on the axis, from 0 to 1."""
    return (math.log10(value) - range_[0]) / (range_[1] - range_[0])


def readable(power):
    """A power of ten with an SI prefix."""
    if power < 0:
        return f"{10**power:.{-power}f}"
    return f"{10 ** (power % 3)}{('', ' k', ' M', ' G', ' T')[power // 3]}"


def label(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def stroke(x1, y1, x2, y2, colour, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'

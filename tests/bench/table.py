"""Formats the tables in Markdown."""


def of_race(racers, floor, watched=False):
    """A row for each contender; the first is the yardstick. `floor`: the peak memory that every process shows."""
    yardstick = racers[0]
    ours = next((racer for racer in racers if racer.name.startswith("keysieve")), None)
    heads = ["", "wall", "fastest–slowest", "user+sys", "peak memory", f"× {yardstick.name}", "× keysieve", ""]
    rows = [row(racer, yardstick, ours, floor) for racer in racers]
    if watched:
        heads.insert(5, "anonymous memory")
        for cells, racer in zip(rows, racers):
            cells.insert(5, megabytes(racer.median("own")) if racer.measured and racer.median("own") else "")
    return markdown(heads, rows)


def row(racer, yardstick, ours, floor):
    if not racer.measured:
        return [racer.name, "", "", "", "", "", "", racer.retired]
    rss = racer.median("rss")
    memory = f"≤ {megabytes(floor)}" if rss <= floor * 1.05 else megabytes(rss)
    notes = ", ".join(note for note in (racer.retired, racer.trouble()) if note)
    spread = "–".join(seconds(value) for value in racer.spread())
    ratios = [ratio(racer, other) for other in (yardstick, ours)]
    return [racer.name, seconds(racer.median("wall")), spread, seconds(racer.median("cpu")), memory, *ratios, notes]


def markdown(heads, rows):
    """A table whose first and last columns are text and the others numbers."""
    middle = "|".join("---:" for _ in heads[1:-1])
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return [lines[0], f"|---|{middle}|---|", *lines[1:]]


def ratio(racer, other):
    """How many times longer it takes than the other; empty if one of them was not measured."""
    if not (racer and other and racer.measured and other.measured):
        return ""
    return f"{racer.median('wall') / other.median('wall'):.2f}"


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def megabytes(value):
    return f"{value / 1e6:.0f} MB"

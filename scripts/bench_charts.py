"""Draws the curves of scripts/bench: SVG that is read on light and on dark pages.

A figure is a few panels side by side; a panel has lines through measured points, straight axes that
start at zero, and a legend below its title.
"""
import dataclasses
import html
import math

WIDTH, HEIGHT = 420, 330          # of a panel
LEFT, RIGHT, TOP, BOTTOM = 56, 32, 84, 46
COLUMNS = 2
LIGHT = {"page": "#ffffff", "ink": "#1f2328", "dim": "#59636e", "grid": "#d8dee4",
         "series": ["#0969da", "#bc4c00", "#1a7f37", "#8250df"]}
DARK = {"page": "#0d1117", "ink": "#e6edf3", "dim": "#9198a1", "grid": "#30363d",
        "series": ["#58a6ff", "#f0883e", "#3fb950", "#bc8cff"]}


@dataclasses.dataclass
class Line:
    name: str
    points: list          # of (x, y)
    limit: bool = False   # what the others are held against: dashed, without marks


@dataclasses.dataclass
class Panel:
    title: str
    x: str                # what the axes count
    y: str
    lines: list


def ticks(largest):
    """Round steps from zero to the first at or above the largest value."""
    step = 10 ** math.floor(math.log10(largest / 3)) if largest > 0 else 1
    step = next(step * factor for factor in (1, 2, 5, 10) if largest / (step * factor) <= 5)
    count = math.ceil(largest / step - 1e-9)
    return [step * i for i in range(count + 1)]


def label(value):
    return f"{value:,.10g}" if value < 1e6 else f"{value / 1e6:g} M"


def style():
    def colours(theme):
        rules = [f".page{{fill:{theme['page']}}}", f".ink{{fill:{theme['ink']}}}",
                 f".dim{{fill:{theme['dim']}}}", f".grid{{stroke:{theme['grid']}}}",
                 f".limit{{stroke:{theme['dim']}}}"]
        for number, colour in enumerate(theme["series"]):
            rules.append(f".s{number}{{stroke:{colour}}}.m{number}{{fill:{colour}}}")
        return "".join(rules)
    return (f"<style>text{{font:12px sans-serif}}.title{{font-weight:bold;font-size:14px}}"
            f".line{{fill:none;stroke-width:2}}.limit{{stroke-dasharray:6 4}}{colours(LIGHT)}"
            f"@media(prefers-color-scheme:dark){{{colours(DARK)}}}</style>")


def text(x, y, words, classes="dim", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}" text-anchor="{anchor}">'
            f'{html.escape(words)}</text>')


def draw_panel(panel, left, top):
    xs = ticks(max(x for line in panel.lines for x, _ in line.points))
    ys = ticks(max(y for line in panel.lines for _, y in line.points))
    x0, x1 = left + LEFT, left + WIDTH - RIGHT
    y0, y1 = top + HEIGHT - BOTTOM, top + TOP

    def at(x, y):
        return x0 + (x1 - x0) * x / xs[-1], y0 - (y0 - y1) * y / ys[-1]

    out = [text(left + 12, top + 24, panel.title, "ink title")]
    for value in ys:
        y = at(0, value)[1]
        out.append(f'<path d="M{x0:.1f} {y:.1f}H{x1:.1f}" class="grid"/>')
        out.append(text(x0 - 8, y + 4, label(value), anchor="end"))
    for value in xs:
        out.append(text(at(value, 0)[0], y0 + 17, label(value), anchor="middle"))
    out.append(text(x1, y0 + 36, panel.x, anchor="end"))
    out.append(text(left + 12, y1 - 14, panel.y))
    legend = left + 12
    for number, line in enumerate(panel.lines):
        kind = "line limit" if line.limit else f"line s{number}"
        places = [at(x, y) for x, y in sorted(line.points)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        out.append(f'<path d="M{path}" class="{kind}"/>')
        if not line.limit:
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="m{number}"/>'
                    for x, y in places]
        out.append(f'<path d="M{legend:.1f} {top + 43}h18" class="{kind}"/>')
        out.append(text(legend + 23, top + 47, line.name, "ink"))
        legend += 23 + 6.3 * len(line.name) + 14
    return out


def figure(panels):
    """The text of an SVG file."""
    rows = math.ceil(len(panels) / COLUMNS)
    width, height = WIDTH * min(COLUMNS, len(panels)), HEIGHT * rows
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" role="img">',
           f"<title>{html.escape('; '.join(panel.title for panel in panels))}</title>", style(),
           f'<rect width="{width}" height="{height}" class="page"/>']
    for number, panel in enumerate(panels):
        out += draw_panel(panel, number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT)
    return "\n".join([*out, "</svg>", ""])

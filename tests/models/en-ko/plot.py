"""Exact match against source length as an SVG: lines for int8, rings for float. Plain text, so that it needs nothing to be made."""
import dataclasses
from html import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 64, 52  # around the axes
# Told apart by eyes that see colors differently, and strong enough on white and on near black; dashes help where colors do not.
STYLES = [("#d1662a", ""), ("#2f81c7", ""), ("#8a63c9", "7 4"), ("#1f9a73", "2 4")]


@dataclasses.dataclass
class Series:
    title: str
    float_: list | None  # percentages, one for each length
    int8: list | None


def lowest(series):
    """Where the axis starts: at nothing, unless all are above 60."""
    least = min((y for s in series for points in (s.float_, s.int8) if points for y in points), default=0)
    return 0 if least < 60 else min(80, int(least // 10) * 10 - 10)


def svg(series, labels):
    low = lowest(series)
    step = 20 if low < 60 else 5 if low >= 80 else 10

    def x(i):
        return LEFT + (i + 0.5) * (WIDTH - LEFT - RIGHT) / len(labels)

    def y(percent):
        return TOP + (100 - percent) * (HEIGHT - TOP - BOTTOM) / (100 - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
           'aria-label="Percentage of whole lines right against the number of source tokens">',
           # Grey that can be read on white and on black, for viewers that do not tell which they show.
           "<style>text{font:12px system-ui,sans-serif;fill:#757d86}.grid{stroke:#8b949e;stroke-opacity:.3}"
           ".axis{stroke:#8b949e}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>"]
    for percent in range(low, 101, step):
        out.append(f'<line class="{"axis" if percent == low else "grid"}" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
                   f'y1="{y(percent):.1f}" y2="{y(percent):.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent} %</text>')
    for i, label in enumerate(labels):
        out.append(f'<text x="{x(i):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(label)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">source tokens</text>')
    out.append(f'<text x="{LEFT - 40}" y="18">whole lines right: lines int8, rings float</text>')
    at = LEFT - 40.0
    for s, (color, dashes) in zip(series, STYLES):
        stroke = f'stroke="{color}" stroke-width="2.2"' + (f' stroke-dasharray="{dashes}"' if dashes else "")
        out.append(f'<line x1="{at:.1f}" x2="{at + 24:.1f}" y1="36" y2="36" {stroke}/>')
        out.append(f'<text x="{at + 30:.1f}" y="40">{escape(s.title)}</text>')
        at += 54 + 6.6 * len(s.title)
        if line := s.int8 or s.float_:
            points = " ".join(f"{x(i):.1f},{y(p):.1f}" for i, p in enumerate(line))
            out.append(f'<polyline fill="none" stroke-linejoin="round" {stroke} points="{points}"/>')
        for i, p in enumerate(s.float_ or []):
            out.append(f'<circle cx="{x(i):.1f}" cy="{y(p):.1f}" r="4" fill="none" stroke="{color}" stroke-width="1.5">'
                       f"<title>{escape(s.title)}, float: {p:.1f} %</title></circle>")
    return "\n".join(out) + "\n</svg>\n"

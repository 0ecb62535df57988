"""Drawing progress as a picture that can be read on a phone. Slow (about half a second): never in the event loop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.views.progress import Mark, Row

WIDTH_INCHES, DOTS_PER_INCH = 6.0, 150  # 900 pixels: sharp on a phone, small to send
ROW_INCHES, HEAD_INCHES, FOOT_INCHES = 0.42, 0.95, 0.5
NEEDED = "党员发展积极分子"  # a font without these would draw boxes
PREFERRED = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC")
OTHERS = ("Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei", "Noto Sans CJK JP", "SimSun")
COLOURS = {Mark.DONE: "#2e7d4f", Mark.NOW: "#c8102e", Mark.COMING: "#9aa0a6"}
INK, PALE, PAPER = "#202124", "#e3e5e8", "#ffffff"

_drawing = threading.Lock()  # matplotlib keeps caches of its own


def draw_progress(title: str, rows: Sequence[Row], foot: str) -> bytes | None:
    """A PNG of the rows, or None on a machine without a Chinese font."""
    font = chinese_font()
    if font is None:
        return None
    with _drawing:
        return _draw(title, rows, foot, font)


@cache
def chinese_font() -> Path | None:
    """A font file that really holds the characters, the well-known ones first."""
    from matplotlib import font_manager

    found = font_manager.fontManager.ttflist
    by_name = {name: [one for one in found if one.name == name] for name in (*PREFERRED, *OTHERS)}
    known = [one for name in by_name for one in by_name[name]]
    rest = [one for one in found if "CJK" in one.name or "Han" in one.name]
    plain = sorted((*known, *rest), key=lambda one: (one.style != "normal", abs(_weight(one.weight) - 400)))
    return next((Path(one.fname) for one in plain if _holds(one.fname)), None)


def _weight(weight: Any) -> int:
    return weight if isinstance(weight, int) else {"light": 300, "medium": 500, "bold": 700}.get(str(weight), 400)


def _holds(file: str) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(file)
    except (OSError, RuntimeError):
        return False
    return all(font.get_char_index(ord(character)) for character in NEEDED)


def _draw(title: str, rows: Sequence[Row], foot: str, file: Path) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    height = HEAD_INCHES + ROW_INCHES * len(rows) + FOOT_INCHES
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor=PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, WIDTH_INCHES)
    axes.set_ylim(height, 0)
    axes.axis("off")

    def write(x: float, y: float, text: str, size: float, colour: str, align: Any = "left") -> Any:
        font = FontProperties(fname=str(file), size=size)
        return axes.text(x, y, text, fontproperties=font, color=colour, ha=align, va="center")

    write(0.35, HEAD_INCHES / 2, title, 17, INK)
    places = [HEAD_INCHES + ROW_INCHES * (number + 0.5) for number in range(len(rows))]
    outer = [place for place, row in zip(places, rows, strict=True) if not row.inner]
    if outer:
        axes.plot([0.55, 0.55], [outer[0], outer[-1]], color=PALE, linewidth=4, solid_capstyle="round", zorder=1)
    for place, row in zip(places, rows, strict=True):
        x = 0.95 if row.inner else 0.55
        colour = COLOURS[row.mark]
        hollow = row.mark is Mark.COMING
        axes.plot(
            [x],
            [place],
            marker="o",
            markersize=9 if row.inner else 14,
            zorder=2,
            color=colour,
            markerfacecolor=PAPER if hollow else colour,
            markeredgewidth=2,
        )
        ink = COLOURS[Mark.NOW] if row.mark is Mark.NOW else "#5f6368" if hollow else INK
        label = write(x + 0.27, place, row.title, 12 if row.inner else 14, ink)
        note = write(WIDTH_INCHES - 0.3, place, row.note, 11, colour, "right") if row.note else None
        _fit(canvas, label, (WIDTH_INCHES - 0.3) * DOTS_PER_INCH, note)
    write(0.35, height - FOOT_INCHES / 2, foot, 10, "#5f6368")
    drawn = BytesIO()
    figure.savefig(drawn, format="png", facecolor=PAPER)
    return drawn.getvalue()


def _fit(canvas: Any, label: Any, right: float, note: Any) -> None:
    """Make a long name smaller until it leaves its note free."""
    renderer = canvas.get_renderer()
    limit = (note.get_window_extent(renderer).x0 if note is not None else right) - 12
    while label.get_window_extent(renderer).x1 > limit and label.get_fontsize() > 8:
        label.set_fontsize(label.get_fontsize() - 0.5)

"""Drawing progress as a picture that can be read on a phone. Slow (about half a second): never in the event loop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.views.progress import Mark, Row

WIDTH_INCHES, DOTS_PER_INCH = 4.5, 200  # 900 pixels: sharp on a phone, where the smallest letters are 4 mm high
HEAD_INCHES, PHASE_INCHES, NOTE_INCHES, STEP_INCHES, FOOT_INCHES = 1.0, 0.4, 0.24, 0.36, 0.45
EDGE, OUTER, INNER = 0.22, 0.36, 0.62  # from the left: the writing's edge, the phases' line, the steps
NEEDED = "党员发展积极分子"  # a font without these would draw boxes
PREFERRED = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC")
OTHERS = ("Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei", "Noto Sans CJK JP", "SimSun")
COLOURS = {
    Mark.DONE: "#2e7d4f",
    Mark.NOW: "#c8102e",
    Mark.COMING: "#8a9097",
    Mark.DATE: "#5f6368",
    Mark.LATE: "#b35900",
}
INK, QUIET, PALE, PAPER = "#202124", "#5f6368", "#e3e5e8", "#ffffff"

_drawing = threading.Lock()  # matplotlib keeps caches of its own


def draw_progress(
    head: tuple[str, str], rows: Sequence[Row], dates: tuple[str, Sequence[Row]], foot: str
) -> bytes | None:
    """A PNG of the title and the line below it, the rows, the near dates; None on a machine without a Chinese font."""
    font = chinese_font()
    if font is None:
        return None
    with _drawing:
        return _draw(head, rows, dates, foot, font)


@cache
def chinese_font() -> Path | None:
    """A font file that really holds the characters, the well-known ones first.

    matplotlib remembers which fonts there are; one that was installed since is found all the same.
    """
    from matplotlib import font_manager

    return _chinese_of(font_manager.fontManager.ttflist) or _chinese_of(font_manager.FontManager().ttflist)


def _chinese_of(found: Sequence[Any]) -> Path | None:
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


def _draw(head: tuple[str, str], rows: Sequence[Row], near: tuple[str, Sequence[Row]], foot: str, file: Path) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    dates_head, dates = near
    ends = _ends(rows)
    below = ends[-1] if rows else HEAD_INCHES
    height = below + (STEP_INCHES * (len(dates) + 1) + 0.2 if dates else 0.0) + FOOT_INCHES
    right = (WIDTH_INCHES - EDGE) * DOTS_PER_INCH
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor=PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, WIDTH_INCHES)
    axes.set_ylim(height, 0)
    axes.axis("off")

    def write(x: float, y: float, text: str, size: float, colour: str, align: Any = "left") -> Any:
        font = FontProperties(fname=str(file), size=size)
        return axes.text(x, y, text, fontproperties=font, color=colour, ha=align, va="center")

    def row_at(x: float, y: float, row: Row, size: float) -> None:
        """Its name, and its note at the right."""
        note = write(WIDTH_INCHES - EDGE, y, row.note, 11, COLOURS[row.mark], "right") if row.note else None
        label = write(x, y, row.title, size, _ink(row))
        _fit(canvas, label, right, note)

    write(EDGE, 0.38, head[0], 17, INK)
    write(EDGE, 0.72, head[1], 11, QUIET)
    starts = [HEAD_INCHES, *ends]
    middles = [
        start + (STEP_INCHES if row.inner else PHASE_INCHES) / 2 for start, row in zip(starts, rows, strict=False)
    ]
    outer = [middle for middle, row in zip(middles, rows, strict=True) if not row.inner]
    if outer:
        axes.plot([OUTER, OUTER], [outer[0], outer[-1]], color=PALE, linewidth=4, solid_capstyle="round", zorder=1)
    for middle, row in zip(middles, rows, strict=True):
        x, colour = INNER if row.inner else OUTER, COLOURS[row.mark]
        filled = PAPER if row.mark is Mark.COMING else colour
        size = 8 if row.inner else 13
        axes.plot(
            [x], [middle], "o", markersize=size, color=colour, markerfacecolor=filled, markeredgewidth=2, zorder=2
        )
        if not _note_below(row):
            row_at(x + 0.2, middle, row, 12 if row.inner else 13)
            continue
        _fit(canvas, write(x + 0.2, middle, row.title, 12 if row.inner else 13, _ink(row)), right, None)
        _fit(canvas, write(x + 0.2, middle + 0.27, row.note, 10.5, colour), right, None)
    if dates:
        axes.plot([EDGE, WIDTH_INCHES - EDGE], [below + 0.12] * 2, color=PALE, linewidth=1.5)
        write(EDGE, below + 0.2 + STEP_INCHES / 2, dates_head, 11, QUIET)
    for number, row in enumerate(dates, start=1):
        row_at(EDGE, below + 0.2 + STEP_INCHES * (number + 0.5), row, 12)
    write(EDGE, height - FOOT_INCHES / 2, foot, 9.5, QUIET)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", facecolor=PAPER)
    return drawn.getvalue()


def _ends(rows: Sequence[Row]) -> list[float]:
    """Where each row ends."""
    ends, at = [], HEAD_INCHES
    for row in rows:
        at += (STEP_INCHES if row.inner else PHASE_INCHES) + (NOTE_INCHES if _note_below(row) else 0.0)
        ends.append(at)
    return ends


def _note_below(row: Row) -> bool:
    """A phase's days, and who holds the present step and from when, are too long to stand beside the name."""
    return bool(row.note) and (not row.inner or row.mark is Mark.NOW)


def _ink(row: Row) -> str:
    return QUIET if row.mark is Mark.COMING else COLOURS[row.mark] if row.mark in (Mark.NOW, Mark.LATE) else INK


def _fit(canvas: Any, label: Any, right: float, note: Any) -> None:
    """Make a long name smaller until it leaves its note free."""
    renderer = canvas.get_renderer()
    limit = (note.get_window_extent(renderer).x0 if note is not None else right) - 12
    while label.get_window_extent(renderer).x1 > limit and label.get_fontsize() > 8:
        label.set_fontsize(label.get_fontsize() - 0.5)

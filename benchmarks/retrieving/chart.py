"""Figures as tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as aligned columns; a column that a row lacks is empty there."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    for name in columns:
        drawn.add_column(name)
    for row in rows:
        drawn.add_row(*(_shown(row.get(name)) for name in columns))
    Console(width=190).print(drawn)


def reliability_chart(reliability: Sequence[tuple[float, bool]], path: Path) -> None:
    """Confidence against the share that was right, in ten bins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    axes = figure.subplots()
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in reliability:
        bins.setdefault(min(int(confidence * 10), 9), []).append((confidence, right))
    points = [(np.mean([c for c, _ in one]), np.mean([r for _, r in one])) for _, one in sorted(bins.items())]
    axes.plot([0, 1], [0, 1], linestyle=":")
    axes.plot([x for x, _ in points], [y for _, y in points], marker="o")
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)

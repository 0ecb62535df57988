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


def comparison_chart(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Each system's R@1 on every corpus that has answers, and how long it takes there: the middle to p99."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if np.isfinite(row["R@1"])]
    systems = list(dict.fromkeys(row["system"] for row in rows))[::-1]
    figure = Figure(figsize=(10, 0.5 * len(systems) + 1.4))
    quality, speed = figure.subplots(1, 2, sharey=True)
    corpora = list(dict.fromkeys(row["corpus"] for row in rows))
    for number, corpus in enumerate(corpora):
        of_corpus = [row for row in rows if row["corpus"] == corpus]
        beside = 0.6 * (number + 0.5) / len(corpora) - 0.3  # so that no corpus covers another
        places = [systems.index(row["system"]) - beside for row in of_corpus]
        drawn = quality.plot([row["R@1"] for row in of_corpus], places, "o", alpha=0.8, label=corpus)
        ends = [row["p50_ms"] for row in of_corpus], [row["p99_ms"] for row in of_corpus]
        speed.hlines(places, *ends, color=drawn[0].get_color(), alpha=0.8, linewidth=3)
    quality.set_yticks(range(len(systems)), systems)
    quality.set_xlabel("right passage first (R@1)")
    speed.set_xscale("log")
    speed.set_xlabel("milliseconds a search, p50 to p99")
    for axes in (quality, speed):
        axes.grid(axis="both", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.set_layout_engine("constrained")
    figure.savefig(path, dpi=120)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""Figures as tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.evaluation import calibration_error

BINS = 10
Judged = tuple[float, bool, bool]


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


def reliability_chart(judged: Sequence[Judged], path: Path) -> None:
    """How true confidence is, and how many wrong answers a gate lets through.

    Args:
        judged: for each question its confidence, whether the first hit was right, whether it was answered.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _reliability(left, judged)
    _risk(right, judged)
    figure.savefig(path, dpi=130)


def _reliability(axes: Any, judged: Sequence[Judged]) -> None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right, _ in judged:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, is_right))
    points = [(np.mean([c for c, _ in one]), np.mean([r for _, r in one]), len(one)) for _, one in sorted(bins.items())]
    error = calibration_error([c for c, *_ in judged], [r for _, r, _ in judged])
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfectly calibrated")
    axes.plot([x for x, *_ in points], [y for _, y, _ in points], marker="o", label="measured")
    for x, y, count in points:
        below = y > x  # where the curve and its diagonal leave room
        axes.annotate(f"{count}", (x, y), (0, 9 if below else -15), textcoords="offset points", ha="center", fontsize=9)
    axes.set(title=f"Reliability: calibration error {error:.3f}", xlabel="confidence (mean of a tenth)")
    axes.set(ylabel="share right (number of questions at each point)", xlim=(-0.03, 1.03), ylim=(-0.07, 1.09))
    axes.legend(loc="upper left")


def _risk(axes: Any, judged: Sequence[Judged]) -> None:
    ordered = sorted(judged, key=lambda one: -one[0])
    wrong = np.cumsum([not is_right for _, is_right, _ in ordered])
    asked = np.arange(1, len(ordered) + 1)
    given = [is_right for _, is_right, answered in judged if answered]
    coverage, risk = len(given) / len(judged), 1 - float(np.mean(given))
    best = np.mean([is_right for _, is_right, _ in judged])
    axes.plot(asked / len(ordered), wrong / asked, label="by confidence")
    axes.axvline(best, color="grey", linestyle=":", label="share that has a right first hit")
    axes.plot([coverage], [risk], "o", color="tab:red", label=f"the gate: {coverage:.0%} answered, {risk:.1%} wrong")
    axes.set(title="Risk and coverage", xlabel="coverage: share of all questions that is answered")
    axes.set(ylabel="risk: share of the answers that is wrong", xlim=(0, 1.01), ylim=(0, None))
    axes.legend(loc="upper left")


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

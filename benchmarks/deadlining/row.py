"""One line of the table."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def row(part: str, who: str, what: str, value: float, unit: str, at_most: float | None = None) -> Row:
    """A figure, and whether it is within its target where it has one."""
    met = None if at_most is None else value <= at_most
    target = "" if at_most is None else f"<= {at_most:g}"
    return {"part": part, "who": who, "what": what, "value": value, "unit": unit, "target": target, "met": met}


def line(one: Row) -> str:
    """As it is printed."""
    met = {None: "", True: "met", False: "NOT MET"}[one["met"]]
    value = f"{one['value']:.4g}" if abs(one["value"]) < 1000 else f"{one['value']:,.0f}"
    return f"{one['part']:10} {one['who']:46} {one['what']:42} {value:>10} {one['unit']:4} {one['target']:>8} {met}"

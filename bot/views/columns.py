"""What a column of a ledger was taken for, in words."""

from __future__ import annotations

from bot.words import Words
from records.step_ledger import ColumnReading


def said_of(column: ColumnReading, _: Words) -> str:
    """What it was read as, and what is to be known of it."""
    parts = [read_as(column, _), _.plain(column.remark) if column.remark else ""]
    return _.plain("dates.semicolon").join(part for part in parts if part)


def read_as(column: ColumnReading, _: Words) -> str:
    """The steps whose day it holds, or the detail of a step; empty where it holds none."""
    steps = _.plain("dates.comma").join(_.plain(f"step.{step}") for step in column.steps)
    return (
        _.plain("upload.detail_of", step=steps, detail=_.plain(f"detail.{column.detail}")) if column.detail else steps
    )

"""Asking for many rows by their keys at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute


def among(
    session: AsyncSession, column: InstrumentedAttribute[Any], values: Iterable[int] | Iterable[str]
) -> ColumnElement[bool]:
    """Whether the column is one of the values, of which there may be some thousands.

    PostgreSQL gets them as one parameter: the statement stays the same, so it is prepared once. SQLite gets each (at
    most 32,766 a statement): of a list in one parameter it cannot know that it is short, and takes other indexes.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))
    return column.in_(list(values))

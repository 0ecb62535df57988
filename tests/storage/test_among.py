"""Rows are found by their keys, however many and whatever they are, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.among import among
from storage.database import Database
from storage.settings import SettingRow, put_setting


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], []),
        (["a"], ["a"]),
        (['quoted "b"', "支部's", "nobody"], ['quoted "b"', "支部's"]),
        ([f"none {number}" for number in range(30_000)] + ["a"], ["a"]),
    ],
)
async def test_those_that_were_asked_for_are_found_and_no_others(
    database: Database, asked: list[str], found: list[str]
) -> None:
    async with database.write() as session:
        for key in ("a", 'quoted "b"', "支部's", "another"):
            await put_setting(session, key, 1)

        keys = await session.scalars(select(SettingRow.key).where(among(session, SettingRow.key, asked)))

    assert sorted(keys) == sorted(found)

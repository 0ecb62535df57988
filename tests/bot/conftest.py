"""Databases with the starter library in them: stocked once a run, and copied for every test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.schema  # noqa: F401 (every table must be known before the first is written to)
from content.starter import load_starter
from storage.database import Database, sqlite_url
from tests.postgres import Cluster

STOCKED_AT = datetime(2026, 11, 1, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def stocked_sqlite(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy from."""
    path = tmp_path_factory.mktemp("stocked") / "stocked.db"
    shutil.copy(blank_sqlite, path)
    _stock(sqlite_url(str(path)))
    return path


@pytest.fixture(scope="session")
def stocked_postgres(postgres: Cluster) -> Cluster:
    """The cluster, with a database `stocked` to copy from."""
    postgres.statement("CREATE DATABASE stocked TEMPLATE blank")
    _stock(postgres.url("stocked"))
    return postgres


@pytest.fixture
async def library(stocked_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A stocked database of the embedded kind, for what no dialect could change."""
    path = tmp_path / "library.db"
    shutil.copy(stocked_sqlite, path)
    database = Database(sqlite_url(str(path)))
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def library_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a stocked database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "library.db"
        shutil.copy(request.getfixturevalue("stocked_sqlite"), path)
        return sqlite_url(str(path))
    cluster: Cluster = request.getfixturevalue("stocked_postgres")
    name = f"library_{os.getpid()}_{next(_numbers)}"
    cluster.statement(f"CREATE DATABASE {name} TEMPLATE stocked")
    return cluster.url(name)


@pytest.fixture
async def libraries(library_url: str) -> AsyncIterator[Database]:
    """A stocked database; the test runs once on each kind."""
    database = Database(library_url)
    yield database
    await database.close()


def _stock(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        async with database.write() as session:
            await load_starter(session, STOCKED_AT)
        await database.close()

    asyncio.run(run())

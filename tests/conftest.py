"""What every test stands on: a real database of each kind, and the folder of real input."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest
import structlog

from bot.lean import import_aiogram
from storage.database import Database, sqlite_url
from storage.migrations import upgrade
from tests.postgres import Cluster, server_binaries

MUST_RUN = "WAYMARK_TESTS_MUST_RUN"  # markers whose tests may not be skipped, separated by spaces
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
_numbers = itertools.count()

import_aiogram()  # as the process does, so that what is tested is what runs

# Tracebacks as Python writes them: without the local variables that a terminal renderer would show.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "[postgres" in item.name or "-postgres]" in item.name:
            item.add_marker(pytest.mark.postgres)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must run, a skipped database or browser test is a failure."""
    report = yield
    if report.skipped and any(item.get_closest_marker(name) for name in os.environ.get(MUST_RUN, "").split()):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real input (../shared/data) is not here")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One cluster for the whole run, with a migrated database to copy from."""
    binaries = server_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's server binaries are not installed")
    cluster = Cluster(binaries)
    cluster.start()
    try:
        cluster.statement("CREATE DATABASE blank")
        _migrate(cluster.url("blank"))
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy from."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    _migrate(sqlite_url(str(path)))
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty, migrated database; the test runs once on each kind."""
    make: Callable[[], str] = request.getfixturevalue("new_" + request.param)
    return make()


@pytest.fixture
def new_sqlite(blank_sqlite: Path, tmp_path: Path) -> Callable[[], str]:
    """Makes empty, migrated SQLite databases."""

    def make() -> str:
        path = tmp_path / f"waymark{next(_numbers)}.db"
        shutil.copy(blank_sqlite, path)
        return sqlite_url(str(path))

    return make


@pytest.fixture
def new_postgres(postgres: Cluster) -> Callable[[], str]:
    """Makes empty, migrated PostgreSQL databases."""

    def make() -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        postgres.statement(f"CREATE DATABASE {name} TEMPLATE blank")
        return postgres.url(name)

    return make


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty, migrated database."""
    database = Database(database_url)
    yield database
    await database.close()


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await upgrade(database)
        await database.close()

    asyncio.run(run())

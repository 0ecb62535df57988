"""Backup: everything that the database holds, in one file that can be read back into an empty database of either kind.

The file is a zip with one JSON-lines member a table and a `manifest.json` that names the schema's revision, the columns
with their types, the rows and the checksum of every member.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from alembic import command
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Time,
    func,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import TypeEngine

from storage.database import Database, UtcDateTime
from storage.errors import WaymarkError
from storage.migrations import (
    REVISIONS,
    configuration,
    head_revision,
    is_known,
    refuse_newer,
    revision_within,
    upgrade,
)

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 500
FILES_AT_ONCE = 1  # a row with bytes in it may be as large as an upload
READ_BYTES = 1024 * 1024

Progress = Callable[[int], None]
Json = dict[str, Any]


class BackupUnreadable(WaymarkError):
    """The file is no backup, or not a whole one."""

    key = "error.backup_unreadable"
    sentence = "{path} is not a whole Waymark backup ({part}). Nothing was changed. Take another copy of the backup."


class BackupNewer(WaymarkError):
    """The backup's tables are newer than this program."""

    key = "error.backup_newer"
    sentence = "{path} was made by Waymark {version}, which is newer than this one. Install that version, then restore."


class DatabaseInUse(WaymarkError):
    """Restoring would mix two installations."""

    key = "error.database_in_use"
    sentence = (
        "The database is not empty (table {table} has rows). Restore into an empty database or a new data folder."
    )


class DatabaseOutdated(WaymarkError):
    """The tables are not those of this program."""

    key = "error.database_outdated"
    sentence = (
        "The database is at revision {found} and this program works with {wanted}. "
        "Back up with the version that last ran, or start this one once so that it brings the tables up to date."
    )


class CannotWrite(WaymarkError):
    """The backup cannot be put where it was wanted."""

    key = "error.cannot_write"
    sentence = "{path} cannot be written: {reason}. Choose another place."


@dataclass(frozen=True)
class Backup:
    """What a backup holds; `rows` counts those of all tables, `size` is in bytes."""

    path: Path
    revision: str
    version: str
    made_at: datetime
    tables: Mapping[str, int]
    size: int

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(self.tables.values())


async def backup(
    database: Database, path: Path, metadata: MetaData, *, now: datetime, version: str, progress: Progress | None = None
) -> Backup:
    """Write everything into one file; what is written is one moment of the database, however long it takes.

    The file appears under its name when it is whole, readable by its owner alone. A file of that name is replaced.

    Raises:
        DatabaseOutdated, DatabaseNewer: the tables are not those of this program.
        CannotWrite: the place cannot be written to.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            manifest = await _write(database, file, metadata, now=now, version=version, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise CannotWrite(path=str(path), reason=error.strerror or type(error).__name__) from error
    finally:
        partial.unlink(missing_ok=True)
    return _described(path, manifest)


async def restore(database: Database, path: Path, metadata: MetaData, *, progress: Progress | None = None) -> Backup:
    """Read a backup into an empty database and bring its tables up to date.

    The whole file is checked before anything is touched, and all rows come in one transaction.

    Raises:
        BackupUnreadable, BackupNewer, DatabaseInUse: nothing was changed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            _refuse_newer(manifest, path)
            _check(archive, manifest, path)
            await _make_room(database, manifest, metadata)
            async with database.write() as session:
                for entry in manifest["tables"]:
                    await _fill(session, archive, entry, progress)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        part = getattr(error, "strerror", None) or type(error).__name__
        raise BackupUnreadable(path=str(path), part=part) from error
    await upgrade(database)
    return _described(path, manifest)


# --- writing ---------------------------------------------------------------------------------------------------------


async def _write(
    database: Database, file: IO[bytes], metadata: MetaData, *, now: datetime, version: str, progress: Progress | None
) -> Json:
    entries = []
    async with _snapshot(database) as connection:
        revision = await revision_within(connection)
        refuse_newer(revision)
        if revision != head_revision():
            raise DatabaseOutdated(found=revision or "—", wanted=head_revision())
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for table in metadata.sorted_tables:
                entries.append(await _write_table(connection, archive, table, progress))
            manifest = {
                "format": FORMAT,
                "revision": revision,
                "version": version,
                "made_at": now.isoformat(),
                "tables": entries,
            }
            archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


@asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """One moment of the database, without stopping those who write."""
    async with database.read() as session:
        options = None if database.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        yield await session.connection(execution_options=options)


async def _write_table(
    connection: AsyncConnection, archive: zipfile.ZipFile, table: Table, progress: Progress | None
) -> Json:
    digest = hashlib.sha256()
    count = 0
    encode = [_encoder(column.type) for column in table.columns]
    query = select(table).order_by(*table.primary_key.columns)
    at_once = FILES_AT_ONCE if any(isinstance(column.type, LargeBinary) for column in table.columns) else ROWS_AT_ONCE
    with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as member:
        result = await connection.stream(query, execution_options={"yield_per": at_once})
        async for rows in result.partitions(at_once):
            for row in rows:
                values = [None if value is None else code(value) for code, value in zip(encode, row, strict=True)]
                line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                member.write(line)
            count += len(rows)
            if progress is not None:
                progress(len(rows))
    return {
        "name": table.name,
        "rows": count,
        "sha256": digest.hexdigest(),
        "columns": {column.name: _kind(column.type) for column in table.columns},
        "own": [_own_parent(column) for column in table.columns if _points_home(column, table)],
    }


def _points_home(column: Column[Any], table: Table) -> bool:
    return any(key.column.table is table for key in column.foreign_keys)


def _own_parent(column: Column[Any]) -> list[str]:
    return [column.name, next(key.column.name for key in column.foreign_keys)]


KINDS: dict[str, tuple[type[TypeEngine[Any]], Any, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "moment": (UtcDateTime, UtcDateTime, datetime.isoformat, datetime.fromisoformat),
    "date": (Date, Date, date.isoformat, date.fromisoformat),
    "time": (Time, Time, time.isoformat, time.fromisoformat),
    "bytes": (LargeBinary, LargeBinary, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "json": (JSON, JSON, lambda value: value, lambda value: value),
    "flag": (Boolean, Boolean, bool, bool),
    "number": (Integer, BigInteger, int, int),
    "fraction": (Float, Float, float, float),
    "text": (String, String, str, str),
}


def _kind(column_type: TypeEngine[Any]) -> str:
    return next(name for name, (known, *_) in KINDS.items() if isinstance(column_type, known))


def _encoder(column_type: TypeEngine[Any]) -> Callable[[Any], Any]:
    return KINDS[_kind(column_type)][2]


# --- reading ---------------------------------------------------------------------------------------------------------


def _manifest(archive: zipfile.ZipFile, path: Path) -> Json:
    try:
        manifest: Json = json.loads(archive.read(MANIFEST))
        known = manifest["format"] == FORMAT
        datetime.fromisoformat(manifest["made_at"])
    except (KeyError, ValueError, TypeError) as error:
        raise BackupUnreadable(path=str(path), part=MANIFEST) from error
    if not known:
        raise BackupNewer(path=str(path), version=manifest.get("version", "?"))
    return manifest


def _refuse_newer(manifest: Json, path: Path) -> None:
    if not is_known(manifest["revision"]):
        raise BackupNewer(path=str(path), version=manifest["version"])


def _check(archive: zipfile.ZipFile, manifest: Json, path: Path) -> None:
    """Every member, whole, before the database is touched."""
    for entry in manifest["tables"]:
        digest = hashlib.sha256()
        name = f"{entry['name']}.jsonl"
        try:
            with archive.open(name) as member:
                while part := member.read(READ_BYTES):
                    digest.update(part)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BackupUnreadable(path=str(path), part=name) from error
        if digest.hexdigest() != entry["sha256"]:
            raise BackupUnreadable(path=str(path), part=name)


async def _make_room(database: Database, manifest: Json, metadata: MetaData) -> None:
    """Tables of exactly the backup's revision, all empty."""
    ours = {*metadata.tables, *(entry["name"] for entry in manifest["tables"]), REVISIONS}
    async with database.engine.begin() as connection:
        present = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names())) & ours
        for name in sorted(present - {REVISIONS}):
            if await connection.scalar(select(func.count()).select_from(Table(name, MetaData()))):
                raise DatabaseInUse(table=name)
        if present and await revision_within(connection) != manifest["revision"]:
            old = MetaData()
            await connection.run_sync(lambda sync: old.reflect(sync, only=list(present)))
            await connection.run_sync(old.drop_all)
    async with database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), manifest["revision"]))
        await connection.commit()


async def _fill(session: AsyncSession, archive: zipfile.ZipFile, entry: Json, progress: Progress | None) -> None:
    table = Table(
        entry["name"], MetaData(), *(Column(name, KINDS[kind][1]()) for name, kind in entry["columns"].items())
    )
    homes: dict[str, str] = dict(entry["own"])
    late: list[tuple[str, Any, Any]] = []  # (column, own key, parent's key) of rows that come before their parent
    at_once = FILES_AT_ONCE if "bytes" in entry["columns"].values() else ROWS_AT_ONCE
    for rows in _rows(archive, entry, at_once):
        for row in rows:
            for column, key in homes.items():
                if row[column] is not None and row[column] > row[key]:  # rows stand in the order of their keys
                    late.append((column, row[key], row[column]))
                    row[column] = None
        await session.execute(table.insert(), rows)
        if progress is not None:
            progress(len(rows))
    for column, key, parent in late:
        await session.execute(update(table).where(table.c[homes[column]] == key).values({column: parent}))
    await _continue_numbers(session, table)


def _rows(archive: zipfile.ZipFile, entry: Json, at_once: int) -> Iterator[list[Json]]:
    names = list(entry["columns"])
    decode = [KINDS[kind][3] for kind in entry["columns"].values()]
    rows: list[Json] = []
    with archive.open(f"{entry['name']}.jsonl") as member:
        for line in member:
            values = json.loads(line)
            rows.append(
                {
                    name: None if value is None else code(value)
                    for name, code, value in zip(names, decode, values, strict=True)
                }
            )
            if len(rows) >= at_once:
                yield rows
                rows = []
    if rows:
        yield rows


async def _continue_numbers(session: AsyncSession, table: Table) -> None:
    """PostgreSQL numbers new rows from a counter that knows nothing of rows that brought their own number."""
    if (await session.connection()).dialect.name != "postgresql" or "id" not in table.c:
        return
    counter = (
        await session.scalar(text("SELECT pg_get_serial_sequence(quote_ident(:name), 'id')"), {"name": table.name})
        if isinstance(table.c.id.type, BigInteger)
        else None
    )
    if counter is not None:
        await session.execute(
            select(func.setval(counter, func.coalesce(func.max(table.c.id), 1), func.max(table.c.id).is_not(None)))
        )


def _described(path: Path, manifest: Json) -> Backup:
    return Backup(
        path=path,
        revision=manifest["revision"],
        version=manifest["version"],
        made_at=datetime.fromisoformat(manifest["made_at"]),
        tables={entry["name"]: entry["rows"] for entry in manifest["tables"]},
        size=path.stat().st_size,
    )

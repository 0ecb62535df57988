"""A data folder of the demo whose library holds as many passages as wanted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.retrieving.corpora import recombined, texts_of
from bot.demo import prepare_demo
from bot.opening import open_services
from bot.settings import Settings
from content.library import touch
from content.passages import Passage
from content.tables import DocumentRow, PassageRow

_ADDED = datetime(2026, 11, 1, tzinfo=UTC)


def fill(size: int, data: Path, folder: Path) -> dict[str, Any]:
    """Write it; nothing is indexed yet."""
    asyncio.run(_fill(size, data, folder))
    return {}


async def _fill(size: int, data: Path, folder: Path) -> None:
    settings = Settings(_env_file=None, data=folder)  # type: ignore[call-arg]  # pydantic-settings' own argument
    async with open_services(settings) as services:
        await prepare_demo(services)
        async with services.database.write() as session:
            for _, found in groupby(recombined(texts_of(data), size), key=lambda passage: passage.document):
                passages = list(found)
                await session.execute(insert(DocumentRow), _document(passages[0]))
                await session.execute(insert(PassageRow), [_row(passage) for passage in passages])
            await touch(session)


def _document(first: Passage) -> dict[str, Any]:
    return {
        "id": first.document,
        "series": first.document,
        "version": first.version,
        "title": first.title,
        "kind": first.kind.value,
        "state": "published",
        "effective_from": first.effective_from,
        "stages": [],
        "added_at": _ADDED,
        "warnings": [],
        "attached": 0,
    }


def _row(passage: Passage) -> dict[str, Any]:
    content = passage.content
    return {
        "document_id": passage.document,
        "ordinal": passage.ordinal,
        "headings": list(content.headings),
        "article": content.article,
        "text": content.text,
        "level": content.level.value,
        "questions": [],
    }

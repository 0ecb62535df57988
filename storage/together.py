"""Writing together: what several tasks want to write at the same moment is one transaction and one flush."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]
Write = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@dataclass
class _Waiting:
    work: Work[Any]
    told: asyncio.Future[Any]
    found: Any = None


class Together:
    """A queue before the one writing connection of an embedded database.

    A work that fails takes nobody along: the others are then written without it. So a work may be begun twice, the
    first time in a transaction that was undone, and must not change anything but the database.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None  # asyncio itself does not hold on to tasks

    async def write(self, work: Work[T]) -> T:
        """Returns when it is committed; raises what the work or the commit raised."""
        one = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        answer: T = await one.told
        return answer

    async def _write_all(self) -> None:
        try:
            while batch := self._still_wanted():
                try:
                    await self._commit(batch)
                except Exception as error:
                    if len(batch) == 1:
                        _tell(batch[0], error)
                    else:
                        await self._each_alone(batch)
        finally:
            self._writing = None

    def _still_wanted(self) -> list[_Waiting]:
        batch, self._waiting = [one for one in self._waiting if not one.told.done()], []
        return batch

    async def _each_alone(self, batch: list[_Waiting]) -> None:
        for one in batch:
            try:
                await self._commit([one])
            except Exception as error:
                _tell(one, error)

    async def _commit(self, batch: list[_Waiting]) -> None:
        async with self._write() as session:
            for one in batch:
                one.found = await one.work(session)
        for one in batch:
            _tell(one, None)


def _tell(one: _Waiting, error: Exception | None) -> None:
    if one.told.done():  # whoever waited was cancelled
        return
    if error is None:
        one.told.set_result(one.found)
    else:
        one.told.set_exception(error)

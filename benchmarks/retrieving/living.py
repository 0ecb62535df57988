"""The whole process at a number of passages: people ask on its page while texts come, are replaced and go."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from benchmarks.retrieving.apart import apart, memory
from benchmarks.retrieving.corpora import student_questions
from benchmarks.retrieving.filling import fill
from benchmarks.retrieving.measuring import WARM, percentiles
from tests.bot.web_client import Client, Line, new_client, text_of

_ASKERS, _ASKED, _ROUNDS = 2, 150, 4
_ARTICLES = 40  # of a text that is published
_BEING_READ = "首次整理"  # stands in the answer while there is no index yet
_KNOWN, _ITS_ANSWER = "预备期多长", "预备期"
_SECONDS, _ANSWER_SECONDS = 600.0, 300.0  # that anything, and one answer, may take on a loaded machine
_LOOK_SECONDS = 0.5  # between two questions to a library that is still being read

Row = dict[str, Any]


def living(size: int, data: Path) -> list[Row]:
    """A row for each phase of a process that holds so many passages."""
    with TemporaryDirectory() as folder:
        apart(fill, size, data, Path(folder))
        rows = asyncio.run(_first_start(Path(folder)))
        rows += asyncio.run(_next_start(Path(folder)))
    return [{"passages": size, **row} for row in rows]


async def _first_start(folder: Path) -> list[Row]:
    """The index is built and saved."""
    async with _house(folder) as house:
        began = time.monotonic()
        await house.reader.until(_KNOWN, _ITS_ANSWER)
        ready = time.monotonic() - began
        while not (folder / "index" / "manifest.json").exists():  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)  # what was written is mapped
        return [{"phase": "first start", "took_s": ready, **memory(house.process.pid)}]


async def _next_start(folder: Path) -> list[Row]:
    asked = [one.question for one in student_questions("dev") if one.question.strip()]
    async with _house(folder) as house:
        began = time.monotonic()
        await house.reader.until(_KNOWN, _ITS_ANSWER)
        rows: list[Row] = [{"phase": "next start", "took_s": time.monotonic() - began, **memory(house.process.pid)}]
        for question in asked[:WARM]:
            await house.reader.answer(question)
        office = Office(house.organiser, house.reader)
        for phase, change in {
            "nothing changes": None,
            "published": office.publishes,
            "replaced": office.replaces,
            "taken back": office.takes_back,
        }.items():
            rows.append({"phase": phase, **await house.watched(asked, change)})
    return rows


class Seat:
    """Somebody at the page."""

    def __init__(self, client: Client, line: Line) -> None:
        self._client, self._line = client, line

    async def answer(self, question: str) -> str:
        await self._line.send({"t": "text", "client": new_client(), "text": question})
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return text_of((await self._line.answer())["tree"])
        except TimeoutError as error:
            raise TimeoutError(f"no answer to {question}") from error

    async def until(self, question: str, wish: str) -> None:
        """Ask until the answer holds the wish."""
        ends = time.monotonic() + _SECONDS
        while wish not in (answer := await self.answer(question)):
            if time.monotonic() > ends:
                raise TimeoutError(f"{question} is not answered with {wish} but with {answer}")
            if _BEING_READ in answer:
                await asyncio.sleep(_LOOK_SECONDS)

    async def uploads(self, name: str, content: str) -> None:
        await self._client.upload(name, content.encode())

    async def offered(self, label: str) -> tuple[int, str]:
        """The next message with a button that is called so, and the button."""
        while True:
            message = (await self._line.event("message", "edit"))["message"]
            for button in (button for row in message.get("rows", []) for button in row):
                if button["text"] == label:
                    return message["id"], button["data"]

    async def press(self, button: tuple[int, str]) -> None:
        await self._line.press(*button)


@dataclass
class Office:
    """An organiser who changes the library, and somebody who asks until it shows: after so many seconds."""

    organiser: Seat
    reader: Seat
    _back: dict[int, tuple[int, str]] = field(default_factory=dict)  # the button under what was published last

    async def publishes(self, number: int) -> float:
        return await self._uploads(number, edition=1)

    async def replaces(self, number: int) -> float:
        return await self._uploads(number, edition=2)

    async def takes_back(self, number: int) -> float:
        """Until the edition before answers again."""
        await self.organiser.press(self._back[number])
        return await self._shows(number, edition=1)

    async def _uploads(self, number: int, *, edition: int) -> float:
        articles = "\n\n".join(
            f"第{at}条 湖心岛摆渡船{number}线第{at}号每日开行{edition}{at:02}班，由值班员发牌。"
            for at in range(1, _ARTICLES + 1)
        )
        await self.organiser.uploads("办法.md", f"# 湖心岛摆渡船{number}线办法\n\n{articles}\n")
        await self.organiser.press(await self.organiser.offered("发布"))
        took = await self._shows(number, edition=edition)
        self._back[number] = await self.organiser.offered("撤销")
        return took

    async def _shows(self, number: int, *, edition: int) -> float:
        began = time.monotonic()
        await self.reader.until(f"湖心岛摆渡船{number}线第7号每日开行几班", f"开行{edition}07班")
        return time.monotonic() - began


@dataclass
class House:
    """The running process and who sits at its page."""

    process: asyncio.subprocess.Process
    pulse: Path
    askers: Sequence[Seat]
    reader: Seat
    organiser: Seat

    async def watched(self, asked: Sequence[str], change: Callable[[int], Awaitable[float]] | None) -> Row:
        """How long answers take and how late the event loop comes while the library changes round after round."""
        times: list[float] = []
        done = asyncio.Event()

        async def ask(seat: Seat, at: int) -> None:
            while not done.is_set() if change is not None else at < _ASKED * _ASKERS:
                began = time.monotonic()
                await seat.answer(asked[at % len(asked)])
                times.append((time.monotonic() - began) * 1000)
                at += _ASKERS

        began = time.monotonic()
        asking = [asyncio.create_task(ask(seat, at)) for at, seat in enumerate(self.askers)]
        took = [await change(number) for number in range(_ROUNDS)] if change is not None else []
        done.set()
        await asyncio.gather(*asking)
        beats = [line.split() for line in self.pulse.read_text("ascii").splitlines()]
        late = [float(late) for moment, late in beats if float(moment) >= began]
        return {
            **({"took_s": max(took)} if took else {}),
            "answers": len(times),
            **percentiles(times),
            "slowest_ms": max(times),
            "loop_late_ms": max(late, default=0.0),
            **memory(self.process.pid),
        }


@asynccontextmanager
async def _house(folder: Path, **settings: str) -> AsyncIterator[House]:
    pulse = folder / "pulse"
    environment = {"WAYMARK_DATA": str(folder), "WAYMARK_LANGUAGE": "zh_CN", "PYTHONUNBUFFERED": "1", **settings}
    command = [sys.executable, "-m", "benchmarks.retrieving.pulse", str(pulse), "demo", "--no-browser", "--port", "0"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **environment}, stdout=pipe)
    try:
        async with AsyncExitStack() as page:
            address = await _address(process)
            seats = [await page.enter_async_context(_seat(address, name)) for name in _PEOPLE]
            yield House(process, pulse, seats[:_ASKERS], seats[_ASKERS], seats[_ASKERS + 1])
    finally:
        process.terminate()
        await process.wait()


_PEOPLE = ("林晓雨", "周启明", "陆承安", "顾清扬")  # of the demo: two ask, one reads what is new, one publishes


async def _address(process: asyncio.subprocess.Process) -> str:
    """Where it says that its page is."""
    assert process.stdout is not None
    async for line in process.stdout:
        if match := re.search(r"http://[\d.]+:\d+", line.decode()):
            return match.group()
    raise RuntimeError("the process ended before its page was open")


@asynccontextmanager
async def _seat(address: str, name: str) -> AsyncIterator[Seat]:
    client = Client(SimpleNamespace(door=SimpleNamespace(address=address)))  # type: ignore[arg-type]  # all it looks at
    people = (await client.http.get("/people")).json()
    await client.sit_as(next(person["id"] for person in people if person["name"] == name))
    async with client.line() as line:
        yield Seat(client, line)

"""A question while a broadcast's letters are being written, held back and let go, page by page."""

from __future__ import annotations

import math
import random
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.delivering.enqueueing import fill
from benchmarks.delivering.letters import with_database
from benchmarks.delivering.rig import FIRST_USER_ID, Process, Telegram, telegram
from scheduler.broadcasts import SPREADING
from storage.database import Database
from storage.settings import get_setting

if TYPE_CHECKING:
    from benchmarks.delivering.parts import Bench, Row

ASKERS = 1000
SAID = {"/tell": "written", "/pause": "held back", "/resume": "let go"}
LONGEST_SECONDS = 300.0


def spreading(bench: Bench) -> list[Row]:
    """Answers meanwhile, and how long each took, on each database."""
    from benchmarks.delivering.parts import OURS, row

    rows: list[Row] = []
    count = bench.options.waiting
    for kind in bench.databases:
        url, spent = bench.database(kind), list[float]()
        who, size = f"Waymark, {kind}", f"{count:,} letters"
        with_database(url, partial(fill, count=count))
        with telegram(count + ASKERS, limits=True) as platform:
            process = Process(OURS, "--database", url, "--api", platform.address, "--per-second", "25")
            try:
                process.says()
                for said, done in SAID.items():
                    began = time.monotonic()
                    asked = _asks_while_busy(platform, url, said, FIRST_USER_ID + count)
                    rows.append(row("spreading", who, f"all {done} in", time.monotonic() - began, "s", size=size))
                    spent += _answers(platform, asked)
                memory = process.memory_mib("VmHWM")
            finally:
                process.kill()
        spent.sort()
        size = f"{len(spent)} questions meanwhile, {count:,} letters"
        p99 = spent[math.ceil(len(spent) * 0.99) - 1]
        rows += [
            row("spreading", who, "answer, median", statistics.median(spent) * 1000, "ms", size=size),
            row("spreading", who, "answer, p99", p99 * 1000, "ms", "≤ 500", size),
            row("spreading", who, "memory at most", memory, "MiB"),
        ]
    return rows


def _asks_while_busy(platform: Telegram, url: str, said: str, first: int) -> dict[str, float]:
    """Say it, and ask until nothing is left to do; when each question was asked, by its answer."""
    chance, asked = random.Random(said), dict[str, float]()
    ends = time.monotonic() + LONGEST_SECONDS
    platform.says([(first, said)])
    while time.monotonic() < ends and (len(asked) < 10 or with_database(url, _is_spreading)):
        time.sleep(0.05 + 0.1 * chance.random())  # people do not write in step with the pages
        question = f"{said} {len(asked)}"
        asked[f"echo {question}"] = time.time()
        platform.says([(first + 1 + len(asked) % (ASKERS - 1), question)])
    return asked


async def _is_spreading(database: Database) -> bool:
    async with database.read() as session:
        return bool(await get_setting(session, SPREADING))


def _answers(platform: Telegram, asked: dict[str, float]) -> list[float]:
    """Seconds; whoever was not answered counts as never."""
    time.sleep(3)  # for the last answers to arrive; what has not by then counts as never
    answered = {text: moment for _, moment, text in platform.messages()}
    return [answered.get(text, math.inf) - moment for text, moment in asked.items()]

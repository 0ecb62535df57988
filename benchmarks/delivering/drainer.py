"""A worker whose platform answers at once: what the outbox itself can do.

python -m benchmarks.delivering.drainer --database URL
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from benchmarks.delivering.ours import now
from bot.schema import metadata
from scheduler.delivery import Delivery, Outcome, Report
from scheduler.outbox import Letter
from storage.database import Database


class Immediate:
    """Counts what it is given."""

    def __init__(self) -> None:
        self.carried = 0

    async def carry(self, letter: Letter) -> Report:
        self.carried += 1
        return Report(Outcome.SENT, message_id=letter.id)


async def drain(url: str) -> None:
    metadata()
    database, carrier = Database(url), Immediate()
    async with database.read() as session:
        await session.connection()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await Delivery(database, {"telegram": carrier}, {}, now).drain()
    print(f"{carrier.carried} {time.time()}", flush=True)
    await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    asyncio.run(drain(parser.parse_args().database))

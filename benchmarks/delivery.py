"""How well messages are delivered: throughput, limits, faults and kills, questions meanwhile, many rows, idling.

    python -m benchmarks.delivery [--only PART]… [--full] [--json results.json]

The emulator of the Bot API runs beside the measured process on the same machine, with Telegram's limits on where they
matter. Peers are measured in the same run: aiogram's own polling and the broadcast loop of its documentation, and
python-telegram-bot with AIORateLimiter and JobQueue. PostgreSQL flushes to the disk as in service.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.delivering.enqueueing import enqueueing
from benchmarks.delivering.parts import Bench, Row
from benchmarks.delivering.rig import DurableCluster
from benchmarks.delivering.spreading import spreading
from tests.postgres import server_binaries

PARTS = ("throughput", "limit", "faults", "question", "spreading", "enqueue", "drain", "broadcast", "idle")
APART = {"enqueue": enqueueing, "spreading": spreading}
FULL = {
    "recipients": 3000,
    "rows": 1_000_000,
    "waiting": 100_000,
    "drained": 50_000,
    "questions": 500,
    "workers_most": 4,
    "broadcast": 100_000,
}


def main() -> None:
    """Print the table line by line, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", action="append", choices=PARTS, metavar="PART", help=f"{', '.join(PARTS)}; repeatable"
    )
    parser.add_argument("--full", action="store_true", help="the sizes of the targets; about an hour")
    parser.add_argument("--updates", type=int, default=3000)
    parser.add_argument("--recipients", type=int, default=900)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--drained", type=int, default=20_000)
    parser.add_argument("--workers-most", type=int, default=2)
    parser.add_argument("--idle-seconds", type=float, default=30)
    parser.add_argument("--broadcast", type=int, default=5_000, help="recipients of the one without limits")
    parser.add_argument("--database", choices=("sqlite", "postgres"), help="one of them")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.full:
        vars(options).update(FULL)
    wanted = options.only or list(PARTS)
    busy = os.getloadavg()[0]
    print(f"Python {sys.version.split()[0]}, {platform.machine()}, {os.cpu_count()} cores, load before: {busy:.1f}")
    results = _run(options, wanted)
    if options.json:
        told = {"load_before": busy, "results": results}
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _run(options: argparse.Namespace, wanted: list[str]) -> list[Row]:
    binaries = None if options.database == "sqlite" else server_binaries()
    cluster = DurableCluster(binaries) if binaries else None
    results: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="waymark-bench-") as folder:
        if cluster is not None:
            cluster.start()
        try:
            bench = Bench(options, Path(folder), cluster)
            if options.database == "postgres":
                bench.databases = ["postgres"]
            for part in wanted:
                found = APART[part](bench) if part in APART else getattr(bench, part)()
                for one in found:
                    print(_line(one), flush=True)
                results += found
        finally:
            if cluster is not None:
                cluster.stop()
    return results


def _line(one: Row) -> str:
    met = {None: "", True: "met", False: "NOT MET"}[one["met"]]
    value = "" if one["value"] < 0 else f"{one['value']:g}"
    what = f"{one['what']}, {one['size']}" if one["size"] else one["what"]
    return f"{one['part']:10} {one['who']:46} {what:54} {value:>10} {one['unit']:12} {one['target']:>8} {met}"


if __name__ == "__main__":
    main()

"""Measuring in a process of its own, so that memory is its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any


def apart(job: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """What the job returns, from a fresh interpreter."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(job, *arguments).result()


def memory(process: int | str = "self") -> dict[str, float]:
    """What a process holds, in MiB: resident, what of it is no file's, and the most that was ever resident."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()[1:]
    status = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    lines = [*rollup, *(line for line in status if line.startswith("VmHWM"))]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return {"rss_mib": sizes["Rss"], "anonymous_mib": sizes["Anonymous"], "peak_mib": sizes["VmHWM"]}

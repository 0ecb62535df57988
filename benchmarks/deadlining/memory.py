"""What a process holds."""

from __future__ import annotations

from pathlib import Path


def memory_mib(which: str = "VmRSS") -> float:
    """Of this process: `VmRSS` now, `VmHWM` at most so far."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    return 0.0

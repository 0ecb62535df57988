"""Which Waymark this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """As installed; "0" when it runs from a bare folder."""
    try:
        return installed("waymark")
    except PackageNotFoundError:
        return "0"

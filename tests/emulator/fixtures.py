"""Fixtures for whoever talks to Telegram in a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh Telegram on a free port."""
    with Emulator() as running:
        yield running

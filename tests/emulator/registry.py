"""The methods that the emulator knows, by name in lower case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .params import Params
from .world import World

Method = Callable[[World, Params], Any]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    def register(does: Method) -> Method:
        METHODS[name.lower()] = does
        return does

    return register

"""aiogram's types, each built when it is first needed: all at once are a hundred MiB and two seconds at every start."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import BaseModel


def import_aiogram() -> None:
    """Import aiogram; to be called before anything else does, afterwards it changes nothing.

    At its import aiogram has pydantic build the validators of every type of the Bot API, each with a copy of all that
    it refers to. Here that call only leaves the names by which the types know each other; pydantic asks for the
    building again when a type is first used.
    """
    if "aiogram" in sys.modules:
        return
    names: dict[str, Any] = {}
    build = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]  # a bound class method has it

    def leave(cls: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **_: Any) -> None:
        names.update(_types_namespace or {})

    def rebuild(
        cls: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **options: Any
    ) -> bool | None:
        built: bool | None = build(cls, _types_namespace=names, **options)
        return built

    BaseModel.model_rebuild = classmethod(leave)  # type: ignore[assignment, method-assign]  # put back below
    try:
        from aiogram.methods.base import Response, TelegramMethod
        from aiogram.types.base import TelegramObject
    finally:
        BaseModel.model_rebuild = classmethod(build)  # type: ignore[assignment, method-assign]  # as it was
    for root in (TelegramObject, TelegramMethod, Response):
        root.model_rebuild = classmethod(rebuild)  # type: ignore[assignment, method-assign]  # names added

"""Handlers: each unwraps, asks the package that knows, and shows. Their order is the order in which they are asked."""

from __future__ import annotations

from aiogram import Router

from bot.handlers import joining, lost


def routers() -> list[Router]:
    """Fresh routers, so that more than one dispatcher can be built; `lost` answers what nobody else took."""
    return [module.router() for module in (joining, lost)]

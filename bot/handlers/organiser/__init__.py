"""What organisers do in chat, and what mentors see; one module a command."""

from __future__ import annotations

from aiogram import Router

from bot.handlers.organiser import (
    alias,
    answer,
    audit,
    broadcast,
    correction,
    due,
    export,
    invite,
    library,
    roster,
    step,
    talk,
    upload,
    verify,
)

ROOMS = (upload, library, alias, roster, invite, step, correction, verify, due, talk, broadcast, answer, export, audit)


def router() -> Router:
    """All of them in one; must be asked before the room that takes every text for a question."""
    router = Router(name="organiser")
    router.include_routers(*(room.router() for room in ROOMS))
    return router

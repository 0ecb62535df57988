"""Handlers: each unwraps, asks the package that knows, and shows. Their order is the order in which they are asked."""

from __future__ import annotations

from aiogram import Router

from bot.handlers import (
    ask,
    courses,
    deadlines,
    interrupting,
    joining,
    lost,
    mydata,
    organiser,
    practice,
    progress,
    record,
    reports,
    settings,
    study,
    talks,
)


def routers() -> list[Router]:
    """Fresh routers, so that more than one dispatcher can be built.

    `ask` takes every text that nobody else took for a question; `lost` answers the rest.
    """
    student = (study, practice, courses, deadlines, talks, progress, record, reports, settings, mydata)
    return [module.router() for module in (interrupting, joining, organiser, *student, ask, lost)]

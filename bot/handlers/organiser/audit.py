"""/stats and /audit: sums that tell of nobody; what did not arrive; who looked at whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.buttons.organiser import Audit, Numbers
from bot.clock import Clock
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.reach import reach_of
from bot.services import Services
from bot.turns.parked import parked_updates
from bot.turns.presses import PressOver
from bot.turns.turn import Turn
from bot.views.organiser_audit import (
    PARTS,
    NumbersOf,
    show_audit,
    show_blocked,
    show_looks,
    show_numbers,
    show_undelivered,
)
from bot.words import Words
from records.access import looks_in
from records.invitations import ALARMING_FAILURES, wrong_codes_lately
from records.people import Person
from records.statistics import participation, people_by_stage, people_here
from scheduler.truth import blocked_people, delivery_counts, undelivered

DAYS = 7
SHOWN = 20
LATELY = timedelta(days=183)


def router() -> Router:
    """Numbers and truth."""
    router = Router(name="organiser.audit")
    router.message.register(on_stats, Command("stats"), Has(*ORGANISERS))
    router.callback_query.register(on_numbers, Numbers.filter(), Has(*ORGANISERS))
    router.message.register(on_audit, Command("audit"), Has(*ORGANISERS))
    router.callback_query.register(on_part, Audit.filter(), Has(*ORGANISERS))
    return router


async def on_stats(
    message: Message, state: FSMContext, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """Answer /stats with the sums of everything that the person organises."""
    await state.set_state(None)
    await message.answer(**await _numbers(services, clock, person, 0, _))


async def on_numbers(
    query: CallbackQuery, callback_data: Numbers, services: Services, clock: Clock, person: Person, _: Words
) -> None:
    """The sums of one branch."""
    shown = await _numbers(services, clock, person, callback_data.branch, _)
    await changed(query)(**shown)


async def on_audit(
    message: Message, state: FSMContext, services: Services, turn: Turn, person: Person, _: Words
) -> None:
    """Answer /audit with what became of the week's letters."""
    await state.set_state(None)
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        counts = await delivery_counts(reading, reach.ids, since=turn.now - timedelta(days=DAYS))
        parked = await parked_updates(reading) if reach.is_whole else 0
        wrong = await wrong_codes_lately(reading, now=turn.now) if reach.is_whole else 0
    guessed = wrong if wrong >= ALARMING_FAILURES else 0
    await message.answer(**show_audit(counts, parked, guessed, DAYS, _))


async def on_part(
    query: CallbackQuery, callback_data: Audit, services: Services, turn: Turn, person: Person, _: Words
) -> None:
    """What failed, who blocked, who looked."""
    if callback_data.part not in PARTS:
        raise PressOver
    zone = services.settings.zone
    async with services.database.read() as reading:
        branches = (await reach_of(reading, person)).ids
        match callback_data.part:
            case "failed":
                since = turn.now - timedelta(days=DAYS)
                shown = show_undelivered(await undelivered(reading, branches, since=since, limit=SHOWN), zone, _)
            case "blocked":
                shown = show_blocked(await blocked_people(reading, branches, limit=SHOWN), zone, _)
            case _:
                shown = show_looks(await looks_in(reading, branches, limit=SHOWN), zone, _)
    await said_below(query)(**shown)


async def _numbers(services: Services, clock: Clock, person: Person, branch: int, _: Words) -> dict[str, Any]:
    today = clock.today()
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        if branch:
            reach.check(branch)
        # Sums are made over one branch and all below it; who organises several apart chooses one.
        chosen = branch or reach.tops[0].id
        found = NumbersOf(
            await people_by_stage(reading, chosen),
            await people_here(reading, chosen),
            await participation(reading, chosen, since=today - LATELY, until=today),
        )
    return show_numbers(found, reach, chosen, today, _)

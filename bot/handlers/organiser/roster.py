"""/roster: who is here, by branch and stage; a person's card; and roles, which an admin gives."""

from __future__ import annotations

from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import Card, Grant, People
from bot.clock import Clock
from bot.deeds.appointing import talks_now
from bot.filters import ORGANISERS, Has
from bot.handlers.pressing import changed, said_below
from bot.reach import OutOfReach, named_person, people_within, reach_of, students_among, subject_of
from bot.services import Services
from bot.turns.turn import Turn
from bot.views.organiser_people import PAGE, CardOf, show_card, show_grant, show_roster
from bot.words import Words
from records.access import Looked, note_look
from records.cohort import stage_counts
from records.growth import growth_of, unverified_of
from records.people import Person, PersonId, Role, accounts_of, grant_role, mentors_of, revoke_role
from records.sponsors import check_can_be_mentor
from records.stages import Stage
from records.steps import facts_of_person

GIVEN = frozenset({Role.ORGANISER.value, Role.MENTOR.value})


def router() -> Router:
    """The roster."""
    router = Router(name="organiser.roster")
    router.message.register(on_roster, Command("roster"), Has(*ORGANISERS))
    router.callback_query.register(on_page, People.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_card, Card.filter(), Has(*ORGANISERS))
    router.callback_query.register(on_grant, Grant.filter(), Has(Role.ADMIN))
    return router


async def on_roster(
    message: Message,
    command: CommandObject,
    state: FSMContext,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Answer /roster with the first page, /roster WHO with a card."""
    await state.set_state(None)
    if not command.args:
        await message.answer(**await _page(services, session, turn, person, People(branch=0), _))
        return
    async with services.database.read() as reading:
        subject = await named_person(reading, await reach_of(reading, person), command.args)
    await message.answer(**await _card(services, session, turn, person, subject.id, _))


async def on_page(
    query: CallbackQuery,
    callback_data: People,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """Another page, branch or stage."""
    shown = await _page(services, session, turn, person, callback_data, _)
    await changed(query)(**shown)


async def on_card(
    query: CallbackQuery,
    callback_data: Card,
    services: Services,
    session: AsyncSession,
    turn: Turn,
    person: Person,
    _: Words,
) -> None:
    """One person; they can see that somebody looked."""
    shown = await _card(services, session, turn, person, PersonId(callback_data.person), _)
    await said_below(query)(**shown)


async def on_grant(
    query: CallbackQuery,
    callback_data: Grant,
    services: Services,
    session: AsyncSession,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """An admin gives a role in the person's own branch, or takes it back: asked once more, then done."""
    async with services.database.read() as reading:
        subject = await subject_of(reading, await reach_of(reading, person, Role.ADMIN), callback_data.person)
    if callback_data.role not in GIVEN:
        raise OutOfReach
    role = Role(callback_data.role)
    if callback_data.give and role is Role.MENTOR:
        check_can_be_mentor(subject)
    if not callback_data.sure:
        await said_below(query)(**show_grant(subject, callback_data, _))
        return
    change = grant_role if callback_data.give else revoke_role
    await change(session, subject.id, role, subject.branch_id)
    key = "roster.granted" if callback_data.give else "roster.revoked"
    await changed(query)(_(key, name=subject.name, role=_.plain(f"role.{role}")))


async def _page(
    services: Services, session: AsyncSession, turn: Turn, person: Person, wanted: People, _: Words
) -> dict[str, Any]:
    wanted.page = max(wanted.page, 0)
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        people = await people_within(reading, reach, wanted.branch or None)
        counts = await stage_counts(reading, reach.ids)
    if wanted.stage in set(Stage):
        people = [one for one in students_among(people) if one.stage == wanted.stage]
    seen = people[wanted.page * PAGE : (wanted.page + 1) * PAGE]
    await note_look(session, person.id, [one.id for one in seen], Looked.ROSTER, now=turn.now)
    return show_roster(people, counts, reach, wanted, _)


async def _card(
    services: Services, session: AsyncSession, turn: Turn, person: Person, wanted: PersonId, _: Words
) -> dict[str, Any]:
    async with services.database.read() as reading:
        reach = await reach_of(reading, person)
        subject = await subject_of(reading, reach, wanted)
        admin = await reach_of(reading, person, Role.ADMIN)
        card = CardOf(
            subject,
            reach.names[subject.branch_id],
            bool(await accounts_of(reading, subject.id, blocked=True)),
            [fact for fact in await facts_of_person(reading, subject.id) if fact.is_step and fact.step != "birthday"],
            await mentors_of(reading, subject.id, today=services.clock.today()),
            len(unverified_of(await growth_of(reading, [subject.id]))),
            await talks_now(services, reading, subject.id),
        )
    await note_look(session, person.id, [subject.id], Looked.RECORD, now=turn.now)
    return show_card(card, reach, _, may_grant=subject.branch_id in admin.ids)

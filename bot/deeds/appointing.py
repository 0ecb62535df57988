"""Agreeing on a day for a talk, as one deed: the ledger entry, the letter to the other side, and the reminders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deeds.recording import recipients_of, settle_anew
from bot.deeds.telling import letter_to
from bot.services import Services
from records.appointments import answer, propose, talks_of_person, who_asked
from records.ledger import hold
from records.people import Person, PersonId
from records.talks import Proposal, Side, Talk, answerable, check_day, talk_named
from scheduler.outbox import enqueue
from storage.errors import WaymarkError


class TalkOtherAbsent(WaymarkError):
    """Nobody of the other side has joined, so that nobody could answer."""

    key = "error.talk_other_absent"
    sentence = "The other side has not joined Waymark and cannot answer here: agree on the day in person."


class TalkOwn(WaymarkError):
    """Somebody would speak for the branch in their own matter."""

    key = "error.talk_own"
    sentence = "This is your own talk: use /dates; somebody else of the branch answers."


@dataclass(frozen=True)
class Speaker:
    """Who speaks of the day of whose talk, and for which side."""

    student: Person
    by: Person
    side: Side

    def check(self) -> None:
        """Raises: TalkOwn."""
        if self.side is Side.ORGANISER and self.by.id == self.student.id:
            raise TalkOwn


async def talks_now(services: Services, session: AsyncSession, student: PersonId) -> list[Talk]:
    """The talks that the student can have now."""
    return await talks_of_person(
        session,
        services.track,
        student,
        today=services.clock.today(),
        calendar=services.calendar,
        readings=services.readings,
    )


@dataclass(frozen=True)
class Asked:
    """A day that a student proposed and that waits for the organisers' answer."""

    student: Person
    talk: Talk
    proposal: Proposal


async def asked_by(services: Services, session: AsyncSession, people: Sequence[Person]) -> list[Asked]:
    """What these people asked and nobody has answered, the nearest day first."""
    today, by_id = services.clock.today(), {one.id: one for one in people}
    found = [
        Asked(by_id[person], talk, waiting)
        for person in await who_asked(session, list(by_id), today=today)
        for talk in await talks_now(services, session, person)
        if (waiting := talk.waiting(today)) is not None and waiting.side is Side.STUDENT
    ]
    return sorted(found, key=lambda one: (one.proposal.day, one.proposal.entry))


async def propose_day(services: Services, session: AsyncSession, speaker: Speaker, step: str, day: date) -> Talk:
    """Propose a day to the other side. Returns the talk as it stands then.

    Raises:
        TalkOwn, TalkOver, TalkWaits, TalkProposed, TalkDayWrong, TalkDayStands, TalkOtherAbsent.
    """
    speaker.check()
    student, today = speaker.student, services.clock.today()
    await hold(session, student.id)
    talk = talk_named(await talks_now(services, session, student.id), step)
    check_day(talk, speaker.side, day, today=today)
    proposal = await propose(
        session, student.id, talk, speaker.side, day, by=speaker.by.id, today=today, now=services.clock.now()
    )
    asked = speaker.side is Side.ORGANISER
    others: list[int] = [student.id] if asked else await _holders(services, session, student, talk)
    if not await _tell(services, session, speaker, step, proposal.entry, others, asks=True):
        raise TalkOtherAbsent
    return talk_named(await talks_now(services, session, student.id), step)


async def answer_day(
    services: Services, session: AsyncSession, speaker: Speaker, proposal: int, *, agreed: bool
) -> Talk:
    """Agree to the other side's day, or decline it; reminders follow. Returns the talk as it stands then.

    Raises:
        TalkOwn, TalkAnswered.
    """
    speaker.check()
    student, today = speaker.student, services.clock.today()
    await hold(session, student.id)
    talk, meant = answerable(await talks_now(services, session, student.id), proposal, speaker.side, today=today)
    now = services.clock.now()
    await answer(session, student.id, talk, meant, speaker.side, agreed=agreed, by=speaker.by.id, today=today, now=now)
    if agreed:
        await settle_anew(services, session, student)
    others = [student.id, *([meant.by] if meant.by else []), *await _holders(services, session, student, talk)]
    await _tell(services, session, speaker, talk.step.id, proposal, others, asks=False)
    return talk_named(await talks_now(services, session, student.id), talk.step.id)


async def _holders(services: Services, session: AsyncSession, student: Person, talk: Talk) -> list[int]:
    recipients = await recipients_of(services, session, student)
    return [one for one in recipients.get(talk.step.actor, []) if one != student.id]


async def _tell(
    services: Services,
    session: AsyncSession,
    speaker: Speaker,
    step: str,
    proposal: int,
    others: Iterable[int],
    *,
    asks: bool,
) -> int:
    """A letter to each of them but whoever speaks: it asks for an answer to the proposal, or tells the answer."""
    now = services.clock.now()
    payload = {"template": "talk", "student": speaker.student.id, "step": step, "proposal": proposal, "asks": asks}
    unique = f"talk:{proposal}:{'asked' if asks else 'answered'}"
    drafts = [
        await letter_to(session, PersonId(one), payload, unique=unique, now=now)
        for one in dict.fromkeys(others)
        if one != speaker.by.id
    ]
    return await enqueue(session, [draft for draft in drafts if draft is not None], now=now)

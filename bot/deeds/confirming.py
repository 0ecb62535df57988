"""「我已办」: the organisers are asked to confirm what somebody says was done; nothing is recorded by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.organiser import StepOf
from bot.deeds.telling import notify
from records.deadline import Deadline
from records.people import Person, organisers_of
from scheduler.outbox import Draft


async def ask_to_confirm(
    session: AsyncSession, student: Person, deadline: Deadline, *, by: Person, planned_at: datetime, now: datetime
) -> list[Draft] | None:
    """The letters that ask every organiser of the student; None where `by` is one of them and records it alone.

    They are asked once for each letter with the date: whoever did not confirm it is asked again after the next one.

    Args:
        planned_at: which letter was answered.
    """
    organisers = await organisers_of(session, student.branch_id)
    if by.id in {one.id for one in organisers}:
        return None
    unique = f"done:{student.id}:{deadline.rule}:{deadline.occurrence}:{by.id}:{planned_at:%Y%m%dT%H%M}"
    values = {"who": by.name, "name": student.name, "step": f"@step.{deadline.step}"}
    key = "reminder.please_confirm_own" if by.id == student.id else "reminder.please_confirm"
    buttons = [("step.confirm", StepOf(person=student.id, step=deadline.step).pack())]
    drafts = [
        await notify(session, one.id, key, unique=unique, now=now, values=values, buttons=buttons) for one in organisers
    ]
    return [draft for draft in drafts if draft is not None]

"""Settling: what became of a letter is written down, and what it means for the letters behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, Boolean, ColumnElement, Table, and_, bindparam, case, func, literal, or_, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.outbox import Kind, Letter, Result, State
from scheduler.snoozing import plan_again
from scheduler.tables import OutboxRow


async def settle(session: AsyncSession, results: Sequence[Result], *, now: datetime) -> None:
    """Write down what became of claimed letters; what was said in a reply is emptied once it is over.

    A letter that another process has meanwhile taken over keeps what that process says, except that sent is sent.
    """
    if not results:
        return
    await (await session.connection()).execute(_SETTLE, [_settled(result, now) for result in results])
    # Chat by chat, as whoever pauses or stops a broadcast goes: neither then waits for what waits for it.
    for result in sorted(results, key=lambda one: one.letter.chat_id):
        if result.holds and result.not_before is not None:
            await _hold_chat(session, result.letter, result.not_before)
        if result.undelivered and result.letter.kind is Kind.REMINDER:
            await plan_again(session, result.letter)


def _settled(result: Result, now: datetime) -> dict[str, Any]:
    finished = result.state is not State.QUEUED
    return {
        "letter": result.letter.id,
        "attempt": result.letter.attempts,
        "is_sent": result.state is State.SENT,
        "new_state": result.state.value,
        "error": result.error,
        "finished": now if finished else None,
        "counted": 0 if result.anew else result.letter.attempts - (not result.tried),
        "message": result.message_id,
        "again": result.not_before,
        "emptied": finished and result.letter.kind is Kind.REPLY,
    }


def _param(name: str, like: Any) -> Any:
    return bindparam(name, type_=like.type)


def _is(state: State) -> ColumnElement[bool]:
    return OutboxRow.state == state.value


_SENDING = _is(State.SENDING)
_SETTLE = (
    update(cast(Table, OutboxRow.__table__))
    .where(
        OutboxRow.id == bindparam("letter"),
        or_(
            and_(bindparam("is_sent", type_=Boolean) == true(), or_(_SENDING, _is(State.QUEUED), _is(State.UNCERTAIN))),
            and_(_SENDING, OutboxRow.attempts == bindparam("attempt")),
        ),
    )
    .values(
        state=_param("new_state", OutboxRow.state),
        last_error=_param("error", OutboxRow.last_error),
        lease_until=None,
        finished_at=_param("finished", OutboxRow.finished_at),
        attempts=_param("counted", OutboxRow.attempts),
        message_id=func.coalesce(_param("message", OutboxRow.message_id), OutboxRow.message_id),
        not_before=func.coalesce(_param("again", OutboxRow.not_before), OutboxRow.not_before),
        payload=case((bindparam("emptied", type_=Boolean), literal({}, JSON)), else_=OutboxRow.payload),
    )
)


async def _hold_chat(session: AsyncSession, letter: Letter, until: datetime) -> None:
    """Found by lane or by person, never by looking through all that waits."""
    if letter.kind is Kind.REPLY:
        behind = OutboxRow.priority == letter.priority
    else:
        behind = and_(OutboxRow.priority >= letter.priority, OutboxRow.recipient_id == letter.recipient)
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.state == State.QUEUED.value,
            OutboxRow.channel == letter.channel,
            OutboxRow.chat_id == letter.chat_id,
            behind,
            OutboxRow.not_before < until,
        )
        .values(not_before=until)
        .execution_options(synchronize_session=False)
    )

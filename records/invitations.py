"""Invitations: one-time codes that tie a messenger account to a person on the roster."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from records.people import Person, PersonId, attach_account, people_of_branch
from records.tables import AccountRow, InvitationRow, JoinAttemptRow
from storage.errors import WaymarkError

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0/O, 1/I/L, which look alike on paper
CODE_LENGTH = 10  # 31 ** 10 is 49.5 bits
FAILURES_ALLOWED = 5
FAILURES_WINDOW = timedelta(hours=1)
ALARMING_FAILURES = 30  # within that time and over all accounts: somebody with many accounts is guessing
DEFAULT_VALID_DAYS = 30
SCHOOL_ZONE = ZoneInfo("Asia/Shanghai")


class InvitationRefused(WaymarkError):
    """The code is wrong, used or expired: which of them is not said."""

    key = "error.invitation_refused"
    sentence = "This code does not work: it is wrong, used already, or expired. Ask your branch for a new one."


class TooManyAttempts(WaymarkError):
    """Five wrong codes within the hour; even a right one is refused until `minutes` have passed."""

    key = "error.too_many_attempts"
    sentence = "Too many wrong codes. Try again in {minutes} minutes."


@dataclass(frozen=True)
class Invited:
    """A person and the code that was made for them; the code is kept nowhere else."""

    person: Person
    code: str
    expires_at: datetime

    @property
    def expires_on(self) -> date:
        """The last day of the code on the school's calendar."""
        return self.expires_at.astimezone(SCHOOL_ZONE).date()


async def invite(
    session: AsyncSession, person: PersonId, *, now: datetime, valid_days: int = DEFAULT_VALID_DAYS
) -> str:
    """A new code for the person, like `K7Q2M-9XRTA`; their earlier unused codes stop working."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    await session.execute(
        delete(InvitationRow).where(InvitationRow.person_id == person, InvitationRow.used_at.is_(None))
    )
    session.add(
        InvitationRow(
            code_hash=_digest(code), person_id=person, created_at=now, expires_at=now + timedelta(days=valid_days)
        )
    )
    await session.flush()
    return f"{code[:5]}-{code[5:]}"


async def invite_branch(
    session: AsyncSession,
    branch_id: int,
    *,
    now: datetime,
    valid_days: int = DEFAULT_VALID_DAYS,
    only_absent: bool = True,
) -> list[Invited]:
    """Codes for everybody in the branch and below, by student number; by default only for those not here yet."""
    here = set(await session.scalars(select(AccountRow.person_id).distinct())) if only_absent else set()
    expires_at = now + timedelta(days=valid_days)
    return [
        Invited(person, await invite(session, person.id, now=now, valid_days=valid_days), expires_at)
        for person in await people_of_branch(session, branch_id)
        if person.id not in here
    ]


async def check_code(
    session: AsyncSession, code: str, channel: str, external_id: int, *, now: datetime
) -> PersonId | InvitationRefused | TooManyAttempts:
    """Whom the code is for, without using it up (to show the notice first); a failure counts like one of `redeem`."""
    if (wait := await _wait(session, channel, external_id, now)) is not None:
        return wait
    person = await session.scalar(
        select(InvitationRow.person_id).where(
            InvitationRow.code_hash == _digest(code), InvitationRow.used_at.is_(None), InvitationRow.expires_at > now
        )
    )
    return PersonId(person) if person is not None else await _failure(session, channel, external_id, now)


async def redeem(
    session: AsyncSession, code: str, channel: str, external_id: int, *, now: datetime
) -> PersonId | InvitationRefused | TooManyAttempts:
    """Use the code up and attach the account to its person.

    A refusal is returned, not raised: the failed attempt has to be committed with the caller's transaction.
    One statement decides, so a wrong, a used and an expired code take the same way and the same time, and of two
    who send a code at the same instant only one gets in.
    """
    if (wait := await _wait(session, channel, external_id, now)) is not None:
        return wait
    person = await session.scalar(
        update(InvitationRow)
        .where(
            InvitationRow.code_hash == _digest(code), InvitationRow.used_at.is_(None), InvitationRow.expires_at > now
        )
        .values(used_at=now)
        .returning(InvitationRow.person_id)
    )
    if person is None:
        return await _failure(session, channel, external_id, now)
    await attach_account(session, PersonId(person), channel, external_id, now=now)
    return PersonId(person)


async def wrong_codes_lately(session: AsyncSession, *, now: datetime) -> int:
    """How many wrong codes all accounts together have sent within the hour; from `ALARMING_FAILURES` on look closer."""
    lately = select(func.count()).select_from(JoinAttemptRow).where(JoinAttemptRow.at > now - FAILURES_WINDOW)
    return await session.scalar(lately) or 0


async def has_open_invitation(session: AsyncSession, person: PersonId, *, now: datetime) -> bool:
    """Whether a code for the person waits to be used."""
    waiting = exists().where(
        InvitationRow.person_id == person, InvitationRow.used_at.is_(None), InvitationRow.expires_at > now
    )
    return bool(await session.scalar(select(waiting)))


def telegram_link(bot_name: str, code: str) -> str:
    """The deep link that opens the bot with the code typed in."""
    return f"https://t.me/{bot_name}?start={_plain(code)}"


def web_link(address: str, code: str) -> str:
    """The link that opens the web page with the code filled in; behind the `#`, so that no server log holds it."""
    return f"{address.rstrip('/')}/#start={_plain(code)}"


async def _wait(session: AsyncSession, channel: str, external_id: int, now: datetime) -> TooManyAttempts | None:
    failures, first = (
        await session.execute(
            select(func.count(), func.min(JoinAttemptRow.at)).where(
                JoinAttemptRow.channel == channel,
                JoinAttemptRow.external_id == external_id,
                JoinAttemptRow.at > now - FAILURES_WINDOW,
            )
        )
    ).one()
    if failures < FAILURES_ALLOWED:
        return None
    left = first + FAILURES_WINDOW - now
    return TooManyAttempts(minutes=max(1, -int(-left.total_seconds() // 60)))


async def _failure(session: AsyncSession, channel: str, external_id: int, now: datetime) -> InvitationRefused:
    await session.execute(delete(JoinAttemptRow).where(JoinAttemptRow.at <= now - 2 * FAILURES_WINDOW))
    session.add(JoinAttemptRow(channel=channel, external_id=external_id, at=now))
    await session.flush()
    return InvitationRefused()


def looks_like_code(text: str) -> bool:
    """Whether a text has the shape of a code, right or wrong, as people copy it: k7q2m 9xrta."""
    plain = _plain(text)
    return len(plain) == CODE_LENGTH and plain.isascii()


def _plain(code: str) -> str:
    typed = unicodedata.normalize("NFKC", code).upper()
    return "".join(letter for letter in typed if letter.isalnum())


def _digest(code: str) -> str:
    return hashlib.sha256(_plain(code).encode()).hexdigest()

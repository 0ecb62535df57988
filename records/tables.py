"""The tables of people and of what they did."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, BigId


class BranchRow(Base):
    """A node of the tree: primary committee, general branch or branch."""

    __tablename__ = "branch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # committee | general_branch | branch
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)


class PersonRow(Base):
    """A student, mentor or organiser. `stage` and `paused` are computed from the ledger and kept for queries."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    student_number: Mapped[str | None] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    stage: Mapped[str] = mapped_column(String(30), default="applicant", index=True)
    paused: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any]]  # what the roster gave: gender, class, phone … only what the school's sheet holds
    language: Mapped[str | None] = mapped_column(String(10))
    study_time: Mapped[time | None]  # local time of the daily card; None: the school's default
    study_muted: Mapped[bool] = mapped_column(default=False)
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class RoleRow(Base):
    """What a person may do, within a branch and everything below it."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("person_id", "role", "branch_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))  # student | mentor | organiser | admin
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)


class MentorshipRow(Base):
    """Who accompanies whom (Art 9: one or two full members)."""

    __tablename__ = "mentorship"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]


class AccountRow(Base):
    """A person's place in a messenger; `external_id` is the platform's user and private chat id."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))  # telegram | web
    external_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    joined_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    blocked_at: Mapped[datetime | None]


class InvitationRow(Base):
    """A one-time code; only its hash is kept."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class CalendarLinkRow(Base):
    """The secret address of a person's calendar; only its hash is kept."""

    __tablename__ = "calendar_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]


class JoinAttemptRow(Base):
    """A wrong code, counted per account so that nobody can guess."""

    __tablename__ = "join_attempt"
    __table_args__ = (Index("ix_join_attempt_account", "channel", "external_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(index=True)


class ConsentRow(Base):
    """Which version of the notice a person agreed to, and when (PIPL Arts 13-17)."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class StudyTurnRow(Base):
    """From when on somebody who has joined is looked at for their next study card; the planner moves it on.

    So a minute in which nobody's time comes costs one look at an index, however many people there are.
    """

    __tablename__ = "study_turn"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(index=True)


class EntryRow(Base):
    """A ledger entry; rows are only ever added. `sequence` counts a person's entries from 1."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("person_id", "sequence"),
        Index("ix_entry_recorded", "recorded_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40), index=True)
    happened_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the operator's command line
    payload: Mapped[dict[str, Any]]
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    voids: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AccessRow(Base):
    """Who looked at whose record, when and what for; the student can see it."""

    __tablename__ = "access"
    __table_args__ = (Index("ix_access_subject", "subject_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    viewer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the operator's command line
    subject_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    what: Mapped[str] = mapped_column(String(40))  # record | dates | export | roster
    at: Mapped[datetime]

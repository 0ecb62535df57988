"""The tables of what is studied."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Function,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

import records.tables  # noqa: F401 (documents name the person who added them)
from storage.database import Base, BigId

BEGIN_AT_MOST = 24  # characters


def begin_of(text: InstrumentedAttribute[str]) -> Function[str]:
    """How a text begins, by which it is found among all of them; the number is written out for the index to be used."""
    return func.substr(text, literal_column("1"), literal_column(str(BEGIN_AT_MOST)))


class DocumentRow(Base):
    """One version of a document; versions of the same text share a `series`."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("series", "version"),)

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    series: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)  # draft | published | retired
    effective_from: Mapped[date]
    effective_until: Mapped[date | None]
    stages: Mapped[list[str]]
    file_name: Mapped[str | None] = mapped_column(String(300))
    file_sha256: Mapped[str | None] = mapped_column(ForeignKey("file.sha256"))
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # what content.notices.Notice stores
    attached: Mapped[int]  # how often questions were attached: with it, what is indexed of the text changes


class PassageRow(Base):
    """A passage; its text is exactly the source's."""

    __tablename__ = "passage"
    __table_args__ = (UniqueConstraint("document_id", "ordinal"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    headings: Mapped[list[str]]
    article: Mapped[str | None] = mapped_column(String(40))
    page: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(10))
    basis_title: Mapped[str | None] = mapped_column(String(300))
    basis_article: Mapped[str | None] = mapped_column(String(40))
    questions: Mapped[list[str]]
    cited_on: Mapped[date | None]  # the last day on which it was quoted to somebody


Index("ix_passage_begin", begin_of(PassageRow.text))


class UnhelpfulRow(Base):
    """Somebody was not helped by a passage; `asker` is a hash of passage and person under the installation's key."""

    __tablename__ = "unhelpful"
    __table_args__ = (UniqueConstraint("passage_id", "asker"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey("passage.id", ondelete="CASCADE"))
    asker: Mapped[str] = mapped_column(String(64))
    on: Mapped[date]


class BankRow(Base):
    """A question bank."""

    __tablename__ = "bank"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class QuestionRow(Base):
    """A quiz question; `digest` is that of stem and options, so that the same question is kept once a bank."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("bank_id", "digest"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bank_id: Mapped[int] = mapped_column(ForeignKey("bank.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))  # single | multiple | judge
    stem: Mapped[str] = mapped_column(Text)
    options: Mapped[list[str]]
    answer: Mapped[list[int]] = mapped_column(JSON)
    explanation: Mapped[str] = mapped_column(Text)
    basis_title: Mapped[str | None] = mapped_column(String(300))
    basis_article: Mapped[str | None] = mapped_column(String(40))
    stages: Mapped[list[str]]
    topic: Mapped[str | None] = mapped_column(String(40))
    difficulty: Mapped[int]
    retired_at: Mapped[datetime | None]


class PracticeRow(Base):
    """Where a person stands with a question: the memory card of spaced repetition."""

    __tablename__ = "practice"
    __table_args__ = (UniqueConstraint("person_id", "question_id"), Index("ix_practice_due", "person_id", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    card: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    correct: Mapped[bool | None]


class ReadingRow(Base):
    """A study card that was shown to a person, and what they said of it."""

    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("person_id", "day", "ordinal"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    day: Mapped[date]
    ordinal: Mapped[int]  # 0 is the day's card, 1… those asked for instead
    document_id: Mapped[str] = mapped_column(String(60))
    passage_ordinal: Mapped[int]
    shown_at: Mapped[datetime]
    response: Mapped[str | None] = mapped_column(String(20))  # read | too_easy | too_hard | another


class AliasRow(Base):
    """What people call a thing (`said`) and what the texts call it (`meant`), added by an organiser."""

    __tablename__ = "alias"
    __table_args__ = (UniqueConstraint("said", "meant"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    said: Mapped[str] = mapped_column(String(40))
    meant: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class AttachedQuestionRow(Base):
    """A question that an organiser found answered by an article (or under a heading) of a text, in every edition."""

    __tablename__ = "attached_question"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series: Mapped[str] = mapped_column(String(60), index=True)
    place: Mapped[str] = mapped_column(String(300))
    question: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class InquiryRow(Base):
    """A question that the library could not answer, passed on to organisers, who see who asked only if `named`.

    `group_id`: questions with the same one wait for one answer; it is the number of one of them, which may be gone.
    """

    __tablename__ = "inquiry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), index=True)  # open | answered | published | closed
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    answered_at: Mapped[datetime | None]
    document_id: Mapped[str | None] = mapped_column(String(60))
    group_id: Mapped[int] = mapped_column(BigInteger, index=True)
    named: Mapped[bool]

"""What a press of a student's button says; 64 bytes at most, so never a text, only ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self

from aiogram.filters.callback_data import CallbackData

from bot.buttons.parts import Id, Name, Place
from records.dates import iso_date

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(CallbackData, prefix="src"):
    """「原文」: the whole of these passages (ids, with dots between)."""

    passages: Name

    @classmethod
    def of(cls, ids: Sequence[int]) -> Self:
        """The press for these passages."""
        return cls(passages=".".join(str(one) for one in ids))

    @property
    def ids(self) -> list[int]:
        """The passages' ids; none of a forged press."""
        return [int(one) for one in self.passages.split(".") if one.isdecimal() and len(one) < 19]


class OpenFile(CallbackData, prefix="file"):
    """「原文件」: the file as it was uploaded."""

    document: Name


class Useful(CallbackData, prefix="use"):
    """「有用」「没用」; `question` is the name under which the conversation remembers what was asked."""

    yes: bool
    question: Name


class PassOn(CallbackData, prefix="pass"):
    """「转给组织员」."""

    question: Name


class Signing(CallbackData, prefix="sign"):
    """「告诉组织员是我问的」 and back, of one's own question that waits."""

    inquiry: Id
    named: bool


class DatesView(StrEnum):
    """What else /dates can show."""

    PASSED = "passed"
    CALENDAR = "calendar"
    SUBSCRIPTION = "subscription"


class Dates(CallbackData, prefix="dates"):
    """A button below one's own dates."""

    view: DatesView


class TalkAct(StrEnum):
    """What can be done with the day of a talk."""

    SHOW = "show"
    BACK = "back"
    WRITE = "write"
    CHOOSE = "choose"
    PROPOSE = "propose"
    AGREE = "agree"
    DECLINE = "decline"


class TalkPress(CallbackData, prefix="talk"):
    """A button about the day of one's own talk; `value` is a day (20261202), or the proposal that is answered."""

    act: TalkAct
    step: Name
    value: Id = 0


class CalendarAct(StrEnum):
    """What can be done with the address of one's calendar."""

    MAKE = "make"
    REVOKE = "revoke"


class CalendarPress(CallbackData, prefix="cal"):
    """A button below the address of one's calendar."""

    act: CalendarAct


class Reply(StrEnum):
    """What one can say to a reminder."""

    SEEN = "seen"
    LATER = "later"
    DONE = "done"


class ReminderReply(CallbackData, prefix="rem"):
    """A button below a reminder.

    Attributes:
        planned: the instant at which the letter was planned, in microseconds since 1970; with the presser it names the
            reminders.
        item: which of them is meant; -1 where the letter as a whole is.
    """

    reply: Reply
    planned: Id
    item: Place = -1

    @classmethod
    def to(cls, reply: Reply, planned_at: datetime, item: int = -1) -> Self:
        """The press for a letter planned at that instant."""
        return cls(reply=reply, planned=(planned_at - EPOCH) // timedelta(microseconds=1), item=item)

    @property
    def planned_at(self) -> datetime:
        """The instant; the epoch itself for a forged number that is no instant."""
        try:
            return EPOCH + timedelta(microseconds=self.planned)
        except OverflowError:
            return EPOCH


class CardPress(CallbackData, prefix="card"):
    """「已读」「太浅」「太深」「换一个」 below the card of a day; whose it is, the presser's account says."""

    response: Name
    day: Name
    ordinal: Place

    @property
    def on(self) -> date | None:
        """The card's day; None of a forged press."""
        return iso_date(self.day)


class QuizAct(StrEnum):
    """What a press does to a quiz question."""

    CHOOSE = "choose"
    SUBMIT = "submit"
    NEXT = "next"


class QuizPress(CallbackData, prefix="quiz"):
    """A button below a quiz question; `chosen` has a bit set for every option chosen so far."""

    act: QuizAct
    question: Id
    chosen: Place = 0


class Shelf(CallbackData, prefix="shelf"):
    """A page of the list of what there is to study."""

    page: Place


class Leaf(CallbackData, prefix="leaf"):
    """A passage of a document, by its place."""

    document: Name
    place: Place


class Think(CallbackData, prefix="think"):
    """Another question to think about than the day's: the how-manieth."""

    number: Place


class InWords(CallbackData, prefix="words"):
    """One's own progress in words."""


class Setting(StrEnum):
    """What one can set for oneself."""

    STUDY = "study"
    MUTED = "muted"
    QUIET = "quiet"
    LANGUAGE = "language"


class SettingPress(CallbackData, prefix="set"):
    """One choice of one setting."""

    what: Setting
    value: Name


class RecordView(StrEnum):
    """What else /record can show or do."""

    LOOKS = "looks"
    CORRECTION = "correction"


class RecordPress(CallbackData, prefix="rec"):
    """A button below one's own record."""

    view: RecordView


class ReportPress(CallbackData, prefix="rep"):
    """The day on which a report was handed in; no day gives up."""

    day: Name = ""

    @property
    def on(self) -> date | None:
        """The day; None to give up."""
        return iso_date(self.day)


class TakeBack(CallbackData, prefix="back"):
    """「登记错了，撤回」 below the receipt of one's own report."""

    entry: Id


class MyData(StrEnum):
    """What can be done with one's own data."""

    JSON = "json"
    SHEET = "sheet"
    WITHDRAW = "withdraw"
    WITHDRAW_REALLY = "really"
    STAY = "stay"


class MyDataPress(CallbackData, prefix="mine"):
    """A button of /mydata."""

    act: MyData

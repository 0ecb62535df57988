"""What a press of an organiser's button says; 64 bytes at most, so never a text, only ids.

`ref` is the update that began a dialogue: a press below an older one finds that it is over and changes nothing.
"""

from __future__ import annotations

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData

from bot.buttons.parts import Id, Name, Place
from bot.buttons.student import TalkAct

NOTHING = "-"  # an empty part of callback data cannot be told from a missing one


class Deed(StrEnum):
    """What can be done with a file that was sent."""

    PUBLISH = "publish"
    CANCEL = "cancel"
    STAGES = "stages"
    STAGE = "stage"
    KIND = "kind"
    DATE = "date"
    DAY = "day"
    REPLACE = "replace"
    OLD = "old"
    BRANCH = "branch"
    INTO = "into"
    SORT = "sort"
    READ_AS = "as"
    HISTORY = "history"
    BACK = "back"
    UNDO = "undo"


class Upload(CallbackData, prefix="up"):
    """A button below the preview of a file."""

    deed: Deed
    ref: Id
    value: Name = NOTHING


class UndoDocument(CallbackData, prefix="undoc"):
    """「撤销」 below a publication."""

    document: Name


class Shelf(CallbackData, prefix="lib"):
    """A page of the library; `mine` lists drafts and retired documents as well."""

    page: Place
    all: bool = False


class Book(CallbackData, prefix="book"):
    """One document of the library."""

    document: Name


class Retire(CallbackData, prefix="retire"):
    """「下架」, first asked, then `sure`."""

    document: Name
    sure: bool = False


class LibraryHints(CallbackData, prefix="hints"):
    """「检查」: what is worth a look in the library."""


class AliasDeed(StrEnum):
    """What can be done with aliases."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"


class AliasPress(CallbackData, prefix="alias"):
    """A button of the list of aliases; `number` is the page of a list, the alias that is removed."""

    deed: AliasDeed
    number: Place = 0


class People(CallbackData, prefix="ros"):
    """A page of the roster; branch 0 is every branch."""

    branch: Id
    stage: Name = NOTHING
    page: Place = 0


class Card(CallbackData, prefix="pcard"):
    """One person of the roster."""

    person: Id


class Grant(CallbackData, prefix="role"):
    """Give a role to a person in their own branch, or take it back; first asked, then `sure`."""

    person: Id
    role: Name
    give: bool
    sure: bool = False


class Invite(CallbackData, prefix="inv"):
    """Codes for a whole branch, or (branch 0) for one person."""

    branch: Id = 0
    person: Id = 0


class NewOrganiser(CallbackData, prefix="neworg"):
    """The branch of an organiser who is not on the roster yet; 0 begins the dialogue."""

    branch: Id


class StepOf(CallbackData, prefix="stepof"):
    """Record a step of this person; `step` where it is known which."""

    person: Id
    step: Name = NOTHING


class StepDeed(StrEnum):
    """What can be done while a step is being recorded."""

    MORE = "more"
    TODAY = "today"
    SKIP = "skip"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    REDATE = "redate"
    RECOUNT = "recount"
    HISTORY = "history"
    NAME = "name"
    PAGE = "page"
    NAMED = "named"


class Stepping(CallbackData, prefix="stp"):
    """A button of the dialogue of recording; `value` is the person who is named, or the page of them."""

    deed: StepDeed
    ref: Id
    value: Id = 0


class EntryDeed(StrEnum):
    """What can be done with a recorded step."""

    CORRECT = "correct"
    VOID = "void"


class OfEntry(CallbackData, prefix="entry"):
    """「更正日期」「撤销登记」 of one entry."""

    deed: EntryDeed
    person: Id
    entry: Id


class Verify(CallbackData, prefix="verify"):
    """「核验」 of one entry, or (entry 0) what a student entered that waits for it."""

    person: Id
    entry: Id = 0


class Due(CallbackData, prefix="duepage"):
    """A page of what is due; branch 0 is every branch."""

    branch: Id
    page: Place = 0


class Nudge(CallbackData, prefix="nudge"):
    """「提醒」: tell who is holding it."""

    person: Id
    rule: Name
    kind: Name


class Analysed(CallbackData, prefix="analysed"):
    """「已分析」: this year's analysis of the presser's own committees was made."""


class TalkOf(CallbackData, prefix="talkof"):
    """A button about the day of a student's talk; `value` as of the student's own buttons."""

    act: TalkAct
    person: Id
    step: Name
    value: Id = 0


class MentorSays(CallbackData, prefix="mentor"):
    """A mentor says that a step was done; the organisers record it."""

    person: Id
    step: Name


class ToWhom(CallbackData, prefix="to"):
    """Whom a broadcast is for; branch 0 is every branch."""

    ref: Id
    branch: Id
    stage: Name = NOTHING


class Lacking(CallbackData, prefix="lack"):
    """Of these only people of whom a step is outstanding; without a step: let me choose one."""

    ref: Id
    step: Name = NOTHING


class SendDeed(StrEnum):
    """What can be done with a broadcast."""

    SEND = "send"
    DROP = "drop"
    LOOK = "look"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    REPORT = "report"


class Sending(CallbackData, prefix="bc"):
    """A button below a broadcast; its id, or the ref of one that has not been sent."""

    deed: SendDeed
    broadcast: Name


class AnswerDeed(StrEnum):
    """What can be done with a question that was passed on."""

    ANSWER = "answer"
    CLOSE = "close"
    CLOSE_SURE = "sure"
    PUBLISH = "publish"
    APART = "apart"
    OUT = "out"
    MERGE = "merge"


class Inquiring(CallbackData, prefix="inq"):
    """A button below a question that was passed on; `other` is the one to merge with it."""

    deed: AnswerDeed
    inquiry: Id
    other: Id = 0


class PointDeed(StrEnum):
    """What can be done with a passage that may answer a question that was passed on."""

    LOOK = "look"
    USE = "use"
    UNDO = "undo"


class Pointing(CallbackData, prefix="point"):
    """「用这一条回答」: first looked at, then sent; afterwards the question may be taken off the passage again."""

    deed: PointDeed
    inquiry: Id
    passage: Id


class Exporting(CallbackData, prefix="exp"):
    """What to export; branch 0 is every branch, person 0 nobody in particular; `since` is 20260901 or "-"."""

    branch: Id = 0
    person: Id = 0
    since: Name = NOTHING
    form: Name = NOTHING


class Numbers(CallbackData, prefix="stats"):
    """The numbers of a branch; 0 is every branch."""

    branch: Id


class Audit(CallbackData, prefix="audit"):
    """A part of /audit."""

    part: Name

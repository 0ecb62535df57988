"""Questions about the asker's own dates, told from questions about the rules by patterns that prefer the latter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.day_words import SaidDay, day_said
from bot.days import NoDay
from bot.extension_words import SaidExtension, extension_said
from records.deadline import Deadline
from records.extending import EXTENDED, Extension
from records.facts import Fact

_SELF = re.compile(r"[我俺](?!们|校|院|国|党|班|支部)|本人|自己(?!写|填|打|选|找|交)|\b(?:i|my|me)\b", re.IGNORECASE)
_WHEN = re.compile(
    r"什么时候|啥时候?|何时|几时|哪一?天|几号|几月|了几[天周个年]|多久|多长时间|还要等|还差|还剩|到期|超期|过期|逾期|截止|期限|"
    r"最早|最晚|最迟|到时间|时间(到|够|满)|满(一年|半年)|(可以|能|该|够).{0,12}(了吗|了没|了么|吗)|"
    r"when|due|deadline|how long|earliest|latest|how soon",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?<!满)了(?:有)?(?:多久|多长|几|多少)|(?<!还要)(?<!还差)(?<!还剩)(?<!再)多久了|"
    r"(?:哪一?天|什么时候|啥时候?|何时|几时|几号|几月)(?!能|可以|才|要|该).{0,12}(?:的[?？呀啊]*$|[谈交递推宣]的)"
)
_IF = re.compile(r"如果|假如|假设|假使|要是|若(是)?|倘若|万一|的话|\bif\b|suppose|assuming", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(r"[，,。；;？?]|的话|那么?|最早|最[晚迟]|什么时候|\b(?:then|when|how)\b", re.IGNORECASE)
_AFTERWARDS = re.compile(r"[，,。；;]|后来|之后|又|\b(?:and|then|later)\b", re.IGNORECASE)
# A case that is asked about, and no day: what to do, whether it counts, why.
_NO_DAY_ASKED = re.compile(
    r"怎么办|怎么处理|为什么|是不是|算不算|有没有影响|会不会|what (?:happens|should)|why", re.IGNORECASE
)

# What people call a step, the particular before the general; each with the steps whose dates are meant.
_CALLED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"转正申请|conversion application|appl\w* for conversion", ("conversion_applied", "conversion_meeting")),
    (
        r"转正|转为正式|正式党员|预备期|conversion|convert|full member|probation(?!ary)",
        ("conversion_meeting", "conversion_approved"),
    ),
    (r"思想汇报|思想报告|thought report", ("thought_report",)),
    (r"宣誓|\boath", ("oath_taken",)),
    (r"归档|档案|archiv", ("archived",)),
    (r"预审|pre-?review", ("pre_review_passed", "branch_meeting_admitted")),
    (r"党委.{0,4}谈话|审批.{0,4}谈话|committee (?:interview|talk)", ("committee_interview",)),
    (r"谈话|interview|\btalk", ("interview",)),
    (r"公示|notice", ("public_notice_posted", "candidate_listed")),
    (r"政审|政治审查|political review", ("political_review_passed",)),
    (r"集中培训|短期培训|training", ("intensive_training_completed",)),
    (r"半年.{0,4}考察|考察|half-year", ("half_year_review",)),
    (r"(预备党员|入党).{0,6}(审批|批准|批复)|审批|批准|批复|approv", ("admission_approved", "conversion_approved")),
    (
        r"支部(党员)?大会|接收|预备党员|入党(?!申请|积极)|branch meeting|probationary|admitted|admission",
        ("branch_meeting_admitted", "admission_approved"),
    ),
    (r"发展对象|candidate", ("candidate_decided", "candidate_listed")),
    (r"积极分子|推优|activist", ("activist_decided", "half_year_review")),
    (r"谈的话", ("interview",)),
    (r"申请(?!人)|appl(?:y|ied|ication)", ("application_received", "interview")),
    (r"联系人|mentor", ("mentor_assigned",)),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), steps) for pattern, steps in _CALLED)
# The event that a supposition is about, where it is another than the first above.
_EVENTS = (
    (r"列为发展对象|公示(?:结束|期满|通过)|listed as", "candidate_listed"),
    (r"公示|张榜|notice", "public_notice_posted"),
    (r"发展对象|candidate", "candidate_decided"),
    (r"积极分子.{0,6}备案", "activist_filed"),
    (r"积极分子|activist", "activist_decided"),
    (r"预审|pre-?review", "pre_review_passed"),
    (r"党委.{0,4}谈话|审批.{0,4}谈话|committee (?:interview|talk)", "committee_interview"),
    (r"谈话|interview|talk", "interview"),
    (r"政审|政治审查|political review", "political_review_passed"),
    (r"集中培训|短期培训|training", "intensive_training_completed"),
    (r"介绍人|introducer", "introducers_named"),
    (r"联系人|mentor", "mentor_assigned"),
    (r"志愿书", "volunteer_form_completed"),
    (r"宣誓|\boath", "oath_taken"),
    (r"转正申请|申请转正|appl\w* for conversion|conversion application", "conversion_applied"),
    (r"转正.{0,6}(?:审批|批准|批复)", "conversion_approved"),
    (r"转正|conversion|convert", "conversion_meeting"),
    (r"(?:大会|表决|接收|通过).{0,8}预备党员|支部(?:党员)?大会|branch meeting", "branch_meeting_admitted"),
    (r"审批|批准|批复|approved", "admission_approved"),
    (r"毕业|离校|离开|graduate|leave|leaving", "leaving_planned"),
    (r"申请书|申请入党|入党申请|\bappl(?:y|ied)", "application_received"),
    (r"预备党员|入党(?!积极)|probationary|admitted", "branch_meeting_admitted"),
)
_SUPPOSED = tuple((re.compile(pattern, re.IGNORECASE), step) for pattern, step in _EVENTS)
GENERAL = re.compile(
    r"(我的|自己的|有(什么|哪些|没有)).{0,8}(期限|日期|到期|超期|要办|待办)|my (dates|deadlines)", re.IGNORECASE
)

_HOW_FAR = re.compile(
    r"^(?:请问|我想知道)?(?:"
    r"我(?!们).{0,6}到.{0,2}(?:哪一?[步儿里]|哪一?个?阶段|第几步|(?:什么|啥)阶段)了?|"
    r"我(?!们).{0,6}(?:是|在|处于|属于).{0,2}(?:什么|啥|哪一?个?)阶段|"
    r"我?(?:的?接下来|的?下一步|的?下步)我?(?:该|要|应该|需要|得)?(?:做|干|办|是)?(?:点|些)?(?:什么|啥|怎么[做办走]|咋[做办走])|"
    r"(?:where am i|how far am i|what(?:'s| is| comes) next|what should i do next)"
    r")(?:[了呢啊呀吗嘛哦]| now)*[?？。!！ ]*$",
    re.IGNORECASE,
)

_WHOM_I_ACCOMPANY = re.compile(
    r"^(?:请问)?(?:"
    r"我(?:负责|培养)?(?:联系|带|培养)的(?:同学|学生|人|对象|积极分子)(?:们|现在|目前|各自|分别|都)*"
    r"(?:[有是]谁|[有是]?哪些(?:人|同学|学生)?|(?:走?到|在|处于).{0,2}(?:哪一?[步里]|(?:什么|哪一?个?)阶段))|"
    r"(?:who (?:are my (?:students|mentees)|do i (?:accompany|mentor))|where are my (?:students|mentees))"
    r")(?:[了呢啊呀吗嘛]| now)*[?？。!！ ]*$",
    re.IGNORECASE,
)


def asks_whom_i_accompany(text: str) -> bool:
    """Whether a mentor asks who their students are or where these stand, and nothing else: /due tells it."""
    return _WHOM_I_ACCOMPANY.match(text.strip()) is not None


def asks_how_far(text: str) -> bool:
    """Whether somebody asks where they stand and what comes next, and nothing else: /progress tells it."""
    return _HOW_FAR.match(text.strip()) is not None


@dataclass(frozen=True)
class OwnDates:
    """The asker wants their own dates of these steps; of all, where it is empty. `past`: when it happened."""

    steps: tuple[str, ...]
    past: bool = False

    def passed(self, facts: Sequence[Fact]) -> list[Fact]:
        """When the step that was asked about happened, the latest last."""
        return [fact for fact in facts if fact.step in self.steps[:1]]

    def among(self, dates: Sequence[Deadline]) -> list[Deadline]:
        """The open dates that were asked about, soonest first."""
        return [one for one in dates if one.is_open and (not self.steps or one.step in self.steps)]


@dataclass(frozen=True)
class Supposition:
    """If `step` happened on `day`: what would follow, in particular for `wanted` (empty: whatever follows).

    `day` None: of an extension alone, when probation ends. `said`: the words that a day reads a year or a day of the
    month into; None where all was said. `extension`: probation were extended too, or by this step alone.
    """

    step: str
    day: date | None
    wanted: tuple[str, ...]
    said: str | None = None
    extension: Extension | None = None


def supposed(question: str, today: date) -> Supposition | None:
    """The what-if of a question such as 「如果 2026-12-01 确定为积极分子，最早什么时候能成为发展对象」.

    Raises:
        NoDay: a day was said that the calendar does not have.
    """
    if not _IF.search(question):
        return None
    found = day_said(question, today)
    longer = extension_said(question, found)
    if longer is not None:
        return _extension_supposed(question, longer, found)
    if found is None:
        return None
    condition, rest = _halves(question, found.end)
    step = next((step for pattern, step in _SUPPOSED if pattern.search(condition)), None)
    if step is None or (_NO_DAY_ASKED.search(question) and not _WHEN.search(question)):
        return None
    if found.day is None:
        raise NoDay(value=found.said)
    return Supposition(step, found.day, steps_named(rest), found.said if found.guess else None)


def _extension_supposed(question: str, longer: SaidExtension, day: SaidDay | None) -> Supposition | None:
    """「如果延长预备期6个月，最早什么时候转正」, alone or after something else that is supposed."""
    if _NO_DAY_ASKED.search(question) and not _WHEN.search(question):
        return None
    if day is not None and day.day is None:
        raise NoDay(value=day.said)
    said = day.said if day is not None and day.guess else None
    rest = _halves(question, longer.end)[1]
    wanted = steps_named(rest)
    if day is None or longer.day_is_end:
        is_asked = longer.extension.is_said or (wanted and _WHEN.search(question))
        return Supposition(EXTENDED, None, wanted, said, longer.extension) if is_asked else None
    condition = question[: longer.start] if day.end <= longer.start else ""
    clauses = _AFTERWARDS.split(condition)
    step = None if len(clauses) < 2 else next((step for name, step in _SUPPOSED if name.search(condition)), None)
    return Supposition(step or EXTENDED, day.day, wanted, said, longer.extension)


def _halves(question: str, day_ends: int) -> tuple[str, str]:
    """What is supposed, and what is asked; in English the question may come first: When …, if … on 2026-12-01?"""
    first = re.match(
        r"(?P<asked>[^,，?？]*?(?:when|how soon|earliest|latest)\b.*?)\b(?P<if>if|assuming)\b", question, re.I
    )
    if first and first.end() <= day_ends:
        return question[first.start("if") :], first["asked"]
    end = _CLAUSE_ENDS.search(question, day_ends)
    return (question[: end.start()], question[end.start() :]) if end else (question, "")


def own_dates(question: str) -> OwnDates | None:
    """Which of the asker's own dates a question is about; None for a question about the rules."""
    if GENERAL.search(question):
        return OwnDates(steps_named(question))
    steps = steps_named(question)
    asked = steps and _SELF.search(question) and _WHEN.search(question)
    return OwnDates(steps, past=_PAST.search(question) is not None) if asked else None


def steps_named(text: str) -> tuple[str, ...]:
    """The steps that the first name found in a text means."""
    return next((steps for pattern, steps in _PATTERNS if pattern.search(text)), ())

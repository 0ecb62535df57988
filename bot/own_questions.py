"""Questions about the asker's own dates, told from questions about the rules by patterns that prefer the latter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.day_words import day_said
from bot.days import NoDay
from records.deadline import Deadline
from records.facts import Fact

_SELF = re.compile(r"[我俺](?!们|校|院|国|党|班|支部)|本人|自己(?!写|填|打|选|找|交)")
_WHEN = re.compile(
    r"什么时候|啥时候?|何时|几时|哪一?天|几号|几月|了几[天周个年]|多久|多长时间|还要等|还差|还剩|到期|超期|过期|逾期|截止|期限|"
    r"最早|最晚|最迟|到时间|时间(到|够|满)|满(一年|半年)|(可以|能|该|够).{0,12}(了吗|了没|了么|吗)|"
    r"when|due|deadline|how long",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?<!满)了(?:有)?(?:多久|多长|几|多少)|(?<!还要)(?<!还差)(?<!还剩)(?<!再)多久了|"
    r"(?:哪一?天|什么时候|啥时候?|何时|几时|几号|几月)(?!能|可以|才|要|该).{0,12}(?:的[?？呀啊]*$|[谈交递推宣]的)"
)
_IF = re.compile(r"如果|假如|假设|要是|若(是)?|倘若|万一|\bif\b|suppose", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(r"[，,。；;？?]|那么?|最早|then")

# What people call a step, the particular before the general; each with the steps whose dates are meant.
_CALLED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"转正申请", ("conversion_applied", "conversion_meeting")),
    (r"转正|转为正式|正式党员|预备期", ("conversion_meeting", "conversion_approved")),
    (r"思想汇报|思想报告", ("thought_report",)),
    (r"宣誓", ("oath_taken",)),
    (r"归档|档案", ("archived",)),
    (r"预审", ("pre_review_passed", "branch_meeting_admitted")),
    (r"党委.{0,4}谈话|审批.{0,4}谈话", ("committee_interview",)),
    (r"谈话", ("interview",)),
    (r"公示", ("public_notice_posted", "candidate_listed")),
    (r"政审|政治审查", ("political_review_passed",)),
    (r"集中培训|短期培训", ("intensive_training_completed",)),
    (r"半年.{0,4}考察|考察", ("half_year_review",)),
    (r"(预备党员|入党).{0,6}(审批|批准|批复)|审批|批准|批复", ("admission_approved", "conversion_approved")),
    (r"支部(党员)?大会|接收|预备党员|入党(?!申请|积极)", ("branch_meeting_admitted", "admission_approved")),
    (r"发展对象", ("candidate_decided", "candidate_listed")),
    (r"积极分子|推优", ("activist_decided", "half_year_review")),
    (r"谈的话", ("interview",)),
    (r"申请(?!人)", ("application_received", "interview")),
    (r"联系人", ("mentor_assigned",)),
)
_PATTERNS = tuple((re.compile(pattern), steps) for pattern, steps in _CALLED)
# The event that a supposition is about, where it is another than the first above.
_SUPPOSED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"列为发展对象|公示(结束|期满|通过)"), "candidate_listed"),
    (re.compile(r"公示|张榜"), "public_notice_posted"),
    (re.compile(r"发展对象"), "candidate_decided"),
    (re.compile(r"积极分子"), "activist_decided"),
    (re.compile(r"预审"), "pre_review_passed"),
    (re.compile(r"(转正).{0,8}(大会|讨论|表决)"), "conversion_meeting"),
    (re.compile(r"(大会|表决|接收|通过).{0,8}预备党员|支部(党员)?大会|成为预备党员"), "branch_meeting_admitted"),
    (re.compile(r"(审批|批准|批复)"), "admission_approved"),
    (re.compile(r"毕业|离校|离开"), "leaving_planned"),
    (re.compile(r"申请书|申请入党|入党申请"), "application_received"),
)
GENERAL = re.compile(
    r"(我的|自己的|有(什么|哪些|没有)).{0,8}(期限|日期|到期|超期|要办|待办)|my (dates|deadlines)", re.IGNORECASE
)


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

    `said`: the words that `day` reads a year or a day of the month into; None where all was said.
    """

    step: str
    day: date
    wanted: tuple[str, ...]
    said: str | None = None


def supposed(question: str, today: date) -> Supposition | None:
    """The what-if of a question such as 「如果 2026-12-01 确定为积极分子，最早什么时候能成为发展对象」.

    Raises:
        NoDay: a day was said that the calendar does not have.
    """
    found = day_said(question, today) if _IF.search(question) else None
    if found is None:
        return None
    end = _CLAUSE_ENDS.search(question, found.end)
    condition, rest = (question[: end.start()], question[end.start() :]) if end else (question, "")
    step = next((step for pattern, step in _SUPPOSED if pattern.search(condition)), None)
    if step is None:
        return None
    if found.day is None:
        raise NoDay(value=found.said)
    return Supposition(step, found.day, steps_named(rest), found.said if found.guess else None)


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

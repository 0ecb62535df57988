"""Why a step cannot be recorded: each names the article or the school, and what to do."""

from __future__ import annotations

from typing import Any, ClassVar

from storage.errors import Term, WaymarkError


def step_term(step: str) -> Term:
    """A step's id, worded for people."""
    return Term(step, f"step.{step}")


def level_term(level: str) -> Term:
    """细则要求 or 学校要求."""
    return Term(level, f"level.{level}")


def source_term(level: str, article: int | str | None) -> Term:
    """Who demands it and where: 细则第七条, or the school."""
    if level == "national":
        return Term(f"Detailed Rules Art {article}", "source.national", article=article)
    if article:
        return Term(f"school requirement, {article}", "source.school_article", article=article)
    return Term("school requirement", "source.school")


def detail_term(name: str) -> Term:
    """The name of a detail, worded for people."""
    return Term(name, f"detail.{name}")


class StepRefused(WaymarkError):
    """A step that cannot be recorded as asked; `code` names the same fact when it is only marked."""

    code: ClassVar[str] = "refused"

    def __init__(self, **fields: Any) -> None:
        if "article" in fields:
            fields.setdefault("source", source_term(str(fields.get("level", "national")), fields["article"]))
        super().__init__(**fields)


class StepUnknown(StepRefused):
    """No such step."""

    key = "error.step_unknown"
    sentence = "'{step}' is not a step. Steps are: {known}."


class StepInFuture(StepRefused):
    """A day that has not come."""

    key = "error.step_future"
    sentence = "{step} cannot have happened on {on}: today is {today}. Record what has happened, on its true date."


class StepRepeated(StepRefused):
    """Recorded before."""

    key = "error.step_repeated"
    sentence = "{step} is already recorded on {earlier} (entry {entry}). Correct that entry instead of adding another."


class StepFieldUnknown(StepRefused):
    """A detail that this step does not keep."""

    key = "error.step_field_unknown"
    sentence = "{step} keeps no detail '{field}'. It keeps: {known}."


class StepFieldWrong(StepRefused):
    """A detail that cannot be read."""

    key = "error.step_field_wrong"
    sentence = "{step}: {field} cannot be '{value}'. Expected: {expected}."


class StepFieldMissing(StepRefused):
    """A detail without which the step says nothing."""

    key = "error.step_field_missing"
    sentence = "{step} needs {field} ({source})."


class StepBallots(StepRefused):
    """A reason or detail that says how somebody voted."""

    key = "error.step_ballots"
    sentence = "{step}: a vote is secret, and only its totals are kept. Leave out how anybody voted."


class StepCountWrong(StepRefused):
    """Too few or too many people."""

    key = "error.step_count_wrong"
    sentence = "{step} needs {wanted} full members as {field}, not {found} ({source})."
    code = "count_wrong"


class StepNotFullMember(StepRefused):
    """Somebody who is on the track themselves cannot be a mentor or introducer yet."""

    key = "error.step_not_full_member"
    sentence = "{step}: {name} is not a full member, which {field} must be ({source}). Choose somebody else."
    code = "not_full_member"


class StepNamesThemself(StepRefused):
    """Somebody was named as their own mentor or introducer."""

    key = "error.step_names_themself"
    sentence = "{step}: {name} cannot be their own {field}. Choose somebody else."


class StepMissing(StepRefused):
    """Something has to come first."""

    key = "error.step_missing"
    sentence = "{step} cannot come before {needs} ({source}). Record {needs} first."
    code = "gap"


class StepNotReviewed(StepRefused):
    """No political review."""

    key = "error.step_not_reviewed"
    sentence = "{step} is not possible without a passed political review ({source})."
    code = "gap"


class StepOutOfOrder(StepRefused):
    """A day before that of what comes first."""

    key = "error.step_order"
    sentence = "{step} on {on} lies before {other} on {other_on} ({source}). Check both dates."
    code = "order"


def lacks_history(error: WaymarkError | None) -> bool:
    """Whether what was refused could be recorded as history: only something that comes before it is not known here."""
    return isinstance(error, StepMissing | StepOutOfOrder)


class StepTooEarly(StepRefused):
    """Before the first day that the rule allows."""

    key = "error.step_early"
    sentence = "{step} on {on} is too early: the time condition is met on {due} ({source})."
    code = "early"


class StepUnderAge(StepRefused):
    """An application before the 18th birthday."""

    key = "error.step_under_age"
    sentence = "An application of {on} is not valid: 18 years are complete on {due} ({source})."
    code = "under_age"


class StepBeforeProbationEnd(StepRefused):
    """A conversion meeting before the end of probation."""

    key = "error.step_before_probation_end"
    sentence = "Conversion cannot be discussed on {on}: probation runs until {due} ({source})."
    code = "before_probation_end"


class StepNeedsReason(StepRefused):
    """Allowed in special cases, and then with a reason."""

    key = "error.step_reason"
    sentence = "{step}: {problem} ({source}). If it was decided so all the same, give the reason."


class StepNoQuorum(StepRefused):
    """Too few people with a vote were there."""

    key = "error.step_quorum"
    sentence = "{present} of {entitled} present is no quorum: at least {needed} are needed ({source})."
    code = "no_quorum"


class StepNoMajority(StepRefused):
    """Too few votes in favour."""

    key = "error.step_majority"
    sentence = "{in_favour} of {entitled} in favour is no majority: at least {needed} are needed ({source})."
    code = "no_majority"


class StepVoteWrong(StepRefused):
    """Totals that contradict one another."""

    key = "error.step_vote"
    sentence = "{step}: of {entitled} entitled, {present} present and {in_favour} in favour cannot be."


class StepExtensionSecond(StepRefused):
    """Probation can be extended once."""

    key = "error.step_second_extension"
    sentence = "Probation was already extended on {earlier}; a second extension is not possible ({source})."
    code = "second_extension"


class StepExtensionRange(StepRefused):
    """An extension is half a year to a year, from the old end."""

    key = "error.step_extension_range"
    sentence = "Probation can be extended to {first} … {last}, not to {extended_to} ({source})."
    code = "extension_range"

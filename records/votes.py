"""The arithmetic of a vote: quorum and majority are both of all who are entitled (Arts 19, 20, 32). Totals only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from records import refusals as no
from records.limits import Finding, Mark
from records.track import Step

COUNTS = ("entitled_count", "present_count", "in_favour")
# Words of how somebody voted. 同意 alone is not one: a higher committee agrees to much that is no vote.
_BALLOT = re.compile(
    r"赞成|赞同|不同意|反对(?!形式主义|官僚主义|腐败|浪费)|弃权|弃票|否决|异议|保留意见|举手|[画划打][叉勾圈√×]|"
    r"投.{0,4}票|投了(?!入)|[没未不]投(?![入递保稿资])|[\d一二三四五六七八九十两]票|票[赞反弃]|"
    r"\bvot(?:e[ds]?|ing) (?:for|against|no|yes)|voted|votes? (?:of|by|from)|in favou?r|"
    r"(?:is|was|were|be|been|being|spoke|stood) against|abstain|oppos(?:ed|es|ing)|dissent|objected|"
    r"raised? (?:a|his|her|their) hand",
    re.IGNORECASE,
)


def has_quorum(entitled: int, present: int) -> bool:
    """More than half of those entitled are there: 6 of 12 are not enough."""
    return 2 * present > entitled


def has_majority(entitled: int, in_favour: int) -> bool:
    """More than half of those entitled are in favour, written opinions given beforehand included."""
    return 2 * in_favour > entitled


def speaks_of_ballots(text: str) -> bool:
    """Whether a free text says how somebody voted: ballots are secret (Art 20), so no reason may hold it."""
    return bool(_BALLOT.search(text))


def findings_of_vote(step: Step, detail: Mapping[str, str]) -> Iterator[Finding]:
    """What the totals of a meeting say against it; no totals at all are marked."""
    if step.vote is None:
        return
    given = [name for name in COUNTS if name in detail]
    if not given:
        yield Finding(Mark("votes_missing", article=step.vote.quorum))
        return
    if len(given) < len(COUNTS):
        missing = next(name for name in COUNTS if name not in detail)
        error = no.StepFieldMissing(step=no.step_term(step.id), field=no.detail_term(missing), article=step.vote.quorum)
        yield Finding(Mark("votes_missing", article=step.vote.quorum), error, "refuse")
        return
    entitled, present, in_favour = (int(detail[name]) for name in COUNTS)
    level = no.level_term("national")
    needed = entitled // 2 + 1
    if entitled == 0 or present > entitled or in_favour > entitled:
        wrong = no.StepVoteWrong(step=no.step_term(step.id), entitled=entitled, present=present, in_favour=in_favour)
        yield Finding(Mark("vote_wrong", article=step.vote.quorum), wrong, "refuse")
        return
    if not has_quorum(entitled, present):
        quorum = no.StepNoQuorum(
            entitled=entitled, present=present, needed=needed, article=step.vote.quorum, level=level
        )
        yield Finding(Mark(quorum.code, article=step.vote.quorum), quorum, "refuse")
    if not has_majority(entitled, in_favour):
        majority = no.StepNoMajority(
            entitled=entitled, in_favour=in_favour, needed=needed, article=step.vote.majority, level=level
        )
        yield Finding(Mark(majority.code, article=step.vote.majority), majority, "refuse")

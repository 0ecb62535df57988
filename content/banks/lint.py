"""What looks wrong with questions that can be asked: keys that the library contradicts, overlaps, outdated teaching."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from content.banks.question import Problem, Question, QuestionKind, bare, problem, words_of
from content.passages import Passage

_BLANK = re.compile(r"[（(][\s　_]*[)）]|_{2,}|[ \xa0　]{4,}|﹍{2,}|…{2,}")
# A filled-in sentence shorter than this is found in too many texts to mean anything.
_SHORTEST_SENTENCE = 12
_NOT = "不无非未没"


@dataclass(frozen=True)
class _Text:
    title: str
    article: str
    words: str


def lint(questions: Sequence[Question], passages: Iterable[Passage] = ()) -> list[Problem]:
    """Everything suspicious, in the order of the questions; `passages` are those in force."""
    texts = [
        _Text(passage.title, passage.content.article or "", words_of(passage.content.text))
        for passage in passages
        if passage.content.article
    ]
    found: list[Problem] = []
    seen: dict[str, Question] = {}
    for question in questions:
        found += _shape(question)
        found += _overlaps(question)
        found += _outdated(question)
        found += _contradicted(question, texts)
        other = seen.setdefault(bare(question.stem), question)
        if other is not question and other.digest == question.digest and other.right != question.right:
            sentence = "The same question has another answer at {other}. Keep the right one."
            found.append(problem(question.where, "bank.two_answers", sentence, other=other.where))
    return found


def _shape(question: Question) -> list[Problem]:
    found = []
    if len(question.answer) == len(question.options) and question.kind is not QuestionKind.MULTIPLE:
        found.append(problem(question.where, "bank.all_right", "Every option is marked as right."))
    if len({bare(option) for option in question.options}) < len(question.options):
        found.append(problem(question.where, "bank.same_options", "Two options differ in spaces or punctuation only."))
    if not question.answer:
        found.append(problem(question.where, "bank.no_answer", "There is no answer. Fill it in."))
    return found


def _overlaps(question: Question) -> list[Problem]:
    """The right option is part of a wrong one, or the other way round, so that people will argue."""
    if question.kind is not QuestionKind.SINGLE or not question.answer:
        return []
    right = bare(question.options[question.answer[0]])
    for place, option in enumerate(question.options):
        other = bare(option)
        opposed = right[:1] in _NOT or other[:1] in _NOT  # 记名投票 and 无记名投票 are no overlap
        contained = min(len(right), len(other)) >= 4 and (right in other or other in right)
        if place not in question.answer and contained and not opposed:
            sentence = "The right option and “{option}” contain each other. Check the key."
            return [problem(question.where, "bank.overlapping_options", sentence, option=option[:40])]
    return []


def _outdated(question: Question) -> list[Problem]:
    if "学校" in question.stem + "".join(question.options):
        return []  # it says itself whose practice it is
    text = question.stem + "".join(question.options[place] for place in question.answer) + question.explanation
    if question.kind is QuestionKind.JUDGE and bare(question.options[question.answer[0]]) in {"错误", "错"}:
        return []  # what it says is meant to be wrong
    for rule in _rules():
        if not re.search(rule["pattern"], text):
            continue
        if rule["problem"] == "local":
            sentence = "《{title}》 does not say this; it is the practice of some schools."
            return [problem(question.where, "bank.local_practice", sentence, title=rule["title"])]
        sentence = "This may be outdated: see 《{title}》 {article}, in force since {since}."
        fields = {key: str(rule[key]) for key in ("title", "article", "since")}
        return [problem(question.where, "bank.outdated", sentence, **fields)]
    return []


def _contradicted(question: Question, texts: Sequence[_Text]) -> list[Problem]:
    """The sentence with another option in its blank stands in a text in force, and with the right one it does not."""
    if question.kind is not QuestionKind.SINGLE or len(_BLANK.findall(question.stem)) != 1:
        return []
    before, after = (words_of(part) for part in _BLANK.split(question.stem))
    standing: dict[int, _Text] = {}
    for place, option in enumerate(question.options):
        sentence = before + words_of(option) + after
        if len(sentence) >= _SHORTEST_SENTENCE:
            for text in texts:
                if sentence in text.words:
                    standing[place] = text
                    break
    if not standing or question.answer[0] in standing:
        return []
    place, text = next(iter(standing.items()))
    sentence = "《{title}》 {article} says “{option}”, which is not the key."
    fields = {"title": text.title, "article": text.article, "option": question.options[place][:40]}
    return [problem(question.where, "bank.key_contradicted", sentence, **fields)]


@cache
def _rules() -> list[dict[str, Any]]:
    rules = yaml.safe_load((files("content") / "banks" / "outdated.yaml").read_text("utf-8"))
    return [rule | {"since": rule.get("since", date.min)} for rule in rules]

"""One row of any bank made into a question: kinds, options and answers in the many ways people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from content.banks.question import Problem, Question, QuestionKind, bare, problem
from content.passages import Basis

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPTION = re.compile(r"(?:^|(?<=[\s,，;；|、。]))\s*[(（]?([A-Z])[)）]?\s*[.．、:：)）]\s*")
_STEM_KIND = re.compile(
    r"^\s*[\[【(（]?(?P<kind>单选题?|多选题?|判断题?|单项选择题?|多项选择题?)[\]】)）]?[\s、.．:：]+"
)
_STEM_NUMBER = re.compile(r"^\s*\d{1,4}\s*[.．、](?!\d)\s*")
_KINDS = {
    QuestionKind.SINGLE: ("单选", "单项", "single"),
    QuestionKind.MULTIPLE: ("多选", "多项", "不定项", "multi"),
    QuestionKind.JUDGE: ("判断", "judge", "true_false", "truefalse", "tf", "boolean"),
}
_TRUE = {"正确", "对", "是", "√", "✓", "t", "true", "yes", "y", "正确的", "1.0"}
_FALSE = {"错误", "错", "否", "×", "✗", "x", "f", "false", "no", "n", "错误的", "不正确"}
JUDGE_OPTIONS = ("正确", "错误")


@dataclass
class Row:
    """What stands in a file about one question, before it is understood.

    `options` is a list, a mapping of letters, or everything in one text; `answer` letters, words or a truth value.
    """

    where: str
    stem: Any
    options: Any = None
    answer: Any = None
    kind: Any = None
    explanation: Any = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def understood(row: Row) -> tuple[Question | None, list[Problem]]:
    """The question with remarks, or None with the reason."""
    stem, kind = _stem(str(row.stem or ""), str(row.kind or ""))
    if not bare(stem):
        return None, [problem(row.where, "bank.no_stem", "There is no question text. Fill it in.")]
    options = _options(row.options)
    if not any(options) and (kind is QuestionKind.JUDGE or _truth(row.answer) is not None):
        options = list(JUDGE_OPTIONS)
    answer, reason = _answer(row, options)
    if reason is not None:
        return None, [reason]
    options, answer, remarks = _tidied(options, answer, row.where)
    if len(options) < 2:
        return None, [problem(row.where, "bank.few_options", "There are fewer than two options. Fill them in.")]
    kind = _kind(kind, options, answer)
    return Question(
        kind,
        stem,
        tuple(options),
        tuple(sorted(answer)),
        row.where,
        str(row.explanation or "").strip(),
        _basis(row.more.get("basis")),
        tuple(str(stage) for stage in row.more.get("stages") or ()),
        str(row.more["topic"]) if row.more.get("topic") else None,
        _difficulty(row.more.get("difficulty")),
    ), remarks


def _stem(text: str, given: str) -> tuple[str, QuestionKind | None]:
    kind = _named_kind(given)
    if match := _STEM_KIND.match(text):
        kind = kind or _named_kind(match["kind"])
        text = text[match.end() :]
    return _STEM_NUMBER.sub("", text).strip(), kind


def _named_kind(text: str) -> QuestionKind | None:
    text = text.strip().lower()
    return next((kind for kind, names in _KINDS.items() if any(name in text for name in names)), None)


def _options(given: Any) -> list[str]:
    """The options in order; empty ones keep their place, because an answer's letter counts them."""
    if isinstance(given, Mapping):
        return [str(words or "").strip() for _, words in sorted(given.items(), key=lambda item: str(item[0]))]
    if isinstance(given, str):
        return _from_one_text(given)
    if not isinstance(given, Sequence):
        return []
    options = []
    for item in given:
        if isinstance(item, Mapping):
            item = next((item[key] for key in ("value", "text", "content", "option", "label") if key in item), "")
        options.append(str("" if item is None else item).strip())
    if options and all(
        re.match(rf"{_LETTERS[place]}\s*[.．、:：)）]", words) for place, words in enumerate(options[:26])
    ):
        options = [re.sub(r"^[A-Z]\s*[.．、:：)）]\s*", "", words) for words in options]
    return options


def _from_one_text(text: str) -> list[str]:
    """「A.甲, B.乙」, or parts between semicolons, bars or line ends."""
    starts: list[re.Match[str]] = []
    for match in _OPTION.finditer(text):
        if match[1] == _LETTERS[len(starts)]:
            starts.append(match)
    if len(starts) >= 2:
        ends = [match.start() for match in starts[1:]] + [len(text)]
        return [
            text[match.end() : end].strip().rstrip(",，;；|").strip() for match, end in zip(starts, ends, strict=True)
        ]
    for separator in (r"\s*\n+\s*", r"\s*[;；]\s*", r"\s*[|｜]\s*"):
        parts = [part for part in re.split(separator, text.strip()) if part]
        if len(parts) >= 2:
            return parts
    return []


def _truth(answer: Any) -> bool | None:
    if isinstance(answer, bool):
        return answer
    word = str(answer if answer is not None else "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _answer(row: Row, options: list[str]) -> tuple[set[int], Problem | None]:
    """Positions of the right options, or why they could not be told."""
    given = row.answer
    if isinstance(given, list | tuple):
        if given and all(isinstance(item, int) and not isinstance(item, bool) for item in given):
            return _placed(set(given), options, row)
        given = "".join(map(str, given)) if all(re.fullmatch("[A-Za-z]", str(item)) for item in given) else given
    if given is None or (not isinstance(given, bool) and not given):
        return set(), problem(row.where, "bank.no_answer", "There is no answer. Fill it in.")
    if not isinstance(given, list | tuple):
        text = str(given).strip()
        if by_words := {place for place, option in enumerate(options) if option and option == text}:
            return by_words, None
        letters = re.sub(r"[\s,，、;；|./]+", "", text).upper()
        if re.fullmatch("[A-Z]+", letters) and len(letters) <= max(1, len(options)):
            return _placed({_LETTERS.index(letter) for letter in letters}, options, row)
        truth = _truth(given)
        if truth is not None:
            places = {place for place, option in enumerate(options) if _truth(option) is truth}
            return _found(places if len(places) == 1 else set(), row)
        given = [text, *re.split(r"\s*[;；|、\n]\s*", text)]
        whole = {place for place, option in enumerate(options) if bare(option) == bare(text)}
        if whole:
            return whole, None
        given = given[1:]
    words = [bare(str(item)) for item in given if bare(str(item))]
    places = {place for place, option in enumerate(options) if bare(option) in words}
    return _found(places if len({bare(options[place]) for place in places}) == len(set(words)) else set(), row)


def _placed(places: set[int], options: list[str], row: Row) -> tuple[set[int], Problem | None]:
    if all(0 <= place < len(options) and options[place] for place in places):
        return places, None
    return _found(set(), row)


def _found(places: set[int], row: Row) -> tuple[set[int], Problem | None]:
    if places:
        return places, None
    sentence = "The answer {answer} is not among the options. Correct the answer or the options."
    return set(), problem(row.where, "bank.answer_not_among_options", sentence, answer=str(row.answer)[:60])


def _tidied(options: list[str], answer: set[int], where: str) -> tuple[list[str], set[int], list[Problem]]:
    """Without empty options and without repeats of an earlier one; positions follow."""
    kept: list[str] = []
    places: dict[int, int] = {}
    remarks: list[Problem] = []
    for place, option in enumerate(options):
        if not option:
            remarks.append(
                problem(where, "bank.empty_option", "Option {letter} is empty.", letter=_LETTERS[place % 26])
            )
            continue
        twin = next((number for number, other in enumerate(kept) if other.split() == option.split()), None)
        if twin is None:
            places[place] = len(kept)
            kept.append(option)
        else:
            places[place] = twin
            sentence = "Option {letter} repeats an earlier one: {option}."
            remarks.append(
                problem(where, "bank.repeated_option", sentence, letter=_LETTERS[place % 26], option=option[:40])
            )
    return kept, {places[place] for place in answer}, remarks


def _kind(kind: QuestionKind | None, options: list[str], answer: set[int]) -> QuestionKind:
    if len(answer) > 1:
        return QuestionKind.MULTIPLE
    if len(options) == 2 and {_truth(option) for option in options} == {True, False}:
        return QuestionKind.JUDGE
    return QuestionKind.MULTIPLE if kind is QuestionKind.MULTIPLE else QuestionKind.SINGLE


def _basis(given: Any) -> Basis | None:
    if isinstance(given, Mapping) and given.get("title") and given.get("article"):
        return Basis(str(given["title"]), str(given["article"]))
    return None


def _difficulty(given: Any) -> int:
    try:
        return min(5, max(1, int(given)))
    except (TypeError, ValueError):
        return 1

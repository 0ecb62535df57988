"""Chapters, articles and passages of a text, cut so that every passage is exactly a piece of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from content.chunks import LONGEST_SECTION, chunks
from content.notices import Notice
from content.numerals import NUMERAL, number_of
from content.passages import Basis, Level, PassageText
from content.readers.source import Source

_MARKS = r"[ \t　 \u2002\u2003]*(?:[-*+>][ \t]+|#{1,6}[ \t　]*)?"
_ARTICLE = re.compile(
    rf"^{_MARKS}(?P<start>[*_]{{0,3}}(?P<label>第[ 　]?{NUMERAL}[ 　]?条(?:[ 　]?之[ 　]?[一二三四五六七八九十]+)?))"
    rf"(?P<bold>[*_]{{0,3}})(?P<after>[^\n]?)(?P<rest>[^\n]?)",
    re.MULTILINE,
)
_CHAPTER = re.compile(
    rf"^{_MARKS}[*_]{{0,3}}(?P<label>第[ 　]?{NUMERAL}[ 　]?(?P<unit>分编|编|部分|章|节))(?P<rest>[^\n]{{0,60}})$",
    re.MULTILINE,
)
_RANKS = {"编": 1, "部分": 1, "分编": 2, "章": 3, "节": 4}
_CONTENTS_LINE = re.compile(r"(?:[.．…·]{2,}|\s{2,}|\t)\s*\d{1,4}\s*$")
# After 第七条 without a space these read on as a reference, not as the article's own words.
_REFERENCE = "的规、，。；：和或至与及第款项中之》）)”（"
_BASIS = re.compile(
    r"^[>*\s　]*依据[:：]\s*《(?P<title>[^》]+)》\s*"
    r"(?P<article>第[^条\s]{1,12}条(?:之[一二三四五六七八九十]+)?)?[^\n]*$"
)
_SCHOOL = re.compile(r"^[>*\s　]*学校做法[^\n]{0,60}$")
_OUTLINE = (
    re.compile(r"^[ \t　]*[*_]{0,2}(?P<text>[一二三四五六七八九十]{1,3}、[^\n]{1,40})$", re.MULTILINE),
    re.compile(r"^[ \t　]*[*_]{0,2}(?P<text>（[一二三四五六七八九十]{1,3}）[^\n]{1,40})$", re.MULTILINE),
    re.compile(r"^[ \t　]*[*_]{0,2}(?P<text>\d{1,2}[.．、][ \t]?(?!\d)[^\n]{1,40})$", re.MULTILINE),
)
_SENTENCE_ENDS = "。；;！？!?，,：:"


@dataclass(frozen=True)
class Split:
    """The passages with how many chapters and articles they came from."""

    title: str | None
    passages: tuple[PassageText, ...]
    notices: tuple[Notice, ...]
    chapters: int
    articles: int


@dataclass(frozen=True)
class _Mark:
    """A place where something begins; `body` is where its text begins, `heading` its words, `rank` 0 the outermost."""

    start: int
    body: int
    heading: str | None = None
    article: str | None = None
    rank: int = 0
    unit: str | None = None


def split(source: Source) -> Split:
    """Cut a text: by articles where it has them, else by headings, else into pieces of whole sentences."""
    articles = _articles(source.text)
    headings = _headings(source, with_chapters=True)
    if not articles and not headings:
        headings = _outline(source.text)
    title, headings, begin = _title(source, headings, articles)
    marks = sorted([*headings, *articles], key=lambda mark: mark.start)
    passages, chapters = _passages(source, marks, begin)
    if not passages:
        # Nothing but headings, or a single line: then these are the text.
        passages = _section(source, 0, len(source.text), (), whole=False, alone=True)
    return Split(
        title,
        tuple(passages),
        tuple(_numbering_notices(articles)),
        chapters,
        len(articles),
    )


def _articles(text: str) -> list[_Mark]:
    """Where articles begin: a line of its own, and not a reference that happens to begin a line."""
    sure: list[_Mark] = []
    unsure: list[tuple[_Mark, str]] = []
    for match in _ARTICLE.finditer(text):
        label = re.sub(r"\s", "", match["label"])
        mark = _Mark(match.start(), match.start("start"), article=label)
        after, rest = match["after"], match["rest"].strip()
        if (not after or after.isspace() or after in "【（(：:" or match["bold"]) and not (
            rest and rest in "、，。；》"
        ):
            sure.append(mark)
        elif after not in _REFERENCE:
            unsure.append((mark, label))
    return sure if len(sure) >= len(unsure) else _in_sequence([*sure, *(mark for mark, _ in unsure)])


def _in_sequence(marks: Iterable[_Mark]) -> list[_Mark]:
    """Where nothing parts the label from the words (as in many PDFs), only the next number in turn is believed."""
    kept: list[_Mark] = []
    last = 0
    for mark in sorted(marks, key=lambda mark: mark.start):
        number = _number(mark.article or "")
        if number == last + 1 or (number == last and "之" in (mark.article or "")):
            kept.append(mark)
            last = number
    return kept


def _number(label: str) -> int:
    return number_of(label[1:].partition("条")[0])


def _headings(source: Source, *, with_chapters: bool) -> list[_Mark]:
    """Headings that the format marks, and lines that read as 第…章."""
    text = source.text
    marks: dict[int, _Mark] = {}
    ranks: dict[int, int] = {}
    chapters = {_line_start(text, match.start()): match for match in _CHAPTER.finditer(text)} if with_chapters else {}
    for offset, level in sorted(source.headings.items()):
        end = _line_end(text, offset)
        words = text[offset:end].strip().lstrip("#").strip(" \t　*_#")
        if _ARTICLE.match(text, offset):
            continue
        unit = chapters[offset]["unit"] if offset in chapters else None
        rank = _RANKS[unit] if unit else ranks.get(level, 0 if level <= 1 else level + 1)
        if unit:
            ranks[level] = rank
        marks[offset] = _Mark(offset, end, heading=_tidy(words), rank=rank, unit=unit)
    for offset, match in chapters.items():
        if offset not in marks and _is_chapter(match):
            marks[offset] = _chapter_mark(text, offset, match)
    return list(marks.values())


def _is_chapter(match: re.Match[str]) -> bool:
    rest = match["rest"]
    if _CONTENTS_LINE.search(rest):
        return False
    words = rest.strip(" \t　*_")
    if any(sign in words for sign in "。；，"):
        return False
    return not words or rest[:1].isspace() or rest[:1] in "*_　" or (len(words) <= 25 and words[0] not in _REFERENCE)


def _chapter_mark(text: str, offset: int, match: re.Match[str]) -> _Mark:
    """A chapter; its name may stand on the next line."""
    end = match.end()
    words = match["label"] + " " + match["rest"].strip(" \t　*_")
    if not match["rest"].strip(" \t　*_"):
        following = re.compile(r"\s*\n[ \t　*_]*(?P<name>[^\n。；，、]{1,20}?)[ \t　*_]*$", re.MULTILINE).match(
            text, end
        )
        if following and not _ARTICLE.match(following["name"]) and not _CHAPTER.match(following["name"]):
            words, end = match["label"] + " " + following["name"], following.end()
    return _Mark(offset, end, heading=_tidy(words), rank=_RANKS[match["unit"]], unit=match["unit"])


def _outline(text: str) -> list[_Mark]:
    """Headings of a text that marks none: short lines that begin with 一、 or （一） or 1."""
    marks: list[_Mark] = []
    for rank, pattern in enumerate(_OUTLINE, start=1):
        for match in pattern.finditer(text):
            words = match["text"].strip(" \t　*_")
            if words[-1] not in _SENTENCE_ENDS:
                marks.append(_Mark(match.start(), match.end(), heading=words, rank=rank))
    return marks


def _title(source: Source, headings: list[_Mark], articles: list[_Mark]) -> tuple[str | None, list[_Mark], int]:
    """The title, the headings without it, and where the text below it begins."""
    text = source.text
    headings = sorted(headings, key=lambda mark: mark.start)
    begin = len(text) - len(text.lstrip())
    words: list[str] = []
    while headings and headings[0].start == _line_start(text, begin) and source.headings.get(headings[0].start, 9) <= 1:
        if headings[0].unit or (words and not articles):
            break  # a second title line belongs to a law (民法典 / 人格权编); elsewhere it is the first section
        mark = headings.pop(0)
        words.append(mark.heading or "")
        begin = _skip_blank(text, mark.body)
    if words or source.title:
        return source.title or " ".join(words), headings, begin
    end = _line_end(text, begin)
    line = text[begin:end].strip(" \t　*_")
    first = min([mark.start for mark in [*headings, *articles]], default=len(text))
    if 0 < len(line) <= 60 and line[-1] not in _SENTENCE_ENDS and end < first and text[end:].strip():
        return line, headings, end
    return None, headings, begin


def _passages(source: Source, marks: list[_Mark], begin: int) -> tuple[list[PassageText], int]:
    """The pieces between the marks, and the number of chapters that hold an article."""
    text = source.text
    passages: list[PassageText] = []
    path: list[_Mark] = []
    chapters: dict[str, set[int]] = {}
    has_articles = any(mark.article for mark in marks)
    for mark, following in zip([None, *marks], [*marks, None], strict=True):
        start = begin if mark is None else mark.body
        end = len(text) if following is None else following.start
        if mark is not None and mark.heading is not None:
            path = [*(above for above in path if above.rank < mark.rank), mark]
        if start >= end:
            continue
        headings = tuple(above.heading or "" for above in path)
        if mark is not None and mark.article:
            for above in path:
                chapters.setdefault(above.unit or "", set()).add(above.start)
            passages.append(PassageText(headings, mark.article, text[start:end].strip(), source.page_at(start)))
            continue
        passages += _section(source, start, end, headings, whole=mark is None and has_articles, alone=not marks)
    counted = next((len(chapters[unit]) for unit in ("章", "编", "部分", "节") if unit in chapters), 0)
    return [passage for passage in passages if passage.text], counted


def _section(
    source: Source, start: int, end: int, headings: tuple[str, ...], *, whole: bool, alone: bool
) -> list[PassageText]:
    """The passages of a piece that is no article; `whole`: it stands before the first article."""
    text = source.text
    basis, level, start = _about(text, start, end)
    stops = sorted({start, end, *(stop for stop in source.breaks if start < stop < end)})
    passages = []
    for left, right in pairwise(stops):
        longest = LONGEST_SECTION * 2 if whole else 0 if alone else LONGEST_SECTION
        for first, last in chunks(text, left, right, longest=longest):
            piece = text[first:last].strip()
            if _says_something(piece):
                passages.append(PassageText(headings, None, piece, source.page_at(first), level, basis))
    return passages


def _says_something(piece: str) -> bool:
    """Whether there is more than comments and ruled lines."""
    return bool(re.sub(r"<!--.*?-->|[-*_=·.\s]", "", piece, flags=re.DOTALL))


def _about(text: str, start: int, end: int) -> tuple[Basis | None, Level, int]:
    """What the lines directly below a heading say of it: which article it rests on, or that it is school practice."""
    basis: Basis | None = None
    level = Level.NATIONAL
    while True:
        line_start = _skip_blank(text, start)
        line_end = min(_line_end(text, line_start), end)
        line = text[line_start:line_end]
        if line_start >= end:
            return basis, level, start
        if found := _BASIS.match(line):
            basis = basis or (Basis(found["title"], found["article"]) if found["article"] else None)
        elif _SCHOOL.match(line):
            level = Level.SCHOOL
        else:
            return basis, level, start
        start = line_end


def _numbering_notices(articles: list[_Mark]) -> list[Notice]:
    """Gaps and repeats in the numbers, which mean a page is missing or a text holds two documents."""
    gaps: list[str] = []
    repeats: list[str] = []
    last: _Mark | None = None
    seen: set[str] = set()
    for mark in articles:
        label = mark.article or ""
        number = _number(label)
        if label in seen:
            repeats.append(label)
        elif number > (_number(last.article or "") if last else number - 1) + 1:
            gaps.append(f"{last.article if last else ''}→{label}")
        seen.add(label)
        last = mark
    notices = []
    if gaps:
        sentence = "Numbers of articles are missing between: {where}. Check that no page is missing."
        notices.append(Notice("notice.articles_missing", sentence, {"where": "、".join(gaps[:5])}))
    if repeats:
        sentence = "These articles occur more than once: {where}. Check whether the file holds two documents."
        notices.append(Notice("notice.articles_repeated", sentence, {"where": "、".join(repeats[:5])}))
    return notices


def _tidy(words: str) -> str:
    return re.sub(r"[\s　]+", " ", words).strip()


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _skip_blank(text: str, offset: int) -> int:
    while offset < len(text) and text[offset].isspace():
        offset += 1
    return offset

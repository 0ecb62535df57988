"""What is shown of a date says all of it, and never a promise: 时间条件已满足, never 可以入党."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.deeds.standing import Prospect, Standing
from bot.own_questions import Supposition
from bot.views.dates import actor_name, event_name, show_date, show_dates, step_name
from bot.views.progress import progress_rows, progress_text
from bot.views.prospect import show_prospect
from bot.words import LOCALES, Locales
from content.numerals import numeral_of
from records.facts import Fact, stage_of
from records.outlook import what_if, what_it_takes, what_next
from records.party_standing import party_standing
from records.rules import deadlines
from records.track import TRACKS, load_track
from records.workdays import WorkCalendar
from tests.records.due import facts as facts_of
from tests.records.test_rules import EXAMPLES

SCHOOL_FREE = load_track()
TRACK = load_track(school=TRACKS / "school.example.yaml")
CALENDAR = WorkCalendar.standard()
GOALS = "入党|积极分子|发展对象|预备党员|正式党员|党员|转正|宣誓|下一步"
# 可以/能/将…成为…党员; 年满十八岁可以申请 (Art 5) speaks of applying, and 可以推迟 (Art 35) of putting off.
PROMISES = (
    re.compile(
        r"(?<![不未没只])(可以|能够?|即可|就可|就会|将会?|必定|一定|肯定|保证|确保|有资格|符合条件|具备条件)(?!申请|推迟|延长|不|否)[^，。；：\n（(]{0,6}"
        rf"({GOALS})"
    ),
    re.compile(r"(已经?|已)(合格|达标|具备(入党|转正|发展)?(资格|条件))|条件(已经?)?成熟|恭喜|祝贺|胜利在望|稳了"),
    re.compile(
        r"\b(you|they|he|she|who|student) (can|may|will|shall|are (ready|eligible|qualified|entitled)|qualif\w+)"
        r"(?! not\b)[^.;:(]{0,20}"
        r"\b(join|become|be (admitted|listed|converted|approved|named)|full member|probationary|candidate|activist)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(congratulations|eligible|qualified for|guarantee|entitled to (join|become))", re.IGNORECASE),
)


def promises(text: str) -> list[str]:
    plain = re.sub(r"<[^>]+>", "", text)
    return [found[0] for pattern in PROMISES for found in pattern.finditer(plain)]


@pytest.mark.parametrize(
    "text",
    [
        "时间到了，您可以入党了",
        "2026-12-01 起可以转正",
        "您已具备转正条件",
        "将成为预备党员",
        "You can become a full member on 2026-12-01",
        "you are eligible",
        "They will be admitted",
    ],
)
def test_a_promise_would_be_seen(text: str) -> None:
    assert promises(text)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_sentence_promises(language: str) -> None:
    sentences = [
        (str(message.id), str(message.string))
        for file in sorted(Path(LOCALES, language).glob("*.po"))
        for message in read_po(file.open("rb"), charset="utf-8")
        if message.id
    ]

    assert len(sentences) > 500
    assert [(key, found) for key, said in sentences if (found := promises(said))] == []


@pytest.mark.parametrize(("rule", "kind", "happened", "due"), EXAMPLES)
def test_every_line_says_what_when_why_by_whose_rule_and_who_acts(
    rule: str, kind: str, happened: list[tuple[str, str]], due: str
) -> None:
    days = [date.fromisoformat(on) for step, on, *_ in happened if step != "leaving_planned"]
    today = max([date(2026, 5, 11), *days])
    found = deadlines(SCHOOL_FREE, facts_of(*happened), today=today, calendar=CALENDAR)
    one = next(each for each in found if (each.rule, each.kind, str(each.due)) == (rule, kind, due))

    for language, article in (
        ("zh_CN", f"细则第{numeral_of(int(one.article or 0))}条（细则要求）"),
        ("en", f"Art. {one.article} "),
    ):
        _ = Locales().words(language)
        shown = re.sub(r"<[^>]+>", "", str(show_date(one, today, _)))
        says = (due, str(one.base_date), step_name(one.step, _), event_name(one.base_step, _), article)
        assert [part for part in (*says, actor_name(one.actor, _)) if part not in shown] == []
        assert not re.search(r"[{}]|why\.|note\.|dates\.", shown)


steps = st.lists(
    st.tuples(st.sampled_from([*TRACK.by_id]), st.integers(-1200, 0)),
    max_size=20,
)


@given(steps, st.sampled_from([step.id for step in TRACK.steps]), st.integers(-30, 400))
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_shown_of_any_life_promises(happened: list[tuple[str, int]], supposed: str, ahead: int) -> None:
    today = date(2026, 11, 26)
    facts = sorted(
        (Fact(number, step, today + timedelta(days=day)) for number, (step, day) in enumerate(happened, start=1)),
        key=lambda fact: (fact.on, fact.entry),
    )
    standing = Standing(
        today,
        TRACK,
        stage_of(TRACK, facts),
        tuple(facts),
        tuple(deadlines(TRACK, facts, today=today, calendar=CALENDAR)),
        tuple(what_next(TRACK, facts, today, calendar=CALENDAR)),
        membership=party_standing(TRACK, facts, today, calendar=CALENDAR),
    )
    day = today + timedelta(days=ahead)
    prospect = Prospect(
        Supposition(supposed, day, ()),
        what_it_takes(TRACK, facts, supposed, day, calendar=CALENDAR),
        what_if(TRACK, facts, {supposed: day}, today=today, calendar=CALENDAR),
    )

    for language, note in (("zh_CN", "由党组织决定"), ("en", "organisation")):
        _ = Locales().words(language)
        dates, text, then = (
            show_dates(standing, _)["text"],
            progress_text(standing, _),
            show_prospect(prospect, _)["text"],
        )
        for shown in (dates, text, then, *(row.title + row.note for row in progress_rows(standing, _))):
            assert promises(shown) == []
        assert note in dates
        assert note in text

"""Days as people say them; and what follows from a supposition about one."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.day_words import day_said
from bot.days import NoDay, day_in
from bot.own_questions import supposed

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("said", "day", "guess"),
    [
        ("2026-12-01", "2026-12-01", False),
        ("20261201", "2026-12-01", False),
        ("2026年12月1号", "2026-12-01", False),
        ("２０２６年１２月１日", "2026-12-01", False),
        ("12月1日", "2026-12-01", True),
        ("3月15号", "2027-03-15", True),
        ("11月23日", "2026-11-23", True),
        ("十二月二十一日", "2026-12-21", True),
        ("明年三月", "2027-03-01", True),
        ("明年3月5日", "2027-03-05", False),
        ("后年十月一号", "2028-10-01", False),
        ("2027年5月", "2027-05-01", True),
        ("下个月15号", "2026-12-15", False),
        ("下月", "2026-12-01", True),
        ("下下个月二十号", "2027-01-20", False),
        ("本月30号", "2026-11-30", False),
        ("后天", "2026-11-25", False),
        ("大后天", "2026-11-26", False),
        ("明天", "2026-11-24", False),
        ("下周三", "2026-12-02", True),
        ("下下个星期天", "2026-12-13", True),
        ("本周五", "2026-11-27", True),
        ("上周三", "2026-11-18", True),
        ("三天后", "2026-11-26", False),
        ("两周后", "2026-12-07", False),
        ("10天以后", "2026-12-03", False),
        ("15号", "2026-12-15", True),
        ("23号", "2026-11-23", True),
        ("三十一号", "2026-12-31", True),
        ("月底", "2026-11-30", False),
        ("下月底", "2026-12-31", False),
        ("下个月底", "2026-12-31", False),
        ("2月底", "2027-02-28", True),
        ("明年二月底", "2027-02-28", False),
        ("年底", "2026-12-31", True),
        ("明年年底", "2027-12-31", False),
    ],
)
def test_a_day_is_understood_as_it_is_said(said: str, day: str, guess: bool) -> None:
    found = supposed(f"如果{said}确定为积极分子，最早什么时候能成为发展对象？", TODAY)

    assert found is not None
    assert found.step == "activist_decided"
    assert "candidate_decided" in found.wanted
    assert (found.day.isoformat(), found.said) == (day, said if guess else None)


@pytest.mark.parametrize("said", ["2月30日", "2026-13-01", "下个月32号", "明年二月二十九日"])
def test_a_day_that_no_calendar_has_is_named(said: str) -> None:
    with pytest.raises(NoDay) as refused:
        supposed(f"如果{said}确定为积极分子，最早什么时候能成为发展对象？", TODAY)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "如果我三个月后毕业，能转正吗",
        "如果一个月内没有谈话怎么办",
        "如果延长预备期",
        "如果公示三天后有人反映问题",
        "如果公示满五个工作日后没有异议",
        "如果今年国庆后确定为积极分子",
        "如果三号楼开会",
        "如果第15号文件废止",
    ],
)
def test_a_span_is_no_day(text: str) -> None:
    assert day_said(text, TODAY) is None


@given(st.text("2026年月日号明后下个十一二三1-/. 天", max_size=20))
def test_any_text_names_a_day_or_none(text: str) -> None:
    found = day_said(text, TODAY)

    assert found is None or found.said in text


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("上周三", "2026-11-18"),
        ("本周一", "2026-11-23"),
        ("三天前", "2026-11-20"),
        ("两周前", "2026-11-09"),
        ("15号", "2026-11-15"),
        ("25号", "2026-10-25"),
        ("31号", "2026-10-31"),
        ("上月底", "2026-10-31"),
        ("上个月15号", "2026-10-15"),
        ("下周三", "2026-12-02"),
        ("月底", "2026-11-30"),
    ],
)
def test_a_day_to_record_is_read_backwards_where_its_month_was_not_said(typed: str, day: str) -> None:
    assert day_in(typed, TODAY).isoformat() == day


@pytest.mark.parametrize("typed", ["下月", "明年三月", "周三", "国庆后", "32号", "年底", "上周", "三个月前"])
def test_what_leaves_the_day_open_is_not_recorded(typed: str) -> None:
    with pytest.raises(NoDay):
        day_in(typed, TODAY)


@given(st.text("上下本周月底年后前天号三两十15日 ", max_size=12), st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_any_typed_words_are_a_day_or_refused(typed: str, today: date) -> None:
    with suppress(NoDay):
        assert isinstance(day_in(typed, today), date)

"""Days as people say them; and what follows from a supposition about one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.day_words import day_said
from bot.days import NoDay
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


@pytest.mark.parametrize("text", ["如果我三个月后毕业，能转正吗", "如果一个月内没有谈话怎么办", "如果延长预备期"])
def test_a_span_is_no_day(text: str) -> None:
    assert day_said(text, TODAY) is None


@given(st.text("2026年月日号明后下个十一二三1-/. 天", max_size=20))
def test_any_text_names_a_day_or_none(text: str) -> None:
    found = day_said(text, TODAY)

    assert found is None or found.said in text

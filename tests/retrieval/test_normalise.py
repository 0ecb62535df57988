"""One spelling for what people write in many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.naming import article_key, articles_named, title_key
from retrieval.normalise import normalise, number_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("第十三条写了啥", "第13条写了啥"),
        ("第一百零五条", "第105条"),
        ("二十四个学时", "24个学时"),
        ("兩個月", "2个月"),
        ("二〇二六年", "2026年"),
        ("ＡＢＣ１２％", "abc12%"),
        ("發展對象", "发展对象"),
    ],
)
def test_what_means_the_same_is_spelt_the_same(written: str, meant: str) -> None:
    assert normalise(written) == meant


@pytest.mark.parametrize("word", ["一般", "统一", "七一", "五四运动", "三会一课", "万一"])
def test_a_numeral_inside_a_word_stays_a_word(word: str) -> None:
    assert normalise(word) == word


@given(st.integers(min_value=1, max_value=9999))
def test_every_numeral_below_ten_thousand_is_read(number: int) -> None:
    assert number_of(_chinese(number)) == number


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_that_matters_and_never_fails(text: str) -> None:
    once = normalise(text)

    assert len(normalise(once)) <= len(once)


def test_editions_and_full_names_do_not_make_another_title() -> None:
    assert title_key("《中国共产党蓝湖工作细则（2026年）》") == title_key("蓝湖工作细则")
    assert article_key("第十三条") == article_key("第13条　公示") == "第13条"


def test_a_bare_number_names_an_article_and_a_count_of_things_does_not() -> None:
    assert articles_named(normalise("13条说什么")) == ("第13条",)
    assert articles_named(normalise("要提三条意见吗")) == ()


def _chinese(number: int) -> str:
    digits, units = "零一二三四五六七八九", ["", "十", "百", "千"]
    written, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            written += ("零" if gap and written else "") + digits[digit] + units[place]
            gap = False
        else:
            gap = True
    return written

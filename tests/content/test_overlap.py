"""Passages that say nearly the same are found among many, with what differs; others are not."""

from __future__ import annotations

import random

import pytest

from content.overlap import Overlap, differences, overlaps

ARTICLE = "预约后三十分钟没有签到的，预约自动取消，当天不能再次预约同一座位。"


@pytest.mark.parametrize(
    "other",
    [
        ARTICLE.replace("三十", "十五"),
        ARTICLE.replace("，", " , ").replace("。", ""),
        "第三条　" + ARTICLE,
        ARTICLE.replace("自动取消", "自动作废"),
    ],
)
def test_a_few_letters_more_or_other_ones_are_nearly_the_same(other: str) -> None:
    assert [
        (found.one, found.other) for found in overlaps([other], ["自习室每天七时开放，二十二时关闭。", ARTICLE])
    ] == [(0, 1)]


@pytest.mark.parametrize(
    "other",
    [
        "",
        "预约后三十分钟没有签到的，",
        "图书馆的座位预约后，本人应当在三十分钟以内刷卡签到；没有按时签到的，系统将取消预约。",
        ARTICLE + "连续三次没有签到的，暂停预约一周；情节严重的，由学院批评教育并通报所在班级，本学期内不再开放预约。",
    ],
)
def test_what_says_it_otherwise_or_much_more_is_not(other: str) -> None:
    assert overlaps([other], [ARTICLE]) == []


def test_what_is_too_short_to_say_anything_is_left_alone() -> None:
    assert overlaps(["本规定自发布之日起施行。"], ["本规定自发布之日起施行。"]) == []


def test_the_same_letters_are_wholly_the_same_and_each_pair_is_told_once() -> None:
    assert overlaps([ARTICLE, "自习室每天七时开放，二十二时关闭，寒暑假另行通知。", ARTICLE]) == [Overlap(0, 2, 1.0)]


def test_every_changed_copy_is_found_among_many_and_nothing_else() -> None:
    draw = random.Random(7)
    words = [chr(0x4E00 + draw.randrange(3000)) for _ in range(600)]
    library = ["".join(draw.choices(words, k=draw.randrange(60, 200))) for _ in range(1500)]
    taken = draw.sample(range(len(library)), 60)
    copies = [f"{library[at][:20]}改动{library[at][22:]}" for at in taken]

    assert [(found.one, found.other) for found in overlaps(copies, library)] == list(enumerate(taken))
    assert overlaps(library) == []


def test_the_difference_is_told_as_people_would_say_it() -> None:
    old, new = ARTICLE, ARTICLE.replace("三十分钟", "十五分钟").replace("当天不能再次", "当天不得再次")

    assert differences(old, new) == [("三十", "十五"), ("能", "得")]
    assert differences(old, old.replace("，", " ")) == []

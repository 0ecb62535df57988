"""The questions that students are expected to ask, each mapped to the article or practice that answers it."""

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from content.issuers import kind_of
from content.passages import DocumentKind
from retrieval.material import starter_passages

ANTICIPATED = Path(__file__).resolve().parents[2] / "content" / "starter" / "anticipated"
HANDBOOK_OF_PRACTICE = ANTICIPATED.parent / "handbook" / "school_practice.md"

RULES = "rules_2026.jsonl"
EDUCATION = "education_2019.jsonl"
PRACTICE = "school_practice.jsonl"
OVERVIEW = "overview.jsonl"
APPLICATION = "application_received.jsonl"
FORM = "volunteer_form_completed.jsonl"
FAQ = "faq.jsonl"
CONSTITUTION = "party_constitution.jsonl"
SECTIONS = "sections.jsonl"  # of the handbook that rest on no article

TITLES = {
    RULES: "中国共产党发展党员工作细则",
    EDUCATION: "中国共产党党员教育管理工作条例",
    PRACTICE: "学校常见做法",
    OVERVIEW: "总览：从申请到转正",
    APPLICATION: "第1步 递交入党申请书",
    FORM: "第14步 填写入党志愿书",
    FAQ: "常见问题",
    CONSTITUTION: "导读：《中国共产党章程》",
}
TARGET_KEY = {name: "article" if name in (RULES, EDUCATION) else "heading" for name in TITLES}
HEADINGS = [
    "思想汇报",
    "申请后的等待时间",
    "推优",
    "年龄与共青团",
    "其他阶段的公示",
    "党校课程与考试",
    "结业证书有效期",
    "培养联系人记录",
    "预备期考察",
    "转正申请的时间",
    "年龄的认定",
    "成绩要求",
    "出国（境）学习",
    "毕业生组织关系",
    "材料清单",
    "常见的耽误原因",
]
DIGITS = "零一二三四五六七八九"

Line = dict[str, Any]


def article_name(number: int) -> str:
    """第七条, 第十条, 第二十一条: an article as the official texts number it (1..99)."""
    tens, ones = divmod(number, 10)
    tens_text = "" if tens == 0 else ("" if tens == 1 else DIGITS[tens]) + "十"
    return f"第{tens_text}{DIGITS[ones] if ones else ''}条"


def minimum_of_rules_article(number: int) -> int:
    """Articles 5 to 36 carry the procedure; the exceptions among them (26, 27) and the general ones are asked less."""
    if number in (26, 27):
        return 30
    return 50 if 5 <= number <= 36 else 20


MINIMA: dict[str, dict[str, int]] = {
    RULES: {article_name(number): minimum_of_rules_article(number) for number in range(1, 45)},
    EDUCATION: {article_name(number): 20 for number in range(1, 47)},
    PRACTICE: dict.fromkeys(HEADINGS, 30),
    OVERVIEW: {
        "发展党员分哪五个阶段": 25,
        "从申请到转正最快要多久": 25,
        "第二阶段 入党积极分子": 5,
        "第三阶段 发展对象": 5,
        "第四阶段 预备党员的接收": 5,
        "第五阶段 教育考察和转正": 5,
        "第一阶段 申请入党": 4,
    },
    APPLICATION: {"入党申请书要不要手写": 20},
    FORM: {"入党志愿书要手写吗": 20, "入党志愿书要填哪些内容": 20},
    FAQ: {"函调信一直没有回音怎么办？": 20, "预备党员要交党费吗？": 5},
    CONSTITUTION: {
        "党章由哪几部分组成": 5,
        "党章规定的申请条件": 5,
        "党章规定的党员义务": 5,
        "党章规定的党员权利": 5,
        "入党誓词在党章哪一条": 5,
        "党章怎样规定预备党员": 5,
        "党章里的组织原则和党支部": 5,
    },
}


def lines_of(name: str) -> list[Line]:
    return [json.loads(line) for line in (ANTICIPATED / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=sorted(TITLES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_there_is_a_file_for_each_source_and_no_other() -> None:
    found = {path.name for path in ANTICIPATED.iterdir()}

    assert found == {*TITLES, SECTIONS}


def test_every_line_names_its_title_its_target_and_one_question(name: str) -> None:
    for line in lines_of(name):
        handbook = line.pop("handbook", None)
        assert list(line) == ["title", TARGET_KEY[name], "question"], line
        assert all(isinstance(value, str) for value in line.values()), line
        assert line["title"] == TITLES[name], line
        assert handbook is None or (name in (RULES, EDUCATION) and list(handbook) == ["title", "heading"]), line


@pytest.mark.parametrize("name", [RULES, EDUCATION])
def test_the_section_that_answers_a_question_too_rests_on_its_article(name: str) -> None:
    rests_on = {
        (passage.title, passage.content.headings[-1]): passage.content.basis.article
        for passage in starter_passages()
        if passage.content.basis is not None and TITLES[name] in passage.content.basis.title
    }

    for line in lines_of(name):
        if "handbook" in line:
            place = line["handbook"]["title"], line["handbook"]["heading"]
            assert rests_on.get(place) == line["article"], line


def test_most_questions_on_the_procedure_are_answered_by_the_handbook_too() -> None:
    procedure = {article_name(number) for number in range(5, 37)}
    lines = [line for line in lines_of(RULES) if line["article"] in procedure]

    assert sum("handbook" in line for line in lines) >= 0.85 * len(lines)


def test_every_target_is_known_and_asked_about_often_enough(name: str) -> None:
    asked = Counter(line[TARGET_KEY[name]] for line in lines_of(name))

    assert set(asked) == set(MINIMA[name])
    too_few = {target: asked[target] for target, least in MINIMA[name].items() if asked[target] < least}
    assert too_few == {}


def test_targets_stand_in_the_order_of_their_source(name: str) -> None:
    targets = list(dict.fromkeys(line[TARGET_KEY[name]] for line in lines_of(name)))

    assert targets == list(MINIMA[name])


def test_the_questions_on_sections_name_sections_that_exist() -> None:
    there = {(passage.title, passage.content.headings[-1]) for passage in starter_passages()}

    for line in lines_of(SECTIONS):
        assert list(line) == ["title", "heading", "question"], line
        assert (line["title"], line["heading"]) in there, line
        assert 2 <= len(line["question"]) <= 80, line


def test_no_question_is_asked_twice_of_the_same_target(name: str) -> None:
    asked = Counter((line["question"].casefold(), line[TARGET_KEY[name]]) for line in lines_of(name))

    assert [pair for pair, times in asked.items() if times > 1] == []


def test_every_question_is_as_short_as_a_chat_message(name: str) -> None:
    for line in lines_of(name):
        question = line["question"]
        assert 2 <= len(question) <= 80, question
        assert question == question.strip(), question
        assert not any(unicodedata.category(character).startswith("C") for character in question), question


def test_the_practice_headings_are_those_of_the_handbook() -> None:
    headings = [
        line.removeprefix("## ").strip()
        for line in HANDBOOK_OF_PRACTICE.read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    ]

    assert sorted(headings) == sorted(HEADINGS)


def test_there_are_enough_questions_to_learn_from() -> None:
    assert sum(len(lines_of(name)) for name in TITLES) >= 4000


@pytest.mark.parametrize("title", ["常见问题", "学校常见做法", "第1步 递交入党申请书"])
def test_an_upload_that_is_called_as_a_page_of_the_handbook_is_the_schools(title: str) -> None:
    assert kind_of(title, articles=3) is DocumentKind.SCHOOL
    assert kind_of("党员教育管理工作条例", articles=46) is DocumentKind.OFFICIAL

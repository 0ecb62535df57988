"""The starter question bank: well formed, evenly spread, every answer resting on an article that exists."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
QUIZ = ROOT / "content" / "starter" / "quiz.yaml"
OFFICIAL = ROOT.parent / "shared" / "data" / "official"

FIELDS = {"id", "kind", "stem", "options", "answer", "explanation", "basis", "stages", "topic", "difficulty"}
KINDS = {"single", "multiple", "judge"}
TOPICS = {"steps", "dates", "votes", "documents", "rights", "glossary", "guides", "waymark"}
STAGES = {"applicant", "activist", "candidate", "probationary_member", "full_member"}
JUDGE = ["正确", "错误"]
RULES = "中国共产党发展党员工作细则"
LAST_ARTICLE = {
    RULES: 44,
    "中国共产党党员教育管理工作条例": 46,
    "中国共产党章程": 55,
    "中国共产党普通高等学校基层组织工作条例": 3,  # of this text only the first three articles were seen
    "中华人民共和国英雄烈士保护法": 30,
    "中华人民共和国个人信息保护法": 74,
}
FILES = {
    RULES: "中国共产党发展党员工作细则（2026年）.md",
    "中国共产党党员教育管理工作条例": "中国共产党党员教育管理工作条例（2019年）.txt",
}
LONGEST_STEM = 130  # characters: a question is read on a phone
LONGEST_EXPLANATION = 120  # characters
NUMBER = r"[零一二三四五六七八九十两半]+"
PERIOD = re.compile(rf"{NUMBER}(?:个月|年|天|个工作日|个学时|名)")


def numeral(value: int) -> str:
    """The Chinese numeral of 1…99, as articles are numbered."""
    digits = " 一二三四五六七八九"
    tens, units = divmod(value, 10)
    return ((digits[tens] if tens > 1 else "") + "十" if tens else "") + digits[units].strip()


ITEMS: list[dict[str, Any]] = yaml.safe_load(QUIZ.read_text(encoding="utf-8"))
SINGLES = [item for item in ITEMS if item["kind"] == "single"]
each_item = pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item["id"]))


def articles_of(path: Path) -> dict[str, str]:
    """The text of each article under its number, white space removed."""
    text = re.sub(r"[ \t\u3000]", "", path.read_text(encoding="utf-8"))
    parts = re.split(r"^(第[一二三四五六七八九十]+条)", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_bank_holds_at_least_a_hundred_and_fifty_questions_under_their_own_names() -> None:
    ids = [item["id"] for item in ITEMS]

    assert len(ITEMS) >= 150
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", identifier) for identifier in ids)


def test_no_question_is_asked_twice() -> None:
    stems = [re.sub(r"\W", "", item["stem"]) for item in ITEMS]

    assert len(stems) == len(set(stems))


@each_item
def test_a_question_has_exactly_the_agreed_fields(item: dict[str, Any]) -> None:
    assert set(item) == FIELDS
    assert item["kind"] in KINDS
    assert item["topic"] in TOPICS
    assert item["difficulty"] in {1, 2, 3}
    assert item["stages"]
    assert set(item["stages"]) <= STAGES
    assert len(item["stages"]) == len(set(item["stages"]))


@each_item
def test_the_options_are_distinct_and_none_is_empty(item: dict[str, Any]) -> None:
    options = item["options"]

    assert all(isinstance(option, str) and option.strip() == option and option for option in options)
    assert len(options) == len({re.sub(r"\W", "", option) for option in options})
    assert 2 <= len(options) <= 5
    assert (options == JUDGE) == (item["kind"] == "judge")


@each_item
def test_the_answer_points_at_options_and_has_the_number_that_its_kind_allows(item: dict[str, Any]) -> None:
    answer = item["answer"]

    assert answer == sorted(set(answer))
    assert all(0 <= index < len(item["options"]) for index in answer)
    if item["kind"] == "multiple":
        assert 2 <= len(answer) < len(item["options"])
    else:
        assert len(answer) == 1


@each_item
def test_stem_and_explanation_are_sentences_that_fit_a_phone(item: dict[str, Any]) -> None:
    assert len(item["stem"]) <= LONGEST_STEM
    assert len(item["explanation"]) <= LONGEST_EXPLANATION
    assert item["explanation"].endswith("。")
    assert item["stem"].endswith("。" if item["kind"] == "judge" else "？")


@each_item
def test_the_basis_is_an_article_that_exists_and_the_explanation_names_it(item: dict[str, Any]) -> None:
    basis = item["basis"]
    if basis is None:
        return

    assert set(basis) == {"title", "article"}
    assert basis["article"] in {f"第{numeral(value)}条" for value in range(1, LAST_ARTICLE[basis["title"]] + 1)}
    assert basis["article"] in item["explanation"]


def test_every_article_of_the_rules_is_asked_about() -> None:
    asked = {item["basis"]["article"] for item in ITEMS if item["basis"] and item["basis"]["title"] == RULES}

    assert asked == {f"第{numeral(value)}条" for value in range(1, 45)}


def test_the_right_answer_stands_in_every_position_equally_often() -> None:
    positions = Counter(item["answer"][0] for item in SINGLES)

    assert {len(item["options"]) for item in SINGLES} == {4}
    assert max(positions.values()) - min(positions.values()) <= 2


def test_true_and_false_statements_are_both_common() -> None:
    judged = [item["answer"][0] for item in ITEMS if item["kind"] == "judge"]

    assert 0.35 <= judged.count(0) / len(judged) <= 0.65


def test_the_length_of_an_option_gives_nothing_away() -> None:
    longest = 0
    for item in SINGLES:
        right = len(item["options"][item["answer"][0]])
        longest += all(len(option) < right for i, option in enumerate(item["options"]) if i != item["answer"][0])

    assert longest / len(SINGLES) <= 0.25


def test_every_stage_and_every_topic_has_questions() -> None:
    stages = Counter(stage for item in ITEMS for stage in item["stages"])
    topics = Counter(item["topic"] for item in ITEMS)

    assert min(stages[stage] for stage in STAGES) >= 20
    assert min(topics[topic] for topic in TOPICS) >= 5


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official texts are not beside this checkout")
@pytest.mark.parametrize("title", FILES)
def test_a_period_given_as_the_right_answer_stands_in_the_article_that_is_named(title: str) -> None:
    articles = articles_of(OFFICIAL / FILES[title])
    checked = 0

    for item in SINGLES:
        if item["basis"] is None or item["basis"]["title"] != title:
            continue
        right = item["options"][item["answer"][0]]
        for period in PERIOD.findall(right):
            said = articles[item["basis"]["article"]].replace("2年", "两年").replace("6个月", "六个月")
            assert period in said, (item["id"], period)
            checked += 1

    assert checked >= (15 if title == RULES else 2)

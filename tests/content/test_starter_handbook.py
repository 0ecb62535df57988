"""The starter handbook: every page well formed, every article real, nothing copied from the official text."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "content" / "starter" / "handbook"
OFFICIAL = ROOT.parent / "shared" / "data" / "official" / "中国共产党发展党员工作细则（2026年）.md"

STEPS = [
    "application_received",
    "interview",
    "activist_decided",
    "activist_filed",
    "mentor_assigned",
    "half_year_review",
    "candidate_decided",
    "candidate_agreed",
    "public_notice_posted",
    "candidate_listed",
    "introducers_named",
    "political_review_passed",
    "intensive_training_completed",
    "committee_reviewed",
    "pre_review_passed",
    "volunteer_form_completed",
    "branch_meeting_admitted",
    "committee_interview",
    "admission_approved",
    "admission_filed",
    "group_assigned",
    "oath_taken",
    "probation_review",
    "conversion_applied",
    "conversion_meeting",
    "conversion_approved",
    "archived",
]
TOLD_WITH_THE_NOTICE = {"candidate_listed"}  # the day the notice ends: told on the notice's own page
STAGES = {"applicant", "activist", "candidate", "probationary_member", "full_member"}
KINDS = {"handbook", "faq"}
PRACTICE_HEADINGS = [
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

SOURCE_LINE = re.compile(
    r"依据：《(中国共产党(?:发展党员工作细则|党员教育管理工作条例))》第([一二三四五六七八九十]+)条"
)
PRACTICE_LINE = "学校做法：各校规定不同，以本校为准"
OTHER_SCHOOLS = re.compile(r"见过的|(有的|不少|许多|多数)学校")  # never told under a national article
LONGEST_SECTION = 450  # characters, source line included: one passage is one screen of a phone
LONGEST_COPY = 40  # characters in a row that may agree with the official text


def numeral(number: int) -> str:
    """The Chinese numeral of 1…99, as articles are numbered."""
    digits = " 一二三四五六七八九"
    tens, units = divmod(number, 10)
    return ((digits[tens] if tens > 1 else "") + "十" if tens else "") + digits[units].strip()


ARTICLES = {
    title: {numeral(number) for number in range(1, last + 1)}
    for title, last in (("中国共产党发展党员工作细则", 44), ("中国共产党党员教育管理工作条例", 46))
}


@dataclass(frozen=True)
class Section:
    """One `##` heading with the lines below it."""

    page: str
    heading: str
    lines: tuple[str, ...]

    @property
    def body(self) -> str:
        return "\n".join(self.lines)

    @property
    def prose(self) -> str:
        return "".join(line for line in self.lines if not line.startswith(("依据：", "学校做法：")))


@dataclass(frozen=True)
class Page:
    """One file of the handbook."""

    name: str
    front: dict[str, Any]
    heading: str
    sections: tuple[Section, ...]


def page_of(path: Path) -> Page:
    _, front, text = path.read_text(encoding="utf-8").split("---\n", 2)
    first, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    sections = []
    for part in rest:
        heading, *lines = part.strip().split("\n")
        sections.append(Section(path.name, heading, tuple(lines)))
    return Page(path.name, yaml.safe_load(front), first.strip(), tuple(sections))


PAGES = [page_of(path) for path in sorted(HANDBOOK.glob("*.md"))]
SECTIONS = [section for page in PAGES for section in page.sections]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_the_front_matter_says_what_the_page_is_and_for_whom(page: Page) -> None:
    assert set(page.front) <= {"title", "kind", "step", "stages", "effective"}
    assert page.heading == f"# {page.front['title']}"
    assert page.front["kind"] in KINDS
    assert page.front["stages"]
    assert set(page.front["stages"]) <= STAGES
    assert page.front["effective"] == date(2026, 5, 11)
    assert page.front.get("step", STEPS[0]) in STEPS


def test_every_step_has_exactly_one_page_named_after_it() -> None:
    pages = {page.front["step"]: page.name for page in PAGES if "step" in page.front}

    assert set(pages) == set(STEPS) - TOLD_WITH_THE_NOTICE
    assert len(pages) == sum("step" in page.front for page in PAGES) == 26
    assert all(re.fullmatch(rf"\d\da?_{step}\.md", name) for step, name in pages.items())


@each_page
def test_a_source_line_names_an_article_that_exists_right_below_the_heading(page: Page) -> None:
    for section in page.sections:
        for position, line in enumerate(section.lines):
            if line.startswith(("依据", "学校做法：")):
                assert position == 0, section
                found = SOURCE_LINE.fullmatch(line)
                assert line == PRACTICE_LINE or (found and found[2] in ARTICLES[found[1]]), section


@each_page
def test_no_section_mixes_a_national_rule_with_the_practice_of_schools(page: Page) -> None:
    for section in page.sections:
        assert not (SOURCE_LINE.search(section.body) and PRACTICE_LINE in section.body), section
        if SOURCE_LINE.search(section.body):
            assert not OTHER_SCHOOLS.search(section.body), section


@each_page
def test_every_section_says_something_and_fits_one_screen(page: Page) -> None:
    assert page.sections
    for section in page.sections:
        assert section.prose.strip(), section
        assert len(section.body) <= LONGEST_SECTION, section


@each_page
def test_no_heading_stands_twice_on_one_page(page: Page) -> None:
    headings = [section.heading for section in page.sections]

    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("page", [page for page in PAGES if "step" in page.front], ids=lambda page: page.name)
def test_a_page_about_a_step_always_says_whether_it_is_a_rule_or_practice(page: Page) -> None:
    assert 3 <= len(page.sections) <= 12
    for section in page.sections:
        assert section.lines[0] == PRACTICE_LINE or SOURCE_LINE.fullmatch(section.lines[0]), section


def test_the_page_on_school_practice_has_the_agreed_headings_and_names_no_article() -> None:
    (page,) = [page for page in PAGES if page.front["title"] == "学校常见做法"]

    assert [section.heading for section in page.sections] == PRACTICE_HEADINGS
    assert all(section.lines[0] == PRACTICE_LINE for section in page.sections)


def test_the_common_questions_are_at_least_sixty() -> None:
    (page,) = [page for page in PAGES if page.front["kind"] == "faq"]

    assert len(page.sections) >= 60


def test_no_page_promises_that_somebody_will_be_admitted() -> None:
    for section in SECTIONS:
        for sentence in re.findall(r"[^。？！\n]*可以入党[^。？！\n]*", section.prose):
            assert re.search(r"不|从不", sentence), section


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official text is not beside this checkout")
def test_no_run_of_more_than_forty_characters_is_copied_from_the_official_text() -> None:
    official = re.sub(r"\s", "", OFFICIAL.read_text(encoding="utf-8"))

    for section in SECTIONS:
        own = re.sub(r"\s", "", section.prose)
        size = LONGEST_COPY + 1
        copied = [own[i : i + size] for i in range(len(own) - size + 1) if own[i : i + size] in official]
        assert not copied, (section.page, section.heading, copied[0])

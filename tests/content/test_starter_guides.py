"""The starter guides: well formed, each with its sources named, in our own words."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "content" / "starter" / "guides"
OFFICIAL = ROOT.parent / "shared" / "data" / "official"

FIELDS = {"title", "kind", "stages", "effective", "source"}
STAGES = {"applicant", "activist", "candidate", "probationary_member", "full_member"}
SOURCES = "资料来源"
SHORTEST_SECTION = 60  # characters: less is not a passage to study
LONGEST_SECTION = 450  # characters, source line included: one passage is one screen of a phone
LONGEST_COPY = 40  # characters in a row that may agree with an official text
ARTICLES_IN = {  # how many articles each document has that a source line may name
    "中国共产党发展党员工作细则": 44,
    "中国共产党党员教育管理工作条例": 46,
    "中国共产党章程": 55,
    "中国共产党普通高等学校基层组织工作条例": 3,  # of this text only the first three articles were seen
    "中华人民共和国宪法": 143,
    "中华人民共和国英雄烈士保护法": 30,
    "中华人民共和国个人信息保护法": 74,
}
SOURCE_LINE = re.compile(r"依据：《([^》]+)》第([一二三四五六七八九十百零]+)条")


def number(numeral: str) -> int:
    """The value of a Chinese numeral up to 199."""
    total, digit = 0, 0
    for character in numeral:
        if character in "百十":
            total += (digit or 1) * {"百": 100, "十": 10}[character]
            digit = 0
        else:
            digit = "零一二三四五六七八九".index(character)
    return total + digit


@dataclass(frozen=True)
class Section:
    """One `##` heading with the lines below it."""

    heading: str
    lines: tuple[str, ...]

    @property
    def body(self) -> str:
        return "\n".join(self.lines)

    @property
    def prose(self) -> str:
        return "".join(line for line in self.lines if not line.startswith("依据：")).strip()


@dataclass(frozen=True)
class Guide:
    """One file of the folder."""

    name: str
    front: dict[str, Any]
    heading: str
    sections: tuple[Section, ...]


def guide_of(path: Path) -> Guide:
    _, front, text = path.read_text(encoding="utf-8").split("---\n", 2)
    first, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    sections = []
    for part in rest:
        heading, *lines = part.strip().split("\n")
        sections.append(Section(heading, tuple(lines)))
    return Guide(path.name, yaml.safe_load(front), first.strip(), tuple(sections))


ALL = [guide_of(path) for path in sorted(GUIDES.glob("*.md"))]
each_guide = pytest.mark.parametrize("guide", ALL, ids=lambda guide: guide.name)


def test_there_are_at_least_a_dozen_guides() -> None:
    assert len(ALL) >= 12


@each_guide
def test_the_front_matter_says_which_document_is_explained_and_to_whom(guide: Guide) -> None:
    assert set(guide.front) == FIELDS
    assert guide.front["kind"] == "guide"
    assert guide.front["stages"]
    assert set(guide.front["stages"]) <= STAGES
    assert guide.front["effective"] == date(2026, 5, 11)
    assert guide.front["title"] == f"导读：{guide.front['source']}"
    assert guide.heading == f"# {guide.front['title']}"


@each_guide
def test_every_section_is_long_enough_to_study_and_fits_one_screen(guide: Guide) -> None:
    assert len(guide.sections) >= 6
    for section in guide.sections:
        assert len(section.prose) >= SHORTEST_SECTION, section
        assert len(section.body) <= LONGEST_SECTION, section


@each_guide
def test_the_last_section_names_the_sources(guide: Guide) -> None:
    last = guide.sections[-1]
    document = guide.front["source"].strip("《》").removeprefix("中国共产党第二十次全国代表大会")

    assert last.heading == SOURCES
    assert document in last.body


@each_guide
def test_a_source_line_stands_right_below_its_heading_and_names_an_article_that_exists(guide: Guide) -> None:
    for section in guide.sections:
        for position, line in enumerate(section.lines):
            if line.startswith("依据"):
                found = SOURCE_LINE.fullmatch(line)
                assert position == 0, section
                assert found, section
                assert 1 <= number(found[2]) <= ARTICLES_IN[found[1]], section


@each_guide
def test_a_section_that_names_its_article_also_speaks_of_it(guide: Guide) -> None:
    for section in guide.sections:
        if found := SOURCE_LINE.match(section.lines[0]):
            assert f"第{found[2]}条" in section.prose, section


@each_guide
def test_every_guide_ends_with_questions_to_think_about(guide: Guide) -> None:
    assert guide.sections[-2].heading.endswith("可以想的问题")


def test_no_heading_stands_twice_in_all_the_guides() -> None:
    headings = [section.heading for guide in ALL for section in guide.sections if section.heading != SOURCES]

    assert len(headings) == len(set(headings))


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official texts are not beside this checkout")
def test_no_run_of_more_than_forty_characters_is_copied_from_the_official_texts() -> None:
    files = [path for path in OFFICIAL.rglob("*") if path.suffix in {".md", ".txt"}]
    official = "\n".join(re.sub(r"\s", "", path.read_text(encoding="utf-8")) for path in files)
    size = LONGEST_COPY + 1

    for guide in ALL:
        for section in guide.sections:
            own = re.sub(r"\s", "", section.prose)
            copied = [own[i : i + size] for i in range(len(own) - size + 1) if own[i : i + size] in official]
            assert not copied, (guide.name, section.heading, copied[0])

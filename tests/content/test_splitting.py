"""Chapters, articles and passages are cut exactly as the text has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.numerals import number_of, numeral_of
from content.passages import Level, PassageText
from content.readers import ParsedDocument, read

RULES = "中国共产党发展党员工作细则（2026年）.md"
EDUCATION = "中国共产党党员教育管理工作条例（2019年）.txt"
ARTICLE_LINE = re.compile(
    r"^[ \u3000]*第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?[ \u3000]", re.MULTILINE
)


def parsed(text: str, name: str = "文.md") -> ParsedDocument:
    return read(text.encode(), name)


def texts(text: str, name: str = "文.md") -> list[str]:
    return [passage.text for passage in parsed(text, name).passages]


def articles(document: ParsedDocument) -> list[PassageText]:
    return [passage for passage in document.passages if passage.article]


LAW = """# 某某办法

（2020年1月2日发布）

## 第一章 总则

　　第一条　为了规范工作，制定本办法。

　　第二条　依照第一条的规定，应当：

　　（一）先做甲；

　　（二）再做乙。

第三条的规定不适用于本条。

## 第二章　附则

　　第二条之一　另有规定的除外。

　　**第三条** 自发布之日起施行。
"""


def test_an_article_keeps_its_paragraphs_and_items_to_the_character() -> None:
    found = {passage.article: passage for passage in articles(parsed(LAW))}

    assert list(found) == ["第一条", "第二条", "第二条之一", "第三条"]
    assert found["第二条"].text == (
        "第二条　依照第一条的规定，应当：\n\n　　（一）先做甲；\n\n　　（二）再做乙。\n\n第三条的规定不适用于本条。"
    )
    assert found["第三条"].text == "**第三条** 自发布之日起施行。"
    assert found["第二条之一"].headings == ("第二章 附则",)


def test_the_preamble_is_a_passage_of_its_own_and_the_title_is_none() -> None:
    document = parsed(LAW)

    assert document.title == "某某办法"
    assert document.passages[0].text == "（2020年1月2日发布）"
    assert document.passages[0].article is None
    assert (document.chapters, document.articles) == (2, 4)


def test_a_text_file_without_marks_has_chapters_and_a_title_too() -> None:
    document = parsed("《某某规定》\n　第一章　总则\n　第一条　甲。\n第二章\n罚则\n　第二条　乙。\n", "规定.txt")

    assert document.title == "某某规定"
    assert [passage.headings for passage in document.passages] == [("第一章 总则",), ("第二章 罚则",)]


def test_parts_chapters_and_sections_nest() -> None:
    document = parsed(
        "第一编 总则\n第一章 甲\n第一节 子\n第一条 一。\n第二章 乙\n第二条 二。\n第二编 分则\n第三条 三。\n", "典.txt"
    )

    assert [passage.headings for passage in document.passages] == [
        ("第一编 总则", "第一章 甲", "第一节 子"),
        ("第一编 总则", "第二章 乙"),
        ("第二编 分则",),
    ]


def test_a_table_of_contents_is_not_taken_for_chapters() -> None:
    document = parsed(
        "某办法\n目录\n第一章 总则……1\n第二章 罚则……9\n第一章 总则\n第一条 一。\n第二章 罚则\n第二条 二。\n", "a.txt"
    )

    assert (document.chapters, document.articles) == (2, 2)


def test_articles_without_a_space_after_their_number_are_believed_in_turn_only() -> None:
    document = parsed(
        "某办法\n第一条为了规范工作。\n第二条依照下列规定：\n第九条规定的除外。\n第三条自发布之日起施行。\n", "a.txt"
    )

    assert [passage.article for passage in articles(document)] == ["第一条", "第二条", "第三条"]
    assert articles(document)[1].text == "第二条依照下列规定：\n第九条规定的除外。"


def test_gaps_and_repeats_in_the_numbers_are_said() -> None:
    document = parsed("# 办法\n第一条 一。\n第二条 二。\n第二条 又二。\n第五条 五。\n")

    assert [(notice.key, notice.fields["where"]) for notice in document.notices] == [
        ("notice.articles_missing", "第二条→第五条"),
        ("notice.articles_repeated", "第二条"),
    ]


def test_a_heading_of_the_handbook_says_what_it_rests_on() -> None:
    first = "## 公示\n依据：《某细则》第十三条之一、第十四条\n五个工作日。\n\n"
    second = "## 公示写什么\n学校做法：以本校为准\n写姓名。\n"
    document = parsed("# 手册\n\n" + first + second)
    national, school = document.passages

    assert (national.text, national.level, national.headings) == ("五个工作日。", Level.NATIONAL, ("公示",))
    assert national.basis is not None
    assert (national.basis.title, national.basis.article) == ("某细则", "第十三条之一")
    assert (school.text, school.level, school.basis) == ("写姓名。", Level.SCHOOL, None)


def test_without_any_mark_an_outline_gives_the_headings() -> None:
    document = parsed("某通知\n一、时间安排\n下周一上午。\n二、有关要求\n（一）准备材料\n带上申请书。\n", "通知.txt")

    assert [(passage.headings, passage.text) for passage in document.passages] == [
        (("一、时间安排",), "下周一上午。"),
        (("二、有关要求", "（一）准备材料"), "带上申请书。"),
    ]


def test_running_text_is_cut_at_sentences_without_gap_or_overlap() -> None:
    text = "".join(f"这是第{number}句话，它有一些内容，读起来不长也不短。" for number in range(60))

    pieces = texts(text, "文章.txt")

    assert "".join(pieces) == text
    assert all(piece.endswith("。") for piece in pieces)
    assert all(150 <= len(piece) <= 250 for piece in pieces[:-1])


def test_long_ruled_lines_and_comments_are_no_trouble() -> None:
    assert texts("签名" + "_" * 300 + "x\n\n---\n", "表.txt")
    assert parsed("# 表\n\n## 一\n\n" + "-" * 200 + "\n\n## 二\n\n<!-- 说明 -->\n\n甲。\n").passages[0].headings == (
        "二",
    )
    assert texts("<!---->" * 500 + "甲。")


@given(st.text(alphabet="甲乙丙，。；！\n #第一二三条章（）. a1*", min_size=1, max_size=900))
def test_whatever_the_text_every_passage_is_a_piece_of_it_in_order(text: str) -> None:
    from content.readers.source import Source
    from content.splitting import split

    place = 0
    for passage in split(Source(text)).passages:
        place = text.find(passage.text, place)
        assert place >= 0
        place += len(passage.text)


@given(st.integers(min_value=1, max_value=9999))
def test_numerals_are_read_as_they_are_written(number: int) -> None:
    assert number_of(numeral_of(number)) == number


@pytest.mark.parametrize(
    ("numeral", "number"), [("十", 10), ("二〇二六", 2026), ("１２", 12), ("一千零五", 1005), ("两百", 200)]
)
def test_numerals_are_read_in_other_ways_too(numeral: str, number: int) -> None:
    assert number_of(numeral) == number


def test_all_44_articles_of_the_2026_rules_come_out_exactly(shared: Path) -> None:
    path = shared / "official" / RULES
    source = path.read_text("utf-8")

    document = read(path.read_bytes(), path.name)

    found = articles(document)
    assert [number_of((passage.article or "")[1:-1]) for passage in found] == list(range(1, 45))
    assert (document.articles, document.chapters, document.notices) == (44, 7, ())
    starts = [match.start() for match in ARTICLE_LINE.finditer(source)]
    for passage, start, end in zip(found, starts, [*starts[1:], len(source)], strict=True):
        assert passage.text == re.split(r"^#", source[start:end], flags=re.MULTILINE)[0].strip()


def test_all_46_articles_of_the_2019_regulations_come_out(shared: Path) -> None:
    path = shared / "official" / EDUCATION

    document = read(path.read_bytes(), path.name)

    assert (document.articles, document.chapters, document.notices) == (46, 10, ())
    assert document.title == "中国共产党党员教育管理工作条例"
    assert str(document.effective) == "2019-05-06"


def test_every_law_gives_as_many_articles_as_a_plain_count(shared: Path) -> None:
    paths = [path for path in sorted((shared / "official" / "laws").rglob("*.md")) if path.name != "_index.md"]
    assert len(paths) > 200

    for path in paths:
        source = path.read_text("utf-8")
        document = read(path.read_bytes(), path.name)
        assert document.articles == len(ARTICLE_LINE.findall(source)), path.name
        assert all(passage.text in source for passage in document.passages), path.name
        assert document.effective is not None, path.name

"""Files of every format become passages, and what cannot be read is refused with what to do instead."""

from __future__ import annotations

import io

import pypdf
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from content.readers import FileKind, read
from content.readers.refusals import (
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileIsArchive,
    FileLegacyOffice,
    FileNotAsNamed,
    FileScanned,
    FileUnsupported,
    FileWithoutText,
    FrontMatterInvalid,
)
from tests.content.making import a_docx, a_pdf, a_pptx, a_zip, an_xlsx

SENTENCE = "党组织收到入党申请书后，应当在一个月内派人同入党申请人谈话，了解基本情况。"


def passages(content: bytes, name: str) -> list[tuple[tuple[str, ...], str]]:
    return [(passage.headings, passage.text) for passage in read(content, name).passages]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_a_text_is_read_in_the_charset_it_was_saved_in(charset: str) -> None:
    text = "申請入黨的人應當向黨組織提出書面申請，並且接受培養教育。" if charset == "big5" else SENTENCE

    assert passages(text.encode(charset), "a.txt") == [((), text)]


def test_front_matter_is_taken_off_and_a_mistake_in_it_names_its_line() -> None:
    document = read(b"---\ntitle: T\nstages: [applicant]\n---\n## H\ntext\n", "a.md")
    assert (document.title, document.front["stages"], document.passages[0].text) == ("T", ["applicant"], "text")

    with pytest.raises(FrontMatterInvalid) as refusal:
        read(b"---\ntitle: T\nstages: [applicant\n---\ntext\n", "a.md")
    assert refusal.value.fields == {"name": "a.md", "line": 3}


def test_a_web_page_gives_its_text_without_scripts_and_its_tables_by_rows() -> None:
    page = """<html><head><title>办法</title><script>alert(1)</script></head><body><h1>某办法</h1>
      <p>第一条　为了<b>规范</b>工作。</p><p>第二条　如下：</p><table><tr><td>甲</td><td>乙</td></tr></table>
      <script>document.write('x')</script></body></html>"""

    document = read(page.encode("gb18030"), "a.html")

    assert document.title == "某办法"
    assert [passage.text for passage in document.passages] == ["第一条　为了规范工作。", "第二条　如下：\n甲 | 乙"]


def test_a_word_file_gives_headings_tables_and_text() -> None:
    def build(document) -> None:  # type: ignore[no-untyped-def]
        document.add_heading("学院须知", 0)
        document.add_heading("交材料", 1)
        document.add_paragraph(SENTENCE)
        table = document.add_table(1, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "周一", "办公室"
        document.add_heading("注意", 2)
        document.add_paragraph("不要迟到。")

    document = read(a_docx(build), "须知.docx")

    assert document.title == "学院须知"
    assert [(passage.headings, passage.text) for passage in document.passages] == [
        (("交材料",), SENTENCE + "\n周一 | 办公室"),
        (("交材料", "注意"), "不要迟到。"),
    ]


def test_what_was_inserted_is_read_and_what_was_deleted_is_not() -> None:
    def build(document) -> None:  # type: ignore[no-untyped-def]
        paragraph = document.add_paragraph("材料在")._p
        paragraph.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="1"><w:r><w:t>周五</w:t></w:r></w:ins>'))
        paragraph.append(parse_xml(f'<w:del {nsdecls("w")} w:id="2"><w:r><w:delText>周四</w:delText></w:r></w:del>'))
        paragraph.append(parse_xml(f"<w:smartTag {nsdecls('w')}><w:r><w:t>前交齐。</w:t></w:r></w:smartTag>"))

    assert passages(a_docx(build), "a.docx") == [((), "材料在周五前交齐。")]


NUMBERING = (
    f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="chineseCounting"/><w:lvlText w:val="第%1条"/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/>'
    '<w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl></w:abstractNum>'
)


def test_words_automatic_numbers_are_written_out() -> None:
    def build(document) -> None:  # type: ignore[no-untyped-def]
        root = document.part.numbering_part.element
        root.insert(0, parse_xml(NUMBERING))
        root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="88"><w:abstractNumId w:val="77"/></w:num>'))
        document.add_heading("办法", 0)
        for depth, text in (
            (0, "为了规范。"),
            (0, "应当："),
            (1, "先做甲；"),
            (1, "再做乙。"),
            (0, "自发布之日起施行。"),
        ):
            paragraph = document.add_paragraph(text)
            paragraph._p.get_or_add_pPr().append(
                parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="88"/></w:numPr>')
            )

    document = read(a_docx(build), "办法.docx")

    assert [(passage.article, passage.text) for passage in document.passages] == [
        ("第一条", "第一条 为了规范。"),
        ("第二条", "第二条 应当：\n（一） 先做甲；\n（二） 再做乙。"),
        ("第三条", "第三条 自发布之日起施行。"),
    ]


def a_printed_law() -> bytes:
    """Two pages with a running header and page numbers; an article goes on across the page break."""
    full = "一二三四五六七八九十" * 3
    top = [
        (84, 800, "某大学文件"),
        (200, 760, "某某管理办法"),
        (108, 720, "第一条　" + full[:24]),
        (84, 700, full),
        (84, 680, "到此为止。"),
        (108, 660, "第二条　" + full[:24]),
        (84, 640, full),
        (280, 40, "— 1 —"),
    ]
    bottom = [
        (84, 800, "某大学文件"),
        (84, 760, "续到下一页。"),
        (108, 740, "第三条　自发布之日起施行。"),
        (280, 40, "— 2 —"),
    ]
    last = [(84, 800, "某大学文件"), (108, 760, "第四条　由学生处解释。"), (280, 40, "— 3 —")]
    return a_pdf([top, bottom, last])


def test_a_printed_page_becomes_paragraphs_without_headers_and_page_numbers() -> None:
    full = "一二三四五六七八九十" * 3

    document = read(a_printed_law(), "办法.pdf")

    assert document.title == "某某管理办法"
    assert [(passage.text, passage.page) for passage in document.passages] == [
        (f"第一条　{full[:24]}{full}到此为止。", 1),
        (f"第二条　{full[:24]}{full}续到下一页。", 1),
        ("第三条　自发布之日起施行。", 2),
        ("第四条　由学生处解释。", 3),
    ]


def test_slides_are_passages_with_their_number() -> None:
    document = read(a_pptx([("党课第一讲", "什么是党章"), ("入党程序", SENTENCE), ("", "谢谢大家来听课")]), "课.pptx")

    assert document.title == "党课第一讲"
    assert [(passage.headings, passage.text, passage.page) for passage in document.passages] == [
        ((), "什么是党章", 1),
        (("入党程序",), SENTENCE, 2),
        (("入党程序",), "谢谢大家来听课", 3),
    ]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (["题目", "选项", "答案"], FileKind.QUESTION_BANK),
        (["序号", "学号", "姓名", "班级"], FileKind.ROSTER),
        (["学号", "姓名", "确定为入党积极分子时间"], FileKind.STEP_LIST),
        (["学号", "姓名", "步骤", "日期"], FileKind.STEP_LIST),
        (["学号", "姓名", "性别", "民族", "班级", "递交申请书时间"], FileKind.ROSTER),
        (["日期", "地点", "内容"], FileKind.DOCUMENT),
    ],
)
def test_a_workbook_is_recognised_by_its_header(header: list[str], kind: FileKind) -> None:
    document = read(an_xlsx({"表": [["某某学院"], header, ["1", "2", "3", "4"]]}), "表.xlsx")

    assert document.detected is kind


def test_lists_saved_as_text_are_recognised_too() -> None:
    assert read("学号,姓名,班级\n1,林一,数学\n".encode("gb18030"), "名单.csv").detected is FileKind.ROSTER
    assert read("q1\t对吗？\t正确;错误\t正确\n".encode(), "判断.tsv").detected is FileKind.QUESTION_BANK
    assert read(b'[{"question": "a"}]', "a.json").detected is FileKind.QUESTION_BANK
    assert read(b"questions:\n- stem: a\n", "quiz.yaml").detected is FileKind.QUESTION_BANK
    assert read("周一，上午，礼堂。\n周二，下午，操场。\n".encode(), "安排.txt").detected is FileKind.DOCUMENT


def test_the_rows_of_a_workbook_are_text_with_whole_numbers() -> None:
    document = read(an_xlsx({"安排": [["地点", "人数"], ["礼堂", 30.0]]}), "活动.xlsx")

    assert [(passage.headings, passage.text) for passage in document.passages] == [
        (("安排",), "地点 | 人数\n礼堂 | 30")
    ]


def test_the_content_decides_and_not_the_name() -> None:
    assert read(a_printed_law(), "办法.docx").articles == 4
    assert read(a_docx(lambda document: document.add_paragraph(SENTENCE)), "a.pdf").passages[0].text == SENTENCE


def test_a_picture_of_a_page_is_told_to_be_one() -> None:
    with pytest.raises(FileScanned) as refusal:
        read(a_pdf([[], []]), "扫描.pdf")
    assert refusal.value.fields["pages"] == 2


def test_an_encrypted_pdf_asks_for_one_without_password() -> None:
    writer = pypdf.PdfWriter(io.BytesIO(a_printed_law()))
    writer.encrypt("geheim", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)

    with pytest.raises(FileEncrypted):
        read(buffer.getvalue(), "a.pdf")


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "name", "refusal", "instead"),
    [
        (OLE + "WordDocument".encode("utf-16-le"), "a.doc", FileLegacyOffice, "docx"),
        (OLE + "Workbook".encode("utf-16-le"), "a.xls", FileLegacyOffice, "xlsx"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "a.ppt", FileLegacyOffice, "pptx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", FileEncrypted, None),
        (b"{\\rtf1 hello}", "a.rtf", FileLegacyOffice, "docx"),
        (a_zip(["a.txt"]), "a.zip", FileIsArchive, None),
        (a_zip(["[Content_Types].xml"]), "a.docx", FileDamaged, None),
        (b"Rar!\x1a\x07\x00", "a.rar", FileIsArchive, None),
        (b"\x89PNG\r\n\x1a\n", "a.png", FileUnsupported, None),
        (b"", "a.txt", FileEmpty, None),
        (b" \n\t ", "a.md", FileEmpty, None),
        (b"%PDF-1.7 truncated", "a.pdf", FileDamaged, None),
        (a_zip(["[Content_Types].xml", "word/document.xml"]), "a.docx", FileDamaged, None),
        (bytes(range(32)) * 40, "a.txt", FileUnsupported, None),
        (b"<html><head><title>t</title></head><body></body></html>", "a.html", FileWithoutText, None),
        (SENTENCE.encode(), "a.PDF", FileNotAsNamed, None),
        (SENTENCE.encode(), "a.docx", FileNotAsNamed, None),
        (b"# Heading\n\nText.", "a.pptx", FileNotAsNamed, None),
        (b"<html><body><p>Please sign in.</p></body></html>", "a.xlsx", FileNotAsNamed, None),
        (bytes(range(32)) * 40, "a.pdf", FileNotAsNamed, None),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    content: bytes, name: str, refusal: type[Exception], instead: str | None
) -> None:
    with pytest.raises(refusal) as refused:
        read(content, name)

    assert name in str(refused.value)
    assert getattr(refused.value, "fields", {}).get("instead") == instead


def test_a_truncated_word_file_is_said_to_be_damaged() -> None:
    whole = a_docx(lambda document: document.add_paragraph(SENTENCE * 200))

    with pytest.raises(FileDamaged):
        read(whole[: len(whole) // 2], "a.docx")

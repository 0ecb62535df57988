"""An article is quoted with what the handbook says of it, whichever of the two is found first."""

from __future__ import annotations

from pathlib import Path

from content.passages import DocumentKind
from retrieval.answer import answer
from retrieval.encoder import load_encoder
from retrieval.search import Index
from retrieval.tuning import TODAY, library

ARTICLE = """# 中国共产党发展党员工作细则

第七条　党组织收到入党申请书后，应当在一个月内派人同入党申请人谈话。
"""


def test_the_article_is_quoted_though_it_is_asked_for_in_other_words(tmp_path: Path) -> None:
    (tmp_path / "中国共产党发展党员工作细则（2026年）.md").write_text(ARTICLE, "utf-8")
    index = Index(load_encoder(None))
    index.add(library(tmp_path))

    given = answer(index, "收到入党申请书后多久谈话", on=TODAY)

    assert [cited.passage.kind for cited in given.citations] == [DocumentKind.OFFICIAL, DocumentKind.HANDBOOK]
    assert "应当在一个月内派人" in given.citations[0].quote

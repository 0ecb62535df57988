"""Our answers to students' questions: what `evaluate` counts, quotations that are verbatim, how true confidence is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.retrieving.corpora import official_of, refused_questions, student_questions
from retrieval.answer import answer
from retrieval.encoder import load_encoder
from retrieval.evaluation import evaluate, first_right
from retrieval.search import Index
from retrieval.tuning import TODAY, library


def answering(data: Path, split: str) -> dict[str, Any]:
    """The figures, and under "judged" each confidence, whether the first hit was right and whether it was shown."""
    index = Index(load_encoder(None))
    index.add(library(official_of(data)))
    questions = student_questions(split)
    found = evaluate(index, questions, on=TODAY, clock=time.perf_counter)
    cited = verbatim = 0
    judged = []
    for asked in questions:
        given = answer(index, asked.question, on=TODAY)
        cited += len(given.citations)
        verbatim += sum(all(quote in one.passage.content.text for quote in one.quotes) for one in given.citations)
        judged.append((given.confidence, first_right(given.hits, asked.relevant) == 0, given.answered))
    refused = [answer(index, question, on=TODAY).refusal == reason for question, reason in refused_questions(split)]
    return {
        "split": split,
        **found.as_json(),
        "citations": cited,
        "verbatim": verbatim,
        **({"on_principle": f"{sum(refused)} of {len(refused)}"} if refused else {}),
        "judged": judged,
    }

"""`ask` and `evaluate`: what the library answers, and how well."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import usage
from bot.cli.desk import Desk, Json, desk_of, missing, read_bytes
from bot.cli.help import PlainCommand
from storage.errors import WaymarkError

if TYPE_CHECKING:
    from retrieval.answer import Answer
    from retrieval.evaluation import EvaluationQuestion

TABLES = (".xlsx", ".xls", ".csv")
EVALUATED_ON_TERMINAL = ("hit@1", "hit@3", "hit@5", "mrr@10", "answer_rate", "refusal_auroc", "p50_ms", "p99_ms")


class NothingToEvaluate(WaymarkError):
    """A file without a single question that can be used."""

    key = "cli.error.nothing_to_evaluate"
    sentence = "{path} holds no question that can be used, so there is nothing to count."


class NotAQuestionLine(WaymarkError):
    """A line of a batch file that asks nothing."""

    key = "cli.error.question_line"
    sentence = '{path}, line {line}: {problem}. Each line is like {{"id": "1", "question": "…"}}.'


def add_to(app: typer.Typer) -> None:
    """Put the two commands into the root."""
    app.command("ask", cls=PlainCommand, help="cli.ask")(ask)
    app.command("evaluate", cls=PlainCommand, help="cli.evaluate")(evaluate)


def ask(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="cli.ask.text")] = None,
    batch: Annotated[Path | None, typer.Option("--batch", metavar="QUESTIONS.jsonl", help="cli.ask.batch")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="cli.ask.on")] = None,
    json: Json = False,
) -> None:
    """Answer by quotation, or say why not."""
    desk = desk_of(context)
    day = usage.day("--on", on)
    if (text is None) == (batch is None):
        raise usage.OneOf(choices="TEXT, --batch")
    desk.run(_ask(desk, text, batch, day, json=json or batch is not None))


def evaluate(
    context: typer.Context,
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS.jsonl", help="cli.evaluate.questions")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="cli.ask.on")] = None,
    misses: Annotated[bool, typer.Option("--misses", help="cli.evaluate.misses")] = False,
    json: Json = False,
) -> None:
    """Ask questions with known answers and count."""
    desk = desk_of(context)
    day = usage.day("--on", on)
    desk.run(_evaluate(desk, questions, day, misses=misses, json=json))


async def _ask(desk: Desk, text: str | None, batch: Path | None, on: date | None, *, json: bool) -> None:
    asked = [(None, text)] if text is not None else list(_lines(batch)) if batch else []
    async with desk.services() as services:
        day = on or services.clock.today()
        with desk.waiting("cli.ask.preparing"):
            await services.knowledge.current()
        with desk.progress("cli.ask.asking", len(asked)) as advance:
            for identity, question in asked:
                answer = await services.knowledge.ask(question or "", on=day)
                if json:
                    desk.show(_json(desk, identity, answer))
                    sys.stdout.flush()
                else:
                    _tell(desk, answer)
                advance(1)


def _lines(path: Path) -> Iterator[tuple[str | None, str]]:
    """The questions of a batch; the whole file is read before the first is asked."""
    from json import JSONDecodeError, loads

    content = read_bytes(path)
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise NotAQuestionLine(path=str(path), line="?", problem="UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = loads(line)
            identity, question = entry["id"], entry["question"]
        except JSONDecodeError as error:
            raise NotAQuestionLine(path=str(path), line=number, problem="JSON") from error
        except (KeyError, TypeError) as error:
            raise NotAQuestionLine(path=str(path), line=number, problem="id, question") from error
        yield str(identity), str(question)


def _json(desk: Desk, identity: str | None, answer: Answer) -> dict[str, Any]:
    from retrieval.naming import place_of

    refusal = answer.refusal
    return {
        "id": identity,
        "question": answer.question,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "text": "\n".join(citation.quote for citation in answer.citations)
        if refusal is None
        else desk.words.plain(f"refusal.{refusal.value}"),
        "citations": [
            {
                "document": citation.passage.document,
                "title": citation.passage.title,
                "article": place_of(citation.passage),
                "quote": citation.quote,
                "effective": citation.passage.effective_from.isoformat(),
                "until": until.isoformat() if (until := citation.passage.effective_until) else None,
                "level": citation.level.value,
                "spans": [list(span) for span in citation.spans],
            }
            for citation in answer.citations
        ],
        "hits": [
            {
                "document": hit.passage.document,
                "title": hit.passage.title,
                "article": place_of(hit.passage),
                "score": round(hit.score, 4),
            }
            for hit in answer.hits
        ],
        "refusal": refusal.value if refusal else None,
    }


def _tell(desk: Desk, answer: Answer) -> None:
    from bot.views.sources import label_of, source_of
    from retrieval.naming import place_of

    if answer.refusal is not None:
        print(desk.words.plain(f"refusal.{answer.refusal.value}"))
    if answer.understood:
        print(desk.words.plain("ask.understood", text=answer.understood))
    if answer.former:
        print(desk.words.plain("ask.former"))
    if answer.coming:
        print(desk.words.plain("ask.coming"))
    for citation in answer.citations:
        passage = citation.passage
        desk.line(
            "cli.ask.source",
            title=passage.title.replace("《", "〈").replace("》", "〉"),  # inside a title of its own
            article=place_of(passage) or "",
            effective=passage.effective_from.isoformat(),
            level=label_of(passage, desk.words),
        )
        print(citation.quote)
    if not answer.citations and answer.hits:
        near = "; ".join(source_of(hit.passage, desk.words) for hit in answer.hits[:3])
        desk.line("cli.ask.nearest", near=near)


async def _questions_of(desk: Desk, path: Path) -> list[EvaluationQuestion]:
    """A table (XLSX, XLS, CSV) with what can't be used told row by row, or lines of JSON."""
    from retrieval import evaluation
    from retrieval.question_sheet import SHEETS, questions_of
    from storage.sandbox import run_limited

    if path.suffix.lower() in TABLES:
        sheet = questions_of(await run_limited(SHEETS, read_bytes(path), path.name), path.name)
        for flaw in sheet.flaws:
            desk.note("cli.evaluate.flaw", where=flaw.where, problem=flaw.problem)
        return list(sheet.questions)
    try:
        return list(evaluation.read_questions(path))
    except OSError as error:
        raise missing(path, error) from error
    except UnicodeDecodeError as error:
        raise NotAQuestionLine(path=str(path), line="?", problem="UTF-8") from error


async def _evaluate(desk: Desk, path: Path, on: date | None, *, misses: bool, json: bool) -> None:
    from content.documents import passages_in_force
    from retrieval import evaluation

    questions = await _questions_of(desk, path)
    if not questions:
        raise NothingToEvaluate(path=str(path))
    async with desk.services() as services:
        with desk.waiting("cli.ask.preparing"):
            index = await services.knowledge.current()
        async with services.database.read() as session:
            held = await passages_in_force(session, on or services.clock.today())
        for source in evaluation.unknown_sources(questions, held):
            desk.note("cli.evaluate.unknown", title=source.title, article=source.article)
        with desk.progress("cli.ask.asking", len(questions)) as advance:

            def counted() -> Iterator[evaluation.EvaluationQuestion]:
                for question in questions:
                    yield question
                    advance(1)

            found = evaluation.evaluate(index, counted(), on=on or services.clock.today(), clock=time.perf_counter)
    values = found.as_json()
    if json:
        desk.show(values)
    else:
        desk.line("cli.evaluate.count", n=found.n)
        for name in EVALUATED_ON_TERMINAL:
            print(f"{name:>14}  {'—' if values[name] is None else values[name]}")
    if misses:
        for miss in found.misses:
            wanted = "; ".join(f"{one.title} {one.article}" for one in miss.wanted) or "—"
            got = "; ".join(f"{one.title} {one.article}" for one in miss.found) or "—"
            desk.note("cli.evaluate.miss", id=miss.id, question=miss.question, wanted=wanted, found=got)

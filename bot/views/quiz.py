"""Quiz questions: asked, and explained once they were answered."""

from __future__ import annotations

from datetime import date

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import QuizAct, QuizPress, Source
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from content.banks.question import Question, QuestionKind
from content.banks.rows import JUDGE_OPTIONS
from content.practice import Exercise, Graded

LETTERS = "ABCDEFGHIJKLMNOP"
JUDGED = dict(zip(JUDGE_OPTIONS, ("quiz.true", "quiz.false"), strict=True))
IN_A_ROW = 4


def show_exercise(exercise: Exercise, _: Words, *, chosen: int = 0) -> Shown:
    """The question; several answers are ticked before they are submitted, a single one counts at once."""
    question = exercise.question
    several = question.kind is QuestionKind.MULTIPLE
    buttons = []
    for place in range(len(question.options)):
        bit = 1 << place
        tick = "✓" if chosen & bit else ""
        act = QuizAct.CHOOSE if several else QuizAct.SUBMIT
        after = chosen ^ bit if several else bit
        buttons.append(Button(tick + _name(question, place, _), QuizPress(act=act, question=exercise.id, chosen=after)))
    rows = [buttons[at : at + IN_A_ROW] for at in range(0, len(buttons), IN_A_ROW)]
    if several:
        submit = QuizPress(act=QuizAct.SUBMIT, question=exercise.id, chosen=chosen)
        rows.append([Button(_.plain("quiz.submit"), submit)])
    return {"text": _asked(question, _), "reply_markup": keyboard(rows)}


def show_graded(graded: Graded, chosen: int, source: int | None, today: date, _: Words) -> Shown:
    """Whether the answer was right, why, and when the question comes again.

    Args:
        source: id of the passage that decides it, where the library has it.
    """
    question = graded.question
    right = _.plain("quiz.comma").join(_name(question, place, _) for place in question.answer)
    own = _.plain("quiz.comma").join(_name(question, at, _) for at in range(len(question.options)) if chosen >> at & 1)
    verdict = _("quiz.right") if graded.correct else _("quiz.wrong", own=own or "—", right=right)
    basis = ""
    if question.basis is not None:
        basis = _("quiz.basis", title=question.basis.title, article=question.basis.article)
    explained = lines(_("quiz.explanation", text=question.explanation) if question.explanation else "", basis)
    days = (graded.due_at.date() - today).days
    again = _("quiz.again_later", days=days) if days > 0 else _("quiz.again_today")
    row = [Button(_.plain("quiz.next"), QuizPress(act=QuizAct.NEXT, question=graded.id))]
    if source is not None:
        row.insert(0, Button(_.plain("ask.source_button"), Source.of([source])))
    return {"text": paragraphs([_asked(question, _), verdict, explained, again]), "reply_markup": keyboard([row])}


def _asked(question: Question, _: Words) -> str:
    head = _("quiz.head", kind=_.plain(f"quiz.kind.{question.kind.value}"))
    if question.kind is QuestionKind.JUDGE:
        return paragraphs([head, _("quiz.stem", text=question.stem)])
    options = [_("quiz.option", letter=LETTERS[place], text=option) for place, option in enumerate(question.options)]
    return paragraphs([head, _("quiz.stem", text=question.stem), lines(*options)])


def _name(question: Question, place: int, _: Words) -> str:
    if question.kind is not QuestionKind.JUDGE:
        return LETTERS[place]
    option = question.options[place]
    return _.plain(JUDGED[option]) if option in JUDGED else option

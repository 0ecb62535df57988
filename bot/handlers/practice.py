"""/quiz: one question at a time, explained after the answer. Answers are the student's own; nothing is ranked."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.buttons.student import QuizAct, QuizPress
from bot.clock import Clock
from bot.filters import Joined
from bot.handlers.pressing import changed, said_below
from bot.turns.turn import Turn
from bot.views.quiz import show_exercise, show_graded
from bot.views.text import Shown
from bot.words import Words
from content.practice import Exercise, grade, next_question
from content.sources import basis_passage, exercise_of
from records.people import Person

ASKED = "quiz"  # the one question that may be answered now; what was answered once is not answered twice


def router() -> Router:
    """For everybody who joined."""
    router = Router(name="practice")
    router.message.register(on_quiz, Command("quiz"), Joined())
    router.callback_query.register(on_press, QuizPress.filter(), Joined())
    return router


async def on_quiz(
    message: Message, state: FSMContext, session: AsyncSession, turn: Turn, person: Person, _: Words
) -> None:
    """Answer /quiz with the question that is due, or a new one."""
    await message.answer(**await _next(state, session, turn, person, _))


async def on_press(
    query: CallbackQuery,
    callback_data: QuizPress,
    state: FSMContext,
    session: AsyncSession,
    turn: Turn,
    clock: Clock,
    person: Person,
    _: Words,
) -> None:
    """An option ticked, an answer given, or the next question."""
    if callback_data.act is QuizAct.NEXT:
        await said_below(query)(**await _next(state, session, turn, person, _))
        return
    if (await state.get_data()).get(ASKED) != callback_data.question:
        await query.answer(_.plain("quiz.over"), show_alert=True)
        return
    if callback_data.act is QuizAct.CHOOSE:
        exercise = await exercise_of(session, callback_data.question)
        await changed(query)(**show_exercise(exercise, _, chosen=callback_data.chosen))
        return
    if not callback_data.chosen:
        await query.answer(_.plain("quiz.nothing_chosen"), show_alert=True)
        return
    chosen = [place for place in range(callback_data.chosen.bit_length()) if callback_data.chosen >> place & 1]
    graded = await grade(session, person.id, callback_data.question, chosen, now=turn.now)
    await state.update_data({ASKED: None})
    source = await basis_passage(session, graded.question.basis, on=clock.today())
    await changed(query)(**show_graded(graded, callback_data.chosen, source, clock.today(), _))


async def _next(state: FSMContext, session: AsyncSession, turn: Turn, person: Person, _: Words) -> Shown:
    exercise: Exercise | None = await next_question(session, person.id, stage=person.stage, now=turn.now)
    if exercise is None:
        return {"text": _("quiz.none")}
    await state.update_data({ASKED: exercise.id})
    return show_exercise(exercise, _)

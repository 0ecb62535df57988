"""Quiz questions come back when they are due, and sooner after a mistake."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from content.banks import read_bank
from content.practice import QuestionGone, due_count, grade, next_question
from content.questions import apply_import, plan_import, retire_questions
from storage.database import Database
from tests.content.people import CHEN, LIN, NOON, TODAY, two_students

BANK = [
    {
        "question": "预备期是多久？",
        "options": ["一年", "半年"],
        "answer": "A",
        "stages": ["candidate"],
        "difficulty": 2,
    },
    {"question": "几名介绍人？", "options": ["一名", "两名"], "answer": "B", "stages": ["candidate"], "difficulty": 1},
    {"question": "党徽有什么图案？", "options": ["镰刀", "锤头", "麦穗"], "answer": "AB", "difficulty": 1},
    {"question": "谁可以申请？", "options": ["年满十八岁的人", "任何人"], "answer": "A", "stages": ["applicant"]},
]


@pytest.fixture
async def school(database: Database) -> Database:
    async with database.write() as session:
        await two_students(session)
        bank = read_bank(json.dumps(BANK).encode(), "题库.json")
        await apply_import(session, await plan_import(session, bank, today=TODAY), added_by=None, now=NOON)
    return database


async def test_new_questions_are_of_the_persons_stage_and_easy_ones_come_first(school: Database) -> None:
    asked: list[int] = []
    stems = []
    async with school.read() as session:
        while (exercise := await next_question(session, LIN, stage="candidate", now=NOON, besides=asked)) is not None:
            asked.append(exercise.id)
            stems.append(exercise.question.stem)

    assert stems == ["几名介绍人？", "预备期是多久？", "党徽有什么图案？"]


async def test_a_right_answer_comes_back_later_than_a_wrong_one(school: Database) -> None:
    async with school.write() as session:
        first = await next_question(session, LIN, stage="candidate", now=NOON)
        assert first is not None
        right = await grade(session, LIN, first.id, {1}, now=NOON)
        wrong = await grade(session, CHEN, first.id, {0}, now=NOON)
        later = NOON + timedelta(days=1)
        right = await grade(session, LIN, first.id, {1}, now=later)
        wrong = await grade(session, CHEN, first.id, {0}, now=later)

    assert (right.correct, wrong.correct) == (True, False)
    assert right.due_at > wrong.due_at > later


async def test_what_is_due_comes_before_what_is_new(school: Database) -> None:
    async with school.write() as session:
        first = await next_question(session, LIN, stage="candidate", now=NOON)
        assert first is not None
        graded = await grade(session, LIN, first.id, {0}, now=NOON)

        before = await next_question(session, LIN, stage="candidate", now=graded.due_at - timedelta(seconds=1))
        after = await next_question(session, LIN, stage="candidate", now=graded.due_at)

        assert before is not None
        assert before.id != first.id
        assert after is not None
        assert (after.id, after.due_at) == (first.id, graded.due_at)
        assert await due_count(session, LIN, now=graded.due_at) == 1
        assert await due_count(session, CHEN, now=graded.due_at) == 0


async def test_several_right_options_must_all_be_chosen_and_no_other(school: Database) -> None:
    async with school.write() as session:
        exercise = await next_question(session, LIN, stage="full_member", now=NOON)
        assert exercise is not None
        marks = [
            (await grade(session, LIN, exercise.id, chosen, now=NOON)).correct for chosen in ({0}, {0, 1, 2}, {1, 0})
        ]

    assert marks == [False, False, True]


async def test_a_retired_question_is_not_asked_and_a_deleted_one_says_so(school: Database) -> None:
    async with school.write() as session:
        exercise = await next_question(session, LIN, stage="applicant", now=NOON)
        assert exercise is not None
        await grade(session, LIN, exercise.id, {0}, now=NOON)
        await retire_questions(session, [exercise.id], now=NOON)

        again = await next_question(session, LIN, stage="applicant", now=NOON + timedelta(days=400))

        assert again is None or again.id != exercise.id
        with pytest.raises(QuestionGone):
            await grade(session, LIN, 999_999, {0}, now=NOON)


async def test_intervals_grow_with_every_right_answer(school: Database) -> None:
    gaps = []
    now = NOON
    async with school.write() as session:
        exercise = await next_question(session, LIN, stage="applicant", now=NOON)
        assert exercise is not None
        for _ in range(6):
            due = (await grade(session, LIN, exercise.id, set(exercise.question.answer), now=now)).due_at
            gaps.append(due - now)
            now = due

    assert gaps == sorted(gaps)
    assert timedelta(days=1) < gaps[-1] <= timedelta(days=180)

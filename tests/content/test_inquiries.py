"""A question that the library cannot answer reaches the organisers without a name, and its answer the library."""

from __future__ import annotations

import pytest

from content.documents import passages_in_force
from content.inquiries import (
    InquiryNotAnswered,
    InquiryUnknown,
    Queued,
    answer,
    close,
    draft_faq,
    open_inquiries,
    pass_on,
    publish_faq,
)
from content.passages import DocumentKind, Level
from storage.database import Database
from tests.content.people import BRANCH, CHEN, LIN, NOON, OTHER_BRANCH, TODAY, two_students

QUESTION = "思想汇报交给谁？"


@pytest.fixture
async def school(database: Database) -> Database:
    async with database.write() as session:
        await two_students(session)
        await pass_on(session, QUESTION, branch_id=BRANCH, asked_by=LIN, now=NOON)
    return database


async def test_organisers_see_the_question_and_not_who_asked(school: Database) -> None:
    async with school.read() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])

        assert inquiry.text == QUESTION
        assert str(LIN) not in repr(inquiry)
        assert await open_inquiries(session, [OTHER_BRANCH]) == []


async def test_the_same_question_pressed_twice_is_kept_once(school: Database) -> None:
    async with school.write() as session:
        await pass_on(session, QUESTION + " ", branch_id=BRANCH, asked_by=LIN, now=NOON)

        assert len(await open_inquiries(session, [BRANCH])) == 1


async def test_an_answer_names_whom_to_tell(school: Database) -> None:
    async with school.write() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])

        answered, askers = await answer(
            session, inquiry.id, "交给培养联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON
        )

        assert (answered.state, askers) == ("answered", (LIN,))
        assert await open_inquiries(session, [BRANCH]) == []


async def test_the_same_question_of_two_people_stands_once_and_both_are_answered(school: Database) -> None:
    async with school.write() as session:
        _, own = await pass_on(session, "请问思想汇报交给谁呢", branch_id=BRANCH, asked_by=LIN, now=NOON)
        _, other = await pass_on(session, "老师好，思想汇报交给谁", branch_id=BRANCH, asked_by=CHEN, now=NOON)
        (inquiry,) = await open_inquiries(session, [BRANCH])

        assert (own, other, inquiry.text) == (Queued.AGAIN, Queued.JOINED, QUESTION)
        _, askers = await answer(session, inquiry.id, "交给联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)
        assert askers == (LIN, CHEN)
        assert await open_inquiries(session, [BRANCH]) == []


@pytest.mark.parametrize("asked", ["思想汇报不交给谁", "思想汇报能交给谁", "思想汇报交给谁看"])
async def test_a_question_that_says_something_else_stands_alone(school: Database, asked: str) -> None:
    async with school.write() as session:
        _, queued = await pass_on(session, asked, branch_id=BRANCH, asked_by=CHEN, now=NOON)

        assert queued is Queued.NEW
        assert len(await open_inquiries(session, [BRANCH])) == 2


async def test_another_branchs_question_is_not_answered_with_it(school: Database) -> None:
    async with school.write() as session:
        _, queued = await pass_on(session, QUESTION, branch_id=OTHER_BRANCH, asked_by=CHEN, now=NOON)
        (inquiry,) = await open_inquiries(session, [BRANCH])
        await answer(session, inquiry.id, "交给联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)

        assert queued is Queued.NEW
        assert len(await open_inquiries(session, [OTHER_BRANCH])) == 1


async def test_an_organiser_of_another_branch_cannot_answer(school: Database) -> None:
    async with school.write() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])
        with pytest.raises(InquiryUnknown):
            await answer(session, inquiry.id, "…", branches=[OTHER_BRANCH], answered_by=CHEN, now=NOON)


async def test_question_and_answer_are_quoted_only_after_they_are_confirmed(school: Database) -> None:
    async with school.write() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])
        with pytest.raises(InquiryNotAnswered):
            await draft_faq(session, inquiry.id, branches=[BRANCH], added_by=CHEN, now=NOON)
        await answer(session, inquiry.id, "交给培养联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)

        draft = await draft_faq(session, inquiry.id, branches=[BRANCH], added_by=CHEN, now=NOON)
        assert await passages_in_force(session, TODAY) == []
        published = await publish_faq(session, inquiry.id, branches=[BRANCH])
        (passage,) = await passages_in_force(session, TODAY)

    assert (draft.state, published.state, published.kind) == ("draft", "published", DocumentKind.FAQ)
    assert (passage.content.headings, passage.content.text) == ((QUESTION,), "交给培养联系人。")
    assert passage.content.level is Level.SCHOOL


async def test_a_question_can_be_left_without_an_answer(school: Database) -> None:
    async with school.write() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])

        closed, askers = await close(session, inquiry.id, branches=[BRANCH])

        assert (closed.state, askers) == ("closed", (LIN,))
        assert await open_inquiries(session, [BRANCH]) == []

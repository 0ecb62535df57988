"""A question that the library cannot answer reaches the organisers without a name, and its answer the library."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from content.attached import attach
from content.documents import passages_in_force
from content.faq import InquiryNotAnswered, draft_faq, publish_faq
from content.inquiries import (
    InquiryUnknown,
    Queued,
    Told,
    answer,
    close,
    merge,
    open_inquiries,
    pass_on,
    sign,
    take_out,
)
from content.library import add
from content.passages import DocumentKind, Level, PassageText
from content.readers.source import ParsedDocument
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

        assert (answered.state, askers) == ("answered", (Told(LIN, QUESTION),))
        assert await open_inquiries(session, [BRANCH]) == []


async def test_the_same_question_of_two_people_stands_once_and_both_are_answered(school: Database) -> None:
    async with school.write() as session:
        _, own = await pass_on(session, "请问思想汇报交给谁呢", branch_id=BRANCH, asked_by=LIN, now=NOON)
        _, other = await pass_on(session, "老师好，思想汇报交给谁", branch_id=BRANCH, asked_by=CHEN, now=NOON)
        (inquiry,) = await open_inquiries(session, [BRANCH])

        assert (own, other, inquiry.text) == (Queued.AGAIN, Queued.JOINED, QUESTION)
        _, askers = await answer(session, inquiry.id, "交给联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)
        assert askers == (Told(LIN, QUESTION), Told(CHEN, "老师好，思想汇报交给谁"))
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
            await draft_faq(session, inquiry.id, branches=[BRANCH], added_by=CHEN, now=NOON, today=NOON.date())
        await answer(session, inquiry.id, "交给培养联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)

        draft = await draft_faq(session, inquiry.id, branches=[BRANCH], added_by=CHEN, now=NOON, today=NOON.date())
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

        assert (closed.state, askers) == ("closed", (Told(LIN, QUESTION),))
        assert await open_inquiries(session, [BRANCH]) == []


async def two_waiting(session: AsyncSession) -> tuple[int, int]:
    """林一's question and another of 陈二 in the same branch."""
    await pass_on(session, "写好的思想汇报给哪位老师", branch_id=BRANCH, asked_by=CHEN, now=NOON)
    first, second = await open_inquiries(session, [BRANCH])
    return first.id, second.id


async def test_two_questions_that_an_organiser_merges_are_answered_at_once_each_in_its_own_words(
    school: Database,
) -> None:
    async with school.write() as session:
        one, other = await two_waiting(session)

        await merge(session, one, other, branches=[BRANCH])

        (group,) = await open_inquiries(session, [BRANCH])
        assert [phrasing.text for phrasing in group.phrasings] == [QUESTION, "写好的思想汇报给哪位老师"]
        assert (group.askers, group.named) == (2, ())
        _, told = await answer(session, other, "交给联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)
        assert told == (Told(LIN, QUESTION), Told(CHEN, "写好的思想汇报给哪位老师"))
        assert await open_inquiries(session, [BRANCH]) == []


@pytest.mark.parametrize("taken", [0, 1])
async def test_a_phrasing_is_taken_out_again_whichever_it_is(school: Database, taken: int) -> None:
    async with school.write() as session:
        numbers = await two_waiting(session)
        await merge(session, *numbers, branches=[BRANCH])

        alone, left = await take_out(session, numbers[taken], branches=[BRANCH])

        assert (alone.id, left.id) == (numbers[taken], numbers[1 - taken])
        assert [len(one.phrasings) for one in await open_inquiries(session, [BRANCH])] == [1, 1]
        with pytest.raises(InquiryUnknown):
            await take_out(session, numbers[taken], branches=[BRANCH])


async def test_who_asked_the_same_goes_with_the_phrasing(school: Database) -> None:
    async with school.write() as session:
        _, second = await two_waiting(session)
        await pass_on(session, "请问" + QUESTION, branch_id=BRANCH, asked_by=CHEN, now=NOON)
        first, _ = await open_inquiries(session, [BRANCH])
        await merge(session, second, first.id, branches=[BRANCH])

        alone, left = await take_out(session, first.id, branches=[BRANCH])

        assert (alone.askers, left.askers) == (2, 1)


async def test_questions_of_two_branches_are_never_merged(school: Database) -> None:
    async with school.write() as session:
        elsewhere, _ = await pass_on(session, "钥匙在哪", branch_id=OTHER_BRANCH, asked_by=CHEN, now=NOON)
        (here,) = await open_inquiries(session, [BRANCH])

        for branches in ([BRANCH], [BRANCH, OTHER_BRANCH]):
            with pytest.raises(InquiryUnknown):
                await merge(session, here.id, elsewhere.id, branches=branches)


async def test_a_name_is_shown_only_to_whom_the_asker_agreed_and_as_long_as_they_do(school: Database) -> None:
    async with school.write() as session:
        (inquiry,) = await open_inquiries(session, [BRANCH])

        assert not await sign(session, inquiry.id, asked_by=CHEN, named=True)
        assert (await open_inquiries(session, [BRANCH]))[0].named == ()
        assert await sign(session, inquiry.id, asked_by=LIN, named=True)
        assert (await open_inquiries(session, [BRANCH]))[0].named == ("林一",)
        assert await sign(session, inquiry.id, asked_by=LIN, named=False)
        assert (await open_inquiries(session, [BRANCH]))[0].named == ()


async def test_what_was_answered_is_not_answered_or_merged_once_more(school: Database) -> None:
    async with school.write() as session:
        one, other = await two_waiting(session)
        await answer(session, one, "交给联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)

        with pytest.raises(InquiryUnknown):
            await answer(session, one, "不用交。", branches=[BRANCH], answered_by=CHEN, now=NOON)
        with pytest.raises(InquiryUnknown):
            await merge(session, other, one, branches=[BRANCH])


async def test_a_published_answer_is_found_by_every_phrasing_and_so_is_its_next_edition(school: Database) -> None:
    async with school.write() as session:
        numbers = await two_waiting(session)
        await merge(session, *numbers, branches=[BRANCH])
        await answer(session, numbers[0], "交给培养联系人。", branches=[BRANCH], answered_by=CHEN, now=NOON)
        await draft_faq(session, numbers[1], branches=[BRANCH], added_by=CHEN, now=NOON, today=NOON.date())
        published = await publish_faq(session, numbers[0], branches=[BRANCH])

        (passage,) = await passages_in_force(session, TODAY)
        assert passage.content.questions == ("写好的思想汇报给哪位老师",)
        assert await attach(session, published.series, QUESTION, ["找谁交", "找谁交"], added_by=CHEN, now=NOON) == 1
        parsed = ParsedDocument(QUESTION, (PassageText((QUESTION,), None, "交给联系人本人。", level=Level.SCHOOL),))
        await add(
            session,
            parsed,
            file_name="新.md",
            content=b"",
            replaces=published.id,
            added_by=CHEN,
            now=NOON + timedelta(days=1),
            today=NOON.date() + timedelta(days=1),
        )
        (newer,) = await passages_in_force(session, TODAY + timedelta(days=1))
        assert newer.content.questions == ("写好的思想汇报给哪位老师", "找谁交")

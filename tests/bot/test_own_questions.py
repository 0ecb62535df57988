"""Which questions are about the asker's own dates, and which about the rules."""

from __future__ import annotations

from datetime import date

import pytest

from bot.own_questions import asks_how_far, asks_whom_i_accompany, own_dates, supposed
from records.extending import Extension

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("question", "step"),
    [
        ("我的预备期哪天满", "conversion_meeting"),
        ("我啥时候能转正", "conversion_meeting"),
        ("俺啥时候能转正", "conversion_meeting"),
        ("我能转正了吗", "conversion_meeting"),
        ("我还要多久才能当发展对象", "candidate_decided"),
        ("我离发展对象还差几个月", "candidate_decided"),
        ("本人谈话过期了没", "interview"),
        ("我积极分子满一年了没", "activist_decided"),
        ("我什么时候宣誓", "oath_taken"),
        ("我几号该交思想汇报", "thought_report"),
        ("我政审啥时候做", "political_review_passed"),
        ("我转正申请最早哪天能交", "conversion_applied"),
        ("我公示哪天结束", "public_notice_posted"),
        ("我的半年考察是哪天", "half_year_review"),
        ("自己的集中培训最晚哪天", "intensive_training_completed"),
        ("When is my interview due?", "interview"),
        ("When can I become a candidate?", "candidate_decided"),
    ],
)
def test_a_question_on_ones_own_date_names_the_step(question: str, step: str) -> None:
    found = own_dates(question)

    assert found is not None
    assert step in found.steps


@pytest.mark.parametrize(
    "question",
    [
        "我们支部什么时候开会",
        "预备期多久",
        "转正申请提前几天交",
        "我校公示几天",
        "自己写的申请书多久有人谈话",
        "自己找介绍人可以吗",
        "我国党员什么时候转正",
        "俺们支部多久考察一次",
        "积极分子多久考察一次",
        "思想汇报多久一份",
        "党委审批要多久",
        "宣誓要在多久之内",
        "我想当入党介绍人要做什么",
        "培训最少几天",
        "公示期从哪天算",
        "How long is probation?",
        "When is the notice over?",
    ],
)
def test_a_question_on_the_rule_is_not_one_on_ones_own_date(question: str) -> None:
    assert own_dates(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "我申请交了多久了",
        "我是哪天定为积极分子的",
        "我什么时候交的申请书",
        "我入党申请书交了几天了",
        "我当积极分子多久了",
        "我哪天谈的话",
    ],
)
def test_what_has_happened_is_told_from_what_is_to_come(question: str) -> None:
    found = own_dates(question)

    assert found is not None
    assert found.past


@pytest.mark.parametrize(
    "question", ["我什么时候能转正", "我还要等多久才谈话", "我积极分子满一年了没", "我预备期哪天满"]
)
def test_what_is_to_come_is_not_taken_for_what_has_happened(question: str) -> None:
    found = own_dates(question)

    assert found is not None
    assert not found.past


@pytest.mark.parametrize(
    ("question", "step", "wanted"),
    [
        ("如果2026-12-01谈话，最早什么时候确定为积极分子", "interview", "activist_decided"),
        ("如果 2026-12-01 宣誓", "oath_taken", None),
        ("如果2026-12-01政审，接下来什么时候预审", "political_review_passed", "pre_review_passed"),
        ("确定为积极分子是2026-12-01的话，最早什么时候能成为发展对象", "activist_decided", "candidate_decided"),
        ("2026-12-01确定为积极分子的话最早什么时候能成为发展对象", "activist_decided", "candidate_decided"),
        ("如果2026-12-01提交转正申请，什么时候开会", "conversion_applied", None),
        ("如果2026-12-01入党，什么时候转正", "branch_meeting_admitted", "conversion_meeting"),
        ("如果2026-12-01毕业，最晚什么时候预审", "leaving_planned", "pre_review_passed"),
        ("If I become an activist on 2026-12-01, when can I be a candidate?", "activist_decided", "candidate_decided"),
        (
            "How soon can I be a candidate if I am an activist on 1 December 2026?",
            "activist_decided",
            "candidate_decided",
        ),
        ("Suppose the notice is posted on Dec 1, what follows?", "public_notice_posted", None),
        (
            "Assuming I am admitted on December 1st, 2026 when can I convert",
            "branch_meeting_admitted",
            "conversion_meeting",
        ),
    ],
)
def test_a_what_if_names_the_supposed_step_its_day_and_what_is_asked(
    question: str, step: str, wanted: str | None
) -> None:
    found = supposed(question, TODAY)

    assert found is not None
    assert (found.step, found.day) == (step, date(2026, 12, 1))
    assert found.wanted[:1] == (() if wanted is None else (wanted,))


EXTENSIONS = [
    ("如果延长预备期6个月，最早什么时候转正", None, 6, None),
    ("要是我的预备期被延长一年，什么时候能转正？", None, 12, None),
    ("如果预备期延长半年", None, 6, None),
    ("如果延长预备期八个月的话我什么时候能交转正申请", None, 8, None),
    ("如果预备期被延长，最早什么时候能转正", None, None, None),
    ("如果预备期延长到2027年5月19日，什么时候转正", None, None, "2027-05-19"),
    ("如果2026-12-20支部大会决定延长预备期6个月，什么时候转正", "2026-12-20", 6, None),
    ("If my probation is extended by six months, when can I convert?", None, 6, None),
    ("When can I become a full member if my probation is extended for half a year?", None, 6, None),
    ("If there is an extension of eight months, when is my conversion meeting?", None, 8, None),
    ("If probation is extended to 2027-05-19, when can I convert?", None, None, "2027-05-19"),
]


@pytest.mark.parametrize(("question", "day", "months", "until"), EXTENSIONS)
def test_an_extension_of_probation_is_supposed_as_people_say_it(
    question: str, day: str | None, months: int | None, until: str | None
) -> None:
    found = supposed(question, TODAY)

    assert found is not None
    assert found.extension is not None
    assert found.step == "probation_extended"
    assert (found.day and str(found.day)) == day
    assert (found.extension.months, found.extension.until and str(found.extension.until)) == (months, until)


def test_an_extension_is_supposed_after_something_else() -> None:
    found = supposed("如果2026-12-01支部大会通过我为预备党员，又延长半年，最早什么时候转正", TODAY)

    assert found is not None
    assert (found.step, found.day) == ("branch_meeting_admitted", date(2026, 12, 1))
    assert found.extension == Extension(months=6)
    assert found.wanted[0] == "conversion_meeting"


@pytest.mark.parametrize(
    "question",
    [
        "如果延长预备期6个月怎么办",
        "如果延长预备期，党龄从什么时候算",
        "如果党委审批延长到六个月，什么时候转正",
        "如果延长预备期，需要开支部大会吗",
        "预备期延长最长多久",
    ],
)
def test_a_question_on_extensions_is_not_one_on_ones_own(question: str) -> None:
    found = supposed(question, TODAY)

    assert found is None or found.extension is None


@pytest.mark.parametrize(
    "question",
    [
        "如果2026年5月谈话没有记录怎么办",
        "如果2026年5月谈话记录丢了会不会影响",
        "What happens if the notice of 2026-05-01 was wrong?",
    ],
)
def test_what_to_do_in_a_case_is_no_what_if(question: str) -> None:
    assert supposed(question, TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "我走到哪一步",
        "我走到哪一步了？",
        "接下来我要做啥",
        "我接下来该干什么",
        "我现在是什么阶段",
        "下一步是什么",
        "我到哪一步了",
        "where am I now?",
    ],
)
def test_where_somebody_stands_is_told_from_the_record(text: str) -> None:
    assert asks_how_far(text)


@pytest.mark.parametrize(
    "text",
    ["积极分子下一步是什么", "预审之后下一步做什么", "走到哪一步要公示", "我们支部到哪一步了", "下一步要交思想汇报吗"],
)
def test_what_comes_after_a_step_is_asked_of_the_rules(text: str) -> None:
    assert not asks_how_far(text)


@pytest.mark.parametrize(
    "question",
    ["我联系的同学有谁", "我联系的学生都有哪些人？", "我带的积极分子各自走到哪一步了", "Who are my students?"],
)
def test_a_mentor_asks_whom_they_accompany(question: str) -> None:
    assert asks_whom_i_accompany(question)


@pytest.mark.parametrize(
    "question", ["我联系的同学多久考察一次", "培养联系人联系的同学有谁", "我联系人是谁", "我的联系人有谁"]
)
def test_a_question_on_accompanying_is_another_one(question: str) -> None:
    assert not asks_whom_i_accompany(question)

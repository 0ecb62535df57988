"""From which day Party standing counts: every way in which probation can end (facts §3, edge cases 8 to 10)."""

from __future__ import annotations

from datetime import date

import pytest

from records.facts import Fact
from records.party_standing import PartyStanding, party_standing
from records.track import load_track
from records.workdays import WorkCalendar

TRACK = load_track()
CALENDAR = WorkCalendar.standard()
Happened = tuple[str, str] | tuple[str, str, dict[str, str]]

ADMITTED: list[Happened] = [("branch_meeting_admitted", "2025-11-20")]
APPROVED: list[Happened] = [*ADMITTED, ("admission_approved", "2025-12-10", {"probation_end": "2026-11-19"})]
EXTENDED: list[Happened] = [
    *APPROVED,
    ("conversion_meeting", "2026-11-25"),
    ("probation_extended", "2026-11-25", {"extended_to": "2027-05-19"}),
]
MOVED: list[Happened] = [*APPROVED, ("transferred_in", "2026-07-01", {"postponed_on": "2026-11-20"})]


def standing(happened: list[Happened], today: str = "2028-01-01") -> PartyStanding | None:
    known = [Fact(number, step, date.fromisoformat(on), *detail) for number, (step, on, *detail) in enumerate(happened)]
    return party_standing(TRACK, known, date.fromisoformat(today), calendar=CALENDAR)


@pytest.mark.parametrize(
    ("happened", "since"),
    [
        ([*APPROVED, ("conversion_meeting", "2026-11-22"), ("conversion_approved", "2026-12-20")], "2026-11-19"),
        # late through the organisation's fault: from expiry all the same
        ([*APPROVED, ("conversion_meeting", "2027-06-22"), ("conversion_approved", "2027-12-20")], "2026-11-19"),
        # extended: from the end of the extended period, however late the meeting
        ([*EXTENDED, ("conversion_meeting", "2027-05-20"), ("conversion_approved", "2027-06-20")], "2027-05-19"),
        ([*EXTENDED, ("conversion_meeting", "2027-09-20"), ("conversion_approved", "2027-10-20")], "2027-05-19"),
        # postponed after a transfer: from the end as it always was
        ([*MOVED, ("conversion_meeting", "2027-04-20"), ("conversion_approved", "2027-05-10")], "2026-11-19"),
    ],
)
def test_standing_counts_from_the_end_of_probation_wherever_it_came_to_lie(
    happened: list[Happened], since: str
) -> None:
    found = standing(happened)

    assert found is not None
    assert (found.since, found.converted, found.estimated) == (date.fromisoformat(since), True, False)
    assert found.article == 33


def test_before_conversion_the_end_is_told_and_nothing_is_counted_yet() -> None:
    plain, extended, moved = (standing(life, "2026-12-01") for life in (APPROVED, EXTENDED, MOVED))

    assert plain is not None
    assert extended is not None
    assert moved is not None
    assert (plain.since, plain.converted, plain.extended_on) == (date(2026, 11, 19), False, None)
    assert (extended.since, extended.extended_on) == (date(2027, 5, 19), date(2026, 11, 25))
    assert (moved.since, moved.extended_on, moved.postponed_on) == (date(2026, 11, 19), None, date(2026, 11, 20))
    assert moved.postponed_article == 35


def test_an_end_that_nobody_wrote_down_is_an_estimate() -> None:
    found = standing([*ADMITTED, ("admission_approved", "2025-12-10")])

    assert found is not None
    assert (found.since, found.estimated) == (date(2026, 11, 20), True)


def test_who_is_not_admitted_or_of_whom_no_end_is_known_has_no_day() -> None:
    assert standing(ADMITTED) is None
    assert standing([("admission_approved", "2025-12-10")]) is None
    assert standing([*APPROVED, ("probation_cancelled", "2026-12-01")]) is None


def test_a_conversion_of_the_edition_of_2014_has_its_article() -> None:
    old: list[Happened] = [
        ("branch_meeting_admitted", "2023-11-20"),
        ("admission_approved", "2023-12-10", {"probation_end": "2024-11-19"}),
        ("conversion_meeting", "2024-11-25"),
        ("conversion_approved", "2024-12-20"),
    ]

    found = standing(old)

    assert found is not None
    assert found.article == 34

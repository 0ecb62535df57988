"""The demo: invented people with histories that end today, recorded through the same functions as real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from bot.consent import NOTICE_VERSION
from bot.deeds.recording import settle_anew
from bot.services import Services
from content import library
from content.passages import DocumentKind
from content.readers import read
from records.branches import BranchKind, create_branch
from records.consent import give_consent
from records.dates import iso_date, months_after
from records.ledger import append
from records.people import Person, PersonId, Role, add_person, assign_mentor, attach_account
from records.steps import StepRequest, record
from storage.errors import WaymarkError

SAMPLES = Path(__file__).parent / "samples"
SCHOOL_RULES = "school_rules.md"
SCHOOL_TRACK = SAMPLES / "school_track.yaml"  # the time limits of those rules
CHANNEL = "web"
FIRST_CHAT = 1001  # sample people have chats of fixed numbers, so that a bookmark of the page stays good
MARKER = "demo-since.txt"
KEPT_DAYS = 7  # older histories no longer end "today": the demo begins anew
NOON = time(12, 0)

_OFFSET = re.compile(r"([+-]\d+)([ymd])")
_WHOLE_OFFSET = re.compile(rf"({_OFFSET.pattern})+")


class NotADemo(WaymarkError):
    """The folder holds an installation that is no demo."""

    key = "error.demo_on_real_data"
    sentence = "The data folder {data} holds real people and is not used for a demo. Choose an empty folder."


def clear_old_demo(data: Path, *, today: date) -> None:
    """Remove the database of a demo that has grown old; called before it is opened.

    Raises:
        NotADemo: there is a database here that no demo has made.
    """
    marker = data / MARKER
    files = [data / f"waymark.db{ending}" for ending in ("", "-wal", "-shm")]
    if not marker.exists():
        if files[0].exists():
            raise NotADemo(data=str(data))
        return
    if (today - date.fromisoformat(marker.read_text(encoding="ascii").strip())).days > KEPT_DAYS:
        for file in [*files, marker]:
            file.unlink(missing_ok=True)


async def prepare_demo(services: Services) -> None:
    """Put the sample people in, once; what somebody has tried since stays."""
    marker = services.settings.data / MARKER
    if marker.exists():
        return
    today = services.clock.today()
    async with services.database.write() as session:
        people = await _add_people(services, session, samples(), today)
        for sample, person in people:
            await _record_history(services, session, sample, person, dict(_ids(people)), today)
        for _, person in people:
            if any(role is Role.STUDENT for role, _ in person.roles):
                await settle_anew(services, session, person)
        await _add_school_rules(services, session)
    marker.write_text(today.isoformat() + "\n", encoding="ascii")


def samples() -> dict[str, Any]:
    """The tree and the people of `samples/people.yaml`."""
    content: dict[str, Any] = yaml.safe_load((SAMPLES / "people.yaml").read_text(encoding="utf-8"))
    return content


def day_of(offset: str, today: date) -> date:
    """The day that "-12m+9d" means: years and months first, then days."""
    months = days = 0
    for number, unit in _OFFSET.findall(offset):
        if unit == "d":
            days += int(number)
        else:
            months += int(number) * (12 if unit == "y" else 1)
    return months_after(today, months) + timedelta(days=days)


def history_of(sample: Mapping[str, Any], today: date) -> Iterator[tuple[str, str, date, dict[str, Any]]]:
    """Kind, step, day and details of everything recorded of a sample person, by day."""
    found: list[tuple[str, str, date, dict[str, Any]]] = []
    if "birthday" in sample:
        found.append(("step", "birthday", day_of(sample["birthday"], today), {}))
    for step, offset, *more in sample.get("steps", ()):
        found.append(("step", step, day_of(offset, today), _details(more[0] if more else {}, today)))
    for kind, offset, payload in sample.get("entries", ()):
        found.append((kind, "", day_of(offset, today), payload))
    yield from sorted(found, key=lambda one: one[2])


def _details(written: Mapping[str, str], today: date) -> dict[str, str]:
    return {
        name: day_of(value, today).isoformat() if _WHOLE_OFFSET.fullmatch(value) else value
        for name, value in written.items()
    }


def recording_day(on: date, detail: Mapping[str, Any], today: date) -> date:
    """The day after it happened and after whatever past day its details name; births long ago are recorded later."""
    named = [iso_date(value) for value in detail.values() if isinstance(value, str)]
    known = [day for day in (on, *named) if day is not None and day <= today]
    return min(today, max(*known, months_after(today, -60)) + timedelta(days=1))


def _ids(people: list[tuple[dict[str, Any], Person]]) -> Iterator[tuple[str, PersonId]]:
    for _, person in people:
        yield person.name, person.id


async def _add_people(
    services: Services, session: AsyncSession, content: Mapping[str, Any], today: date
) -> list[tuple[dict[str, Any], Person]]:
    now = services.clock.now()
    branches = await _add_branches(session, content["organisation"], None)
    people = []
    for place, sample in enumerate(content["people"]):
        person = await add_person(
            session,
            name=sample["name"],
            student_number=sample.get("number"),
            branch_id=branches[sample["branch"]],
            details=sample.get("details"),
            now=now,
            roles=tuple(Role(role) for role in sample["roles"]),
        )
        await give_consent(session, person.id, NOTICE_VERSION, now=now)
        await attach_account(session, person.id, CHANNEL, FIRST_CHAT + place, now=now)
        people.append((sample, person))
    ids = dict(_ids(people))
    for sample, person in people:
        for mentor in sample.get("mentors", ()):
            await assign_mentor(session, ids[mentor], person.id, since=months_after(today, -36))
    return people


async def _add_branches(session: AsyncSession, node: Mapping[str, Any], parent: int | None) -> dict[str, int]:
    branch = await create_branch(session, node["name"], kind=BranchKind(node["kind"]), parent=parent)
    found = {branch.name: branch.id}
    for below in node.get("below", ()):
        found |= await _add_branches(session, below, branch.id)
    return found


async def _record_history(
    services: Services,
    session: AsyncSession,
    sample: Mapping[str, Any],
    person: Person,
    ids: Mapping[str, PersonId],
    today: date,
) -> None:
    """Each entry is recorded as of the day after it happened, by the organiser, as it would have been."""
    organiser = next(ids[one["name"]] for one in samples()["people"] if "organiser" in one["roles"])
    for kind, step, on, detail in history_of(sample, today):
        recorded_on = recording_day(on, detail, today)
        now = datetime.combine(recorded_on, NOON, services.settings.zone).astimezone(UTC)
        if kind != "step":
            await append(
                session, person=person.id, kind=kind, happened_on=on, payload=detail, recorded_by=organiser, now=now
            )
            continue
        await record(
            session,
            services.track,
            StepRequest(person=person.id, step=step, on=on, detail=detail, recorded_by=organiser),
            today=recorded_on,
            now=min(now, services.clock.now()),
            calendar=services.calendar,
            readings=services.readings,
        )


async def _add_school_rules(services: Services, session: AsyncSession) -> None:
    content = (SAMPLES / SCHOOL_RULES).read_bytes()
    await library.add(
        session,
        read(content, SCHOOL_RULES),
        file_name=SCHOOL_RULES,
        content=content,
        kind=DocumentKind.SCHOOL,
        added_by=None,
        now=services.clock.now(),
        today=services.clock.today(),
    )

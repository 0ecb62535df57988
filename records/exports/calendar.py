"""Due dates as a calendar file that a phone or Outlook can open."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from records.deadline import Deadline, notes
from records.exports.columns import Words
from records.people import Person
from records.talks import KIND as APPOINTED

ALARM_DAYS = (7, 1)
REFRESH = timedelta(hours=12)  # how often a calendar that subscribed is asked to look again
_MORNING = timedelta(hours=9)  # an all-day event begins at midnight: the alarm rings at nine


def calendar(
    due: Sequence[tuple[Person, Sequence[Deadline]]],
    words: Words,
    now: datetime,
    *,
    discreet: bool = False,
    seed: str = "",
    alarm_days: Sequence[int] = ALARM_DAYS,
) -> bytes:
    """All-day events with alarms for every date that is still open; done ones are left out.

    An event keeps its UID while its date moves, so importing again moves it. Alarms say nothing of the matter itself:
    they appear on locked screens.

    Args:
        discreet: nothing in the file but the days says what is due, as for calendars that other companies keep.
        seed: makes the UIDs of a discreet file those of its own address; without it they are the person's.
    """
    from icalendar import Alarm, Calendar, Event

    file = Calendar()
    file.add("prodid", "-//Waymark//Due dates//")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("x-wr-calname", words("calendar.name"))
    file.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    file.add("x-published-ttl", REFRESH)
    for person, deadlines in due:
        counts: Counter[str] = Counter()
        for deadline in sorted(deadlines, key=lambda one: (one.due, one.rule, one.kind)):
            key = f"{deadline.rule}-{deadline.kind}-{deadline.step}"
            counts[key] += 1
            if not deadline.is_open:
                continue
            event = Event()
            uid = f"{person.student_number or person.id}-{key}-{counts[key]}"
            event.add("uid", f"{_opaque(seed, uid) if discreet else uid}@waymark")
            event.add("dtstamp", now)
            event.add("dtstart", deadline.due)
            event.add("dtend", deadline.due + timedelta(days=1))
            event.add("summary", words("calendar.neutral") if discreet else _title(person, deadline, words, len(due)))
            details = words("calendar.details") if discreet else _description(person, deadline, words)
            event.add("description", details)
            event.add("class", "PRIVATE")
            event.add("transp", "TRANSPARENT")
            for days in alarm_days:
                alarm = Alarm()
                alarm.add("action", "DISPLAY")
                alarm.add("description", words("calendar.neutral"))
                alarm.add("trigger", _MORNING - timedelta(days=days))
                event.add_component(alarm)
            file.add_component(event)
    return bytes(file.to_ical())


def _opaque(seed: str, uid: str) -> str:
    return hashlib.sha256(f"{seed} {uid}".encode()).hexdigest()[:32]


def _title(person: Person, deadline: Deadline, words: Words, people: int) -> str:
    kind = deadline.kind if deadline.kind in ("earliest", APPOINTED) else "due"
    title = words(f"calendar.title.{kind}", step=words(f"step.{deadline.step}"))
    return words("calendar.of", name=person.name, title=title) if people > 1 else title


def _description(person: Person, deadline: Deadline, words: Words) -> str:
    day = deadline.base_date.isoformat()
    reason = words("calendar.reason", base=words(f"step.{deadline.base_step}"), day=day, rule=deadline.rule)
    lines = [
        words("calendar.person", name=person.name),
        words("calendar.agreed", day=day) if deadline.kind == APPOINTED else reason,
        words(f"calendar.level.{deadline.level}", article=deadline.article or ""),
        *(words(note.key, value=note.value or "") for note in notes(deadline.note)),
        words("calendar.stand", day=deadline.due.isoformat()),
    ]
    return "\n".join(lines)

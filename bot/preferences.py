"""What people can set for themselves, as the choices that buttons offer, and when their quiet hours end."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from bot.buttons.student import Setting
from records.people import Preferences
from storage.errors import WaymarkError

STUDY_TIMES = (time(7), time(8), time(12), time(18), time(20), time(21))
QUIET_HOURS = ((time(22), time(7, 30)), (time(23), time(8)), (time(21), time(9)), (time(0), time(0)))
LANGUAGES = ("zh_CN", "en")
ON, OFF = "on", "off"
_TIME = re.compile(r"(\d{1,2})\s*[:：.时点]\s*(\d{1,2})?\s*分?")


class NoSuchChoice(WaymarkError):
    """A choice that is not offered."""

    key = "error.no_such_choice"
    sentence = "{value} is not offered. Send /settings and choose one of the buttons."


class NotATime(WaymarkError):
    """A time of day that cannot be read."""

    key = "error.not_a_time"
    sentence = "{value} is not a time of day. Write it like 19:30."


def packed(*times: time) -> str:
    """Times of day as a button carries them: 2200-0730."""
    return "-".join(f"{one:%H%M}" for one in times)


def changes_of(what: Setting, value: str) -> Preferences:
    """What a press changes. Raises: NoSuchChoice."""
    if what is Setting.STUDY:
        chosen = next((one for one in STUDY_TIMES if packed(one) == value), None)
        if chosen is not None:
            return {"study_time": chosen, "study_muted": False}
    elif what is Setting.MUTED and value in (ON, OFF):
        return {"study_muted": value == ON}
    elif what is Setting.QUIET:
        pair = next((pair for pair in QUIET_HOURS if packed(*pair) == value), None)
        if pair is not None:
            return {"quiet_from": pair[0], "quiet_until": pair[1]}
    elif what is Setting.LANGUAGE and value in LANGUAGES:
        return {"language": value}
    raise NoSuchChoice(value=value)


def time_of_day(text: str) -> time:
    """19:30, 19：30, 19点30分 or 8点. Raises: NotATime."""
    match = _TIME.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
        raise NotATime(value=text.strip()[:20])
    return time(int(match[1]), int(match[2] or 0))


def rest_ends(local: datetime, quiet_from: time, quiet_until: time) -> datetime | None:
    """When the quiet hours end that hold at this local moment; None outside them. They may pass midnight.

    `quiet_from` itself is quiet, `quiet_until` is not; equal times mean that there are no quiet hours.
    """
    moment = local.time()
    if quiet_from == quiet_until:
        return None
    if quiet_from < quiet_until:
        quiet = quiet_from <= moment < quiet_until
        day = local.date()
    else:
        quiet = moment >= quiet_from or moment < quiet_until
        day = local.date() + timedelta(days=1) if moment >= quiet_from else local.date()
    return datetime.combine(day, quiet_until, local.tzinfo) if quiet else None

"""One's own settings, with a button for every choice."""

from __future__ import annotations

from datetime import date, datetime, time

from bot.buttons.keyboard import Button, keyboard
from bot.buttons.student import Setting, SettingPress
from bot.preferences import LANGUAGES, OFF, ON, QUIET_HOURS, STUDY_TIMES, packed, rest_ends
from bot.settings import Settings
from bot.views.text import Shown, lines, paragraphs
from bot.words import Words
from records.people import Person, Role

IN_A_ROW = 3


def show_settings(person: Person, school: Settings, _: Words) -> Shown:
    """What holds now, the school's own times where nothing was chosen; a tick stands before the present choice."""
    studies = any(role is Role.STUDENT for role, _branch in person.roles)
    study = person.study_time or school.study_time
    quiet = (person.quiet_from or school.quiet_from, person.quiet_until or school.quiet_until)
    holding = [_("settings.quiet", hours=_hours(quiet, _)), _("settings.language", name=_.plain("settings.own_name"))]
    rows = []
    if studies:
        holding.insert(
            0, _("settings.study_muted") if person.study_muted else _("settings.study", time=f"{study:%H:%M}")
        )
        times = [
            _choice(f"{one:%H:%M}", Setting.STUDY, packed(one), one == study and not person.study_muted)
            for one in STUDY_TIMES
        ]
        rows += [times[at : at + IN_A_ROW] for at in range(0, len(times), IN_A_ROW)]
        mute = (_.plain("settings.unmute"), OFF) if person.study_muted else (_.plain("settings.mute"), ON)
        rows.append([Button(mute[0], SettingPress(what=Setting.MUTED, value=mute[1]))])
    hours = [_choice(_hours(pair, _), Setting.QUIET, packed(*pair), pair == quiet) for pair in QUIET_HOURS]
    rows += [hours[at : at + 2] for at in range(0, len(hours), 2)]
    rows.append(
        [_choice(_.plain(f"settings.{name}"), Setting.LANGUAGE, name, name == _.language) for name in LANGUAGES]
    )
    held = _held_back(study, quiet, _) if studies and not person.study_muted else ""
    hint = _("settings.hint") if studies else ""
    return {"text": paragraphs([_("settings.head"), lines(*holding), held, hint]), "reply_markup": keyboard(rows)}


def _held_back(study: time, quiet: tuple[time, time], _: Words) -> str:
    """What becomes of a card whose time lies in the quiet hours: it waits for their end, and never past midnight."""
    asked = datetime.combine(date.min, study)
    ends = rest_ends(asked, *quiet)
    if ends is None:
        return ""
    if ends.date() > asked.date():
        return _("settings.held_past_midnight", time=f"{study:%H:%M}")
    return _("settings.held_until", time=f"{study:%H:%M}", until=f"{ends:%H:%M}")


def _choice(label: str, what: Setting, value: str, holds: bool) -> Button:
    return Button(("✓ " if holds else "") + label, SettingPress(what=what, value=value))


def _hours(pair: tuple[time, time], _: Words) -> str:
    if pair[0] == pair[1]:
        return _.plain("settings.no_quiet")
    return _.plain("settings.hours", since=f"{pair[0]:%H:%M}", until=f"{pair[1]:%H:%M}")

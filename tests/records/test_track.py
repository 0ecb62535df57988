"""The track file: what it holds, and how a wrong one is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.words import Locales
from records.track import TRACKS, load_track
from records.yaml_lines import TrackFileWrong

TRACK = load_track()
EXAMPLE = TRACKS / "school.example.yaml"
STEPS = [
    "application_received",
    "interview",
    "activist_decided",
    "activist_filed",
    "mentor_assigned",
    "half_year_review",
    "candidate_decided",
    "candidate_agreed",
    "public_notice_posted",
    "candidate_listed",
    "introducers_named",
    "political_review_passed",
    "intensive_training_completed",
    "committee_reviewed",
    "pre_review_passed",
    "volunteer_form_completed",
    "branch_meeting_admitted",
    "committee_interview",
    "admission_approved",
    "admission_filed",
    "group_assigned",
    "oath_taken",
    "probation_review",
    "conversion_applied",
    "conversion_meeting",
    "conversion_approved",
    "archived",
]
EVENTS = [
    "birthday",
    "leaving_planned",
    "resolution_submitted",
    "probation_extended",
    "transferred_in",
    "paused",
    "resumed",
    "thought_report",
    "training_hours",
]


def test_the_track_has_every_step_in_its_order_and_every_side_event() -> None:
    assert [step.id for step in TRACK.steps] == STEPS
    assert set(EVENTS) <= {event.id for event in TRACK.events}


def test_the_steps_are_the_25_of_the_flow_chart_and_7a() -> None:
    numbers = list(dict.fromkeys(step.number for step in TRACK.steps))

    assert numbers == [*map(str, range(1, 8)), "8", "7a", *map(str, range(9, 26))]


def test_every_rule_of_the_register_is_there_with_its_article() -> None:
    articles = {rule.id: rule.article for rule in TRACK.rules}

    assert articles == {
        "T01": 5,
        "T02": 7,
        "T03": 11,
        "T04": 13,
        "T05": 13,
        "T06": 17,
        "T07": 18,
        "T08": 19,
        "T09": 25,
        "T10": 29,
        "T11": 31,
        "T12": 31,
        "T13": 31,
        "T14": 33,
        "T15": 35,
        "T16": 36,
        "T17": 11,
    }


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_everything_on_the_track_has_its_wording(language: str) -> None:
    words = Locales().words(language)
    every = [*TRACK.steps, *TRACK.events]
    keys = {step.title for step in every}
    keys |= {f"actor.{step.actor}" for step in every} | {f"stage.{stage}" for stage in TRACK.stages}
    keys |= {f"document.{document}" for step in every for document in step.documents}
    keys |= {f"detail.{field.name}" for step in every for field in step.fields}
    keys |= {f"why.{rule.id}" for rule in TRACK.rules}

    assert [key for key in sorted(keys) if not words.has(key)] == []


def test_both_languages_have_the_same_keys_and_fields() -> None:
    room = Path("bot/locales")
    found = []
    for language in ("zh_CN", "en"):
        text = (Path(__file__).parents[2] / room / language / "track.po").read_text(encoding="utf-8")
        pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, flags=re.MULTILINE)
        found.append({key: set(re.findall(r"\{(\w+)\}", sentence)) for key, sentence in pairs})

    chinese, english = found
    assert chinese.keys() == english.keys()
    assert {key: (chinese[key], english[key]) for key in chinese if chinese[key] != english[key]} == {}


def test_a_school_adds_its_own_rules_and_changes_none_of_ours() -> None:
    track = load_track(school=EXAMPLE)

    ours = {(rule.id, rule.kind): rule.article for rule in TRACK.rules}
    assert {(rule.id, rule.kind): rule.article for rule in track.rules if rule.level == "national"} == ours
    added = {rule.id for rule in track.rules if rule.level == "school"}
    assert {"school.thought_report", "school.probation_review", "school.waiting_period"} <= added
    assert track.rule("T04").remind == (30, 0)


CHINESE = Locales().words("zh_CN")
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
SCHOOL_RULE = """rules:
  - id: school.wait
    kind: earliest
    step: activist_decided
    base: [application_received]
    offset: {months: 3}
    level: school
    effective: 2026-09-01
"""


@pytest.mark.parametrize(
    ("change", "line", "at"),
    [
        (("{months: 3}", "{months: three}"), 6, "rules[0].offset.months"),
        (("{months: 3}", "{months: 3, days: 2}"), 6, "rules[0].offset"),
        (("kind: earliest", "kind: earlier"), 3, "rules[0].kind"),
        (("step: activist_decided", "step: activist"), 4, "rules[0].step"),
        (("[application_received]", "[application]"), 5, "rules[0].base[0]"),
        (("level: school", "level: school\n    colour: red"), 8, "rules[0].colour"),
        (("level: school", "level: school\n    level: school"), 8, "-"),
        (("    effective: 2026-09-01\n", ""), 2, "rules[0].effective"),
        (("school.wait", "wait"), 2, "rules[0].id"),
        (("school.wait", "T04"), 2, "rules[0].id"),
        (("level: school", "level: national"), 2, "rules[0].id"),
        (("rules:", "rules: ["), 2, "-"),
        (("rules:", "remind: {T99: [3]}\nrules:"), 1, "remind.T99[0]"),
        (("2026-09-01", "2026-09-31"), 8, "-"),
        (("kind: earliest", "[kind]: earliest"), 3, "-"),
        (("offset: {months: 3}", "offset: 3"), 6, "rules[0].offset"),
        (("level: school", "level: school\n    strict: perhaps"), 8, "rules[0].strict"),
        (("school.wait", "school." + "w" * 30), 2, "rules[0].id"),
        (("level: school", "level: school\n    remind: 3"), 8, "rules[0].remind"),
        (("level: school", "level: school\n    remind: [7, -3]"), 8, "rules[0].remind[1]"),
        (("rules:", "remind: {T02: [-3]}\nrules:"), 1, "remind.T02[0]"),
        (("{months: 3}", "{months: -3}"), 6, "rules[0].offset.months"),
        (("{months: 3}", "{years: 99999}"), 6, "rules[0].offset.years"),
        (("    offset: {months: 3}\n", ""), 2, "rules[0].id"),
        (("    base: [application_received]\n", ""), 2, "rules[0].id"),
        (("[application_received]", "[{rule: school.wait}]"), 2, "rules[0].id"),
        (("[application_received]", "[application_received.recieved_on]"), 5, "rules[0].base[0]"),
    ],
)
def test_a_wrong_school_file_is_refused_with_file_line_and_key(
    tmp_path: Path, change: tuple[str, str], line: int, at: str
) -> None:
    file = tmp_path / "our_school.yaml"
    file.write_text(SCHOOL_RULE.replace(*change), encoding="utf-8")

    with pytest.raises(TrackFileWrong) as refused:
        load_track(school=file)

    fields = refused.value.fields
    assert fields["file"] == "our_school.yaml"
    assert (fields["line"], fields["at"]) == (line, at)
    assert "our_school.yaml" in str(refused.value)
    assert fields["problem"]
    assert not ENGLISH.search(CHINESE.plain_error(refused.value)), CHINESE.plain_error(refused.value)


def test_a_good_school_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "our_school.yaml"
    file.write_text(SCHOOL_RULE, encoding="utf-8")

    rule = load_track(school=file).rule("school.wait")

    assert (rule.level, rule.offset.months if rule.offset else None) == ("school", 3)


def test_a_missing_school_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TrackFileWrong, match=r"absent\.yaml") as refused:
        load_track(school=tmp_path / "absent.yaml")

    assert "不存在" in CHINESE.plain_error(refused.value)
    assert "WAYMARK_SCHOOL_TRACK" in CHINESE.plain_error(refused.value)


def test_a_school_file_that_is_no_text_is_refused_in_chinese_words(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("rules: []  # r\xe8gles".encode("latin-1"))

    for file in (tmp_path / "latin.yaml", tmp_path):
        with pytest.raises(TrackFileWrong) as refused:
            load_track(school=file)
        assert not ENGLISH.search(CHINESE.plain_error(refused.value))


def test_an_empty_school_file_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "our_school.yaml"
    file.write_text("", encoding="utf-8")

    assert load_track(school=file).rules == TRACK.rules

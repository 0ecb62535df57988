"""The words that the page itself needs, by their keys in the locales."""

from __future__ import annotations

from bot.words import Words

PREFIX = "web."
PAGE_KEYS = (
    "alert_close",
    "attach",
    "attachment_remove",
    "choose_person",
    "code_field",
    "code_hint",
    "code_open",
    "code_title",
    "commands",
    "connecting",
    "demo_note",
    "download",
    "drop_here",
    "earlier",
    "empty_hint",
    "empty_title",
    "file_too_big",
    "jump_down",
    "leave",
    "leave_cancel",
    "leave_question",
    "log",
    "message_field",
    "offline",
    "picture_of",
    "quote_more",
    "retry",
    "send",
    "sending",
    "sent",
    "spoiler",
    "tagline",
    "today",
    "typing",
    "unsent",
    "yesterday",
)


def page_words(words: Words) -> dict[str, str]:
    """Every phrase under its short name; fields stay as they are, the page fills them in."""
    return {key: words.plain(PREFIX + key) for key in PAGE_KEYS}

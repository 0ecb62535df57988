"""Which version of the notice is in force; its text is `consent.notice` in the locales."""

NOTICE_VERSION = "2026-11-22"

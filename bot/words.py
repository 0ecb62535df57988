"""Words: every sentence that a person reads, by key and language, from the .po files in `locales/`.

Nothing here needs the conversation framework: the command line speaks with the same words and must start at once.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from markupsafe import Markup

from content.numerals import numeral_of
from storage.errors import Term, WaymarkError

LOCALES = Path(__file__).parent / "locales"
DEFAULT_LANGUAGE = "zh_CN"


class Locales:
    """The languages we speak; each is read once, when it is first spoken, from one .po file a room."""

    def __init__(self, path: Path = LOCALES, default: str = DEFAULT_LANGUAGE) -> None:
        self.path = path
        self.default_locale = default
        self._read: dict[str, gettext.GNUTranslations] = {}
        self._own: dict[str, str] = {}

    @cached_property
    def available_locales(self) -> tuple[str, ...]:
        """The codes of the languages, sorted."""
        return tuple(sorted(folder.name for folder in self.path.iterdir() if folder.is_dir()))

    def teach(self, names: Mapping[str, str]) -> None:
        """The school's own names by key: of steps and events in its language, of all else where we have no wording."""
        self._own.update(names)

    def gettext(self, key: str, *, locale: str) -> str:
        """The sentence of the key, or the key itself where the language has none."""
        if locale not in self._read:
            self._read[locale] = _merged(sorted((self.path / locale).glob("*.po")))
        found = self._read[locale].gettext(key)
        own_first = locale == DEFAULT_LANGUAGE and key.startswith(("step.", "base."))
        return self._own.get(key, found) if found == key or own_first else found

    def words(self, language: str | None) -> Words:
        """The words of a language code; one that is not ours ("en-GB", "zh-hans") gets the nearest or the default."""
        wanted = (language or "").replace("-", "_").lower()
        for name in self.available_locales:
            if wanted == name.lower() or wanted.split("_")[0] == name.lower().split("_")[0]:
                return Words(self, name)
        return Words(self, self.default_locale)


class Words:
    """Sentences in one language. Calling it escapes every value for Telegram's HTML, except `Markup`."""

    def __init__(self, locales: Locales, language: str) -> None:
        self._locales = locales
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence of the key with its {fields} filled in, safe to send as HTML."""
        return self._fill(key, {name: _escaped(value) for name, value in values.items()})

    def plain(self, key: str, /, **values: Any) -> str:
        """The same for places that are not HTML: files, terminals, buttons."""
        return self._fill(key, values)

    def error(self, error: WaymarkError) -> str:
        """The sentence of an error, safe to send as HTML."""
        return self(error.key, **error.fields) if self.has(error.key) else escape(str(error))

    def plain_error(self, error: WaymarkError) -> str:
        """The sentence of an error for a terminal."""
        return self.plain(error.key, **error.fields) if self.has(error.key) else str(error)

    def has(self, key: str) -> bool:
        """Whether the language has a sentence for the key."""
        return self._locales.gettext(key, locale=self.language) != key

    def _fill(self, key: str, values: dict[str, Any]) -> str:
        text = self._locales.gettext(key, locale=self.language)
        return text.format_map({name: self._worded(name, value) for name, value in values.items()}) if values else text

    def _worded(self, name: str, value: Any) -> Any:
        """A term in this language, or its plain name where it has no wording here; 第七条, not 第7条."""
        if name == "article" and isinstance(value, int) and self.language == DEFAULT_LANGUAGE:
            return numeral_of(value)
        return self.plain(value.key, **value.values) if isinstance(value, Term) and self.has(value.key) else value


def _merged(paths: Iterable[Path]) -> gettext.GNUTranslations:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    merged = Catalog(charset="utf-8")
    for path in paths:
        with path.open("rb") as file:
            for message in read_po(file, charset="utf-8", abort_invalid=True):
                if message.id:
                    merged.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _escaped(value: Any) -> Any:
    if isinstance(value, Markup):
        return str(value)
    if isinstance(value, Term):
        return value  # worded by us
    return escape(value, quote=False) if isinstance(value, str) else value

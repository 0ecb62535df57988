"""Passages as columns: what a search looks at for all of them stands in arrays, the rest is read for the few found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.naming import article_key, title_key
from retrieval.texts import Texts, runs

_OPEN_END = 2**31 - 1
_KEPT_PLACES = 512


@dataclass(frozen=True)
class Shelf:
    """Passages in rows.

    Attributes:
        records: everything about a passage except its days of validity, as JSON.
        texts: title, headings and text of each, normalised.
        documents, titles: ids and title keys, each once; `document` and `title` are rows of them.
        since, until: days of validity as ordinals, the second not included.
        article: a number for the article's key, 0 where the passage is none.
        basis: the same of the article that it rests on, 0 where it rests on none.
        own: whether it is a rule of the organisation itself.
    """

    records: Texts
    texts: Texts
    documents: Texts
    titles: Texts
    document: NDArray[np.int32]
    title: NDArray[np.int32]
    since: NDArray[np.int32]
    until: NDArray[np.int32]
    article: NDArray[np.uint64]
    basis: NDArray[np.uint64]
    own: NDArray[np.bool_]

    @classmethod
    def of(cls, passages: Sequence[Passage], texts: Iterable[str]) -> Shelf:
        """Put passages on a shelf, with their normalised texts."""
        documents: dict[str, int] = {}
        titles: dict[str, int] = {}
        document = [documents.setdefault(p.document, len(documents)) for p in passages]
        title = [titles.setdefault(title_key(p.title), len(titles)) for p in passages]
        return cls(
            records=Texts.of(map(_record, passages)),
            texts=Texts.of(texts),
            documents=Texts.of(documents),
            titles=Texts.of(titles),
            document=np.array(document, dtype=np.int32),
            title=np.array(title, dtype=np.int32),
            since=np.array([p.effective_from.toordinal() for p in passages], dtype=np.int32),
            until=np.array([_ordinal(p.effective_until) for p in passages], dtype=np.int32),
            article=np.array([number_of(p.content.article) for p in passages], dtype=np.uint64),
            basis=np.array([number_of(p.content.basis and p.content.basis.article) for p in passages], dtype=np.uint64),
            own=np.array([p.own_rule for p in passages], dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.document)

    def passage(self, row: int) -> Passage:
        """The passage of a row, made anew."""
        return _passage(json.loads(self.records[row]), int(self.since[row]), int(self.until[row]))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {self.documents[at]: at for at in range(len(self.documents))}

    def rows_of(self, document: DocumentId) -> NDArray[np.bool_] | None:
        """A flag for each row that is this document's; None where it is not here."""
        place = self._places.get(document)
        return None if place is None else self.document == place

    @cached_property
    def _title_places(self) -> dict[str, int]:
        return {self.titles[at]: at for at in range(len(self.titles))}

    @cached_property
    def rows_at(self) -> Callable[[str, int], tuple[int, ...]]:
        """Finds the rows of the article of a number in the documents of a title key; what was asked last is kept."""
        return lru_cache(maxsize=_KEPT_PLACES)(self._rows_at)

    def _rows_at(self, title: str, article: int) -> tuple[int, ...]:
        place = self._title_places.get(title)
        return (
            () if place is None else tuple(np.flatnonzero((self.article == article) & (self.title == place)).tolist())
        )

    def redated(self, spans: Mapping[DocumentId, tuple[date, date | None]]) -> Shelf:
        """The same passages, these documents' with other days of validity; itself where none of them is here."""
        here = [(self._places[name], *span) for name, span in spans.items() if name in self._places]
        if not here:
            return self
        days = np.zeros((2, len(self.documents)), dtype=np.int32)  # no day has the ordinal 0
        for place, since, until in here:
            days[:, place] = since.toordinal(), _ordinal(until)
        since, until = days[:, self.document]
        return replace(self, since=np.where(since, since, self.since), until=np.where(until, until, self.until))

    def counts(self, alive: NDArray[np.bool_]) -> dict[DocumentId, int]:
        """How many passages of each document are alive."""
        found = np.bincount(self.document[alive], minlength=len(self.documents)).tolist()
        return {DocumentId(name): found[place] for name, place in self._places.items() if found[place]}

    def ended(self, alive: NDArray[np.bool_]) -> frozenset[tuple[date, date]]:
        """The days from and until (not included) which passages that are alive held, where they have an end."""
        rows = alive & (self.until != _OPEN_END)
        spans = np.unique(np.stack((self.since[rows], self.until[rows]), axis=1), axis=0).tolist()
        return frozenset((date.fromordinal(since), date.fromordinal(until)) for since, until in spans)

    def begins(self, alive: NDArray[np.bool_]) -> frozenset[date]:
        """The days from which passages that are alive hold."""
        return frozenset(map(date.fromordinal, np.unique(self.since[alive]).tolist()))

    def digests(self, alive: NDArray[np.bool_]) -> dict[DocumentId, str]:
        """`digest` of each document's passages that are alive."""
        rows = np.flatnonzero(alive)
        rows = rows[np.argsort(self.document[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.document[rows])) + 1
        return {
            DocumentId(self.documents[int(self.document[own[0]])]): _digest(
                self.records.bytes_of(*run) for run in runs(own)
            )
            for own in np.split(rows, cuts)
            if len(own)
        }

    @classmethod
    def merge(cls, parts: Sequence[tuple[Shelf, NDArray[np.int64]]]) -> Shelf:
        """Passages of these rows (ascending) of each part, in order."""
        documents, document = _named_once([(shelf.documents, shelf.document[rows]) for shelf, rows in parts])
        titles, title = _named_once([(shelf.titles, shelf.title[rows]) for shelf, rows in parts])
        plain = {
            name: np.concatenate([getattr(shelf, name)[rows] for shelf, rows in parts])
            for name in ("since", "until", "article", "basis", "own")
        }
        return cls(
            records=Texts.merge([(shelf.records, rows) for shelf, rows in parts]),
            texts=Texts.merge([(shelf.texts, rows) for shelf, rows in parts]),
            documents=documents,
            titles=titles,
            document=document,
            title=title,
            **plain,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` takes."""
        found: dict[str, NDArray[Any]] = {}
        for field in fields(self):
            column = getattr(self, field.name)
            if isinstance(column, Texts):
                found |= {f"{field.name}_data": column.data, f"{field.name}_starts": column.starts}
            else:
                found[field.name] = column
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Shelf:
        """The shelf that `arrays` came from."""
        columns: dict[str, Any] = {}
        for field in fields(cls):
            data = arrays.get(f"{field.name}_data")
            columns[field.name] = arrays[field.name] if data is None else Texts(data, arrays[f"{field.name}_starts"])
        return cls(**columns)


def digest(passages: Iterable[Passage]) -> str:
    """Equal where everything but the days of validity is."""
    return _digest(f"{_record(passage)}\n".encode("utf-8", "surrogatepass") for passage in passages)


@lru_cache(maxsize=8192)
def number_of(article: str | None) -> int:
    """The same number for every spelling of an article; 0 for none."""
    if not article:
        return 0
    return int.from_bytes(hashlib.blake2b(article_key(article).encode(), digest_size=8).digest(), "little")


def _digest(pieces: Iterable[bytes]) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        hashed.update(piece)
    return hashed.hexdigest()


def _named_once(parts: Sequence[tuple[Texts, NDArray[np.int32]]]) -> tuple[Texts, NDArray[np.int32]]:
    """One table of names for several, without the unused ones, and the columns that point into it."""
    names: dict[str, int] = {}
    columns = []
    for texts, column in parts:
        used, back = np.unique(column, return_inverse=True)
        places = [names.setdefault(texts[at], len(names)) for at in used.tolist()]
        columns.append(np.array(places, dtype=np.int32)[back] if len(used) else column)
    return Texts.of(names), np.concatenate([*columns, np.zeros(0, np.int32)])


def _ordinal(until: date | None) -> int:
    return until.toordinal() if until else _OPEN_END


def _record(p: Passage) -> str:
    content, basis = p.content, p.content.basis
    entry = {
        "id": p.id,
        "document": p.document,
        "title": p.title,
        "kind": p.kind,
        "version": p.version,
        "ordinal": p.ordinal,
        "headings": content.headings,
        "article": content.article,
        "text": content.text,
        "page": content.page,
        "level": content.level,
        "basis": [basis.title, basis.article] if basis else None,
        "questions": content.questions,
    }
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _passage(entry: dict[str, Any], since: int, until: int) -> Passage:
    return Passage(
        id=PassageId(entry["id"]),
        document=DocumentId(entry["document"]),
        title=entry["title"],
        kind=DocumentKind(entry["kind"]),
        version=entry["version"],
        ordinal=entry["ordinal"],
        content=PassageText(
            headings=tuple(entry["headings"]),
            article=entry["article"],
            text=entry["text"],
            page=entry["page"],
            level=Level(entry["level"]),
            basis=Basis(*entry["basis"]) if entry["basis"] else None,
            questions=tuple(entry["questions"]),
        ),
        effective_from=date.fromordinal(since),
        effective_until=None if until == _OPEN_END else date.fromordinal(until),
    )

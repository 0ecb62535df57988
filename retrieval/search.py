"""The index: passages in, hits out. One writer and any number of readers."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.passages import DocumentId, DocumentKind, Passage, PassageId
from retrieval.building import Builder, merged, to_merge
from retrieval.candidates import candidates
from retrieval.chunks import chunks
from retrieval.elsewhere import Elsewhere, Nearness, read_elsewhere
from retrieval.encoder import Encoder
from retrieval.hits import Hit, LookUp, rules_at, together
from retrieval.local_facts import NAMES_NONE, lacks_local_fact
from retrieval.matters import Matter, matter_of
from retrieval.memory import give_back
from retrieval.naming import THE_RULES, Target
from retrieval.normalise import normalise
from retrieval.persistence import laid_aside, load_segments, save_segments
from retrieval.precedence import own_rules_first
from retrieval.queries import (
    Query,
    Weighed,
    looks_up,
    prepare,
    unknown_share,
    weigh,
)
from retrieval.ranking import (
    FEATURES,
    Candidate,
    Weights,
    confidence_features,
    features,
    load_weights,
    plain_ranker,
    probability,
)
from retrieval.segments import Segment
from retrieval.sharing import letters
from retrieval.wording import plainly

ALIASES = Path(__file__).parent / "aliases.yaml"
_SPEAKS = 0.5  # of a question, by weight: from here an uploaded text speaks of it …
_SPEAKS_ADDS = 1.0  # … and has so much more of a score, since no anticipated question can add to it
_ASKED_SO = 0.95  # how likely the passage answers then
_ASKED_SO_ADDS = 1.0  # to its score: more than a passage that says as much without having been asked so
_RESTS_ON = 0.2  # of certainty, what rests on an article that is looked up and not held: offered, not quoted
_NAMED_ADDS = 3.0  # to that of an article that is looked up by its number
_ANSWERED_HERE_ADDS = 2.5  # to that of an organiser's answer, by how much its question resembles the one asked …
_ANSWERED_HERE_FROM = 0.3  # … beyond this share of the pairs of both
_COVERAGE, _IN_TEXT = FEATURES.index("coverage_all"), FEATURES.index("coverage")
_ALIKE = FEATURES.index("question_dice")
_RESEMBLING = 12  # passages of each segment that are looked at more closely
_SAME_QUESTION = 0.5  # of the pairs of two questions: from here the one asked is the one anticipated
_PROCEDURE = re.compile(
    r"什么时候|啥时候|何时|多久|多长|多少|几[天个次份名年月]|怎么办|咋办|找谁|在哪|去哪|交给|手续|流程|步骤|要不要|需不需要"
)
_NOBODY: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A search before it becomes hits: what tuning and the benchmarks look at."""

    query: Query
    candidates: tuple[Candidate, ...]
    unknown: float
    elsewhere: Nearness
    matter: Matter
    rows: NDArray[np.float64]
    scores: NDArray[np.float64]
    weighed: Weighed

    def own_rules_first(self) -> Ranked:
        """The same with the organisation's own rules before the practice that they stand for, at its score."""
        places = own_rules_first(self.query, self.weighed, self.candidates, self.scores.tolist())
        order, held = [at for at, _ in places], [place for _, place in places]
        if order == sorted(order):
            return self
        rows, lifted = self.rows[order], np.array(order) != np.array(held)
        rows[lifted, _IN_TEXT] = np.maximum(rows[lifted, _COVERAGE], self.rows[held][lifted, _COVERAGE])
        return replace(self, candidates=tuple(self.candidates[at] for at in order), rows=rows, scores=self.scores[held])

    def uploads(self, learned: Weights) -> Ranked:
        """Of what was uploaded that which speaks of the question, apart from all else and ranked by its words.

        The library's own passages are known by what is asked of them, and resemble anything a little.
        """
        ranker = plain_ranker(learned.ranker, learned.ranker_elsewhere, self.matter)
        scores = self.rows @ ranker + _SPEAKS_ADDS
        speak = self.rows[:, _IN_TEXT] >= _SPEAKS
        own = [at for at in np.argsort(-scores, kind="stable") if speak[at] and _uploaded(self.candidates[at])]
        return replace(
            self, candidates=tuple(self.candidates[at] for at in own), rows=self.rows[own], scores=scores[own]
        )


class Index:
    """Passages, searchable. Readers work on the state they found; `add` and `remove` publish a new one at the end."""

    def __init__(
        self,
        encoder: Encoder,
        aliases: Mapping[str, Sequence[str]] | None = None,
        *,
        weights: Weights | None = None,
    ) -> None:
        """Make an empty index.

        Args:
            aliases: what people say → what the texts call it; None takes the shipped table.
        """
        self._encoder = encoder
        self._weights = weights or load_weights()
        self._segments = _NOBODY
        self._writing = threading.Lock()
        self.set_aliases(load_aliases() if aliases is None else aliases)

    @property
    def fingerprint(self) -> str:
        """Changes when the stored vectors would: with the encoder and with the layout of entries."""
        return f"5-{self._encoder.fingerprint}"

    @property
    def encoder(self) -> Encoder:
        return self._encoder

    def __len__(self) -> int:
        return sum(int(segment.alive.sum()) for segment in self._segments)

    def set_aliases(self, aliases: Mapping[str, Sequence[str]]) -> None:
        """Replace the alias table; questions asked from now on use it."""
        self._aliases = {normalise(said): tuple(normalise(full) for full in meant) for said, meant in aliases.items()}

    def add(self, passages: Iterable[Passage]) -> None:
        """Make passages answerable; those who are searching meanwhile do not wait."""
        builder = self.builder()
        builder.add(passages)
        self.publish(builder)
        self.compact()

    def builder(self, folder: Path | None = None) -> Builder:
        """Where passages are made ready to be published.

        Args:
            folder: where large parts are laid aside meanwhile; None keeps them in memory.
        """
        return Builder(self._encoder, None if folder is None else partial(laid_aside, folder))

    def publish(
        self,
        builder: Builder,
        *,
        instead_of: Iterable[DocumentId] = (),
        spans: Mapping[DocumentId, tuple[date, date | None]] | None = None,
    ) -> None:
        """Let what was built answer from now on, all of it at one moment.

        Args:
            instead_of: documents whose older passages answer no more.
            spans: documents that hold from and until (not included) other days.
        """
        built = builder.segments()
        with self._writing:
            left = _without(self._segments, instead_of)
            if spans:
                left = tuple(segment.redated(spans) for segment in left)
            self._segments = (*left, *built)

    def remove(self, document: DocumentId) -> None:
        """Forget a document; nothing happens where it is unknown."""
        with self._writing:
            self._segments = _without(self._segments, [document])

    def compact(self) -> None:
        """Make one of many small segments. Others may search, publish and remove meanwhile."""
        before = self._segments
        small = to_merge(before)
        if not small:
            return
        chosen = {id(segment) for segment in small}
        one = merged(small)
        with self._writing:
            if chosen <= {id(segment) for segment in self._segments}:  # else one has changed: the next time will do
                self._segments = (*(segment for segment in self._segments if id(segment) not in chosen), one)

    def documents(self) -> dict[DocumentId, int]:
        """How many passages of each document are held."""
        counted: Counter[DocumentId] = Counter()
        for segment in self._segments:
            counted.update(segment.shelf.counts(segment.alive))
        return dict(counted)

    def ended(self) -> set[tuple[date, date]]:
        """From and until (not included) which day the texts held that have an end, each pair of days once."""
        return {span for segment in self._segments for span in segment.ended}

    def begins(self) -> set[date]:
        """From which days the texts hold, each day once."""
        return {day for segment in self._segments for day in segment.begins}

    def digests(self) -> dict[DocumentId, str]:
        """What `retrieval.shelf.digest` says of each document's passages."""
        found: dict[DocumentId, str] = {}
        for segment in self._segments:
            found |= segment.shelf.digests(segment.alive)
        return found

    def save(self, path: Path) -> None:
        """Write the index as it stands to a folder, so that the next start need not encode everything again.

        From then on it is read from there, and takes only as much memory as is looked at.
        """
        segments = self._segments
        written = save_segments(path, segments, self.fingerprint)
        mapped = {id(segment): copy for segment, copy in zip(segments, written, strict=True)}
        with self._writing:
            self._segments = tuple(mapped.get(id(segment), segment) for segment in self._segments)
        del segments
        give_back()

    def load(self, path: Path) -> bool:
        """Take over what was saved; False (nothing changed) where it is missing, half-written or another model's."""
        segments = load_segments(path, self.fingerprint)
        if segments is not None:
            with self._writing:
                self._segments = segments
        return segments is not None

    def search(self, question: str, *, on: date, limit: int = 5) -> list[Hit]:
        """The passages in force on this day that answer best, the likeliest first."""
        return list(self.look_up(question, on=on, limit=limit).hits)

    def look_up(self, question: str, *, on: date, limit: int = 5) -> LookUp:
        """As `search`, with the question as it was understood and the gate that the first hit has to pass."""
        segments = self._segments
        ranked = self._learned(question, on=on, segments=segments)
        if not ranked.candidates:
            return LookUp(ranked.query, (), 1.0)
        learned = self._weights
        confidence = _confidence(ranked, learned)
        if confidence < learned.gate:
            uploads = ranked.uploads(learned)
            alone = _confidence(uploads, learned) if uploads.candidates else 0.0
            if alone >= learned.gate_plain:
                ranked, confidence = uploads, alone
        plain = not ranked.candidates[0].closest
        ranked = ranked.own_rules_first()  # as sure as of the practice that they stand for
        likelihood = np.exp((ranked.scores - ranked.scores[0]) / learned.temperature)
        likely = np.maximum(confidence * likelihood, _RESTS_ON * _resting(ranked.query, ranked.candidates))
        columns = zip(ranked.candidates, likely.tolist(), _said(ranked.rows).tolist(), strict=True)
        hits = [Hit(candidate.passage, score, candidate.closest, said) for candidate, score, said in columns]
        hits.sort(key=lambda hit: -hit.score)
        placed = tuple(islice(together(hits, segments, on=on), limit))
        surer = not plain or _guide_on_procedure(ranked.query, ranked.candidates[0])
        return LookUp(ranked.query, placed, learned.gate if surer else learned.gate_plain)

    def rules_at(self, target: Target, *, on: date) -> list[Passage]:
        """The articles that are known by this, in force on this day and in their own words."""
        return rules_at(target, self._segments, on=on)

    def resembling(self, texts: Sequence[str]) -> set[PassageId]:
        """The passages whose words are nearest to those of any of the texts, dated and outdated ones alike."""
        found: set[PassageId] = set()
        segments = self._segments
        for text in texts:
            begin, end = chunks(text)[0]
            vector = self._encoder.encode([normalise(text[begin:end])])[0]
            found |= {passage for segment in segments for passage in segment.nearest(vector, _RESEMBLING)}
        return found

    def rank(self, question: str, *, on: date) -> Ranked:
        """Candidates of all channels, re-ranked, best first; own rules before practice."""
        return self._learned(question, on=on, segments=self._segments).own_rules_first()

    def _learned(self, question: str, *, on: date, segments: Sequence[Segment]) -> Ranked:
        """The order of the learned re-ranker alone."""
        query = prepare(question, self._encoder, self._aliases)
        bodies = weigh(query, [segment.bodies for segment in segments])
        questions = weigh(query, [segment.questions for segment in segments if len(segment.questions)])
        found = candidates(segments, query, bodies, questions, on=on, fusion=self._weights.fusion)
        matter = matter_of(query.text)
        rows = features(query, bodies, found, matter)
        known = any(one.closest for one in found)
        learned = self._weights
        ranker = learned.ranker if known else plain_ranker(learned.ranker, learned.ranker_elsewhere, matter)
        scores = rows @ np.array(ranker)
        named = _looked_up(query, found)
        scores += [
            _ASKED_SO_ADDS * _asked_so(query, one) + _NAMED_ADDS * is_named
            for one, is_named in zip(found, named, strict=True)
        ]
        resembles = np.maximum(rows[:, _ALIKE] - _ANSWERED_HERE_FROM, 0)
        scores += _ANSWERED_HERE_ADDS * resembles * [one.passage.answered_here for one in found]
        order = np.argsort(-scores, kind="stable")
        unknown = unknown_share(query, bodies, questions)
        elsewhere = self._elsewhere.nearness(query)
        ordered = tuple(found[at] for at in order)
        return Ranked(query, ordered, unknown, elsewhere, matter, rows[order], scores[order], bodies)

    @cached_property
    def _elsewhere(self) -> Elsewhere:
        """Encoded at the first question."""
        return Elsewhere(self._encoder, read_elsewhere())


def _confidence(ranked: Ranked, learned: Weights) -> float:
    """The calibrated probability that the first candidate answers."""
    first = ranked.candidates[0]
    numbers = confidence_features(
        ranked.query, ranked.candidates, ranked.unknown, ranked.elsewhere, ranked.matter, ranked.scores, ranked.rows
    )
    confidence = probability(numbers, learned.calibration if first.closest else learned.calibration_plain)
    if _asked_so(ranked.query, first) or _looked_up(ranked.query, [first])[0]:
        confidence = max(confidence, _ASKED_SO)
    elif looks_up(ranked.query) and not ranked.query.names(*first.reading.rests_on):
        return min(confidence, NAMES_NONE)  # of another article, or of none
    return min(confidence, NAMES_NONE) if lacks_local_fact(ranked.query.text, first.text) else confidence


def _uploaded(candidate: Candidate) -> bool:
    """Whether it is of an uploaded text, and nobody has said yet what is asked of it."""
    return not candidate.closest and not candidate.passage.retold


def _asked_so(query: Query, candidate: Candidate) -> bool:
    """Whether the question is, but for how it is put, one that a person has mapped to this passage."""
    return _plainly(candidate.closest) == plainly(query.core)


@lru_cache(maxsize=8192)
def _plainly(question: str) -> str:
    return plainly(letters(question))


def _looked_up(query: Query, found: Sequence[Candidate]) -> list[bool]:
    """Of each whether it is an article that the question looks up, in the text whose whole title it says if it does."""
    if not looks_up(query):
        return [False] * len(found)
    named = [query.names(one.reading.title, one.reading.article) for one in found]
    titled = [is_named and one.reading.title in query.core for is_named, one in zip(named, found, strict=True)]
    return titled if any(titled) else named


def _resting(query: Query, found: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Of each whether it rests on an article that the question looks up: of the rules, where it names no text."""
    if not looks_up(query):
        return np.zeros(len(found), dtype=bool)
    resting = np.array([query.names(*one.reading.rests_on) for one in found])
    of_rules = np.array([one.reading.rests_on[0] == THE_RULES for one in found])
    return resting & of_rules if not query.kinds and (resting & of_rules).any() else resting


def _guide_on_procedure(query: Query, first: Candidate) -> bool:
    """A reading guide says what a text is about; on when, where and how many it is seldom the answer."""
    return first.passage.kind is DocumentKind.GUIDE and _PROCEDURE.search(query.text) is not None


def _said(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(rows[:, _ALIKE] >= _SAME_QUESTION, rows[:, _COVERAGE], rows[:, _IN_TEXT])


def load_aliases(path: Path = ALIASES) -> dict[str, tuple[str, ...]]:
    """The shipped table: entries of `say` and `mean`, each a list of words."""
    import yaml

    table: dict[str, tuple[str, ...]] = {}
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8")) or []
    for entry in entries:
        for said in entry["say"]:
            table[str(said)] = (*table.get(str(said), ()), *(str(full) for full in entry["mean"]))
    return table


def _without(segments: Sequence[Segment], gone: Iterable[DocumentId]) -> tuple[Segment, ...]:
    for document in gone:
        segments = [segment.without(document) for segment in segments]
    return tuple(segment for segment in segments if segment.alive.any())

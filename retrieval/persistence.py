"""The index on disk: segments as arrays and JSON lines, and a manifest that is written last.

A folder without its manifest, or with a file that the manifest does not know by its checksum, is half-written: it is
not read, and the caller builds the index again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.passages import Basis, DocumentId, DocumentKind, Level, Passage, PassageId, PassageText
from retrieval.keywords import Postings
from retrieval.segments import Channel, Segment, searchable
from retrieval.vectors import VectorIndex

_MANIFEST = "manifest.json"


def save_segments(path: Path, segments: Sequence[Segment], fingerprint: str) -> None:
    """Write beside, then swap: a kill leaves the old folder, the new one, or one that is recognised as neither."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(path.name + ".new*"):  # a kill's, or another process's, which then gives up
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(mkdtemp(prefix=path.name + ".new", dir=path.parent))
    for number, segment in enumerate(segments):
        _write_passages(fresh / f"{number}.jsonl", segment)
        np.savez(fresh / f"{number}.npz", **_arrays(segment))  # type: ignore[arg-type]  # numpy's stub knows one keyword
    files = {file.name: _checksum(file) for file in sorted(fresh.iterdir())}
    manifest = {"fingerprint": fingerprint, "segments": len(segments), "files": files}
    (fresh / _MANIFEST).write_text(json.dumps(manifest), "utf-8")
    old = path.with_name(path.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        os.replace(path, old)
    os.replace(fresh, path)
    shutil.rmtree(old, ignore_errors=True)


def load_segments(path: Path, fingerprint: str) -> tuple[Segment, ...] | None:
    """What was saved; None where there is nothing, where it is broken, or where it is another model's."""
    try:
        manifest = json.loads((path / _MANIFEST).read_text("utf-8"))
        if manifest["fingerprint"] != fingerprint:
            return None
        if any(_checksum(path / name) != checksum for name, checksum in manifest["files"].items()):
            return None
        return tuple(_read(path, number) for number in range(manifest["segments"]))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):  # RuntimeError is faiss's word for bad bytes
        return None


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()


def _arrays(segment: Segment) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"alive": segment.alive}
    for name, channel in (("bodies", segment.bodies), ("questions", segment.questions)):
        postings = channel.postings
        arrays |= {
            f"{name}_terms": postings.terms,
            f"{name}_posting_starts": postings.starts,
            f"{name}_rows": postings.rows,
            f"{name}_strengths": postings.strengths,
            f"{name}_owners": channel.owners,
            f"{name}_vectors": channel.vectors.as_bytes(),
        }
    return arrays


def _read(path: Path, number: int) -> Segment:
    lines = (path / f"{number}.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    passages = tuple(_passage(entry) for entry in entries)
    asked = tuple(text for entry in entries for text in entry["asked"])
    with np.load(path / f"{number}.npz", allow_pickle=False) as arrays:
        return Segment(
            passages=passages,
            texts=tuple(searchable(passage) for passage in passages),
            bodies=_channel(arrays, "bodies", len(passages), ()),
            questions=_channel(arrays, "questions", len(passages), asked),
            alive=arrays["alive"],
            since=np.array([p.effective_from.toordinal() for p in passages], dtype=np.int32),
            until=np.array(
                [p.effective_until.toordinal() if p.effective_until else 2**31 - 1 for p in passages], dtype=np.int32
            ),
        )


def _channel(arrays: Any, name: str, passages: int, texts: tuple[str, ...]) -> Channel:
    owners = arrays[f"{name}_owners"]
    postings = Postings(
        arrays[f"{name}_terms"],
        arrays[f"{name}_posting_starts"],
        arrays[f"{name}_rows"],
        arrays[f"{name}_strengths"],
        len(owners),
    )
    vectors = VectorIndex.from_bytes(arrays[f"{name}_vectors"])
    if vectors.rows != len(owners):
        raise ValueError("vectors and entries differ in number")
    return Channel(postings, vectors, owners, np.searchsorted(owners, np.arange(passages + 1)), texts)


def _write_passages(file: Path, segment: Segment) -> None:
    with file.open("w", encoding="utf-8") as opened:
        for row, p in enumerate(segment.passages):
            basis = p.content.basis
            entry = {
                "id": p.id,
                "document": p.document,
                "title": p.title,
                "kind": p.kind,
                "version": p.version,
                "ordinal": p.ordinal,
                "since": p.effective_from.isoformat(),
                "until": p.effective_until.isoformat() if p.effective_until else None,
                "headings": p.content.headings,
                "article": p.content.article,
                "text": p.content.text,
                "page": p.content.page,
                "level": p.content.level,
                "basis": [basis.title, basis.article] if basis else None,
                "questions": p.content.questions,
                "asked": segment.questions.texts[segment.questions.entries(row)],
            }
            opened.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _passage(entry: dict[str, Any]) -> Passage:
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
        effective_from=date.fromisoformat(entry["since"]),
        effective_until=date.fromisoformat(entry["until"]) if entry["until"] else None,
    )

"""The index on disk: segments as files that are mapped, not read, and a manifest that is written last.

A folder without its manifest, or with a file that the manifest does not know by its checksum, is half-written: it is
not used, and the caller builds the index again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import Postings, Sounds
from retrieval.segments import Channel, Segment
from retrieval.shelf import Shelf
from retrieval.texts import Texts
from retrieval.vectors import VectorIndex

_MANIFEST = "manifest.json"
_CHANNELS = ("bodies", "questions")


def save_segments(path: Path, segments: Sequence[Segment], fingerprint: str) -> None:
    """Write beside, then swap: a kill leaves the old folder, the new one, or one that is recognised as neither.

    Who has mapped the old folder goes on reading it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(path.name + ".new*"):  # a kill's, or another process's, which then gives up
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(mkdtemp(prefix=path.name + ".new", dir=path.parent))
    for number, segment in enumerate(segments):
        for name, array in _arrays(segment).items():
            np.save(fresh / f"{number}.{name}.npy", array)
        for name in _CHANNELS:
            getattr(segment, name).vectors.write(fresh / f"{number}.{name}.faiss")
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
    arrays: dict[str, NDArray[Any]] = {"alive": segment.alive, **segment.shelf.arrays()}
    for name in _CHANNELS:
        channel: Channel = getattr(segment, name)
        arrays |= {f"{name}.{part}": getattr(channel.postings, part) for part in _POSTINGS}
        arrays |= {f"{name}.{part}": getattr(channel, part) for part in ("owners", "starts")}
        arrays |= {f"{name}.{part}": getattr(channel.sounds, part) for part in ("sounds", "places")}
        arrays |= {f"{name}.texts_data": channel.texts.data, f"{name}.texts_starts": channel.texts.starts}
    return arrays


_POSTINGS = ("terms", "begins", "rows", "strengths", "heights")


def _read(path: Path, number: int) -> Segment:
    prefix, end = f"{number}.", ".npy"
    arrays = {file.name[len(prefix) : -len(end)]: _mapped(file) for file in path.glob(f"{prefix}*{end}")}
    bodies, questions = (
        _channel(
            {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")},
            VectorIndex.mapped(path / f"{prefix}{name}.faiss"),
        )
        for name in _CHANNELS
    )
    return Segment(Shelf.from_arrays(arrays), bodies, questions, arrays["alive"])


def _mapped(file: Path) -> NDArray[Any]:
    """An array that stays in its file until it is looked at."""
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))  # a plain view: memmap's own is slow to slice


def _channel(arrays: Mapping[str, NDArray[Any]], vectors: VectorIndex) -> Channel:
    owners = arrays["owners"]
    if vectors.rows != len(owners):
        raise ValueError("vectors and entries differ in number")
    return Channel(
        Postings(**{part: arrays[part] for part in _POSTINGS}, size=len(owners)),
        vectors,
        owners,
        arrays["starts"],
        Texts(arrays["texts_data"], arrays["texts_starts"]),
        Sounds(arrays["sounds"], arrays["places"]),
    )

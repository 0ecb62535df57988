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
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.keywords import Postings, Sounds
from retrieval.segments import Channel, Kept, Segment, mark_of
from retrieval.shelf import Shelf
from retrieval.texts import Texts
from retrieval.vectors import VectorIndex

_MANIFEST = "manifest.json"
_CHANNELS = ("bodies", "questions")
_CHANGING = ("alive.npy", "since.npy", "until.npy")  # what of a segment that stands on disk may be other by now


def save_segments(path: Path, segments: Sequence[Segment], fingerprint: str) -> tuple[Segment, ...]:
    """Write beside, then swap: a kill leaves the old folder, the new one, or one that is recognised as neither.

    Who has mapped the old folder goes on reading it. What stands on disk already is linked, not written again.

    Returns:
        The same segments, which from now on stand there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(path.name + ".new*"):  # a kill's, or another process's, which then gives up
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(mkdtemp(prefix=path.name + ".new", dir=path.parent))
    written = [_write(fresh, number, segment) for number, segment in enumerate(segments)]
    files = {f"{number}.{name}": checksum for number, own in enumerate(written) for name, checksum in own.items()}
    manifest = {"fingerprint": fingerprint, "segments": len(segments), "files": files}
    (fresh / _MANIFEST).write_text(json.dumps(manifest), "utf-8")
    old = path.with_name(path.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        os.replace(path, old)
    os.replace(fresh, path)
    shutil.rmtree(old, ignore_errors=True)
    mark = mark_of(path)
    kept = [Kept(path, mark, number, checksums) for number, checksums in enumerate(written)]
    return tuple(
        _read(place) if segment.kept is None else replace(segment, kept=place)
        for segment, place in zip(segments, kept, strict=True)
    )


def laid_aside(folder: Path, segment: Segment) -> Segment:
    """The same segment in files instead of in memory; itself where they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own = Path(mkdtemp(dir=folder))
        checksums = _write(own, 0, segment)
        return _read(Kept(own, mark_of(own), 0, checksums))
    except (OSError, RuntimeError):  # faiss's word for the same: a full disk costs memory, not the index
        return segment


def load_segments(path: Path, fingerprint: str) -> tuple[Segment, ...] | None:
    """What was saved; None where there is nothing, where it is broken, or where it is another model's."""
    try:
        manifest = json.loads((path / _MANIFEST).read_text("utf-8"))
        if manifest["fingerprint"] != fingerprint:
            return None
        checksums: list[dict[str, str]] = [{} for _ in range(manifest["segments"])]
        for file, checksum in manifest["files"].items():
            if _checksum(path / file) != checksum:
                return None
            number, _, name = file.partition(".")
            checksums[int(number)][name] = checksum
        mark = mark_of(path)
        return tuple(_read(Kept(path, mark, number, own)) for number, own in enumerate(checksums))
    except (OSError, ValueError, LookupError, TypeError, RuntimeError):  # RuntimeError is faiss's word for bad bytes
        return None


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()


def _write(folder: Path, number: int, segment: Segment) -> dict[str, str]:
    """Put a segment into files and say what each of them holds, by its name without the number."""
    arrays = {f"{name}.npy": array for name, array in _arrays(segment).items()}
    vectors = {f"{name}.faiss": getattr(segment, name).vectors for name in _CHANNELS}
    kept = segment.kept if segment.kept is not None and segment.kept.stands() else None
    checksums: dict[str, str] = {}
    for name in (*arrays, *vectors):
        file = folder / f"{number}.{name}"
        if kept is not None and name not in _CHANGING:
            _link(kept.folder / f"{kept.number}.{name}", file)
            checksums[name] = kept.checksums[name]
            continue
        if name in arrays:
            np.save(file, arrays[name])
        else:
            vectors[name].write(file)
        checksums[name] = _checksum(file)
    return checksums


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except OSError:  # a disk that knows no links
        shutil.copyfile(file, other)


def _arrays(segment: Segment) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"alive": segment.alive, **segment.shelf.arrays()}
    for name in _CHANNELS:
        channel: Channel = getattr(segment, name)
        arrays |= {f"{name}.{part}": getattr(channel.postings, part) for part in _POSTINGS}
        arrays |= {f"{name}.{part}": getattr(channel, part) for part in ("owners", "starts")}
        arrays |= {f"{name}.{part}": getattr(channel.sounds, part) for part in ("sounds", "places")}
        arrays |= {f"{name}.numbers": channel.vectors.numbers, f"{name}.bound": np.array(channel.vectors.bound)}
        arrays |= {f"{name}.texts_data": channel.texts.data, f"{name}.texts_starts": channel.texts.starts}
    return arrays


_POSTINGS = ("terms", "begins", "rows", "strengths", "heights")


def _read(kept: Kept) -> Segment:
    files = {name: kept.folder / f"{kept.number}.{name}" for name in kept.checksums}
    arrays = {name.removesuffix(".npy"): _mapped(file) for name, file in files.items() if file.suffix == ".npy"}
    bodies, questions = (
        _channel(
            {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")},
            files[f"{name}.faiss"],
        )
        for name in _CHANNELS
    )
    return Segment(Shelf.from_arrays(arrays), bodies, questions, arrays["alive"], kept)


def _mapped(file: Path) -> NDArray[Any]:
    """An array that stays in its file until it is looked at."""
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))  # a plain view: memmap's own is slow to slice


def _channel(arrays: Mapping[str, NDArray[Any]], vectors: Path) -> Channel:
    owners = arrays["owners"]
    if len(arrays["numbers"]) != len(owners):
        raise ValueError("vectors and entries differ in number")
    return Channel(
        Postings(**{part: arrays[part] for part in _POSTINGS}, size=len(owners)),
        VectorIndex.mapped(vectors, arrays["numbers"], float(arrays["bound"])),
        owners,
        arrays["starts"],
        Texts(arrays["texts_data"], arrays["texts_starts"]),
        Sounds(arrays["sounds"], arrays["places"]),
    )

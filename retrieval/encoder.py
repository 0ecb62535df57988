"""Encoders: text to vectors. Our own folder is read with numpy and tokenizers; any other model is an extra."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from storage.errors import Term, WaymarkError

Vectors = NDArray[np.float32]
SHIPPED = Path(__file__).parent / "model"


class Encoder(Protocol):
    """What the index needs of a model."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors of the same text would."""

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, of length 1 (all zeros where a text has nothing in it that the model knows)."""


class BrokenModel(WaymarkError):
    """The model folder can't be read, or is not a model."""

    key: ClassVar[str] = "error.broken_model"
    sentence: ClassVar[str] = (
        "The encoder folder {folder} can't be used ({problem}). Restore it, or set WAYMARK_ENCODER to another model."
    )


class EncoderNotInstalled(WaymarkError):
    """Another model was named, but the extra that reads it is missing."""

    key: ClassVar[str] = "error.encoder_not_installed"
    sentence: ClassVar[str] = (
        "The encoder {name} needs sentence-transformers. Install it with: pip install 'waymark[encoder]'"
        " (or leave WAYMARK_ENCODER empty)."
    )


class UnknownEncoder(WaymarkError):
    """sentence-transformers could not load the model of this name."""

    key: ClassVar[str] = "error.unknown_encoder"
    sentence: ClassVar[str] = "The encoder {name} can't be loaded ({problem}). Check WAYMARK_ENCODER."


def load_encoder(name: str | None) -> Encoder:
    """The encoder of this name: None or empty is the one shipped with us, else a sentence-transformers model.

    Raises:
        BrokenModel, EncoderNotInstalled, UnknownEncoder: with what to do.
    """
    if not name:
        return StaticEncoder(SHIPPED)
    check_encoder(name)
    folder = Path(name).expanduser()
    if _is_static(folder):
        return StaticEncoder(folder)
    return TransformerEncoder(str(folder) if folder.is_dir() else name)


def check_encoder(name: str) -> None:
    """What can be seen without loading it.

    Raises:
        BrokenModel, EncoderNotInstalled: with what to do.
    """
    folder = Path(name).expanduser()
    if name.startswith((".", "/", "~")) and not folder.is_dir():
        raise BrokenModel(folder=folder.name, problem=Term("there is no such folder", "model.no_folder"))
    if not _is_static(folder) and find_spec("sentence_transformers") is None:
        raise EncoderNotInstalled(name=name)


def _is_static(folder: Path) -> bool:
    """Whether it is a model such as ours, with nothing after the mean that would change the vectors."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return False
    text = modules.read_text("utf-8", "replace")
    return "StaticEmbedding" in text and "Dense" not in text


class StaticEncoder:
    """sentence-transformers' StaticEmbedding followed by Normalize, without torch: the mean of the tokens' vectors."""

    def __init__(self, folder: Path) -> None:
        try:
            self._read(folder)
        except BrokenModel:
            raise
        except Exception as error:  # tokenizers raises bare Exception
            problem = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise BrokenModel(folder=folder.name, problem=problem) from error

    def _read(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        if not (folder / "modules.json").is_file():
            raise BrokenModel(folder=folder.name, problem=Term("modules.json is missing", "model.no_modules"))
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        if not modules or not str(modules[0]["type"]).endswith("StaticEmbedding"):
            raise BrokenModel(folder=folder.name, problem=Term("it is not a static embedding", "model.not_static"))
        inner = folder / modules[0]["path"]
        raw = (inner / "model.safetensors").read_bytes()
        words = (inner / "tokenizer.json").read_bytes()
        self._vectors = _tensor(raw, "embedding.weight", folder.name)
        self._tokenizer: Any = Tokenizer.from_buffer(words)
        self._tokenizer.no_padding()
        if self._tokenizer.get_vocab_size() > len(self._vectors):
            raise BrokenModel(
                folder=folder.name, problem=Term("it has more tokens than vectors", "model.too_few_vectors")
            )
        self.fingerprint = "static-" + hashlib.sha256(raw + words).hexdigest()[:16]
        self.dimension = int(self._vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`; safe to call from several threads."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        result = np.zeros((len(encoded), self.dimension), dtype=np.float32)
        for row, tokens in enumerate(encoded):
            if tokens.ids:
                np.add.reduce(self._vectors.take(tokens.ids, axis=0), axis=0, dtype=np.float32, out=result[row])
        return _of_length_one(result)


class TransformerEncoder:
    """Any model of sentence-transformers, on the CPU."""

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            self._model: Any = SentenceTransformer(name, device="cpu")
        except Exception as error:  # hub, torch and file errors of many kinds: one sentence for the operator
            problem = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise UnknownEncoder(name=name, problem=problem) from error
        self.dimension = int(self._model.get_sentence_embedding_dimension())
        probe = self.encode(["指纹 fingerprint 第十三条", "预备期从哪天算起"])
        self.fingerprint = "transformer-" + hashlib.sha256(np.round(probe, 3).tobytes()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        rows = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return _of_length_one(np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension))


def _of_length_one(rows: Vectors) -> Vectors:
    length = np.sqrt(np.vecdot(rows, rows))[:, None]
    return np.asarray(rows / np.maximum(length, 1e-12), dtype=np.float32)


def _tensor(raw: bytes, name: str, folder: str) -> NDArray[np.floating]:
    """A matrix out of a safetensors file, a view of it: eight bytes of header length, a JSON header, the data."""
    header_length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + header_length])
    if name not in header:
        raise BrokenModel(folder=folder, problem=Term(f"it holds no {name}", "model.no_tensor", name=name))
    dtype = {"F32": np.float32, "F16": np.float16}[header[name]["dtype"]]
    begin, end = header[name]["data_offsets"]
    rows, columns = header[name]["shape"]
    data = memoryview(raw)[8 + header_length :][begin:end]
    if len(data) != rows * columns * np.dtype(dtype).itemsize:
        raise BrokenModel(folder=folder, problem=Term("model.safetensors is cut short", "model.cut_short"))
    return np.frombuffer(data, dtype=dtype).reshape(rows, columns)

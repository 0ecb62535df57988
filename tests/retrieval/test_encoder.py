"""The shipped folder: read without torch, the same vectors as sentence-transformers, and clear words when broken."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.encoder import SHIPPED, BrokenModel, EncoderNotInstalled, load_encoder
from retrieval.training import save, train

QUESTIONS = ["预备期从哪天算起", "推优没选上 下学期还能再报不", "What is 13?", "", "😀", "第13条" * 50]


def test_vectors_have_length_one_and_the_same_text_the_same_vector() -> None:
    encoder = load_encoder(None)

    vectors = encoder.encode([*QUESTIONS, QUESTIONS[0]])

    assert vectors.shape == (len(QUESTIONS) + 1, encoder.dimension)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))
    assert np.array_equal(vectors[0], vectors[-1])


def test_the_folder_is_small_enough_for_the_tree() -> None:
    size = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file())

    assert size <= 20 * 1024 * 1024
    assert load_encoder(None).dimension == 256


def test_sentence_transformers_gives_the_same_vectors() -> None:
    if importlib.util.find_spec("sentence_transformers") is None:
        pytest.skip("sentence-transformers is not installed (the encoder extra)")
    from sentence_transformers import SentenceTransformer

    texts = [text for text in QUESTIONS if text and text != "😀"]

    theirs = SentenceTransformer(str(SHIPPED), device="cpu").float().encode(texts)  # not with sixteen bits, as we do

    assert np.allclose(theirs, load_encoder(None).encode(texts), atol=1e-6)


def test_the_shipped_encoder_imports_no_torch() -> None:
    script = "import sys; from retrieval.encoder import load_encoder; load_encoder(None).encode(['问']);"
    script += " print('torch' in sys.modules or 'sentence_transformers' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "damage", ["no modules", "no vectors", "cut vectors", "no tokenizer", "another kind", "bad json"]
)
def test_a_broken_folder_is_named_in_one_sentence(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    if damage == "no modules":
        (folder / "modules.json").unlink()
    if damage == "no vectors":
        (folder / "model.safetensors").unlink()
    if damage == "cut vectors":
        raw = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(raw[: len(raw) // 2])
    if damage == "no tokenizer":
        (folder / "tokenizer.json").write_text("{}")
    if damage == "another kind":
        modules = json.loads((folder / "modules.json").read_text())
        modules[0]["type"] += "ButNotQuite"
        (folder / "modules.json").write_text(json.dumps(modules))
    if damage == "bad json":
        (folder / "modules.json").write_text("StaticEmbedding {")

    from retrieval.encoder import StaticEncoder

    with pytest.raises(BrokenModel, match="model can't be used"):
        StaticEncoder(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel, match="no such folder"):
        load_encoder(str(tmp_path / "absent"))


def test_another_model_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed

    with pytest.raises(EncoderNotInstalled, match=r"waymark\[encoder\]"):
        load_encoder("BAAI/bge-small-zh-v1.5")


def test_training_twice_gives_the_same_folder(tmp_path: Path) -> None:
    starter = tmp_path / "starter"
    (starter / "handbook").mkdir(parents=True)
    (starter / "anticipated").mkdir()
    sections = [
        f"## 小节{number}\n依据：《湖规》第{number}条\n第{number}项的内容是写信{number}封。\n" for number in (1, 2, 3)
    ]
    (starter / "handbook" / "a.md").write_text("---\ntitle: 手册\nkind: handbook\n---\n" + "\n".join(sections), "utf-8")
    lines = [
        json.dumps(
            {"title": "湖规", "article": f"第{number}条", "question": f"写信{number}封{word}"}, ensure_ascii=False
        )
        for number in (1, 2, 3)
        for word in ("吗", "行不行", "可以吗", "怎么办")
    ]
    (starter / "anticipated" / "a.jsonl").write_text("\n".join(lines), "utf-8")

    for name in ("one", "two"):
        save(tmp_path / name, *train(starter, steps=3))

    for file in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()

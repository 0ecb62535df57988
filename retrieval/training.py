"""Training of the shipped encoder: `python -m retrieval.training`. Minutes on two cores, no network, no torch.

A StaticEmbedding is a table of token vectors, so the gradient fits a page of numpy. The table starts as a random
projection weighted by rarity (which is bag-of-words retrieval already) and is then moved so that questions with the
same answer come together, among themselves and with the handbook's words on it, and those that nothing answers stay
away. Everything comes from `content/starter`, `asked.tsv` (questions that only teach: title, article or heading,
question) and `elsewhere.txt`; chance is seeded.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from retrieval.elsewhere import read_elsewhere
from retrieval.encoder import SHIPPED, Vectors
from retrieval.material import STARTER, anticipated, quiz, starter_passages
from retrieval.naming import Target, article_key, target_of, title_key
from retrieval.normalise import normalise
from retrieval.terms import SOUNDS, read_pinyin

ASKED = Path(__file__).parent / "asked.tsv"
DIMENSION = 256
SEED = 20260511
STEPS = 4000
_VOCABULARY = 12_000
_SEEN_AT_LEAST = 4
_RUN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?%?")
_TEMPERATURE = 0.1
_BATCH = 256
_BESIDE = 64  # questions that nothing answers, beside those of each batch


@dataclass(frozen=True)
class Group:
    """Texts that one passage answers or says."""

    target: Target
    questions: tuple[str, ...]
    statements: tuple[str, ...]


def train(folder: Path = STARTER, *, steps: int = STEPS, seed: int = SEED, rate: float = 0.02) -> tuple[Any, Vectors]:
    """A tokenizer and its table of vectors, from the starter library in `folder` and what is asked of it."""
    groups = collect(folder)
    unanswered = [normalise(question) for question in read_elsewhere()]
    texts = [*(text for group in groups for text in (*group.questions, *group.statements)), *unanswered]
    tokenizer = make_tokenizer(texts)
    counts = Counter(token for encoded in tokenizer.encode_batch(texts) for token in set(encoded.ids))
    table = _start(tokenizer.get_vocab_size(), counts, len(texts), seed)
    return tokenizer, _tune(table, tokenizer, groups, unanswered, steps=steps, seed=seed, rate=rate)


def collect(folder: Path) -> list[Group]:
    """Questions and statements by what they are about."""
    questions: dict[Target, list[str]] = defaultdict(list)
    statements: dict[Target, list[str]] = defaultdict(list)
    for target, asked in anticipated(folder).items():
        questions[target] += [normalise(question) for question in asked]
    for passage in starter_passages(folder):
        basis = passage.content.basis
        own = target_of(passage)
        about = (title_key(basis.title), article_key(basis.article)) if basis else own
        heading = normalise(passage.content.headings[-1])
        text = normalise(passage.content.text)
        for target in dict.fromkeys((about, own)):
            questions[target].append(heading)
            statements[target] += [text[at : at + 200] for at in range(0, len(text), 200)]
    for stem, explanation, basis_target in quiz(folder):
        if basis_target:
            questions[basis_target].append(normalise(stem))
            statements[basis_target].append(normalise(explanation))
    for title, place, question in read_asked():
        target = title_key(title), article_key(place)
        if target in questions:
            questions[target].append(normalise(question))
    return [
        Group(target, tuple(dict.fromkeys(questions[target])), tuple(dict.fromkeys(statements[target])))
        for target in sorted({*questions, *statements})
    ]


def read_asked(path: Path = ASKED) -> list[tuple[str, ...]]:
    """Title, article or heading, and question."""
    return [tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()]


def make_tokenizer(texts: Sequence[str]) -> Any:
    """A Unigram tokenizer over the material, with every character of GB 2312 so that any Chinese text has tokens.

    The pieces are counted here and not by the library's trainer, which gives another vocabulary at every run.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    learned = _repeated(texts)
    known = {piece for piece, _ in learned}
    lowest = min((score for _, score in learned), default=-12.0)
    single = [(character, lowest - 2.0) for character in _characters() if character not in known]
    tokenizer = Tokenizer(models.Unigram([("[UNK]", 0.0), *learned, *single], unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = _pieces(pre_tokenizers, Regex)
    return tokenizer


def _repeated(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Pieces of up to five characters that come again and again, with log probabilities."""
    counts: Counter[str] = Counter()
    for text in texts:
        for run in _RUN.findall(text):
            counts.update(run[at : at + n] for n in range(1, 6) for at in range(len(run) - n + 1))
        counts.update(_LATIN.findall(text))
    # 党支部委员 says nothing beside 党支部委员会, which stands wherever it does
    inner = {
        part
        for piece, count in counts.items()
        if len(piece) > 2 and count >= _SEEN_AT_LEAST
        for part in (piece[1:], piece[:-1])
        if len(part) > 1 and counts[part] <= count * 1.15
    }
    pieces = [
        (piece, count)
        for piece, count in counts.items()
        if len(piece) == 1 or (count >= _SEEN_AT_LEAST and piece not in inner)
    ]
    pieces.sort(key=lambda item: (-item[1] * (len(item[0]) - 0.5), item[0]))
    total = sum(count for _, count in pieces)
    return [(piece, math.log(count / total)) for piece, count in pieces[:_VOCABULARY]]


def _pieces(pre_tokenizers: Any, regex: Any) -> Any:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(regex(r"[^\p{L}\p{N}%]+"), "removed"),
            pre_tokenizers.Split(regex(r"[0-9]+(?:\.[0-9]+)?%?|[a-z]+"), "isolated"),
        ]
    )


def _characters() -> Iterator[str]:
    """ASCII letters and digits, then the ideographs of GB 2312."""
    yield from "abcdefghijklmnopqrstuvwxyz0123456789%"
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                yield bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue


def _start(size: int, counts: Counter[int], texts: int, seed: int) -> Vectors:
    """Random directions, longer the rarer the token."""
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((size, DIMENSION)).astype(np.float32) / np.float32(DIMENSION**0.5)
    seen = np.array([counts.get(token, 0) for token in range(size)], dtype=np.float32)
    rarity = np.log((texts + 1) / (seen + 0.5))
    return np.asarray(table * (rarity / rarity.mean())[:, None], dtype=np.float32)


def _tune(
    table: Vectors,
    tokenizer: Any,
    groups: Sequence[Group],
    unanswered: Sequence[str],
    *,
    steps: int,
    seed: int,
    rate: float,
) -> Vectors:
    """Contrastive steps with in-batch negatives; Adagrad by token, since most tokens are not in a batch."""
    chance = random.Random(seed)  # noqa: S311  seeded on purpose: training must be repeatable
    usable = [group for group in groups if len(group.questions) + len(group.statements) > 1 and group.questions]
    sizes = [len(group.questions) ** 0.5 for group in usable]
    history = np.full(len(table), 1e-8, dtype=np.float32)
    table = table.copy()
    for step in range(steps):
        left, right, owner = [], [], []
        for at in chance.choices(range(len(usable)), weights=sizes, k=_BATCH):
            first, second = _pair(usable[at], chance)
            left.append(_slip(first, chance))
            right.append(second)
            owner.append(at)
        right += chance.choices(unanswered, k=_BESIDE)
        gradient, rows = _gradient(table, tokenizer, left, right, np.array(owner))
        history[rows] += (gradient**2).mean(axis=1)
        now = rate * (1 - step / steps)
        table[rows] -= now * gradient / np.sqrt(history[rows])[:, None]
    return table


def _pair(group: Group, chance: random.Random) -> tuple[str, str]:
    """A question, and another text on the same matter."""
    first = chance.choice(group.questions)
    others = group.statements if group.statements and chance.random() < 0.35 else group.questions
    return first, chance.choice(others)


def _slip(text: str, chance: random.Random) -> str:
    """Now and then a lost character or a swapped pair, as in hurried typing."""
    if len(text) < 5 or chance.random() < 0.6:
        return text
    at = chance.randrange(len(text) - 1)
    if chance.random() < 0.5:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _gradient(
    table: Vectors, tokenizer: Any, left: Sequence[str], right: Sequence[str], owner: NDArray[np.int64]
) -> tuple[Vectors, NDArray[np.int64]]:
    """The gradient of the InfoNCE loss for the tokens that occur.

    Args:
        left: a text of each pair.
        right: the other of each pair, then texts that go with none.
        owner: the group of each pair.
    """
    bags, rows = _bags(tokenizer, [*left, *right])
    means = bags @ table[rows]
    lengths = np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-8)
    units = means / lengths
    count = len(left)
    a, b = units[:count], units[count:]
    logits = a @ b.T / _TEMPERATURE
    same = (owner[:, None] == owner[None, :]) & ~np.eye(count, dtype=bool)
    logits[:, :count][same] = -1e9  # another text on the same matter is no negative
    error = _softmax(logits)
    error[:, :count] += _softmax(logits[:, :count].T).T
    error[np.arange(count), np.arange(count)] -= 2
    error /= 2 * _TEMPERATURE * count
    pull = np.concatenate([error @ b, error.T @ a])
    pull = (pull - (pull * units).sum(axis=1, keepdims=True) * units) / lengths
    return np.asarray(bags.T @ pull, dtype=np.float32), rows


def _bags(tokenizer: Any, texts: Sequence[str]) -> tuple[Any, NDArray[np.int64]]:
    """Mean-of-tokens as a sparse matrix over the tokens that occur."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    flat = np.array([token for ids in encoded for token in ids], dtype=np.int64)
    rows, columns = np.unique(flat, return_inverse=True)
    lengths = np.array([len(ids) for ids in encoded])
    weights = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((weights, columns, starts), shape=(len(encoded), len(rows))), rows


def _softmax(logits: Vectors) -> Vectors:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def save(folder: Path, tokenizer: Any, table: Vectors) -> None:
    """Write the folder as sentence-transformers does, readable by it and by us."""
    (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "model.safetensors").write_bytes(_safetensors("embedding.weight", table))
    package = "sentence_transformers"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{package}.models.StaticEmbedding"},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": f"{package}.models.Normalize"},
    ]
    settings: dict[str, Any] = {
        "__version__": {},
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    for name, value in (("modules.json", modules), ("config_sentence_transformers.json", settings)):
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", "utf-8")
    (folder / "1_Normalize" / "config.json").write_text("{}\n", "utf-8")


def _safetensors(name: str, tensor: Vectors) -> bytes:
    """Sixteen bits a number, which no score shows."""
    data = np.ascontiguousarray(tensor, dtype=np.float16).tobytes()
    header = json.dumps({name: {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data


def main() -> None:
    """Train on the starter library and write the model folder, and the table of sounds beside it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    tokenizer, table = train(steps=arguments.steps)
    save(arguments.out, tokenizer, table)
    read_pinyin().save(SOUNDS)
    print(f"{arguments.out}: {len(table)} tokens × {DIMENSION}")


if __name__ == "__main__":
    main()

"""The convolution over a question's characters: as it is learned, so it is read without torch."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval import convolving
from retrieval.convolution import LONGEST, NOTHING, UNKNOWN, WIDTHS, Convolution, convolution_of
from retrieval.matters import matter_of, shares_of

torch = pytest.importorskip("torch")

TAUGHT = [("入党申请书交给谁", [0]), ("申请书交哪里", [0]), ("公示要几天", [1]), ("公示多久", [1]), ("预备期多长", [2])]
TARGETS = 4


@pytest.fixture(scope="module")
def learned() -> tuple[convolving._Network, Convolution]:
    """The network and what is read of it."""
    networks = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolving, "_arrays", lambda *given: (networks.append(given[0]), arrays(*given))[1])
        found = convolving.learn_convolution(
            [text for text, _ in TAUGHT] * 40, [right for _, right in TAUGHT] * 40, TARGETS, seed=1
        )
    network = networks[0]
    network.left_out.eval()
    return network, convolution_of(found)


arrays = convolving._arrays


@pytest.mark.parametrize("text", ["公示要几天", "公", "", "申请书：交给 who?", "预备期多长公示多久" * 8])
def test_what_is_read_says_what_was_learned(learned: tuple[convolving._Network, Convolution], text: str) -> None:
    network, read = learned
    row = [UNKNOWN, *(read.places.get(character, UNKNOWN) for character in text), UNKNOWN]
    padded = torch.tensor([[*row, *[NOTHING] * max(WIDTHS)]])

    with torch.no_grad():
        expected = network.logits(padded).numpy()[0]

    assert np.abs(read.logits(text) - expected).max() < 0.02  # halves


def test_it_tells_what_it_was_taught(learned: tuple[convolving._Network, Convolution]) -> None:
    _network, read = learned

    assert [int(read.logits(text).argmax()) for text, _ in TAUGHT] == [right[0] for _, right in TAUGHT]


def test_no_more_of_a_long_text_is_read_than_is_looked_at(learned: tuple[convolving._Network, Convolution]) -> None:
    _network, read = learned

    assert np.array_equal(read.logits("公" * LONGEST + "示"), read.logits("公" * LONGEST))


def test_what_classifiers_say_together_is_the_mean_of_their_logarithms() -> None:
    one, other = np.log(np.array([[0.8, 0.2], [0.2, 0.8]], np.float32))

    assert shares_of(one + 7, other) == pytest.approx([0.5, 0.5])
    assert shares_of(one, one) == pytest.approx([0.8, 0.2])


@pytest.mark.parametrize("text", ["", "?", "公示几天", "hello", "😀" * 300])
def test_the_shares_of_what_is_known_add_up_to_one(text: str) -> None:
    assert matter_of(text).shares.sum() == pytest.approx(1, abs=1e-3)

"""The Tacotron of 2017 learns to say what is written, in small: tones for letters."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tacotron.data.batches import Batch
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config
from tacotron.train.kinds import KINDS
from tacotron.train.recipe import read_recipe

# Letter 0 is padding, each other one sounds for four frames, in a band of its own.
LETTERS, FRAMES, BANDS, BINS, LENGTH = 7, 4, 8, 5, 5
CONFIG = Tacotron2017Config(
    n_symbols=LETTERS,
    n_mels=BANDS,
    n_linear=BINS,
    reduction_factor=2,
    embedding_size=32,
    prenet_sizes=(48, 32),
    prenet_dropout=0.0,
    cbhg_size=32,
    encoder_bank=3,
    postnet_bank=2,
    postnet_projection=8,
    attention_size=32,
    decoder_size=64,
    position_size=16,
    bound_base=10,
    bound_per_symbol=10,
)
UPDATES = 160
TRAINING = replace(
    read_recipe("tacotron2017").training,
    led_updates=80,
    attention_weight=0.2,
    linear_weight=0.1,
    squared_weight=1.0,
)
RATE = 8e-3


def batch(rows: int, chance: torch.Generator) -> Batch:
    """Random texts, no letter twice in a row, and the mels that say them."""
    steps = torch.randint(1, LETTERS - 1, (rows, LENGTH), generator=chance)
    ids = steps.cumsum(1) % (LETTERS - 1) + 1
    sounding = torch.nn.functional.one_hot(ids.repeat_interleave(FRAMES, 1), BANDS)
    return Batch(
        ids=ids,
        lengths=torch.full((rows,), LENGTH),
        speakers=torch.zeros(rows, dtype=torch.int64),
        durations=torch.full_like(ids, FRAMES),
        mels=3.0 * sounding - 1.0,
        frames=torch.full((rows,), LENGTH * FRAMES),
        linear=torch.zeros(rows, LENGTH * FRAMES, BINS),
    )


def losses(model: Tacotron2017, of: Batch) -> dict[str, Tensor]:
    return KINDS["attentive"].losses(model, of, TRAINING)


@pytest.fixture(scope="module")
def learned() -> Tacotron2017:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        chance = torch.Generator().manual_seed(1)
        model = Tacotron2017(CONFIG)
        optimizer = torch.optim.Adam(model.parameters(), RATE)
        for update in range(UPDATES):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1.0, 3 * (1 - update / UPDATES))
            loss = losses(model, batch(16, chance))["loss"]
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    assert model.updates == UPDATES  # of which half were led
    return model.eval()


def test_by_itself_it_says_texts_that_it_was_not_taught(learned: Tacotron2017) -> None:
    spoken = []
    written = batch(10, torch.Generator().manual_seed(2)).ids
    for text in written:
        speech = learned.infer(text)
        assert not speech.bound_hit
        spoken.append(torch.unique_consecutive(speech.mel.argmax(1)).tolist())
    assert sum(said == text.tolist() for said, text in zip(spoken, written, strict=True)) >= 9


@torch.no_grad()
def test_it_says_another_text_otherwise(learned: Tacotron2017) -> None:
    right = batch(16, torch.Generator().manual_seed(3))
    wrong = replace(right, ids=right.ids.roll(1, 0))
    assert losses(learned, right)["mel"] < losses(learned, wrong)["mel"] / 3


@torch.no_grad()
def test_attention_finds_the_path_unled(learned: Tacotron2017) -> None:
    assert losses(learned, batch(16, torch.Generator().manual_seed(4)))["attention"] < 0.1

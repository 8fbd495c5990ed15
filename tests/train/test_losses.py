"""What acoustic models are taught by: nothing to gain on the right path, padding nowhere."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tacotron.data.batches import Batch
from tacotron.model.tacotron2017 import Tacotron2017Output
from tacotron.train.losses import (
    SMALLEST,
    STOP_WEIGHT,
    UNVOICED,
    attention_error,
    attention_path,
    attentive_losses,
    pitch_error,
    stop_error,
)
from tacotron.train.recipe import Training

R = 2
DURATIONS = torch.tensor([[2, 4, 2, 2], [4, 2, 0, 0]])  # whole steps of two frames
FRAMES, STEPS = torch.tensor([9, 6]), torch.tensor([5, 3])  # the first one's last frame is padding
PATHS = ([0, 1, 1, 2, 3, 0], [0, 0, 1, 0, 0, 0])  # the symbol of each step, zeros on padding


def batch(durations: Tensor = DURATIONS) -> Batch:
    """Two utterances, padded to 4 symbols and 12 frames of 3 bands."""
    torch.manual_seed(0)
    ids = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0]])
    lengths, speakers = torch.tensor([4, 2]), torch.tensor([0, 0])
    return Batch(ids, lengths, speakers, durations, torch.randn(2, 12, 3), FRAMES)


def on_path() -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(PATHS), 4).float()


def test_attention_on_the_path_has_no_error():
    assert attention_error(on_path(), attention_path(batch(), R), STEPS) == 0


def test_attention_that_does_not_know_has_the_error_of_chance():
    error = attention_error(torch.full((2, 6, 4), 0.25), attention_path(batch(), R), STEPS)
    torch.testing.assert_close(error, torch.tensor(math.log(4)))


def test_lost_attention_has_a_finite_error():
    lost = (1 - on_path()) / 3
    torch.testing.assert_close(
        attention_error(lost, attention_path(batch(), R), STEPS), -torch.tensor(SMALLEST).log()
    )


def test_a_step_of_two_symbols_is_best_shared():
    shared = attention_path(batch(torch.tensor([[3, 3, 2, 2], [4, 2, 0, 0]])), R)
    weights = on_path()
    weights[0, 1] = torch.tensor([0.5, 0.5, 0, 0])
    best = attention_error(weights, shared, STEPS)
    for share in (0.0, 0.3, 0.6, 1.0):
        weights[0, 1] = torch.tensor([share, 1 - share, 0, 0])
        assert attention_error(weights, shared, STEPS) > best


def test_attention_on_padding_does_not_count():
    weights = on_path()
    weights[0, 5:] = 0.25
    weights[1, 3:] = 0.1
    assert attention_error(weights, attention_path(batch(), R), STEPS) == 0


def stop_logits(first: int, second: int, certain: float = 30.0) -> Tensor:
    """Logits that stop after so many steps."""
    place = torch.arange(6)
    return torch.stack([torch.where(place == n - 1, certain, -certain) for n in (first, second)])


def test_stopping_at_the_end_alone_has_no_error():
    assert stop_error(stop_logits(5, 3), STEPS) < 1e-9
    after = stop_logits(5, 3)
    after[0, 5:] = 30.0
    after[1, 3:] = 30.0
    assert stop_error(after, STEPS) < 1e-9


@pytest.mark.parametrize(("first", "expected"), [(4, 1 + STOP_WEIGHT), (6, STOP_WEIGHT)])
def test_missing_the_end_costs_more_than_any_other_step(first: int, expected: float):
    """Of 8 real steps two are last: their weight is that of all."""
    error = stop_error(stop_logits(first, 3), STEPS) * (6 + 2 * STOP_WEIGHT)
    torch.testing.assert_close(error, torch.tensor(30.0 * expected))


def output(of: Batch) -> Tacotron2017Output:
    """One that is right everywhere."""
    return Tacotron2017Output(of.mels.clone(), torch.ones(2, 12, 5), on_path(), stop_logits(5, 3))


def test_a_perfect_output_has_no_loss_whatever_stands_on_padding():
    taught, target = batch(), torch.ones(2, 12, 5)
    said = output(taught)
    for row, frames in enumerate(FRAMES):
        said.mel[row, frames:] = 9.0
        said.linear[row, frames:] = -9.0
    losses = attentive_losses(said, target, taught, Training())
    assert set(losses) == {"loss", "mel", "linear", "attention", "stop"}
    assert all(value < 1e-9 for value in losses.values())


def test_errors_are_means_over_what_is_real():
    taught, target = batch(), torch.ones(2, 12, 5)
    said = output(taught)
    said.mel[0, 3] += 2.0
    said.linear[1, 5, 4] -= 3.0
    losses = attentive_losses(said, target, taught, Training())
    torch.testing.assert_close(losses["mel"], torch.tensor(2.0 / 15))
    torch.testing.assert_close(losses["linear"], torch.tensor(3.0 / (15 * 5)))


def test_the_loss_is_the_weighted_sum():
    taught, target = batch(), torch.zeros(2, 12, 5)
    said = replace(output(taught), alignments=torch.full((2, 6, 4), 0.25))
    said.mel[0, 3] += 2.0
    training = Training(
        linear_weight=3.0, attention_weight=0.5, stop_weight=7.0, squared_weight=0.2
    )
    parts = attentive_losses(said, target, taught, training)
    total = parts["mel"] + 3 * parts["linear"] + 0.5 * parts["attention"] + 7 * parts["stop"]
    total = total + 0.2 * 2.0**2 / 15  # one of the 15 real frames is off by 2
    torch.testing.assert_close(parts["loss"], total)


def test_without_a_stop_token_there_is_no_error_of_it():
    taught = batch()
    said = replace(output(taught), stop_logits=None)
    losses = attentive_losses(said, torch.ones(2, 12, 5), taught, Training())
    assert "stop" not in losses
    assert losses["loss"] == 0


def test_f0_counts_where_there_is_a_voice() -> None:
    octaves, voiced = torch.full((2, 12), 7.0), torch.zeros(2, 12)
    voiced[:, :4] = 1.0
    pitched = replace(batch(), octaves=octaves, voiced=voiced)
    mask = torch.ones(2, 12)
    mask[:, 8:] = 0.0
    right, wrong = octaves.clone(), octaves.clone()
    right[:, 8:] += 9.0  # on padding, nothing counts
    assert pitch_error(right, pitched, mask) == 0
    wrong[:, :4] += 0.3  # a deviation, on 4 of 8 frames
    expected = torch.tensor(1 / (1 + UNVOICED))
    torch.testing.assert_close(pitch_error(wrong, pitched, mask), expected, rtol=1e-3, atol=0)

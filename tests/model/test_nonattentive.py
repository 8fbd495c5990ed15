"""The non-attentive Tacotron: padding, durations, and speaking as it was taught."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tacotron.model.nonattentive import (
    NonAttentiveConfig,
    NonAttentiveTacotron,
    expand_durations,
)
from tacotron.speak.durations import frame_positions

CONFIG = NonAttentiveConfig(
    n_symbols=12,
    n_speakers=2,
    n_mels=8,
    encoder_size=16,
    prenet_size=8,
    decoder_size=16,
    postnet_size=16,
    pitch_size=8,
    # Chance would hide what is compared here.
    prenet_dropout=0.0,
)


@pytest.fixture(scope="module")
def model() -> NonAttentiveTacotron:
    torch.manual_seed(0)
    model = NonAttentiveTacotron(CONFIG)
    model.upsampler.pattern.centers.copy_(100.0 * torch.arange(CONFIG.n_mels))
    torch.nn.init.normal_(model.upsampler.harmonics.weight)  # as after training
    return model.eval()


def octaves(mel: torch.Tensor) -> torch.Tensor:
    """An F0 for each frame, float [T]."""
    return 7.6 + 0.3 * mel[:, 0]


def inputs(symbols: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 12, (symbols,), generator=chance)
    durations = torch.randint(1, 6, (symbols,), generator=chance)
    durations[-1] += -int(durations.sum()) % CONFIG.reduction_factor
    mel = torch.randn(int(durations.sum()), CONFIG.n_mels, generator=chance)
    return ids, durations, mel


def test_padding_changes_nothing(model: NonAttentiveTacotron) -> None:
    short, long = inputs(4, 1), inputs(9, 2)
    size = max(len(short[2]), len(long[2])) + 2 * CONFIG.reduction_factor
    ids, durations = torch.zeros(2, 14, dtype=torch.long), torch.zeros(2, 14, dtype=torch.long)
    mels = torch.full((2, size, CONFIG.n_mels), 7.0)
    heights = torch.full((2, size), 7.0)
    for row, (i, d, m) in enumerate((short, long)):
        heights[row, : len(m)] = octaves(m)
        ids[row, : len(i)], durations[row, : len(d)], mels[row, : len(m)] = i, d, m
    speakers = torch.tensor([0, 1])
    lengths, frames = torch.tensor([4, 9]), torch.tensor([len(short[2]), len(long[2])])
    with torch.no_grad():
        together = model(ids, lengths, speakers, durations, mels, frames, heights)
        for row, (i, d, m) in enumerate((short, long)):
            alone = model(
                i[None],
                lengths[row : row + 1],
                speakers[row : row + 1],
                d[None],
                m[None],
                frames[row : row + 1],
                octaves(m)[None],
            )
            for name in ("coarse", "mel"):
                padded = getattr(together, name)[row, : len(m)]
                torch.testing.assert_close(padded, getattr(alone, name)[0], rtol=0, atol=1e-5)
            torch.testing.assert_close(
                together.log_durations[row, : len(i)], alone.log_durations[0], rtol=0, atol=1e-5
            )


def test_steps_say_what_teacher_forcing_says(model: NonAttentiveTacotron) -> None:
    ids, durations, _ = inputs(6, 3)
    spoken, _ = model.infer(ids, durations=durations)
    # What it said is its own target: forced to hear it, it must say it again.
    memory, _ = model.encoder(ids[None], torch.tensor([6]), torch.tensor([0]))
    index, position = expand_durations(durations[None], len(spoken))
    condition, _ = model.upsampler(memory, index, position)
    coarse = torch.zeros(1, len(spoken), CONFIG.n_mels)
    with torch.no_grad():
        for _ in range(len(spoken) // CONFIG.reduction_factor):
            coarse = model.decoder(coarse, condition)
        forced = model.postnet(coarse, torch.ones(1, len(spoken), 1))[0]
    torch.testing.assert_close(spoken, forced, rtol=0, atol=1e-5)


def test_every_weight_learns(model: NonAttentiveTacotron) -> None:
    ids, durations, mel = inputs(5, 4)
    output = model(
        ids[None],
        torch.tensor([5]),
        torch.tensor([1]),
        durations[None],
        mel[None],
        torch.tensor([len(mel)]),
        octaves(mel)[None],
    )
    loss = output.octaves.square().sum() + output.mel.square().sum() + output.coarse.square().sum()
    (loss + output.log_durations.square().sum()).backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert idle == []
    model.zero_grad()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 5))
def test_training_and_speaking_place_frames_alike(durations: list[int], padding: int) -> None:
    given = torch.tensor([durations + [0] * padding])
    index, position = expand_durations(given, sum(durations))
    spoken_index, spoken_position = frame_positions(given[0, : len(durations)].numpy())
    assert index[0].tolist() == spoken_index.tolist()
    torch.testing.assert_close(position[0], torch.from_numpy(spoken_position))

"""The original's hyper-parameters: its own way to write them, and what they make of a mel."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio.convention import Affine, get_convention
from tacotron.errors import VoiceError
from tacotron.keithito.hparams import Hparams, parse_hparams, with_overrides


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("sample_rate=22050,outputs_per_step=2", {"sample_rate": 22050, "outputs_per_step": 2}),
        (" power = 1.2 , max_iters=400 ", {"power": 1.2, "max_iters": 400}),
        ("prenet_depths=[256, 128],batch_size=16", {"prenet_depths": (256, 128), "batch_size": 16}),
        ("cleaners=basic_cleaners", {"cleaners": "basic_cleaners"}),
        (
            "use_cmudict=True,decay_learning_rate=0",
            {"use_cmudict": True, "decay_learning_rate": False},
        ),
        ("min_level_db=-120,frame_shift_ms=12", {"min_level_db": -120.0, "frame_shift_ms": 12.0}),
        ("power=1.5,", {"power": 1.5}),
    ],
)
def test_the_originals_way_to_write_them(text: str, expected: dict[str, object]) -> None:
    assert parse_hparams(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sample_rat=22050", "no hyper-parameter sample_rat: did you mean sample_rate?"),
        ("sample_rate=fast", "sample_rate can't be 'fast': give one like 20000"),
        ("sample_rate", "Can't read the hparams from 'sample_rate' on"),
        ("power=1.5 sample_rate=2", "power can't be"),
        ("power=1.5,,", "Can't read the hparams from ',' on"),
        ("prenet_depths=256", r"prenet_depths can't be '256': give one like \[256, 128\]"),
        ("prenet_depths=[256,128", "Can't read the hparams"),
        ("prenet_depths=[256,0]", "must be at least 1"),
        ("sample_rate=0", "must be at least 1"),
        ("use_cmudict=perhaps", "use_cmudict can't be 'perhaps'"),
        ("outputs_per_step=", "outputs_per_step can't be ''"),
    ],
)
def test_mistakes_are_named(text: str, complaint: str) -> None:
    with pytest.raises(VoiceError, match=complaint):
        parse_hparams(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(VoiceError):
        with_overrides(parse_hparams(text))


def test_the_defaults_are_the_convention_of_that_name() -> None:
    assert Hparams().convention() == get_convention("keithito")
    assert Hparams().frame_bound == 1000


def test_another_rate_is_another_convention() -> None:
    hparams = with_overrides(
        parse_hparams("sample_rate=22050,num_freq=513,frame_length_ms=46,min_level_db=-120")
    )
    convention = hparams.convention()
    assert convention.name != "keithito"
    assert (convention.sample_rate, convention.n_fft, convention.fmax) == (22050, 1024, 11025.0)
    assert (convention.hop_length, convention.win_length) == (275, 1014)
    assert convention.scaling == Affine(low=-120.0, high=0.0, clip=True)


def test_figures_that_can_not_be() -> None:
    with pytest.raises(VoiceError, match=r"can't belong to a voice.*win_length"):
        with_overrides({"frame_length_ms": 200.0}).convention()

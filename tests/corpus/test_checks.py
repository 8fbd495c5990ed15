import numpy as np
import pytest

from tacotron.data.checks import (
    exclusion_by_length,
    exclusion_by_sound,
    flag_code,
    flags_of_rates,
    flags_of_sample_rates,
    flags_of_utterance,
)

FINE = {"clipped_share": 0.0, "speech_to_noise_db": 40.0, "active_dbfs": -20.0, "gain_db": -3.0}


def codes(*, seconds=3.0, symbols=42, warnings=(), **levels):
    flags = flags_of_utterance(
        seconds=seconds,
        symbols=symbols,
        levels=FINE | levels,
        target_dbfs=-23.0,
        text_warnings=warnings,
    )
    return [flag_code(flag) for flag in flags]


def test_a_fine_utterance_has_no_flags():
    assert codes() == []


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"clipped_share": 0.002}, "clipped"),
        ({"speech_to_noise_db": 10.0}, "noisy"),
        ({"active_dbfs": -40.0, "gain_db": 5.0}, "quiet"),
        ({"seconds": 21.0, "symbols": 300}, "long"),
        ({"seconds": 1.0}, "too fast"),
        ({"seconds": 19.0}, "too slow"),
        ({"warnings": ("Dropped 1 character.",)}, "text"),
    ],
)
def test_each_flag(odd, code):
    assert codes(**odd) == [code]


def test_exclusions():
    assert exclusion_by_sound(-3.0, 0.0) is None
    assert exclusion_by_sound(-80.0, 0.0).startswith("silent")
    assert exclusion_by_sound(0.0, 0.5).startswith("clipped beyond use")
    assert exclusion_by_length(40, 40, 0.5) is None
    assert exclusion_by_length(40, 39, 0.5).startswith("too short for its text")


def corpus_of(seed, spread=0.06):
    """Return symbols and seconds as of a reader with a pace of 14, slower in short utterances."""
    chance = np.random.default_rng(seed)
    symbols = chance.integers(10, 120, 500)
    seconds = (0.5 + symbols / 14) * np.exp(spread * chance.standard_normal(500))
    return symbols, seconds


@pytest.mark.parametrize("seed", range(5))
def test_pace_outliers_are_found_and_only_they(seed):
    symbols, seconds = corpus_of(seed)
    seconds[7] /= 1.8
    seconds[300] *= 2.2
    flags = flags_of_rates(symbols, seconds, [0] * 500)
    assert [number for number, flag in enumerate(flags) if flag] == [7, 300]
    assert flags[7].startswith("fast for its text")
    assert flags[300].startswith("slow for its text")


def test_pace_is_compared_within_a_speaker():
    symbols, seconds = corpus_of(0, spread=0.05)
    speakers = np.arange(500) % 2
    seconds[speakers == 1] *= 1.9
    assert not any(flags_of_rates(symbols, seconds, speakers))
    assert any(flags_of_rates([*symbols[:400], 50], [*seconds[:400], 1.9], [*speakers[:400], 1]))


def test_a_speaker_of_few_utterances_has_no_pace_outliers():
    assert flags_of_rates([10] * 10, [1.0] * 9 + [3.0], [0] * 10) == [None] * 10


def test_sample_rates():
    assert flags_of_sample_rates([16000] * 3) == [None] * 3
    flags = flags_of_sample_rates([22050, 22050, 16000])
    assert flags[:2] == [None, None]
    assert flags[2] == "sample rate: 16000 Hz, where most of the corpus has 22050 Hz"

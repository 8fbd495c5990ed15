"""A convention is a value: it compares, travels through JSON, and refuses what can't work."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import CONVENTIONS, Affine, MeanVariance, MelConvention, get_convention
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")

finite = st.floats(-100, 100)
positive = st.floats(1e-3, 100)
scalings = st.one_of(
    st.none(),
    st.builds(
        lambda low, width, to, height, clip: Affine(low, low + width, to, to + height, clip),
        finite,
        positive,
        finite,
        positive,
        st.booleans(),
    ),
    st.builds(MeanVariance, finite, positive),
    st.builds(
        MeanVariance,
        st.lists(finite, min_size=4, max_size=4).map(tuple),
        st.lists(positive, min_size=4, max_size=4).map(tuple),
    ),
)
conventions = st.builds(
    MelConvention,
    name=st.text(max_size=8),
    sample_rate=st.integers(16_000, 48_000),
    n_fft=st.sampled_from([256, 512, 1024]),
    hop_length=st.sampled_from([64, 100, 128]),
    win_length=st.sampled_from([128, 200, 256]),
    window=st.sampled_from(["hann", "hamming"]),
    framing=st.sampled_from(["center-reflect", "center-constant", "hifigan"]),
    preemphasis=st.floats(0, 0.99),
    n_mels=st.just(4),
    fmin=st.floats(0, 100),
    fmax=st.floats(200, 8000),
    mel_scale=st.sampled_from(["slaney", "htk"]),
    mel_norm=st.sampled_from(["slaney", "none"]),
    power=st.sampled_from([1.0, 2.0]),
    log=st.just("db"),
    floor=st.floats(1e-10, 1e-3),
    reference_db=finite,
    linear_reference_db=st.one_of(st.none(), finite),
    scaling=scalings,
    power_offset=st.sampled_from([0.0, 1e-9]),
    bin_floor=st.sampled_from([0.0, 1e-5]),
    filter_rate=st.sampled_from([None, 16_000, 24_000]),
    floor_added=st.booleans(),
    dynamic_range=st.sampled_from([None, 80.0]),
    drop_last_frame=st.booleans(),
)


@given(conventions)
def test_json_gives_back_the_same_convention(convention):
    text = json.dumps(convention.to_dict())
    again = MelConvention.from_dict(json.loads(text))
    assert again == convention
    assert hash(again) == hash(convention)
    assert again.differences(convention) == []


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_preset_is_known_by_its_name(name):
    assert get_convention(name).name == name


def test_a_convention_can_be_read_from_a_file(tmp_path):
    mine = replace(NVIDIA, name="mine", n_mels=100, scaling=Affine(-12.0, 2.0, -4.0, 4.0))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(mine.to_dict()))
    assert get_convention(path) == get_convention(str(path)) == mine


@pytest.mark.parametrize(
    ("name", "said"),
    [("nvida", "did you mean nvidia"), ("x" * 30, "known are nvidia, keithito")],
)
def test_an_unknown_name_lists_the_known_ones(name, said):
    with pytest.raises(AudioError, match=said):
        get_convention(name)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b'{"name": "x"}', b"\xff"])
def test_an_unusable_file_is_the_users_mistake(tmp_path, content):
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError):
        get_convention(path)


def test_differences_name_the_fields_and_both_values():
    other = replace(NVIDIA, name="other", hop_length=200, scaling=Affine(-10.0, 0.0))
    found = NVIDIA.differences(other)
    assert "hop_length: 256 != 200" in found
    assert "scaling.kind: none != affine" in found
    assert not any(line.startswith("name") for line in found)


def test_a_reference_level_that_both_spectrograms_share_may_be_written_twice():
    keithito = get_convention("keithito")
    assert keithito.differences(replace(keithito, linear_reference_db=20.0)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sample_rate": 0},
        {"n_fft": 1023},
        {"win_length": 2048},
        {"hop_length": 0},
        {"hop_length": 1025},
        {"n_mels": 0},
        {"fmin": 8000.0},
        {"fmax": 12_000.0},
        {"preemphasis": 1.0},
        {"power": 0.0},
        {"floor": 0.0},
        {"window": "kaiser"},
        {"framing": "left"},
        {"mel_scale": "bark"},
        {"mel_norm": "peak"},
        {"log": "log2"},
        {"reference_db": 20.0},
        {"filter_rate": 12_000},
        {"power_offset": -1.0},
        {"bin_floor": -1.0},
        {"dynamic_range": 0.0},
        {"framing": "hifigan", "hop_length": 255},
        {"scaling": Affine(0.0, 0.0)},
        {"scaling": Affine(0.0, 1.0, 1.0, 0.0)},
        {"scaling": MeanVariance(0.0, 0.0)},
        {"scaling": MeanVariance((0.0, 0.0), 1.0)},
    ],
    ids=str,
)
def test_fields_that_cannot_work_together_are_refused(change):
    with pytest.raises(AudioError, match="nvidia"):
        replace(NVIDIA, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"overlap": 3},
        {"scaling": {"kind": "quantile"}},
        {"scaling": "affine"},
        {"scaling": {"kind": "affine", "low": 0}},
        {"n_fft": "1024"},
    ],
    ids=str,
)
def test_a_description_of_another_version_is_refused(change):
    with pytest.raises(AudioError, match="nvidia"):
        MelConvention.from_dict(NVIDIA.to_dict() | change)


def test_a_description_without_a_required_field_names_it():
    values = NVIDIA.to_dict()
    del values["hop_length"]
    with pytest.raises(AudioError, match="missing: hop_length"):
        MelConvention.from_dict(values)


def test_a_convention_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        NVIDIA.hop_length = 200


def test_what_was_written_before_a_field_existed_still_equals_what_is_written_now():
    # Voices, runs and prepared corpora on disk hold these very fields, and are compared with them.
    first = {
        *("name", "sample_rate", "n_fft", "hop_length", "win_length", "window", "framing"),
        *("preemphasis", "n_mels", "fmin", "fmax", "mel_scale", "mel_norm", "power", "log"),
        *("floor", "reference_db", "linear_reference_db", "scaling"),
    }
    for name in ("nvidia", "keithito", "keithito-issue98"):
        assert set(get_convention(name).to_dict()) == first


def test_a_seldom_field_is_written_where_it_says_something():
    said = set(get_convention("hifigan").to_dict()) - set(NVIDIA.to_dict())
    assert said == {"power_offset"}
    assert NVIDIA.differences(get_convention("hifigan")) == [
        "framing: center-reflect != hifigan",
        "power_offset: 0.0 != 1e-09",
    ]


def test_a_filter_rate_that_is_the_sample_rate_says_nothing():
    assert NVIDIA.differences(replace(NVIDIA, filter_rate=22_050)) == []

"""What graphs are given while a voice speaks some sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tacotron.speak import Voice
from tacotron.speak.graphs import watched
from tacotron.speak.rehearsal import rehearse
from tacotron.voice import Bundle, SourceFilterSettings, WaveformSettings

from .conftest import (
    NVIDIA,
    REACH,
    SOURCE_FILTER,
    postnet_graph,
    source_filter_graph,
    waveform_graph,
)


@pytest.mark.parametrize(
    ("settings", "vocoder", "is_told"),
    [
        (SOURCE_FILTER, source_filter_graph(), True),
        (WaveformSettings(NVIDIA, "time-last", REACH), waveform_graph(), False),
    ],
)
def test_every_graph_of_our_own_tells(
    make_hum_voice: Callable[..., Path],
    settings: SourceFilterSettings | WaveformSettings,
    vocoder: bytes,
    is_told: bool,
) -> None:
    parts = {"postnet.onnx": postnet_graph(), "vocoder.onnx": vocoder}
    bundle = Bundle.open(make_hum_voice(parts, vocoder=settings, postnet_context=REACH))
    given = rehearse(bundle)
    graphs = {part for part in bundle.manifest.parts if part.endswith(".onnx")}
    assert given.keys() == (graphs if is_told else graphs - {"vocoder.onnx"})
    sentences = len(given["encoder.onnx"])
    assert sentences > 3
    assert len(given["postnet.onnx"]) == sentences
    shapes = {inputs["frames"].shape[2] for inputs in given["postnet.onnx"]}
    assert shapes == {NVIDIA.n_mels}


def test_a_voice_of_other_symbols_tells_nothing(make_hum_voice: Callable[..., Path]) -> None:
    foreign = ("_", "^", "$", "á", "ß")
    bundle = Bundle.open(make_hum_voice(symbols=foreign))
    assert rehearse(bundle) == {}


def test_watching_ends_with_the_block(make_hum_voice: Callable[..., Path]) -> None:
    voice = Voice.load(make_hum_voice())
    seen: list[str] = []
    with watched(lambda part, inputs: seen.append(part)):
        within = next(voice.synthesize("Bee.")).audio
    count = len(seen)
    assert count
    behind = next(voice.synthesize("Bee.")).audio
    assert len(seen) == count
    np.testing.assert_array_equal(within, behind)

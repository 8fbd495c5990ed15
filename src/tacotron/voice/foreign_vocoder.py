"""Anybody's vocoder, an ONNX file that takes a mel and gives a waveform, as a part of a voice.

Such files don't say what they expect: the mel's convention must be told, and the rest (which axis
is time, how many samples a frame gives, how far it looks) is found by running it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import scale
from tacotron.errors import VoiceError
from tacotron.voice.manifest import LAYOUTS, WaveformSettings

# Frames to each side of a change that are looked at for what it changes. Vocoders that look further
# speak whole sentences: overlapping windows of them would cost more than they save.
_FARTHEST = 64
# Relative to the loudest sample: below this, frames can be said to have no influence.
_NOTICED = 1e-6
# Relative too: between speaking the whole and in windows.
_SAME = 3e-5
_FATAL = 4  # ONNX Runtime's log level: what goes wrong is raised, not printed as well


def inspect_vocoder(
    graph: bytes, convention: MelConvention, *, where: str
) -> tuple[WaveformSettings, tuple[str, ...]]:
    """How to run ``graph`` on mels of ``convention``, and a sentence for each thing to know.

    Raises `VoiceError`, naming it ``where``, where it is no vocoder of that convention that maps
    one mel to one waveform.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise VoiceError(
            f"{where} is no graph that ONNX Runtime can run: {_line(error)} "
            "(weights kept in a file beside it must be put into it first)."
        ) from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise VoiceError(
            f"{where} is no vocoder that can be used: it takes {_names(inputs)} and gives "
            f"{_names(outputs)}; export one that takes a mel alone and gives a waveform."
        )
    (taken,) = inputs
    if taken.type != "tensor(float)" or outputs[0].type != "tensor(float)":
        raise VoiceError(
            f"{where} computes with {taken.type} and {outputs[0].type}: export it in float32."
        )
    failures = []
    for layout in _layouts(taken.shape, convention, where):

        def run(mel: np.ndarray, layout: str = layout) -> np.ndarray:
            values = mel if layout == "time-first" else np.ascontiguousarray(mel.T)
            values = values.reshape((1,) * (len(taken.shape) - 2) + values.shape)
            return session.run(None, {taken.name: values})[0].reshape(-1)

        try:
            run(_noise(16, convention, 0))
        except Exception as error:
            failures.append(_line(error))
            continue
        return _measure(run, layout, convention, where)
    raise VoiceError(
        f"{where} can't take a mel of {convention.n_mels} bands as {taken.name} "
        f"{list(taken.shape)}: {failures[0]}"
    )


def _layouts(shape: Sequence[int | str | None], convention: MelConvention, where: str) -> list[str]:
    """The layouts that an input of ``shape`` may have, the likeliest first."""
    if len(shape) not in (2, 3) or (
        len(shape) == 3 and isinstance(shape[0], int) and shape[0] != 1
    ):
        raise VoiceError(
            f"{where} takes {list(shape)}: a vocoder takes one mel, "
            f"[1, {convention.n_mels}, frames] or [1, frames, {convention.n_mels}]."
        )
    bands = {"time-last": shape[-2], "time-first": shape[-1]}
    frames = {"time-last": shape[-1], "time-first": shape[-2]}
    free = [
        layout
        for layout in LAYOUTS
        if not isinstance(frames[layout], int) and bands[layout] == convention.n_mels
    ] or [
        layout
        for layout in LAYOUTS
        if not isinstance(frames[layout], int) and not isinstance(bands[layout], int)
    ]
    if not free:
        raise VoiceError(
            f"{where} takes {list(shape)}, where {convention.name!r} mels have "
            f"{convention.n_mels} bands and any number of frames: name its convention, or export "
            "it with a free length."
        )
    return free


def _measure(
    run: Callable[[np.ndarray], np.ndarray], layout: str, c: MelConvention, where: str
) -> tuple[WaveformSettings, tuple[str, ...]]:
    """What the graph does, found by running it."""
    short, long = (len(run(_noise(frames, c, 0))) for frames in (32, 48))
    hop, lacking = (long - short) / 16, 32 * c.hop_length - short
    if hop != c.hop_length or not 0 <= lacking <= c.hop_length:
        raise VoiceError(
            f"{where} gives {short} samples for 32 frames and {long} for 48, where "
            f"{c.name!r} has {c.hop_length} a frame: name the convention that it was trained on."
        )
    mel = _noise(2 * _FARTHEST + 1, c, 1)
    wave = run(mel)
    if not np.isfinite(wave).all():
        raise VoiceError(f"{where} gives NaN or Inf for an ordinary mel of {c.name!r}.")
    if not np.array_equal(wave, run(mel)):
        chance = f"{where} draws chance of its own: a seed won't make it repeat itself."
        return WaveformSettings(c, layout, None), (chance,)
    context = _reach(run, mel, wave, c.hop_length)
    if context is None or not _works_in_windows(run, c, context):
        context = None
    return WaveformSettings(c, layout, context), ()


def _reach(
    run: Callable[[np.ndarray], np.ndarray], mel: np.ndarray, wave: np.ndarray, hop: int
) -> int | None:
    """Frames to each side that a sample depends on; None where they are too many."""
    middle = len(mel) // 2
    other = mel.copy()
    other[middle] = mel[middle, ::-1]
    changed = np.flatnonzero(np.abs(run(other) - wave) > _NOTICED * np.abs(wave).max(initial=0.0))
    if len(changed) == 0:
        return None
    frames = max(middle - changed[0] // hop, changed[-1] // hop - middle)
    return None if frames >= _FARTHEST - 1 else int(frames) + 1


def _works_in_windows(
    run: Callable[[np.ndarray], np.ndarray], c: MelConvention, context: int
) -> bool:
    """Whether a part of a mel with ``context`` around it sounds as it does in the whole."""
    mel = _noise(3 * context + 40, c, 2)
    first, stop = 2 * context, 2 * context + 20
    whole = run(mel)
    begin = first - context
    part = run(mel[begin : stop + context])[context * c.hop_length :][: 20 * c.hop_length]
    difference = np.abs(part - whole[first * c.hop_length : stop * c.hop_length]).max()
    return bool(difference <= _SAME * np.abs(whole).max(initial=0.0))


def _noise(frames: int, c: MelConvention, seed: int) -> np.ndarray:
    """The mel of something like speech: float32 [frames, n_mels]."""
    rng = np.random.default_rng(seed)
    return scale(np.exp(rng.normal(-5.0, 2.0, (frames, c.n_mels))).astype(np.float32), c)


def _names(nodes: Sequence[object]) -> str:
    return ", ".join(node.name for node in nodes) or "nothing"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

"""Whether a vocoder can take a voice's mels, and the map of their values where it can."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.definition import Affine
from tacotron.audio.mel import scale
from tacotron.errors import VoiceError

# Fields that write the same amplitudes as other numbers, which an affine map undoes.
_NUMBERS = ("log", "reference_db", "linear_reference_db", "scaling")
# Fields that decide only what the softest amplitudes become.
_SOFTEST = ("floor", "floor_added", "power_offset", "bin_floor")
# Fields that decide where frames stand within a hop, and whether one more follows at the end.
_PLACES = ("framing", "drop_last_frame")

# Amplitudes through which the map is drawn: far above all floors.
_PROBES = np.array([[0.1], [100.0]], np.float32)


@dataclass(frozen=True, eq=False)
class Conversion:
    """A map of each band's values, exact up to rounding."""

    slope: np.ndarray | None  # float32 [n_mels]; None where the numbers are the same
    offset: np.ndarray | None  # float32 [n_mels]
    limits: tuple[float, float] | None  # between which the vocoder's values lie, where it says so
    warnings: tuple[str, ...]  # one sentence for each difference that no map undoes

    def __call__(self, mel: np.ndarray) -> np.ndarray:
        """``mel`` float32 [..., n_mels] in the values that the vocoder takes."""
        if self.slope is not None and self.offset is not None:
            mel = mel * self.slope + self.offset
        return mel if self.limits is None else np.clip(mel, *self.limits)


def conversion(voice: MelConvention, vocoder: MelConvention) -> Conversion:
    """How mels in the convention ``voice`` become those that a vocoder of ``vocoder`` takes.

    Logarithms and scalings are undone by an exact map. Raises `VoiceError` where the conventions
    differ in what no map of values undoes (rate, transform, hop, window, bands, power,
    pre-emphasis), naming those fields; what can be heard only faintly becomes a warning.
    """
    different = {text.split(":")[0].split(".")[0]: text for text in voice.differences(vocoder)}
    refused = [
        text for field, text in different.items() if field not in (*_NUMBERS, *_SOFTEST, *_PLACES)
    ]
    if refused:
        raise VoiceError(
            f"A vocoder of the convention {vocoder.name!r} can't take mels of {voice.name!r} "
            f"({'; '.join(refused)}): choose a vocoder that was trained on the voice's convention."
        )
    slope = offset = None
    if not different.keys().isdisjoint(_NUMBERS):
        low, high = scale(_probes(voice), _unlimited(voice)).astype(np.float64)
        wanted_low, wanted_high = scale(_probes(vocoder), _unlimited(vocoder)).astype(np.float64)
        slope = (wanted_high - wanted_low) / (high - low)
        offset = (wanted_low - slope * low).astype(np.float32)
        slope = slope.astype(np.float32)
    limits = None
    if isinstance(vocoder.scaling, Affine) and vocoder.scaling.clip:
        limits = vocoder.scaling.target_low, vocoder.scaling.target_high
    return Conversion(slope, offset, limits, tuple(_warnings(voice, vocoder, different)))


def _probes(c: MelConvention) -> np.ndarray:
    return np.repeat(_PROBES, c.n_mels, axis=1)


def _unlimited(c: MelConvention) -> MelConvention:
    """``c`` as a straight line through all amplitudes."""
    scaling = replace(c.scaling, clip=False) if isinstance(c.scaling, Affine) else c.scaling
    return replace(c, scaling=scaling, floor=1e-12, floor_added=False)


def _warnings(voice: MelConvention, vocoder: MelConvention, different: dict[str, str]) -> list[str]:
    warnings = []
    soft = [different[field] for field in _SOFTEST if field in different]
    if soft:
        warnings.append(
            f"The vocoder knows other softest sounds than the voice ({'; '.join(soft)}): "
            "near silence it may hiss or cut off."
        )
    if "framing" in different:
        halves = "hifigan" in (voice.framing, vocoder.framing)
        warnings.append(
            f"The vocoder's frames stand elsewhere than the voice's ({different['framing']}): "
            + (
                "half a hop, as if the mel were smoothed a little."
                if halves
                else "only at the very ends of the speech."
            )
        )
    if isinstance(voice.scaling, Affine) and voice.scaling.clip:
        clips = isinstance(vocoder.scaling, Affine) and vocoder.scaling == voice.scaling
        if not clips:
            warnings.append(
                "The voice's mels are clipped and the vocoder's are not: "
                "what was cut off from the loudest sounds stays lost."
            )
    return warnings

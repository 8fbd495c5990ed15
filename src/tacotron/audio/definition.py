"""What a mel convention is: a value that decides what numbers a mel spectrogram holds.

Two programs can exchange mels only when all of its fields agree, so a convention travels whole, as
JSON, in every corpus, checkpoint and voice, and is compared field by field when they are read. The
conventions in use, by name, are in `tacotron.audio.convention`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args

from tacotron.errors import AudioError

Framing = Literal["center-reflect", "center-constant", "hifigan"]
Window = Literal["hann", "hamming"]
MelScale = Literal["slaney", "htk"]
MelNorm = Literal["slaney", "none"]
Log = Literal["ln", "log10", "db", "power-db"]


@dataclass(frozen=True)
class Affine:
    """Logarithms between ``low`` and ``high`` become values from ``target_low`` to ``target_high``.

    The map goes on as a straight line outside that range, and so is exactly invertible, unless
    ``clip`` cuts it off there, as legacy conventions do.
    """

    low: float  # in the unit of the convention's log, after the reference level is subtracted
    high: float
    target_low: float = 0.0
    target_high: float = 1.0
    clip: bool = False


@dataclass(frozen=True)
class MeanVariance:
    """Logarithms become ``(log - mean) / std``; one number for all bands, or one a band."""

    mean: float | tuple[float, ...]
    std: float | tuple[float, ...]


# None: the values are the logarithms themselves.
Scaling = Affine | MeanVariance | None

_SCALING_KINDS: dict[str, type[Affine] | type[MeanVariance]] = {
    "affine": Affine,
    "mean-variance": MeanVariance,
}


@dataclass(frozen=True, kw_only=True)
class MelConvention:
    """How a waveform becomes a mel (or linear) spectrogram.

    Raises `AudioError` when the fields can't work together.
    """

    name: str  # what people call it; two conventions that differ in nothing else are compatible
    sample_rate: int  # Hz
    n_fft: int  # samples in the Fourier transform
    hop_length: int  # samples from one frame to the next
    win_length: int  # samples under the window, which stands in the middle of n_fft
    window: Window = "hann"  # periodic
    # Where frame 0 looks: centered on sample 0, the signal mirrored or continued with zeros at its
    # ends; or HiFi-GAN's way, centered on sample hop_length / 2 of a mirrored signal.
    framing: Framing = "center-reflect"
    preemphasis: float = 0.0  # k in y[t] = x[t] - k * x[t - 1]; 0 is none
    n_mels: int = 80  # bands
    fmin: float = 0.0  # Hz, the lower edge of the lowest band
    fmax: float = 8000.0  # Hz, the upper edge of the highest band
    mel_scale: MelScale = "slaney"  # linear below 1 kHz and logarithmic above, or HTK's formula
    mel_norm: MelNorm = "slaney"  # "slaney": every band has unit area over Hz; "none": unit peak
    power: float = 1.0  # exponent of the STFT magnitude before the bands: 1 magnitude, 2 power
    log: Log = "ln"  # "db" is 20 * log10, "power-db" 10 * log10
    floor: float = 1e-5  # smaller amplitudes are raised to this before the logarithm
    reference_db: float = 0.0  # subtracted from the mel's logarithm (only with log="db")
    linear_reference_db: float | None = None  # the same for the linear spectrogram; None: the same
    scaling: Scaling = None  # what the logarithms are mapped to
    # What few conventions do: these are left out where they say nothing, so that files written
    # before there were such fields still equal those written now.
    power_offset: float = 0.0  # added to each bin's squared magnitude before the root
    bin_floor: float = 0.0  # smaller magnitudes are raised to this before the bands
    filter_rate: int | None = None  # Hz that the bands were computed for, if not sample_rate
    floor_added: bool = False  # the floor is added to every amplitude: ln(floor + x)
    dynamic_range: float | None = None  # in the log's unit: an utterance's values that lie further
    # below its highest are raised to there
    drop_last_frame: bool = False  # samples // hop_length frames instead of one more

    def __post_init__(self) -> None:
        for problem, wrong in (
            ("sample_rate must be positive", self.sample_rate <= 0),
            ("n_fft must be even and positive", self.n_fft <= 0 or self.n_fft % 2 == 1),
            ("win_length must lie in 1..n_fft", not 0 < self.win_length <= self.n_fft),
            ("hop_length must lie in 1..win_length", not 0 < self.hop_length <= self.win_length),
            ("n_mels must be positive", self.n_mels <= 0),
            ("0 <= fmin < fmax must hold", not 0 <= self.fmin < self.fmax),
            ("fmax must not exceed half the sample rate", self.fmax > self.bank_rate / 2),
            ("preemphasis must lie in [0, 1)", not 0 <= self.preemphasis < 1),
            ("power must be positive", not self.power > 0),
            ("floor must be positive", not self.floor > 0),
            ("window must be one of " + ", ".join(get_args(Window)), self.window not in _WINDOWS),
            (
                "framing must be one of " + ", ".join(get_args(Framing)),
                self.framing not in get_args(Framing),
            ),
            ("mel_scale must be slaney or htk", self.mel_scale not in get_args(MelScale)),
            ("mel_norm must be slaney or none", self.mel_norm not in get_args(MelNorm)),
            ("log must be one of " + ", ".join(get_args(Log)), self.log not in get_args(Log)),
            ("power_offset must not be negative", not self.power_offset >= 0),
            ("bin_floor must not be negative", not self.bin_floor >= 0),
            ("filter_rate must be positive", not self.bank_rate > 0),
            (
                "dynamic_range must be positive",
                self.dynamic_range is not None and not self.dynamic_range > 0,
            ),
            (
                "a reference level needs log db",
                self.log != "db" and bool(self.reference_db or self.linear_reference_db),
            ),
            ("HiFi-GAN's framing needs n_fft - hop_length even", self._uneven_hifigan()),
            *_scaling_problems(self.scaling, self.n_mels),
        ):
            if wrong:
                raise AudioError(f"The mel convention {self.name!r} can't work: {problem}.")

    def _uneven_hifigan(self) -> bool:
        return self.framing == "hifigan" and (self.n_fft - self.hop_length) % 2 == 1

    @property
    def n_bins(self) -> int:
        """Bins of the linear spectrogram: ``n_fft // 2 + 1``."""
        return self.n_fft // 2 + 1

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop_length

    @property
    def bank_rate(self) -> int:
        """Hz: the sample rate that the bands' edges belong to."""
        return self.filter_rate or self.sample_rate

    @property
    def band_limits(self) -> tuple[float, float]:
        """Hz: from where to where the bands really reach, whatever rate they were computed for."""
        stretch = self.sample_rate / self.bank_rate
        return self.fmin * stretch, self.fmax * stretch

    @property
    def padding(self) -> int:
        """Samples added before the signal and after it, so that frame 0 stands where it should."""
        if self.framing == "hifigan":
            return (self.n_fft - self.hop_length) // 2
        return self.n_fft // 2

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values; `from_dict` gives back an equal convention."""
        values = asdict(self)
        for field in fields(self):
            if field.name in _SELDOM and values[field.name] == field.default:
                del values[field.name]
        if self.scaling is not None:
            kind = next(k for k, cls in _SCALING_KINDS.items() if isinstance(self.scaling, cls))
            # Through JSON's types: a tuple would come back as a list.
            values["scaling"] = {"kind": kind} | {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in values["scaling"].items()
            }
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MelConvention:
        """The convention that `to_dict` described. Raises `AudioError` for anything else."""
        values = dict(values)
        name = values.get("name", "without a name")
        scaling = values.get("scaling")
        if scaling is not None:
            if not isinstance(scaling, Mapping) or scaling.get("kind") not in _SCALING_KINDS:
                kinds = " or ".join(_SCALING_KINDS)
                raise AudioError(
                    f"The mel convention {name!r} has a scaling that this version does not know: "
                    f"its kind must be {kinds}."
                )
            rest = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in scaling.items()
                if key != "kind"
            }
            values["scaling"] = _build(_SCALING_KINDS[scaling["kind"]], rest, f"{name}'s scaling")
        return _build(cls, values, name)

    def differences(self, other: MelConvention) -> list[str]:
        """One ``"field: ours != theirs"`` for each field that differs, names aside.

        An empty list means that mels of one may be used as mels of the other.
        """
        ours, theirs = _flat(self), _flat(other)
        return [
            f"{key}: {ours.get(key)} != {theirs.get(key)}"
            for key in ours | theirs
            if key != "name" and ours.get(key) != theirs.get(key)
        ]


_SELDOM = frozenset(
    {
        "power_offset",
        "bin_floor",
        "filter_rate",
        "floor_added",
        "dynamic_range",
        "drop_last_frame",
    }
)

# First coefficient a of the periodic window a - (1 - a) * cos(2 pi n / length).
_WINDOWS: dict[str, float] = {"hann": 0.5, "hamming": 0.54}


def window_coefficient(window: Window) -> float:
    """``a`` of the generalized cosine window ``a - (1 - a) * cos(2 pi n / length)``."""
    return _WINDOWS[window]


def _scaling_problems(scaling: Scaling, n_mels: int) -> list[tuple[str, bool]]:
    if isinstance(scaling, Affine):
        return [
            ("its scaling needs low < high", not scaling.low < scaling.high),
            (
                "its scaling needs target_low < target_high",
                not scaling.target_low < scaling.target_high,
            ),
        ]
    if isinstance(scaling, MeanVariance):
        per_band = [v for v in (scaling.mean, scaling.std) if isinstance(v, tuple)]
        std = scaling.std if isinstance(scaling.std, tuple) else (scaling.std,)
        return [
            ("its mean and std need one number a band", any(len(v) != n_mels for v in per_band)),
            ("its std must be positive", not all(s > 0 and math.isfinite(s) for s in std)),
        ]
    return []


def _build(cls: type, values: Mapping[str, Any], name: str) -> Any:
    known = {field.name: field for field in fields(cls)}
    unknown = [key for key in values if key not in known]
    missing = [
        key for key, field in known.items() if field.default is MISSING and key not in values
    ]
    if unknown or missing:
        problem = f"unknown: {', '.join(unknown)}" if unknown else f"missing: {', '.join(missing)}"
        raise AudioError(
            f"The mel convention {name!r} can't be read (fields {problem}): "
            "it may have been written by another version."
        )
    try:
        return cls(**values)
    except TypeError as error:
        raise AudioError(f"The mel convention {name!r} can't be read: {error}.") from error


def _flat(convention: MelConvention) -> dict[str, Any]:
    values = asdict(convention) | convention.to_dict()
    if convention.filter_rate == convention.sample_rate:
        values["filter_rate"] = None
    scaling = values.pop("scaling") or {"kind": "none"}
    if convention.linear_reference_db is None:
        values["linear_reference_db"] = convention.reference_db
    return values | {f"scaling.{key}": value for key, value in scaling.items()}

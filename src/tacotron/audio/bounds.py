"""What can't be exceeded, whatever is recorded: the ceilings of an STFT and of a mel, and why.

All is said of samples in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tacotron.audio.definition import Affine, MelConvention
from tacotron.audio.mel import analysis_window, mel_filterbank, scale


@dataclass(frozen=True)
class Bound:
    """A ceiling, and where it comes from, in words."""

    value: float
    origin: str


def stft_bound(c: MelConvention) -> Bound:
    """The largest STFT magnitude: all samples under the window as one, each with its full weight.

    |X[k]| = |sum w[n] x[n] e^(-...)| <= sum w[n], and pre-emphasis can make a sample 1 + k.
    """
    total = float(analysis_window(c).sum())
    origin = f"the window's sum, {total:.4g}"
    if c.preemphasis:
        total *= 1 + c.preemphasis
        origin += f", times {1 + c.preemphasis:.3g} for pre-emphasis"
    return Bound(total, origin)


def mel_bound(c: MelConvention) -> Bound:
    """The largest amplitude of any band: the smaller of two ceilings, so the sharper one.

    Every bin can't be at its own ceiling at once: by Parseval's theorem the squared magnitudes of
    bins 0 to n_fft / 2 sum to at most n_fft times the window's squared sum, half of it but for the
    first and the last bin; which by Cauchy and Schwarz bounds each band. Where the exponent is 2 no
    band exceeds its largest weight times that energy.
    """
    window, bank = analysis_window(c), mel_filterbank(c).astype(np.float64)
    peak = stft_bound(c).value
    energy = c.n_fft * np.square(window).sum() * (1 + c.preemphasis) ** 2 / 2 + peak**2
    by_gain = peak**c.power * bank.sum(axis=1).max()
    if c.power == 1.0:
        by_energy = (np.sqrt(np.square(bank).sum(axis=1)) * energy**0.5).max()
    elif c.power == 2.0:
        by_energy = bank.max() * energy
    else:
        by_energy = np.inf
    gain = f"the filters' gain, {bank.sum(axis=1).max():.3g} at most"
    if by_energy < by_gain:
        return Bound(float(by_energy), f"{gain}, and the window's energy (Parseval)")
    return Bound(float(by_gain), f"{gain}, times the STFT's bound")


def value_bound(c: MelConvention) -> Bound:
    """The largest of ``c``'s values: its clip, or what its scale makes of `mel_bound`."""
    if isinstance(c.scaling, Affine) and c.scaling.clip:
        return Bound(c.scaling.target_high, "clipped there")
    highest = scale(np.full(c.n_mels, mel_bound(c).value, np.float32), c)
    return Bound(float(highest.max()), "the mel's bound on this scale")

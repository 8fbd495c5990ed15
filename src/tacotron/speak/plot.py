"""A picture of speech: the mel, the words over it, and how long each symbol lasts under it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.errors import TacotronError
from tacotron.files import atomic_write
from tacotron.speak.chunks import Chunk

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
MOST_CHUNKS = 8  # drawn, one below the other: enough to look at, and bounded for long texts
_INCHES_PER_SECOND = 3.0
_NARROWEST, _WIDEST = 5.0, 24.0  # inches
_ROW_INCHES = 2.6
_STRIP = 0.09  # of a row's height, under the mel: the symbols between their boundaries


def check_plot(path: str | Path) -> None:
    """Raise `TacotronError` where ``path`` has another suffix, or matplotlib isn't installed."""
    if Path(path).suffix.lower() not in FORMATS:
        raise TacotronError(f"Can't plot to {path}: end it with {', '.join(FORMATS)}.")
    if find_spec("matplotlib") is None:
        raise TacotronError("Plotting needs matplotlib: install it with tacotron-tts[plot].")


def write_plot(path: str | Path, chunks: Sequence[Chunk], c: MelConvention) -> None:
    """Draw the first `MOST_CHUNKS` of ``chunks`` to ``path`` (.png, .svg or .pdf).

    Raises `TacotronError` as `check_plot` does, and where the file can't be written.
    """
    check_plot(path)
    from matplotlib.figure import Figure  # no pyplot: no window, no global state

    shown = chunks[:MOST_CHUNKS]
    longest = max(chunk.seconds for chunk in shown)
    width = min(max(longest * _INCHES_PER_SECOND, _NARROWEST), _WIDEST)
    figure = Figure(figsize=(width, _ROW_INCHES * len(shown)), layout="constrained")
    rows = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    low = min(float(chunk.mel.min()) for chunk in shown)
    high = max(float(chunk.mel.max()) for chunk in shown)
    for axes, chunk in zip(rows, shown, strict=True):
        _draw(axes, chunk, c, low, high)
        axes.set_xlim(0, longest)
    rows[-1].set_xlabel("seconds")
    with atomic_write(path) as file:
        figure.savefig(file, format=Path(path).suffix.lower()[1:], dpi=110)


def _draw(axes: Axes, chunk: Chunk, c: MelConvention, low: float, high: float) -> None:
    hop = c.hop_length / c.sample_rate
    extent = (0, chunk.seconds, 0, c.n_mels)
    axes.imshow(
        chunk.mel.T, origin="lower", aspect="auto", extent=extent, vmin=low, vmax=high, cmap="magma"
    )
    axes.set_ylabel("mel band")
    for word in chunk.words:
        axes.axvline(word.start, color="white", linewidth=0.6, alpha=0.7)
        middle = (word.start + word.end) / 2
        axes.annotate(
            _plain(word.text),
            (middle, c.n_mels),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            annotation_clip=False,
        )
    strip = _STRIP * c.n_mels
    axes.set_ylim(-strip, c.n_mels)
    ends = np.cumsum(chunk.durations) * hop
    starts = ends - chunk.durations * hop
    for symbol, start, end in zip(chunk.symbols, starts, ends, strict=True):
        middle = (start + end) / 2
        if not symbol.isspace():
            axes.text(middle, -strip / 2, _plain(symbol), fontsize=6, ha="center", va="center")
        axes.vlines(end, -strip, 0, color="black", linewidth=0.5)


def _plain(text: str) -> str:
    """``text`` with what matplotlib would read as mathematics made plain."""
    return text.replace("$", r"\$")

"""Pictures of a model in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def copy_figure(mels: Mapping[str, np.ndarray], title: str) -> Figure:
    """Mels (float [frames, n_mels], by name) under one another on one scale."""
    figure = Figure(figsize=(10, 2 * len(mels) + 0.6), layout="constrained")
    _mels_above(figure.subplots(len(mels), 1, sharex=True), mels)
    figure.suptitle(_short(title), fontsize=9)
    return figure


def comparison_figure(mels: Mapping[str, np.ndarray], path: np.ndarray, title: str) -> Figure:
    """Mels (float [frames, n_mels], by name) under one another on one scale, and under them the
    path: which symbol each frame of the last mel speaks (int [frames])."""
    widest = max(len(mel) for mel in mels.values())
    figure = Figure(figsize=(10, 2 * len(mels) + 2.2), layout="constrained")
    panels = figure.subplots(len(mels) + 1, 1, sharex=True)
    _mels_above(panels, mels)
    panels[-1].step(np.arange(len(path)), path, where="post", color="tab:blue")
    panels[-1].set(xlim=(0, widest), xlabel="frame", ylabel="symbol")
    figure.suptitle(_short(title), fontsize=9)
    return figure


def _mels_above(panels: Sequence[Axes], mels: Mapping[str, np.ndarray]) -> None:
    low, high = np.percentile(np.concatenate(list(mels.values())), [1, 99.9])
    look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "vmin": low, "vmax": high}
    for panel, (name, mel) in zip(panels, mels.items(), strict=False):
        panel.imshow(mel.T, **look)
        panel.set_ylabel(name)


def _short(title: str) -> str:
    return title if len(title) < 100 else f"{title[:97]}..."

"""Pictures of a model in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure


def comparison_figure(mels: Mapping[str, np.ndarray], path: np.ndarray, title: str) -> Figure:
    """Mels (float [frames, n_mels], by name) under one another on one scale, and under them the
    path: which symbol each frame of the last mel speaks (int [frames])."""
    widest = max(len(mel) for mel in mels.values())
    low, high = np.percentile(np.concatenate(list(mels.values())), [1, 99.9])
    look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "vmin": low, "vmax": high}
    figure = Figure(figsize=(10, 2 * len(mels) + 2.2), layout="constrained")
    panels = figure.subplots(len(mels) + 1, 1, sharex=True)
    for panel, (name, mel) in zip(panels, mels.items(), strict=False):
        panel.imshow(mel.T, **look)
        panel.set_ylabel(name)
    panels[-1].step(np.arange(len(path)), path, where="post", color="tab:blue")
    panels[-1].set(xlim=(0, widest), xlabel="frame", ylabel="symbol")
    figure.suptitle(title if len(title) < 100 else f"{title[:97]}...", fontsize=9)
    return figure

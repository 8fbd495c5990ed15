"""What the person who waits sees: loss, frames per second, time left."""

from __future__ import annotations

import sys
import time
from typing import Any

import lightning as L
from tqdm import tqdm

# Updates between lines where the output is no terminal.
LINE_EVERY = 50


class Progress(L.Callback):
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._frames = 0
        self._since = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._since = time.monotonic()
        if trainer.is_global_zero and sys.stderr.isatty():
            self._bar = tqdm(
                total=trainer.max_steps, initial=trainer.global_step, desc="train", unit="update"
            )

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        self._frames += int(batch.frames.sum()) * trainer.world_size
        loss = float(trainer.callback_metrics["train/loss"])
        elapsed = time.monotonic() - self._since
        speed = self._frames / elapsed
        if self._bar is not None:
            self._bar.update(trainer.global_step - self._bar.n)
            self._bar.set_postfix_str(f"loss {loss:.3f}, {speed:,.0f} frames/s")
        elif trainer.is_global_zero and trainer.global_step % LINE_EVERY == 0:
            print(
                f"update {trainer.global_step}/{trainer.max_steps}: loss {loss:.3f}, "
                f"{speed:,.0f} frames/s",
                file=sys.stderr,
                flush=True,
            )
        if trainer.global_step % LINE_EVERY == 0:
            pl_module.log("frames_per_second", speed)
            self._frames, self._since = 0, time.monotonic()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        # Time spent listening is not time spent learning.
        self._frames, self._since = 0, time.monotonic()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if self._bar is not None:
            self._bar.close()

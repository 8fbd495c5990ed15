"""How fast a recipe trains here: frames a second by threads and precision, in one run.

    python benchmarks/training.py [--recipe tacotron] [--updates 20]

Runs on random utterances of ordinary lengths, so that it needs no corpus; what the model computes
does not depend on what is said.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "4096")

import torch

from tacotron.data.batches import Batch
from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.train.losses import nonattentive_losses
from tacotron.train.recipe import model_config, read_recipe
from tacotron.train.run import has_bf16

SYMBOLS, FRAMES_PER_SYMBOL, N_SYMBOLS = 64, 6, 80
WARMUP = 3


def batch(frames: int, r: int, n_mels: int) -> Batch:
    """Utterances of 64 symbols that fill ``frames``."""
    rows = max(1, frames // (SYMBOLS * FRAMES_PER_SYMBOL))
    length = SYMBOLS * FRAMES_PER_SYMBOL
    return Batch(
        ids=torch.randint(1, N_SYMBOLS, (rows, SYMBOLS)),
        lengths=torch.full((rows,), SYMBOLS),
        speakers=torch.zeros(rows, dtype=torch.int64),
        durations=torch.full((rows, SYMBOLS), FRAMES_PER_SYMBOL),
        mels=torch.randn(rows, length // r * r, n_mels),
        frames=torch.full((rows,), length // r * r),
    )


def frames_per_second(recipe_name: str, updates: int, threads: int, precision: str) -> float:
    recipe = read_recipe(recipe_name)
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = model_config(NonAttentiveConfig(n_symbols=N_SYMBOLS), recipe.model)
    model = NonAttentiveTacotron(config)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    given = batch(recipe.training.frames_per_batch, config.reduction_factor, config.n_mels)
    start = 0.0
    for update in range(WARMUP + updates):
        if update == WARMUP:
            start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            output = model(
                given.ids, given.lengths, given.speakers, given.durations, given.mels, given.frames
            )
            loss = nonattentive_losses(output, given, recipe.training)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return updates * int(given.frames.sum()) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="tacotron")
    parser.add_argument("--updates", type=int, default=10)
    args = parser.parse_args()
    cores = os.cpu_count() or 1
    print("| threads | precision | frames/s | hours of speech an hour |")
    print("|---|---|---|---|")
    for threads in sorted({1, cores}):
        for precision in ["float32", *(["bfloat16"] if has_bf16() else [])]:
            speed = frames_per_second(args.recipe, args.updates, threads, precision)
            print(f"| {threads} | {precision} | {speed:,.0f} | {speed * 256 / 22050:.0f} |")


if __name__ == "__main__":
    main()

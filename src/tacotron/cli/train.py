"""train a model on a prepared, aligned corpus"""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", help="name of a recipe (tacotron, finetune, ...) or a .toml file")
    parser.add_argument("--corpus", type=Path, required=True, help="prepared and aligned corpus")
    parser.add_argument(
        "--run",
        dest="folder",
        metavar="DIR",
        type=Path,
        required=True,
        help="folder for checkpoints and logs; a run that was begun there goes on",
    )
    parser.add_argument(
        "--from",
        dest="initial",
        metavar="VOICE",
        help="begin from the weights of a voice, by name or file",
    )
    parser.add_argument(
        "--forced-by",
        metavar="VOICE",
        help="for a vocoder: a voice whose teacher-forced mels it learns from, too",
    )
    parser.add_argument(
        "--sentences",
        type=Path,
        metavar="FILE",
        help="text file, a sentence a line, spoken into TensorBoard at each validation",
    )
    parser.add_argument(
        "--notify",
        action="append",
        metavar="ADDRESS",
        help="webhook to tell of start, checkpoints, explosions and end: slack://..., https://... "
        "(in the environment as TACOTRON_NOTIFY, nobody else sees it)",
    )
    parser.add_argument("--updates", type=int, help="optimizer steps, in place of the recipe's")
    parser.add_argument("--seed", type=int, help="seed of the training's chance")
    parser.add_argument(
        "--threads", type=int, help="processor threads (default: one for each core)"
    )


def run(args: argparse.Namespace) -> None:
    import torch

    from tacotron.train.notify import ADDRESSES_VARIABLE
    from tacotron.train.recipe import read_recipe
    from tacotron.train.run import train
    from tacotron.train.sentences import read_sentences

    if args.threads:
        torch.set_num_threads(args.threads)
    given = {"updates": args.updates, "seed": args.seed}
    if args.sentences is not None:
        given["sentences"] = read_sentences(args.sentences)
    notify = args.notify or os.environ.get(ADDRESSES_VARIABLE, "").split()
    recipe = read_recipe(args.recipe, {k: v for k, v in given.items() if v is not None})
    train(
        recipe,
        args.corpus,
        args.folder,
        initial=args.initial,
        forced_by=args.forced_by,
        notify=notify,
    )
    if os.environ.get("RANK", "0") != "0":  # torchrun's other processes
        return
    print(f"Trained. Make it a voice: tacotron export {args.folder} -o my.voice")
    print(f"Look at it: tensorboard --logdir {args.folder}")

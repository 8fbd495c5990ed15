"""Recipes: what to train and how, as a TOML file of few lines over defaults that stand here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from tacotron.errors import TrainingError

# What keithito/tacotron's eval.py speaks: from the New York Times of July 8, 2017, and from
# Google's page of examples.
SENTENCES = (
    "Scientists at the CERN laboratory say they have discovered a new particle.",
    "There's a way to measure the acute emotional intelligence that has never gone out of style.",
    "President Trump met with other leaders at the Group of 20 conference.",
    "The Senate's bill to repeal and replace the Affordable Care Act is now imperiled.",
    "Generative adversarial network or variational auto-encoder.",
    "The buses aren't the problem, they actually provide a solution.",
    "Does the quick brown fox jump over the lazy dog?",
    "Talib Kweli confirmed to AllHipHop that he will be releasing an album in the next year.",
)
KINDS = ("non-attentive", "attentive", "vocoder")


@dataclass(frozen=True)
class Training:
    """How a model learns. The defaults suit a few hours of speech on two processor cores."""

    updates: int = 6000  # optimizer steps; the learning rate's course depends on it
    frames_per_batch: int = 12000  # padded mel frames; bounds the memory
    max_frames: int = 1500  # longer utterances are cut into pieces at their pauses
    rare_times: int = 1  # how often an epoch has utterances in which a rare symbol is spoken
    learning_rate: float = 1e-3  # AdamW
    warmup: int = 200  # updates from zero to the learning rate
    decay_from: float = 0.4  # share of the updates after which the rate falls
    decay_to: float = 0.06  # of the learning rate, at the end; exponentially
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0  # norm over all weights
    averaging: float = 0.999  # moving average of the weights, which is what speaks
    squared_weight: float = 0.3  # of the squared error beside the absolute one
    duration_weight: float = 0.2  # of the errors in ln(duration), of symbols and of utterances
    attention_weight: float = 0.05  # attentive: against the aligner's path; much more and the
    # encoder learns to count symbols instead of saying what they sound like
    led_updates: int = 400  # attentive: attention is led along the aligner's path for so many
    stop_weight: float = 0.2  # attentive: of the stop token
    linear_weight: float = 1.0  # attentive: of the linear spectrogram
    segment_frames: int = 64  # vocoder: of each piece that a batch holds
    mel_weight: float = 3.0  # vocoder: of the mel's error beside the spectra's
    pitch_weight: float = 0.2  # non-attentive, vocoder: of the error of F0
    coherence_weight: float = 1.0  # vocoder: of the pulses' error in phase
    hiss_weight: float = 4.0  # vocoder: of noise where the voice should be pulses alone
    passing_weight: float = 0.0  # of passing for a recording; above 0, critics are trained, too
    matching_weight: float = 1.0  # of the difference in what critics see, where there are some
    critic_frames: int = 128  # non-attentive: that critics look at of each utterance
    critic_samples: int = 8192  # vocoder: that critics look at of each segment
    forced_share: float = 0.5  # vocoder: of segments with an acoustic model's mel, where given
    validate_every: int = 500  # updates between looks at held-out speech
    checkpoint_every: int = 250  # updates; a kill loses at most these
    listen_to: int = 8  # held-out utterances spoken freely at each look
    sentences: tuple[str, ...] = SENTENCES  # spoken at each look, too, for people to hear
    cmudict: float = 0.0  # keithito's front end: chance that an utterance has words as phonemes
    explosion: float = 3.0  # a loss this many times its recent median is rolled back
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """What `tacotron train` follows."""

    name: str
    kind: str = "non-attentive"  # or "attentive": Tacotron as published in 2017
    model: Mapping[str, Any] = field(default_factory=dict)  # fields of the model's configuration
    training: Training = field(default_factory=Training)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint or a model card keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, where: str) -> Recipe:
        """The recipe of a parsed TOML file or of `to_dict`; ``where`` names it in errors.

        Raises `TrainingError` for unknown keys, wrong types and impossible values.
        """
        unknown = set(values) - {"name", "kind", "model", "training"}
        if unknown:
            raise TrainingError(
                f"{where} has {', '.join(sorted(unknown))}, which no recipe has: "
                "keys are kind, [model] and [training]."
            )
        kind = values.get("kind", "non-attentive")
        if kind not in KINDS:
            raise TrainingError(f"{where} has kind {kind!r}: it must be one of {', '.join(KINDS)}.")
        settings = _checked(Training(), values.get("training", {}), f"[training] of {where}")
        return cls(str(values.get("name", where)), kind, dict(values.get("model", {})), settings)


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package."""
    folder = files("tacotron.train") / "recipes"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name[-5:] == ".toml")


def read_recipe(name: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe by its name, or from a TOML file where ``name`` is a path.

    ``overrides`` are fields of `Training` that go before the file's. Raises `TrainingError` where
    there is no such recipe, or where it can't be followed.
    """
    if name in recipe_names():
        text = (files("tacotron.train") / "recipes" / f"{name}.toml").read_text("utf-8")
    elif name.endswith(".toml") and Path(name).is_file():
        text = Path(name).read_text("utf-8")
    else:
        near = get_close_matches(name, recipe_names(), 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(recipe_names())}."
        raise TrainingError(f"There is no recipe {name}: give a .toml file or a name; {hint}")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"{name} is not valid TOML: {error}.") from error
    recipe = Recipe.from_dict({"name": Path(name).stem, **values}, where=name)
    training = _checked(recipe.training, overrides or {}, "the command line")
    return replace(recipe, training=training)


def model_config(template: Any, overrides: Mapping[str, Any]) -> Any:
    """``template``, a model's frozen configuration, with a recipe's ``[model]`` over it.

    Raises `TrainingError` for a field that it does not have, or of another type.
    """
    return _checked(template, overrides, "[model] of the recipe")


def _checked(template: Any, values: Mapping[str, Any], where: str) -> Any:
    known = {f.name: getattr(template, f.name) for f in fields(template)}
    changes = {}
    for key, value in values.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}."
            raise TrainingError(f"{where} has no {key}: {hint}")
        default = known[key]
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(default):
            raise TrainingError(
                f"{where} has {key} = {value!r}: it must be a {type(default).__name__}, "
                f"like {default!r}."
            )
        if type(value) in (int, float) and value < 0:
            raise TrainingError(f"{where} has {key} = {value}: it can't be negative.")
        changes[key] = value
    return replace(template, **changes)

"""Beginning from a voice: what fits is taken over, what does not is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import TrainingError
from tacotron.model.vocoder import SourceFilterVocoder
from tacotron.voice.bundle import VOCODER_WEIGHTS, WEIGHTS, Bundle

# Tables with a row a symbol or a speaker, whose rows move with their names.
SYMBOLS_TABLE = "encoder.embedding.weight"
SPEAKERS_TABLE = "encoder.speakers.weight"
# The corpus' own, never taken over.
STATISTICS = (
    "mel_mean",
    "mel_deviation",
    "linear_mean",
    "linear_deviation",
    "upsampler.pattern.centers",
    "upsampler.pattern.widths",
)


def take_over(model: nn.Module, bundle: Bundle, corpus: PreparedCorpus) -> list[str]:
    """Load the training weights of the voice ``bundle`` into ``model``, as far as they fit.

    Symbols and speakers are matched by name; a speaker that the voice does not know begins as the
    mean of those it knows. Returns a sentence for each thing that does not fit and begins anew, or
    is left behind. Raises `TrainingError` if the voice's mel convention is another than the
    corpus', or nothing fits, and `VoiceError` if it has no training weights.
    """
    differences = bundle.manifest.convention.differences(corpus.convention)
    if differences:
        raise TrainingError(
            f"The voice {bundle.manifest.name} speaks another mel convention than the corpus "
            f"({'; '.join(differences)}): prepare the corpus with the voice's."
        )
    stored = _stored(bundle, WEIGHTS)
    notes: list[str] = []
    tables = {
        SYMBOLS_TABLE: (bundle.manifest.symbols, corpus.symbols, "symbol"),
        SPEAKERS_TABLE: (bundle.manifest.speakers, corpus.speakers, "speaker"),
    }
    state = model.state_dict()
    taken = 0
    lacking: dict[str, None] = {}  # parts of the model, in order
    for name, own in state.items():
        if name in STATISTICS:
            continue
        value = stored.get(name)
        if value is not None and name in tables and value.shape[1:] == own.shape[1:]:
            value = _matched(value, own, *tables[name], notes)
        if value is None:
            lacking[_part(name, stored)] = None
        elif value.shape != own.shape:
            old, new = list(value.shape), list(own.shape)
            notes.append(f"{name} begins anew: the voice's has shape {old}, the model's {new}.")
        else:
            own.copy_(value)
            taken += 1
    notes += [f"{part} begins anew: the voice does not have it." for part in lacking]
    left = sorted(set(stored) - set(state))
    if left:
        notes.append(f"Left behind, not in this model: {', '.join(left)}.")
    if not taken:
        raise TrainingError(
            f"Nothing of the voice {bundle.manifest.name} fits the recipe's model: "
            "choose the recipe that it was trained by."
        )
    return notes


def take_over_vocoder(model: SourceFilterVocoder, bundle: Bundle) -> list[str]:
    """Load the vocoder's training weights of the voice ``bundle`` into ``model``.

    The statistics that its inputs are standardized by come along: the weights have learned with
    them. Returns what did not fit (nothing does so far). Raises `TrainingError` where the vocoder
    is another, or takes other mels, and `VoiceError` where the voice has none to go on from.
    """
    stored = _stored(bundle, VOCODER_WEIGHTS)
    own = model.state_dict()
    different = [
        name for name in own if name not in stored or own[name].shape != stored[name].shape
    ]
    if different or set(stored) != set(own):
        raise TrainingError(
            f"The vocoder of the voice {bundle.manifest.name} is not of the recipe's size: "
            "choose the recipe that it was trained by."
        )
    for name in ("slope", "offset", "inverse"):
        if not torch.allclose(own[name], stored[name], rtol=5e-3, atol=1e-3):
            raise TrainingError(
                f"The vocoder of the voice {bundle.manifest.name} takes another mel convention "
                "than the corpus has: prepare the corpus with the voice's."
            )
        # Kept in half precision, they would no longer be exact.
        stored[name] = own[name]
    model.load_state_dict(stored)
    return []


def _stored(bundle: Bundle, part: str) -> dict[str, Tensor]:
    """Training weights by name, in single precision."""
    weights = bundle.read(part)
    try:
        stored = load(weights)
    except SafetensorError as error:
        raise TrainingError(f"The weights of {bundle.path} can't be read ({error}).") from error
    return {name: value.float() for name, value in stored.items()}


def _part(name: str, stored: Mapping[str, Tensor]) -> str:
    """The largest part of a model that ``name`` is in and that has nothing among ``stored``."""
    places = name.split(".")
    parts = [".".join(places[:size]) for size in range(1, len(places))]
    new = (part for part in parts if not any(own.startswith(f"{part}.") for own in stored))
    return next(new, name)


def _matched(
    value: Tensor,
    own: Tensor,
    before: Sequence[str],
    now: Sequence[str],
    what: str,
    notes: list[str],
) -> Tensor:
    """``own`` with the rows of ``value`` whose names occur in both."""
    rows = own.clone()
    new = [name for name in now if name not in before]
    for place, name in enumerate(now):
        if name in before:
            rows[place] = value[list(before).index(name)]
        elif what == "speaker":
            rows[place] = torch.mean(value, 0)
    if new:
        begin = "from the mean of the voice's" if what == "speaker" else "anew"
        notes.append(f"New {what}s, begun {begin}: {' '.join(new)}.")
    gone = [name for name in before if name not in now]
    if gone:
        notes.append(f"Left behind, the corpus has no such {what}: {' '.join(gone)}.")
    return rows

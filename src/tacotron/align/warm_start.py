"""Beginning from an aligner that has learned: a voice's, another corpus', the default voice's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from tacotron.align.aligner import Aligner, AlignerConfig
from tacotron.align.alignments import FOLDER
from tacotron.audio.convention import MelConvention
from tacotron.data.corpus import CORPUS_FILE, PreparedCorpus
from tacotron.errors import CorpusError, VoiceError
from tacotron.voice.bundle import ALIGNER, Bundle
from tacotron.voice.registry import find_voices, is_path, locate

SCRATCH = "scratch"  # what `--from` takes in place of a voice to begin from nothing
# A corpus of less speech than this (seconds) begins from the default voice's aligner by default.
SMALL = 2 * 3600.0
EMBEDDING = "embedding.weight"  # a row a symbol: rows move with their names


@dataclass(frozen=True)
class TrainedAligner:
    """An aligner's weights and what they mean."""

    weights: Mapping[str, Tensor]  # float32, by name
    symbols: tuple[str, ...]  # index = row of the embedding
    convention: MelConvention  # of the mels it has seen
    frontend: str  # the text front end its symbols come from
    source: str  # as a sentence calls it

    @classmethod
    def parse(
        cls, data: bytes, *, convention: MelConvention, frontend: str, source: str
    ) -> TrainedAligner:
        """Read the bytes that `pack` made.

        Raises `CorpusError` where they are torn or something else.
        """
        try:
            weights = {name: value.float() for name, value in load(data).items()}
            # The safetensors format: the header's length, then the header as JSON.
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            symbols = tuple(json.loads(header["__metadata__"]["symbols"]))
            if len(symbols) != len(weights[EMBEDDING]):
                raise ValueError(f"{len(symbols)} symbols, {len(weights[EMBEDDING])} embeddings")
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"The aligner of {source} can't be read ({error}): align without --from it."
            ) from error
        return cls(weights, symbols, convention, frontend, source)


def pack(weights: Mapping[str, Tensor], symbols: tuple[str, ...], *, half: bool) -> bytes:
    """An aligner's weights as safetensors with the names of its symbols; ``half`` their precision,
    as in a voice, where they are only a beginning."""
    dtype = torch.float16 if half else torch.float32
    tensors = {name: value.detach().to(dtype).contiguous() for name, value in weights.items()}
    return save(tensors, metadata={"symbols": json.dumps(symbols)})


def corpus_aligner(folder: Path) -> TrainedAligner:
    """The aligner that ``tacotron align`` left in the corpus in ``folder``.

    Raises `CorpusError` where the folder is no prepared corpus or has no aligner yet.
    """
    corpus = PreparedCorpus.open(folder)
    try:
        data = (folder / FOLDER / ALIGNER).read_bytes()
    except OSError as error:
        raise CorpusError(
            f"{folder} has no aligner yet: run `tacotron align {folder}` first."
        ) from error
    return TrainedAligner.parse(
        data,
        convention=corpus.convention,
        frontend=corpus.frontend,
        source=f"the corpus {folder}",
    )


def voice_aligner(bundle: Bundle) -> TrainedAligner:
    """The aligner that a voice carries. Raises `VoiceError` where it has none or is damaged, and
    `CorpusError` where that can't be read."""
    if ALIGNER not in bundle:
        raise VoiceError(
            f"The voice {bundle.path} carries no aligner: give another voice or an aligned "
            "corpus, or align `--from scratch`."
        )
    return TrainedAligner.parse(
        bundle.read(ALIGNER),
        convention=bundle.manifest.convention,
        frontend=bundle.manifest.frontend,
        source=f"the voice {bundle.manifest.name}",
    )


def read_aligner(source: str) -> TrainedAligner:
    """The aligner of ``source``: a voice's name or file, or the folder of an aligned corpus.

    A bare name is a voice's where there is one; write ``./name`` for a folder of that name. Raises
    `VoiceError` or `CorpusError` where there is none.
    """
    folder = Path(source).expanduser()
    named = not is_path(source) and source in find_voices()
    if not named and (folder / CORPUS_FILE).is_file():
        return corpus_aligner(folder)
    return voice_aligner(Bundle.open(locate(source)))


def starting_point(corpus: PreparedCorpus, source: str | None = None) -> TrainedAligner | None:
    """What the aligner of ``corpus`` begins from: that of ``source`` (see `read_aligner`), nothing
    where ``source`` is "scratch"; without ``source``, the default voice's if the corpus is small
    (see `SMALL`) and has its front end and mel convention, else nothing.

    Raises what `read_aligner` raises.
    """
    if source is not None:
        return None if source == SCRATCH else read_aligner(source)
    if sum(utterance.seconds for utterance in corpus.utterances) > SMALL:
        return None
    try:
        bundle = Bundle.open(locate())
    except VoiceError:  # installed without voices
        return None
    if bundle.manifest.frontend != corpus.frontend or ALIGNER not in bundle:
        return None
    if bundle.manifest.convention.differences(corpus.convention):
        return None
    return voice_aligner(bundle)


def begin_from(trained: TrainedAligner, corpus: PreparedCorpus) -> tuple[Aligner, list[str]]:
    """A new aligner for ``corpus`` that has taken over what fits, and a sentence for each thing
    that did not.

    Symbols are matched by name; new ones begin anew. Raises `CorpusError` where the mel convention
    is another, no symbol is shared, or the weights have other shapes.
    """
    differences = trained.convention.differences(corpus.convention)
    if differences:
        raise CorpusError(
            f"The aligner of {trained.source} has learned another mel convention than the "
            f"corpus' ({'; '.join(differences)}): prepare the corpus with that, or align "
            "`--from scratch`."
        )
    shared = [symbol for symbol in corpus.symbols if symbol in trained.symbols]
    # The first is padding, which every table has.
    if not set(shared) - {corpus.symbols[0]}:
        raise CorpusError(
            f"The aligner of {trained.source} knows none of the corpus' symbols "
            f"(front ends {trained.frontend} and {corpus.frontend}): align `--from scratch`."
        )
    size = trained.weights[EMBEDDING].shape[1]
    aligner = Aligner(AlignerConfig(len(corpus.symbols), corpus.convention.n_mels, size))
    rows = aligner.state_dict()[EMBEDDING].clone()
    for symbol in shared:
        rows[corpus.symbols.index(symbol)] = trained.weights[EMBEDDING][
            trained.symbols.index(symbol)
        ]
    try:
        aligner.load_state_dict({**trained.weights, EMBEDDING: rows})
    except RuntimeError as error:
        raise CorpusError(
            f"The aligner of {trained.source} has another shape than this version's: "
            "align `--from scratch`."
        ) from error
    new = [symbol for symbol in corpus.symbols if symbol not in trained.symbols]
    gone = [symbol for symbol in trained.symbols if symbol not in corpus.symbols]
    notes = [f"New symbols, begun anew: {' '.join(new)}."] if new else []
    if gone:
        notes.append(f"Left behind, the corpus has no such symbol: {' '.join(gone)}.")
    return aligner, notes

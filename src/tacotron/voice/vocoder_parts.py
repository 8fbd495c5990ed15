"""A trained vocoder as the parts of a voice."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save

from tacotron.audio.convention import MelConvention
from tacotron.errors import TrainingError
from tacotron.model.vocoder import SourceFilterVocoder, VocoderConfig
from tacotron.train.checkpoints import latest_checkpoint, model_weights, read_checkpoint
from tacotron.train.run import read_run
from tacotron.voice.bundle import VOCODER_WEIGHTS
from tacotron.voice.graphs.vocoder import vocoder_graph
from tacotron.voice.manifest import VOCODER


def trained_vocoder(
    run: Path, checkpoint: Path | None = None
) -> tuple[SourceFilterVocoder, MelConvention, int]:
    """The vocoder of ``run`` with its averaged weights, the convention of the mels it takes, and
    its updates. Raises `TrainingError` where ``run`` trains no vocoder or has no checkpoint yet."""
    description = read_run(run)
    if description["recipe"]["kind"] != "vocoder":
        raise TrainingError(f"{run} trains no vocoder: give a run of a vocoder's recipe.")
    if checkpoint is None:
        found = latest_checkpoint(run)
        if found is None:
            raise TrainingError(f"{run} has no checkpoint yet: train on, then export.")
        checkpoint = found[0]
    stored = read_checkpoint(checkpoint)
    model = SourceFilterVocoder(VocoderConfig(**description["model"]))
    try:
        model.load_state_dict(model_weights(stored))
    except RuntimeError as error:
        raise TrainingError(f"{checkpoint} does not belong to its run: other weights.") from error
    convention = MelConvention.from_dict(description["convention"])
    return model.eval(), convention, int(stored["global_step"])


def vocoder_parts(model: SourceFilterVocoder, *, with_weights: bool) -> dict[str, bytes]:
    """The graph, and what training can go on from, by part name."""
    parts = {VOCODER: vocoder_graph(model)}
    if with_weights:
        halves = {name: value.half().contiguous() for name, value in model.state_dict().items()}
        parts[VOCODER_WEIGHTS] = save(halves)
    return parts

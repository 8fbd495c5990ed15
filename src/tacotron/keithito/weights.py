"""keithito/tacotron's variables as the weights of `tacotron.model.tacotron2017`.

The names are those under which TensorFlow nests the original's layers; the sizes of the model are
read from the variables' shapes. TensorFlow keeps kernels as [inputs, outputs], convolutions as
[width, inputs, outputs], a GRU's gates in one matrix over input and state, and the batch norms of a
bank apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tacotron.errors import VoiceError
from tacotron.keithito.tf_checkpoint import Checkpoint
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config

SCOPE = "model/inference/"  # all that speaks; Adam's slots lie under model/optimizer/
GLOBAL_STEP = "global_step"

# The decoder's wrappers, each within the one before.
_OUTPUT = "decoder/output_projection_wrapper"
_CELLS = f"{_OUTPUT}/multi_rnn_cell"
_COMBINE = f"{_CELLS}/cell_0/output_projection_wrapper"
_PRENET = f"{_COMBINE}/concat_output_and_attention_wrapper/decoder_prenet_wrapper"
_ATTENTION = f"{_PRENET}/attention_wrapper"
_BAHDANAU = f"{_ATTENTION}/bahdanau_attention"

_PRENET_LAYERS = 2
_HIGHWAYS = 4
# Batch norm's figures, ours and TensorFlow's.
_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
# What our model has and the original hasn't: its values are the spectrograms' own.
_OURS = ("mel_mean", "mel_deviation", "linear_mean", "linear_deviation", "num_batches_tracked")


class Weights:
    """The inference variables of a checkpoint, by their names below `SCOPE`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def __getitem__(self, name: str) -> Tensor:
        """The variable ``name``, single precision. Raises `VoiceError` where there is none."""
        self._demand(name)
        values = self._checkpoint.read(SCOPE + name)
        return torch.from_numpy(np.array(values, np.float32))

    def __contains__(self, name: str) -> bool:
        return SCOPE + name in self._checkpoint.variables

    def matrix(self, name: str) -> Tensor:
        """The dense kernel ``name``, [inputs, outputs], as torch has it: [outputs, inputs]."""
        self.shape(name, 2)
        return self[name].T

    def shape(self, name: str, dimensions: int) -> tuple[int, ...]:
        """The shape of ``name``. Raises `VoiceError` where it hasn't so many ``dimensions``."""
        self._demand(name)
        shape = self._checkpoint.variables[SCOPE + name].shape
        if len(shape) != dimensions or 0 in shape:
            raise VoiceError(
                f"{self._checkpoint.prefix} has {SCOPE}{name} of shape {list(shape)}: it is no "
                "checkpoint of keithito/tacotron."
            )
        return shape

    def count(self, pattern: str) -> int:
        """How many variables there are of ``pattern``, numbered from 1 on at its {}."""
        number = 0
        while pattern.format(number + 1) in self:
            number += 1
        return number

    def _demand(self, name: str) -> None:
        if name not in self:
            raise VoiceError(
                f"{self._checkpoint.prefix} is no checkpoint of keithito/tacotron as it stands at "
                f"last: it lacks {SCOPE}{name}."
            )


def global_step(checkpoint: Checkpoint) -> int | None:
    """How many updates ``checkpoint`` was trained for; None where it doesn't say."""
    if GLOBAL_STEP not in checkpoint.variables:
        return None
    values = checkpoint.read(GLOBAL_STEP)
    return int(values) if values.ndim == 0 else None


def model_config(weights: Weights) -> Tacotron2017Config:
    """The configuration whose model ``weights`` fit.

    Raises `VoiceError` where they can't be the original's.
    """
    n_symbols, embedding_size = weights.shape("embedding", 2)
    prenet = [weights.shape(f"prenet/dense_{n + 1}/kernel", 2)[1] for n in range(_PRENET_LAYERS)]
    n_mels = weights.shape("post_cbhg/proj_2/conv1d/bias", 1)[0]
    frames = weights.shape(f"{_OUTPUT}/kernel", 2)[1]
    return Tacotron2017Config(
        n_symbols=n_symbols,
        n_mels=n_mels,
        n_linear=weights.shape("dense/bias", 1)[0],
        reduction_factor=max(1, frames // n_mels),
        embedding_size=embedding_size,
        prenet_sizes=tuple(prenet),
        cbhg_size=weights.shape("post_cbhg/highway_1/H/bias", 1)[0],
        encoder_bank=max(1, weights.count("encoder_cbhg/conv_bank/conv1d_{}/conv1d/kernel")),
        postnet_bank=max(1, weights.count("post_cbhg/conv_bank/conv1d_{}/conv1d/kernel")),
        postnet_projection=weights.shape("post_cbhg/proj_1/conv1d/bias", 1)[0],
        attention_size=weights.shape("memory_layer/kernel", 2)[1],
        decoder_size=weights.shape(f"{_COMBINE}/bias", 1)[0],
        stop_token=False,
        mask_padding=False,
    )


def keithito_model(checkpoint: Checkpoint) -> Tacotron2017:
    """The model of ``checkpoint``, ready to speak.

    Raises `VoiceError` where a variable is missing, damaged or of a size that doesn't fit.
    """
    weights = Weights(checkpoint)
    config = model_config(weights)
    try:
        # Before the model is built: sizes that no file has the values of must cost no memory.
        state = _encoder(weights, config) | _decoder(weights) | _postnet(weights, config)
        model = Tacotron2017(config)
        own = model.state_dict()
        model.load_state_dict({k: v for k, v in own.items() if k.endswith(_OURS)} | state)
    except RuntimeError as error:
        raise VoiceError(
            f"The sizes in {checkpoint.prefix} don't go together: checkpoints of keithito/tacotron "
            "are read where encoder_depth and postnet_depth are 256, as by default, and "
            "attention_depth is decoder_depth."
        ) from error
    return model.eval()


def _encoder(weights: Weights, config: Tacotron2017Config) -> dict[str, Tensor]:
    return {
        "encoder.embedding.weight": weights["embedding"],
        **_prenet(weights, "prenet", "encoder.prenet"),
        **_cbhg(weights, "encoder_cbhg", "encoder.cbhg", config.encoder_bank),
    }


def _decoder(weights: Weights) -> dict[str, Tensor]:
    return {
        **_prenet(weights, f"{_PRENET}/decoder_prenet", "decoder.prenet"),
        **_gru(weights, f"{_ATTENTION}/gru_cell", "decoder.attention_gru"),
        "decoder.attention.memory_layer.weight": weights.matrix("memory_layer/kernel"),
        "decoder.attention.query_layer.weight": weights.matrix(f"{_BAHDANAU}/query_layer/kernel"),
        "decoder.attention.score": weights[f"{_BAHDANAU}/attention_v"][None],
        **_dense(weights, _COMBINE, "decoder.combine"),
        **_gru(weights, f"{_CELLS}/cell_1/gru_cell", "decoder.residual.0"),
        **_gru(weights, f"{_CELLS}/cell_2/gru_cell", "decoder.residual.1"),
        **_dense(weights, _OUTPUT, "decoder.frames"),
    }


def _postnet(weights: Weights, config: Tacotron2017Config) -> dict[str, Tensor]:
    return {
        **_cbhg(weights, "post_cbhg", "postnet.cbhg", config.postnet_bank),
        **_dense(weights, "dense", "postnet.linear"),
    }


def _dense(weights: Weights, source: str, target: str) -> dict[str, Tensor]:
    return {
        f"{target}.weight": weights.matrix(f"{source}/kernel"),
        f"{target}.bias": weights[f"{source}/bias"],
    }


def _prenet(weights: Weights, source: str, target: str) -> dict[str, Tensor]:
    layers: dict[str, Tensor] = {}
    for number in range(_PRENET_LAYERS):
        layers |= _dense(weights, f"{source}/dense_{number + 1}", f"{target}.layers.{number}")
    return layers


def _cbhg(weights: Weights, source: str, target: str, bank: int) -> dict[str, Tensor]:
    banks = [f"{source}/conv_bank/conv1d_{width + 1}" for width in range(bank)]
    found = _norm(weights, banks, f"{target}.bank_norm")
    for place, name in enumerate(banks):
        found |= _convolution(weights, name, f"{target}.bank.{place}")
    for number in (1, 2):
        projection = f"{source}/proj_{number}"
        found |= _convolution(weights, projection, f"{target}.projection_{number}")
        found |= _norm(weights, [projection], f"{target}.projection_{number}_norm")
    if f"{source}/dense/kernel" in weights:  # where the highways are of another width
        found |= _dense(weights, f"{source}/dense", f"{target}.resize")
    for number in range(_HIGHWAYS):
        # Ours computes H and T in one product.
        linear = f"{target}.highways.{number}.linear"
        gates = [_dense(weights, f"{source}/highway_{number + 1}/{part}", linear) for part in "HT"]
        found |= {name: torch.cat([gate[name] for gate in gates]) for name in gates[0]}
    for theirs, ours in (("fw", "ahead"), ("bw", "back")):
        cell = f"{source}/bidirectional_rnn/{theirs}/gru_cell"
        found |= _gru(weights, cell, f"{target}.recurrent.{ours}")
    return found


def _convolution(weights: Weights, source: str, target: str) -> dict[str, Tensor]:
    weights.shape(f"{source}/conv1d/kernel", 3)  # [width, inputs, outputs]
    kernel = weights[f"{source}/conv1d/kernel"]
    return {
        f"{target}.convolution.weight": kernel.permute(2, 1, 0).unsqueeze(2),
        f"{target}.convolution.bias": weights[f"{source}/conv1d/bias"],
    }


def _norm(weights: Weights, sources: Sequence[str], target: str) -> dict[str, Tensor]:
    return {
        f"{target}.{ours}": torch.cat(
            [weights[f"{source}/batch_normalization/{theirs}"] for source in sources]
        )
        for ours, theirs in _NORM.items()
    }


def _gru(weights: Weights, source: str, target: str) -> dict[str, Tensor]:
    """Kernels [inputs + size, gates], the gates r and u in one, the candidate's apart."""
    size = weights.shape(f"{source}/candidate/bias", 1)[0]
    kernels = [weights.matrix(f"{source}/{part}/kernel") for part in ("gates", "candidate")]
    biases = [weights[f"{source}/{part}/bias"] for part in ("gates", "candidate")]
    gates = torch.cat(kernels).unflatten(0, (3, size))  # [3, size, inputs + size]
    return {
        f"{target}.input_weight": gates[..., :-size],
        f"{target}.state_weight": gates[..., -size:],
        f"{target}.bias": torch.cat(biases).unflatten(0, (3, size)),
    }
